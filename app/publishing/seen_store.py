"""What accounts show of themselves, as read back: ours and not ours."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col
from sqlmodel import select as select_rows

from app.channels.models import Channel
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery, ReadBack, SeenPost
from app.publishing.rules import State

D = Delivery.__table__.c  # type: ignore[attr-defined]
P = SeenPost.__table__.c  # type: ignore[attr-defined]
R = ReadBack.__table__.c  # type: ignore[attr-defined]

_KNOWN = ("text", "url", "changed_at", "gone_at", "delivery_id", "broadcast_id", "likeness", "findings", "is_blocked")
_OURS = (State.PUBLISHED, State.SENDING, State.UNSURE, State.MANUAL, State.WITHDRAWN)
"""What may be out there in our name."""


async def due(
    session: ReadSession, platforms: Sequence[str], closed: Sequence[str], *, now: datetime, joined_before: datetime,
    limit: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """Accounts whose posts are to be read back now, the longest waiting first; of `closed` platforms practice accounts only."""
    query: Any = (
        select(
            col(Channel.id), col(Channel.unit_id), col(Channel.platform), col(Channel.environment),
            R.read_at, R.month, R.paid,
        )
        .outerjoin(ReadBack, R.channel_id == col(Channel.id))
        .where(
            col(Channel.state) == "connected",
            col(Channel.platform).in_(platforms),
            col(Channel.environment) != "manual",
            or_(col(Channel.platform).not_in(closed), col(Channel.environment) != "live"),
            or_(R.next_at <= now, (R.channel_id.is_(None)) & (col(Channel.created_at) <= joined_before)),
        )
        .order_by(R.next_at, col(Channel.id))
        .limit(limit)
    )  # fmt: skip
    return await session.rows(query)


async def paid(session: ReadSession, platform: str, month: str) -> int:
    """Posts that were billed in this month, over all accounts of the platform."""
    query = (
        select(func.coalesce(func.sum(R.paid), 0))
        .join(Channel, col(Channel.id) == R.channel_id)
        .where(R.month == month, col(Channel.platform) == platform)
    )
    return int((await session.run(query)).scalar_one())


async def read_since(session: ReadSession, platform: str, *, since: datetime) -> int:
    """How many live accounts of the platform were read since then."""
    query = (
        select(func.count())
        .select_from(ReadBack)
        .join(Channel, col(Channel.id) == R.channel_id)
        .where(col(Channel.platform) == platform, col(Channel.environment) == "live", R.read_at >= since)
    )
    return int((await session.run(query)).scalar_one())


async def known(session: ReadSession, channel_ids: Sequence[int], *, since: datetime) -> dict[int, list[SeenPost]]:
    """By account, what was seen of that time."""
    query = select_rows(SeenPost).where(col(SeenPost.channel_id).in_(channel_ids), col(SeenPost.posted_at) >= since)
    found: dict[int, list[SeenPost]] = {}
    for row in (await session.exec(query)).all():
        found.setdefault(row.channel_id, []).append(row)
    return found


async def ours(session: ReadSession, channel_ids: Sequence[int], *, since: datetime) -> dict[int, list[dict[str, Any]]]:
    """By account, deliveries that are out or may be."""
    query = select(D.id, D.channel_id, D.remote_id, D.state, D.due_at, D.published_at, D.message, D.metrics_at).where(
        D.channel_id.in_(channel_ids), D.state.in_(_OURS), D.due_at >= since
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in await session.rows(query):
        found.setdefault(row["channel_id"], []).append(row)
    return found


async def put(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """New ones are added, known ones hold what is shown now; `seen_at` and `posted_at` stay the first."""
    if not rows:
        return
    statement: Any = (sqlite.insert if session.is_sqlite else postgresql.insert)(SeenPost)
    changed = {name: statement.excluded[name] for name in _KNOWN}
    await session.run(statement.on_conflict_do_update(index_elements=["channel_id", "remote_id"], set_=changed), rows)


async def ids_of(session: ReadSession, channel_id: int, remote_ids: Sequence[str]) -> dict[str, int]:
    query = select(P.remote_id, P.id).where(P.channel_id == channel_id, P.remote_id.in_(remote_ids))
    return {row[0]: row[1] for row in (await session.run(query)).all()}


async def plan(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    statement: Any = (sqlite.insert if session.is_sqlite else postgresql.insert)(ReadBack)
    changed = {name: statement.excluded[name] for name in ("next_at", "read_at", "month", "paid", "said")}
    await session.run(statement.on_conflict_do_update(index_elements=["channel_id"], set_=changed), rows)


async def bring_forward(session: WriteSession, channel_ids: Sequence[int], *, now: datetime) -> None:
    """Read these at the next round."""
    statement: Any = (sqlite.insert if session.is_sqlite else postgresql.insert)(ReadBack)
    rows = [{"channel_id": one, "next_at": now, "month": "", "paid": 0, "said": ""} for one in channel_ids]
    if rows:
        await session.run(statement.on_conflict_do_update(index_elements=["channel_id"], set_={"next_at": now}), rows)


async def ask_soon(session: WriteSession, delivery_ids: Sequence[int], *, now: datetime) -> None:
    """Have the numbers of these read at once: that reading says whether a post that is not listed is gone."""
    later = or_(D.metrics_at.is_(None), D.metrics_at > now)
    await session.run(
        update(Delivery).where(D.id.in_(delivery_ids), D.state == State.PUBLISHED, later).values(metrics_at=now)
    )
