"""Every query on the secret addresses of calendars."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import col

from app.accounts.models import CalendarKey
from app.kit.db import ReadSession, WriteSession


async def find(session: ReadSession, user_id: int) -> CalendarKey | None:
    return await session.get(CalendarKey, user_id)


async def owner(session: ReadSession, secret_hash: str) -> int | None:
    query = select(col(CalendarKey.user_id)).where(col(CalendarKey.secret_hash) == secret_hash)
    return (await session.run(query)).scalar()


async def drop(session: WriteSession, user_id: int) -> None:
    await session.run(delete(CalendarKey).where(col(CalendarKey.user_id) == user_id))


async def put(session: WriteSession, user_id: int, secret_hash: str, *, now: datetime) -> None:
    await drop(session, user_id)
    session.add(CalendarKey(user_id=user_id, secret_hash=secret_hash, created_at=now))
    await session.flush()
