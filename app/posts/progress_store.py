"""Queries over a broadcast unit by unit; who is asking is part of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlmodel import col

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.kit.db import ReadSession
from app.posts.models import Broadcast, Post
from app.posts.progress_rules import ON_TIME
from app.posts.rules import PostState
from app.publishing.models import Delivery
from app.publishing.rules import OPEN, State

D = Delivery.__table__.c  # type: ignore[attr-defined]


def _parts(paths: Sequence[str], broadcast_id: int) -> tuple[Any, Any]:
    """Posts with their units, and beside them what their deliveries add up to."""
    sums = (
        select(
            D.post_id,
            func.count().label("wanted"),
            func.sum(case((D.state == State.PUBLISHED, 1), else_=0)).label("out"),
            func.sum(case((D.state.in_(OPEN), 1), else_=0)).label("open"),
            func.max(D.published_at).label("published_at"),
            func.max(case((D.state != State.PUBLISHED, D.reason))).label("why"),
        )
        .where(D.broadcast_id == broadcast_id)
        .group_by(D.post_id)
        .subquery()
    )
    query: Any = (
        select(
            col(Post.id).label("post_id"), col(Post.unit_id), col(Unit.name).label("unit_name"), col(Post.state),
            col(Post.answer), col(Post.reason), col(Post.due_at), func.coalesce(sums.c.wanted, 0).label("wanted"),
            func.coalesce(sums.c.out, 0).label("out"), func.coalesce(sums.c.open, 0).label("open"),
            sums.c.published_at, func.coalesce(sums.c.why, "").label("why"),
        )
        .join(Unit, col(Unit.id) == col(Post.unit_id))
        .outerjoin(sums, sums.c.post_id == col(Post.id))
        .where(in_scope(paths), col(Post.broadcast_id) == broadcast_id)
    )  # fmt: skip
    return query, sums


def _late(sums: Any, deadline: datetime | None, now: datetime) -> Any:
    """As `progress_rules.is_late`; without a deadline only what is not out counts, since that can still be mended."""
    is_out = and_(sums.c.wanted.is_not(None), sums.c.out == sums.c.wanted)
    if deadline is None:
        too_late: Any = and_(~func.coalesce(is_out, False), col(Post.due_at) < now - ON_TIME)
    elif now > deadline:
        too_late = or_(~func.coalesce(is_out, False), sums.c.published_at > deadline)
    else:
        too_late = sums.c.published_at > deadline
    return and_(col(Post.state) != PostState.CANCELLED, too_late)


async def units(
    session: ReadSession,
    paths: Sequence[str],
    row: Broadcast,
    *,
    now: datetime,
    late_only: bool,
    limit: int,
    after: int | None,
) -> list[dict[str, Any]]:
    """By post, which is the order in which the units were chosen."""
    query, sums = _parts(paths, row.id or 0)
    if late_only:
        query = query.where(_late(sums, row.deadline, now))
    if after is not None:
        query = query.where(col(Post.id) > after)
    return await session.rows(query.order_by(col(Post.id)).limit(limit))


async def count_late(session: ReadSession, paths: Sequence[str], row: Broadcast, *, now: datetime) -> int:
    query, sums = _parts(paths, row.id or 0)
    found = select(func.count()).select_from(query.where(_late(sums, row.deadline, now)).subquery())
    return int((await session.run(found)).scalar_one())


async def deadline_of(session: ReadSession, paths: Sequence[str], post_id: int) -> datetime | None:
    query = select(col(Broadcast.deadline)).join(Post, col(Post.broadcast_id) == col(Broadcast.id))
    query = query.join(Unit, col(Unit.id) == col(Post.unit_id)).where(in_scope(paths), col(Post.id) == post_id)
    return (await session.run(query)).scalar_one_or_none()
