"""Queries that put newer words and moments into deliveries that have not left, each fenced by what was seen."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, literal, select, update
from sqlmodel import col

from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery
from app.publishing.rules import IN_FLIGHT, MAY_TAKE_OVER

D = Delivery.__table__.c  # type: ignore[attr-defined]

CHUNK = 5000
"""Ids in one statement: far below what either database takes as parameters."""

_SEEN = (
    D.id,
    D.post_id,
    D.channel_id,
    D.unit_id,
    D.platform,
    D.environment,
    D.state,
    D.attempt,
    D.message_hash,
    D.reason,
    D.due_at,
    D.act_at,
    D.valid_until,
    D.successor,
)
_RENEWED = ("state", "reason", "message", "message_hash", "due_at", "act_at", "valid_until", "wants_prepare")
_FENCE = ("id", "attempt", "seen")


async def of_posts(session: ReadSession, post_ids: Sequence[int], *, lock: bool) -> list[dict[str, Any]]:
    """Deliveries of these posts in the order of their ids. `lock`: no worker claims them until this transaction ends."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(post_ids), CHUNK):
        query = select(*_SEEN).where(D.post_id.in_(post_ids[start : start + CHUNK])).order_by(D.id)
        found += await session.rows(query.with_for_update() if lock else query)
    return found


async def renew(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """New words, moment and state, if the delivery still is as it was `seen`; what was prepared is forgotten."""
    if not rows:
        return
    fence = (
        D.id == bindparam("b_id"),
        D.attempt == bindparam("b_attempt"),
        D.state == bindparam("b_seen"),
        D.worker_id.is_(None),
    )
    values = {name: bindparam(f"b_{name}", type_=D[name].type) for name in _RENEWED}
    statement = update(Delivery).where(*fence).values(prepared=literal({}, D.prepared.type), looks=0, code="", **values)
    await session.run(statement, [{f"b_{name}": row[name] for name in (*_FENCE, *_RENEWED)} for row in rows])


async def set_successors(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Newer words for what is under way: they take over if it turns out not to be out."""
    if not rows:
        return
    statement = (
        update(Delivery)
        .where(D.id == bindparam("b_id"), D.state.in_(IN_FLIGHT))
        .values(successor=bindparam("b_successor", type_=D.successor.type))
    )
    for row in rows:
        await session.run(statement, {"b_id": row["id"], "b_successor": row["successor"]})


async def with_successors(session: ReadSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Of these, what is certainly not out and has newer words waiting."""
    query = select(*_SEEN).where(
        D.id.in_(ids), D.successor.is_not(None), col(Delivery.state).in_(MAY_TAKE_OVER), D.worker_id.is_(None)
    )
    return await session.rows(query)


async def forget_successors(session: WriteSession, ids: Sequence[int]) -> None:
    await session.run(update(Delivery).where(D.id.in_(ids)).values(successor=None))
