"""Every query on all that is kept about one person, whichever room keeps it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, delete, select, update

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.kit.db import ReadSession, WriteSession
from app.notices.models import Notice, Sending
from app.tables import metadata

_HIDDEN = ("hash", "sealed", "secret", "challenge", "public_key", "credential_id")
"""What proves somebody is not handed out, not even to themselves."""

_USER: Table = User.__table__  # type: ignore[attr-defined]
_EVENT: Table = AuditEvent.__table__  # type: ignore[attr-defined]
_NOTICE: Table = Notice.__table__  # type: ignore[attr-defined]
_SENDING: Table = Sending.__table__  # type: ignore[attr-defined]


def own_tables() -> Sequence[Table]:
    """Tables whose rows belong to one person, children last."""
    return [table for table in metadata.sorted_tables if "user_id" in table.c and table.c.user_id.foreign_keys]


def made_by() -> Sequence[tuple[Table, str]]:
    """Columns that name who made, approved or ended something: the work of the body, which stays."""
    return [
        (table, column.name)
        for table in metadata.sorted_tables
        for column in table.c
        if column.name != "user_id"
        and any(key.column.table is _USER for key in column.foreign_keys)
        and "id" in table.c
    ]


async def rows_about(session: ReadSession, table: Table, user_id: int) -> Sequence[Mapping[str, Any]]:
    rows = await session.rows(select(table).where(table.c.user_id == user_id))
    return [_shown(row) for row in rows]


async def the_user(session: ReadSession, user_id: int) -> Mapping[str, Any]:
    return _shown((await session.rows(select(_USER).where(_USER.c.id == user_id)))[0])


async def ids_made(session: ReadSession, table: Table, column: str, user_id: int) -> Sequence[int]:
    query = select(table.c.id).where(table.c[column] == user_id).order_by(table.c.id)
    return list((await session.run(query)).scalars())


async def acts_of(session: ReadSession, label: str) -> Sequence[Mapping[str, Any]]:
    query = select(_EVENT.c.at, _EVENT.c.action, _EVENT.c.subject, _EVENT.c.seq).where(_EVENT.c.actor == label)
    return await session.rows(query.order_by(_EVENT.c.id))


async def forget(session: WriteSession, user_id: int, *, name: str, email: str) -> int:
    """Answers how many rows went. The number stays, since the audit chain names people by it."""
    notices = select(_NOTICE.c.id).where(_NOTICE.c.user_id == user_id)
    gone = (await session.run(delete(_SENDING).where(_SENDING.c.notice_id.in_(notices)))).rowcount
    for table in reversed(own_tables()):
        gone += (await session.run(delete(table).where(table.c.user_id == user_id))).rowcount
    values = {"name": name, "email": email, "is_active": False, "has_factor": False}
    await session.run(update(_USER).where(_USER.c.id == user_id).values(**values))
    return gone


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not any(part in name for part in _HIDDEN)}
