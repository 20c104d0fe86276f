"""Writes snapshots with what is derived from them, totals and days, in one transaction: late and repeated readings included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from app.accounts.models import Unit
from app.engagement import rules
from app.engagement.models import DailyNumbers, Snapshot, Total
from app.engagement.rules import NUMBERS, SUMMED, Gains
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery

D = Delivery.__table__.c  # type: ignore[attr-defined]
S = Snapshot.__table__.c  # type: ignore[attr-defined]
T = Total.__table__.c  # type: ignore[attr-defined]
Y = DailyNumbers.__table__.c  # type: ignore[attr-defined]

Numbers = dict[str, int | None]


@dataclass
class Story:
    """One delivery: whose it is, what is known of it, and what has been read anew, by moment."""

    channel_id: int
    zone: ZoneInfo
    taken_at: datetime | None = None
    known: Numbers = field(default_factory=dict)
    new: dict[datetime, Numbers] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """One reading after all others: the usual case, for which no history is needed."""
        return len(self.new) == 1 and (self.taken_at is None or self.taken_at < min(self.new))


async def add_snapshots(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Each row has delivery_id, taken_at (UTC), every number, and `gone`. The same moment twice is kept once; a late one finds its place."""
    if not rows:
        return
    stories = await _stories(session, sorted({row["delivery_id"] for row in rows}))
    kept: list[dict[str, Any]] = []
    for row in rows:
        if not row["gone"] and row["delivery_id"] in stories:
            stories[row["delivery_id"]].new.setdefault(row["taken_at"], {name: row[name] for name in NUMBERS})
    past = await _history(session, [one for one, story in stories.items() if story.new and not story.is_plain])
    totals, days = [], []
    for identity, story in stories.items():
        old = past.get(identity, {})
        fresh = {at: numbers for at, numbers in story.new.items() if at not in old}
        if not fresh:
            continue
        kept += [{"delivery_id": identity, "taken_at": at, **numbers} for at, numbers in fresh.items()]
        total, gained = _told(story, old, fresh)
        totals.append({"delivery_id": identity, "gone": False, **total})
        days.append((story.channel_id, gained))
    await session.insert_many(Snapshot, kept)
    await _put_totals(session, totals)
    await _put_days(session, days)
    gone = [row for row in rows if row["gone"] and row["delivery_id"] in stories]
    await _mark_gone(session, gone)


def _told(
    story: Story, old: Mapping[datetime, Numbers], fresh: Mapping[datetime, Numbers]
) -> tuple[dict[str, Any], Gains]:
    """The new total, and what the days have to grow by."""
    if story.is_plain:
        (at, numbers), before = next(iter(fresh.items())), story.known
        total = {name: before.get(name) if value is None else value for name, value in numbers.items()}
        gained = {
            name: value - (before.get(name) or 0) for name in SUMMED if (value := numbers[name]) is not None
        }  # fmt: skip
        return {"taken_at": at, **total}, {at.astimezone(story.zone).date(): gained} if gained else {}
    whole = {**old, **fresh}
    gained_all = rules.minus(rules.gains(whole, story.zone), rules.gains(old, story.zone))
    return {"taken_at": max(whole), **rules.latest(whole)}, gained_all


async def _stories(session: WriteSession, ids: Sequence[int]) -> dict[int, Story]:
    """Holds the deliveries until the end of the transaction, in the order of their numbers: two readings of one never interleave."""
    query = (
        select(D.id, D.channel_id, col(Unit.timezone).label("zone"))
        .join(Unit, col(Unit.id) == D.unit_id)
        .where(D.id.in_(ids))
        .order_by(D.id)
        .with_for_update(of=Delivery, key_share=True)
    )
    found = {row["id"]: Story(row["channel_id"], ZoneInfo(row["zone"])) for row in await session.rows(query)}
    totals = select(T.delivery_id, T.taken_at, *(T[name] for name in NUMBERS)).where(T.delivery_id.in_(ids))
    for row in await session.rows(totals):
        if story := found.get(row["delivery_id"]):
            story.taken_at, story.known = row["taken_at"], {name: row[name] for name in NUMBERS}
    return found


async def _history(session: ReadSession, ids: Sequence[int]) -> dict[int, dict[datetime, Numbers]]:
    if not ids:
        return {}
    found: dict[int, dict[datetime, Numbers]] = {}
    query = select(S.delivery_id, S.taken_at, *(S[name] for name in NUMBERS)).where(S.delivery_id.in_(ids))
    for row in await session.rows(query):
        found.setdefault(row["delivery_id"], {})[row["taken_at"]] = {name: row[name] for name in NUMBERS}
    return found


async def _put_totals(session: WriteSession, totals: Sequence[Mapping[str, Any]]) -> None:
    if not totals:
        return
    statement: Any = _insert(session, Total)
    changed = {name: statement.excluded[name] for name in ("taken_at", "gone", *NUMBERS)}
    await session.run(statement.on_conflict_do_update(index_elements=["delivery_id"], set_=changed), totals)


async def _mark_gone(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Of a post that is gone we keep the last numbers we saw."""
    if not rows:
        return
    values = [
        {"delivery_id": row["delivery_id"], "taken_at": row["taken_at"], "gone": True, **dict.fromkeys(NUMBERS)}
        for row in rows
    ]
    statement: Any = _insert(session, Total)
    await session.run(statement.on_conflict_do_update(index_elements=["delivery_id"], set_={"gone": True}), values)


async def _put_days(session: WriteSession, days: Sequence[tuple[int, Gains]]) -> None:
    """Adds, in one order for everybody: an unknown number stays unknown until something is known of it."""
    by_channel: dict[int, list[Gains]] = {}
    for channel_id, gained in days:
        by_channel.setdefault(channel_id, []).append(gained)
    rows = [
        {"channel_id": channel_id, "counted_on": day, **dict.fromkeys(NUMBERS), **numbers}
        for channel_id, parts in sorted(by_channel.items())
        for day, numbers in sorted(rules.together(parts).items())
    ]
    if not rows:
        return
    statement: Any = _insert(session, DailyNumbers)
    grown = {
        name: case(
            (statement.excluded[name].is_(None), Y[name]), else_=func.coalesce(Y[name], 0) + statement.excluded[name]
        )
        for name in SUMMED
    }
    await session.run(statement.on_conflict_do_update(index_elements=["channel_id", "counted_on"], set_=grown), rows)


def _insert(session: WriteSession, table: type) -> Any:
    return (sqlite.insert if session.is_sqlite else postgresql.insert)(table)


async def recount(session: ReadSession, channel_ids: Sequence[int]) -> dict[tuple[int, date], Numbers]:
    """The days of these channels from all their snapshots: what the stored ones must equal."""
    query = (
        select(D.id, D.channel_id, col(Unit.timezone).label("zone"), S.taken_at, *(S[name] for name in NUMBERS))
        .join(Delivery, D.id == S.delivery_id)
        .join(Unit, col(Unit.id) == D.unit_id)
        .where(D.channel_id.in_(channel_ids))
    )
    found: dict[int, tuple[Story, dict[datetime, Numbers]]] = {}
    for row in await session.rows(query):
        _, readings = found.setdefault(row["id"], (Story(row["channel_id"], ZoneInfo(row["zone"])), {}))
        readings[row["taken_at"]] = {name: row[name] for name in NUMBERS}
    days: dict[int, list[Gains]] = {}
    for story, readings in found.values():
        days.setdefault(story.channel_id, []).append(rules.gains(readings, story.zone))
    return {
        (channel_id, day): {name: numbers.get(name) for name in SUMMED}
        for channel_id, parts in days.items()
        for day, numbers in rules.together(parts).items()
    }
