"""Tells other systems what became of deliveries: signed, tried again for days, each happening once an address."""

import asyncio
import base64
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.accounts import unit_store
from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.engagement.rules import NUMBERS
from app.kit.clock import Clock
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, NotFound
from app.kit.http import SafeClient, Unreachable
from app.kit.logs import logger
from app.kit.paging import Page, cut
from app.kit.seal import Seal, Unreadable
from app.webhooks import rules, store
from app.webhooks.models import HookSending, Webhook
from app.webhooks.rules import HookEvent, HookState

log = logger("webhooks")

AT_ONCE, LEASE, PATIENCE_S = 8, 300.0, 15.0
KEPT = timedelta(days=30)
SETTLED = {"outbox": 30.0, "snapshot": 180.0}
"""Real seconds after which a row's older neighbours are surely visible: more than the jobs that write them may take."""
_GONE = 410
_FACTS = (
    "delivery_id",
    "post_id",
    "unit_id",
    "channel_id",
    "platform",
    "environment",
    "handle",
    "state",
    "reason",
    "url",
)


@dataclass(frozen=True)
class Happened:
    """`extra` goes beside the delivery's own facts; `at` None: the delivery says when."""

    delivery_id: int
    kind: HookEvent
    key: str
    at: datetime | None = None
    extra: Mapping[str, Any] | None = None


@dataclass
class WebhookService:
    db: Database
    clock: Clock
    seal: Seal
    outside: SafeClient

    async def create(self, actor: Actor, unit_id: int, url: str, events: Sequence[str]) -> tuple[Webhook, str]:
        """Answers the signing secret, which is never told again. Raises BadInput, NotFound, Forbidden, ProveFirst."""
        wanted, address = rules.read_events(events), self.outside.read(url)
        secret = rules.PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        async with self.db.write() as session:
            unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
            if unit is None:
                raise NotFound("Unit ini tidak ada, atau di luar wilayah Anda.")
            actor.must(Act.MANAGE, unit.path)
            actor.must_prove()
            if not await store.active(session):
                await store.put_places(session, await store.ends(session))
            row = Webhook(
                unit_id=unit_id, url=address, events=wanted, sealed=self.seal.seal({"secret": secret}),
                created_by=actor.user_id, created_at=self.clock.now(),
            )  # fmt: skip
            session.add(row)
            await session.flush()
            await self._note(session, actor, "webhook.create", row)
        return row, secret

    async def remove(self, actor: Actor, webhook_id: int) -> None:
        async with self.db.write() as session:
            row = await self._managed(session, actor, webhook_id)
            await self._note(session, actor, "webhook.remove", row)
            await store.drop(session, row)

    async def log_of(
        self, actor: Actor, webhook_id: int, *, limit: int = 50, cursor: str | None = None
    ) -> Page[HookSending]:
        """Newest first; what has ended is kept for 30 days."""
        before = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            await self._managed(session, actor, webhook_id)
            rows = await store.sendings(session, webhook_id, limit=limit + 1, before_id=before)
        return cut(rows, limit, lambda row: [row.id])

    async def _managed(self, session: ReadSession, actor: Actor, webhook_id: int) -> Webhook:
        found = await store.find(session, webhook_id, actor.paths(Act.READ))
        if found is None:
            raise NotFound("Webhook ini tidak ada, atau di luar wilayah Anda.")
        actor.must(Act.MANAGE, found[1])
        return found[0]

    async def gather(self, *, limit: int = 1000) -> int:
        """Reads on in the records and writes what is to be told; any number of workers may. Answers how many happenings."""
        async with self.db.read() as session:
            if not await store.active(session):
                return 0
        now = self.clock.now()
        async with self.db.write() as session:
            hooks, places = await store.active(session), await store.places(session)
            happened, ends = await self._happened(session, places, now=now, limit=limit)
            facts = await store.facts(session, sorted({one.delivery_id for one in happened}))
            rows = [row for one in happened for row in _rows(one, facts.get(one.delivery_id), hooks, now)]
            await store.add(session, rows)
            await store.put_places(session, ends)
        return len(happened)

    async def _happened(
        self, session: WriteSession, places: Mapping[str, int], *, now: datetime, limit: int
    ) -> tuple[list[Happened], dict[str, int]]:
        acts = await store.acts(session, places.get("audit", 0), limit=limit)
        told = self._settled("outbox", await store.told(session, places.get("outbox", 0), limit=limit), now)
        read = self._settled("snapshot", await store.readings(session, places.get("snapshot", 0), limit=limit), now)
        ends = {
            source: rows[-1]["place"]
            for source, rows in (("audit", acts), ("outbox", told), ("snapshot", read))
            if rows
        }
        out = [
            Happened(_delivery(row), HookEvent.PUBLISHED, f"published:{_delivery(row)}")
            for row in acts
            if store.is_about_deliveries(row)
        ]
        return [*out, *_failed(told), *_measured(read)], ends

    def _settled(self, source: str, rows: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
        """Up to the first row so young that an older neighbour may still be on its way."""
        before = now - self.clock.span(SETTLED[source])
        young = next((place for place, row in enumerate(rows) if row["at"] > before), len(rows))
        return list(rows[:young])

    async def send_waiting(self, *, limit: int = 50) -> int:
        """One try of each message that is due, none inside a transaction. After a kill one may arrive twice, with the same id."""
        now = self.clock.now()
        async with self.db.read() as session:
            if not await store.any_waiting(session, now=now):
                return 0
        async with self.db.write() as session:
            await store.drop_old(session, before=now - KEPT)
            taken = await store.take(session, now=now, until=now + self.clock.span(LEASE), limit=limit)
            hooks = await store.with_ids(session, sorted({row["webhook_id"] for row in taken}))
        gate = asyncio.Semaphore(AT_ONCE)

        async def carry(row: Mapping[str, Any]) -> dict[str, Any]:
            async with gate:
                return await self._carry(row, hooks.get(row["webhook_id"]))

        tries = await asyncio.gather(*map(carry, taken))
        gone = sorted({one["webhook_id"] for one in tries if one["http_status"] == _GONE})
        async with self.db.write() as session:
            await store.record_tries(session, tries)
            if gone:
                await store.switch_off(session, gone, "Penerima menjawab 410: alamat itu tidak dipakai lagi.")
        return sum(one["state"] is HookState.SENT for one in tries)

    async def _carry(self, row: Mapping[str, Any], hook: Webhook | None) -> dict[str, Any]:
        """What one try came to."""
        status, error = None, ""
        if hook is None or not hook.is_on:
            return self._judged(row, None, "Webhook sudah dimatikan.", give_up=True)
        try:
            secret = self.seal.open(hook.sealed)["secret"]
            body = rules.body_of(row["kind"], row["created_at"], row["body"])
            headers = rules.headers_of(secret, f"msg_{row['id']}", self.clock.now(), body)
            reply = await self.outside.send(
                "POST", hook.url, headers=headers, body=body, within=PATIENCE_S, largest=64_000
            )
            status = reply.status
        except Unreachable as broken:
            error = (
                "Alamat ini mengarah ke jaringan sendiri."
                if broken.unsafe
                else f"Tidak dapat dihubungi: {broken.reason}"
            )
        except BadInput as refused:
            error = refused.message
        except Unreadable:
            return self._judged(row, None, "Rahasia tidak dapat dibuka; buat webhook baru.", give_up=True)
        return self._judged(row, status, error or f"Penerima menjawab {status}.", give_up=status == _GONE)

    def _judged(self, row: Mapping[str, Any], status: int | None, error: str, *, give_up: bool) -> dict[str, Any]:
        now = self.clock.now()
        plain = {
            "id": row["id"], "webhook_id": row["webhook_id"], "attempts": row["attempts"], "http_status": status, "act_at": now,
        }  # fmt: skip
        if status is not None and 200 <= status < 300:
            return {**plain, "state": HookState.SENT, "error": "", "ended_at": now}
        wait = None if give_up else rules.next_try(row["attempts"])
        if wait is None:
            return {**plain, "state": HookState.FAILED, "error": error[:300], "ended_at": now}
        return {**plain, "state": HookState.WAITING, "error": error[:300], "act_at": now + wait, "ended_at": None}

    async def _note(self, session: WriteSession, actor: Actor, action: str, row: Webhook) -> None:
        detail = {"webhook": row.id, "url": row.url, "events": row.events}
        await record(
            session, at=self.clock.now(), actor=actor.label, action=action, subject=f"unit:{row.unit_id}", detail=detail
        )

    async def list(self, actor: Actor) -> list[tuple[Webhook, str]]:
        """With the names of their units; only those whose unit one manages."""
        async with self.db.read() as session:
            return await store.in_sight(session, actor.paths(Act.MANAGE))


def _delivery(row: Mapping[str, Any]) -> int:
    return int(str(row["subject"]).partition(":")[2])


def _failed(rows: Sequence[Mapping[str, Any]]) -> Iterator[Happened]:
    for row in rows:
        if store.is_about_deliveries(row):
            kind = HookEvent.UNSURE if row["kind"] == "delivery.unsure" else HookEvent.FAILED
            reason = {"reason": (row["detail"] or {}).get("reason", "")}
            yield Happened(_delivery(row), kind, f"outbox:{row['place']}", row["at"], reason)


def _measured(rows: Sequence[Mapping[str, Any]]) -> Iterator[Happened]:
    for row in rows:
        numbers = {"metrics": {name: row[name] for name in NUMBERS}, "taken_at": row["at"].isoformat()}
        yield Happened(row["delivery_id"], HookEvent.METRICS, f"snapshot:{row['place']}", row["at"], numbers)


def _rows(
    one: Happened, facts: Mapping[str, Any] | None, hooks: Sequence[tuple[Webhook, str]], now: datetime
) -> list[dict[str, Any]]:
    """One row for each address that wants it; nothing older than the address itself, and no publication that is none."""
    if facts is None or (one.kind is HookEvent.PUBLISHED and facts["published_at"] is None):
        return []
    published = facts["published_at"]
    data = {name: facts[name] for name in _FACTS} | {
        "due_at": facts["due_at"].isoformat(),
        "published_at": published.isoformat() if published else None,
        "late_seconds": round((published - facts["due_at"]).total_seconds(), 3) if published else None,
    }
    plain = {
        "key": one.key, "kind": one.kind, "body": data | dict(one.extra or {}), "state": HookState.WAITING, "attempts": 0,
        "act_at": now, "http_status": None, "error": "", "created_at": one.at or published or now, "ended_at": None,
    }  # fmt: skip
    return [
        {"webhook_id": hook.id, **plain}
        for hook, path in hooks
        if one.kind in hook.events and str(facts["path"]).startswith(path)
    ]
