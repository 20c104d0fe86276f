"""Every query on whole tables: read them all, empty them, fill them; and the operator's own acts."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Table, delete, false, func, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from app.accounts.models import Unit
from app.audit.models import AuditEvent, OperatorAct, OutboxEvent
from app.channels.models import Channel
from app.kit import bulk
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import WorkerBeat
from app.publishing.rules import State
from app.publishing.store import D

CHUNK = 500


async def rows_of(session: ReadSession, table: Table) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """All rows of one table, some at a time, however many there are."""
    connection = await session.connection()
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=CHUNK)
    async with connection.stream(query) as found:
        async for part in found.mappings().partitions(CHUNK):
            yield [dict(row) for row in part]


async def freeze_view(session: ReadSession) -> None:
    """From here on the session sees one moment, whatever others write. SQLite's readers do so by themselves."""
    if not session.is_sqlite:
        await session.run(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))


async def lock_all(session: WriteSession, tables: Sequence[Table]) -> None:
    """Nobody reads or writes until this transaction ends; workers wait, and stop sending, since they cannot beat."""
    if not session.is_sqlite:
        await session.run(text(f"LOCK TABLE {', '.join(map(_quoted, tables))} IN ACCESS EXCLUSIVE MODE"))
    else:
        # A row may name another of its own table that comes after it.
        await session.run(text("PRAGMA defer_foreign_keys=ON"))


async def count_rows(session: ReadSession, table: Table) -> int:
    return int((await session.run(select(func.count()).select_from(table))).scalar_one())


async def empty(session: WriteSession, tables: Sequence[Table]) -> None:
    if not session.is_sqlite:
        await session.run(text(f"TRUNCATE {', '.join(map(_quoted, tables))}"))
        return
    for table in reversed(tables):
        await session.run(delete(table))


async def fill(session: WriteSession, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """In one COPY on PostgreSQL, which checks references to the same table only at its end."""
    left = iter(rows)
    first = next(left, None)
    if first is None:
        return
    if not session.is_sqlite:
        await bulk.copy(await session.connection(), table, _chained(first, left))
        return
    batch = [first, *islice(left, CHUNK - 1)]
    while batch:
        await session.run(insert(table), batch)
        batch = list(islice(left, CHUNK))


async def go_on_counting(session: WriteSession, table: Table) -> None:
    """The next id comes after the highest that was filled in; SQLite counts by itself."""
    if (
        session.is_sqlite
        or "id" not in table.c
        or not table.c.id.autoincrement
        or table.c.id.type.python_type is not int
    ):
        return
    highest = select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery()
    await session.run(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), highest, False)))


async def sealed_values(session: ReadSession, table: Table, column: str) -> Sequence[tuple[int, str]]:
    """Id and seal of every row that has one."""
    query = select(table.c.id, table.c[column]).where(table.c[column].is_not(None), table.c[column] != "")
    return [(row[0], row[1]) for row in (await session.run(query)).all()]


async def replace_sealed(session: WriteSession, table: Table, column: str, key: int, *, old: str, new: str) -> None:
    """Unless somebody has put another secret there meanwhile."""
    statement = update(table).where(table.c.id == key, table.c[column] == old)
    await session.run(statement.values({column: new}))


async def oldest_worker(session: ReadSession, *, alive_since: datetime) -> datetime | None:
    query = select(func.min(col(WorkerBeat.started_at))).where(col(WorkerBeat.beat_at) >= alive_since)
    return (await session.run(query)).scalar_one_or_none()


async def database_now(session: ReadSession) -> datetime | None:
    """What the database's machine takes for the time; None where it is ours (SQLite)."""
    if session.is_sqlite:
        return None
    found: datetime = (await session.run(select(func.clock_timestamp()))).scalar_one()
    return found


async def count_channels(session: ReadSession) -> dict[str, int]:
    """Live ones by state; practice needs no mending."""
    query = (
        select(col(Channel.state), func.count()).where(col(Channel.environment) == "live").group_by(col(Channel.state))
    )
    return {row[0]: row[1] for row in (await session.run(query)).all()}


async def live_channels(session: ReadSession, paths: Sequence[str]) -> dict[str, tuple[int, int]]:
    """By platform: live accounts that are connected under one of these paths, and what was published through them."""
    mine = or_(*(col(Unit.path).startswith(path, autoescape=True) for path in paths)) if paths else false()
    accounts = select(col(Channel.id), col(Channel.platform)).join(Unit, col(Unit.id) == col(Channel.unit_id))
    wanted = accounts.where(mine, col(Channel.environment) == "live", col(Channel.state) == "connected").subquery()
    out = (
        select(D.channel_id, func.count().label("out"))
        .where(D.state == State.PUBLISHED)
        .group_by(D.channel_id)
        .subquery()
    )
    query = (
        select(wanted.c.platform, func.count(), func.coalesce(func.sum(out.c.out), 0))
        .outerjoin(out, out.c.channel_id == wanted.c.id)
        .group_by(wanted.c.platform)
    )
    return {row[0]: (row[1], int(row[2])) for row in (await session.run(query)).all()}


async def sealed_channels(session: ReadSession) -> Sequence[tuple[int, str]]:
    query = select(col(Channel.id), col(Channel.sealed)).where(
        col(Channel.sealed) != "", col(Channel.environment) == "live"
    )
    return [(row[0], row[1]) for row in (await session.run(query)).all()]


async def oldest_unsealed(session: ReadSession) -> datetime | None:
    return (
        await session.run(select(func.min(col(AuditEvent.at))).where(col(AuditEvent.seq).is_(None)))
    ).scalar_one_or_none()


async def count_lanes(session: ReadSession, *, now: datetime) -> dict[str, float]:
    query = select(D.lane, func.count()).where(D.state == State.DUE, D.act_at <= now).group_by(D.lane)
    return {row[0]: float(row[1]) for row in (await session.run(query)).all()}


async def count_outbox(session: ReadSession) -> int:
    query = select(func.count()).select_from(OutboxEvent).where(col(OutboxEvent.taken_at).is_(None))
    return int((await session.run(query)).scalar_one())


async def count_workers(session: ReadSession, *, alive_since: datetime) -> int:
    query = select(func.count()).select_from(WorkerBeat).where(col(WorkerBeat.beat_at) >= alive_since)
    return int((await session.run(query)).scalar_one())


async def lateness(session: ReadSession, *, since: datetime) -> float:
    """Seconds; 0 where nothing was published since."""
    query = select(D.due_at, D.published_at).where(D.published_at >= since)
    rows = (await session.run(query)).all()
    return max((max(0.0, (row[1] - row[0]).total_seconds()) for row in rows), default=0.0)


async def note_act(session: WriteSession, kind: str, *, at: datetime, note: str) -> None:
    make: Any = sqlite.insert if session.is_sqlite else postgresql.insert
    statement = make(OperatorAct).values(kind=kind, at=at, note=note)
    await session.run(statement.on_conflict_do_update(index_elements=["kind"], set_={"at": at, "note": note}))


async def find_act(session: ReadSession, kind: str) -> OperatorAct | None:
    query = select(col(OperatorAct.kind), col(OperatorAct.at), col(OperatorAct.note)).where(
        col(OperatorAct.kind) == kind
    )
    row = (await session.run(query)).first()
    return OperatorAct(kind=row[0], at=row[1], note=row[2]) if row else None


def _quoted(table: Table) -> str:
    return f'"{table.name}"'


def _chained(first: Mapping[str, Any], rest: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    yield first
    yield from rest
