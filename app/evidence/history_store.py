"""Every query on the audit record as people read it; who is asking is part of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, and_, cast, or_, select
from sqlmodel import col

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.audit.models import AuditEvent
from app.kit.db import ReadSession
from app.publishing.models import Delivery

E = AuditEvent.__table__.c  # type: ignore[attr-defined]
D = Delivery.__table__.c  # type: ignore[attr-defined]

_SHOWN = (E.id, E.at, E.actor, E.action, E.subject, E.detail, E.seq, E.prev_hash, E.hash, E.unit_id)
_OF_PEOPLE = ("user:%", "token:%")
"""Subjects that are people and their keys: read by who manages them."""


@dataclass(frozen=True)
class HistoryFilter:
    """Empty fields do not filter. `under`: a unit's path; `action`: an act, or a whole kind of acts such as `post.`;
    `post_id`: a post with its deliveries.
    """

    under: str | None = None
    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    post_id: int | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


def _of_post(post_ids: Sequence[int]) -> Any:
    deliveries = select("delivery:" + cast(D.id, String)).where(D.post_id.in_(post_ids))
    return or_(E.subject.in_([f"post:{identity}" for identity in post_ids]), E.subject.in_(deliveries))


async def find_events(
    session: ReadSession,
    paths: Sequence[str],
    manages: Sequence[str],
    wanted: HistoryFilter,
    *,
    limit: int,
    before_id: int | None,
) -> list[dict[str, Any]]:
    """Newest first, with the unit's name; acts on people only beneath `manages`."""
    query = select(*_SHOWN, col(Unit.name).label("unit_name")).join(Unit, col(Unit.id) == E.unit_id)
    query = query.where(in_scope(paths))
    on_people = or_(*(E.subject.like(pattern) for pattern in _OF_PEOPLE), E.action.like("session.%"))
    query = query.where(or_(~on_people, in_scope(manages)))
    conditions: dict[str, Callable[[], Any]] = {
        "under": lambda: in_scope([wanted.under or ""]),
        "actor": lambda: E.actor == wanted.actor,
        "action": lambda: E.action.startswith(wanted.action or "", autoescape=True),
        "subject": lambda: E.subject == wanted.subject,
        "post_id": lambda: _of_post([wanted.post_id or 0]),
        "from_at": lambda: E.at >= wanted.from_at,
        "to_at": lambda: E.at < wanted.to_at,
    }
    for name, condition in conditions.items():
        if getattr(wanted, name) is not None:
            query = query.where(condition())
    if before_id is not None:
        query = query.where(E.id < before_id)
    return await session.rows(query.order_by(E.id.desc()).limit(limit))


async def events_of_posts(session: ReadSession, post_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Everything sealed about these posts and their deliveries, in the chain's order."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(post_ids), 500):
        some = post_ids[start : start + 500]
        found += await session.rows(select(*_SHOWN).where(_of_post(some), E.seq.is_not(None)))
    return sorted(found, key=lambda row: row["seq"])


async def links_between(session: ReadSession, first: int, last: int) -> list[dict[str, Any]]:
    """The bare links of the chain, nothing of what was done."""
    return await session.rows(
        select(E.seq, E.prev_hash, E.hash).where(and_(E.seq >= first, E.seq <= last)).order_by(E.seq)
    )
