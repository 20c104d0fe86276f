"""Every query about files on their way; whose they are is part of each."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import col, select

from app.content.models import Upload
from app.kit.db import ReadSession, WriteSession


async def find(session: ReadSession, user_id: int, upload_id: str, *, now: datetime) -> Upload | None:
    query = select(Upload).where(col(Upload.id) == upload_id, col(Upload.user_id) == user_id)
    return (await session.exec(query.where(col(Upload.expires_at) > now))).first()


async def under_way(session: ReadSession, user_id: int, *, now: datetime) -> tuple[int, int]:
    """How many files of a person, and how many bytes they will have."""
    query = select(func.count(), func.coalesce(func.sum(col(Upload.bytes)), 0))
    count, total = (await session.exec(query.where(col(Upload.user_id) == user_id, col(Upload.expires_at) > now))).one()
    return int(count), int(total)


async def remove(session: WriteSession, upload_id: str) -> None:
    await session.run(delete(Upload).where(col(Upload.id) == upload_id))


async def remove_expired(session: WriteSession, *, now: datetime) -> None:
    await session.run(delete(Upload).where(col(Upload.expires_at) <= now))


async def known(session: ReadSession, ids: Collection[str]) -> set[str]:
    return set((await session.exec(select(Upload.id).where(col(Upload.id).in_(ids)))).all())
