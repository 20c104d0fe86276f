"""Terms of bodies and people: until when, who takes over, and what happens when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts import store as people_store
from app.accounts import term_store, unit_store
from app.accounts.models import PastMembership, Unit
from app.accounts.people import Invited, read_role
from app.accounts.rules import Act, Actor, Role
from app.accounts.service import PeopleService, managed_unit
from app.audit.service import record
from app.channels.service import ChannelService
from app.kit.clock import Clock
from app.kit.db import Database, WriteSession
from app.kit.errors import BadInput, Conflict, NotFound, Problem
from app.posts import term_store as posts_store
from app.publishing.models import Pause
from app.publishing.service import PublishingService

OVER = "Masa tugas unit ini sudah berakhir."
CHANGED_HANDS = "Pengurus unit berganti. Admin yang baru perlu mengecek atau menyambungkan ulang akun ini."


@dataclass(frozen=True)
class HandedOver:
    """`ended` roles, `channels` that wait for the new person to check them."""

    invited: Invited
    ended: int
    channels: int


@dataclass(frozen=True)
class TermService:
    db: Database
    clock: Clock
    people: PeopleService
    channels: ChannelService
    publishing: PublishingService
    zone: str

    def today(self) -> date:
        return self.clock.now().astimezone(ZoneInfo(self.zone)).date()

    async def set_unit_term(self, actor: Actor, unit_id: int, ends_on: date | None) -> Unit:
        """The last day of a body and, with it, of everything beneath; None: not known. Raises NotFound, Forbidden, BadInput."""
        actor.must_prove()
        if ends_on is not None and ends_on < self.today():
            raise BadInput("Hari terakhir tidak boleh sudah lewat.", Problem("ends_on", "hari ini atau sesudahnya"))
        async with self.db.write() as session:
            unit = await managed_unit(session, actor, unit_id)
            await term_store.set_term(session, unit_id, {"ends_on": ends_on})
            await session.refresh(unit)
            detail = {"ends_on": ends_on.isoformat() if ends_on else None}
            await self._note(session, actor.label, "unit.term", unit_id, detail)
        return unit

    async def set_role_term(self, actor: Actor, unit_id: int, user_id: int, ends_on: date | None) -> None:
        """The last day of somebody's role. Raises NotFound, Forbidden, BadInput."""
        actor.must_prove()
        if ends_on is not None and ends_on < self.today():
            raise BadInput("Hari terakhir tidak boleh sudah lewat.", Problem("ends_on", "hari ini atau sesudahnya"))
        async with self.db.write() as session:
            await managed_unit(session, actor, unit_id)
            held = await people_store.find_membership(session, user_id, unit_id)
            if held is None:
                raise NotFound("Orang ini tidak bertugas di unit ini.")
            held.ends_on = ends_on
            session.add(held)
            detail = {"unit_id": unit_id, "ends_on": ends_on.isoformat() if ends_on else None}
            await record(
                session,
                at=self.clock.now(),
                actor=actor.label,
                action="user.term",
                subject=f"user:{user_id}",
                detail=detail,
            )

    async def end_role(self, actor: Actor, unit_id: int, user_id: int, *, reason: str = "") -> None:
        """From now on the role opens nothing; who held it stays known. Raises NotFound, Forbidden, Conflict."""
        actor.must_prove()
        async with self.db.write() as session:
            unit = await managed_unit(session, actor, unit_id)
            roles = [one for one in await term_store.roles_at(session, unit_id) if one.user_id == user_id]
            if not roles:
                raise NotFound("Orang ini tidak bertugas di unit ini.")
            others = await people_store.first_admin(session, but=user_id)
            if unit.parent_id is None and roles[0].role == Role.ADMIN and others is None:
                raise Conflict("Ini satu-satunya admin. Tambahkan admin lain dulu.")
            await term_store.end_roles(session, roles, reason=reason.strip()[:500], now=self.clock.now())
            detail = {"unit_id": unit_id, "role": roles[0].role, "reason": reason.strip()[:500]}
            await record(
                session,
                at=self.clock.now(),
                actor=actor.label,
                action="user.end",
                subject=f"user:{user_id}",
                detail=detail,
            )

    async def hand_over(
        self, actor: Actor, unit_id: int, *, email: str, name: str, role: str, reason: str
    ) -> HandedOver:
        """Another person takes a body over: roles at it end, its accounts wait to be checked by the new one, history stays.

        Raises NotFound, Forbidden, BadInput, ProveFirst.
        """
        actor.must_prove()
        said, now = reason.strip()[:500], self.clock.now()
        if not said:
            raise BadInput("Tulis alasan serah terima, misalnya nomor SK.", Problem("reason", "wajib diisi"))
        read_role(role)
        async with self.db.write() as session:
            await managed_unit(session, actor, unit_id)
            invited = await self.people.let_in(session, actor, email=email, name=name, unit_id=unit_id, role=role)
            old = [one for one in await term_store.roles_at(session, unit_id) if one.user_id != invited.person.id]
            await term_store.end_roles(session, old, reason=said, now=now)
            channels = await posts_store.connected_of(session, unit_id)
            for channel_id in channels:
                await self.channels.needs_reconnect(session, channel_id, CHANGED_HANDS)
                await self.publishing.on_channel_state(session, channel_id, "needs_reconnect")
            people = [one.user_id for one in old]
            detail = {"reason": said, "ended": people, "to": invited.person.id, "channels": len(channels)}
            await self._note(session, actor.label, "unit.hand_over", unit_id, detail)
        return HandedOver(invited, len(old), len(channels))

    async def archive(self, actor: Actor, unit_id: int, *, reason: str) -> int:
        """A body is over, with all beneath it: nothing leaves it any more, it can only be read. Answers how many bodies.

        Raises NotFound, Forbidden, BadInput, Conflict.
        """
        actor.must_prove()
        said = reason.strip()[:500]
        if not said:
            raise BadInput("Tulis alasan pengarsipan.", Problem("reason", "wajib diisi"))
        async with self.db.write() as session:
            unit = await managed_unit(session, actor, unit_id)
            return await self.archive_in(session, unit, by=actor.label, reason=said)

    async def archive_in(self, session: WriteSession, unit: Unit, *, by: str, reason: str) -> int:
        """As `archive`, inside the caller's transaction."""
        assert unit.id is not None
        now = self.clock.now()
        count = await term_store.archive_under(session, unit.path, now=now)
        # First the pause: what somebody is enqueuing at this moment waits, and nobody can let it go.
        session.add(Pause(unit_id=unit.id, path=unit.path, reason=OVER, created_at=now))
        await session.flush()
        cancelled = await posts_store.cancel_under(session, unit.path, reason=OVER, now=now)
        channels = await posts_store.pause_channels_under(session, unit.path, reason=OVER)
        detail = {"reason": reason, "units": count, "cancelled": cancelled, "channels": channels}
        await self._note(session, by, "unit.archive", unit.id, detail)
        return count

    async def sweep(self) -> int:
        """Ends what ended yesterday; answers how many roles and bodies."""
        today, now = self.today(), self.clock.now()
        async with self.db.write() as session:
            roles = await term_store.ended_roles(session, today=today)
            await term_store.end_roles(session, roles, reason="Masa tugas berakhir.", now=now)
            for one in roles:
                detail = {"unit_id": one.unit_id, "role": one.role}
                await record(
                    session, at=now, actor="sistem", action="user.end", subject=f"user:{one.user_id}", detail=detail
                )
            units = await term_store.ended_units(session, today=today)
            tops = [
                unit for unit in units if not any(unit.path.startswith(one.path) for one in units if one is not unit)
            ]
            for unit in tops:
                await self.archive_in(session, unit, by="sistem", reason="Hari terakhirnya sudah lewat.")
        return len(roles) + len(tops)

    async def past(self, actor: Actor, unit_id: int) -> Sequence[PastMembership]:
        """Who spoke for the unit before. Raises NotFound; empty for who does not manage there."""
        async with self.db.read() as session:
            unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
            if unit is None:
                raise NotFound("Unit itu tidak ditemukan.")
            if not any(unit.path.startswith(path) for path in actor.paths(Act.MANAGE)):
                return ()
            return await term_store.past_at(session, unit_id)

    async def _note(self, session: WriteSession, by: str, action: str, unit_id: int, detail: Mapping[str, Any]) -> None:
        await record(session, at=self.clock.now(), actor=by, action=action, subject=f"unit:{unit_id}", detail=detail)
