"""Tells every day where the audit chain stood: a record that is made anew later does not pass through what people were told."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.accounts import unit_store
from app.audit.models import ChainHead
from app.audit.sealing import keep_head
from app.kit.clock import Clock
from app.kit.db import Database
from app.kit.logs import logger

log = logger("audit")


@dataclass(frozen=True)
class HeadTeller:
    """`zone` is where the installation's day ends."""

    db: Database
    clock: Clock
    zone: str

    async def tell(self) -> ChainHead | None:
        """Yesterday's, once: into the log, and as a notice to the admins of each KPU. None if there is nothing (more) to tell."""
        now = self.clock.now()
        today = now.astimezone(ZoneInfo(self.zone)).date()
        midnight = datetime.combine(today, time(), ZoneInfo(self.zone))
        async with self.db.read() as session:
            roots = await unit_store.roots(session)
        kept = await keep_head(self.db, day=today - timedelta(days=1), ended=midnight, now=now, tell_to=roots)
        if kept is not None:
            log.info("audit_head", day=kept.ended_on.isoformat(), seq=kept.seq, hash=kept.hash)
        return kept
