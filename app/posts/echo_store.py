"""What other channels of a platform say around a moment, for telling voices apart."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from app.kit.db import ReadSession
from app.publishing.models import Delivery
from app.publishing.rules import State

_SAID = (State.DUE, State.SENDING, State.UNSURE, State.PUBLISHED)


async def said_around(
    session: ReadSession, platform: str, at: datetime, *, within: timedelta, environment: str, limit: int
) -> list[tuple[int, str]]:
    """Channel and text of what is out or about to go, the latest first."""
    query = (
        select(col(Delivery.channel_id), col(Delivery.message))
        .where(
            col(Delivery.platform) == platform,
            col(Delivery.environment) == environment,
            col(Delivery.state).in_(_SAID),
            col(Delivery.due_at) > at - within,
            col(Delivery.due_at) < at + within,
        )
        .order_by(col(Delivery.due_at).desc(), col(Delivery.id).desc())
        .limit(limit)
    )
    return [(channel, str(message.get("text", ""))) for channel, message in (await session.exec(query)).all()]
