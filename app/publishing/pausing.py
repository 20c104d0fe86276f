"""Stops everything of a unit and those beneath it at once, and lets it go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.kit.clock import Clock
from app.kit.db import Database, WriteSession
from app.kit.errors import BadInput, Conflict, NotFound, Problem
from app.publishing import pause_store
from app.publishing.models import Pause


@dataclass(frozen=True)
class PauseView:
    """A pause that runs, for a person who is held by it or who looks down on it."""

    id: int
    unit_id: int
    unit_name: str
    reason: str
    held: int
    created_at: datetime
    may_resume: bool


@dataclass
class PauseService:
    db: Database
    clock: Clock

    async def pause(self, actor: Actor, unit_id: int, *, reason: str) -> tuple[Pause, int]:
        """Answers the pause, and how many deliveries had already left and cannot be held. Raises NotFound, Forbidden, Conflict."""
        said = reason.strip()
        if not said:
            raise BadInput(
                "Tulis alasan jeda, agar unit tahu mengapa unggahannya ditahan.", Problem("reason", "wajib diisi")
            )
        async with self.db.write() as session:
            unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
            if unit is None:
                raise NotFound("Unit ini tidak ada, atau di luar wilayah Anda.")
            actor.must(Act.BROADCAST, unit.path)
            if await pause_store.running_at(session, unit_id):
                raise Conflict("Unit ini sudah dijeda.")
            row = Pause(
                unit_id=unit_id, path=unit.path, reason=said, created_by=actor.user_id, created_at=self.clock.now()
            )
            session.add(row)
            await session.flush()
            row.held = await pause_store.hold(session, pause_store.under(unit.path), reason=pause_store.SAYS + said)
            in_flight = await pause_store.count_in_flight(session, pause_store.under(unit.path))
            detail = {"pause": row.id, "held": row.held, "reason": said}
            await self._note(session, actor, "pause.begin", unit_id, detail)
        return row, in_flight

    async def resume(self, actor: Actor, pause_id: int) -> tuple[Pause, int]:
        """Answers the pause, and how many deliveries go on; what has passed its time meanwhile is missed."""
        async with self.db.write() as session:
            row = await pause_store.find_pause(
                session, actor.paths(Act.READ), pause_id, to_change=not session.is_sqlite
            )
            if row is None:
                raise NotFound("Jeda ini tidak ada, atau di luar wilayah Anda.")
            actor.must(Act.BROADCAST, row.path)  # never of a body whose term is over: nothing leaves it again
            if row.ended_at is not None:
                raise Conflict("Jeda ini sudah diakhiri.")
            row.ended_at, row.ended_by = self.clock.now(), actor.user_id
            session.add(row)
            await session.flush()
            released = await pause_store.release(session, pause_store.under(row.path), now=self.clock.now())
            await self._note(session, actor, "pause.end", row.unit_id, {"pause": row.id, "released": released})
        return row, released

    async def list(self, actor: Actor, *, running: bool, limit: int = 100) -> Sequence[Pause]:
        """Newest first: pauses in sight, and those above that cover one's own units."""
        paths = actor.paths(Act.READ)
        async with self.db.read() as session:
            return await pause_store.find_pauses(session, paths, paths, limit=limit, before_id=None, running=running)

    async def running(self, actor: Actor, *, limit: int = 100) -> Sequence[PauseView]:
        """Newest first: those that hold the actor's units, or units beneath them."""
        paths = actor.paths(Act.READ)
        async with self.db.read() as session:
            rows = await pause_store.find_pauses(session, paths, paths, limit=limit, before_id=None, running=True)
            # A body whose term is over is no news on every page.
            rows = [row for row in rows if not actor.is_archived(row.path)]
            names = await pause_store.unit_names(session, [row.unit_id for row in rows]) if rows else {}
        return [
            PauseView(
                row.id or 0, row.unit_id, names.get(row.unit_id, ""), row.reason, row.held, row.created_at,
                actor.may(Act.BROADCAST, row.path),
            )
            for row in rows
        ]  # fmt: skip

    async def _note(
        self, session: WriteSession, actor: Actor, action: str, unit_id: int, detail: Mapping[str, object]
    ) -> None:
        await record(
            session, at=self.clock.now(), actor=actor.label, action=action, subject=f"unit:{unit_id}", detail=detail
        )
