"""The hash chain: gives each audit event its place, and finds out whether anything was altered since."""

import hashlib
import json
from dataclasses import dataclass

from app.audit import store
from app.audit.models import AuditEvent
from app.kit.db import Database

GENESIS = "0" * 64


@dataclass(frozen=True)
class Verdict:
    """`broken_at`: the first event whose chain does not hold; `unsealed`: events waiting for the sealer."""

    sealed: int
    unsealed: int
    head: str
    broken_at: int | None


def hash_event(event: AuditEvent, prev_hash: str) -> str:
    """SHA-256 over the previous hash and everything the event says, in one canonical form."""
    said = {
        "at": event.at.isoformat(),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "detail": event.detail,
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{prev_hash}\n{text}".encode()).hexdigest()


async def seal_pending(db: Database, *, limit: int = 5000) -> int:
    """Chain what is not yet chained, in the order it was written. Answers how many."""
    async with db.write() as session:
        await store.lock_chain(session)
        pending = await store.unsealed(session, limit=limit)
        seq, head = await store.head(session)
        rows = []
        for event in pending:
            seq, prev_hash = seq + 1, head or GENESIS
            head = hash_event(event, prev_hash)
            rows.append({"id": event.id, "seq": seq, "prev_hash": prev_hash, "hash": head})
        await store.write_seals(session, rows)
    return len(rows)


async def verify(db: Database, *, chunk: int = 5000) -> Verdict:
    """Walk the whole chain."""
    seq, head = 0, GENESIS
    async with db.read() as session:
        while events := await store.sealed_after(session, seq, limit=chunk):
            for event in events:
                if event.seq != seq + 1 or event.prev_hash != head or event.hash != hash_event(event, head):
                    return Verdict(seq, await store.count_unsealed(session), head, event.seq)
                seq, head = seq + 1, event.hash or ""
        return Verdict(seq, await store.count_unsealed(session), head, None)
