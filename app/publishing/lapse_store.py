"""Queries over deliveries whose time is over before they could go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, update

from app.kit.db import WriteSession
from app.publishing.models import Delivery
from app.publishing.rules import State
from app.publishing.store import TOLD, D


async def expire(session: WriteSession, *, now: datetime, reason: str, unapproved: str) -> list[dict[str, Any]]:
    """What could not go before its valid_until is missed, and says why: `unapproved` where nobody had approved it.

    Answers what there is to tell of it.
    """
    why = case((D.message_hash == "", unapproved), else_=reason)
    statement = (
        update(Delivery)
        .where(D.state.in_([State.DUE, State.WAITING]), D.valid_until <= now)
        .values(state=State.MISSED, act_at=None, reason=case((D.reason == "", why), else_=why + " " + D.reason))
        .returning(*TOLD)
    )
    return await session.rows(statement)


async def lapse(session: WriteSession, post_ids: Sequence[int], *, reason: str) -> None:
    """What nobody has approved in time is missed."""
    statement = update(Delivery).where(D.post_id.in_(post_ids), D.state == State.WAITING, D.message_hash == "")
    await session.run(statement.values(state=State.MISSED, act_at=None, reason=reason))
