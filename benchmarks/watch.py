"""What the database says about a measurement while it runs and after it."""

from datetime import datetime

from sqlalchemy import func, select, text

from app.kit.db import Database
from app.publishing import store
from app.publishing.models import Delivery
from app.publishing.rules import State

D = Delivery.__table__.c  # type: ignore[attr-defined]


async def workers_beat(db: Database, *, since: datetime) -> bool:
    async with db.read() as session:
        beat = await store.newest_beat(session)
    return beat is not None and beat > since


async def is_empty(db: Database) -> bool:
    """Nothing due and nothing in a worker's hands; both questions have an index."""
    async with db.read() as session:
        due = (await session.run(select(D.id).where(D.state == State.DUE).limit(1))).first()
        held = (await session.run(select(D.id).where(D.worker_id.is_not(None)).limit(1))).first()
    return due is None and held is None


async def states(db: Database) -> dict[str, int]:
    async with db.read() as session:
        return {row[0]: row[1] for row in (await session.run(select(D.state, func.count()).group_by(D.state))).all()}


async def lateness(db: Database) -> list[float]:
    """Seconds after the promised moment, of everything published."""
    async with db.read() as session:
        found = (await session.run(select(D.due_at, D.published_at).where(D.published_at.is_not(None)))).all()
    return [(published_at - due_at).total_seconds() for due_at, published_at in found]


async def refresh_statistics(db: Database) -> None:
    """As autovacuum would have done by the time a real queue is due."""
    async with db.write() as session:
        await session.run(text("ANALYZE"))


async def server_version(db: Database) -> str:
    question = "SELECT sqlite_version()" if db.is_sqlite else "SHOW server_version"
    async with db.read() as session:
        return f"{'SQLite' if db.is_sqlite else 'PostgreSQL'} {(await session.run(text(question))).scalar()}"
