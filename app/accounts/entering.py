"""How a session begins, whatever way somebody came in."""

from datetime import datetime, timedelta

from app.accounts import tokens
from app.accounts.models import LoginSession
from app.accounts.people import MAX_DEVICE, tidy
from app.accounts.proofs import Way
from app.audit.service import record
from app.kit.db import WriteSession

SESSION_LASTS = timedelta(days=30)
"""Slides: counted from the last time the person was seen."""
SESSION_ENDS = timedelta(days=90)
"""Does not slide: whoever holds a screen's secret, its owner or another, comes in anew by then."""


def end_of(begun_at: datetime, *, seen_at: datetime) -> datetime:
    return min(seen_at + SESSION_LASTS, begun_at + SESSION_ENDS)


async def open_session(
    session: WriteSession, user_id: int, *, device: str, way: Way, proves: bool, now: datetime
) -> str:
    """Its secret, kept only as a hash. `proves`: the person has something to prove themselves with, and did so just now."""
    secret = tokens.new_secret()
    session.add(
        LoginSession(
            user_id=user_id,
            secret_hash=tokens.hash_of(secret),
            device=tidy(device, MAX_DEVICE),
            way=way,
            proved_at=now if proves else None,
            created_at=now,
            seen_at=now,
            expires_at=now + SESSION_LASTS,
        )
    )
    subject = f"user:{user_id}"
    await record(session, at=now, actor=subject, action="session.start", subject=subject, detail={"way": str(way)})
    return secret
