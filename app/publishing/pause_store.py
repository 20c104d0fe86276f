"""Every query about pauses: which units may not speak now, and what that means for their queue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, true, update
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.channels.models import Channel
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery, Pause
from app.publishing.rules import HANDED, State

D = Delivery.__table__.c  # type: ignore[attr-defined]

SAYS, SAYS_OF_ONE = "Dijeda: ", "Ditahan peninjau: "

_RUNNING = col(Pause.ended_at).is_(None)
_OF_UNITS = col(Pause.post_id).is_(None)
# Paths hold digits and strokes alone, so nothing in them is a wildcard.
_COVERS = and_(_OF_UNITS, col(Unit.path).startswith(col(Pause.path)))
_SAID: Any = case((_OF_UNITS, literal(SAYS)), else_=literal(SAYS_OF_ONE)).concat(col(Pause.reason))
_OVER_THIS = (
    select(_SAID)
    .select_from(Pause)
    .join(Unit, true())
    .where(_RUNNING, col(Unit.id) == D.unit_id, or_(_COVERS, col(Pause.post_id) == D.post_id))
    .correlate(Delivery.__table__)  # type: ignore[attr-defined]
)
QUEUED: Any = case((or_(D.environment == "manual", D.code == HANDED), State.MANUAL), else_=State.DUE)
"""Where a delivery waits once approved: a channel without an API has a person for a worker, and so has a draft that is there."""
IS_PAUSED = exists(_OVER_THIS)
"""In a statement about deliveries: does a running pause cover the unit, or this very post?"""
PAUSE_REASON: Any = _OVER_THIS.order_by(col(Pause.id)).limit(1).scalar_subquery()


async def paused_units(session: ReadSession) -> dict[int, str]:
    """Why, by unit id, for every unit that may not speak now."""
    query = select(col(Unit.id), col(Pause.reason)).select_from(Pause).join(Unit, _COVERS).where(_RUNNING)
    rows = await session.run(query.order_by(col(Pause.id).desc()))
    return {row.id: SAYS + row.reason for row in rows}


async def paused(session: ReadSession, wanted: Sequence[tuple[int, int]]) -> list[str | None]:
    """For each post and its unit why it may not leave now; None where it may."""
    units = await paused_units(session)
    query = select(col(Pause.post_id), col(Pause.reason)).where(_RUNNING, ~_OF_UNITS)
    posts = {row[0]: SAYS_OF_ONE + row[1] for row in (await session.run(query)).all()}
    return [units.get(unit_id) or posts.get(post_id) for post_id, unit_id in wanted]


async def hold(session: WriteSession, which: ColumnElement[bool], *, reason: str) -> int:
    """Everything of these that could leave waits; answers how much."""
    statement = update(Delivery).where(which, D.state.in_([State.DUE, State.MANUAL]))
    return (await session.run(statement.values(state=State.WAITING, reason=reason))).rowcount


async def count_in_flight(session: ReadSession, which: ColumnElement[bool]) -> int:
    query = select(func.count()).where(which, D.state.in_([State.SENDING, State.UNSURE]))
    return int((await session.run(query)).scalar_one())


async def release(session: WriteSession, which: ColumnElement[bool], *, now: datetime) -> int:
    """What was approved, is still good and is held by nothing else goes on; answers how much."""
    speaking = select(col(Channel.id)).where(col(Channel.id) == D.channel_id, col(Channel.state) == "connected")
    act_at = case((D.due_at > now, D.due_at), else_=now)
    statement = (
        update(Delivery)
        .where(which, D.state == State.WAITING, D.message_hash != "", D.valid_until > now)
        .where(exists(speaking), ~IS_PAUSED)
        .values(state=QUEUED, act_at=act_at, reason="")
    )
    released = (await session.run(statement)).rowcount
    # What waits for another pause, or for its channel, says so from now on.
    still = (which, D.state == State.WAITING, D.message_hash != "")
    await session.run(update(Delivery).where(*still, IS_PAUSED).values(reason=PAUSE_REASON))
    silent = update(Delivery).where(*still, ~IS_PAUSED, D.valid_until > now)
    await session.run(silent.values(reason="Akun dijeda atau perlu disambungkan ulang."))
    return released


async def find_pause(
    session: ReadSession, paths: Sequence[str], pause_id: int, *, to_change: bool = False
) -> Pause | None:
    query = select_rows(Pause).join(Unit, col(Unit.id) == col(Pause.unit_id)).where(in_scope(paths))
    query = query.where(_OF_UNITS, col(Pause.id) == pause_id)
    return (await session.exec(query.with_for_update(of=Pause) if to_change else query)).first()


async def find_pauses(
    session: ReadSession, paths: Sequence[str], over: Sequence[str], *, limit: int, before_id: int | None, running: bool
) -> list[Pause]:
    """Newest first: pauses of units in scope, and those of units above (`over`: ids on the way up) that cover them."""
    above = [int(part) for path in over for part in path.split("/") if part]
    query = select_rows(Pause).join(Unit, col(Unit.id) == col(Pause.unit_id))
    query = query.where(_OF_UNITS, in_scope(paths) | col(Pause.unit_id).in_(above))
    if running:
        query = query.where(_RUNNING)
    if before_id is not None:
        query = query.where(col(Pause.id) < before_id)
    return list((await session.exec(query.order_by(col(Pause.id).desc()).limit(limit))).all())


async def unit_names(session: ReadSession, unit_ids: Sequence[int]) -> dict[int, str]:
    """Of units that carry a pause: whoever is held by it may know whose it is."""
    rows = await session.run(select(col(Unit.id), col(Unit.name)).where(col(Unit.id).in_(unit_ids)))
    return {row[0]: row[1] for row in rows}


async def running_at(session: ReadSession, unit_id: int) -> Pause | None:
    return (await session.exec(select_rows(Pause).where(_RUNNING, _OF_UNITS, Pause.unit_id == unit_id))).first()


async def hold_of(session: ReadSession, post_id: int) -> Pause | None:
    """What holds this very post."""
    return (await session.exec(select_rows(Pause).where(_RUNNING, Pause.post_id == post_id))).first()


def of_post(post_id: int) -> Any:
    return D.post_id == post_id


def under(path: str) -> Any:
    return D.unit_id.in_(select(col(Unit.id)).where(in_scope([path])))
