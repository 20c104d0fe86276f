"""Every query on units; who may see which is inside each of them."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    String,
    and_,
    any_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import KindDefault, Unit
from app.accounts.rules import UnitKind
from app.accounts.speaker import Speaker, inherit, lineage
from app.kit.db import ReadSession, WriteSession
from app.wilayah.models import Wilayah
from app.wilayah.rules import ancestry, is_code, squash, title

_SET_PATH = update(Unit).where(col(Unit.id) == bindparam("b_id")).values(path=bindparam("b_path"))


@dataclass(frozen=True)
class Wanted:
    """Which units of a list; `under_path`: that unit and all beneath it."""

    kind: UnitKind | None = None
    under_path: str | None = None
    q: str | None = None


def in_scope(paths: Sequence[str]) -> ColumnElement[bool]:
    """Units at or beneath any of `paths`; without paths, none."""
    prefixes = [col(Unit.path).startswith(path, autoescape=True) for path in paths]
    return or_(*prefixes) if prefixes else false()


async def roots_of(session: ReadSession, election_id: int) -> Sequence[Unit]:
    """The bodies at the top of an election."""
    query = select_rows(Unit).where(col(Unit.parent_id).is_(None), Unit.election_id == election_id)
    return (await session.exec(query.order_by(col(Unit.id)))).all()


async def open_roots(session: ReadSession, election_id: int) -> list[Unit]:
    """Those whose term is not over."""
    return [unit for unit in await roots_of(session, election_id) if unit.archived_at is None]


async def roots(session: ReadSession) -> list[int]:
    """The body at the top of each election."""
    query = select(col(Unit.id)).where(col(Unit.parent_id).is_(None)).order_by(col(Unit.id))
    return list((await session.run(query)).scalars())


async def unit(session: ReadSession, unit_id: int, *, paths: Sequence[str]) -> Unit | None:
    found = select_rows(Unit).where(Unit.id == unit_id, in_scope(paths))
    return (await session.exec(found)).one_or_none()


async def unit_by_wilayah(session: ReadSession, wilayah_code: str, *, paths: Sequence[str]) -> Unit | None:
    """The unit of that region in the newest election."""
    found = (
        select_rows(Unit)
        .where(Unit.wilayah_code == wilayah_code, in_scope(paths))
        .order_by(col(Unit.id).desc())
        .limit(1)
    )
    return (await session.exec(found)).one_or_none()


async def units_in(
    session: ReadSession,
    paths: Sequence[str],
    *,
    kinds: Collection[str] | None = None,
    under_path: str | None = None,
    ids: Collection[int] | None = None,
) -> list[Unit]:
    """Units in scope in the order of the tree, narrowed by every condition given."""
    found = _narrowed(session, select_rows(Unit), paths, kinds=kinds, under_path=under_path, ids=ids)
    return list((await session.exec(found)).all())


async def speaking_ids(session: ReadSession, paths: Sequence[str], election_id: int, **narrowed: Any) -> list[int]:
    """Like `units_in`, without bodies whose term is over: their ids alone, since rows of a whole country are a hundred megabytes."""
    found = select_rows(col(Unit.id)).where(Unit.election_id == election_id, col(Unit.archived_at).is_(None))
    rows = await session.exec(_narrowed(session, found, paths, **narrowed))
    return [each for each in rows.all() if each is not None]


def _narrowed(
    session: ReadSession,
    query: Any,
    paths: Sequence[str],
    *,
    kinds: Collection[str] | None = None,
    under_path: str | None = None,
    ids: Collection[int] | None = None,
) -> Any:
    query = query.where(in_scope(paths)).order_by(col(Unit.wilayah_code), col(Unit.id))
    if kinds is not None:
        query = query.where(col(Unit.kind).in_(list(kinds)))
    if under_path is not None:
        query = query.where(in_scope([under_path]))
    return query if ids is None else query.where(_among(session, col(Unit.id), ids))


async def list_units(
    session: ReadSession, paths: Sequence[str], wanted: Wanted, *, limit: int, after: tuple[str, int] | None
) -> Sequence[Unit]:
    """Up to `limit` + 1 units in the order of the tree."""
    found = select_rows(Unit).where(in_scope(paths)).order_by(col(Unit.wilayah_code), col(Unit.id)).limit(limit + 1)
    if wanted.kind is not None:
        found = found.where(Unit.kind == wanted.kind.value)
    if wanted.under_path is not None:
        found = found.where(in_scope([wanted.under_path]))
    if wanted.q and wanted.q.strip():
        found = found.where(_matches(wanted.q))
    if after:
        code, row_id = after
        later = and_(col(Unit.wilayah_code) == code, col(Unit.id) > row_id)
        found = found.where(or_(col(Unit.wilayah_code) > code, later))
    return (await session.exec(found)).all()


async def election_ids(session: ReadSession, paths: Sequence[str]) -> set[int]:
    """Elections in which there is a unit in scope."""
    return set((await session.run(select(col(Unit.election_id)).where(in_scope(paths)).distinct())).scalars())


async def speakers(session: ReadSession, unit_ids: Sequence[int] | None, *, paths: Sequence[str]) -> dict[int, Speaker]:
    """What each unit in scope (of `unit_ids`, or all) needs to speak, by its id; four queries however many they are."""
    units = await units_in(session, paths, ids=unit_ids)
    above = {ancestor for row in units for ancestor in lineage(row.path)}
    own = await _variables(session, above)
    defaults = {
        (row.election_id, row.kind): row.variables for row in (await session.exec(select_rows(KindDefault))).all()
    }
    regions = await _regions(session, {code for row in units for code in ancestry(row.wilayah_code)})
    found = {}
    for row in units:
        assert row.id is not None
        chain = [own.get(ancestor, {}) for ancestor in lineage(row.path)]
        values = inherit(defaults.get((row.election_id, row.kind), {}), chain)
        found[row.id] = _speaker(row, values, regions)
    return found


async def of_election(session: ReadSession, election_id: int) -> dict[tuple[str, str], Unit]:
    """By kind and region, of every scope: for loading only."""
    rows = await session.exec(select_rows(Unit).where(Unit.election_id == election_id))
    return {(row.kind, row.wilayah_code): row for row in rows}


async def kind_defaults(session: ReadSession, election_id: int) -> dict[str, KindDefault]:
    rows = await session.exec(select_rows(KindDefault).where(KindDefault.election_id == election_id))
    return {row.kind: row for row in rows}


async def insert_units(
    session: WriteSession, rows: Sequence[Mapping[str, Any]], parent_paths: Sequence[str]
) -> list[str]:
    """Inserts one storey of the tree; answers each new path, the parent's (`/` for a root) with the new id appended."""
    ids = await session.insert_returning_ids(Unit, rows)
    paths = [f"{above}{row_id}/" for above, row_id in zip(parent_paths, ids, strict=True)]
    if ids:
        await session.run(
            _SET_PATH, [{"b_id": row_id, "b_path": path} for row_id, path in zip(ids, paths, strict=True)]
        )
    return paths


async def _variables(session: ReadSession, ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    columns = select(col(Unit.id), col(Unit.variables)).where(_among(session, col(Unit.id), list(ids)))
    return {row.id: row.variables for row in await session.run(columns)}


async def _regions(session: ReadSession, codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Level and display name by code."""
    shown = func.coalesce(func.nullif(col(Wilayah.display), ""), col(Wilayah.name)).label("shown")
    columns = select(col(Wilayah.code), col(Wilayah.level), shown).where(
        _among(session, col(Wilayah.code), list(codes))
    )
    return {row.code: (row.level, row.shown) for row in await session.run(columns)}


def _speaker(row: Unit, variables: Mapping[str, str], regions: Mapping[str, tuple[str, str]]) -> Speaker:
    assert row.id is not None
    level, name = regions[row.wilayah_code]
    at_depth = {len(code.split(".")): regions[code][1] for code in ancestry(row.wilayah_code)}
    return Speaker(
        unit_id=row.id,
        election_id=row.election_id,
        kind=UnitKind(row.kind),
        name=row.name,
        path=row.path,
        parent_id=row.parent_id,
        timezone=row.timezone,
        wilayah_code=row.wilayah_code,
        wilayah=title(level, name),
        kelurahan=at_depth.get(4),
        kecamatan=at_depth.get(3),
        kota=at_depth.get(2, title(level, name)),
        rw_count=row.rw_count,
        variables=variables,
    )


def _matches(q: str) -> ColumnElement[bool]:
    wanted = squash(q)
    if not wanted:
        return false()
    name = func.replace(func.lower(col(Unit.name)), " ", "")
    spelt = select(col(Wilayah.code)).where(col(Wilayah.search).contains(wanted, autoescape=True))
    found = [name.contains(wanted, autoescape=True), col(Unit.wilayah_code).in_(spelt)]
    if is_code(q.strip()):
        found.append(col(Unit.wilayah_code).startswith(q.strip()))
    return or_(*found)


def _among(session: ReadSession, column: Any, values: Collection[int] | Collection[str]) -> ColumnElement[bool]:
    """`column IN values` as one parameter: the units of the whole country pass the databases' limit."""
    wanted = list(values)
    if session.is_sqlite:
        each = func.json_each(literal(json.dumps(wanted))).table_valued("value")
        return column.in_(select(each.c.value))  # type: ignore[no-any-return]
    # By the column, not by the values: an empty list has none to tell.
    kind = Integer if isinstance(column.type, Integer) else String
    return column == any_(literal(wanted, ARRAY(kind)))  # type: ignore[no-any-return]
