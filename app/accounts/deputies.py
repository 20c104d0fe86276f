"""Who reviews at a unit: its reviewers, the deputies they name, and whether they are enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts import deputy_store as store
from app.accounts import unit_store
from app.accounts.rules import Act, Actor, Role
from app.audit.service import record
from app.kit.db import Database
from app.kit.errors import BadInput, NotFound, Problem

FEWEST = 2
"""Nobody approves what they wrote themselves, so one approver alone would stop everything."""


@dataclass(frozen=True)
class Reviewer:
    user_id: int
    name: str
    role: Role
    is_deputy: bool


@dataclass(frozen=True)
class Short:
    """A KPU with too few people who may approve."""

    unit_id: int
    unit_name: str
    approvers: int


@dataclass
class DeputyService:
    db: Database
    now: Callable[[], datetime]

    async def reviewers(self, actor: Actor, unit_id: int) -> Sequence[Reviewer]:
        """Those of this very unit, deputies last; raises NotFound."""
        async with self.db.read() as session:
            unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
            if unit is None:
                raise NotFound("Unit ini tidak ada, atau di luar wilayah Anda.")
            rows = await store.reviewers_at(session, unit_id)
        return [Reviewer(user_id, name, Role(role), is_deputy) for user_id, name, role, is_deputy in rows]

    async def name(self, actor: Actor, unit_id: int, user_id: int, *, is_deputy: bool) -> Sequence[Reviewer]:
        """Makes a reviewer of the unit a deputy, or an ordinary reviewer again.

        Raises NotFound, Forbidden, ProveFirst, BadInput for somebody who may not review there.
        """
        actor.must_prove()
        async with self.db.write() as session:
            unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
            if unit is None:
                raise NotFound("Unit ini tidak ada, atau di luar wilayah Anda.")
            actor.must(Act.MANAGE, unit.path)
            if user_id not in {row[0] for row in await store.reviewers_at(session, unit_id)}:
                message = "Wakil peninjau harus punya peran Peninjau atau Admin di unit ini. Beri perannya dulu."
                raise BadInput(message, Problem("user_id", message))
            if await store.set_deputy(session, user_id, unit_id, is_deputy=is_deputy):
                detail = {"user": user_id, "deputy": is_deputy}
                await record(
                    session,
                    at=self.now(),
                    actor=actor.label,
                    action="unit.deputy",
                    subject=f"unit:{unit_id}",
                    detail=detail,
                )
        return await self.reviewers(actor, unit_id)

    async def short_of_approvers(self, paths: Sequence[str] = ("/",)) -> Sequence[Short]:
        """KPUs within `paths` with fewer active approvers than it takes."""
        async with self.db.read() as session:
            rows = await store.count_approvers(session, paths)
        return [Short(unit_id, name, count) for unit_id, name, count in rows if count < FEWEST]
