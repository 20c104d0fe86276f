"""Every query about ways through a consent."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from app.channels.models import Connection, InstanceApp
from app.kit.db import ReadSession, WriteSession


async def use(session: WriteSession, state_hash: str, *, user_id: int, now: datetime) -> Connection | None:
    """The way whose state this is, now used up. Of any number of callers exactly one gets it, and only its own person."""
    statement = (
        update(Connection)
        .where(
            col(Connection.state_hash) == state_hash,
            col(Connection.user_id) == user_id,
            col(Connection.used_at).is_(None),
            col(Connection.expires_at) > now,
        )
        .values(used_at=now)
        .returning(col(Connection.id))
    )
    found = (await session.run(statement)).scalar_one_or_none()
    return None if found is None else await session.get(Connection, found, populate_existing=True)


async def find_by_state(session: ReadSession, state_hash: str, *, user_id: int) -> Connection | None:
    query = select(Connection).where(Connection.state_hash == state_hash, Connection.user_id == user_id)
    return (await session.exec(query)).one_or_none()


async def find(session: ReadSession, connection_id: int, *, user_id: int) -> Connection | None:
    """One's own alone, whatever one may manage: consent is a person's."""
    query = select(Connection).where(Connection.id == connection_id, Connection.user_id == user_id)
    return (await session.exec(query)).one_or_none()


async def take_choice(session: WriteSession, connection_id: int, *, now: datetime) -> bool:
    """True for the one caller that may join what was chosen."""
    statement = update(Connection).where(
        col(Connection.id) == connection_id, col(Connection.stage) == "choosing", col(Connection.expires_at) > now
    )
    return (await session.run(statement.values(stage="joining"))).rowcount == 1


async def forget_old(session: WriteSession, *, before: datetime) -> int:
    return (await session.run(delete(Connection).where(col(Connection.expires_at) < before))).rowcount


async def find_app(session: ReadSession, *, base_url: str, callback: str) -> InstanceApp | None:
    query = select(InstanceApp).where(InstanceApp.base_url == base_url, InstanceApp.callback == callback)
    return (await session.exec(query)).one_or_none()


async def keep_app(session: WriteSession, *, base_url: str, callback: str, sealed: str, now: datetime) -> None:
    """Two who introduce us at once: the later one's number is the one that counts for both."""
    insert = sqlite.insert if session.is_sqlite else postgresql.insert
    statement = insert(InstanceApp).values(base_url=base_url, callback=callback, sealed=sealed, created_at=now)
    await session.run(statement.on_conflict_do_update(index_elements=["base_url", "callback"], set_={"sealed": sealed}))
