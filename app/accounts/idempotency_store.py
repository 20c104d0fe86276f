"""Every query about calls that may be repeated."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from app.accounts.models import IdempotentCall
from app.kit.db import ReadSession, WriteSession


async def claim(session: WriteSession, row: Mapping[str, Any]) -> int | None:
    """The new row's id; None where the call is there already. Of two racing callers exactly one gets an id."""
    insert = sqlite.insert(IdempotentCall) if session.is_sqlite else postgresql.insert(IdempotentCall)
    # On PostgreSQL the loser waits here until the winner's row is visible.
    statement = insert.values(**row).on_conflict_do_nothing(index_elements=["holder", "name", "key"])
    claimed: int | None = (await session.run(statement.returning(col(IdempotentCall.id)))).scalar_one_or_none()
    return claimed


async def find(session: ReadSession, *, holder: str, name: str, key: str) -> IdempotentCall | None:
    query = select(IdempotentCall).where(
        IdempotentCall.holder == holder, IdempotentCall.name == name, IdempotentCall.key == key
    )
    return (await session.exec(query)).one_or_none()


async def settle(session: WriteSession, call_id: int, values: Mapping[str, Any]) -> None:
    await session.run(update(IdempotentCall).where(col(IdempotentCall.id) == call_id).values(**values))


async def drop(session: WriteSession, call_id: int) -> None:
    await session.run(delete(IdempotentCall).where(col(IdempotentCall.id) == call_id))


async def drop_expired(session: WriteSession, *, now: datetime, holder: str | None = None) -> int:
    statement = delete(IdempotentCall).where(col(IdempotentCall.expires_at) <= now)
    if holder is not None:
        statement = statement.where(col(IdempotentCall.holder) == holder)
    return (await session.run(statement)).rowcount


async def drop_all(session: WriteSession) -> None:
    await session.run(delete(IdempotentCall))
