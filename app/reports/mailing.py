"""Sends the recap of the week that is over, with its PDF, to everybody who wants it, on Monday morning."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.rules import Act, Actor
from app.kit.clock import Clock
from app.kit.db import Database
from app.kit.errors import AppError
from app.kit.logs import logger
from app.notices.rules import back_off
from app.notices.transport import Attached, GiveUp, Letter, Transport, TryAgain
from app.reports import mail_store, rules, wording
from app.reports.rules import Kind, Recap
from app.reports.service import RecapService, RecapWanted
from app.reports.writers.files import write_file

log = logger("recap_mail")

FROM_HOUR = 6
"""Of Monday, in the installation's zone; what was slept through goes out later in the week."""
LEASE = 600.0
MISSING = "Surel belum disiapkan pengelola, jadi rekap belum dapat dikirim. Rekap tetap ada di halaman Laporan."


@dataclass(frozen=True)
class MailWish:
    """`sent_for` the last week that was sent or done with; `missing`: why nothing can be sent, empty where all is set up."""

    weekly: bool
    address: str
    sent_for: str
    error: str
    missing: str


@dataclass
class RecapMailService:
    db: Database
    clock: Clock
    recaps: RecapService
    mailer: Transport | None
    actor_of: Callable[[int], Awaitable[Actor]]
    base_url: str

    async def wish(self, actor: Actor) -> MailWish:
        async with self.db.read() as session:
            row = await mail_store.wish_of(session, actor.user_id)
            address = await mail_store.address_of(session, actor.user_id)
        missing = "" if self.mailer else MISSING
        if row is None:
            return MailWish(False, address, "", "", missing)
        return MailWish(row.is_on, address, row.sent_for, row.error, missing)

    async def set_wish(self, actor: Actor, *, weekly: bool) -> MailWish:
        async with self.db.write() as session:
            await mail_store.put_wish(
                session, actor.user_id, is_on=weekly, done_with=self._last_week(), now=self.clock.now()
            )
        return await self.wish(actor)

    async def send_due(self, *, limit: int = 10) -> int:
        """Any number of workers may. After a kill a letter may arrive twice, with the same Message-ID. Answers how many left."""
        now = self.clock.now()
        local, week = now.astimezone(ZoneInfo(self.recaps.timezone)), self._last_week()
        if self.mailer is None or (local.weekday() == 0 and local.hour < FROM_HOUR):
            return 0
        async with self.db.read() as session:
            if not await mail_store.any_due(session, week, now=now):
                return 0
        async with self.db.write() as session:
            until = now + self.clock.span(LEASE)
            taken = await mail_store.take(session, week, now=now, until=until, limit=limit)
        tries = [await self._carry(self.mailer, row, week) for row in taken]
        async with self.db.write() as session:
            await mail_store.record_tries(session, tries)
        return sum(1 for one in tries if not one["changes"]["error"])

    def _last_week(self) -> str:
        today = self.clock.now().astimezone(ZoneInfo(self.recaps.timezone)).date()
        return rules.week_key(today - timedelta(days=7))

    async def _carry(self, mailer: Transport, row: dict[str, Any], week: str) -> dict[str, Any]:
        done = {"sent_for": week, "attempts": 0, "act_at": self.clock.now(), "error": ""}
        try:
            actor = await self.actor_of(row["user_id"])
            if not actor.paths(Act.READ):
                return {**row, "changes": {**done, "error": "Anda belum punya peran."}}
            recap = await self.recaps.make(actor, RecapWanted(Kind.WEEKLY, week))
            await mailer.send(await self._letter(row["user_id"], recap, week))
        except TryAgain as error:
            wait = {"act_at": self.clock.now() + back_off(row["attempts"]), "error": str(error)[:300]}
            return {**row, "changes": wait}
        except (GiveUp, AppError) as error:
            log.warning("recap_mail_given_up", user=row["user_id"], error=type(error).__name__)
            return {**row, "changes": {**done, "error": str(error)[:300]}}
        return {**row, "changes": done}

    async def _letter(self, user_id: int, recap: Recap, week: str) -> Letter:
        file = await write_file(recap, "pdf")
        async with self.db.read() as session:
            to = await mail_store.address_of(session, user_id)
        lines = [f"{word}: {value}{f' ({grown})' if grown else ''}" for word, value, grown in wording.summary(recap)]
        text = "\n".join(
            [
                f"{wording.title(recap)}, {recap.period.label} ({wording.ENVIRONMENTS[recap.environment]}).",
                "",
                *lines,
                "",
                "Dalam kurung: dibanding pekan sebelumnya. Rekap lengkap ada pada lampiran PDF.",
                f"Buka: {self.base_url}/laporan?bentuk=mingguan&periode={week}",
                f"Berhenti menerima: {self.base_url}/kabar/pengaturan",
            ]
        )
        subject = f"{wording.title(recap)}, {recap.period.label}"
        key = f"recap:{user_id}:{week}"
        return Letter(to, subject, text, key, self.clock.now(), (Attached(file.name, file.mime, file.content),))
