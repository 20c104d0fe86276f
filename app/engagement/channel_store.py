"""Followers of accounts, day by day; who is asking is part of every report's query."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.channels.models import Channel
from app.channels.rules import ways_of
from app.engagement.models import ChannelSnapshot, DailyNumbers
from app.engagement.rules import FOLLOWERS_AGAIN, FOLLOWERS_EVERY, SUMMED
from app.kit.db import ReadSession, WriteSession

C = ChannelSnapshot.__table__.c  # type: ignore[attr-defined]
Y = DailyNumbers.__table__.c  # type: ignore[attr-defined]


async def followers_due(
    session: ReadSession, platforms: Sequence[str], *, today: date, now: datetime, limit: int
) -> list[dict[str, Any]]:
    """Connected accounts whose followers are not known for the day (or the platform's dearer span), nor asked in the last hour."""
    seldom = FOLLOWERS_EVERY.items()
    since = [
        and_(
            col(Channel.platform) == platform,
            col(Channel.environment) == "live",
            C.counted_on > today - timedelta(days=days),
        )
        for platform, days in seldom
    ]
    answered = or_(C.followers.is_not(None), C.taken_at > now - FOLLOWERS_AGAIN)
    known = select(C.id).where(C.channel_id == col(Channel.id), or_(C.counted_on == today, *since), answered).exists()
    query = (
        select(col(Channel.id), col(Channel.platform))
        .where(
            col(Channel.state) == "connected",
            col(Channel.platform).in_(platforms),
            col(Channel.environment) != "manual",
            ~known,
        )
        .order_by(col(Channel.id))
        .limit(limit)
    )
    return await session.rows(query)


async def put_followers(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Of one day the last answer counts; a refusal never wipes out a number."""
    if not rows:
        return
    statement: Any = (sqlite.insert if session.is_sqlite else postgresql.insert)(ChannelSnapshot)
    changed = {
        "taken_at": statement.excluded.taken_at,
        "followers": func.coalesce(statement.excluded.followers, C.followers),
    }
    await session.run(statement.on_conflict_do_update(index_elements=["channel_id", "counted_on"], set_=changed), rows)


async def followers(
    session: ReadSession, paths: Sequence[str], environment: str, *, from_on: date, to_on: date
) -> list[dict[str, Any]]:
    """By account: followers on the first and on the last day of the period on which they were told, and those days."""
    told = (
        select(C.channel_id, func.min(C.counted_on).label("first"), func.max(C.counted_on).label("last"))
        .where(C.counted_on >= from_on, C.counted_on <= to_on, C.followers.is_not(None))
        .group_by(C.channel_id)
        .subquery()
    )
    start, end = C, ChannelSnapshot.__table__.alias("last_one").c  # type: ignore[attr-defined]
    last_one = end.channel_id.table
    query = (
        select(
            col(Channel.id).label("channel_id"), col(Channel.unit_id), col(Unit.name).label("unit"), col(Channel.platform),
            col(Channel.handle), start.followers.label("before"), end.followers.label("followers"),
            told.c.first.label("first_on"), told.c.last.label("last_on"),
        )
        .select_from(told)
        .join(Channel, col(Channel.id) == told.c.channel_id)
        .join(Unit, col(Unit.id) == col(Channel.unit_id))
        .join(ChannelSnapshot, and_(start.channel_id == told.c.channel_id, start.counted_on == told.c.first))
        .join(last_one, and_(end.channel_id == told.c.channel_id, end.counted_on == told.c.last))
        .where(in_scope(paths), col(Channel.environment).in_(ways_of(environment)), col(Channel.state) != "closed")
        .order_by(end.followers.desc(), col(Channel.id))
    )  # fmt: skip
    return await session.rows(query)


async def days(
    session: ReadSession, paths: Sequence[str], environment: str, *, from_on: date, to_on: date
) -> list[dict[str, Any]]:
    """By day, what the numbers of all posts in sight grew by; a day of which nothing is known has no row."""
    query = (
        select(Y.counted_on.label("day"), *(func.sum(Y[name]).label(name) for name in SUMMED))
        .join(Channel, col(Channel.id) == Y.channel_id)
        .join(Unit, col(Unit.id) == col(Channel.unit_id))
        .where(
            in_scope(paths),
            col(Channel.environment).in_(ways_of(environment)),
            Y.counted_on >= from_on,
            Y.counted_on <= to_on,
        )
        .group_by(Y.counted_on)
        .order_by(Y.counted_on)
    )
    return await session.rows(query)
