"""Terms of accounts and of calendars: until when, and what happens the day after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.accounts import unit_store
from app.accounts.models import Unit
from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.channels import term_store as channel_terms
from app.channels.models import Channel
from app.channels.rules import must_be_open
from app.channels.service import ChannelService, managed
from app.kit.clock import Clock
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, Problem
from app.posts.terms import TermService
from app.tahapan import term_store as calendar_terms
from app.tahapan.models import Election

CHANNEL_OVER = "Masa pakai akun ini sudah berakhir."
CALENDAR_OVER = "Hari terakhir kalendernya sudah lewat."


@dataclass(frozen=True)
class EndingService:
    db: Database
    clock: Clock
    channels: ChannelService
    terms: TermService
    zone: str

    def today(self) -> date:
        return self.clock.now().astimezone(ZoneInfo(self.zone)).date()

    async def set_channel_term(self, actor: Actor, channel_id: int, ends_on: date | None) -> Channel:
        """The last day on which an account speaks; None: not known. Raises NotFound, Forbidden, Conflict, BadInput."""
        self._must_lie_ahead(ends_on)
        async with self.db.write() as session:
            channel = await managed(session, actor, channel_id)
            must_be_open(channel.state)
            channel.ends_on = ends_on
            session.add(channel)
            await self._note(session, actor.label, "channel.term", f"channel:{channel_id}", ends_on)
        return channel

    async def calendars(self, actor: Actor) -> Sequence[Election]:
        """Elections in sight, the newest first; those that are over, too."""
        async with self.db.read() as session:
            return await calendar_terms.elections_of(session, await _elections(session, actor, Act.READ))

    async def may_end(self, actor: Actor, election_id: int) -> bool:
        async with self.db.read() as session:
            return await self._root(session, actor, election_id) is not None

    async def set_calendar_term(self, actor: Actor, election_id: int, ends_on: date | None) -> Election:
        """The last day of an election's calendar. Raises NotFound, Forbidden, Conflict, BadInput, ProveFirst."""
        actor.must_prove()
        self._must_lie_ahead(ends_on)
        async with self.db.write() as session:
            row = await self._open(session, actor, election_id)
            row.ends_on = ends_on
            session.add(row)
            await self._note(session, actor.label, "election.term", f"election:{election_id}", ends_on)
        return row

    async def archive_calendar(self, actor: Actor, election_id: int, *, reason: str) -> int:
        """The election is over: its calendar and its bodies can only be read, nothing of it leaves. Answers how many bodies.

        Another election beside it goes on. Raises NotFound, Forbidden, Conflict, BadInput, ProveFirst.
        """
        actor.must_prove()
        said = reason.strip()[:500]
        async with self.db.write() as session:
            row = await self._open(session, actor, election_id)
            if not said:
                raise BadInput("Tulis alasan pengarsipan.", Problem("reason", "wajib diisi"))
            return await self._archive(session, row, by=actor.label, reason=said)

    async def sweep(self) -> int:
        """Ends what ended yesterday: accounts and calendars; answers how many."""
        today = self.today()
        async with self.db.write() as session:
            channels = await channel_terms.ended(session, today=today)
            for channel in channels:
                await self.channels.end(session, channel, reason=CHANNEL_OVER)
                await self._note(session, "sistem", "channel.end", f"channel:{channel.id}", channel.ends_on)
            elections = await calendar_terms.ended(session, today=today)
            for row in elections:
                await self._archive(session, row, by="sistem", reason=CALENDAR_OVER)
        return len(channels) + len(elections)

    async def _archive(self, session: WriteSession, row: Election, *, by: str, reason: str) -> int:
        assert row.id is not None
        row.archived_at = self.clock.now()
        session.add(row)
        await session.flush()
        roots = await unit_store.open_roots(session, row.id)
        count = sum([await self.terms.archive_in(session, root, by=by, reason=reason) for root in roots])
        detail = {"reason": reason, "units": count}
        subject = f"election:{row.id}"
        await record(session, at=self.clock.now(), actor=by, action="election.archive", subject=subject, detail=detail)
        return count

    async def _open(self, session: WriteSession, actor: Actor, election_id: int) -> Election:
        rows = await calendar_terms.elections_of(session, await _elections(session, actor, Act.READ))
        row = next((one for one in rows if one.id == election_id), None)
        if row is None:
            raise NotFound("Pemilihan itu tidak ditemukan.")
        if await self._root(session, actor, election_id) is None:
            raise Forbidden("Masa kalender diatur oleh admin KPU untuk seluruh pemilihan.")
        if row.archived_at is not None:
            raise Conflict(f"Kalender {row.name} sudah diarsipkan.")
        return row

    async def _root(self, session: ReadSession, actor: Actor, election_id: int) -> Unit | None:
        roots = await unit_store.roots_of(session, election_id)
        return next((unit for unit in roots if actor.may(Act.MANAGE, unit.path)), None)

    def _must_lie_ahead(self, ends_on: date | None) -> None:
        if ends_on is not None and ends_on < self.today():
            raise BadInput("Hari terakhir tidak boleh sudah lewat.", Problem("ends_on", "hari ini atau sesudahnya"))

    async def _note(self, session: WriteSession, by: str, action: str, subject: str, ends_on: date | None) -> None:
        now: datetime = self.clock.now()
        detail = {"ends_on": ends_on.isoformat() if ends_on else None}
        await record(session, at=now, actor=by, action=action, subject=subject, detail=detail)


async def _elections(session: ReadSession, actor: Actor, act: Act) -> set[int]:
    return await unit_store.election_ids(session, actor.paths(act))
