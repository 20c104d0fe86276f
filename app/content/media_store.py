"""Every query on pictures; who may see which is inside each of them."""

from collections.abc import Collection, Sequence

from sqlalchemy import update
from sqlmodel import col
from sqlmodel import select as select_rows

from app.content.models import Media
from app.content.store import ours_or_above
from app.kit.db import ReadSession, WriteSession


async def visible(session: ReadSession, paths: Sequence[str], ids: Collection[int]) -> dict[int, Media]:
    """Those of `ids` that belong to units at or beneath `paths`, or above them."""
    found = select_rows(Media).where(col(Media.id).in_(ids), ours_or_above(paths, col(Media.unit_id)))
    return {row.id: row for row in (await session.exec(found)).all() if row.id}


async def by_ids(session: ReadSession, ids: Collection[int]) -> dict[int, Media]:
    """Of every scope: for publishing and for signed addresses."""
    found = select_rows(Media).where(col(Media.id).in_(ids))
    return {row.id: row for row in (await session.exec(found)).all() if row.id}


async def set_drawn(session: WriteSession, media_id: int, *, sha256: str, size: int) -> None:
    await session.run(update(Media).where(col(Media.id) == media_id).values(sha256=sha256, bytes=size))
