"""Every query on complaints, and on what was sent as a complaint looks for it; who is asking is part of each."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.channels.models import Channel
from app.evidence.models import Complaint, ComplaintDelivery
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery, Withdrawal
from app.publishing.rules import State
from app.tahapan.models import Election

D = Delivery.__table__.c  # type: ignore[attr-defined]
W = Withdrawal.__table__.c  # type: ignore[attr-defined]
C = ComplaintDelivery.__table__.c  # type: ignore[attr-defined]

WAS_OUT = (State.PUBLISHED, State.WITHDRAWN, State.UNSURE, State.SENDING)
_FOUND = (D.id, D.post_id, D.broadcast_id, D.unit_id, D.platform, D.environment, D.state, D.message, D.published_at, D.url, D.remote_id)  # fmt: skip


def _seen(paths: Sequence[str]) -> Any:
    named: Any = (col(Channel.handle).label("handle"), col(Unit.name).label("unit_name"), col(Unit.path).label("path"), col(Unit.timezone))  # fmt: skip
    wish = (W.asked_at.label("asked_at"), W.by_hand.label("by_hand"), W.ended_at.label("ended_at"))
    query = select(*_FOUND, *named, *wish).join(Unit, col(Unit.id) == D.unit_id)
    query = query.join(Channel, col(Channel.id) == D.channel_id).outerjoin(Withdrawal, W.delivery_id == D.id)
    return query.where(in_scope(paths))


async def sent_rows(
    session: ReadSession,
    paths: Sequence[str],
    *,
    between: tuple[datetime, datetime] | None,
    below: int | None,
    limit: int,
) -> list[dict[str, Any]]:
    """What left, the latest first; `between`: published then; `below`: only lower numbers than this."""
    query = _seen(paths).where(D.state.in_(WAS_OUT))
    if between is not None:
        query = query.where(D.published_at >= between[0], D.published_at < between[1])
    if below is not None:
        query = query.where(D.id < below)
    return await session.rows(query.order_by(D.id.desc()).limit(limit))


async def at_address(session: ReadSession, paths: Sequence[str], ids: Sequence[str]) -> list[dict[str, Any]]:
    """What left and may be at an address that holds one of these numbers."""
    meant = or_(
        D.remote_id.in_(ids),
        *(D.remote_id.endswith(one, autoescape=True) for one in ids if len(one) >= 8),
        *(D.url.contains(one, autoescape=True) for one in ids if len(one) >= 8),
    )
    return await session.rows(_seen(paths).where(D.state.in_(WAS_OUT), meant).order_by(D.id.desc()).limit(200))


async def by_id(session: ReadSession, paths: Sequence[str], ids: Sequence[int]) -> list[dict[str, Any]]:
    return await session.rows(_seen(paths).where(D.id.in_(ids)).order_by(D.id))


async def siblings(session: ReadSession, paths: Sequence[str], broadcast_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Everything of these broadcasts that is out or may be."""
    query = _seen(paths).where(D.broadcast_id.in_(broadcast_ids), D.state.in_(WAS_OUT))
    return await session.rows(query.order_by(D.id))


async def of_complaint(session: ReadSession, complaint_id: int) -> list[dict[str, Any]]:
    theirs = select(C.delivery_id).where(C.complaint_id == complaint_id)
    return await session.rows(_seen(["/"]).where(D.id.in_(theirs)).order_by(D.id))


async def hold(session: WriteSession, complaint_id: int, delivery_ids: Sequence[int]) -> None:
    """The complaint is about these too."""
    known = set((await session.run(select(C.delivery_id).where(C.complaint_id == complaint_id))).scalars())
    rows = [
        {"complaint_id": complaint_id, "delivery_id": identity} for identity in delivery_ids if identity not in known
    ]
    await session.insert_many(ComplaintDelivery, rows)


async def find(session: ReadSession, paths: Sequence[str], complaint_id: int) -> Complaint | None:
    query = select_rows(Complaint).join(Unit, col(Unit.id) == col(Complaint.unit_id))
    return (await session.exec(query.where(Complaint.id == complaint_id, in_scope(paths)))).one_or_none()


async def find_all(
    session: ReadSession, paths: Sequence[str], *, limit: int, before_id: int | None
) -> Sequence[Complaint]:
    """The newest first."""
    query = select_rows(Complaint).join(Unit, col(Unit.id) == col(Complaint.unit_id)).where(in_scope(paths))
    if before_id is not None:
        query = query.where(col(Complaint.id) < before_id)
    return (await session.exec(query.order_by(col(Complaint.id).desc()).limit(limit))).all()


async def kept_until(session: ReadSession, election_id: int) -> date | None:
    found = await session.run(select(col(Election.evidence_ends_on)).where(col(Election.id) == election_id))
    kept: date | None = found.scalar_one()
    return kept


async def set_kept_until(session: WriteSession, election_id: int, day: date | None) -> None:
    await session.run(update(Election).where(col(Election.id) == election_id).values(evidence_ends_on=day))


async def expired(session: ReadSession, *, today: date, limit: int = 100) -> Sequence[Complaint]:
    """Closed complaints whose frozen files need not be kept any more and still are."""
    query = (
        select_rows(Complaint)
        .join(Unit, col(Unit.id) == col(Complaint.unit_id))
        .join(Election, col(Election.id) == col(Unit.election_id))
        .where(
            col(Election.evidence_ends_on) < today, col(Complaint.closed_at).is_not(None), ~col(Complaint.is_expired)
        )
    )
    return (await session.exec(query.order_by(col(Complaint.id)).limit(limit))).all()


async def mark_expired(session: WriteSession, complaint_id: int, packs: Sequence[Mapping[str, Any]]) -> None:
    """The hashes stay; the files are gone."""
    kept = [{**pack, "expired": True} for pack in packs]
    await session.run(update(Complaint).where(col(Complaint.id) == complaint_id).values(packs=kept, is_expired=True))


async def with_deadline(
    session: ReadSession, *, before: datetime, told_below: int, limit: int = 200
) -> Sequence[Complaint]:
    """Open ones whose deadline comes before this moment and that something is still to be told of."""
    query = select_rows(Complaint).where(
        col(Complaint.deadline) < before, col(Complaint.closed_at).is_(None), col(Complaint.told) < told_below
    )
    return (await session.exec(query.order_by(col(Complaint.id)).limit(limit))).all()


async def mark_told(session: WriteSession, complaint_id: int, *, seen: int, told: int) -> bool:
    """False where another worker was faster."""
    statement = update(Complaint).where(col(Complaint.id) == complaint_id, col(Complaint.told) == seen)
    return (await session.run(statement.values(told=told))).rowcount == 1


async def count_left(session: ReadSession, complaint_id: int) -> int:
    """Of what it is about, how much is not down yet."""
    query = select(func.count()).select_from(Delivery).join(ComplaintDelivery, C.delivery_id == D.id)
    query = query.where(C.complaint_id == complaint_id, D.state.in_([State.PUBLISHED, State.UNSURE, State.SENDING]))
    return int((await session.run(query)).scalar_one())


async def top_of(session: ReadSession, unit_id: int) -> int:
    """The body at the top of a unit's tree: its path begins with it."""
    path = (await session.run(select(col(Unit.path)).where(col(Unit.id) == unit_id))).scalar_one()
    return int(path.split("/")[1])
