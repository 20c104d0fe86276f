"""Every query about taking deliveries elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlmodel import col

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.channels.models import Channel
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery
from app.publishing.rules import State
from app.publishing.store import D


@dataclass(frozen=True)
class Which:
    """Approved deliveries that have not left, of units under `paths`. Empty fields do not filter."""

    paths: Sequence[str]
    platform: str | None = None
    environment: str | None = None
    until: datetime | None = None
    channel_ids: Sequence[int] = ()

    def where(self) -> list[ColumnElement[bool]]:
        found = [
            D.unit_id.in_(select(col(Unit.id)).where(in_scope(self.paths))),
            D.state.in_([State.DUE, State.WAITING]), D.message_hash != "", D.worker_id.is_(None),
        ]  # fmt: skip
        if self.platform is not None:
            found.append(D.platform == self.platform)
        if self.environment is not None:
            found.append(D.environment == self.environment)
        if self.until is not None:
            found.append(D.due_at <= self.until)
        if self.channel_ids:
            found.append(D.channel_id.in_(self.channel_ids))
        return found


async def hand_over(session: WriteSession, which: Which, *, reason: str) -> int:
    statement = update(Delivery).where(*which.where())
    return (await session.run(statement.values(state=State.MANUAL, reason=reason))).rowcount


async def lock(session: WriteSession, which: Which, *, limit: int) -> list[dict[str, Any]]:
    shown = (
        D.id, D.post_id, D.broadcast_id, D.channel_id, D.unit_id, D.environment, D.due_at, D.valid_until, D.message,
    )  # fmt: skip
    query = select(*shown).where(*which.where()).order_by(D.due_at, D.id).limit(limit)
    return await session.rows(query.with_for_update(skip_locked=True))


async def accounts_on(
    session: ReadSession, platform: str, rows: Sequence[Mapping[str, Any]], *, not_these: Sequence[int] = ()
) -> dict[tuple[int, str], int]:
    """A connected account of each unit there, by unit and environment."""
    query = select(col(Channel.unit_id), col(Channel.environment), col(Channel.id)).where(
        col(Channel.platform) == platform, col(Channel.state) == "connected",
        col(Channel.unit_id).in_(sorted({row["unit_id"] for row in rows})), col(Channel.id).not_in(not_these),
    )  # fmt: skip
    found = await session.run(query.order_by(col(Channel.id).desc()))
    return {(row[0], row[1]): row[2] for row in found.all()}


async def pairs(session: ReadSession, post_ids: Sequence[int]) -> set[tuple[int, int]]:
    query = select(D.post_id, D.channel_id).where(D.post_id.in_(post_ids))
    return {(row[0], row[1]) for row in (await session.run(query)).all()}


async def cancel(session: WriteSession, ids: Sequence[int], *, reason: str) -> None:
    statement = update(Delivery).where(D.id.in_(ids), D.state.in_([State.DUE, State.WAITING]))
    await session.run(statement.values(state=State.CANCELLED, act_at=None, reason=reason))
