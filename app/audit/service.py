"""Writes what was done, in the same transaction as the deed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.audit.models import AuditEvent
from app.kit.db import WriteSession


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
