"""Queries about who may review at a unit."""

from collections.abc import Sequence

from sqlalchemy import and_, func, update
from sqlmodel import col, select

from app.accounts.models import Membership, Unit, User
from app.accounts.rules import MAY, Act, Role, UnitKind
from app.accounts.unit_store import in_scope
from app.kit.db import ReadSession, WriteSession

_REVIEWS = col(Membership.role).in_([role for role in Role if Act.REVIEW in MAY[role]])


async def reviewers_at(session: ReadSession, unit_id: int) -> list[tuple[int, str, str, bool]]:
    """Id, name, role and whether a deputy, of the active ones."""
    query = (
        select(Membership.user_id, User.name, Membership.role, Membership.is_deputy)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(Membership.unit_id) == unit_id, _REVIEWS, col(User.is_active))
    )
    rows = (await session.exec(query.order_by(col(Membership.is_deputy), col(User.name)))).all()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def set_deputy(session: WriteSession, user_id: int, unit_id: int, *, is_deputy: bool) -> bool:
    """False where it was so already."""
    statement = update(Membership).where(
        col(Membership.user_id) == user_id,
        col(Membership.unit_id) == unit_id,
        col(Membership.is_deputy) != is_deputy,
    )
    return (await session.run(statement.values(is_deputy=is_deputy))).rowcount == 1


async def count_approvers(session: ReadSession, paths: Sequence[str]) -> list[tuple[int, str, int]]:
    """Id, name and active approvers of each KPU."""
    query = (
        select(Unit.id, Unit.name, func.count(col(User.id).distinct()))
        .outerjoin(Membership, and_(col(Membership.unit_id) == col(Unit.id), _REVIEWS))
        .outerjoin(User, and_(col(User.id) == col(Membership.user_id), col(User.is_active)))
        .where(in_scope(paths), col(Unit.kind) == UnitKind.KPU)
        .group_by(col(Unit.id), col(Unit.name))
        .order_by(col(Unit.path))
    )
    return [(row[0] or 0, row[1], row[2]) for row in (await session.exec(query)).all()]
