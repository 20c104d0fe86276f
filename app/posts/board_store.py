"""The queries behind the calendar: posts counted by span of time, the first few of each span, and pages of a list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, or_, select
from sqlmodel import col

from app.accounts.models import Unit
from app.kit.db import ReadSession
from app.posts.models import Post
from app.posts.rules import PostState
from app.publishing.models import Delivery
from app.publishing.rules import State

P = Post.__table__.c  # type: ignore[attr-defined]
D = Delivery.__table__.c  # type: ignore[attr-defined]

TROUBLE = (State.STOPPED, State.MISSED, State.UNSURE)
DAY, HOUR = 10, 13
"""How many characters of `2024-11-27 07:30:00` name the span."""


@dataclass(frozen=True)
class BoardFilter:
    """Posts due from `start` until before `end`. `under`: a unit's path. `state`: a post's, or one of a delivery's.

    What was cancelled is shown where it is asked for alone.
    """

    start: datetime
    end: datetime
    under: str | None = None
    platform: str | None = None
    state: str | None = None
    segment: str | None = None


def _matching(paths: Sequence[str], wanted: BoardFilter) -> Any:
    """The conditions; the moment is a plain range, for the index on it."""
    own = [col(Unit.path).startswith(path, autoescape=True) for path in paths]
    found = [P.due_at >= wanted.start, P.due_at < wanted.end, or_(*own) if own else col(Unit.id) < 0]
    if wanted.under is not None:
        found.append(col(Unit.path).startswith(wanted.under, autoescape=True))
    if wanted.segment is not None:
        found.append(P.segment == wanted.segment)
    if wanted.state in set(PostState):
        found.append(P.state == wanted.state)
    else:
        found.append(P.state != PostState.CANCELLED)
    sent = []
    if wanted.platform is not None:
        sent.append(D.platform == wanted.platform)
    if wanted.state is not None and wanted.state not in set(PostState):
        sent.append(D.state == wanted.state)
    if sent:
        found.append(_has_delivery(*sent))
    return and_(*found)


def _has_delivery(*conditions: Any) -> Any:
    return select(D.id).where(D.post_id == P.id, *conditions).exists()


def _span(session: ReadSession, zone: str, at: datetime, length: int) -> Any:
    """The day or hour of `zone` in which a post is due. SQLite knows no zones: there the offset at `at` holds throughout."""
    if not session.is_sqlite:
        return func.substr(func.to_char(func.timezone(zone, P.due_at), "YYYY-MM-DD HH24:MI"), 1, length)
    offset = at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    return func.substr(func.datetime(P.due_at, f"{int(offset.total_seconds())} seconds"), 1, length)


async def count(
    session: ReadSession, paths: Sequence[str], wanted: BoardFilter, *, zone: str, length: int
) -> dict[str, tuple[int, int]]:
    """By span: posts, and those of which something failed, was missed or is unsure."""
    span = _span(session, zone, wanted.start, length).label("span")
    is_bad = case((_has_delivery(D.state.in_(TROUBLE)), 1), else_=0)
    each = select(span, is_bad.label("bad")).select_from(P.id.table).join(Unit, col(Unit.id) == P.unit_id)
    rows = each.where(_matching(paths, wanted)).subquery()
    query = select(rows.c.span, func.count(), func.sum(rows.c.bad)).group_by(rows.c.span)
    return {key: (posts, int(bad)) for key, posts, bad in (await session.run(query)).all()}


async def first_of_each(
    session: ReadSession, paths: Sequence[str], wanted: BoardFilter, *, zone: str, length: int, most: int
) -> list[int]:
    """Ids of the first `most` posts of every span."""
    span = _span(session, zone, wanted.start, length)
    place = func.row_number().over(partition_by=span, order_by=(P.due_at, P.id)).label("place")
    each = select(P.id, place).join(Unit, col(Unit.id) == P.unit_id).where(_matching(paths, wanted)).subquery()
    return list((await session.run(select(each.c.id).where(each.c.place <= most))).scalars())


async def page(
    session: ReadSession,
    paths: Sequence[str],
    wanted: BoardFilter,
    *,
    limit: int,
    after: tuple[datetime, int] | None,
) -> list[int]:
    """Ids in the order of their minute, beyond `after`."""
    if after is not None:
        # A bound of the range too, so that later pages do not walk through the earlier ones.
        wanted = replace(wanted, start=max(wanted.start, after[0]))
    query = select(P.id).join(Unit, col(Unit.id) == P.unit_id).where(_matching(paths, wanted))
    if after is not None:
        query = query.where(or_(P.due_at > after[0], P.id > after[1]))
    return list((await session.run(query.order_by(P.due_at, P.id).limit(limit))).scalars())


async def posts(session: ReadSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """What a line of the calendar needs of each, in the order of their minute."""
    shown: tuple[Any, ...] = (
        P.id, P.version, P.state, P.due_at, P.content, P.timing, P.unit_id,
        col(Unit.name).label("unit_name"), col(Unit.path).label("path"), col(Unit.timezone).label("timezone"),
    )  # fmt: skip
    query = select(*shown).join(Unit, col(Unit.id) == P.unit_id).where(P.id.in_(ids)).order_by(P.due_at, P.id)
    return await session.rows(query) if ids else []


async def deliveries(session: ReadSession, ids: Sequence[int]) -> dict[int, list[tuple[str, State]]]:
    """Platform and state of each delivery, by post."""
    found: dict[int, list[tuple[str, State]]] = {}
    query = select(D.post_id, D.platform, D.state).where(D.post_id.in_(ids)).order_by(D.post_id, D.id)
    for post_id, platform, state in (await session.run(query)).all() if ids else ():
        found.setdefault(post_id, []).append((platform, State(state)))
    return found
