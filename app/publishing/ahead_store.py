"""Whose credential a post or a reading will need soon; asked once in a while, never for a single delivery."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlmodel import col

from app.channels.models import Channel
from app.channels.rules import Environment, State
from app.kit.db import WriteSession
from app.publishing.models import Delivery
from app.publishing.rules import lane_of

D = Delivery.__table__.c  # type: ignore[attr-defined]

POSTS_WITHIN, READINGS_WITHIN = timedelta(minutes=20), timedelta(minutes=10)
ENDS_WITHIN = timedelta(minutes=35)
"""A token that would die before the post of 20 minutes from now has had its tries."""
CHECKED_WITHIN = timedelta(hours=6)


async def bring_checks_forward(session: WriteSession, platforms: Sequence[str], *, now: datetime) -> int:
    """Looks after them now, before their minute: tokens that end, and real accounts not asked about for hours."""
    lanes = [lane_of(platform, kind) for platform in platforms for kind in (Environment.LIVE, Environment.PRACTICE)]
    # By lane and moment, as the publisher's index has them; 'due' as a literal for PostgreSQL's partial index.
    speaks = select(D.channel_id).where(D.state == "due", D.lane.in_(lanes), D.act_at <= now + POSTS_WITHIN)
    is_read = select(D.channel_id).where(D.metrics_at.is_not(None), D.metrics_at <= now + READINGS_WITHIN)
    ends = col(Channel.token_ends_at) <= now + ENDS_WITHIN
    unasked = (col(Channel.environment) == Environment.LIVE) & or_(
        col(Channel.checked_at).is_(None), col(Channel.checked_at) <= now - CHECKED_WITHIN
    )
    statement = update(Channel).where(
        col(Channel.state) == State.CONNECTED,
        or_(col(Channel.check_at).is_(None), col(Channel.check_at) > now),
        or_(
            or_(ends, unasked) & col(Channel.id).in_(speaks),
            ends & col(Channel.id).in_(is_read),
        ),
        or_(col(Channel.renewed_at).is_(None), col(Channel.renewed_at) <= now - timedelta(minutes=1)),
    )
    return (await session.run(statement.values(check_at=now))).rowcount
