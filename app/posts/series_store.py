"""Every query about series; who is asking is part of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.kit.db import ReadSession, WriteSession
from app.posts.models import Post, Series
from app.posts.rules import MAY_CANCEL
from app.tahapan.models import Tahapan


async def find_series(
    session: ReadSession, paths: Sequence[str], series_id: int, *, to_change: bool = False
) -> tuple[Series, str] | None:
    """With its unit's path. `to_change`: of two who change it at once the second waits and reads what the first wrote."""
    query = select(Series, Unit.path).join(Unit, col(Unit.id) == col(Series.unit_id))
    query = query.where(in_scope(paths), col(Series.id) == series_id)
    return (await session.exec(query.with_for_update(of=Series) if to_change else query)).first()


async def list_series(session: ReadSession, paths: Sequence[str], *, limit: int, before_id: int | None) -> list[Series]:
    """Newest first."""
    query = select(Series).join(Unit, col(Unit.id) == col(Series.unit_id)).where(in_scope(paths))
    if before_id is not None:
        query = query.where(col(Series.id) < before_id)
    return list((await session.exec(query.order_by(col(Series.id).desc()).limit(limit))).all())


async def outgrown(session: ReadSession) -> list[Series]:
    """Running ones whose calendar is no longer the one they were expanded on."""
    now = select_columns(func.sum(col(Tahapan.version))).where(col(Tahapan.election_id) == col(Unit.election_id))
    query = select(Series).join(Unit, col(Unit.id) == col(Series.unit_id))
    query = query.where(col(Series.cancelled_at).is_(None), col(Series.stamp) != now.correlate(Unit).scalar_subquery())
    return list((await session.exec(query.order_by(col(Series.id)))).all())


async def election_of(session: ReadSession, series_id: int) -> int:
    query = select(Unit.election_id).join(Series, col(Unit.id) == col(Series.unit_id))
    return (await session.exec(query.where(col(Series.id) == series_id))).one()


async def posts_of(session: ReadSession, series_id: int, *, lock: bool = False) -> list[Post]:
    """`lock`: as they are now, and so they stay until this transaction ends."""
    query = select(Post).where(col(Post.series_id) == series_id).order_by(col(Post.id))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list((await session.exec(query)).all())


async def count(session: ReadSession, series_ids: Sequence[int]) -> list[tuple[int, str, str, int, datetime | None]]:
    """By series, step and state: how many posts, and the first of their minutes."""
    columns = (col(Post.series_id), col(Post.series_step), col(Post.state))
    query = select_columns(*columns, func.count(), func.min(col(Post.due_at))).where(
        col(Post.series_id).in_(series_ids)
    )
    return [tuple(row) for row in await session.run(query.group_by(*columns))]


async def change(session: WriteSession, series_id: int, values: Mapping[str, Any]) -> None:
    statement = update(Series).where(col(Series.id) == series_id)
    await session.run(statement.values(version=Series.version + 1, **values))


async def cancel_posts(session: WriteSession, ids: Sequence[int], *, now: datetime, reason: str) -> None:
    statement = update(Post).where(col(Post.id).in_(ids), col(Post.state).in_(MAY_CANCEL))
    await session.run(statement.values(state="cancelled", reason=reason, updated_at=now, version=Post.version + 1))
