"""Every query about webhooks: whose they are, what there is to tell, and what is on its way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.audit.models import AuditEvent, OutboxEvent
from app.channels.models import Channel
from app.engagement.models import Snapshot
from app.engagement.rules import NUMBERS
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery
from app.webhooks.models import HookPlace, HookSending, Webhook
from app.webhooks.rules import HookState

D = Delivery.__table__.c  # type: ignore[attr-defined]
H = HookSending.__table__.c  # type: ignore[attr-defined]
S = Snapshot.__table__.c  # type: ignore[attr-defined]

_AUDIT_ACTIONS = ("delivery.published", "delivery.resolve")
_OUTBOX_KINDS = ("delivery.stopped", "delivery.missed", "delivery.unsure")


def _insert(session: WriteSession, table: type[SQLModel]) -> Any:
    return sqlite.insert(table) if session.is_sqlite else postgresql.insert(table)


async def active(session: ReadSession) -> list[tuple[Webhook, str]]:
    """With the path of each one's unit."""
    query = select_rows(Webhook, Unit.path).join(Unit, col(Unit.id) == col(Webhook.unit_id)).where(col(Webhook.is_on))
    return [(row[0], row[1]) for row in (await session.exec(query)).all()]


async def in_sight(session: ReadSession, paths: Sequence[str]) -> list[tuple[Webhook, str]]:
    query: Any = (
        select_rows(Webhook, Unit.name)
        .join(Unit, col(Unit.id) == col(Webhook.unit_id))
        .where(in_scope(paths))
        .order_by(col(Webhook.id))
    )
    return [(row[0], row[1]) for row in (await session.exec(query)).all()]


async def find(session: ReadSession, webhook_id: int, paths: Sequence[str]) -> tuple[Webhook, str] | None:
    query: Any = (
        select_rows(Webhook, Unit.path)
        .join(Unit, col(Unit.id) == col(Webhook.unit_id))
        .where(Webhook.id == webhook_id, in_scope(paths))
    )
    row = (await session.exec(query)).one_or_none()
    return (row[0], row[1]) if row else None


async def drop(session: WriteSession, webhook: Webhook) -> None:
    await session.run(HookSending.__table__.delete().where(H.webhook_id == webhook.id))  # type: ignore[attr-defined]
    await session.delete(webhook)


async def sendings(session: ReadSession, webhook_id: int, *, limit: int, before_id: int | None) -> list[HookSending]:
    """Newest first."""
    query = select_rows(HookSending).where(HookSending.webhook_id == webhook_id)
    if before_id is not None:
        query = query.where(col(HookSending.id) < before_id)
    return list((await session.exec(query.order_by(col(HookSending.id).desc()).limit(limit))).all())


async def places(session: WriteSession) -> dict[str, int]:
    """Locked until the end of the transaction, so that one worker reads on at a time."""
    rows = await session.exec(select_rows(HookPlace).order_by(col(HookPlace.source)).with_for_update())
    return {row.source: row.position for row in rows}


async def ends(session: ReadSession) -> dict[str, int]:
    """Where each record ends now: what came before a webhook existed is not told to it."""
    tops = {
        "audit": select(func.max(col(AuditEvent.seq))),
        "outbox": select(func.max(col(OutboxEvent.id))),
        "snapshot": select(func.max(S.id)),
    }
    return {source: int((await session.run(query)).scalar() or 0) for source, query in tops.items()}


async def put_places(session: WriteSession, positions: Mapping[str, int]) -> None:
    statement: Any = _insert(session, HookPlace)
    rows = [{"source": source, "position": position} for source, position in sorted(positions.items())]
    if rows:
        await session.run(
            statement.on_conflict_do_update(
                index_elements=["source"], set_={"position": statement.excluded.position}
            ),
            rows,
        )  # fmt: skip


async def acts(session: ReadSession, after: int, *, limit: int) -> list[dict[str, Any]]:
    """Sealed acts in the chain's own order: `place`, `subject`, and `kind` as the action."""
    query: Any = (
        select(col(AuditEvent.seq).label("place"), col(AuditEvent.subject), col(AuditEvent.action).label("kind"))
        .where(col(AuditEvent.seq) > after)
        .order_by(col(AuditEvent.seq))
        .limit(limit)
    )
    return await session.rows(query)


async def told(session: ReadSession, after: int, *, limit: int) -> list[dict[str, Any]]:
    query: Any = (
        select(
            col(OutboxEvent.id).label("place"), col(OutboxEvent.subject), col(OutboxEvent.kind), col(OutboxEvent.at),
            col(OutboxEvent.detail),
        )
        .where(col(OutboxEvent.id) > after)
        .order_by(col(OutboxEvent.id))
        .limit(limit)
    )  # fmt: skip
    return await session.rows(query)


async def readings(session: ReadSession, after: int, *, limit: int) -> list[dict[str, Any]]:
    query: Any = (
        select(S.id.label("place"), S.delivery_id, S.taken_at.label("at"), *(S[name] for name in NUMBERS))
        .where(S.id > after)
        .order_by(S.id)
        .limit(limit)
    )
    return await session.rows(query)


def is_about_deliveries(row: Mapping[str, Any]) -> bool:
    return row["kind"] in (*_AUDIT_ACTIONS, *_OUTBOX_KINDS) and str(row["subject"]).startswith("delivery:")


async def facts(session: ReadSession, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What a message says of each delivery, and the path of its unit."""
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids), 500):
        query: Any = (
            select(
                D.id.label("delivery_id"), D.post_id, D.unit_id, D.channel_id, D.platform, D.environment,
                col(Channel.handle), D.state, D.reason, D.url, D.due_at, D.published_at, col(Unit.path),
            )
            .join(Channel, col(Channel.id) == D.channel_id)
            .join(Unit, col(Unit.id) == D.unit_id)
            .where(D.id.in_(ids[start : start + 500]))
        )  # fmt: skip
        found |= {row["delivery_id"]: row for row in await session.rows(query)}
    return found


async def add(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        statement: Any = _insert(session, HookSending)
        await session.run(statement.on_conflict_do_nothing(index_elements=["webhook_id", "key"]), rows)


async def any_waiting(session: ReadSession, *, now: datetime) -> bool:
    query: Any = select(H.id).where(H.state == HookState.WAITING, H.act_at <= now).limit(1)
    return (await session.run(query)).first() is not None


async def take(session: WriteSession, *, now: datetime, until: datetime, limit: int) -> list[dict[str, Any]]:
    """What is due, held until `until`; the try is counted at once, and fences its result."""
    wanted = (
        select(H.id)
        .where(H.state == HookState.WAITING, H.act_at <= now)
        .order_by(H.act_at, H.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("wanted")
    )
    statement = (
        update(HookSending)
        .where(H.id.in_(select(wanted.c.id)), H.state == HookState.WAITING)
        .values(act_at=until, attempts=H.attempts + 1)
        .returning(H.id, H.webhook_id, H.kind, H.body, H.attempts, H.created_at)
    )
    return sorted(await session.rows(statement), key=lambda row: int(row["id"]))


async def with_ids(session: ReadSession, ids: Sequence[int]) -> dict[int, Webhook]:
    rows = await session.exec(select_rows(Webhook).where(col(Webhook.id).in_(ids)))
    return {row.id or 0: row for row in rows}


async def record_tries(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        names = ("state", "act_at", "http_status", "error", "ended_at")
        statement = update(HookSending).where(H.id == bindparam("b_id"), H.attempts == bindparam("b_attempts"))
        values = {name: bindparam(f"b_{name}", type_=H[name].type) for name in names}
        given = [{f"b_{name}": row[name] for name in ("id", "attempts", *names)} for row in rows]
        await session.run(statement.values(**values), given)


async def switch_off(session: WriteSession, webhook_ids: Sequence[int], reason: str) -> None:
    await session.run(update(Webhook).where(col(Webhook.id).in_(webhook_ids)).values(is_on=False, reason=reason))


async def drop_old(session: WriteSession, *, before: datetime) -> None:
    statement = HookSending.__table__.delete().where(  # type: ignore[attr-defined]
        H.state != HookState.WAITING, H.ended_at < before
    )
    await session.run(statement)
