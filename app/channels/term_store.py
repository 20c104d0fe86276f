"""Which accounts have had their last day."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import col, select

from app.channels.models import Channel
from app.channels.rules import State
from app.kit.db import ReadSession


async def ended(session: ReadSession, *, today: date) -> Sequence[Channel]:
    """Those that are still open, at most 500 at a time."""
    query = select(Channel).where(col(Channel.ends_on) < today, Channel.state != State.CLOSED)
    return (await session.exec(query.order_by(col(Channel.id)).limit(500))).all()
