"""Turns what happened into notices for the right people, once each, and carries them out by mail and Telegram."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.audit.events import EventKind
from app.kit.clock import Clock
from app.kit.db import Database
from app.kit.errors import Forbidden, NotFound
from app.kit.logs import logger
from app.kit.paging import Page, cut
from app.notices import rules, store, texts
from app.notices.models import Notice, Sending
from app.notices.push import Push
from app.notices.rules import Happening, QuietHours, SendState, Way
from app.notices.texts import Text
from app.notices.transport import GiveUp, Letter, Transport, TryAgain

log = logger("notices")

AT_ONCE = 4
LEASE = 300.0
"""Real seconds a worker may take over what it has taken: more than `send_waiting` can need (20 rows, 20 s each, 4 at once)."""

MISSING = {
    Way.MAIL: "Kabar tidak dikirim lewat surel. Isi KENTONGAN_SMTP_URL dan KENTONGAN_MAIL_FROM, lalu mulai ulang.",
    Way.TELEGRAM: "Kabar tidak dikirim lewat Telegram. Isi KENTONGAN_TELEGRAM_BOT_TOKEN, lalu mulai ulang.",
}


@dataclass(frozen=True)
class Preferences:
    """How a person wants to hear. `missing`: what the operator has not set up, in sentences."""

    mail: bool
    mail_address: str
    telegram: bool
    telegram_chat: str
    push: bool
    quiet_from: str
    quiet_until: str
    missing: Sequence[str]


@dataclass
class NoticesService:
    """`mailer` or `telegram` None: that way is not set up, and nothing is put on it."""

    db: Database
    clock: Clock
    mailer: Transport | None
    telegram: Transport | None
    base_url: str
    push: Push | None = None

    @property
    def ways(self) -> dict[str, Transport]:
        return {
            transport.way: transport for transport in (self.mailer, self.telegram, self.push) if transport is not None
        }

    def missing(self) -> list[str]:
        """What is not set up, and how to mend it."""
        return [sentence for way, sentence in MISSING.items() if way not in self.ways]

    async def spread(self, *, limit: int = 200) -> int:
        """Make notices of up to `limit` events of the outbox; any number of workers may. Answers how many notices."""
        async with self.db.read() as session:
            if not await store.any_event(session):
                return 0
        now = self.clock.now()
        async with self.db.write() as session:
            taken = await store.take_events(session, now=now, limit=limit)
            units = await store.units_of(session, {row["unit_id"] for row in taken})
            members = await store.members_above(session, {unit.path for unit in units.values()})
            happenings = [_happening(row, units[row["unit_id"]]) for row in taken if _is_known(row)]
            rows = _rows(happenings, members, now=now)
            new = await store.add_notices(session, rows)
            wanted = await store.preferences_of(session, {user_id for _, user_id in new})
            sendings = [
                {
                    "notice_id": identity,
                    "way": way,
                    "state": SendState.WAITING,
                    "attempts": 0,
                    "act_at": _act_at(way, wanted.get((user_id, rules.QUIET)), now=now),
                    "error": "",
                }
                for identity, user_id in new
                for way in self.ways
                if _wants(way, wanted.get((user_id, way)))
            ]
            await session.insert_many(Sending, sendings)
        return len(new)

    async def send_waiting(self, *, limit: int = 20) -> int:
        """One try of up to `limit` messages, none inside a transaction. Answers how many notices left.

        After a kill in the middle a message may arrive twice, with the same Message-ID; it is never lost.
        """
        ways, now = self.ways, self.clock.now()
        if not ways:
            return 0
        async with self.db.read() as session:
            if not await store.any_sending(session, ways=list(ways), now=now):
                return 0
        async with self.db.write() as session:
            ends_at = now + self.clock.span(LEASE)
            rows = await store.take_sendings(session, ways=list(ways), now=now, lease_ends_at=ends_at, limit=limit)
        judged = [{**row, "why_not": _why_not(row, now=now)} for row in rows]
        gate = asyncio.Semaphore(AT_ONCE)

        async def carry(rows: Sequence[Mapping[str, Any]]) -> int:
            async with gate:
                return await self._carry(ways[rows[0]["way"]], rows)

        return sum(await asyncio.gather(*(carry(group) for group in _together(judged, ways))))

    async def list(
        self, actor: Actor, *, unread_only: bool = False, limit: int = 50, cursor: str | None = None
    ) -> Page[Notice]:
        """One's own, newest first."""
        before = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await store.find_notices(
                session,
                actor.user_id,
                actor.paths(Act.READ),
                unread_only=unread_only,
                limit=limit + 1,
                before_id=before,
            )
        return cut(rows, limit, lambda row: [row.id])

    async def unread_count(self, actor: Actor) -> int:
        async with self.db.read() as session:
            return await store.count_unread(session, actor.user_id, actor.paths(Act.READ))

    async def mark_read(self, actor: Actor, notice_id: int) -> Notice:
        """A second call changes nothing. Raises NotFound for a notice of somebody else."""
        paths = actor.paths(Act.READ)
        async with self.db.write() as session:
            await store.mark_read(session, actor.user_id, paths, now=self.clock.now(), notice_id=notice_id)
            found = await store.find_notice(session, actor.user_id, paths, notice_id)
        if found is None:
            raise NotFound("Kabar ini tidak ada, atau bukan untuk Anda.")
        return found

    async def mark_all_read(self, actor: Actor) -> int:
        """Answers how many were unread."""
        async with self.db.write() as session:
            return await store.mark_read(session, actor.user_id, actor.paths(Act.READ), now=self.clock.now())

    async def preferences(self, actor: Actor) -> Preferences:
        async with self.db.read() as session:
            wanted = await store.preferences_of(session, [actor.user_id])
            email = await store.email_of(session, actor.user_id)
        chat = wanted.get((actor.user_id, Way.TELEGRAM))
        quiet = _quiet(wanted.get((actor.user_id, rules.QUIET)))
        return Preferences(
            mail=_wants(Way.MAIL, wanted.get((actor.user_id, Way.MAIL))),
            mail_address=email,
            telegram=_wants(Way.TELEGRAM, chat),
            telegram_chat=chat.address if chat else "",
            push=_wants(Way.PUSH, wanted.get((actor.user_id, Way.PUSH))),
            quiet_from=f"{quiet.starts:%H:%M}" if quiet else "",
            quiet_until=f"{quiet.ends:%H:%M}" if quiet else "",
            missing=self.missing(),
        )

    async def set_preferences(
        self,
        actor: Actor,
        *,
        mail: bool,
        telegram: bool,
        telegram_chat: str = "",
        quiet: tuple[str, str] = ("", ""),
        zone: str = "Asia/Jakarta",
    ) -> Preferences:
        """`quiet`: from and until on the clock of `zone`, empty: at any hour. Raises BadInput for a chat that cannot be one, Forbidden for a token that may only read."""
        if actor.scopes is not None and Act.WRITE not in actor.scopes:
            raise Forbidden("Token ini hanya boleh membaca. Ubah pengaturan kabar dengan masuk sendiri.")
        chat = rules.read_chat(telegram_chat, is_on=telegram)
        hours = rules.read_quiet(*quiet, zone)
        async with self.db.write() as session:
            await store.set_preference(session, actor.user_id, Way.MAIL, address="", is_on=mail)
            await store.set_preference(session, actor.user_id, Way.TELEGRAM, address=chat, is_on=telegram)
            await store.set_preference(
                session, actor.user_id, rules.QUIET, address=hours.to_text() if hours else "", is_on=bool(hours)
            )
        return await self.preferences(actor)

    async def _carry(self, transport: Transport, rows: Sequence[Mapping[str, Any]]) -> int:
        """Send one letter with these notices of one person, and record what came of it."""
        now, tries = self.clock.now(), {row["id"]: row["attempts"] for row in rows}
        why_not = rows[0]["why_not"]
        values: dict[str, Any] = {"state": SendState.SENT, "error": ""}
        asked_until: datetime | None = None
        try:
            if why_not:
                raise GiveUp(why_not)
            await transport.send(self._letter(rows, now))
        except GiveUp as error:
            log.warning("notice_given_up", way=transport.way, notices=len(rows), reason=str(error))
            values = {"state": SendState.FAILED, "error": str(error)}
        except TryAgain as error:
            asked_until = self.clock.now() + self.clock.span(error.after.total_seconds()) if error.after else None
            act_at = asked_until or self.clock.now() + rules.back_off(rows[0]["attempts"])
            log.warning("notice_later", way=transport.way, notices=len(rows), reason=str(error))
            values = {"act_at": act_at, "error": str(error)}
        async with self.db.write() as session:
            await store.record_sending(session, tries, values)
            if asked_until is not None:
                await store.postpone_way(session, transport.way, until=asked_until)
        return len(rows) if values.get("state") == SendState.SENT else 0

    def _letter(self, rows: Sequence[Mapping[str, Any]], now: datetime) -> Letter:
        first = rows[0]
        subject, text = texts.letter([Text(row["title"], row["body"], row["link"]) for row in rows], self.base_url)
        to = _to(first)
        key = f"{first['user_id']}:{first['way']}:{','.join(row['key'] for row in rows)}"
        return Letter(to, subject, text if first["way"] != Way.PUSH else first["body"], key, now, link=first["link"])


def _is_known(row: Mapping[str, Any]) -> bool:
    if row["kind"] in set(EventKind):
        return True
    log.warning("event_unknown", kind=row["kind"])  # written by a newer version that runs beside us
    return False


def _happening(row: Mapping[str, Any], unit: Any) -> Happening:
    return Happening(
        row["id"],
        EventKind(row["kind"]),
        row["subject"],
        row["unit_id"],
        unit.name,
        unit.path,
        unit.timezone,
        row["detail"],
    )


def _rows(
    happenings: Sequence[Happening], members: Mapping[str, Sequence[rules.Member]], *, now: datetime
) -> list[dict[str, Any]]:
    rows = []
    for key, events in rules.by_incident(happenings).items():
        text = texts.write(events)
        plain = {"unit_id": events[0].unit_id, "key": key, "kind": events[0].kind, "title": text.title}
        plain |= {"body": text.body, "link": text.link, "created_at": now, "read_at": None}
        told = rules.audience(events[0], members[events[0].path])
        rows += [{**plain, "user_id": user_id} for user_id in sorted(told)]
    return rows


def _to(row: Mapping[str, Any]) -> str:
    """Where a letter goes, in the language of its way."""
    match row["way"]:
        case Way.MAIL:
            return str(row["email"])
        case Way.PUSH:
            return str(row["user_id"])
        case _:
            return str(row["address"])


def _quiet(preference: Any) -> QuietHours | None:
    return QuietHours.from_text(preference.address) if preference is not None and preference.is_on else None


def _act_at(way: str, preference: Any, *, now: datetime) -> datetime:
    """At once, but what makes a phone sound waits for the end of its owner's quiet hours."""
    quiet = _quiet(preference) if way in rules.LOUD else None
    return (quiet.until(now) if quiet else None) or now


def _wants(way: str, preference: Any) -> bool:
    """Mail unless switched off; Telegram once a chat is given; push once a device is."""
    if preference is None:
        return way == Way.MAIL
    return bool(preference.is_on and (way in {Way.MAIL, Way.PUSH} or preference.address))


def _why_not(row: Mapping[str, Any], *, now: datetime) -> str:
    """Why this message must no longer be tried; empty while it may."""
    if not row["is_active"]:
        return "Penerima sudah tidak aktif."
    if row["is_on"] is False or (row["way"] == Way.TELEGRAM and not row["address"]):
        return "Penerima mematikan kabar lewat jalan ini."
    if now - row["created_at"] > rules.PATIENCE:
        return "Tidak dapat dikirim selama tiga hari."
    return ""


def _together(rows: Sequence[Mapping[str, Any]], ways: Mapping[str, Transport]) -> list[Sequence[Mapping[str, Any]]]:
    """One letter for what waits for one person on one way and has been tried equally often; what is given up goes apart."""
    groups: list[Sequence[Mapping[str, Any]]] = []

    def shared(row: Mapping[str, Any]) -> tuple[str, int, int, str]:
        return row["way"], row["user_id"], row["attempts"], row["why_not"]

    for (way, *_), found in groupby(sorted(rows, key=shared), key=shared):
        letters = list(found)
        most = ways[way].together
        groups += [letters[start : start + most] for start in range(0, len(letters), most)]
    return groups
