"""Takes away what a class has written, in the order in which the tables lean on each other. Only for trainings: elsewhere nothing is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlmodel import col

from app.activities.models import Activity
from app.engagement.models import DailyNumbers, Snapshot, Total
from app.engagement.rules import NUMBERS
from app.engagement.snapshot_store import recount
from app.evidence.models import ComplaintDelivery
from app.kit.db import ReadSession, WriteSession
from app.notices.models import Notice, Sending
from app.posts.models import Broadcast, Post, PostMedia, Remark, ReviewWait, RevisedPost, Series
from app.publishing.models import Attempt, Delivery, Pause, Withdrawal
from app.publishing.rules import State
from app.training.models import Trainee, TrainingTick

_ABOUT_DELIVERIES: tuple[Any, ...] = (Attempt, Withdrawal, ComplaintDelivery, Snapshot, Total)
_ABOUT_POSTS: tuple[Any, ...] = (Remark, ReviewWait, PostMedia, RevisedPost, Pause)
_AT_ONCE = 500
"""Numbers in one list; SQLite takes some thousands."""


@dataclass(frozen=True)
class Written:
    """All that the people of a class have made, by number. `under_way`: deliveries that a worker holds at this moment."""

    posts: Sequence[int]
    broadcasts: Sequence[int]
    series: Sequence[int]
    deliveries: Sequence[int]
    channels: Sequence[int]
    remote_ids: Sequence[str]
    under_way: int


async def written_by(session: ReadSession, class_id: int) -> Written:
    people = select(col(Trainee.user_id)).where(col(Trainee.class_id) == class_id)
    broadcasts = await _column(session, select(col(Broadcast.id)).where(col(Broadcast.created_by).in_(people)))
    series = await _column(session, select(col(Series.id)).where(col(Series.created_by).in_(people)))
    theirs = or_(
        col(Post.created_by).in_(people),
        col(Post.broadcast_id).in_(select(col(Broadcast.id)).where(col(Broadcast.created_by).in_(people))),
        col(Post.series_id).in_(select(col(Series.id)).where(col(Series.created_by).in_(people))),
    )
    posts = await _column(session, select(col(Post.id)).where(theirs))
    found = select(col(Delivery.id), col(Delivery.channel_id), col(Delivery.remote_id), col(Delivery.state)).where(
        col(Delivery.post_id).in_(select(col(Post.id)).where(theirs))
    )
    rows = (await session.run(found)).all()
    return Written(
        posts, broadcasts, series, [row[0] for row in rows], sorted({row[1] for row in rows}), [row[2] for row in rows if row[2]],
        sum(row[3] == State.SENDING for row in rows),
    )  # fmt: skip


async def take_away(session: WriteSession, class_id: int, written: Written) -> None:
    for ids in _parts(written.deliveries):
        for table in _ABOUT_DELIVERIES:
            await session.run(delete(table).where(col(table.delivery_id).in_(ids)))
        await session.run(delete(Delivery).where(col(Delivery.id).in_(ids)))
    for ids in _parts(written.posts):
        for name in ("invitation_id", "post_id"):
            column = getattr(Activity, name)
            await session.run(update(Activity).where(column.in_(ids)).values({name: None}))
        for kept in _ABOUT_POSTS:
            await session.run(delete(kept).where(col(kept.post_id).in_(ids)))
        await session.run(delete(Post).where(col(Post.id).in_(ids)))
    await session.run(delete(Broadcast).where(col(Broadcast.id).in_(written.broadcasts)))
    await session.run(delete(Series).where(col(Series.id).in_(written.series)))
    people = select(col(Trainee.user_id)).where(col(Trainee.class_id) == class_id)
    told = select(col(Notice.id)).where(col(Notice.user_id).in_(people))
    await session.run(delete(Sending).where(col(Sending.notice_id).in_(told)))
    await session.run(delete(Notice).where(col(Notice.user_id).in_(people)))
    await session.run(delete(TrainingTick).where(col(TrainingTick.class_id) == class_id))
    await _count_days_anew(session, written.channels)


async def _count_days_anew(session: WriteSession, channel_ids: Sequence[int]) -> None:
    """The days' numbers must equal a recount of what is left."""
    for ids in _parts(channel_ids):
        days = await recount(session, ids)
        await session.run(delete(DailyNumbers).where(col(DailyNumbers.channel_id).in_(ids)))
        rows = [
            {"channel_id": channel, "counted_on": day, **dict.fromkeys(NUMBERS), **one}
            for (channel, day), one in days.items()
        ]
        await session.insert_many(DailyNumbers, rows)


async def _column(session: ReadSession, query: Any) -> list[int]:
    return list((await session.run(query)).scalars())


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
