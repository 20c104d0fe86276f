"""Tells people that the minute of a hand-off has come: what the program cannot publish must not wait unseen."""

from datetime import datetime

from sqlalchemy import update

from app.kit.db import WriteSession
from app.publishing.models import Delivery
from app.publishing.rules import State
from app.publishing.store import TOLD, D
from app.publishing.telling import tell_rows


async def remind(session: WriteSession, *, now: datetime) -> int:
    """Each hand-off once, at its minute; a draft that a platform holds, at once. Answers how many."""
    statement = (
        update(Delivery)
        .where(D.state == State.MANUAL, D.act_at.is_not(None), D.act_at <= now)
        .values(act_at=None)
        .returning(*TOLD)
    )
    rows = await session.rows(statement)
    await tell_rows(session, rows, at=now)
    return len(rows)
