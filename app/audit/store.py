"""Every query on the audit record."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, text, update
from sqlmodel import col, select

from app.audit.models import AuditEvent, ChainHead, OutboxEvent
from app.kit.db import ReadSession, WriteSession

_LOCK = 0x6B746741


async def lock_chain(session: WriteSession) -> None:
    """One sealer at a time. SQLite's writer is alone anyway."""
    if not session.is_sqlite:
        await session.run(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


async def unsealed(session: ReadSession, *, limit: int) -> Sequence[AuditEvent]:
    query = select(AuditEvent).where(col(AuditEvent.seq).is_(None)).order_by(col(AuditEvent.id)).limit(limit)
    return (await session.exec(query)).all()


async def head(session: ReadSession, *, before: datetime | None = None) -> tuple[int, str]:
    """Number and hash of the last sealed event (of an earlier time than `before`); (0, "") without any."""
    query = select(AuditEvent.seq, AuditEvent.hash).where(col(AuditEvent.seq).is_not(None))
    if before is not None:
        query = query.where(col(AuditEvent.at) < before)
    row = (await session.exec(query.order_by(col(AuditEvent.seq).desc()).limit(1))).first()
    return (row[0] or 0, row[1] or "") if row else (0, "")


async def write_seals(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    names = ("seq", "prev_hash", "hash", "unit_id")
    statement = update(AuditEvent).where(col(AuditEvent.id) == bindparam("b_id"), col(AuditEvent.seq).is_(None))
    statement = statement.values(**{name: bindparam(f"b_{name}") for name in names})
    await session.run(statement, [{f"b_{name}": row[name] for name in ("id", *names)} for row in rows])


async def sealed_after(session: ReadSession, seq: int, *, limit: int) -> Sequence[AuditEvent]:
    query = select(AuditEvent).where(col(AuditEvent.seq) > seq).order_by(col(AuditEvent.seq)).limit(limit)
    return (await session.exec(query)).all()


async def heads(session: ReadSession, *, limit: int) -> Sequence[ChainHead]:
    """The latest first."""
    return (await session.exec(select(ChainHead).order_by(col(ChainHead.ended_on).desc()).limit(limit))).all()


async def false_head(session: ReadSession) -> ChainHead | None:
    """The first told head through which the chain does not pass any more."""
    query = (
        select(ChainHead)
        .outerjoin(AuditEvent, col(AuditEvent.seq) == col(ChainHead.seq))
        .where(col(ChainHead.seq) > 0, func.coalesce(col(AuditEvent.hash), "") != col(ChainHead.hash))
        .order_by(col(ChainHead.ended_on))
        .limit(1)
    )
    return (await session.exec(query)).first()


async def has_head(session: ReadSession, day: date) -> bool:
    return (await session.exec(select(ChainHead.seq).where(col(ChainHead.ended_on) == day))).first() is not None


async def count_unsealed(session: ReadSession) -> int:
    return (await session.exec(select(func.count()).where(col(AuditEvent.seq).is_(None)))).one()


async def drop_taken(session: WriteSession, *, before: datetime, limit: int = 10_000) -> int:
    """Outbox rows that were told long ago; some at a time, so that no transaction is long."""
    old = select(OutboxEvent.id).where(col(OutboxEvent.taken_at) < before).order_by(col(OutboxEvent.id)).limit(limit)
    return (await session.run(delete(OutboxEvent).where(col(OutboxEvent.id).in_(old)))).rowcount
