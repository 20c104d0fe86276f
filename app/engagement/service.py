"""Reads numbers from the platforms on schedule and tells them by post and by group."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from app.accounts.rules import Act, Actor
from app.channels.service import ChannelService
from app.engagement import rules, store
from app.engagement.grouping import midnight, rows_of
from app.engagement.models import Snapshot
from app.engagement.rules import NUMBERS, Row
from app.engagement.snapshot_store import add_snapshots
from app.engagement.store import Wanted
from app.kit.db import Database
from app.kit.logs import logger
from app.platforms.contract import (
    Account,
    Adapter,
    Metrics,
    NeedsReconnect,
    PublishError,
    Refused,
    Scope,
    TellsLinks,
    TryLater,
)
from app.posts.service import PostService
from app.publishing import store as publishing_store

log = logger("engagement")

RETRY = timedelta(minutes=2)
AT_ONCE = 16
"""Channels asked at the same time."""


@dataclass(frozen=True)
class ChannelNumbers:
    """The latest numbers of one delivery and how they came to be. `taken_at` None: never read yet."""

    delivery_id: int
    channel_id: int
    platform: str
    handle: str
    state: str
    url: str | None
    taken_at: datetime | None
    gone: bool
    numbers: Mapping[str, int | None]
    history: Sequence[Snapshot]


@dataclass(frozen=True)
class Readings:
    """What one channel told: snapshots, addresses by delivery, and when to ask again what could not be answered."""

    snapshots: Sequence[dict[str, Any]] = ()
    links: Mapping[int, str] = field(default_factory=dict)
    later: Mapping[int, datetime] = field(default_factory=dict)


@dataclass
class EngagementService:
    db: Database
    now: Callable[[], datetime]
    adapters: Mapping[str, Adapter]
    channels: ChannelService
    posts: PostService
    timezone: str

    async def collect(self, *, limit: int = 400) -> int:
        """Read what is due, channel by channel in the platform's own batches. Answers how many deliveries had their turn."""
        now = self.now()
        async with self.db.read() as session:
            due = await publishing_store.take_metrics_due(session, now=now, limit=limit)
            ids = sorted({row["channel_id"] for row in due})
            accounts = await self.channels.accounts_for(session, ids) if due else {}
        asked = [row for row in due if row["remote_id"] and row["channel_id"] in accounts]
        by_channel = groupby(sorted(asked, key=_channel), key=_channel)
        gate, spent = asyncio.Semaphore(AT_ONCE), dict[str, datetime]()

        async def ask(channel_id: int, rows: Sequence[Mapping[str, Any]]) -> Readings:
            async with gate:
                if (until := spent.get(rows[0]["platform"])) is not None:
                    return Readings(later={row["id"]: until for row in rows})
                return await self._read_channel(accounts[channel_id], rows, now=now, spent=spent)

        readings = await asyncio.gather(*(ask(channel_id, list(rows)) for channel_id, rows in by_channel))
        snapshots = [snapshot for reading in readings for snapshot in reading.snapshots]
        later = {identity: at for reading in readings for identity, at in reading.later.items()}
        links = {identity: url for reading in readings for identity, url in reading.links.items()}
        gone = {row["delivery_id"] for row in snapshots if row["gone"]}
        async with self.db.write() as session:
            await add_snapshots(session, snapshots)
            if links:
                await publishing_store.set_links(session, links)
            if due:
                await publishing_store.plan_metrics(session, [self._plan(row, later, gone, now) for row in due])
        return len(due)

    async def _read_channel(
        self, account: Account, rows: Sequence[Mapping[str, Any]], *, now: datetime, spent: dict[str, datetime]
    ) -> Readings:
        """One channel's numbers, and the addresses still unknown. One that fails never loses another channel's.

        `spent`: platforms that asked the whole app to wait, and until when; their other channels are not asked in vain.
        """
        adapter = self.adapters[rows[0]["platform"]]
        ready = [row for row in rows if _may_be_read(row)]
        links: dict[int, str] = {}
        try:
            links = await _links(adapter, account, rows)
            found = await adapter.read_metrics(account, [row["remote_id"] for row in ready]) if ready else {}
        except PublishError as error:
            log.warning("metrics_later", platform=rows[0]["platform"], handle=account.handle, code=error.code)
            if isinstance(error, TryLater) and error.scope is not Scope.CHANNEL:
                spent[rows[0]["platform"]] = now + _wait(error)
            # What is refused would be refused again in two minutes: it waits for its next place in the plan.
            later = {} if isinstance(error, Refused) else {row["id"]: now + _wait(error) for row in rows}
            return Readings(links=links, later=later)
        told = [_snapshot(row["id"], found[row["remote_id"]], now) for row in ready if row["remote_id"] in found]
        return Readings(told, links)

    def _plan(
        self, row: Mapping[str, Any], later: Mapping[int, datetime], gone: set[int], now: datetime
    ) -> dict[str, Any]:
        at: datetime | None = None
        if row["id"] in later:
            at = later[row["id"]]
        elif row["id"] not in gone and row["remote_id"]:
            at = rules.next_read(row["published_at"], platform=row["platform"], environment=row["environment"], now=now)
        return {"id": row["id"], "seen": row["metrics_at"], "metrics_at": at}

    async def of_post(self, actor: Actor, post_id: int) -> list[ChannelNumbers]:
        await self.posts.get(actor, post_id)
        async with self.db.read() as session:
            latest = await store.latest_of_post(session, post_id)
            history = await store.history_of(session, [row["id"] for row in latest])
        return [
            ChannelNumbers(
                row["id"],
                row["channel_id"],
                row["platform"],
                row["handle"],
                row["state"],
                row["url"],
                row["taken_at"],
                bool(row["gone"]),
                {name: row[name] for name in NUMBERS},
                [one for one in history if one.delivery_id == row["id"]],
            )
            for row in latest
        ]

    async def grouped(
        self,
        actor: Actor,
        *,
        group_by: str,
        from_on: date | None = None,
        to_on: date | None = None,
        environment: str | None = None,
    ) -> tuple[str, list[Row]]:
        """The environment that was reported, and its rows; both days belong to the period.

        Practice is never mixed with live. Without a wish, live is told; where no live channel is in sight, practice.
        """
        paths = actor.paths(Act.READ)
        async with self.db.read() as session:
            chosen = environment or ("live" if await store.has_live(session, paths) else "practice")
            wanted = Wanted(group_by, chosen, self._midnight(from_on), self._midnight(to_on, days=1))
            return chosen, await rows_of(session, paths, wanted)

    def _midnight(self, day: date | None, *, days: int = 0) -> datetime | None:
        return midnight(day, self.timezone, days=days)


def _may_be_read(row: Mapping[str, Any]) -> bool:
    return rules.may_be_read(
        row["metrics_at"],
        published_at=row["published_at"],
        platform=row["platform"],
        environment=row["environment"],
    )


def _wait(error: PublishError) -> timedelta:
    match error:
        case NeedsReconnect():
            return timedelta(hours=1)
        case TryLater(after=timedelta() as after) if after:
            return after
    return RETRY


async def _links(adapter: Adapter, account: Account, rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Addresses of posts whose publish answered none."""
    if not isinstance(adapter, TellsLinks):
        return {}
    found = {row["id"]: await adapter.read_link(account, row["remote_id"]) for row in rows if row["url"] is None}
    return {identity: url for identity, url in found.items() if url}


def _channel(row: Mapping[str, Any]) -> int:
    identity: int = row["channel_id"]
    return identity


def _snapshot(delivery_id: int, metrics: Metrics | None, now: datetime) -> dict[str, Any]:
    numbers = asdict(metrics) if metrics else dict.fromkeys(NUMBERS)
    return {"delivery_id": delivery_id, "taken_at": now, "gone": metrics is None, **numbers}
