"""Takes posts down again: keeps the wish, asks the platform until it is surely gone, and hands over to a person where it must."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.rules import Actor
from app.audit.events import Event, EventKind
from app.audit.models import AuditEvent
from app.audit.service import record, tell
from app.channels.service import ChannelService
from app.kit.clock import Clock
from app.kit.db import Database, WriteSession
from app.kit.errors import BadInput, Conflict, Problem
from app.kit.logs import logger, redact
from app.platforms.contract import Account, Adapter, NeedsReconnect, PublishError, Refused, TakesDown, TryLater
from app.publishing import rules, withdraw_store
from app.publishing.rules import MAY_WITHDRAW, Removal, State
from app.publishing.service import DeliveryView, PublishingService

log = logger("withdrawing")

AT_ONCE = 16
BATCH = 200


def read_reason(text: str) -> str:
    """Raises BadInput: whoever looks at the record later must know why."""
    said = text.strip()
    if not said:
        raise BadInput("Tulis alasan unggahan ini dihapus, agar tercatat mengapa.", Problem("reason", "wajib diisi"))
    return said


@dataclass
class WithdrawService:
    """`lease` is real seconds in which one deletion must have ended."""

    db: Database
    clock: Clock
    platforms: Mapping[str, Adapter]
    channels: ChannelService
    publishing: PublishingService
    lease: float = 120.0

    async def withdraw(self, actor: Actor, delivery_id: int, *, reason: str) -> DeliveryView:
        """Wish it taken down; a worker asks the platform at once. Raises BadInput, NotFound, Forbidden, Conflict."""
        said, now = read_reason(reason), self.clock.now()
        view = await self.publishing.get(actor, delivery_id)
        async with self.db.write() as session:
            await self.publishing.must_write(session, actor, delivery_id)
            if view.state not in MAY_WITHDRAW:
                raise Conflict(_why_not(view.state))
            new = await withdraw_store.ask(
                session, delivery_id=delivery_id, reason=said, asked_by=actor.user_id, now=now
            )
            if not new:
                raise Conflict("Unggahan ini sudah diminta dihapus. Muat ulang untuk melihat kemajuannya.")
            await self._note(session, actor, "delivery.withdraw", delivery_id, {"reason": said})
        return await self.publishing.get(actor, delivery_id)

    async def settle(self, actor: Actor, delivery_id: int, *, removed: bool) -> DeliveryView:
        """A person has looked: it is down, or it is to stay. Raises NotFound, Forbidden, Conflict."""
        now = self.clock.now()
        async with self.db.write() as session:
            await self.publishing.must_write(session, actor, delivery_id)
            wish = await withdraw_store.find_wish(session, delivery_id)
            if wish is None:
                raise Conflict("Unggahan ini tidak sedang diminta dihapus.")
            if removed:
                if not await withdraw_store.mark_down(session, delivery_id, reason=wish["reason"]):
                    raise Conflict("Unggahan ini belum dipastikan terbit, jadi belum dapat ditandai sudah dihapus.")
                await withdraw_store.end(session, delivery_id, now=now)
            else:
                await withdraw_store.drop(session, delivery_id)
            action = "delivery.withdrawn" if removed else "delivery.withdraw_dropped"
            await self._note(session, actor, action, delivery_id, {"reason": wish["reason"], "by_hand": True})
        return await self.publishing.get(actor, delivery_id)

    async def round(self) -> int:
        """Ask the platforms for what is due; answers how many were asked. Nothing is open while they answer."""
        async with self.db.read() as session:
            if not await withdraw_store.has_due(session, now=self.clock.now()):
                return 0
        async with self.db.write() as session:
            now = self.clock.now()
            until = now + self.clock.span(self.lease)
            rows = await withdraw_store.claim(session, now=now, until=until, limit=BATCH)
            accounts = await self.channels.accounts_for(session, sorted({row["channel_id"] for row in rows}))
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(row: Mapping[str, Any]) -> Removal:
            async with gate:
                error = await self._remove(row, accounts.get(row["channel_id"]))
            return rules.after_removal(error, row["tries"], now=self.clock.now())

        steps = await asyncio.gather(*map(ask, rows))
        async with self.db.write() as session:
            await self._record(session, rows, steps)
        return len(rows)

    async def _remove(self, row: Mapping[str, Any], account: Account | None) -> PublishError | None:
        """None: it is surely gone."""
        adapter: object = self.platforms.get(row["platform"])
        if row["environment"] == "manual" or not row["remote_id"] or not isinstance(adapter, TakesDown):
            return Refused(rules.DELETE_BY_HAND, code="by_hand")
        if account is None:
            return NeedsReconnect("Akun ini tidak tersambung, jadi hapus sendiri di akunnya.", code="no_credential")
        try:
            await adapter.remove(account, row["remote_id"])
        except PublishError as error:
            return error
        except Exception as error:
            log.error("remove_broke", delivery=row["id"], platform=row["platform"], exc_info=error)
            return TryLater("Kesalahan tak terduga saat menghapus; dicoba lagi.", code=type(error).__name__)
        return None

    async def _record(self, session: WriteSession, rows: Sequence[Mapping[str, Any]], steps: Sequence[Removal]) -> None:
        now = self.clock.now()
        await withdraw_store.record(session, [_row(row, step, now) for row, step in zip(rows, steps, strict=True)])
        events: list[Event] = []
        notes: list[dict[str, Any]] = []
        for row, step in zip(rows, steps, strict=True):
            if step.is_down and await withdraw_store.mark_down(session, row["id"], reason=row["reason"]):
                notes.append(_audit(row, now))
            if step.by_hand and not row["by_hand"]:
                events.append(_task(row, step))
        held = {row["channel_id"]: step.said for row, step in zip(rows, steps, strict=True) if step.hold_channel}
        for channel_id, reason in held.items():
            await self.channels.needs_reconnect(session, channel_id, reason)
            await self.publishing.on_channel_state(session, channel_id, "needs_reconnect")
        await session.insert_many(AuditEvent, notes)
        await tell(session, events, at=now)

    async def _note(
        self, session: WriteSession, actor: Actor, action: str, delivery_id: int, detail: Mapping[str, Any]
    ) -> None:
        subject = f"delivery:{delivery_id}"
        await record(session, at=self.clock.now(), actor=actor.label, action=action, subject=subject, detail=detail)


def _why_not(state: State) -> str:
    if state is State.WITHDRAWN:
        return "Unggahan ini sudah dihapus di platform."
    if state in rules.MAY_CANCEL:
        return "Unggahan ini belum terbit. Batalkan saja."
    return "Unggahan ini tidak pernah terbit, jadi tidak ada yang perlu dihapus."


def _row(row: Mapping[str, Any], step: Removal, now: datetime) -> dict[str, Any]:
    return {
        "wish_id": row["wish_id"],
        "tries": row["tries"],
        "act_at": step.act_at,
        "by_hand": step.by_hand,
        "said": redact(step.said)[:500],
        "ended_at": now if step.is_down else None,
    }


def _audit(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    detail = {"platform": row["platform"], "remote_id": row["remote_id"], "reason": row["reason"]}
    plain = {"at": now, "actor": "worker", "action": "delivery.withdrawn", "subject": f"delivery:{row['id']}"}
    return {**plain, "detail": detail, "seq": None, "prev_hash": None, "hash": None}


def _task(row: Mapping[str, Any], step: Removal) -> Event:
    detail = {name: row[name] for name in ("post_id", "channel_id", "platform", "environment")}
    detail |= {"reason": redact(row["reason"]), "said": redact(step.said)}
    return Event(EventKind.DELIVERY_TAKE_DOWN, f"delivery:{row['id']}", row["unit_id"], detail)
