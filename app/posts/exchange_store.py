"""What an import looks up by the names that people write into a table, and what an export walks through."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, or_, select

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.content.models import PostTemplate
from app.kit.db import ReadSession
from app.posts.models import Post
from app.posts.rules import PostState

CHUNK = 5000
_GONE = (PostState.CANCELLED, PostState.REJECTED)


async def units_called(session: ReadSession, paths: Sequence[str], names: Collection[str]) -> dict[str, list[Unit]]:
    """Units in scope by what they were called: the region's code, or the unit's name in small letters."""
    found: dict[str, list[Unit]] = {}
    wanted = sorted(names)
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        query = select(Unit).where(in_scope(paths), or_(col(Unit.wilayah_code).in_(part), col(Unit.name).in_(part)))
        for unit in (await session.exec(query.order_by(col(Unit.id)))).all():
            for name in {unit.wilayah_code, unit.name} & set(part):
                found.setdefault(name, []).append(unit)
    return found


async def templates_called(
    session: ReadSession, election_ids: Collection[int], keys: Collection[str]
) -> dict[tuple[int, str], int]:
    """Ids by election and key, of every scope: whoever uses one is asked whether it is his to use."""
    query = select(PostTemplate).where(
        col(PostTemplate.election_id).in_(election_ids), col(PostTemplate.key).in_(list(keys))
    )
    return {(row.election_id, row.key): row.id or 0 for row in (await session.exec(query)).all()}


async def template_keys(session: ReadSession, ids: Collection[int]) -> dict[int, str]:
    query = select(PostTemplate.id, PostTemplate.key).where(col(PostTemplate.id).in_(list(ids)))
    return {identity: key for identity, key in (await session.exec(query)).all() if identity is not None}


async def at_moment(session: ReadSession, unit_id: int, due_at: datetime | None) -> list[tuple[int, Mapping[str, Any]]]:
    """Id and facts of a unit's posts due at that very moment (None: its drafts), without those that were given up."""
    when = col(Post.due_at).is_(None) if due_at is None else col(Post.due_at) == due_at
    query = select(Post).where(col(Post.unit_id) == unit_id, when, col(Post.state).not_in(_GONE))
    rows = (await session.exec(query.order_by(col(Post.id)).limit(200))).all()
    return [(row.id or 0, {**row.content, "template_id": row.template_id, "lang": row.lang}) for row in rows]
