"""Which calendars are in sight, and which have had their last day."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlmodel import col, select

from app.kit.db import ReadSession
from app.tahapan.models import Election


async def elections_of(session: ReadSession, ids: Collection[int]) -> Sequence[Election]:
    """The newest first."""
    return (
        await session.exec(select(Election).where(col(Election.id).in_(ids)).order_by(col(Election.id).desc()))
    ).all()


async def ended(session: ReadSession, *, today: date) -> Sequence[Election]:
    """Calendars that are not archived yet."""
    query = select(Election).where(col(Election.ends_on) < today, col(Election.archived_at).is_(None))
    return (await session.exec(query.order_by(col(Election.id)))).all()
