"""Tells people that the minute of a hand-off has come: what the program cannot publish must not wait unseen."""

from datetime import datetime

from app.kit.db import WriteSession
from app.publishing import switch_store
from app.publishing.telling import tell_rows


async def remind(session: WriteSession, *, now: datetime) -> int:
    """Each hand-off once, at its minute; a draft that a platform holds, at once. Answers how many."""
    rows = await switch_store.take_called(session, now=now)
    await tell_rows(session, rows, at=now)
    return len(rows)
