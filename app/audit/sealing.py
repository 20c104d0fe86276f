"""The hash chain: gives each audit event its place, and finds out whether anything was altered since."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.audit import owner_store, store
from app.audit.events import Event, EventKind
from app.audit.models import AuditEvent, ChainHead
from app.audit.service import tell
from app.kit.db import Database

GENESIS = "0" * 64


@dataclass(frozen=True)
class Verdict:
    """`broken_at`: the first event whose chain does not hold; `unsealed`: events waiting for the sealer.

    `false_on`: the first day whose head, as it was told then, is not in the chain any more.
    """

    sealed: int
    unsealed: int
    head: str
    broken_at: int | None
    false_on: date | None = None

    @property
    def is_whole(self) -> bool:
        return self.broken_at is None and self.false_on is None


def said_by(event: AuditEvent) -> dict[str, Any]:
    """What of an event is hashed."""
    return {
        "at": event.at.isoformat(),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "detail": event.detail,
    }


def hash_event(event: AuditEvent, prev_hash: str) -> str:
    """SHA-256 over the previous hash and everything the event says, in one canonical form."""
    text = json.dumps(said_by(event), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{prev_hash}\n{text}".encode()).hexdigest()


async def seal_pending(db: Database, *, chunk: int = 500) -> int:
    """Chain what is not yet chained, in the order it was written. Answers how many.

    In small steps: while it hashes, nothing else in the process moves, and a burst must not wait for its own record.
    """
    sealed, count = 0, chunk
    while count == chunk:
        count = await _seal_some(db, limit=chunk)
        sealed += count
    return sealed


async def _seal_some(db: Database, *, limit: int) -> int:
    async with db.write() as session:
        await store.lock_chain(session)
        pending = await store.unsealed(session, limit=limit)
        seq, head = await store.head(session)
        units = await owner_store.units_of(session, pending)
        rows = []
        for event in pending:
            seq, prev_hash = seq + 1, head or GENESIS
            head = hash_event(event, prev_hash)
            unit = units.get(event.id or 0)
            rows.append({"id": event.id, "seq": seq, "prev_hash": prev_hash, "hash": head, "unit_id": unit})
        await store.write_seals(session, rows)
    return len(rows)


async def keep_head(
    db: Database, *, day: date, ended: datetime, now: datetime, tell_to: Sequence[int] = ()
) -> ChainHead | None:
    """Notes where the chain stood when `day` ended, once, and tells it to these units.

    None if that was done before, or nothing had happened yet.
    """
    await seal_pending(db)
    async with db.write() as session:
        await store.lock_chain(session)
        seq, last = await store.head(session, before=ended)
        if not seq or await store.has_head(session, day):
            return None
        kept = ChainHead(ended_on=day, seq=seq, hash=last, at=now)
        session.add(kept)
        detail = {"day": day.isoformat(), "seq": seq, "hash": last}
        await tell(session, [Event(EventKind.CHAIN_HEAD, f"head:{day}", unit, detail) for unit in tell_to], at=now)
    return kept


async def verify(db: Database, *, chunk: int = 5000) -> Verdict:
    """Walk the whole chain."""
    seq, head = 0, GENESIS
    async with db.read() as session:
        unsealed, false = await store.count_unsealed(session), await store.false_head(session)
        false_on = false.ended_on if false else None
        while events := await store.sealed_after(session, seq, limit=chunk):
            broken = next(_walk(events, seq, head), None)
            if broken is not None:
                return Verdict(broken - 1, unsealed, head, broken, false_on)
            seq, head = events[-1].seq or 0, events[-1].hash or ""
    return Verdict(seq, unsealed, head, None, false_on)


def _walk(events: Sequence[AuditEvent], seq: int, head: str) -> Iterator[int]:
    """Numbers at which the chain does not hold."""
    for event in events:
        seq += 1
        if event.seq != seq or event.prev_hash != head or event.hash != hash_event(event, head):
            yield seq
        head = event.hash or ""
