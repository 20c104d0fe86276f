"""Every query about posts that are to be taken down."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Integer, and_, bindparam, cast, func, literal, or_, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery, Withdrawal
from app.publishing.rules import MAY_CANCEL, MAY_WITHDRAW, State

D = Delivery.__table__.c  # type: ignore[attr-defined]
W = Withdrawal.__table__.c  # type: ignore[attr-defined]

_WISH = ("delivery_id", "reason", "asked_by", "asked_at", "act_at", "by_hand", "tries", "said", "ended_at")


async def ask(
    session: WriteSession,
    *,
    reason: str,
    asked_by: int | None,
    now: datetime,
    delivery_id: int | None = None,
    broadcast_id: int | None = None,
) -> int:
    """A wish for this delivery, or for each of a broadcast, that is out or may be; one that stands already stays.

    Answers how many are new.
    """
    which = D.broadcast_id == broadcast_id if delivery_id is None else D.id == delivery_id
    rows = select(
        D.id,
        literal(reason),
        literal(asked_by, W.asked_by.type),
        literal(now, W.asked_at.type),
        literal(now, W.act_at.type),
        literal(False, Boolean()),
        literal(0),
        literal(""),
        literal(None, W.ended_at.type),
    ).where(which, D.state.in_(MAY_WITHDRAW))
    insert: Any = sqlite.insert(Withdrawal) if session.is_sqlite else postgresql.insert(Withdrawal)
    statement = insert.from_select(list(_WISH), rows).on_conflict_do_nothing(index_elements=["delivery_id"])
    return (await session.run(statement)).rowcount


async def drop(session: WriteSession, delivery_id: int) -> bool:
    """Take back a wish that has not been met; False if there is none."""
    statement = delete_rows(Withdrawal).where(W.delivery_id == delivery_id, W.ended_at.is_(None))
    return (await session.run(statement)).rowcount == 1


_IS_DUE = (W.act_at.is_not(None), D.state == State.PUBLISHED)


async def has_due(session: ReadSession, *, now: datetime) -> bool:
    query = select(W.id).join(Delivery, D.id == W.delivery_id).where(*_IS_DUE, W.act_at <= now).limit(1)
    return (await session.run(query)).first() is not None


async def claim(session: WriteSession, *, now: datetime, until: datetime, limit: int) -> list[dict[str, Any]]:
    """Take wishes whose turn it is; whoever does not come back by `until` has lost them again."""
    wanted = (
        select(W.id)
        .join(Delivery, D.id == W.delivery_id)
        .where(*_IS_DUE, W.act_at <= now)
        .order_by(W.act_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Withdrawal)
        .cte("wanted")
    )
    statement = (
        update(Withdrawal)
        .where(W.id.in_(select(wanted.c.id)), W.act_at <= now)
        .values(act_at=until, tries=W.tries + 1)
        .returning(W.id, W.tries)
    )
    tries = {row["id"]: row["tries"] for row in await session.rows(statement)}
    query = (
        select(
            W.id.label("wish_id"),
            W.reason,
            W.by_hand,
            W.asked_by,
            D.id,
            D.post_id,
            D.unit_id,
            D.channel_id,
            D.platform,
            D.environment,
            D.remote_id,
        )
        .join(Delivery, D.id == W.delivery_id)
        .where(W.id.in_(tries))
    )
    return [{**row, "tries": tries[row["wish_id"]]} for row in await session.rows(query)] if tries else []


async def record(session: WriteSession, steps: Sequence[Mapping[str, Any]]) -> None:
    """What came of tries: each `wish_id`, `tries` (the fence), `act_at`, `by_hand`, `said`, `ended_at`."""
    names = ("act_at", "by_hand", "said", "ended_at")
    statement = (
        update(Withdrawal)
        .where(W.id == bindparam("b_wish_id"), W.tries == bindparam("b_tries"), W.ended_at.is_(None))
        .values(**{name: bindparam(f"b_{name}", type_=W[name].type) for name in names})
    )
    await session.run(statement, [{f"b_{name}": step[name] for name in ("wish_id", "tries", *names)} for step in steps])


async def mark_down(session: WriteSession, delivery_id: int, *, reason: str) -> bool:
    """The delivery is withdrawn, and its numbers are not asked for any more; False if it was not out.

    One that was edited in place is one post with two deliveries, and both are down.
    """
    [place] = await session.rows(select(D.channel_id, D.remote_id).where(D.id == delivery_id)) or [{}]
    is_it = D.id == delivery_id
    if place.get("remote_id"):
        is_it = or_(is_it, and_(D.channel_id == place["channel_id"], D.remote_id == place["remote_id"]))
    statement = update(Delivery).where(is_it, D.state == State.PUBLISHED)
    values = {"state": State.WITHDRAWN, "reason": reason, "act_at": None, "metrics_at": None}
    return (await session.run(statement.values(**values))).rowcount > 0


async def end(session: WriteSession, delivery_id: int, *, now: datetime) -> None:
    statement = update(Withdrawal).where(W.delivery_id == delivery_id)
    await session.run(statement.values(ended_at=now, act_at=None, by_hand=False))


async def release(session: WriteSession, channel_id: int, *, now: datetime) -> None:
    """The channel speaks again: what waited for it may be asked."""
    theirs = select(D.id).where(D.channel_id == channel_id, D.state == State.PUBLISHED)
    statement = update(Withdrawal).where(W.delivery_id.in_(theirs), W.ended_at.is_(None), W.act_at.is_(None))
    await session.run(statement.values(act_at=now))


async def drop_unsent(session: WriteSession, ids: Sequence[int], *, now: datetime) -> None:
    """Tries that ended without being out, of posts that are to be taken down: they are not sent again."""
    wished = select(W.delivery_id).where(W.delivery_id.in_(ids), W.ended_at.is_(None))
    reason = select(W.reason).where(W.delivery_id == D.id).scalar_subquery()
    statement = update(Delivery).where(D.id.in_(wished), D.state.in_(MAY_CANCEL))
    await session.run(statement.values(state=State.CANCELLED, act_at=None, reason=reason))
    never_out = select(D.id).where(D.id.in_(ids), D.state.in_([State.CANCELLED, State.STOPPED, State.MISSED]))
    over = update(Withdrawal).where(W.delivery_id.in_(never_out), W.ended_at.is_(None))
    await session.run(over.values(ended_at=now, act_at=None))


async def progress(session: ReadSession, broadcast_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """By broadcast: how many are to be taken down, how many are down, how many wait for a person."""
    down = func.sum(cast(D.state == State.WITHDRAWN, Integer))
    hand = func.sum(cast(W.by_hand & (D.state == State.PUBLISHED), Integer))
    query = (
        select(D.broadcast_id, func.count(), down, hand)
        .select_from(Withdrawal)
        .join(Delivery, D.id == W.delivery_id)
        .where(D.broadcast_id.in_(broadcast_ids), D.state.not_in([State.CANCELLED, State.STOPPED, State.MISSED]))
        .group_by(D.broadcast_id)
    )
    return {row[0]: (row[1], row[2] or 0, row[3] or 0) for row in (await session.run(query)).all()}


async def find_wish(session: ReadSession, delivery_id: int) -> dict[str, Any] | None:
    """A wish that has not been met yet."""
    query = select(*(col(getattr(Withdrawal, name)) for name in _WISH))
    return next(iter(await session.rows(query.where(W.delivery_id == delivery_id, W.ended_at.is_(None)))), None)
