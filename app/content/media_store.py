"""Every query on pictures; who may see which is inside each of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, delete, or_, select, update
from sqlmodel import col
from sqlmodel import select as select_rows

from app.content.models import Media, MediaCaption
from app.content.store import holds, ours_or_above
from app.kit.db import ReadSession, WriteSession

LISTED = ("upload", "video")
"""Kinds that a library shows; a poster belongs to its post."""


@dataclass(frozen=True)
class MediaFilter:
    """`q`: words of a description or a tag; `tag`: exactly that one; `kind`: upload or video; `unit_id`: the owner."""

    q: str | None = None
    tag: str | None = None
    kind: str | None = None
    unit_id: int | None = None


async def find(
    session: ReadSession, paths: Sequence[str], wanted: MediaFilter, *, limit: int, before_id: int | None
) -> list[Media]:
    """Newest first, those of units at or beneath `paths`, or above them."""
    found = select_rows(Media).where(ours_or_above(paths, col(Media.unit_id)), col(Media.kind).in_(LISTED))
    if before_id is not None:
        found = found.where(col(Media.id) < before_id)
    for word in (wanted.q or "").split()[:8]:
        places = (col(Media.alt_text), cast(col(Media.alt_texts), String), cast(col(Media.tags), String))
        found = found.where(or_(*(place.icontains(word, autoescape=True) for place in places)))
    if wanted.tag:
        found = found.where(holds(col(Media.tags), wanted.tag))
    if wanted.kind:
        found = found.where(Media.kind == wanted.kind)
    if wanted.unit_id:
        found = found.where(Media.unit_id == wanted.unit_id)
    return list((await session.exec(found.order_by(col(Media.id).desc()).limit(limit))).all())


async def tags(session: ReadSession, paths: Sequence[str]) -> list[list[str]]:
    """The different lists of tags of what a library shows."""
    found = select(cast(col(Media.tags), String).label("kept"), col(Media.tags)).where(
        ours_or_above(paths, col(Media.unit_id)), col(Media.kind).in_(LISTED), cast(col(Media.tags), String) != "[]"
    )
    return list({row.kept: list(row.tags) for row in await session.run(found)}.values())


async def same_file(session: ReadSession, sha256: str) -> bool:
    """Does anything else lie under this hash?"""
    return (await session.exec(select_rows(Media.id).where(Media.sha256 == sha256).limit(1))).first() is not None


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


async def captions(session: ReadSession, media_id: int) -> dict[str, str]:
    rows = select_rows(MediaCaption).where(MediaCaption.media_id == media_id).order_by(col(MediaCaption.lang))
    return {row.lang: row.text for row in (await session.exec(rows)).all()}


async def put_captions(session: WriteSession, media_id: int, lang: str, text: str, *, now: datetime) -> None:
    same = (col(MediaCaption.media_id) == media_id, col(MediaCaption.lang) == lang)
    await session.run(delete(MediaCaption).where(*same))
    session.add(MediaCaption(media_id=media_id, lang=lang, text=text, created_at=now))
    await session.flush()
