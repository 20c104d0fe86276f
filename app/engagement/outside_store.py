"""What was read back, as lists for people; who is asking is part of every query."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlmodel import col

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.channels.models import Channel
from app.channels.rules import ways_of
from app.content.models import PostTemplate
from app.engagement.models import Total
from app.engagement.outside_rules import FROM, UNTIL, Candidate
from app.kit.db import ReadSession
from app.posts.models import Broadcast, Post
from app.publishing.models import Delivery, SeenPost
from app.publishing.rules import State

B = Broadcast.__table__.c  # type: ignore[attr-defined]
D = Delivery.__table__.c  # type: ignore[attr-defined]
P = SeenPost.__table__.c  # type: ignore[attr-defined]
T = Total.__table__.c  # type: ignore[attr-defined]


async def candidates(
    session: ReadSession, unit_ids: Sequence[int], *, from_at: datetime, to_at: datetime
) -> dict[int, list[Candidate]]:
    """By unit, the mandatory broadcasts it was to say around this time; also those it had no account for, in another unit's words."""
    window = (D.due_at >= from_at - UNTIL, D.due_at <= to_at + FROM, B.mode == "mandatory")
    said = (
        select(
            D.unit_id, D.broadcast_id, D.due_at, D.message["text"].as_string().label("frozen"),
            col(Post.content)["text"].as_string().label("written"),
        )
        .select_from(Delivery)
        .join(Broadcast, B.id == D.broadcast_id)
        .join(Post, col(Post.id) == D.post_id)
    )  # fmt: skip
    found: dict[int, list[Candidate]] = {}
    for row in await session.rows(said.where(*window, D.unit_id.in_(unit_ids))):
        text = row["frozen"] or row["written"] or ""
        found.setdefault(row["unit_id"], []).append(Candidate(row["broadcast_id"], text, row["due_at"]))
    recent = select(B.id, B.problems).where(
        B.mode == "mandatory", B.created_at >= from_at - UNTIL - timedelta(days=60), B.cancelled_at.is_(None)
    )
    for head in await session.rows(recent):
        left = {problem["unit_id"] for problem in head["problems"] or ()} & set(unit_ids)
        if not left:
            continue
        other = await session.rows(said.where(*window, D.broadcast_id == head["id"]).order_by(D.id).limit(1))
        for row in other:
            text = row["frozen"] or row["written"] or ""
            for unit_id in left:
                found.setdefault(unit_id, []).append(Candidate(head["id"], text, row["due_at"]))
    return found


def _shown() -> Any:
    gone = P.gone_at.is_not(None) | T.gone.is_(True)
    return (
        select(
            P.id, P.unit_id, col(Unit.name).label("unit"), P.channel_id, P.platform, P.environment, col(Channel.handle).label("handle"),
            P.text, P.url, P.posted_at, P.seen_at, P.changed_at, P.gone_at, P.delivery_id, P.broadcast_id,
            col(PostTemplate.title).label("broadcast"), P.likeness, P.findings, P.is_blocked, gone.label("gone"),
            D.message["text"].as_string().label("sent"),
        )
        .select_from(SeenPost)
        .join(Unit, col(Unit.id) == P.unit_id)
        .join(Channel, col(Channel.id) == P.channel_id)
        .outerjoin(Delivery, D.id == P.delivery_id)
        .outerjoin(Total, T.delivery_id == P.delivery_id)
        .outerjoin(Broadcast, B.id == P.broadcast_id)
        .outerjoin(PostTemplate, col(PostTemplate.id) == B.template_id)
    )  # fmt: skip


_KINDS: dict[str, Any] = {
    "outside": lambda: P.delivery_id.is_(None),
    "broadcast": lambda: and_(P.delivery_id.is_(None), P.broadcast_id.is_not(None)),
    "blocked": lambda: P.is_blocked.is_(True),
    "changed": lambda: and_(P.delivery_id.is_not(None), P.changed_at.is_not(None)),
    "gone": lambda: and_(
        P.delivery_id.is_not(None), or_(P.gone_at.is_not(None), T.gone.is_(True)), D.state == State.PUBLISHED
    ),
}


async def find(
    session: ReadSession,
    paths: Sequence[str],
    environment: str,
    *,
    kind: str,
    limit: int,
    before: tuple[datetime, int] | None = None,
) -> list[dict[str, Any]]:
    """Newest first; `kind` as in Seen. Live and practice are never together."""
    query = _shown().where(in_scope(paths), P.environment.in_(ways_of(environment)), _KINDS[kind]())
    if before is not None:
        at, identity = before
        query = query.where(or_(P.posted_at < at, and_(P.posted_at == at, P.id < identity)))
    return await session.rows(query.order_by(P.posted_at.desc(), P.id.desc()).limit(limit))


async def count(session: ReadSession, paths: Sequence[str], environment: str, kind: str) -> int:
    query = _shown().where(in_scope(paths), P.environment.in_(ways_of(environment)), _KINDS[kind]())
    return int((await session.run(select(func.count()).select_from(query.subquery()))).scalar_one())


async def saying(session: ReadSession, paths: Sequence[str], broadcast_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Posts made elsewhere that say these broadcasts and are still to be seen."""
    query = (
        select(
            P.broadcast_id, P.unit_id, col(Unit.name).label("unit"), col(Unit.wilayah_code).label("wilayah_code"),
            P.platform, P.environment, P.posted_at, P.url,
        )
        .join(Unit, col(Unit.id) == P.unit_id)
        .where(in_scope(paths), P.broadcast_id.in_(broadcast_ids), P.delivery_id.is_(None), P.gone_at.is_(None))
        .order_by(P.broadcast_id, P.posted_at)
    )  # fmt: skip
    return await session.rows(query)
