"""Every query about passwords, second factors, recovery codes and half log-ins."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, update
from sqlmodel import col, select

from app.accounts.models import Factor, LoginSession, LoginStep, Password, RecoveryCode, User
from app.accounts.proofs import MOST_TRIES
from app.kit.db import ReadSession, WriteSession


async def find_password(session: ReadSession, user_id: int) -> Password | None:
    return (await session.exec(select(Password).where(Password.user_id == user_id))).one_or_none()


async def factors_of(session: ReadSession, user_id: int, *, kind: str | None = None) -> Sequence[Factor]:
    """Confirmed ones, the oldest first."""
    query = select(Factor).where(Factor.user_id == user_id, col(Factor.confirmed_at).is_not(None))
    if kind is not None:
        query = query.where(Factor.kind == kind)
    return (await session.exec(query.order_by(col(Factor.id)))).all()


async def find_pending_totp(session: ReadSession, user_id: int) -> Factor | None:
    query = select(Factor).where(Factor.user_id == user_id, Factor.kind == "totp", col(Factor.confirmed_at).is_(None))
    return (await session.exec(query.order_by(col(Factor.id).desc()).limit(1))).first()


async def drop_pending(session: WriteSession, user_id: int) -> None:
    await session.run(delete(Factor).where(col(Factor.user_id) == user_id, col(Factor.confirmed_at).is_(None)))


async def find_passkey(session: ReadSession, credential_id: str) -> tuple[Factor, User] | None:
    query = (
        select(Factor, User)
        .join(User, col(User.id) == col(Factor.user_id))
        .where(Factor.credential_id == credential_id, col(Factor.confirmed_at).is_not(None))
    )
    return (await session.exec(query)).one_or_none()


async def take_step(session: WriteSession, factor_id: int, step: int, *, now: datetime) -> bool:
    """Of two who bring the same digits exactly one hears True."""
    statement = update(Factor).where(col(Factor.id) == factor_id, col(Factor.last_step) < step)
    return (await session.run(statement.values(last_step=step, used_at=now))).rowcount == 1


async def take_code(session: WriteSession, user_id: int, secret_hash: str, *, now: datetime) -> bool:
    statement = update(RecoveryCode).where(
        col(RecoveryCode.user_id) == user_id,
        col(RecoveryCode.secret_hash) == secret_hash,
        col(RecoveryCode.used_at).is_(None),
    )
    return (await session.run(statement.values(used_at=now))).rowcount == 1


async def count_codes(session: ReadSession, user_id: int) -> int:
    query = select(func.count()).where(col(RecoveryCode.user_id) == user_id, col(RecoveryCode.used_at).is_(None))
    return (await session.exec(query)).one()


async def drop_codes(session: WriteSession, user_id: int) -> None:
    await session.run(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))


async def drop_factor(session: WriteSession, user_id: int, factor_id: int) -> bool:
    statement = delete(Factor).where(col(Factor.id) == factor_id, col(Factor.user_id) == user_id)
    return (await session.run(statement)).rowcount == 1


async def drop_proofs(session: WriteSession, user_id: int) -> None:
    """Everything that a person could prove themselves with."""
    for table in (Password, Factor, RecoveryCode, LoginStep):
        await session.run(delete(table).where(col(table.user_id) == user_id))


async def find_step(session: ReadSession, secret_hash: str, purpose: str, *, now: datetime) -> LoginStep | None:
    """One that may still be answered."""
    query = select(LoginStep).where(
        LoginStep.secret_hash == secret_hash, LoginStep.purpose == purpose, col(LoginStep.used_at).is_(None),
        col(LoginStep.expires_at) > now, col(LoginStep.tries) < MOST_TRIES,
    )  # fmt: skip
    return (await session.exec(query)).one_or_none()


async def use_step(session: WriteSession, step_id: int, *, now: datetime) -> bool:
    statement = update(LoginStep).where(col(LoginStep.id) == step_id, col(LoginStep.used_at).is_(None))
    return (await session.run(statement.values(used_at=now))).rowcount == 1


async def count_try(session: WriteSession, step_id: int) -> bool:
    """Before the answer is looked at, so that many at once are not more tries; False once there were enough."""
    statement = update(LoginStep).where(col(LoginStep.id) == step_id, col(LoginStep.tries) < MOST_TRIES)
    return (await session.run(statement.values(tries=col(LoginStep.tries) + 1))).rowcount == 1


async def drop_old_steps(session: WriteSession, *, now: datetime) -> int:
    done = or_(col(LoginStep.expires_at) <= now, col(LoginStep.used_at).is_not(None))
    return (await session.run(delete(LoginStep).where(done))).rowcount


async def sessions_of(session: ReadSession, user_id: int, *, now: datetime) -> Sequence[LoginSession]:
    """Alive ones, the last seen first."""
    query = select(LoginSession).where(
        LoginSession.user_id == user_id, col(LoginSession.ended_at).is_(None), col(LoginSession.expires_at) > now
    )
    return (await session.exec(query.order_by(col(LoginSession.seen_at).desc(), col(LoginSession.id)))).all()


async def end_session_of(session: WriteSession, user_id: int, session_id: int, *, now: datetime) -> bool:
    statement = update(LoginSession).where(
        col(LoginSession.id) == session_id, col(LoginSession.user_id) == user_id, col(LoginSession.ended_at).is_(None)
    )
    return (await session.run(statement.values(ended_at=now))).rowcount == 1


async def end_other_sessions(session: WriteSession, user_id: int, keep: str, *, now: datetime) -> int:
    statement = update(LoginSession).where(
        col(LoginSession.user_id) == user_id,
        col(LoginSession.secret_hash) != keep,
        col(LoginSession.ended_at).is_(None),
    )
    return (await session.run(statement.values(ended_at=now))).rowcount


async def mark_proved(session: WriteSession, secret_hash: str, *, now: datetime) -> None:
    await session.run(update(LoginSession).where(col(LoginSession.secret_hash) == secret_hash).values(proved_at=now))


async def begin_to_ask(session: WriteSession, user_id: int, *, now: datetime, long_ago: datetime) -> None:
    """From now on the person has something to prove themselves with: screens that are open must do so."""
    statement = update(LoginSession).where(col(LoginSession.user_id) == user_id, col(LoginSession.proved_at).is_(None))
    await session.run(statement.values(proved_at=long_ago))


async def stop_asking(session: WriteSession, user_id: int) -> None:
    """Nothing is left to prove it with."""
    await session.run(update(LoginSession).where(col(LoginSession.user_id) == user_id).values(proved_at=None))
