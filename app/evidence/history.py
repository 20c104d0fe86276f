"""The audit record as people read it: what was done, by whom, when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.rules import Act, Actor
from app.audit import store as audit_store
from app.audit.models import ChainHead
from app.evidence import history_store as store
from app.evidence.history_store import HistoryFilter
from app.kit.db import Database
from app.kit.errors import BadInput, Problem
from app.kit.paging import Page, cut, decode

HEADS_SHOWN = 60


@dataclass(frozen=True)
class EventView:
    """One act. `seq` None: not yet chained, which takes seconds."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    seq: int | None
    hash: str | None
    unit_id: int
    unit_name: str


@dataclass(frozen=True)
class HistoryService:
    db: Database

    async def list(
        self, actor: Actor, wanted: HistoryFilter, *, limit: int, cursor: str | None = None
    ) -> Page[EventView]:
        """Newest first; acts on people and keys only where the actor manages them."""
        last = decode(cursor)[0] if cursor else None
        if last is not None and (not isinstance(last, int) or not 0 < last < 2**63):
            raise BadInput(
                "Penanda halaman tidak dikenal. Mulai lagi dari halaman pertama.", Problem("cursor", "tidak dikenal")
            )
        async with self.db.read() as session:
            rows = await store.find_events(
                session, actor.paths(Act.READ), actor.paths(Act.MANAGE), wanted, limit=limit + 1, before_id=last
            )
        found = cut(rows, limit, lambda row: [row["id"]])
        return Page([_view(row) for row in found.rows], found.next)

    async def heads(self) -> Sequence[ChainHead]:
        """Where the chain stood on each of the last days; numbers alone, so anybody may keep them."""
        async with self.db.read() as session:
            return await audit_store.heads(session, limit=HEADS_SHOWN)


def _view(row: Mapping[str, Any]) -> EventView:
    return EventView(**{name: value for name, value in row.items() if name != "prev_hash"})


def said(row: Mapping[str, Any]) -> dict[str, Any]:
    """What of an event is hashed; the same as sealing.said_by."""
    return {"at": row["at"].isoformat(), **{name: row[name] for name in ("actor", "action", "subject", "detail")}}
