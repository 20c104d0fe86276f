"""How long evidence is kept: by the election's own day, never less, and never what an open complaint is about."""

import asyncio
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.evidence import complaint_store as store
from app.kit.clock import Clock
from app.kit.db import Database
from app.kit.errors import BadInput, NotFound, Problem


@dataclass(frozen=True)
class KeepingService:
    """`folder` holds the frozen ZIPs; `zone` is where a day begins."""

    db: Database
    clock: Clock
    folder: Path
    zone: str

    def today(self) -> date:
        return self.clock.now().astimezone(ZoneInfo(self.zone)).date()

    async def until(self, actor: Actor, unit_id: int) -> date | None:
        """The last day on which evidence of the unit's election is kept; None: without end. Raises NotFound."""
        async with self.db.read() as session:
            unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
            if unit is None:
                raise NotFound("Unit itu tidak ditemukan.")
            return await store.kept_until(session, unit.election_id)

    async def keep_until(self, actor: Actor, unit_id: int, day: date | None) -> date | None:
        """Sets it for the whole election, which only the body at its root may. Raises NotFound, Forbidden, BadInput."""
        actor.must_prove()
        if day is not None and day < self.today():
            raise BadInput(
                "Bukti paling sedikit disimpan sampai hari ini.", Problem("until", "hari ini atau sesudahnya")
            )
        async with self.db.write() as session:
            unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
            if unit is None:
                raise NotFound("Unit itu tidak ditemukan.")
            # It may be set after the term too, which is when it matters.
            actor.must(Act.REVIEW if actor.is_archived(unit.path) else Act.MANAGE, unit.path)
            if unit.parent_id is not None:
                raise BadInput(
                    "Masa simpan bukti diatur di KPU untuk seluruh pemilihan.", Problem("unit_id", "pilih KPU")
                )
            await store.set_kept_until(session, unit.election_id, day)
            detail = {"until": day.isoformat() if day else None}
            subject = f"election:{unit.election_id}"
            await record(
                session, at=self.clock.now(), actor=actor.label, action="evidence.keep", subject=subject, detail=detail
            )
        return day

    async def expire(self) -> int:
        """Lets frozen ZIPs of closed complaints go once their election's day has passed; answers how many files."""
        async with self.db.read() as session:
            due = await store.expired(session, today=self.today())
        gone = 0
        for complaint in due:
            for pack in complaint.packs:
                await asyncio.to_thread((self.folder / pack["file"]).unlink, missing_ok=True)
            async with self.db.write() as session:
                await store.mark_expired(session, complaint.id or 0, complaint.packs)
                detail = {"sha256": [pack["sha256"] for pack in complaint.packs]}
                subject = f"complaint:{complaint.id}"
                await record(
                    session,
                    at=self.clock.now(),
                    actor="sistem",
                    action="evidence.expire",
                    subject=subject,
                    detail=detail,
                )
            gone += len(complaint.packs)
        return gone
