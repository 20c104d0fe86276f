"""Who wants the weekly recap by mail, and whose turn it is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from app.accounts.models import User
from app.kit.db import ReadSession, WriteSession
from app.reports.models import RecapWish

W = RecapWish.__table__.c  # type: ignore[attr-defined]


async def wish_of(session: ReadSession, user_id: int) -> RecapWish | None:
    return await session.get(RecapWish, user_id)


async def address_of(session: ReadSession, user_id: int) -> str:
    return str((await session.run(select(col(User.email)).where(col(User.id) == user_id))).scalar_one())


async def put_wish(session: WriteSession, user_id: int, *, is_on: bool, done_with: str, now: datetime) -> None:
    """Who begins now gets the week that ends next, not the one that is over."""
    row = await session.get(RecapWish, user_id)
    if row is None:
        session.add(RecapWish(user_id=user_id, is_on=is_on, sent_for=done_with, act_at=now))
    elif row.is_on != is_on:
        row.is_on, row.sent_for, row.attempts, row.act_at, row.error = is_on, done_with, 0, now, ""
        session.add(row)


def _due(week: str, now: datetime) -> Any:
    return (W.is_on.is_(True)) & (W.sent_for != week) & (W.act_at <= now)


async def any_due(session: ReadSession, week: str, *, now: datetime) -> bool:
    return (await session.run(select(W.user_id).where(_due(week, now)).limit(1))).first() is not None


async def take(session: WriteSession, week: str, *, now: datetime, until: datetime, limit: int) -> list[dict[str, Any]]:
    """Held until `until`; the try is counted at once, and fences its result."""
    wanted = (
        select(W.user_id)
        .where(_due(week, now))
        .order_by(W.act_at, W.user_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("wanted")
    )
    statement = (
        update(RecapWish)
        .where(W.user_id.in_(select(wanted.c.user_id)))
        .values(act_at=until, attempts=W.attempts + 1)
        .returning(W.user_id, W.attempts)
    )
    return await session.rows(statement)


async def record_tries(session: WriteSession, rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        fenced = (W.user_id == row["user_id"]) & (W.attempts == row["attempts"])
        await session.run(update(RecapWish).where(fenced).values(**row["changes"]))
