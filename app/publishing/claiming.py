"""One claim: as much of a lane as a worker has free slots for, and as platforms and outages allow."""

from dataclasses import dataclass
from typing import Any

from app.channels.service import ChannelService
from app.content.media import MediaService
from app.kit.clock import Clock
from app.kit.db import Database, WriteSession
from app.publishing import store
from app.publishing.breaker import Breaker
from app.publishing.claims import Claim, load
from app.publishing.pacing import Pacer

AHEAD = 0.5
"""Real seconds a claim looks ahead (speed.md, section 3)."""


@dataclass(frozen=True)
class Claimer:
    db: Database
    clock: Clock
    channels: ChannelService
    media: MediaService
    pacer: Pacer
    breaker: Breaker
    worker_id: str

    async def claim(self, lane: str, free: int) -> tuple[list[Claim], bool]:
        """Up to `free` deliveries of a lane, in one transaction; and whether all slots were taken, so that there may be more."""
        is_half = lane in self.breaker.half
        async with self.db.write() as session:
            most = await self.breaker.look(session, lane, free) if is_half else free
            if most is None:
                return [], False
            taken = await self.pacer.take(session, lane, most)
            rows = await self._take(session, lane, taken.room)
            is_full = len(rows) == free
            rows = await self.pacer.sift(session, lane, rows)
            await self.pacer.spend(session, taken, len(rows))
            if is_half:
                await self.breaker.took(session, lane, len(rows))
            return await load(session, rows, channels=self.channels, media=self.media), is_full

    async def _take(self, session: WriteSession, lane: str, most: int) -> list[dict[str, Any]]:
        if not most:
            return []
        now, ahead = self.clock.now(), self.clock.span(AHEAD)
        return await store.claim_due(session, lane, worker_id=self.worker_id, now=now, ahead=ahead, limit=most)
