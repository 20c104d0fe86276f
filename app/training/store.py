"""Every query about classes: who sits in them, and what they have done, as the other rooms' tables tell."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, cast, func, literal, select, union, update
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import LoginSession, Membership, Unit
from app.accounts.unit_store import in_scope
from app.audit.models import AuditEvent
from app.channels.models import REHEARSAL, Channel
from app.channels.rules import Environment, State
from app.content.models import Media
from app.kit.db import ReadSession, WriteSession
from app.posts.models import Broadcast, Post, PostMedia
from app.posts.rules import PostState
from app.publishing.models import Delivery
from app.publishing.rules import State as DeliveryState
from app.training.models import Trainee, TrainingClass, TrainingTick
from app.training.rules import REVIEWS, StepKey

_HANDED_IN = (PostState.IN_REVIEW, PostState.APPROVED, PostState.SCHEDULED, PostState.DONE)
BY_HAND = "whatsapp"
"""The medium on which a class practises to publish by hand."""


async def any_live(session: ReadSession) -> bool:
    """Does any account of the whole installation speak to a real platform?"""
    query = select(col(Channel.id)).where(
        col(Channel.environment) == Environment.LIVE, col(Channel.state) != State.CLOSED
    )
    return (await session.run(query.limit(1))).first() is not None


async def is_live(session: ReadSession, channel_id: int) -> bool:
    row = await session.get(Channel, channel_id)
    return row is not None and row.environment == Environment.LIVE


async def any_open(session: ReadSession, *, now: datetime) -> bool:
    return (await session.run(_open(now).limit(1))).first() is not None


def _open(now: datetime) -> Any:
    return select(col(TrainingClass.id)).where(col(TrainingClass.closed_at).is_(None), col(TrainingClass.ends_at) > now)


async def classes_in(session: ReadSession, paths: Sequence[str], *, limit: int) -> list[tuple[TrainingClass, Unit]]:
    """The newest first."""
    query = (
        select_rows(TrainingClass, Unit)
        .join(Unit, col(Unit.id) == col(TrainingClass.unit_id))
        .where(in_scope(paths))
        .order_by(col(TrainingClass.id).desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in (await session.exec(query)).all()]


async def class_with_unit(
    session: ReadSession, class_id: int, *, lock: bool = False
) -> tuple[TrainingClass, Unit] | None:
    """`lock`: nobody else begins, joins or ends it meanwhile."""
    query = (
        select_rows(TrainingClass, Unit)
        .join(Unit, col(Unit.id) == col(TrainingClass.unit_id))
        .where(col(TrainingClass.id) == class_id)
    )
    return (await session.exec(query.with_for_update(of=TrainingClass) if lock else query)).first()


async def trainees_of(session: ReadSession, class_id: int) -> list[Trainee]:
    return list((await session.exec(select_rows(Trainee).where(col(Trainee.class_id) == class_id))).all())


async def trainee(session: ReadSession, user_id: int) -> Trainee | None:
    return await session.get(Trainee, user_id)


async def end_sessions(session: WriteSession, class_id: int, *, now: datetime) -> None:
    people = select(col(Trainee.user_id)).where(col(Trainee.class_id) == class_id)
    statement = update(LoginSession).where(col(LoginSession.user_id).in_(people), col(LoginSession.ended_at).is_(None))
    await session.run(statement.values(ended_at=now))


async def end_role_on(session: WriteSession, user_id: int, unit_id: int, day: date) -> None:
    statement = update(Membership).where(col(Membership.user_id) == user_id, col(Membership.unit_id) == unit_id)
    await session.run(statement.values(ends_on=day))


async def count_screens(session: ReadSession, class_id: int, *, now: datetime) -> int:
    """Phones that are logged in for this class."""
    query = (
        select(func.count())
        .select_from(LoginSession)
        .join(Trainee, col(Trainee.user_id) == col(LoginSession.user_id))
        .where(col(Trainee.class_id) == class_id, col(LoginSession.ended_at).is_(None))
        .where(col(LoginSession.expires_at) > now)
    )
    return int((await session.run(query)).scalar_one())


async def add_by_hand(session: WriteSession, units: Sequence[Unit], *, now: datetime) -> None:
    """A task channel for every unit without one, so that publishing by hand can be practised."""
    ids = [unit.id for unit in units]
    taken = select(col(Channel.unit_id)).where(
        col(Channel.environment) == Environment.MANUAL, col(Channel.platform) == BY_HAND, col(Channel.unit_id).in_(ids)
    )
    has_one = set((await session.run(taken)).scalars())
    rows: list[dict[str, Any]] = [
        {
            "unit_id": unit.id, "platform": BY_HAND, "environment": Environment.MANUAL, "handle": f"{REHEARSAL}{unit.kind}.{unit.wilayah_code}",
            "state": State.CONNECTED, "state_reason": "", "sealed": "", "base_url": "", "created_at": now, "account_id": "", "tended_by": "",
        }
        for unit in units
        if unit.id not in has_one
    ]  # fmt: skip
    await session.insert_many(Channel, rows)


async def done_steps(session: ReadSession, klass: TrainingClass) -> dict[int, set[str]]:
    """What each unit of the class has done since it began, by unit."""
    sat = select(Trainee).where(col(Trainee.class_id) == klass.id).subquery("sat")
    since, posted = klass.begun_at, col(Post.created_by) == sat.c.user_id

    def seen(key: StepKey, *more: Any) -> Any:
        return select(sat.c.unit_id, literal(str(key)).label("step")).where(*more)

    posts = select(col(Post.id)).where(posted, col(Post.created_at) >= since)
    spoken = (
        select(col(PostMedia.post_id))
        .join(Media, col(Media.id) == col(PostMedia.media_id))
        .where(col(Media.alt_text) != "")
    )
    out = select(col(Delivery.post_id)).where(col(Delivery.state) == DeliveryState.PUBLISHED)
    reviewed = select(col(AuditEvent.id)).where(
        col(AuditEvent.actor) == literal("user:").concat(cast(sat.c.user_id, String)),
        col(AuditEvent.action).in_(REVIEWS), col(AuditEvent.at) >= since,
    )  # fmt: skip
    sent = select(col(Broadcast.id)).where(
        col(Broadcast.created_by) == sat.c.user_id, col(Broadcast.created_at) >= since
    )
    query = union(
        seen(StepKey.ENTER, sat.c.joined_at >= since),
        seen(StepKey.TEMPLATE, posts.where(col(Post.template_id).is_not(None)).exists()),
        seen(StepKey.PICTURE, posts.where(col(Post.id).in_(spoken)).exists()),
        seen(StepKey.SCHEDULE, posts.where(col(Post.state).in_(_HANDED_IN), col(Post.due_at).is_not(None)).exists()),
        seen(StepKey.PUBLISHED, posts.where(col(Post.id).in_(out.where(col(Delivery.environment) == Environment.PRACTICE))).exists()),
        seen(StepKey.BY_HAND, posts.where(col(Post.id).in_(out.where(col(Delivery.environment) == Environment.MANUAL))).exists()),
        seen(StepKey.REVIEW, reviewed.exists()),
        seen(StepKey.BROADCAST, sent.exists()),
        select(col(TrainingTick.unit_id), col(TrainingTick.step)).where(col(TrainingTick.class_id) == klass.id),
    )  # fmt: skip
    found: dict[int, set[str]] = {}
    for unit_id, step in (await session.run(query)).all():
        found.setdefault(unit_id, set()).add(step)
    return found
