"""Every query about people, their roles, links, sessions and tokens."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, false, or_, update
from sqlmodel import col, select

from app.accounts.models import ApiToken, LoginLink, LoginSession, Membership, Unit, User
from app.accounts.rules import Grant, Role, UnitKind
from app.kit.db import ReadSession, WriteSession


def within(paths: Sequence[str]) -> ColumnElement[bool]:
    """The unit of the query lies at or beneath one of `paths`; without paths nothing does."""
    if not paths:
        return false()
    return or_(*(col(Unit.path).startswith(path, autoescape=True) for path in paths))


async def find_unit(session: ReadSession, unit_id: int, *, paths: Sequence[str] | None = None) -> Unit | None:
    """`paths` None: asked by the program itself, not for somebody."""
    query = select(Unit).where(col(Unit.id) == unit_id)
    if paths is not None:
        query = query.where(within(paths))
    return (await session.exec(query)).one_or_none()


async def find_user(session: ReadSession, user_id: int) -> User | None:
    return (await session.exec(select(User).where(col(User.id) == user_id))).one_or_none()


async def names_of(session: ReadSession, user_ids: Collection[int]) -> dict[int, str]:
    query = select(User.id, User.name).where(col(User.id).in_(user_ids))
    return {identity: name for identity, name in (await session.exec(query)).all() if identity is not None}


async def find_user_by_email(session: ReadSession, email: str) -> User | None:
    return (await session.exec(select(User).where(User.email == email))).one_or_none()


async def any_user(session: ReadSession) -> bool:
    return (await session.exec(select(User.id).limit(1))).first() is not None


async def first_admin(session: ReadSession, *, but: int = 0) -> User | None:
    """The admin nearest to the root of the tree, the oldest first; `but`: somebody who does not count."""
    query = (
        select(User)
        .join(Membership, col(Membership.user_id) == col(User.id))
        .join(Unit, col(Unit.id) == col(Membership.unit_id))
        .where(Membership.role == Role.ADMIN, col(User.is_active), col(User.id) != but)
        .order_by(case((col(Unit.parent_id).is_(None), 0), else_=1), col(User.id))
        .limit(1)
    )
    return (await session.exec(query)).first()


async def grants_of(session: ReadSession, user_id: int) -> tuple[Grant, ...]:
    query = (
        select(Unit.id, Unit.kind, Unit.path, Membership.role)
        .join(Membership, col(Membership.unit_id) == col(Unit.id))
        .where(Membership.user_id == user_id)
        .order_by(col(Unit.path))
    )
    rows = (await session.exec(query)).all()
    return tuple(Grant(unit_id, UnitKind(kind), path, Role(role)) for unit_id, kind, path, role in rows if unit_id)


async def over_paths(session: ReadSession, grants: Sequence[Grant]) -> tuple[str, ...]:
    """Paths of archived bodies at, beneath or above what is granted."""
    if not grants:
        return ()
    query = select(Unit.path).where(col(Unit.archived_at).is_not(None))
    found = (await session.exec(query)).all()
    mine = tuple(grant.path for grant in grants)
    return tuple(path for path in found if path.startswith(mine) or any(one.startswith(path) for one in mine))


async def find_membership(session: ReadSession, user_id: int, unit_id: int) -> Membership | None:
    query = select(Membership).where(Membership.user_id == user_id, Membership.unit_id == unit_id)
    return (await session.exec(query)).one_or_none()


async def users_in(session: ReadSession, paths: Sequence[str], *, limit: int, after: int) -> Sequence[User]:
    inside = select(Membership.user_id).join(Unit, col(Unit.id) == col(Membership.unit_id)).where(within(paths))
    query = select(User).where(col(User.id).in_(inside), col(User.id) > after).order_by(col(User.id)).limit(limit)
    return (await session.exec(query)).all()


async def memberships_in(session: ReadSession, user_ids: Sequence[int], paths: Sequence[str]) -> Sequence[Membership]:
    query = (
        select(Membership)
        .join(Unit, col(Unit.id) == col(Membership.unit_id))
        .where(col(Membership.user_id).in_(user_ids), within(paths))
        .order_by(col(Unit.path))
    )
    return (await session.exec(query)).all()


async def find_link(session: ReadSession, secret_hash: str) -> tuple[LoginLink, User] | None:
    query = (
        select(LoginLink, User)
        .join(User, col(User.id) == col(LoginLink.user_id))
        .where(LoginLink.secret_hash == secret_hash)
    )
    return (await session.exec(query)).one_or_none()


async def consume_link(session: WriteSession, secret_hash: str, *, now: datetime) -> bool:
    """Of any number of callers exactly one hears True: the condition is inside the update."""
    statement = (
        update(LoginLink)
        .where(
            col(LoginLink.secret_hash) == secret_hash, col(LoginLink.used_at).is_(None), col(LoginLink.expires_at) > now
        )
        .values(used_at=now)
    )
    return (await session.run(statement)).rowcount == 1


async def end_links_of(session: WriteSession, user_id: int, *, now: datetime) -> None:
    statement = update(LoginLink).where(col(LoginLink.user_id) == user_id, col(LoginLink.used_at).is_(None))
    await session.run(statement.values(used_at=now))


async def end_unused_links(session: WriteSession, *, now: datetime) -> int:
    statement = update(LoginLink).where(col(LoginLink.used_at).is_(None)).values(used_at=now)
    return (await session.run(statement)).rowcount


async def find_session(session: ReadSession, secret_hash: str) -> tuple[LoginSession, User] | None:
    query = (
        select(LoginSession, User)
        .join(User, col(User.id) == col(LoginSession.user_id))
        .where(LoginSession.secret_hash == secret_hash)
    )
    return (await session.exec(query)).one_or_none()


async def touch_session(session: WriteSession, session_id: int, *, now: datetime, expires_at: datetime) -> None:
    """Never revives a session that was ended meanwhile."""
    statement = update(LoginSession).where(col(LoginSession.id) == session_id, col(LoginSession.ended_at).is_(None))
    await session.run(statement.values(seen_at=now, expires_at=expires_at))


async def end_session(session: WriteSession, secret_hash: str, *, now: datetime) -> None:
    statement = update(LoginSession).where(
        col(LoginSession.secret_hash) == secret_hash, col(LoginSession.ended_at).is_(None)
    )
    await session.run(statement.values(ended_at=now))


async def end_sessions_of(session: WriteSession, user_id: int, *, now: datetime) -> None:
    statement = update(LoginSession).where(col(LoginSession.user_id) == user_id, col(LoginSession.ended_at).is_(None))
    await session.run(statement.values(ended_at=now))


async def end_tokens_of(session: WriteSession, user_id: int, *, now: datetime) -> int:
    """Answers how many."""
    statement = update(ApiToken).where(col(ApiToken.user_id) == user_id, col(ApiToken.revoked_at).is_(None))
    return (await session.run(statement.values(revoked_at=now))).rowcount


async def find_token(session: ReadSession, secret_hash: str) -> tuple[ApiToken, User, Unit] | None:
    query = (
        select(ApiToken, User, Unit)
        .join(User, col(User.id) == col(ApiToken.user_id))
        .join(Unit, col(Unit.id) == col(ApiToken.unit_id))
        .where(ApiToken.secret_hash == secret_hash)
    )
    return (await session.exec(query)).one_or_none()


async def touch_token(session: WriteSession, token_id: int, *, now: datetime) -> None:
    await session.run(update(ApiToken).where(col(ApiToken.id) == token_id).values(seen_at=now))


async def tokens_for(
    session: ReadSession, paths: Sequence[str], *, owner: int | None, limit: int, after: int = 0
) -> Sequence[ApiToken]:
    """Tokens of units within `paths`, and all of `owner`'s."""
    query = (
        select(ApiToken)
        .join(Unit, col(Unit.id) == col(ApiToken.unit_id))
        .where(_shown(paths, owner), col(ApiToken.id) > after)
    )
    return (await session.exec(query.order_by(col(ApiToken.id)).limit(limit))).all()


async def find_token_of(
    session: ReadSession, token_id: int, paths: Sequence[str], *, owner: int | None
) -> ApiToken | None:
    query = (
        select(ApiToken)
        .join(Unit, col(Unit.id) == col(ApiToken.unit_id))
        .where(_shown(paths, owner), col(ApiToken.id) == token_id)
    )
    return (await session.exec(query)).one_or_none()


def _shown(paths: Sequence[str], owner: int | None) -> ColumnElement[bool]:
    return within(paths) if owner is None else or_(within(paths), col(ApiToken.user_id) == owner)
