"""Every query of a revision: all that hangs on one calendar, held still, rewritten, and remembered."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import col, select

from app.accounts.models import Unit
from app.channels.models import Channel
from app.content.models import PostTemplate
from app.kit.db import ReadSession, WriteSession
from app.posts.models import Broadcast, Post, RevisedPost, Revision
from app.posts.rules import MAY_EDIT, PostState
from app.tahapan.models import Tahapan

P = Post.__table__.c  # type: ignore[attr-defined]

CHUNK = 5000
_REWRITTEN = (
    "state",
    "reason",
    "content",
    "due_at",
    "valid_until",
    "tahapan",
    "template_version",
    "approved_by",
    "updated_at",
    "stale_at",
)


def _open(election_id: int) -> Any:
    return (col(Unit.election_id) == election_id, col(Post.state).in_(MAY_EDIT))


async def versions(session: ReadSession, election_id: int, *, lock: bool = False) -> dict[int, int]:
    """Of every post of the election that is not at an end. `lock`: nobody changes them until this transaction ends."""
    query = select(Post.id, Post.version).join(Unit, col(Unit.id) == col(Post.unit_id)).where(*_open(election_id))
    query = query.order_by(col(Post.id))
    found = await session.exec(query.with_for_update(of=Post) if lock else query)
    return {identity: version for identity, version in found.all() if identity is not None}


async def open_posts(session: ReadSession, election_id: int) -> list[Post]:
    query = select(Post).join(Unit, col(Unit.id) == col(Post.unit_id)).where(*_open(election_id))
    return list((await session.exec(query.order_by(col(Post.id)))).all())


async def done_posts(session: ReadSession, election_id: int, *, since: datetime) -> list[Post]:
    """What has been out since then and is not yet known to be stale."""
    query = select(Post).join(Unit, col(Unit.id) == col(Post.unit_id))
    query = query.where(
        col(Unit.election_id) == election_id,
        col(Post.state) == PostState.DONE,
        col(Post.due_at) >= since,
        col(Post.stale_at).is_(None),
    )
    return list((await session.exec(query.order_by(col(Post.id)))).all())


async def posts(session: ReadSession, ids: Sequence[int]) -> list[Post]:
    """As they are now, whatever this session has read before."""
    found: list[Post] = []
    for start in range(0, len(ids), CHUNK):
        query = select(Post).where(col(Post.id).in_(ids[start : start + CHUNK])).order_by(col(Post.id))
        found += (await session.exec(query.execution_options(populate_existing=True))).all()
    return found


async def templates(session: ReadSession, ids: Collection[int]) -> dict[int, PostTemplate]:
    rows = (await session.exec(select(PostTemplate).where(col(PostTemplate.id).in_(ids)))).all()
    return {row.id: row for row in rows if row.id is not None}


async def channels(session: ReadSession, ids: Sequence[int]) -> dict[int, Channel]:
    """Closed ones too: a text that was written for one is still part of its post."""
    found: dict[int, Channel] = {}
    for start in range(0, len(ids), CHUNK):
        rows = (await session.exec(select(Channel).where(col(Channel.id).in_(ids[start : start + CHUNK])))).all()
        found |= {row.id: row for row in rows if row.id is not None}
    return found


async def rewrite(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Posts that this transaction holds (`versions` with `lock`), each one version on."""
    if not rows:
        return
    values = {name: bindparam(f"b_{name}", type_=P[name].type) for name in _REWRITTEN}
    statement = update(Post).where(P.id == bindparam("b_id")).values(version=P.version + 1, **values)
    await session.run(statement, [{f"b_{name}": row[name] for name in ("id", *_REWRITTEN)} for row in rows])


async def mark_stale(session: WriteSession, ids: Sequence[int], *, at: datetime | None) -> None:
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        await session.run(update(Post).where(P.id.in_(chunk)).values(stale_at=at, version=P.version + 1))


async def broadcast_units(session: ReadSession, ids: Collection[int]) -> dict[int, int]:
    rows = await session.exec(select(Broadcast.id, Broadcast.unit_id).where(col(Broadcast.id).in_(ids)))
    return {identity: unit_id for identity, unit_id in rows.all() if identity is not None}


async def revision(
    session: ReadSession, revision_id: int, *, within: Collection[int], lock: bool = False
) -> Revision | None:
    """`within`: ids of the elections whose calendar the caller may change."""
    query = select(Revision).join(Tahapan, col(Tahapan.id) == col(Revision.tahapan_id))
    query = query.where(col(Revision.id) == revision_id, col(Tahapan.election_id).in_(within))
    query = query.execution_options(populate_existing=True)
    return (await session.exec(query.with_for_update(of=Revision) if lock else query)).first()


async def list_revisions(session: ReadSession, tahapan_id: int, *, limit: int) -> list[Revision]:
    query = select(Revision).where(col(Revision.tahapan_id) == tahapan_id)
    return list((await session.exec(query.order_by(col(Revision.id).desc()).limit(limit))).all())


async def revised(session: ReadSession, revision_id: int) -> dict[int, RevisedPost]:
    rows = await session.exec(select(RevisedPost).where(col(RevisedPost.revision_id) == revision_id))
    return {row.post_id: row for row in rows.all()}


async def close_revision(session: WriteSession, revision_id: int, *, at: datetime) -> None:
    await session.run(update(Revision).where(col(Revision.id) == revision_id).values(undone_at=at))
