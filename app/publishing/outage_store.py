"""Every query about outages of platforms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.channels.models import Channel
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery, Incident, LanePause, OutageSign
from app.publishing.rules import OPEN, State
from app.publishing.store import D, upsert

_GOES_ON = col(Incident.ended_at).is_(None)


async def note_signs(session: WriteSession, lane: str, channel_ids: Sequence[int], *, at: datetime) -> None:
    statement = upsert(session, OutageSign).on_conflict_do_update(
        index_elements=["lane", "channel_id"], set_={"at": at}
    )
    await session.run(statement, [{"lane": lane, "channel_id": each, "at": at} for each in channel_ids])


async def signs(session: ReadSession, lane: str, *, since: datetime) -> list[int]:
    query = select(col(OutageSign.channel_id)).where(col(OutageSign.lane) == lane, col(OutageSign.at) > since)
    return list((await session.run(query)).scalars())


async def begin(session: WriteSession, incident: dict[str, Any]) -> int | None:
    """Its number; None where the platform's outage is known already."""
    statement = upsert(session, Incident).values(**incident).on_conflict_do_nothing().returning(col(Incident.id))
    return (await session.run(statement)).scalar_one_or_none()


async def hold_lanes(
    session: WriteSession, lanes: Sequence[str], *, until: datetime, reason: str, most: int | None
) -> None:
    values = {"until": until, "reason": reason, "most": most}
    statement = upsert(session, LanePause).on_conflict_do_update(index_elements=["lane"], set_=values)
    await session.run(statement, [{"lane": lane, **values} for lane in lanes])


async def turn(session: WriteSession, lane: str, *, now: datetime) -> int | None:
    """How many may leave in the turn that this transaction takes; None: another worker has it."""
    query = select(col(LanePause.most)).where(
        col(LanePause.lane) == lane, col(LanePause.until) <= now, col(LanePause.most).is_not(None)
    )
    return (await session.run(query.with_for_update(skip_locked=True))).scalar_one_or_none()


async def end_turn(session: WriteSession, lane: str, *, until: datetime, most: int | None) -> None:
    await session.run(update(LanePause).where(col(LanePause.lane) == lane).values(until=until, most=most))


async def arrived(session: WriteSession, lanes: Sequence[str]) -> None:
    """The one that was let go is out: from now on each turn is twice the last."""
    await session.run(update(LanePause).where(col(LanePause.lane).in_(lanes), col(LanePause.most) == 1).values(most=2))


async def half_open(session: ReadSession) -> set[str]:
    return set((await session.run(select(col(LanePause.lane)).where(col(LanePause.most).is_not(None)))).scalars())


async def going_on(session: ReadSession) -> list[Incident]:
    return list((await session.exec(select_rows(Incident).where(_GOES_ON).order_by(col(Incident.id)))).all())


async def take_probe(session: WriteSession, incident_id: int, *, now: datetime, next_at: datetime) -> bool:
    statement = update(Incident).where(col(Incident.id) == incident_id, _GOES_ON, col(Incident.probe_at) <= now)
    return (await session.run(statement.values(probe_at=next_at))).rowcount == 1


async def change(session: WriteSession, incident_id: int, **values: Any) -> None:
    await session.run(update(Incident).where(col(Incident.id) == incident_id).values(**values))


async def some_channel(session: ReadSession, platform: str, environment: str, *, skip: int) -> int | None:
    """One of those whose credential is believed good; another with each `skip`."""
    query = select(col(Channel.id)).where(
        col(Channel.platform) == platform, col(Channel.environment) == environment, col(Channel.state) == "connected"
    )
    ids = list((await session.run(query.order_by(col(Channel.id)).limit(50))).scalars())
    return ids[skip % len(ids)] if ids else None


async def ask_suspects(session: WriteSession, platform: str, environment: str, *, now: datetime) -> None:
    """Whose credential was doubted during the outage is asked about now; a good answer lets its queue go."""
    doubted = update(Channel).where(
        col(Channel.platform) == platform,
        col(Channel.environment) == environment,
        col(Channel.suspected_at).is_not(None),
    )
    await session.run(doubted.values(check_at=now))


async def is_anything_due(session: ReadSession, lanes: Sequence[str], *, now: datetime) -> bool:
    due = select(D.id).where(D.lane.in_(lanes), D.state == State.DUE, D.act_at <= now, D.valid_until > now).limit(1)
    return (await session.run(due)).first() is not None


async def is_anyone_doubted(session: ReadSession, platform: str, environment: str) -> bool:
    query = select(col(Channel.id)).where(
        col(Channel.platform) == platform, col(Channel.environment) == environment, col(Channel.suspected_at).is_not(None),
        col(Channel.state) == "connected",
    )  # fmt: skip
    return (await session.run(query.limit(1))).first() is not None


async def mark_late(session: WriteSession, incident: Incident, *, began_at: datetime, now: datetime) -> int:
    """What the outage has made late or missed carries its number; answers how much."""
    late = and_(D.published_at >= incident.began_at, D.due_at <= (incident.recovers_at or now))
    statement = update(Delivery).where(
        D.platform == incident.platform, D.environment == incident.environment, D.incident_id.is_(None),
        D.due_at >= began_at, D.due_at <= now,
        or_(D.state.in_(OPEN), D.state == State.MISSED, late),
    )  # fmt: skip
    return (await session.run(statement.values(incident_id=incident.id))).rowcount


async def forget_signs(session: WriteSession, lanes: Sequence[str]) -> None:
    await session.run(delete(OutageSign).where(col(OutageSign.lane).in_(lanes)))


async def homes(session: ReadSession, channel_ids: Sequence[int]) -> list[int]:
    """The topmost units of these channels: one outage is told once to each, not to every unit."""
    query = select(col(Unit.path)).join(Channel, col(Channel.unit_id) == col(Unit.id))
    paths = (await session.run(query.where(col(Channel.id).in_(channel_ids)).distinct())).scalars()
    return sorted({int(next(part for part in path.split("/") if part)) for path in paths})


async def list_incidents(session: ReadSession, *, running: bool, limit: int) -> list[Incident]:
    query = select_rows(Incident).order_by(col(Incident.id).desc()).limit(limit)
    return list((await session.exec(query.where(_GOES_ON) if running else query)).all())


async def concerned(
    session: ReadSession, paths: Sequence[str], platform: str, environment: str, *, until: datetime
) -> tuple[int, int]:
    """In these units: channels on the platform, and approved deliveries due until then that have not left."""
    scope = or_(*(col(Unit.path).startswith(path, autoescape=True) for path in paths)) if paths else col(Unit.id) < 0
    on_it = (col(Channel.platform) == platform, col(Channel.environment) == environment, col(Channel.state) != "closed")
    channels = (
        select(func.count()).select_from(Channel).join(Unit, col(Unit.id) == col(Channel.unit_id)).where(scope, *on_it)
    )
    held = (
        select(func.count()).select_from(Delivery).join(Unit, col(Unit.id) == D.unit_id)
        .where(scope, D.platform == platform, D.environment == environment, D.due_at <= until, D.message_hash != "")
        .where(D.state.in_([State.DUE, State.WAITING]))
    )  # fmt: skip
    return int((await session.run(channels)).scalar_one()), int((await session.run(held)).scalar_one())


IS_HELD_BACK: Any = exists(
    select(col(LanePause.lane)).where(col(LanePause.lane) == D.lane, col(LanePause.most).is_not(None))
).correlate(Delivery.__table__)  # type: ignore[attr-defined]
"""In a statement about deliveries: is its platform out, or coming back?"""
