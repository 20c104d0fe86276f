"""Queries over what workers hold and can no longer answer for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, delete, select, update
from sqlmodel import col

from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery, WorkerBeat
from app.publishing.rules import State
from app.publishing.store import CLAIMED, D


async def held_by_the_silent(session: ReadSession, *, silent_since: datetime) -> list[dict[str, Any]]:
    """What workers hold that have not been heard of since, or that are not known at all."""
    alive = select(col(WorkerBeat.id)).where(col(WorkerBeat.beat_at) >= silent_since)
    query = select(*CLAIMED, D.worker_id).where(D.worker_id.is_not(None), D.worker_id.not_in(alive))
    return await session.rows(query)


async def adopt(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put orphans in doubt. Fenced by worker and attempt, so a worker that came back in between keeps its own."""
    statement = (
        update(Delivery)
        .where(D.id == bindparam("b_id"), D.attempt == bindparam("b_attempt"), D.worker_id == bindparam("b_worker_id"))
        .values(worker_id=None, **{name: bindparam(f"b_{name}") for name in ("state", "act_at", "reason")})
    )
    names = ("id", "attempt", "worker_id", "state", "act_at", "reason")
    await session.run(statement, [{f"b_{name}": row[name] for name in names} for row in rows])


async def give_back(session: WriteSession, worker_id: str, *, held: Collection[int], now: datetime) -> Sequence[int]:
    """What this worker took without learning of it, since the answer to its claim was lost: it has surely not been sent.

    `held`: what it does have in hand. Answers the channels whose deliveries are due again.
    """
    statement = (
        update(Delivery)
        .where(D.worker_id == worker_id, D.id.not_in(sorted(held)))
        .values(worker_id=None, act_at=now, state=case((D.state == State.SENDING, State.DUE), else_=D.state))
        .returning(D.channel_id)
    )
    return sorted({row["channel_id"] for row in await session.rows(statement)})


async def drop_dead_beats(session: WriteSession, *, silent_since: datetime) -> None:
    held = select(D.worker_id).where(D.worker_id.is_not(None))
    await session.run(delete(WorkerBeat).where(col(WorkerBeat.beat_at) < silent_since, col(WorkerBeat.id).not_in(held)))
