"""Which approved posts the guard has not read for a while, and the note that it has."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, or_, select

from app.kit.db import ReadSession, WriteSession
from app.posts.models import Post
from app.posts.rules import PostState
from app.publishing.outage_store import IS_HELD_BACK
from app.publishing.rules import State
from app.publishing.store import D


async def unread(
    session: ReadSession, *, due_from: datetime, due_before: datetime, read_before: datetime, limit: int
) -> Sequence[Post]:
    """Approved, due soon, and last read before `read_before`; the next to leave first."""
    query = select(Post).where(
        col(Post.state) == PostState.SCHEDULED,
        col(Post.due_at) >= due_from,
        col(Post.due_at) < due_before,
        or_(col(Post.checked_at).is_(None), col(Post.checked_at) < read_before),
    )
    return (await session.exec(query.order_by(col(Post.due_at), col(Post.id)).limit(limit))).all()


async def held_back(session: ReadSession, *, now: datetime, read_before: datetime, limit: int) -> Sequence[Post]:
    """Approved, their minute passed while their platform was out, and last read before `read_before`."""
    late = select(D.post_id).where(D.state.in_([State.DUE, State.WAITING]), D.due_at <= now, IS_HELD_BACK)
    query = select(Post).where(
        col(Post.state) == PostState.SCHEDULED,
        col(Post.id).in_(late),
        or_(col(Post.checked_at).is_(None), col(Post.checked_at) < read_before),
    )
    return (await session.exec(query.order_by(col(Post.id)).limit(limit))).all()


async def note_read(session: WriteSession, ids: Sequence[int], *, at: datetime) -> None:
    """No new version: nothing that an author or a reader sees has changed."""
    await session.run(update(Post).where(col(Post.id).in_(ids)).values(checked_at=at))
