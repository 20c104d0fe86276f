"""Every query on poster designs and their versions; who may see which is inside each of them."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.content.models import PosterDesign, PosterVersion
from app.content.store import ours_or_above
from app.kit.db import ReadSession


def _visible(paths: Sequence[str]) -> ColumnElement[bool]:
    own = select(col(Unit.election_id)).where(in_scope(paths))
    shipped = and_(col(PosterDesign.unit_id).is_(None), col(PosterDesign.election_id).in_(own))
    return or_(shipped, ours_or_above(paths, col(PosterDesign.unit_id)))


async def find(
    session: ReadSession, paths: Sequence[str], *, limit: int, after: int | None, archived: bool = False
) -> list[PosterDesign]:
    """In the order they came in."""
    found = select_rows(PosterDesign).where(_visible(paths)).order_by(col(PosterDesign.id)).limit(limit)
    if not archived:
        found = found.where(col(PosterDesign.archived_at).is_(None))
    if after is not None:
        found = found.where(col(PosterDesign.id) > after)
    return list((await session.exec(found)).all())


async def visible(
    session: ReadSession, paths: Sequence[str], design_id: int, *, to_change: bool = False
) -> PosterDesign | None:
    found = select_rows(PosterDesign).where(PosterDesign.id == design_id, _visible(paths))
    return (await session.exec(found.with_for_update() if to_change else found)).one_or_none()


async def newest(session: ReadSession, design_ids: Collection[int]) -> dict[int, PosterVersion]:
    """The version each design has now."""
    found = (
        select_rows(PosterVersion)
        .join(PosterDesign, col(PosterDesign.id) == col(PosterVersion.design_id))
        .where(col(PosterVersion.design_id).in_(design_ids), col(PosterVersion.number) == col(PosterDesign.version))
    )
    return {row.design_id: row for row in (await session.exec(found)).all()}


async def versions(session: ReadSession, ids: Collection[int]) -> dict[int, PosterVersion]:
    """Of every scope: for posters that posts have already."""
    found = select_rows(PosterVersion).where(col(PosterVersion.id).in_(ids))
    return {row.id: row for row in (await session.exec(found)).all() if row.id}


async def by_keys(session: ReadSession, election_id: int, keys: Collection[str]) -> dict[str, PosterDesign]:
    rows = select_rows(PosterDesign).where(PosterDesign.election_id == election_id, col(PosterDesign.key).in_(keys))
    return {row.key: row for row in (await session.exec(rows)).all() if row.key}
