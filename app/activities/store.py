"""Every query about activities; who is asking is part of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, or_, select, update
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.activities.models import Activity
from app.kit.db import ReadSession, WriteSession
from app.posts.models import Post


@dataclass(frozen=True)
class Filter:
    """`under`: the path of a unit; itself and all beneath it."""

    under: str | None = None
    programme: str | None = None
    from_on: date | None = None
    to_on: date | None = None
    rw: int | None = None


async def find_many(
    session: ReadSession, paths: Sequence[str], wanted: Filter, *, limit: int, before: tuple[date, int] | None
) -> list[tuple[Activity, Unit]]:
    """Latest day first, each with its unit."""
    query = select_rows(Activity, Unit).join(Unit, col(Unit.id) == col(Activity.unit_id)).where(in_scope(paths))
    query = query.where(*_narrowed(wanted))
    if before is not None:
        day, row_id = before
        earlier = and_(col(Activity.held_on) == day, col(Activity.id) < row_id)
        query = query.where(or_(col(Activity.held_on) < day, earlier))
    query = query.order_by(col(Activity.held_on).desc(), col(Activity.id).desc())
    return list((await session.exec(query.limit(limit))).all())


def _narrowed(wanted: Filter) -> list[Any]:
    conditions: list[Any] = []
    if wanted.under is not None:
        conditions.append(in_scope([wanted.under]))
    if wanted.programme is not None:
        conditions.append(col(Activity.programme) == wanted.programme)
    if wanted.from_on is not None:
        conditions.append(col(Activity.held_on) >= wanted.from_on)
    if wanted.to_on is not None:
        conditions.append(col(Activity.held_on) <= wanted.to_on)
    if wanted.rw is not None:
        conditions.append(col(Activity.rw) == wanted.rw)
    return conditions


async def find(session: ReadSession, paths: Sequence[str], activity_id: int) -> tuple[Activity, Unit] | None:
    query = select_rows(Activity, Unit).join(Unit, col(Unit.id) == col(Activity.unit_id))
    return (await session.exec(query.where(in_scope(paths), col(Activity.id) == activity_id))).first()


async def change(session: WriteSession, activity_id: int, *, version: int, values: Mapping[str, Any]) -> bool:
    """False if somebody changed it since `version`."""
    statement = update(Activity).where(col(Activity.id) == activity_id, col(Activity.version) == version)
    return (await session.run(statement.values(version=version + 1, **values))).rowcount == 1


async def is_post_of(session: ReadSession, unit_id: int, post_id: int) -> bool:
    query = select(col(Post.id)).where(col(Post.id) == post_id, col(Post.unit_id) == unit_id)
    return (await session.run(query)).first() is not None


def _held(today: date) -> Any:
    proven = or_(col(Activity.attendance).is_not(None), col(Activity.post_id).is_not(None))
    return and_(col(Activity.cancelled_at).is_(None), col(Activity.held_on) <= today, proven)


async def counts(
    session: ReadSession, paths: Sequence[str], *, today: date, from_on: date | None = None, to_on: date | None = None
) -> dict[int, dict[str, Any]]:
    """By unit: how many activities were held and are planned, and who came; NULL where nobody has counted."""
    held = _held(today)
    open_ = and_(col(Activity.cancelled_at).is_(None), ~held)
    query = (
        select(
            col(Activity.unit_id),
            func.sum(case((held, 1), else_=0)).label("held"),
            func.sum(case((open_, 1), else_=0)).label("planned"),
            func.sum(case((held, col(Activity.attendance)))).label("attendance"),
        )
        .join(Unit, col(Unit.id) == col(Activity.unit_id))
        .where(in_scope(paths), *_narrowed(Filter(from_on=from_on, to_on=to_on)))
        .group_by(col(Activity.unit_id))
    )
    return {row["unit_id"]: row for row in await session.rows(query)}


async def visited(
    session: ReadSession, paths: Sequence[str], *, today: date, to_on: date | None = None
) -> dict[int, list[int]]:
    """By unit: the RW with a held activity up to that day, each once."""
    query = (
        select(col(Activity.unit_id), col(Activity.rw))
        .join(Unit, col(Unit.id) == col(Activity.unit_id))
        .where(in_scope(paths), _held(today), col(Activity.rw).is_not(None), *_narrowed(Filter(to_on=to_on)))
        .distinct()
        .order_by(col(Activity.unit_id), col(Activity.rw))
    )
    found: dict[int, list[int]] = {}
    for unit_id, number in (await session.run(query)).all():
        found.setdefault(unit_id, []).append(number)
    return found
