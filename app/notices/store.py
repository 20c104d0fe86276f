"""Every query about notices, how they travel, and the outbox they are made of."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col
from sqlmodel import select as select_rows

from app.accounts.models import Membership, Unit, User
from app.accounts.rules import Role, UnitKind
from app.accounts.speaker import lineage
from app.accounts.store import within
from app.audit.models import OutboxEvent
from app.kit.db import ReadSession, WriteSession
from app.notices.models import Notice, NoticePreference, PushDevice, Sending
from app.notices.rules import Member, SendState

E = OutboxEvent.__table__.c  # type: ignore[attr-defined]
S = Sending.__table__.c  # type: ignore[attr-defined]
N = Notice.__table__.c  # type: ignore[attr-defined]

_CHUNK = 500


def _insert(session: WriteSession, table: type[SQLModel]) -> Any:
    return sqlite.insert(table) if session.is_sqlite else postgresql.insert(table)


async def any_event(session: ReadSession) -> bool:
    return (await session.run(select(E.id).where(E.taken_at.is_(None)).limit(1))).first() is not None


async def take_events(session: WriteSession, *, now: datetime, limit: int) -> list[dict[str, Any]]:
    """The oldest events nobody has taken, in their order; each goes to exactly one taker whose transaction commits."""
    wanted = (
        select(E.id)
        .where(E.taken_at.is_(None))
        .order_by(E.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("wanted")
    )
    statement = update(OutboxEvent).where(E.id.in_(select(wanted.c.id)), E.taken_at.is_(None)).values(taken_at=now)
    rows = await session.rows(statement.returning(E.id, E.kind, E.subject, E.unit_id, E.detail))
    return sorted(rows, key=lambda row: int(row["id"]))


async def units_of(session: ReadSession, unit_ids: Collection[int]) -> dict[int, Unit]:
    found = await session.exec(select_rows(Unit).where(col(Unit.id).in_(unit_ids)))
    return {unit.id: unit for unit in found.all() if unit.id is not None}


async def members_above(session: ReadSession, paths: Collection[str]) -> dict[str, list[Member]]:
    """By path of a unit: everybody active with a role there or above."""
    ids = {ancestor for path in paths for ancestor in lineage(path)}
    query = (
        select_rows(Membership, Unit.path, Unit.kind)
        .join(Unit, col(Unit.id) == col(Membership.unit_id))
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(Membership.unit_id).in_(ids), col(User.is_active))
    )
    members = [
        Member(held.user_id, path, UnitKind(kind), Role(held.role), held.is_deputy)
        for held, path, kind in (await session.exec(query)).all()
    ]
    return {path: [member for member in members if path.startswith(member.path)] for path in paths}


async def add_notices(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Id and user of those that are new: nobody is told of one incident twice.

    In a steady order, so that two writers of the same incidents wait for each other instead of locking up.
    """
    new: list[tuple[int, int]] = []
    for part in _parts(sorted(rows, key=lambda row: (row["key"], row["user_id"]))):
        statement = _insert(session, Notice).values(part).on_conflict_do_nothing(index_elements=["user_id", "key"])
        found = await session.rows(statement.returning(N.id, N.user_id))
        new += [(row["id"], row["user_id"]) for row in found]
    return new


async def preferences_of(session: ReadSession, user_ids: Collection[int]) -> dict[tuple[int, str], NoticePreference]:
    found = await session.exec(select_rows(NoticePreference).where(col(NoticePreference.user_id).in_(user_ids)))
    return {(row.user_id, row.way): row for row in found.all()}


async def set_preference(session: WriteSession, user_id: int, way: str, *, address: str, is_on: bool) -> None:
    values = {"address": address, "is_on": is_on}
    statement = _insert(session, NoticePreference).values(user_id=user_id, way=way, **values)
    await session.run(statement.on_conflict_do_update(index_elements=["user_id", "way"], set_=values))


async def email_of(session: ReadSession, user_id: int) -> str:
    return (await session.exec(select_rows(User.email).where(col(User.id) == user_id))).one()


async def any_sending(session: ReadSession, *, ways: Collection[str], now: datetime) -> bool:
    query = select(S.id).where(S.state == SendState.WAITING, S.act_at <= now, S.way.in_(ways)).limit(1)
    return (await session.run(query)).first() is not None


async def take_sendings(
    session: WriteSession, *, ways: Collection[str], now: datetime, lease_ends_at: datetime, limit: int
) -> list[dict[str, Any]]:
    """Take what may leave now: nobody else tries it before its lease ends. Answers all that a letter needs."""
    wanted = (
        select(S.id)
        .where(S.state == SendState.WAITING, S.act_at <= now, S.way.in_(ways))
        .order_by(S.act_at, S.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("wanted")
    )
    statement = (
        update(Sending)
        .where(S.id.in_(select(wanted.c.id)), S.state == SendState.WAITING, S.act_at <= now)
        .values(attempts=S.attempts + 1, act_at=lease_ends_at)
        .returning(S.id)
    )
    ids = [row["id"] for row in await session.rows(statement)]
    return await session.rows(_letters(ids)) if ids else []


def _letters(ids: Sequence[int]) -> Select[Any]:
    chosen = (col(NoticePreference.user_id) == N.user_id) & (col(NoticePreference.way) == S.way)
    return (
        select(
            S.id,
            S.way,
            S.attempts,
            N.user_id,
            N.key,
            N.title,
            N.body,
            N.link,
            N.created_at,
            col(User.email),
            col(User.is_active),
            col(NoticePreference.address),
            col(NoticePreference.is_on),
        )
        .select_from(Sending)
        .join(Notice, N.id == S.notice_id)
        .join(User, col(User.id) == N.user_id)
        .join(NoticePreference, chosen, isouter=True)
        .where(S.id.in_(ids))
        .order_by(S.id)
    )


async def record_sending(session: WriteSession, tries: Mapping[int, int], values: Mapping[str, Any]) -> None:
    """`tries`: sending id and attempt. A try whose lease has passed to somebody else changes nothing."""
    for identity, attempts in tries.items():
        statement = update(Sending).where(S.id == identity, S.attempts == attempts, S.state == SendState.WAITING)
        await session.run(statement.values(**values))


async def postpone_way(session: WriteSession, way: str, *, until: datetime) -> None:
    """The other side asked all of us to wait."""
    statement = update(Sending).where(S.state == SendState.WAITING, S.way == way, S.act_at < until)
    await session.run(statement.values(act_at=until))


async def find_notices(
    session: ReadSession,
    user_id: int,
    paths: Sequence[str],
    *,
    unread_only: bool,
    limit: int,
    before_id: int | None,
) -> Sequence[Notice]:
    """A person's own, newest first, about units within `paths`."""
    query = (
        select_rows(Notice)
        .join(Unit, col(Unit.id) == col(Notice.unit_id))
        .where(col(Notice.user_id) == user_id, within(paths))
    )
    if unread_only:
        query = query.where(col(Notice.read_at).is_(None))
    if before_id is not None:
        query = query.where(col(Notice.id) < before_id)
    return (await session.exec(query.order_by(col(Notice.id).desc()).limit(limit))).all()


async def find_notice(session: ReadSession, user_id: int, paths: Sequence[str], notice_id: int) -> Notice | None:
    query = (
        select_rows(Notice)
        .join(Unit, col(Unit.id) == col(Notice.unit_id))
        .where(col(Notice.id) == notice_id, col(Notice.user_id) == user_id, within(paths))
    )
    return (await session.exec(query)).one_or_none()


async def count_unread(session: ReadSession, user_id: int, paths: Sequence[str]) -> int:
    query = (
        select_rows(func.count())
        .select_from(Notice)
        .join(Unit, col(Unit.id) == col(Notice.unit_id))
        .where(col(Notice.user_id) == user_id, col(Notice.read_at).is_(None), within(paths))
    )
    return (await session.exec(query)).one()


async def mark_read(
    session: WriteSession, user_id: int, paths: Sequence[str], *, now: datetime, notice_id: int | None = None
) -> int:
    """One of a person's own, or all of them. Answers how many were unread."""
    inside = select(col(Unit.id)).where(within(paths))
    statement = update(Notice).where(N.user_id == user_id, N.read_at.is_(None), N.unit_id.in_(inside))
    if notice_id is not None:
        statement = statement.where(N.id == notice_id)
    return (await session.run(statement.values(read_at=now))).rowcount


def _parts(rows: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]


async def devices_of(session: ReadSession, user_id: int) -> Sequence[PushDevice]:
    query = select_rows(PushDevice).where(col(PushDevice.user_id) == user_id).order_by(col(PushDevice.id))
    return (await session.exec(query)).all()


async def add_device(
    session: WriteSession, user_id: int, *, endpoint_hash: str, sealed: str, name: str, now: datetime, most: int
) -> int:
    """A browser that somebody else registered before now belongs to this person; the oldest beyond `most` go."""
    values = {"user_id": user_id, "sealed": sealed, "name": name, "created_at": now}
    statement = _insert(session, PushDevice).values(endpoint_hash=endpoint_hash, **values)
    statement = statement.on_conflict_do_update(index_elements=["endpoint_hash"], set_=values)
    rows = await session.rows(statement.returning(col(PushDevice.id)))
    kept = await devices_of(session, user_id)
    await drop_devices(session, [row.id or 0 for row in kept[:-most]], user_id=user_id)
    return int(rows[0]["id"])


async def drop_devices(session: WriteSession, ids: Collection[int], *, user_id: int) -> int:
    statement = delete(PushDevice).where(col(PushDevice.id).in_(ids), col(PushDevice.user_id) == user_id)
    return (await session.run(statement)).rowcount
