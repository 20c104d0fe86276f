"""Every query on regions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, bindparam, false, or_, update
from sqlmodel import col, select

from app.kit.db import ReadSession, WriteSession
from app.wilayah.models import Wilayah
from app.wilayah.rules import is_code, squash

CHUNK = 2000
"""Rows of one batch; a progress report follows each."""

WRITTEN = ("code", "name", "level", "parent", "alias", "display", "search", "timezone", "map_version")
_UPDATE = (
    update(Wilayah)
    .where(col(Wilayah.code) == bindparam("b_code"))
    .values({name: bindparam(f"b_{name}") for name in WRITTEN[1:]})
)

Progress = Callable[[int, int], None]


async def all_rows(session: ReadSession) -> dict[str, RowMapping]:
    """Every region as a plain mapping by its code: objects of the whole country would take seconds."""
    columns = [col(getattr(Wilayah, name)) for name in WRITTEN]
    return {row["code"]: row for row in (await session.run(select(*columns))).mappings()}


async def insert_rows(session: WriteSession, rows: Sequence[Mapping[str, Any]], progress: Progress) -> None:
    """`rows` parents first."""
    for start in range(0, len(rows), CHUNK):
        await session.insert_many(Wilayah, rows[start : start + CHUNK])
        progress(min(start + CHUNK, len(rows)), len(rows))


async def update_rows(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), CHUNK):
        batch = [{f"b_{name}": row[name] for name in WRITTEN} for row in rows[start : start + CHUNK]]
        await session.run(_UPDATE, batch)


async def search(
    session: ReadSession, *, parent: str | None, q: str | None, limit: int, after: str | None
) -> Sequence[Wilayah]:
    """Up to `limit` + 1 regions in the order of their codes."""
    found = select(Wilayah).order_by(col(Wilayah.code)).limit(limit + 1)
    if parent:
        found = found.where(Wilayah.parent == parent)
    if q and q.strip():
        found = found.where(_matches(q))
    if after is not None:
        found = found.where(col(Wilayah.code) > after)
    return (await session.exec(found)).all()


async def by_codes(session: ReadSession, codes: Sequence[str]) -> dict[str, Wilayah]:
    rows = await session.exec(select(Wilayah).where(col(Wilayah.code).in_(codes)))
    return {row.code: row for row in rows}


def _matches(q: str) -> Any:
    wanted = squash(q)
    if not wanted:
        return false()
    found = [col(Wilayah.search).contains(wanted, autoescape=True)]
    if is_code(q.strip()):
        found.append(col(Wilayah.code).startswith(q.strip()))
    return or_(*found)
