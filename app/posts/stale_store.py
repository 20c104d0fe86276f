"""The query for what is out with former days."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.channels.models import Channel
from app.kit.db import ReadSession
from app.posts.models import Broadcast, Post, RevisedPost, Revision
from app.publishing.models import Delivery
from app.publishing.rules import State

D = Delivery.__table__.c  # type: ignore[attr-defined]
LEFT = (State.PUBLISHED, State.UNSURE, State.SENDING)
NOT_OUT = (State.CANCELLED, State.STOPPED, State.MISSED)


async def stale_deliveries(session: ReadSession, paths: Sequence[str], tahapan_id: int) -> list[dict[str, Any]]:
    """By unit and channel. What was sent after its post was found stale has the newer words."""
    moved = exists().where(
        col(RevisedPost.post_id) == col(Post.id),
        col(RevisedPost.revision_id) == col(Revision.id),
        col(Revision.tahapan_id) == tahapan_id,
    )
    before = or_(
        D.last_sent_at <= col(Post.stale_at), and_(D.last_sent_at.is_(None), D.published_at <= col(Post.stale_at))
    )
    query = (
        select(
            D.id.label("delivery_id"), D.post_id, D.unit_id, col(Unit.name).label("unit_name"), D.channel_id,
            D.platform, D.environment, col(Channel.handle).label("handle"), D.message.label("text"), D.url, D.published_at,
            D.state, D.remote_id,
        )
        .join(Post, col(Post.id) == D.post_id)
        .join(Unit, col(Unit.id) == D.unit_id)
        .join(Channel, col(Channel.id) == D.channel_id)
        .where(in_scope(paths), col(Post.stale_at).is_not(None), D.state.in_(LEFT), moved, before)
        .where(~_corrected(tahapan_id))
    )  # fmt: skip
    return await session.rows(query.order_by(D.unit_id, D.channel_id, D.id))


def _corrected(tahapan_id: int) -> Any:
    """A correction made since has gone, or goes, to this channel."""
    later = aliased(Delivery)
    return exists().where(
        col(later.channel_id) == D.channel_id,
        col(later.broadcast_id) == col(Broadcast.id),
        col(later.state).not_in(NOT_OUT),
        col(Broadcast.corrects) == tahapan_id,
        col(Broadcast.created_at) >= col(Post.stale_at),
    )
