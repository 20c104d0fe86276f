"""Every query about channels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy import func, update
from sqlalchemy import select as sql_select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.accounts.models import Unit
from app.accounts.store import within
from app.channels.models import Channel
from app.channels.rules import Environment, State
from app.kit.db import ReadSession, WriteSession
from app.kit.errors import Conflict
from app.platforms.connecting import Candidate

Part = TypeVar("Part")

_CHUNK = 1000
"""Values in one IN list; SQLite and PostgreSQL both stop somewhere above 32,000."""


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; None: any."""

    unit_id: int | None = None
    platform: str | None = None
    environment: str | None = None


async def page(
    session: ReadSession, paths: Sequence[str], wanted: Wanted, *, after: int, limit: int
) -> Sequence[Channel]:
    query = (
        select(Channel).join(Unit, col(Unit.id) == col(Channel.unit_id)).where(within(paths), col(Channel.id) > after)
    )
    if wanted.unit_id is not None:
        query = query.where(Channel.unit_id == wanted.unit_id)
    if wanted.platform is not None:
        query = query.where(Channel.platform == wanted.platform)
    if wanted.environment is not None:
        query = query.where(Channel.environment == wanted.environment)
    return (await session.exec(query.order_by(col(Channel.id)).limit(limit))).all()


async def find(session: ReadSession, channel_id: int, paths: Sequence[str]) -> tuple[Channel, str] | None:
    """The channel and its unit's path, where it lies within `paths`."""
    query = (
        select(Channel, Unit.path)
        .join(Unit, col(Unit.id) == col(Channel.unit_id))
        .where(within(paths), col(Channel.id) == channel_id)
    )
    return (await session.exec(query)).one_or_none()


async def find_unit_path(session: ReadSession, unit_id: int, paths: Sequence[str]) -> str | None:
    return (await session.exec(select(Unit.path).where(within(paths), col(Unit.id) == unit_id))).one_or_none()


async def find_same(session: ReadSession, *, platform: str, environment: str, handle: str) -> Channel | None:
    """The channel of this account whatever its spelling: platforms do not tell capitals apart."""
    query = select(Channel).where(
        Channel.platform == platform, Channel.environment == environment, func.lower(Channel.handle) == handle.lower()
    )
    return (await session.exec(query.limit(1))).first()


async def find_account(
    session: ReadSession, *, platform: str, environment: str, candidate: Candidate
) -> Channel | None:
    """The channel of the account that the platform names: by its number, which outlives a new name, else by name."""
    query = select(Channel).where(Channel.platform == platform, Channel.environment == environment)
    by_number = query.where(Channel.account_id == candidate.account_id, Channel.account_id != "")
    found = (await session.exec(by_number.limit(1))).first()
    return found or await find_same(session, platform=platform, environment=environment, handle=candidate.handle)


async def save(session: WriteSession, channel: Channel) -> None:
    """Raises Conflict where somebody joined the same account in this very moment."""
    session.add(channel)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict(f"Akun {channel.handle} di {channel.platform} sudah tersambung.") from error


async def with_ids(session: ReadSession, channel_ids: Sequence[int]) -> list[Channel]:
    found: list[Channel] = []
    for part in _parts(channel_ids):
        found += (await session.exec(select(Channel).where(col(Channel.id).in_(part)))).all()
    return found


class Sealed(NamedTuple):
    """What a send needs of a channel, without the row's life as an object."""

    id: int
    platform: str
    environment: str
    handle: str
    base_url: str
    sealed: str
    token_ends_at: datetime | None


async def sealed_of(session: ReadSession, channel_ids: Sequence[int]) -> list[Sealed]:
    columns = [col(getattr(Channel, name)) for name in Sealed._fields]
    found: list[Sealed] = []
    for part in _parts(channel_ids):
        found += map(Sealed._make, (await session.run(sql_select(*columns).where(col(Channel.id).in_(part)))))
    return found


async def of_units(
    session: ReadSession, unit_ids: Sequence[int], *, platforms: Sequence[str], environment: str
) -> list[Channel]:
    """Channels of these units that are not closed, by unit and platform; scope is the caller's."""
    found: list[Channel] = []
    for part in _parts(unit_ids):
        query = select(Channel).where(
            col(Channel.unit_id).in_(part),
            col(Channel.platform).in_(platforms),
            Channel.environment == environment,
            Channel.state != State.CLOSED,
        )
        found += (
            await session.exec(query.order_by(col(Channel.unit_id), col(Channel.platform), col(Channel.id)))
        ).all()
    return found


async def under(session: ReadSession, path: str, *, platforms: Sequence[str]) -> list[int]:
    """Connected accounts of these platforms at or beneath a unit, in order; those of hands are left out."""
    query = (
        sql_select(col(Channel.id))
        .join(Unit, col(Unit.id) == col(Channel.unit_id))
        .where(within([path]), col(Channel.platform).in_(platforms), col(Channel.state) == State.CONNECTED)
        .where(col(Channel.environment) != Environment.MANUAL)
    )
    return list((await session.run(query.order_by(col(Channel.id)))).scalars())


async def break_connected(session: WriteSession, channel_id: int, reason: str) -> bool:
    """From connected to needs_reconnect; False where a person or a colleague was faster."""
    statement = update(Channel).where(col(Channel.id) == channel_id, col(Channel.state) == State.CONNECTED)
    values = {"state": State.NEEDS_RECONNECT, "state_reason": reason, "check_at": None, "suspected_at": None}
    return (await session.run(statement.values(**values))).rowcount == 1


async def practice_taken(session: ReadSession, handles: Sequence[str]) -> set[tuple[str, str]]:
    """Which of these (platform, handle) the simulator already knows from us."""
    taken: set[tuple[str, str]] = set()
    for part in _parts(handles):
        query = select(Channel.platform, Channel.handle).where(
            Channel.environment == Environment.PRACTICE, col(Channel.handle).in_(part)
        )
        taken |= {(platform, handle) for platform, handle in (await session.exec(query)).all()}
    return taken


def _parts(values: Sequence[Part]) -> Iterator[Sequence[Part]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
