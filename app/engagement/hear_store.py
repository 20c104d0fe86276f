"""What is asked about soon because a platform told of it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlmodel import col

from app.channels.models import Channel
from app.engagement.models import Total
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery
from app.publishing.rules import State

D = Delivery.__table__.c  # type: ignore[attr-defined]
T = Total.__table__.c  # type: ignore[attr-defined]


async def read_soon(
    session: WriteSession,
    platform: str,
    environment: str,
    remote_ids: Collection[str],
    *,
    now: datetime,
    since: datetime,
) -> int:
    """Posts whose numbers are to be read now, but not those read after `since`; answers how many."""
    fresh = select(T.delivery_id).where(T.taken_at > since)
    statement = update(Delivery).where(
        D.platform == platform, D.environment == environment, D.state == State.PUBLISHED, D.remote_id.in_(remote_ids),
        or_(D.metrics_at.is_(None), D.metrics_at > now), D.id.not_in(fresh),
    )  # fmt: skip
    return (await session.run(statement.values(metrics_at=now))).rowcount


async def channels_of(session: ReadSession, platform: str, environment: str, account_ids: Collection[str]) -> list[int]:
    """Practice accounts made by hand have no number of their own; nobody takes their consent back."""
    query = select(col(Channel.id)).where(
        col(Channel.platform) == platform, col(Channel.environment) == environment,
        col(Channel.account_id).in_(account_ids), col(Channel.account_id) != "",
    )  # fmt: skip
    return [each for each in (await session.run(query)).scalars() if each is not None]
