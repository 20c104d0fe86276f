"""What a channel's queue must look like after a person took over from the program, or the program from a person."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, func, or_, select, update
from sqlmodel import col

from app.channels.models import Channel
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery
from app.publishing.rules import HANDED, IN_FLIGHT, MAY_RETRY, State
from app.publishing.store import TOLD

D = Delivery.__table__.c  # type: ignore[attr-defined]

_OPEN = (State.WAITING, State.DUE, State.MANUAL, *MAY_RETRY)


async def count_in_flight(session: ReadSession, channel_id: int) -> int:
    query = select(func.count()).where(D.channel_id == channel_id, D.state.in_(IN_FLIGHT))
    return int((await session.run(query)).scalar_one())


async def follow_channel(session: WriteSession, channel_id: int, *, now: datetime) -> None:
    """Open deliveries take the channel's way of publishing; what has ended keeps the way it went.

    Hand-offs whose minute has come stay with their person, who may have published them already; so do drafts that are there.
    """
    environment = select(col(Channel.environment)).where(col(Channel.id) == channel_id).scalar_subquery()
    is_behind = (D.channel_id == channel_id, D.environment != environment, D.state.in_(_OPEN))
    is_by_hand = environment == "manual"
    stays = or_(is_by_hand, D.due_at <= now, D.code == HANDED)
    state = case(
        (D.state == State.DUE, case((is_by_hand, State.MANUAL), else_=State.DUE)),
        (D.state == State.MANUAL, case((stays, State.MANUAL), else_=State.DUE)),
        else_=D.state,
    )
    await session.run(update(Delivery).where(*is_behind).values(environment=environment, state=state))


async def take_called(session: WriteSession, *, now: datetime) -> list[dict[str, Any]]:
    """Hand-offs whose minute has come and whose person has not been told; each is answered once."""
    statement = (
        update(Delivery)
        .where(D.state == State.MANUAL, D.act_at.is_not(None), D.act_at <= now)
        .values(act_at=None)
        .returning(*TOLD)
    )
    return await session.rows(statement)
