"""Looks after credentials: renews tokens before they die, asks the platform once a day, warns before only a person can help."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from app.audit.events import Event, EventKind
from app.audit.service import record, tell
from app.channels import keep_store, rules
from app.channels.connecting import Places
from app.channels.models import Channel
from app.channels.rules import State
from app.channels.service import ChannelService
from app.kit.clock import Clock
from app.kit.db import Database, WriteSession
from app.kit.logs import logger, redact
from app.kit.seal import Seal, Unreadable
from app.platforms.connecting import Connector, Renewed, Renews
from app.platforms.contract import NeedsReconnect, PublishError, TryLater

log = logger("channels")

AT_ONCE = 8
AGAIN = timedelta(minutes=1)
OUTAGE_CHANNELS, OUTAGE_WAIT = 5, timedelta(minutes=10)
"""So many accounts refused in one round, and more than half of those asked: that is the platform, not the accounts."""

OnOutage = Callable[[WriteSession, str, str, Sequence[int], str], Awaitable[None]]
"""Told (session, platform, environment, channel ids, what was said) when a platform refuses everybody at once."""


@dataclass(frozen=True)
class Tended:
    """What a look at one credential came to: renewed, found good (no error), or an error."""

    channel: Channel
    renewed: Renewed | None = None
    error: PublishError | None = None

    @property
    def is_refused(self) -> bool:
        return isinstance(self.error, NeedsReconnect)


@dataclass
class Keeper:
    """Any number of workers may run `keep_due`; a channel is looked after by one at a time.

    `send_timeout` is in real seconds. What a platform hands out is written down before anybody uses it.
    """

    db: Database
    seal: Seal
    clock: Clock
    channels: ChannelService
    connectors: Mapping[str, Connector]
    places: Places
    send_timeout: float = 30.0
    on_outage: list[OnOutage] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rounds: set[asyncio.Task[int]] = set()

    async def keep_due(self, *, limit: int = 40) -> int:
        """Answers how many credentials had their turn. A round that has begun ends, even where its caller is cancelled."""
        work = asyncio.create_task(self._round(limit))
        self._rounds.add(work)
        work.add_done_callback(self._rounds.discard)
        return await asyncio.shield(work)

    async def settle(self) -> None:
        """Before the database is let go of: what a platform has handed out is written down."""
        if self._rounds:
            await asyncio.wait(set(self._rounds))

    async def _round(self, limit: int) -> int:
        now = self.clock.now()
        async with self.db.read() as session:
            if not await keep_store.any_due(session, now=now):
                return 0
        holder = secrets.token_hex(8)
        # Longer than every call of a turn together: a second holder would spend a refresh token that is good once.
        lease_ends_at = now + self.clock.span(4 * self.send_timeout + 30)
        async with self.db.write() as session:
            taken = await keep_store.take_due(session, holder=holder, now=now, lease_ends_at=lease_ends_at, limit=limit)
        gate = asyncio.Semaphore(AT_ONCE)

        async def tend(channel: Channel) -> Tended:
            async with gate:
                tended = await self._tend(channel)
                if not tended.is_refused:
                    await self._keep_until_durable(tended, holder, lease_ends_at)
                return tended

        await self._judge(await asyncio.gather(*(tend(channel) for channel in taken)), holder)
        return len(taken)

    async def _keep_until_durable(self, tended: Tended, holder: str, lease_ends_at: datetime) -> None:
        wait = 0.1
        while True:
            try:
                return await self._keep(tended, holder)
            except (OSError, DBAPIError) as error:
                if tended.renewed is None or self.clock.now() >= lease_ends_at:
                    raise
                log.warning("renewal_not_written", channel_id=tended.channel.id, error=repr(error))
            await asyncio.sleep(wait)
            wait = min(2 * wait, 5.0)

    async def _tend(self, channel: Channel) -> Tended:
        try:
            credential = self.seal.open(channel.sealed)
        except Unreadable:
            sentence = "Kredensial tidak dapat dibuka lagi. Sambungkan ulang akun ini."
            return Tended(channel, error=NeedsReconnect(sentence, code="sealed"))
        connector = self.connectors.get(channel.platform)
        try:
            if isinstance(connector, Renews) and self._must_renew(channel, credential):
                place = self.places(channel.platform, channel.environment, channel.base_url)
                return Tended(channel, renewed=await connector.renew(place, credential))
            await self.channels.ask(channel)
        except PublishError as error:
            return Tended(channel, error=error)
        except Exception as error:
            log.error("tending_broke", channel_id=channel.id, platform=channel.platform, exc_info=error)
            return Tended(channel, error=TryLater("Pengecekan akun gagal.", after=timedelta(minutes=15), code="broke"))
        return Tended(channel)

    def _must_renew(self, channel: Channel, credential: Mapping[str, str]) -> bool:
        if channel.suspected_at is not None and credential.get("refresh_token"):
            return True
        return rules.needs_renewal(
            now=self.clock.now(), token_ends_at=channel.token_ends_at, renewed_at=channel.renewed_at
        )

    async def _keep(self, tended: Tended, holder: str) -> None:
        """At once and one by one: a token that is good once must not wait for others before it is written down."""
        channel, now = tended.channel, self.clock.now()
        values: dict[str, Any] = {}
        if tended.renewed is not None:
            life = tended.renewed.life
            values = {
                "sealed": self.seal.seal(tended.renewed.credential),
                "token_ends_at": life.token_ends_at,
                "expires_at": life.expires_at,
                "renewed_at": now,
            }
        if tended.error is None:
            ends_at = values.get("token_ends_at", channel.token_ends_at)
            check_at = rules.next_check(now=now, environment=channel.environment, token_ends_at=ends_at)
            values |= {"checked_at": now, "suspected_at": None, "check_at": check_at}
        else:
            wait = tended.error.after if isinstance(tended.error, TryLater) else None
            values |= {"check_at": now + max(AGAIN, wait or AGAIN)}
            log.info("tending_later", channel_id=channel.id, platform=channel.platform, code=tended.error.code)
        expires_at = values.get("expires_at", channel.expires_at)
        warns = rules.should_warn(now=now, expires_at=expires_at, warned_at=channel.warned_at)
        if warns:
            values["warned_at"] = now
        async with self.db.write() as session:
            kept = await keep_store.put_back(
                session, channel.id or 0, holder=holder, sealed=channel.sealed, values=values
            )
            if kept and channel.suspected_at is not None and tended.error is None:
                await self.channels.speaks_again(session, channel)
            if kept and warns:
                event = Event(EventKind.CHANNEL_EXPIRING, f"channel:{channel.id}", channel.unit_id, _told(channel) | {"expires_at": expires_at.isoformat() if expires_at else ""})  # fmt: skip
                await tell(session, [event], at=now)

    async def _judge(self, turn: Sequence[Tended], holder: str) -> None:
        """What was refused is broken, unless so many were refused that it can only be the platform."""
        by_platform: dict[tuple[str, str], list[Tended]] = defaultdict(list)
        for tended in turn:
            by_platform[tended.channel.platform, tended.channel.environment].append(tended)
        for (platform, environment), asked in by_platform.items():
            refused = [each for each in asked if each.is_refused]
            doubtful = [each for each in refused if rules.may_be_outage(each.error)]
            if len(doubtful) >= OUTAGE_CHANNELS and 2 * len(doubtful) > len(asked):
                await self._put_off(platform, environment, doubtful, holder)
                refused = [each for each in refused if each not in doubtful]
            for each in refused:
                await self._break(each, holder)

    async def _put_off(self, platform: str, environment: str, refused: Sequence[Tended], holder: str) -> None:
        log.warning("platform_refuses_all", platform=platform, channels=len(refused))
        ids = [each.channel.id or 0 for each in refused]
        until = self.clock.now() + OUTAGE_WAIT
        async with self.db.write() as session:
            for each in refused:
                await keep_store.put_back(
                    session, each.channel.id or 0, holder=holder, sealed=each.channel.sealed, values={"check_at": until}
                )
            for listener in self.on_outage:
                await listener(session, platform, environment, ids, str(refused[0].error))

    async def _break(self, tended: Tended, holder: str) -> None:
        channel, now = tended.channel, self.clock.now()
        reason = redact(tended.error.message if tended.error else "")
        values: dict[str, Any] = {"check_at": None, "checked_at": now, "suspected_at": None}
        if channel.state == State.CONNECTED:
            values |= {"state": State.NEEDS_RECONNECT, "state_reason": reason}
        async with self.db.write() as session:
            kept = await keep_store.put_back(
                session, channel.id or 0, holder=holder, sealed=channel.sealed, values=values
            )
            if kept and "state" in values:
                await record(
                    session, at=now, actor="sistem", action="channel.needs_reconnect", subject=f"channel:{channel.id}",
                    detail={"platform": channel.platform, "handle": channel.handle},
                )  # fmt: skip
                await self.channels.falls_silent(session, channel, reason)


def _told(channel: Channel) -> dict[str, Any]:
    return {
        "platform": channel.platform,
        "environment": channel.environment,
        "handle": channel.handle,
        "channel_id": channel.id,
    }
