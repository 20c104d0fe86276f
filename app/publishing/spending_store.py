"""What is out or queued on platforms that bill by the post."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from app.kit.db import ReadSession
from app.publishing.rules import State
from app.publishing.store import D

_COSTS_NOTHING = (State.CANCELLED, State.MISSED, State.STOPPED, State.MANUAL)


async def said_in(
    session: ReadSession, platforms: Sequence[str], since: datetime, until: datetime
) -> list[tuple[str, str, str]]:
    """(platform, environment, text) of live deliveries due in that span which cost something, or will."""
    query = select(D.platform, D.environment, D.message).where(
        D.platform.in_(platforms), D.environment == "live", D.due_at >= since, D.due_at < until,
        D.state.not_in(_COSTS_NOTHING),
    )  # fmt: skip
    return [(row[0], row[1], row[2].get("text", "")) for row in (await session.run(query)).all()]
