"""Every query for evidence: posts with all that was sent of them; who is asking is part of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.accounts.models import Membership, Unit
from app.accounts.unit_store import in_scope
from app.channels.models import Channel
from app.content.models import Media
from app.kit.db import ReadSession
from app.posts.models import Post
from app.publishing.models import Attempt, Delivery, Withdrawal

P = Post.__table__.c  # type: ignore[attr-defined]
D = Delivery.__table__.c  # type: ignore[attr-defined]
A = Attempt.__table__.c  # type: ignore[attr-defined]
W = Withdrawal.__table__.c  # type: ignore[attr-defined]

_POST = (P.id, P.unit_id, P.broadcast_id, P.state, P.reason, P.lang, P.content, P.timing, P.tahapan, P.template_id, P.template_version,
         P.created_by, P.approved_by, P.created_at, P.version)  # fmt: skip
_DELIVERY = (D.id, D.post_id, D.platform, D.environment, D.state, D.reason, D.due_at, D.valid_until, D.message, D.message_hash,
             D.first_sent_at, D.last_sent_at, D.published_at, D.remote_id, D.url)  # fmt: skip
_ATTEMPT = (A.delivery_id, A.n, A.kind, A.started_at, A.ended_at, A.outcome, A.http_status, A.code, A.detail)
_WISH = (W.delivery_id, W.reason, W.asked_by, W.asked_at, W.by_hand, W.said, W.ended_at)
_SOME = 500


def _unit(query: Any) -> Any:
    named: Any = (col(Unit.name).label("unit_name"), col(Unit.wilayah_code).label("wilayah_code"), col(Unit.timezone))
    return query.add_columns(*named).join(Unit, col(Unit.id) == P.unit_id)


async def posts(session: ReadSession, paths: Sequence[str], ids: Sequence[int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for start in range(0, len(ids), _SOME):
        query = _unit(select(*_POST)).where(P.id.in_(ids[start : start + _SOME]), in_scope(paths))
        found += await session.rows(query.order_by(P.id))
    return found


async def posts_between(
    session: ReadSession, paths: Sequence[str], start: datetime, end: datetime, *, under: str | None, limit: int
) -> list[int]:
    """Numbers of posts of which something was due within the time."""
    query = (
        select(P.id)
        .join(Unit, col(Unit.id) == P.unit_id)
        .join(Delivery, D.post_id == P.id)
        .where(in_scope(paths), D.due_at >= start, D.due_at < end)
        .distinct()
        .order_by(P.id)
        .limit(limit)
    )
    if under is not None:
        query = query.where(in_scope([under]))
    return list((await session.run(query)).scalars())


async def deliveries(session: ReadSession, post_ids: Sequence[int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for start in range(0, len(post_ids), _SOME):
        query = select(*_DELIVERY, col(Channel.handle).label("handle")).join(Channel, col(Channel.id) == D.channel_id)
        found += await session.rows(query.where(D.post_id.in_(post_ids[start : start + _SOME])).order_by(D.id))
    return found


async def attempts(session: ReadSession, delivery_ids: Sequence[int]) -> list[dict[str, Any]]:
    return await _by_delivery(session, _ATTEMPT, A, delivery_ids)


async def wishes(session: ReadSession, delivery_ids: Sequence[int]) -> list[dict[str, Any]]:
    return await _by_delivery(session, _WISH, W, delivery_ids)


async def _by_delivery(
    session: ReadSession, shown: Sequence[Any], table: Any, delivery_ids: Sequence[int]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for start in range(0, len(delivery_ids), _SOME):
        query = select(*shown).where(table.delivery_id.in_(delivery_ids[start : start + _SOME]))
        found += await session.rows(query.order_by(table.id))
    return found


async def roles(session: ReadSession, user_ids: Sequence[int]) -> dict[int, str]:
    """What people are, without their names: role and unit, by number."""
    query = (
        select(col(Membership.user_id), col(Membership.role), col(Unit.name))
        .join(Unit, col(Unit.id) == col(Membership.unit_id))
        .where(col(Membership.user_id).in_(user_ids))
        .order_by(col(Unit.path).desc())
    )
    return {user_id: f"{role}, {unit}" for user_id, role, unit in (await session.run(query)).all()}


async def media(session: ReadSession, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    query = select(
        col(Media.id), col(Media.kind), col(Media.mime), col(Media.sha256), col(Media.alt_text), col(Media.unit_id)
    )
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids), _SOME):
        rows = await session.rows(query.where(col(Media.id).in_(ids[start : start + _SOME])))
        found |= {row["id"]: row for row in rows}
    return found
