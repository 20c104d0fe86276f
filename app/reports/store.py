"""What a recap asks the database beyond the groups of engagement; every query takes the paths of who is asking."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, and_, case, cast, exists, func, select
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.channels.models import Channel
from app.channels.rules import ways_of
from app.content.models import PostTemplate
from app.engagement.models import Total
from app.engagement.rules import NUMBERS
from app.engagement.store import Wanted, within
from app.kit.db import ReadSession
from app.posts.models import Broadcast, Post
from app.posts.rules import PostState
from app.publishing.models import Delivery, SeenPost
from app.publishing.rules import State
from app.reports.models import ParticipationTarget
from app.wilayah.models import Wilayah

D = Delivery.__table__.c  # type: ignore[attr-defined]
P = SeenPost.__table__.c  # type: ignore[attr-defined]
T = Total.__table__.c  # type: ignore[attr-defined]

ANNEX = 5_000
"""Lines of evidence one recap holds; the rest is counted."""


async def units_in_sight(session: ReadSession, paths: Sequence[str], environment: str) -> list[dict[str, Any]]:
    """Every unit in the order of the tree, with how many open channels of that environment it has."""
    channels = (
        select(col(Channel.unit_id).label("unit_id"), func.count().label("channels"))
        .where(col(Channel.environment).in_(ways_of(environment)), col(Channel.state) != "closed")
        .group_by(col(Channel.unit_id))
        .subquery()
    )
    query = (
        select(
            col(Unit.id),
            col(Unit.name),
            col(Unit.kind),
            col(Unit.wilayah_code),
            col(Unit.path),
            col(Unit.election_id),
            col(Unit.rw_count),
            func.coalesce(channels.c.channels, 0).label("channels"),
        )
        .outerjoin(channels, channels.c.unit_id == col(Unit.id))
        .where(in_scope(paths))
        .order_by(col(Unit.wilayah_code), col(Unit.id))
    )
    return await session.rows(query)


async def fresh_at(session: ReadSession, paths: Sequence[str], wanted: Wanted) -> Any:
    """When numbers of anything in the recap were last read."""
    query = (
        select(func.max(T.taken_at))
        .select_from(Total)
        .join(Delivery, D.id == T.delivery_id)
        .join(Post, col(Post.id) == D.post_id)
        .join(Unit, col(Unit.id) == D.unit_id)
        .where(in_scope(paths), D.environment.in_(ways_of(wanted.environment)), *within(wanted))
    )
    return (await session.run(query)).scalar_one_or_none()


async def evidence(session: ReadSession, paths: Sequence[str], wanted: Wanted) -> tuple[list[dict[str, Any]], int]:
    """Published deliveries in the order of their appearance, at most ANNEX, and how many there are."""
    numbers = [T[name] for name in NUMBERS if name not in {"clicks", "followers"}]
    shown = (
        D.id.label("delivery_id"), D.post_id, D.unit_id, col(Unit.name).label("unit"), D.platform,
        col(Channel.handle).label("handle"), D.message, D.message_hash, D.url, D.due_at, D.published_at,
        col(Post.tahapan).label("tahapan"), func.coalesce(T.gone, False).label("gone"), *numbers,
    )  # fmt: skip
    query = (
        select(*shown)
        .select_from(Delivery)
        .join(Post, col(Post.id) == D.post_id)
        .join(Unit, col(Unit.id) == D.unit_id)
        .join(Channel, col(Channel.id) == D.channel_id)
        .outerjoin(Total, T.delivery_id == D.id)
        .where(
            in_scope(paths), D.environment.in_(ways_of(wanted.environment)), D.state == State.PUBLISHED, *within(wanted)
        )
        .order_by(D.published_at, D.id)
    )
    rows = await session.rows(query.limit(ANNEX))
    if len(rows) < ANNEX:
        return rows, len(rows)
    counted = select(func.count()).select_from(query.subquery())
    return rows, int((await session.run(counted)).scalar_one())


async def mandatory(session: ReadSession, paths: Sequence[str], wanted: Wanted) -> dict[int, tuple[int, int]]:
    """By unit: mandatory posts of the period, and how many of them are out on every account they went to."""
    by_hand = exists().where(
        P.broadcast_id == D.broadcast_id, P.unit_id == D.unit_id, P.platform == D.platform, P.gone_at.is_(None),
        P.delivery_id.is_(None),
    )  # fmt: skip
    out = func.sum(cast((D.state == State.PUBLISHED) | by_hand, Integer))
    per_post = (
        select(D.unit_id, D.post_id, case((out == func.count(), 1), else_=0).label("done"))
        .select_from(Delivery)
        .join(Post, col(Post.id) == D.post_id)
        .join(Broadcast, and_(col(Broadcast.id) == col(Post.broadcast_id), col(Broadcast.mode) == "mandatory"))
        .join(Unit, col(Unit.id) == D.unit_id)
        .where(
            in_scope(paths), D.environment.in_(ways_of(wanted.environment)), D.state != State.CANCELLED, *within(wanted)
        )
        .group_by(D.unit_id, D.post_id)
        .subquery()
    )
    query = select(per_post.c.unit_id, func.count(), func.sum(per_post.c.done)).group_by(per_post.c.unit_id)
    return {row[0]: (row[1], int(row[2])) for row in (await session.run(query)).all()}


async def care(session: ReadSession, paths: Sequence[str], wanted: Wanted) -> dict[str, int]:
    """How many posts were sent back, and how many deliveries were taken down or are gone."""
    taken = (
        select(
            func.coalesce(func.sum(cast(D.state == State.WITHDRAWN, Integer)), 0).label("withdrawn"),
            func.coalesce(func.sum(cast(T.gone, Integer)), 0).label("gone"),
        )
        .select_from(Delivery)
        .join(Post, col(Post.id) == D.post_id)
        .join(Unit, col(Unit.id) == D.unit_id)
        .outerjoin(Total, T.delivery_id == D.id)
        .where(in_scope(paths), D.environment.in_(ways_of(wanted.environment)), *within(wanted))
    )
    found = (await session.rows(taken))[0]
    rejected = (
        select(func.count())
        .select_from(Post)
        .join(Unit, col(Unit.id) == col(Post.unit_id))
        .where(in_scope(paths), col(Post.state) == PostState.REJECTED, *_written_within(wanted))
    )
    return {
        **{name: int(value) for name, value in found.items()},
        "rejected": (await session.run(rejected)).scalar_one(),
    }


def _written_within(wanted: Wanted) -> list[Any]:
    """As `within`, for posts that have no deliveries."""
    conditions: list[Any] = [] if wanted.tahapan is None else [col(Post.tahapan) == wanted.tahapan]
    if wanted.from_at is not None:
        conditions.append(col(Post.due_at) >= wanted.from_at)
    if wanted.to_at is not None:
        conditions.append(col(Post.due_at) < wanted.to_at)
    return conditions


async def silent_channels(session: ReadSession, paths: Sequence[str], environment: str) -> list[dict[str, Any]]:
    """Channels that cannot speak now, with the unit's name."""
    query: Any = (
        select(
            col(Channel.unit_id),
            col(Unit.name).label("unit"),
            col(Channel.platform),
            col(Channel.handle),
            col(Channel.state),
            col(Channel.state_reason),
        )
        .join(Unit, col(Unit.id) == col(Channel.unit_id))
        .where(
            in_scope(paths),
            col(Channel.environment).in_(ways_of(environment)),
            col(Channel.state).in_(["needs_reconnect", "paused"]),
        )
        .order_by(col(Unit.wilayah_code), col(Channel.id))
    )
    return await session.rows(query)


async def targets(session: ReadSession, election_id: int, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Of these regions, from the province down."""
    name = func.coalesce(func.nullif(col(Wilayah.display), ""), col(Wilayah.name)).label("wilayah")
    query = (
        select(
            col(ParticipationTarget.wilayah_code),
            name,
            col(ParticipationTarget.low),
            col(ParticipationTarget.high),
            col(ParticipationTarget.source),
        )
        .join(Wilayah, col(Wilayah.code) == col(ParticipationTarget.wilayah_code))
        .where(col(ParticipationTarget.election_id) == election_id, col(ParticipationTarget.wilayah_code).in_(codes))
        .order_by(col(ParticipationTarget.wilayah_code))
    )
    return await session.rows(query)


async def target_rows(session: ReadSession, election_id: int) -> dict[str, ParticipationTarget]:
    rows = await session.exec(select_rows(ParticipationTarget).where(ParticipationTarget.election_id == election_id))
    return {row.wilayah_code: row for row in rows}


async def known_regions(session: ReadSession, codes: Sequence[str]) -> set[str]:
    return set((await session.run(select(col(Wilayah.code)).where(col(Wilayah.code).in_(codes)))).scalars())


async def mandatory_pieces(session: ReadSession, paths: Sequence[str], wanted: Wanted) -> list[dict[str, Any]]:
    """Deliveries of mandatory broadcasts of the period, with what is needed to say who is late and why."""
    shown: Any = (
        D.broadcast_id, D.unit_id, col(Unit.name).label("unit"), col(Unit.wilayah_code).label("wilayah_code"), D.platform,
        D.state, D.reason, D.due_at, D.published_at, D.url, D.incident_id,
    )  # fmt: skip
    query: Any = (
        select(*shown)
        .select_from(Delivery)
        .join(Post, col(Post.id) == D.post_id)
        .join(Broadcast, and_(col(Broadcast.id) == D.broadcast_id, col(Broadcast.mode) == "mandatory"))
        .join(Unit, col(Unit.id) == D.unit_id)
        .where(
            in_scope(paths), D.environment.in_(ways_of(wanted.environment)), D.state != State.CANCELLED, *within(wanted)
        )
        .order_by(D.broadcast_id, col(Unit.wilayah_code), D.unit_id, D.platform)
    )
    return await session.rows(query)


async def broadcast_heads(session: ReadSession, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Title, deadline and the units that were left out, by id."""
    query: Any = (
        select(col(Broadcast.id), col(PostTemplate.title), col(Broadcast.deadline), col(Broadcast.problems))
        .join(PostTemplate, col(PostTemplate.id) == col(Broadcast.template_id))
        .where(col(Broadcast.id).in_(ids))
    )
    return {row["id"]: row for row in await session.rows(query)}
