"""Every query about looking after credentials. Whoever does it holds the channel's row by a lease, so that nobody else does."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlmodel import col
from sqlmodel import select as select_rows

from app.channels.models import Channel
from app.channels.rules import State
from app.kit.db import ReadSession, WriteSession

_LOOKED_AFTER = (State.CONNECTED, State.PAUSED)


def _is_due(now: datetime) -> Any:
    free = or_(col(Channel.tending_ends_at).is_(None), col(Channel.tending_ends_at) <= now)
    return (col(Channel.check_at) <= now) & col(Channel.state).in_(_LOOKED_AFTER) & free


async def any_due(session: ReadSession, *, now: datetime) -> bool:
    return (await session.run(select(col(Channel.id)).where(_is_due(now)).limit(1))).first() is not None


async def take_due(
    session: WriteSession, *, holder: str, now: datetime, lease_ends_at: datetime, limit: int
) -> list[Channel]:
    """Up to `limit` channels, each held by exactly one `holder` until the lease ends."""
    wanted = (
        select(col(Channel.id)).where(_is_due(now)).order_by(col(Channel.check_at)).limit(limit)
        .with_for_update(skip_locked=True).cte("wanted")
    )  # fmt: skip
    statement = (
        update(Channel)
        .where(col(Channel.id).in_(select(wanted.c.id)), _is_due(now))
        .values(tended_by=holder, tending_ends_at=lease_ends_at)
        .returning(col(Channel.id))
    )
    ids = list((await session.run(statement)).scalars())
    query = select_rows(Channel).where(col(Channel.id).in_(ids)).execution_options(populate_existing=True)
    return list((await session.exec(query)).all()) if ids else []


async def put_back(
    session: WriteSession, channel_id: int, *, holder: str, sealed: str, values: Mapping[str, Any]
) -> bool:
    """What came of it, and the lease given up. False, changing nothing, where a person gave a new credential meanwhile."""
    statement = update(Channel).where(
        col(Channel.id) == channel_id,
        col(Channel.tended_by) == holder,
        col(Channel.sealed) == sealed,
        col(Channel.state).in_(_LOOKED_AFTER),
    )
    return (await session.run(statement.values(tended_by="", tending_ends_at=None, **values))).rowcount == 1


async def suspect(
    session: WriteSession, channel_id: int, *, now: datetime, check_at: datetime, since: datetime
) -> bool:
    """The credential was refused in a call begun at `since`: look after it soon. False where it has been renewed after that."""
    statement = update(Channel).where(
        col(Channel.id) == channel_id,
        col(Channel.state) == State.CONNECTED,
        or_(col(Channel.renewed_at).is_(None), col(Channel.renewed_at) < since),
    )
    if (await session.run(statement.values(suspected_at=now, check_at=check_at))).rowcount == 1:
        return True
    fresh = select(col(Channel.id)).where(col(Channel.id) == channel_id, col(Channel.state) == State.CONNECTED)
    return (await session.run(fresh)).first() is None


async def check_soon(session: WriteSession, channel_ids: Sequence[int], *, now: datetime) -> None:
    late = or_(col(Channel.check_at).is_(None), col(Channel.check_at) > now)
    await session.run(update(Channel).where(col(Channel.id).in_(channel_ids), late).values(check_at=now))


async def put_off(session: WriteSession, *, platform: str, environment: str, until: datetime) -> None:
    """While a platform is out nobody learns anything about a credential."""
    statement = update(Channel).where(
        col(Channel.platform) == platform, col(Channel.environment) == environment, col(Channel.check_at) < until
    )
    await session.run(statement.values(check_at=until))
