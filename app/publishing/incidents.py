"""What people see of a platform's outage, and what they may do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.kit.clock import Clock
from app.kit.db import Database, ReadSession
from app.kit.errors import Conflict, NotFound
from app.platforms.contract import Adapter
from app.platforms.registry import TITLES
from app.publishing import outage_store as store
from app.publishing.divert_store import Which
from app.publishing.diverting import HANDS, Diverted, read_target, targets, to_hands, to_platform
from app.publishing.models import Incident

SOON = timedelta(hours=1)
"""What is due within this time may be taken elsewhere."""


@dataclass(frozen=True)
class IncidentView:
    """An outage for one person: `accounts` theirs on the platform, `held` their deliveries that should have left or soon must."""

    id: int
    platform: str
    title: str
    environment: str
    reason: str
    began_at: datetime
    probe_at: datetime | None
    recovers_at: datetime | None
    ended_at: datetime | None
    accounts: int
    held: int
    late: int
    may_divert: bool


@dataclass
class IncidentService:
    db: Database
    clock: Clock
    platforms: Mapping[str, Adapter]
    grace: timedelta = timedelta(hours=24)

    async def running(self, actor: Actor) -> Sequence[IncidentView]:
        """Those that touch the actor's own accounts."""
        return [view for view in await self.list(actor, running=True) if view.accounts]

    async def list(self, actor: Actor, *, running: bool, limit: int = 50) -> Sequence[IncidentView]:
        """Newest first."""
        async with self.db.read() as session:
            rows = await store.list_incidents(session, running=running, limit=limit)
            return [await self._view(session, actor, row) for row in rows]

    async def get(self, actor: Actor, incident_id: int) -> IncidentView:
        async with self.db.read() as session:
            return await self._view(session, actor, await self._find(session, incident_id))

    async def divert(self, actor: Actor, incident_id: int, *, to: str) -> Diverted:
        """Of the units the actor reviews, what should have left or is due within the hour: by hand, or to another platform.

        Raises NotFound, Forbidden, BadInput for a place that is none, Conflict once the outage is over.
        """
        actor.must(Act.REVIEW)
        async with self.db.write() as session:
            incident = await self._find(session, incident_id)
            if incident.ended_at is not None:
                raise Conflict(f"{TITLES[incident.platform]} sudah pulih; kirimannya sudah dilanjutkan.")
            target = read_target(to, self.platforms, not_to=incident.platform)
            now, paths = self.clock.now(), actor.paths(Act.REVIEW)
            which = Which(paths, incident.platform, incident.environment, now + SOON)
            reason = f"{TITLES[incident.platform]} terganggu."
            if target == HANDS:
                done = await to_hands(session, which, reason=f"{reason} Terbitkan sendiri di akunnya.")
            else:
                done = await to_platform(
                    session, which, self.platforms[target], reason=reason, now=now, grace=self.grace
                )  # fmt: skip
            detail = {"to": target, "moved": done.moved, "left": done.left}
            await record(
                session, at=now, actor=actor.label, action="incident.divert", subject=f"incident:{incident_id}", detail=detail
            )  # fmt: skip
        return done

    def targets(self, view: IncidentView) -> Sequence[tuple[str, str]]:
        return targets(self.platforms, not_to=view.platform)

    async def _find(self, session: ReadSession, incident_id: int) -> Incident:
        found = await session.get(Incident, incident_id)
        if found is None:
            raise NotFound("Gangguan ini tidak ada.")
        return found

    async def _view(self, session: ReadSession, actor: Actor, row: Incident) -> IncidentView:
        until = row.ended_at or self.clock.now() + SOON
        accounts, held = await store.concerned(
            session, actor.paths(Act.READ), row.platform, row.environment, until=until
        )  # fmt: skip
        goes_on = row.ended_at is None
        return IncidentView(
            row.id or 0, row.platform, TITLES[row.platform], row.environment, row.reason, row.began_at,
            row.probe_at if goes_on and row.recovers_at is None else None, row.recovers_at, row.ended_at, accounts,
            held if goes_on else 0, row.late, goes_on and bool(actor.paths(Act.REVIEW)),
        )  # fmt: skip
