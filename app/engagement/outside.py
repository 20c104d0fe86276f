"""Posts that accounts show and that were not made here, and ours that were changed or deleted there, as people read them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.channels import store as channel_store
from app.engagement import outside_store
from app.engagement import store as engagement_store
from app.kit.db import Database
from app.kit.errors import BadInput, NotFound, Problem
from app.kit.paging import Page, cut, decode
from app.platforms.contract import Adapter, TellsRecent
from app.publishing import seen_store


class Seen(StrEnum):
    """What a list holds: made elsewhere; of those the mandatory ones; what the guard blocks; ours changed; ours gone."""

    OUTSIDE = "outside"
    BROADCAST = "broadcast"
    BLOCKED = "blocked"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True)
class SeenView:
    """`sent` is what we sent, None for what was made elsewhere. `broadcast_id`: the mandatory broadcast it says, by `likeness` 0 to 1."""

    id: int
    unit_id: int
    unit: str
    channel_id: int
    platform: str
    environment: str
    handle: str
    text: str
    url: str | None
    posted_at: datetime
    seen_at: datetime
    changed_at: datetime | None
    gone_at: datetime | None
    gone: bool
    delivery_id: int | None
    sent: str | None
    broadcast_id: int | None
    broadcast: str | None
    likeness: float | None
    findings: Sequence[Mapping[str, Any]]
    is_blocked: bool


@dataclass
class OutsideService:
    db: Database
    now: Callable[[], datetime]
    adapters: Mapping[str, Adapter]
    x_usd: Decimal

    async def list(
        self, actor: Actor, kind: Seen, *, unit: int | None = None, environment: str | None = None,
        limit: int = 50, cursor: str | None = None,
    ) -> Page[SeenView]:  # fmt: skip
        """Newest first. Live or practice, never both. Raises NotFound for a unit out of sight, BadInput for a foreign cursor."""
        actor.must(Act.READ)
        before = _before(cursor) if cursor else None
        async with self.db.read() as session:
            paths = actor.paths(Act.READ)
            if unit is not None:
                found = await unit_store.unit(session, unit, paths=paths)
                if found is None:
                    raise NotFound("Unit itu tidak ada, atau di luar wilayah Anda.")
                paths = (found.path,)
            chosen = environment or ("live" if await engagement_store.has_live(session, paths) else "practice")
            rows = await outside_store.find(session, paths, chosen, kind=kind, limit=limit + 1, before=before)
        views = [SeenView(**{**row, "gone": bool(row["gone"])}) for row in rows]
        return cut(views, limit, lambda view: [view.posted_at.isoformat(), view.id])

    async def read_now(self, actor: Actor, unit: int) -> int:
        """Have the accounts of this unit and those beneath it read at the next round (half a minute). Answers how many."""
        async with self.db.write() as session:
            found = await unit_store.unit(session, unit, paths=actor.paths(Act.READ))
            if found is None:
                raise NotFound("Unit itu tidak ada, atau di luar wilayah Anda.")
            actor.must(Act.WRITE, found.path)
            ids = await channel_store.under(session, found.path, platforms=self._free())
            await seen_store.bring_forward(session, ids, now=self.now())
        return len(ids)

    def _free(self) -> Sequence[str]:
        """Platforms that can be read and cost nothing: what costs keeps its own schedule."""
        return [name for name, adapter in self.adapters.items() if isinstance(adapter, TellsRecent) and name != "x"]


def _before(cursor: str) -> tuple[datetime, int]:
    at, identity = decode(cursor, length=2)
    try:
        moment = datetime.fromisoformat(str(at))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not isinstance(identity, int):
        message = "Penanda halaman tidak dikenal. Mulai lagi dari halaman pertama."
        raise BadInput(message, Problem("cursor", "tidak dikenal"))
    return moment, identity
