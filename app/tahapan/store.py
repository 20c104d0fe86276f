"""Every query on elections and their stages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Date, and_, func, literal, or_
from sqlmodel import col, select

from app.kit.db import ReadSession, WriteSession
from app.tahapan.models import Election, Tahapan

# Stages without any day come last in a list.
_NEVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Wanted:
    """Which stages of a list; `elections` None: of every election. `on`: those that hold on that day; `overrides`: those that take this one's place somewhere."""

    elections: Collection[int] | None = None
    election: str | None = None
    kind: str | None = None
    q: str | None = None
    on: date | None = None
    overrides: str | None = None


async def election(session: ReadSession, election_id: int) -> Election | None:
    return await session.get(Election, election_id)


async def lock_election(session: WriteSession, election_id: int, *, to_change: bool) -> None:
    """Who changes the calendar waits for whoever builds on it, and the other way round; SQLite has one writer anyway."""
    await session.exec(select(Election.id).where(Election.id == election_id).with_for_update(read=not to_change))


async def stamp(session: ReadSession, election_id: int) -> int:
    """Grows with every new stage and every edit of one."""
    query = select(func.coalesce(func.sum(col(Tahapan.version)), 0)).where(Tahapan.election_id == election_id)
    return (await session.exec(query)).one()


async def election_by_code(session: ReadSession, code: str) -> Election | None:
    return (await session.exec(select(Election).where(Election.code == code))).one_or_none()


async def elections(session: ReadSession) -> Sequence[Election]:
    """The newest first."""
    return (await session.exec(select(Election).order_by(col(Election.id).desc()))).all()


async def stages_of(session: ReadSession, election_id: int) -> Sequence[Tahapan]:
    found = select(Tahapan).where(Tahapan.election_id == election_id).order_by(col(Tahapan.code))
    return (await session.exec(found)).all()


async def stage(session: ReadSession, tahapan_id: int, elections: Collection[int] | None) -> Tahapan | None:
    found = select(Tahapan).where(Tahapan.id == tahapan_id)
    if elections is not None:
        found = found.where(col(Tahapan.election_id).in_(elections))
    return (await session.exec(found)).one_or_none()


async def stage_by_code(session: ReadSession, election_id: int, code: str) -> Tahapan | None:
    found = select(Tahapan).where(Tahapan.election_id == election_id, Tahapan.code == code)
    return (await session.exec(found)).one_or_none()


def first_day(row: Tahapan) -> date:
    """The day a stage stands at in a list."""
    return row.starts_on or row.ends_on or _NEVER


async def list_stages(
    session: ReadSession, wanted: Wanted, *, limit: int, after: tuple[date, int] | None
) -> Sequence[Tahapan]:
    """Up to `limit` + 1 stages by their first known day."""
    place = func.coalesce(col(Tahapan.starts_on), col(Tahapan.ends_on), literal(_NEVER, Date), type_=Date)
    found = select(Tahapan).order_by(place, col(Tahapan.id)).limit(limit + 1)
    if wanted.elections is not None:
        found = found.where(col(Tahapan.election_id).in_(wanted.elections))
    if wanted.election:
        found = found.join(Election).where(Election.code == wanted.election)
    if wanted.kind:
        found = found.where(Tahapan.kind == wanted.kind)
    if wanted.q:
        found = found.where(
            or_(
                col(Tahapan.name).icontains(wanted.q, autoescape=True),
                col(Tahapan.code).istartswith(wanted.q, autoescape=True),
            )
        )
    if wanted.overrides:
        found = found.where(Tahapan.overrides == wanted.overrides)
    if wanted.on:
        found = found.where(col(Tahapan.starts_on) <= wanted.on, col(Tahapan.ends_on) >= wanted.on)
    if after:
        day, row_id = after
        found = found.where(or_(place > day, and_(place == day, col(Tahapan.id) > row_id)))
    return (await session.exec(found)).all()
