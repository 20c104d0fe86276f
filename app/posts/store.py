"""Every query about posts and broadcasts; who is asking is part of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, update
from sqlmodel import col, select

from app.accounts.models import Unit
from app.channels.models import Channel
from app.kit.db import ReadSession, WriteSession
from app.posts.models import Broadcast, Post, Remark
from app.posts.rules import Answer, PostState
from app.publishing.models import Delivery
from app.publishing.rules import State as DeliveryState


def _under(paths: Sequence[str]) -> Any:
    return or_(*(col(Unit.path).startswith(path, autoescape=True) for path in paths)) if paths else col(Unit.id) < 0


@dataclass(frozen=True)
class PostFilter:
    """`under`: a unit's path, for it and all beneath; `due_from` and `due_before` bound the moment, drafts have none."""

    unit_id: int | None = None
    state: str | None = None
    broadcast_id: int | None = None
    under: str | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None


async def find_posts(
    session: ReadSession, paths: Sequence[str], wanted: PostFilter, *, limit: int, before_id: int | None
) -> list[tuple[Post, str]]:
    """Newest first, each with its unit's path."""
    query = select(Post, Unit.path).join(Unit, col(Unit.id) == col(Post.unit_id)).where(_under(paths))
    for column, value in (
        (Post.unit_id, wanted.unit_id),
        (Post.state, wanted.state),
        (Post.broadcast_id, wanted.broadcast_id),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if wanted.under is not None:
        query = query.where(_under([wanted.under]))
    if wanted.due_from is not None:
        query = query.where(col(Post.due_at) >= wanted.due_from)
    if wanted.due_before is not None:
        query = query.where(col(Post.due_at) < wanted.due_before)
    if before_id is not None:
        query = query.where(col(Post.id) < before_id)
    return list((await session.exec(query.order_by(col(Post.id).desc()).limit(limit))).all())


async def find_post(session: ReadSession, paths: Sequence[str], post_id: int) -> tuple[Post, str] | None:
    query = (
        select(Post, Unit.path)
        .join(Unit, col(Unit.id) == col(Post.unit_id))
        .where(_under(paths), col(Post.id) == post_id)
    )
    return (await session.exec(query)).first()


async def templates_used(session: ReadSession, unit_id: int, *, since: datetime) -> dict[int, datetime]:
    """When a unit last took up each template since then; what was cancelled does not count."""
    query = (
        select(col(Post.template_id), func.max(col(Post.created_at)))
        .where(col(Post.unit_id) == unit_id, col(Post.created_at) >= since, col(Post.template_id).is_not(None))
        .where(col(Post.state) != PostState.CANCELLED)
        .group_by(col(Post.template_id))
    )
    return {template_id: at for template_id, at in (await session.exec(query)).all() if template_id is not None}


async def change_post(session: WriteSession, post_id: int, *, version: int, values: Mapping[str, Any]) -> bool:
    """Change a post if nobody did since `version`; False otherwise."""
    statement = update(Post).where(col(Post.id) == post_id, col(Post.version) == version)
    return (await session.run(statement.values(version=version + 1, **values))).rowcount == 1


async def delete_post(session: WriteSession, post_id: int, *, version: int) -> bool:
    """Delete a post, and what was said about it, if nobody changed it since `version`; False otherwise (roll back then)."""
    await session.run(delete(Remark).where(col(Remark.post_id) == post_id))
    return (await session.run(delete(Post).where(col(Post.id) == post_id, col(Post.version) == version))).rowcount == 1


async def silent_channels(session: ReadSession, channel_ids: Sequence[int]) -> list[Channel]:
    """Which of these cannot speak now: paused, in need of reconnecting, closed."""
    query = select(Channel).where(col(Channel.id).in_(channel_ids), col(Channel.state) != "connected")
    return list((await session.exec(query)).all())


async def open_channels(
    session: ReadSession,
    *,
    unit_ids: Sequence[int] | None = None,
    channel_ids: Sequence[int] | None = None,
    platforms: Sequence[str] | None = None,
    environment: str | None = None,
) -> list[Channel]:
    """Channels that are not closed, in a steady order."""
    query = select(Channel).where(col(Channel.state) != "closed")
    if unit_ids is not None:
        query = query.where(col(Channel.unit_id).in_(unit_ids))
    if channel_ids is not None:
        query = query.where(col(Channel.id).in_(channel_ids))
    if platforms is not None:
        query = query.where(col(Channel.platform).in_(platforms))
    if environment is not None:
        query = query.where(col(Channel.environment) == environment)
    return list((await session.exec(query.order_by(col(Channel.unit_id), col(Channel.id)))).all())


async def environments_of(session: ReadSession, *, unit_ids: Sequence[int], platforms: Sequence[str]) -> set[str]:
    """In which environments these units have channels that are not closed."""
    query = select(col(Channel.environment)).where(
        col(Channel.state) != "closed", col(Channel.unit_id).in_(unit_ids), col(Channel.platform).in_(platforms)
    )
    return set((await session.exec(query.distinct())).all())


async def find_broadcasts(
    session: ReadSession, paths: Sequence[str], *, limit: int, before_id: int | None
) -> list[Broadcast]:
    query = select(Broadcast).join(Unit, col(Unit.id) == col(Broadcast.unit_id)).where(_under(paths))
    if before_id is not None:
        query = query.where(col(Broadcast.id) < before_id)
    return list((await session.exec(query.order_by(col(Broadcast.id).desc()).limit(limit))).all())


async def find_broadcast(session: ReadSession, paths: Sequence[str], broadcast_id: int) -> Broadcast | None:
    query = select(Broadcast).join(Unit, col(Unit.id) == col(Broadcast.unit_id))
    return (await session.exec(query.where(_under(paths), col(Broadcast.id) == broadcast_id))).first()


async def close_broadcast(session: WriteSession, broadcast_id: int, *, now: datetime) -> bool:
    """Mark it cancelled; False if somebody did so before."""
    statement = update(Broadcast).where(col(Broadcast.id) == broadcast_id, col(Broadcast.cancelled_at).is_(None))
    return (await session.run(statement.values(cancelled_at=now))).rowcount == 1


async def hold_broadcast_posts(session: WriteSession, broadcast_id: int) -> None:
    """Its posts before their deliveries, as everywhere, so that nobody waits for each other in a circle."""
    query = select(Post.id).where(col(Post.broadcast_id) == broadcast_id).order_by(col(Post.id))
    await session.exec(query.with_for_update())


async def cancel_broadcast_posts(session: WriteSession, broadcast_id: int, *, now: datetime, reason: str) -> None:
    """Posts of which something has left stay as they are: they end by themselves."""
    left = select(col(Delivery.id)).where(
        col(Delivery.post_id) == col(Post.id), col(Delivery.state) != DeliveryState.CANCELLED
    )
    open_states = [PostState.IN_REVIEW, PostState.APPROVED, PostState.SCHEDULED]
    is_open = or_(col(Post.state).in_(open_states), col(Post.answer) == Answer.WAITING)
    statement = update(Post).where(col(Post.broadcast_id) == broadcast_id, is_open, ~left.exists())
    await session.run(
        statement.values(state=PostState.CANCELLED, reason=reason, updated_at=now, version=Post.version + 1)
    )


async def running(session: ReadSession, *, due_before: datetime, limit: int) -> list[int]:
    """Scheduled posts whose minute has passed: some may be done."""
    query = select(Post.id).where(col(Post.state) == PostState.SCHEDULED, col(Post.due_at) <= due_before)
    return [
        identity
        for identity in (await session.exec(query.order_by(col(Post.due_at)).limit(limit))).all()
        if identity is not None
    ]


async def mark_done(session: WriteSession, post_ids: Sequence[int], *, now: datetime) -> None:
    statement = update(Post).where(col(Post.id).in_(post_ids), col(Post.state) == PostState.SCHEDULED)
    await session.run(statement.values(state=PostState.DONE, updated_at=now))


async def count_answers(session: ReadSession, broadcast_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Of suggested broadcasts, by broadcast and answer."""
    if not broadcast_ids:
        return {}
    query = select(col(Post.broadcast_id), col(Post.answer), func.count())
    query = query.where(col(Post.broadcast_id).in_(broadcast_ids), col(Post.answer) != "")
    found: dict[int, dict[str, int]] = {}
    for broadcast_id, answer, count in (
        await session.exec(query.group_by(col(Post.broadcast_id), col(Post.answer)))
    ).all():
        found.setdefault(broadcast_id or 0, {})[answer] = count
    return found


async def count_in_review(session: ReadSession, broadcast_ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(col(Post.broadcast_id), func.count())
        .where(col(Post.broadcast_id).in_(broadcast_ids), col(Post.state) == PostState.IN_REVIEW)
        .group_by(col(Post.broadcast_id))
    )
    return {identity: count for identity, count in (await session.exec(query)).all() if identity is not None}
