"""Keeps what leaves within what platforms allow, over all workers: budgets in the database, taken by the batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from app.kit.clock import Clock
from app.kit.db import WriteSession
from app.platforms.contract import Adapter, Pace, Room, Scope
from app.publishing import pace_store, paces, store
from app.publishing.pace_store import Row
from app.publishing.paces import Budget
from app.publishing.rules import lanes_beside, platform_of

AT_MOST_PARKED = timedelta(minutes=5)
"""A full budget is looked at again after so long at the latest, whatever was counted."""


@dataclass
class Taken:
    """The budgets of a lane, locked until the transaction ends. `room`: how many may be claimed now."""

    room: int
    budgets: Sequence[Budget]
    rows: Mapping[str, Row]


@dataclass(frozen=True)
class Pacer:
    """`send_timeout` (real seconds): how much later than its claim a platform may count a send. `everywhere`: the operator's own pace.

    `granted`: how many posts a platform lets our app make in the span of its own app pace, where it allows more (or less) than usual.
    """

    clock: Clock
    platforms: Mapping[str, Adapter]
    send_timeout: float
    everywhere: Pace | None = None
    granted: Mapping[str, int] = field(default_factory=dict)

    @property
    def _slack(self) -> timedelta:
        return self.clock.span(self.send_timeout)

    def _paces(self, lane: str) -> Sequence[Pace]:
        platform = platform_of(lane)
        adapter = self.platforms.get(platform)
        own = adapter.limits.paces if adapter else ()
        posts = self.granted.get(platform)
        return own if posts is None else [replace(p, posts=posts) if p.scope is Scope.APP else p for p in own]

    async def take(self, session: WriteSession, lane: str, wanted: int) -> Taken:
        """Before a claim of up to `wanted`. Where nothing is left, the lane is parked until something is."""
        budgets = paces.budgets_of(lane, self._paces(lane), self.everywhere)
        if not budgets:
            return Taken(wanted, (), {})
        now = self.clock.now()
        rows = await pace_store.lock(session, [budget.key for budget in budgets])
        room = wanted
        for budget in budgets:
            left, opens_at = self._left(rows[budget.key], budget.pace, now)
            if left == 0:
                await self._park(session, lane, budget, opens_at)
                return Taken(0, budgets, rows)
            room = min(room, left)
        return Taken(room, budgets, rows)

    def _left(self, row: Row, pace: Pace, now: datetime) -> tuple[int, datetime]:
        left = paces.room_in(row.uses, pace, now=now, slack=self._slack)
        opens_at = paces.opens_at(row.uses, pace, now=now, slack=self._slack)
        if row.told is not None and row.told_ends_at is not None and row.told_ends_at > now and row.told < left:
            return row.told, row.told_ends_at
        return left, opens_at

    async def _park(self, session: WriteSession, lane: str, budget: Budget, opens_at: datetime) -> None:
        title = "" if budget.pace is self.everywhere else self.platforms[platform_of(lane)].title
        for each in lanes_beside(lane):
            await store.pause_lane(session, each, until=opens_at, reason=paces.say(budget.pace, title))

    async def spend(self, session: WriteSession, taken: Taken, count: int) -> None:
        """After the claim, in its transaction."""
        if not count or not taken.budgets:
            return
        now = self.clock.now()
        kept = {}
        for budget in taken.budgets:
            row = taken.rows[budget.key]
            told = (
                None
                if row.told is None or row.told_ends_at is None or row.told_ends_at <= now
                else max(0, row.told - count)
            )
            uses = paces.spent(row.uses, budget.pace, count, now=now, slack=self._slack)
            kept[budget.key] = Row(uses, told, row.told_ends_at if told is not None else None)
        await pace_store.keep(session, kept)

    async def sift(self, session: WriteSession, lane: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Of what was just claimed, what its channels may still send; the rest goes back into the queue, later."""
        own = paces.of_channel(self._paces(lane))
        if not rows or not own:
            return list(rows)
        now = self.clock.now()
        since = now - max(pace.window for pace in own) - self._slack
        counts = await pace_store.count_recent(session, sorted({row["channel_id"] for row in rows}), since=since)
        near = sorted(channel for channel, count in counts.items() if paces.is_near(count, own))
        return await self._sift_near(session, lane, rows, near, own, since) if near else list(rows)

    async def _sift_near(
        self, session: WriteSession, lane: str, rows: Sequence[dict[str, Any]], near: Sequence[int], own: Sequence[Pace],
        since: datetime,
    ) -> list[dict[str, Any]]:  # fmt: skip
        await pace_store.lock_channels(session, near)
        mine = {row["id"] for row in rows}
        before: dict[int, list[datetime]] = {channel: [] for channel in near}
        for channel, delivery, sent_at in await pace_store.recent(session, near, since=since):
            if delivery not in mine:
                before[channel].append(sent_at)
        kept, back, until = [], [], {}
        now, reason = self.clock.now(), paces.say(own[0], self.platforms[platform_of(lane)].title)
        for row in rows:
            channel = row["channel_id"]
            if channel not in before:
                kept.append(row)
                continue
            left, opens_at = paces.channel_room(before[channel], own, now=now, slack=self._slack)
            if left:
                kept.append(row)
                before[channel].append(now)
            else:
                until[channel] = opens_at
                back.append({"id": row["id"], "act_at": opens_at, "reason": reason})
        if back:
            await pace_store.give_back(session, back)
        for channel, opens_at in until.items():
            await store.postpone_channel(session, channel, until=opens_at)
        return kept

    async def hear(self, session: WriteSession, lane: str, rooms: Sequence[tuple[int, Room]]) -> None:
        """What the platform said with its answers, by channel: an app's room is kept, a channel without room waits."""
        now = self.clock.now()
        for channel_id, room in rooms:
            if room.scope is Scope.CHANNEL and room.left == 0 and room.until > now:
                await store.postpone_channel(session, channel_id, until=room.until)
        said = [room for _, room in rooms if room.scope is not Scope.CHANNEL and room.until > now]
        budgets = [one for one in paces.budgets_of(lane, self._paces(lane), None) if one.pace.scope is Scope.APP]
        if not said or not budgets:
            return
        least = min(said, key=lambda room: room.left)
        if least.left > min(budget.pace.posts for budget in budgets) // 4:
            return  # far from it: our own count is enough
        rows = await pace_store.lock(session, [budget.key for budget in budgets])
        kept = {}
        for key, row in rows.items():
            is_same = row.told is not None and row.told_ends_at is not None and row.told_ends_at > now
            told = min(row.told or 0, least.left) if is_same else least.left
            kept[key] = replace(row, told=told, told_ends_at=least.until)
        await pace_store.keep(session, kept)
