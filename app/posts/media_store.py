"""Every query on which post shows which picture."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlmodel import col

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.content.models import Media
from app.kit.db import ReadSession, WriteSession
from app.posts.models import Post, PostMedia


class Use(NamedTuple):
    """A post that shows a picture."""

    post_id: int
    unit_name: str
    state: str
    due_at: datetime | None


async def uses(session: ReadSession, paths: Sequence[str], media_id: int, *, limit: int) -> list[Use]:
    """The newest posts within `paths` that show it."""
    query = (
        select(col(Post.id), col(Unit.name), col(Post.state), col(Post.due_at))
        .join(PostMedia, col(PostMedia.post_id) == col(Post.id))
        .join(Unit, col(Unit.id) == col(Post.unit_id))
        .where(col(PostMedia.media_id) == media_id, in_scope(paths))
        .order_by(col(Post.id).desc())
        .limit(limit)
    )
    return [Use(*row) for row in await session.run(query)]


async def count_uses(session: ReadSession, media_ids: Collection[int]) -> dict[int, int]:
    """By how many posts each is shown, wherever they are; one that none shows is absent."""
    shown = col(PostMedia.media_id)
    query = select(shown, func.count()).where(shown.in_(media_ids)).group_by(shown)
    return {row[0]: row[1] for row in await session.run(query)}


async def hold(session: WriteSession, media_ids: Collection[int]) -> list[int]:
    """Those that are still there; they cannot be deleted before this transaction ends."""
    query = select(col(Media.id)).where(col(Media.id).in_(media_ids)).with_for_update(read=True, key_share=True)
    return [row[0] for row in await session.run(query)]


async def hide(session: WriteSession, post_id: int) -> None:
    await session.run(delete(PostMedia).where(col(PostMedia.post_id) == post_id))
