"""Every query about how fast things may leave. Each is one statement for a whole batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, func, null, select, update
from sqlmodel import col

from app.channels.models import Channel
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import BudgetUse, Delivery
from app.publishing.rules import State
from app.publishing.store import D, upsert

B = BudgetUse.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Row:
    """What was spent of a budget, and what its platform said is left until when."""

    uses: Mapping[str, int]
    told: int | None = None
    told_ends_at: datetime | None = None


async def lock(session: WriteSession, keys: Sequence[str]) -> dict[str, Row]:
    """The budgets by key; nobody else spends from them until this transaction ends."""
    query = select(B.key, B.uses, B.told, B.told_ends_at).where(B.key.in_(keys)).order_by(B.key).with_for_update()
    found = {row["key"]: Row(row["uses"], row["told"], row["told_ends_at"]) for row in await session.rows(query)}
    missing = [key for key in keys if key not in found]
    if not missing:
        return found
    await session.run(
        upsert(session, BudgetUse).on_conflict_do_nothing(), [{"key": key, "uses": {}} for key in missing]
    )
    return await lock(session, keys)


async def keep(session: WriteSession, rows: Mapping[str, Row]) -> None:
    statement = (
        update(BudgetUse)
        .where(B.key == bindparam("b_key"))
        .values(uses=bindparam("b_uses", type_=B.uses.type), told=bindparam("b_told"), told_ends_at=bindparam("b_until", type_=B.told_ends_at.type))
    )  # fmt: skip
    values = [
        {"b_key": key, "b_uses": dict(row.uses), "b_told": row.told, "b_until": row.told_ends_at}
        for key, row in rows.items()
    ]
    await session.run(statement, values)


async def count_recent(session: ReadSession, channel_ids: Sequence[int], *, since: datetime) -> dict[int, int]:
    """By channel, how many deliveries were last sent after `since`."""
    query = select(D.channel_id, func.count()).where(D.channel_id.in_(channel_ids), D.last_sent_at > since)
    return {row[0]: row[1] for row in (await session.run(query.group_by(D.channel_id))).all()}


async def lock_channels(session: WriteSession, channel_ids: Sequence[int]) -> None:
    await session.run(
        select(col(Channel.id)).where(col(Channel.id).in_(channel_ids)).order_by(col(Channel.id)).with_for_update()
    )


async def recent(
    session: ReadSession, channel_ids: Sequence[int], *, since: datetime
) -> list[tuple[int, int, datetime]]:
    """(channel, delivery, last sent) of these channels after `since`."""
    query = select(D.channel_id, D.id, D.last_sent_at).where(D.channel_id.in_(channel_ids), D.last_sent_at > since)
    return [(row[0], row[1], row[2]) for row in (await session.run(query)).all()]


async def give_back(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Claimed in this very transaction and not to leave yet: as if it had never been taken. Needs `id`, `act_at`, `reason`."""
    untried = D.attempt == 1
    statement = (
        update(Delivery)
        .where(D.id == bindparam("b_id"), D.state == State.SENDING)
        .values(
            state=State.DUE, worker_id=None, attempt=D.attempt - 1, act_at=bindparam("b_act_at", type_=D.act_at.type),
            reason=bindparam("b_reason"), first_sent_at=case((untried, null()), else_=D.first_sent_at),
            last_sent_at=case((untried, null()), else_=D.last_sent_at),
        )
    )  # fmt: skip
    await session.run(statement, [{f"b_{name}": row[name] for name in ("id", "act_at", "reason")} for row in rows])
