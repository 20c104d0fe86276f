"""What the end of a body's term does to its posts, deliveries and channels."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import col

from app.accounts.models import Unit
from app.channels.models import Channel
from app.channels.rules import State as ChannelState
from app.kit.db import ReadSession, WriteSession
from app.posts.models import Post
from app.posts.rules import PostState
from app.publishing.models import Delivery
from app.publishing.rules import MAY_CANCEL, State

_OPEN = (PostState.DRAFT, PostState.IN_REVIEW, PostState.REJECTED, PostState.APPROVED, PostState.SCHEDULED)


async def cancel_under(session: WriteSession, path: str, *, reason: str, now: datetime) -> int:
    """What has not left never will; what has left ends by itself. Answers how many deliveries."""
    units = select(col(Unit.id)).where(col(Unit.path).startswith(path, autoescape=True))
    stopped = update(Delivery).where(col(Delivery.unit_id).in_(units), col(Delivery.state).in_(MAY_CANCEL))
    count = (await session.run(stopped.values(state=State.CANCELLED, act_at=None, reason=reason))).rowcount
    left = select(col(Delivery.id)).where(col(Delivery.post_id) == col(Post.id), col(Delivery.state) != State.CANCELLED)
    posts = update(Post).where(col(Post.unit_id).in_(units), col(Post.state).in_(_OPEN), ~left.exists())
    values = {"state": PostState.CANCELLED, "reason": reason, "updated_at": now, "version": Post.version + 1}
    await session.run(posts.values(**values))
    return count


async def pause_channels_under(session: WriteSession, path: str, *, reason: str) -> int:
    units = select(col(Unit.id)).where(col(Unit.path).startswith(path, autoescape=True))
    open_states = [ChannelState.CONNECTED, ChannelState.NEEDS_RECONNECT]
    statement = update(Channel).where(col(Channel.unit_id).in_(units), col(Channel.state).in_(open_states))
    return (await session.run(statement.values(state=ChannelState.PAUSED, state_reason=reason, check_at=None))).rowcount


async def connected_of(session: ReadSession, unit_id: int) -> Sequence[int]:
    """Channels of the unit that speak through a credential."""
    query = select(col(Channel.id)).where(
        col(Channel.unit_id) == unit_id,
        col(Channel.state) == ChannelState.CONNECTED,
        col(Channel.environment) != "manual",
    )
    return list((await session.run(query)).scalars())
