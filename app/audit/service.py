"""Writes what was done, and what others must hear of, in the same transaction as the deed."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.audit import store
from app.audit.events import Event
from app.audit.models import AuditEvent, OutboxEvent
from app.kit.db import Database, WriteSession

OUTBOX_KEPT = timedelta(days=30)


async def record(
    session: WriteSession,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """One act, unchained; the sealer chains it within seconds. `detail` must hold no secret."""
    session.add(AuditEvent(at=at, actor=actor, action=action, subject=subject, detail=dict(detail or {})))


async def tell(session: WriteSession, events: Iterable[Event], *, at: datetime) -> None:
    """Into the outbox: whoever is concerned hears of it once this transaction is durable."""
    rows = [
        {
            "at": at,
            "kind": event.kind,
            "subject": event.subject,
            "unit_id": event.unit_id,
            "detail": dict(event.detail),
            "taken_at": None,
        }
        for event in events
    ]
    await session.insert_many(OutboxEvent, rows)


async def forget_told(db: Database, *, now: datetime) -> int:
    """The outbox keeps what was told for a month, then lets it go; the audit record itself stays. Answers how many."""
    gone = 0
    while True:
        async with db.write() as session:
            dropped = await store.drop_taken(session, before=now - OUTBOX_KEPT)
        gone += dropped
        if not dropped:
            return gone
