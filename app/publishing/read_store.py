"""What people ask about deliveries; who is asking is part of every query."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, and_, func, literal_column, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.channels.models import Channel
from app.kit.db import ReadSession
from app.publishing.models import Attempt, Delivery, Withdrawal
from app.publishing.rules import OPEN, State

D = Delivery.__table__.c  # type: ignore[attr-defined]
W = Withdrawal.__table__.c  # type: ignore[attr-defined]

_SHOWN: tuple[Any, ...] = (
    D.id,
    D.post_id,
    D.broadcast_id,
    D.channel_id,
    D.unit_id,
    D.platform,
    D.environment,
    D.state,
    D.reason,
    D.due_at,
    D.act_at,
    D.valid_until,
    D.published_at,
    D.remote_id,
    D.url,
    D.proof_id,
    D.attempt,
    D.message,
    col(Channel.handle).label("handle"),
    col(Unit.name).label("unit_name"),
    col(Unit.timezone).label("timezone"),
    col(Unit.path).label("path"),
    W.asked_at.label("wished_at"),
    W.reason.label("wish_reason"),
    W.by_hand.label("wish_by_hand"),
    W.said.label("wish_said"),
)


@dataclass(frozen=True)
class Filter:
    """Empty fields do not filter. `under` is a unit's path: that unit and all beneath.

    `or_tasks`: beside those `states` also what a person is asked to take down.
    """

    states: Sequence[str] = ()
    unit_id: int | None = None
    under: str | None = None
    platform: str | None = None
    environment: str | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None
    post_ids: Sequence[int] | None = None
    broadcast_id: int | None = None
    or_tasks: bool = False


def _seen(paths: Sequence[str]) -> Any:
    """Visible to whoever may read under one of these paths."""
    base = select(*_SHOWN).join(Channel, col(Channel.id) == D.channel_id).join(Unit, col(Unit.id) == D.unit_id)
    base = base.outerjoin(Withdrawal, (W.delivery_id == D.id) & W.ended_at.is_(None))
    return base.where(
        or_(*(col(Unit.path).startswith(path, autoescape=True) for path in paths)) if paths else col(Unit.id) < 0
    )


_IS_TASK = (D.state == State.PUBLISHED) & W.by_hand


def _narrow(query: Any, wanted: Filter) -> Any:
    conditions: dict[str, Callable[[], Any]] = {
        "states": lambda: D.state.in_(wanted.states) | _IS_TASK if wanted.or_tasks else D.state.in_(wanted.states),
        "unit_id": lambda: D.unit_id == wanted.unit_id,
        "under": lambda: col(Unit.path).startswith(wanted.under, autoescape=True),
        "platform": lambda: D.platform == wanted.platform,
        "environment": lambda: D.environment == wanted.environment,
        "due_from": lambda: D.due_at >= wanted.due_from,
        "due_before": lambda: D.due_at < wanted.due_before,
        "post_ids": lambda: D.post_id.in_(wanted.post_ids),
        "broadcast_id": lambda: D.broadcast_id == wanted.broadcast_id,
    }
    for name, condition in conditions.items():
        value = getattr(wanted, name)
        if value is not None and (value != () or name == "post_ids"):
            query = query.where(condition())
    return query


async def find_rows(
    session: ReadSession,
    paths: Sequence[str],
    wanted: Filter,
    *,
    limit: int,
    after: tuple[datetime, int] | None,
    newest_first: bool = False,
) -> list[dict[str, Any]]:
    """By due_at and id; `after` is the last row seen."""
    query = _narrow(_seen(paths), wanted)
    if after is not None:
        at, last_id = after
        beyond = (D.due_at < at, D.id < last_id) if newest_first else (D.due_at > at, D.id > last_id)
        query = query.where(or_(beyond[0], (D.due_at == at) & beyond[1]))
    order = (D.due_at.desc(), D.id.desc()) if newest_first else (D.due_at, D.id)
    return await session.rows(query.order_by(*order).limit(limit))


async def find_one(session: ReadSession, paths: Sequence[str], delivery_id: int) -> Mapping[str, Any] | None:
    return next(iter(await session.rows(_seen(paths).where(D.id == delivery_id))), None)


async def attempts_of(session: ReadSession, delivery_ids: Sequence[int]) -> dict[int, list[Attempt]]:
    query = (
        select_rows(Attempt)
        .where(col(Attempt.delivery_id).in_(delivery_ids))
        .order_by(col(Attempt.delivery_id), col(Attempt.n))
    )
    found: dict[int, list[Attempt]] = {}
    for attempt in (await session.exec(query)).all():
        found.setdefault(attempt.delivery_id, []).append(attempt)
    return found


async def count_states(session: ReadSession, *, broadcast_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    query = (
        select(D.broadcast_id, D.state, func.count())
        .where(D.broadcast_id.in_(broadcast_ids))
        .group_by(D.broadcast_id, D.state)
    )
    found: dict[int, dict[str, int]] = {identity: {} for identity in broadcast_ids}
    for row in (await session.run(query)).all():
        found[row[0]][row[1]] = row[2]
    return found


async def count_visible(session: ReadSession, paths: Sequence[str], wanted: Filter) -> dict[str, int]:
    """How many per state, for the queue's tabs."""
    shown = _narrow(_seen(paths), wanted).subquery()
    query = select(shown.c.state, func.count()).group_by(shown.c.state)
    return {row[0]: row[1] for row in (await session.run(query)).all()}


async def count_tasks(session: ReadSession, paths: Sequence[str], wanted: Filter) -> int:
    """How many of them are out and wait for a person to delete them."""
    shown = _narrow(_seen(paths), wanted).where(_IS_TASK).subquery()
    return int((await session.run(select(func.count()).select_from(shown))).scalar() or 0)


async def units_heard(session: ReadSession, paths: Sequence[str], wanted: Filter) -> set[int]:
    """Ids of visible units of which any delivery matches."""
    shown = _narrow(_seen(paths), wanted).subquery()
    return set((await session.run(select(shown.c.unit_id).distinct())).scalars())


async def count_all(session: ReadSession) -> dict[str, int]:
    """By state over everything; an operator's question, so nobody's scope narrows it."""
    query = select(D.state, func.count()).group_by(D.state)
    return {row[0]: row[1] for row in (await session.run(query)).all()}


async def posts_all_ended(session: ReadSession, post_ids: Sequence[int]) -> set[int]:
    """Which of these posts have deliveries, none of them open."""
    open_ones = func.sum(D.state.in_(OPEN).cast(Integer))
    query = select(D.post_id).where(D.post_id.in_(post_ids)).group_by(D.post_id).having(open_ones == 0)
    return set((await session.run(query)).scalars())


async def oldest_waits(session: ReadSession, *, now: datetime) -> tuple[datetime | None, datetime | None, int]:
    """The oldest moments at which a worker should have sent, and should have looked, and has not; how many wait for a person."""

    async def oldest(is_state: Any) -> Any:
        return (await session.run(select(func.min(D.act_at)).where(is_state, D.act_at <= now))).scalar()

    # As literals, for PostgreSQL's partial indexes: /readyz is asked every few seconds.
    is_unsure = D.state == literal_column("'unsure'")
    stuck = select(func.count()).where(is_unsure, D.act_at.is_(None))
    return (
        await oldest(D.state == literal_column("'due'")),
        await oldest(is_unsure),
        int((await session.run(stuck)).scalar_one()),
    )


async def edited_by(session: ReadSession, delivery_id: int) -> int | None:
    """The newest delivery that put other words into the same post of the platform."""
    first = aliased(Delivery)
    query = (
        select(func.max(D.id))
        .join(first, and_(first.channel_id == D.channel_id, first.remote_id == D.remote_id))
        .where(col(first.id) == delivery_id, D.id > delivery_id, D.state == State.PUBLISHED)
    )
    return (await session.run(query)).scalar()
