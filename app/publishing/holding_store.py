"""Every query about holding the whole installation, and about what a restored database cannot know."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlmodel import col

from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery, LanePause
from app.publishing.rules import AFTER_RESTORE, ASK_AFTER_RESTORE, MISSED_IN_RESTORE, RESTORED, State
from app.publishing.store import ALL_LANES, D, pause_lane

FOREVER = datetime(2999, 12, 31, tzinfo=UTC)


async def hold(session: WriteSession, *, reason: str) -> None:
    await pause_lane(session, ALL_LANES, until=FOREVER, reason=reason)


async def let_go(session: WriteSession) -> bool:
    return (await session.run(delete(LanePause).where(col(LanePause.lane) == ALL_LANES))).rowcount == 1


async def find_hold(session: ReadSession) -> str | None:
    query = select(col(LanePause.reason)).where(col(LanePause.lane) == ALL_LANES)
    return (await session.run(query)).scalar_one_or_none()


async def platforms_with_doubt(session: ReadSession, *, now: datetime, since: datetime | None) -> Sequence[str]:
    query = select(D.platform).where(_may_be_out(now, since)).distinct()
    return sorted((await session.run(query)).scalars())


async def doubt(
    session: WriteSession, platform: str, *, look_at: datetime | None, now: datetime, since: datetime | None
) -> int:
    """`look_at` None: the platform cannot be asked, a person must look."""
    statement = update(Delivery).where(D.platform == platform, _may_be_out(now, since))
    values: dict[str, Any] = {
        "state": State.UNSURE,
        "act_at": look_at,
        "reason": AFTER_RESTORE if look_at else ASK_AFTER_RESTORE,
        "code": RESTORED,
        "looks": 0,
        "worker_id": None,
        # What was prepared then may not be what was published since; a new try prepares anew.
        "prepared": {},
        "first_sent_at": func.coalesce(D.first_sent_at, D.due_at),
        "last_sent_at": now,
    }
    return (await session.run(statement.values(**values))).rowcount


async def miss_unapproved(session: WriteSession, *, now: datetime, since: datetime | None) -> int:
    statement = update(Delivery).where(D.state == State.WAITING, D.message_hash == "", _was_due(now, since))
    return (await session.run(statement.values(state=State.MISSED, act_at=None, reason=MISSED_IN_RESTORE))).rowcount


async def ask_about_hand_offs(session: WriteSession, *, now: datetime, since: datetime | None, reason: str) -> int:
    """They stay with a person, who is told that it may have been done."""
    statement = update(Delivery).where(D.state == State.MANUAL, _was_due(now, since))
    return (await session.run(statement.values(reason=reason))).rowcount


def _was_due(now: datetime, since: datetime | None) -> ColumnElement[bool]:
    return D.due_at <= now if since is None else and_(D.due_at <= now, D.due_at >= since)


def _may_be_out(now: datetime, since: datetime | None) -> ColumnElement[bool]:
    held = and_(D.state.in_([State.DUE, State.WAITING]), D.message_hash != "", _was_due(now, since))
    return and_(D.environment != "manual", or_(held, D.state.in_([State.SENDING, State.UNSURE])))
