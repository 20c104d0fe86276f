"""Queries over what waits for a reviewer, and what is said about it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, select, update
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit, User
from app.accounts.unit_store import in_scope
from app.kit.db import ReadSession, WriteSession
from app.posts.models import Broadcast, Post, Remark, ReviewWait
from app.posts.rules import PostState

_WAITS = col(Post.state) == PostState.IN_REVIEW


async def unwatched(session: ReadSession, *, limit: int) -> list[Post]:
    """Posts in review that nobody counts the time of yet, or whose minute has moved since."""
    same = and_(col(ReviewWait.post_id) == col(Post.id), col(ReviewWait.due_at) == col(Post.due_at))
    query = select_rows(Post).outerjoin(ReviewWait, same)
    query = query.where(_WAITS, col(Post.due_at).is_not(None), col(ReviewWait.post_id).is_(None))
    return list((await session.exec(query.order_by(col(Post.due_at)).limit(limit))).all())


async def watch(session: WriteSession, rows: Sequence[dict[str, Any]]) -> None:
    await session.run(delete(ReviewWait).where(col(ReviewWait.post_id).in_([row["post_id"] for row in rows])))
    await session.insert_many(ReviewWait, rows)


async def due_waits(session: ReadSession, *, now: datetime, limit: int) -> list[tuple[Post, ReviewWait, int | None]]:
    """What something is to be done about now, each with the unit of its broadcast."""
    query = (
        select_rows(Post, ReviewWait, Broadcast.unit_id)
        .join(ReviewWait, col(ReviewWait.post_id) == col(Post.id))
        .outerjoin(Broadcast, col(Broadcast.id) == col(Post.broadcast_id))
        .where(_WAITS, col(ReviewWait.due_at) == col(Post.due_at), col(ReviewWait.act_at) <= now)
    )
    return list((await session.exec(query.order_by(col(ReviewWait.act_at)).limit(limit))).all())


async def advance(session: WriteSession, post_id: int, *, seen: int, step: int, act_at: datetime) -> bool:
    """False where another worker was faster."""
    statement = update(ReviewWait).where(col(ReviewWait.post_id) == post_id, col(ReviewWait.step) == seen)
    return (await session.run(statement.values(step=step, act_at=act_at))).rowcount == 1


async def forget_ended(session: WriteSession) -> None:
    waits = select(col(Post.id)).where(col(Post.id) == col(ReviewWait.post_id), _WAITS)
    await session.run(delete(ReviewWait).where(~exists(waits)))


async def add_remark(session: WriteSession, row: Remark) -> None:
    session.add(row)
    await session.flush()


async def remarks_of(
    session: ReadSession, paths: Sequence[str], post_id: int, *, limit: int
) -> list[tuple[Remark, str]]:
    """Oldest first, each with the name of who said it."""
    query = (
        select_rows(Remark, User.name)
        .join(User, col(User.id) == col(Remark.user_id))
        .join(Post, col(Post.id) == col(Remark.post_id))
        .join(Unit, col(Unit.id) == col(Post.unit_id))
        .where(in_scope(paths), col(Remark.post_id) == post_id)
    )
    return list((await session.exec(query.order_by(col(Remark.id)).limit(limit))).all())


async def waiting_copies(session: ReadSession, broadcast_id: int, *, after: int, limit: int) -> Sequence[Post]:
    """Posts of a broadcast that wait for a reviewer, by their numbers."""
    query = select_rows(Post).where(_WAITS, col(Post.broadcast_id) == broadcast_id, col(Post.id) > after)
    return (await session.exec(query.order_by(col(Post.id)).limit(limit))).all()


async def hold_waiting(session: WriteSession, versions: Mapping[int, int]) -> set[int]:
    """Which of these still wait and are as they were read; nobody changes them until this transaction ends."""
    query = select(col(Post.id), col(Post.version)).where(_WAITS, col(Post.id).in_(list(versions)))
    rows = (await session.run(query.order_by(col(Post.id)).with_for_update())).all()
    return {identity for identity, version in rows if versions[identity] == version}


async def schedule(session: WriteSession, ids: Sequence[int], *, by: int, reason: str, now: datetime) -> None:
    """All of them approved, by one statement."""
    values = {"state": PostState.SCHEDULED, "approved_by": by, "reason": reason, "updated_at": now, "checked_at": now}
    statement = update(Post).where(col(Post.id).in_(ids))
    await session.run(statement.values(version=Post.version + 1, **values))


async def mark_approved(session: WriteSession, broadcast_id: int, *, by: int, at: datetime) -> None:
    statement = update(Broadcast).where(col(Broadcast.id) == broadcast_id, col(Broadcast.approved_at).is_(None))
    await session.run(statement.values(approved_by=by, approved_at=at))


async def approver_of(session: ReadSession, broadcast_id: int) -> int | None:
    query = select_rows(Broadcast.approved_by).where(col(Broadcast.id) == broadcast_id)
    return (await session.exec(query)).one_or_none()
