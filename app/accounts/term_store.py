"""Every query on terms: whose role or body is over, and what stays of it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, exists, update
from sqlmodel import col, select

from app.accounts.models import ApiToken, LoginSession, Membership, PastMembership, Unit
from app.kit.db import ReadSession, WriteSession


async def ended_roles(session: ReadSession, *, today: date) -> Sequence[Membership]:
    """Roles whose last day has passed."""
    return (await session.exec(select(Membership).where(col(Membership.ends_on) < today).limit(500))).all()


async def roles_at(session: ReadSession, unit_id: int) -> Sequence[Membership]:
    return (await session.exec(select(Membership).where(col(Membership.unit_id) == unit_id))).all()


async def end_roles(session: WriteSession, roles: Sequence[Membership], *, reason: str, now: datetime) -> None:
    """They open nothing any more: kept as past, tokens of their units revoked, and who has no role left is logged out."""
    if not roles:
        return
    rows = [
        {"user_id": one.user_id, "unit_id": one.unit_id, "role": one.role, "reason": reason, "ended_at": now}
        for one in roles
    ]
    await session.insert_many(PastMembership, rows)
    await session.run(delete(Membership).where(col(Membership.id).in_([one.id for one in roles])))
    for one in roles:
        tokens = update(ApiToken).where(
            col(ApiToken.user_id) == one.user_id,
            col(ApiToken.unit_id) == one.unit_id,
            col(ApiToken.revoked_at).is_(None),
        )
        await session.run(tokens.values(revoked_at=now))
    people = {one.user_id for one in roles}
    left = exists().where(col(Membership.user_id) == col(LoginSession.user_id))
    ending = update(LoginSession).where(
        col(LoginSession.user_id).in_(people), col(LoginSession.ended_at).is_(None), ~left
    )
    await session.run(ending.values(ended_at=now))


async def past_at(session: ReadSession, unit_id: int) -> Sequence[PastMembership]:
    query = select(PastMembership).where(col(PastMembership.unit_id) == unit_id)
    return (await session.exec(query.order_by(col(PastMembership.ended_at).desc()).limit(100))).all()


async def ended_units(session: ReadSession, *, today: date) -> Sequence[Unit]:
    """Bodies whose last day has passed and that still speak, the highest first."""
    query = select(Unit).where(col(Unit.ends_on) < today, col(Unit.archived_at).is_(None))
    return (await session.exec(query.order_by(col(Unit.path)).limit(100))).all()


async def set_term(session: WriteSession, unit_id: int, values: Mapping[str, Any]) -> None:
    await session.run(update(Unit).where(col(Unit.id) == unit_id).values(**values))


async def archive_under(session: WriteSession, path: str, *, now: datetime) -> int:
    """The body with this path and all beneath it that still spoke; answers how many."""
    statement = update(Unit).where(col(Unit.path).startswith(path, autoescape=True), col(Unit.archived_at).is_(None))
    return (await session.run(statement.values(archived_at=now))).rowcount
