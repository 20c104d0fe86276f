"""Warns the KPU while what a complaint is about is still out and its deadline nears, and once it has passed."""

from dataclasses import dataclass

from app.audit.events import Event, EventKind
from app.audit.service import tell
from app.evidence import complaint_store as store
from app.evidence.models import Complaint
from app.evidence.rules import NEAR, Warned, warning
from app.kit.clock import Clock
from app.kit.db import Database, WriteSession

_KINDS = {Warned.NEAR: EventKind.COMPLAINT_NEAR, Warned.LATE: EventKind.COMPLAINT_LATE}


@dataclass(frozen=True)
class DeadlineWatch:
    db: Database
    clock: Clock

    async def sweep(self) -> int:
        """Each warning once, however many workers look; answers how many were told."""
        now = self.clock.now()
        async with self.db.write() as session:
            rows = await store.with_deadline(session, before=now + NEAR, told_below=Warned.LATE)
            return sum([await self._tell(session, row) for row in rows])

    async def _tell(self, session: WriteSession, row: Complaint) -> bool:
        assert row.id is not None
        assert row.deadline is not None
        now = self.clock.now()
        step = warning(row.withdrawn_at or row.created_at, row.deadline, now=now)
        if step <= row.told:
            return False
        left = await store.count_left(session, row.id)
        if not left or not await store.mark_told(session, row.id, seen=row.told, told=step):
            return False
        detail = {"left": left, "deadline": row.deadline.isoformat()}
        top = await store.top_of(session, row.unit_id)
        await tell(session, [Event(_KINDS[step], f"complaint:{row.id}", top, detail)], at=now)
        return True
