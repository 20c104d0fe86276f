"""Decides who hears of an event, what counts as one incident, and when a message is tried again."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.rules import MAY, Act, Role, UnitKind
from app.audit.events import EventKind
from app.kit.errors import BadInput, Problem


class Way(StrEnum):
    """How a notice leaves the house; the list inside it needs no way."""

    MAIL = "mail"
    TELEGRAM = "telegram"
    PUSH = "push"


class SendState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


QUIET = "quiet"
"""A preference that is no way out: the hours in which a person is not to be disturbed, as `22:00-05:00 Asia/Jakarta`."""
_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
LOUD = frozenset({Way.TELEGRAM, Way.PUSH})
"""Ways that make a phone sound; a mail waits quietly by itself."""


@dataclass(frozen=True)
class QuietHours:
    """From `starts` until `ends` of the clock in `zone`; over midnight where it starts later than it ends."""

    starts: time
    ends: time
    zone: str

    def until(self, now: datetime) -> datetime | None:
        """When it may sound again; None: now."""
        local = now.astimezone(ZoneInfo(self.zone))
        clock = local.time()
        over_midnight = self.starts > self.ends
        inside = (clock >= self.starts or clock < self.ends) if over_midnight else self.starts <= clock < self.ends
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and clock >= self.starts else 0)
        return datetime.combine(day, self.ends, local.tzinfo)

    def to_text(self) -> str:
        return f"{self.starts:%H:%M}-{self.ends:%H:%M} {self.zone}"

    @classmethod
    def from_text(cls, text: str) -> "QuietHours":
        hours, _, zone = text.partition(" ")
        starts, _, ends = hours.partition("-")
        return cls(time.fromisoformat(starts), time.fromisoformat(ends), zone)


def read_quiet(starts: str, ends: str, zone: str) -> QuietHours | None:
    """None: both empty. Raises BadInput for half an answer, or an hour that is none."""
    if not starts and not ends:
        return None
    if not (_HOURS.fullmatch(starts) and _HOURS.fullmatch(ends)) or starts == ends:
        message = "Isi jam mulai dan jam selesai yang berbeda, misalnya 22.00 sampai 05.00; atau kosongkan keduanya."
        raise BadInput(message, Problem("quiet_from", "jam mulai dan selesai, misalnya 22:00 dan 05:00"))
    return QuietHours(time.fromisoformat(starts), time.fromisoformat(ends), zone)


FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
PATIENCE = timedelta(days=3)
"""A message that could not leave for so long is given up; its notice stays in the list."""

_CHAT = re.compile(r"-?\d{1,20}|@[A-Za-z]\w{4,31}", re.ASCII)


@dataclass(frozen=True)
class Happening:
    """One event of the outbox, by its number there, with the unit it is about."""

    id: int
    kind: EventKind
    subject: str
    unit_id: int
    unit_name: str
    path: str
    timezone: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Member:
    """An active person's role at a unit at or above the one concerned; `path` is that unit's."""

    user_id: int
    path: str
    kind: UnitKind
    role: Role
    is_deputy: bool = False

    def may(self, act: Act) -> bool:
        return act in MAY[self.role]


def incident(event: Happening) -> str:
    """The same for everything that is one failure: all misses of a post at one limit, one attempt of a delivery.

    The others are written exactly once, in the transaction that changes the state: their own number names them.
    """
    kind = event.kind.rpartition(".")[2]
    match event.kind:
        case EventKind.DELIVERY_MISSED:
            return f"post:{event.detail.get('post_id')}:{kind}:{event.detail.get('valid_until')}"
        case EventKind.DELIVERY_STOPPED | EventKind.DELIVERY_UNSURE:
            return f"{event.subject}:{kind}:{event.detail.get('attempt')}"
        case _:
            return f"{event.subject}:{kind}:{event.id}"


def by_incident(events: Iterable[Happening]) -> dict[str, list[Happening]]:
    found: dict[str, list[Happening]] = {}
    for event in events:
        found.setdefault(incident(event), []).append(event)
    return found


def audience(event: Happening, members: Sequence[Member]) -> set[int]:
    """User ids. `members`: everybody active at the event's unit and above; nobody is told of what they did themselves."""
    authors = set(event.detail.get("authors", ()))
    match event.kind:
        case EventKind.POST_APPROVED | EventKind.POST_REJECTED | EventKind.POST_HELD:
            told = authors & {member.user_id for member in members}
        case EventKind.POST_IN_REVIEW | EventKind.POST_REMINDED | EventKind.POST_ESCALATED:
            told = _reviewers(event, [member for member in members if member.user_id not in authors])
        case EventKind.POST_LAPSED:
            told = (authors & {member.user_id for member in members}) | _reviewers(event, members)
        case EventKind.POST_REMARKED:
            told = {member.user_id for member in members} & set(event.detail.get("to", ()))
            told = told or _reviewers(event, [member for member in members if member.user_id not in authors])
        case EventKind.CHAIN_HEAD:
            told = _nearest(members, lambda member: member.may(Act.MANAGE))
        case EventKind.TASK_DUE | EventKind.TASK_RECALLED | EventKind.POST_SUGGESTED:
            told = {member.user_id for member in members if member.path == event.path and member.may(Act.WRITE)}
        case EventKind.PLATFORM_OUTAGE | EventKind.COMPLAINT_NEAR | EventKind.COMPLAINT_LATE:
            told = {member.user_id for member in members if member.path == event.path and member.may(Act.REVIEW)}
        case EventKind.CHANNEL_HACKED | EventKind.OUTSIDE_BLOCKED:
            told = _all_above(event, members)
        case EventKind.CHANNEL_BROKEN | EventKind.CHANNEL_EXPIRING:
            # Writers and reviewers may not reconnect; who may, must know.
            told = _concerned(event, members) | _nearest(members, lambda member: member.may(Act.MANAGE))
        case _:
            told = _concerned(event, members)
    return told - {event.detail.get("by")}


def _all_above(event: Happening, members: Sequence[Member]) -> set[int]:
    """The unit's own writers, and every reviewer above it: what is urgent skips no level."""
    acts = {True: Act.WRITE, False: Act.REVIEW}
    return {member.user_id for member in members if member.may(acts[member.path == event.path])}


def _concerned(event: Happening, members: Sequence[Member]) -> set[int]:
    """The unit's own writers, and the nearest reviewers above it: all levels at once would drown the KPU."""
    own = {member.user_id for member in members if member.path == event.path and member.may(Act.WRITE)}
    return own | _nearest(members, lambda member: member.path != event.path and member.may(Act.REVIEW))


def _reviewers(event: Happening, members: Sequence[Member]) -> set[int]:
    """The nearest who may decide; what is escalated also their deputies and the next ones above; what is urgent everybody."""
    kpu_only = event.detail.get("needs") == "kpu"
    fitting = [one for one in members if one.may(Act.REVIEW) and (not kpu_only or one.kind is UnitKind.KPU)]
    if event.detail.get("urgent") or event.detail.get("all"):
        return {member.user_id for member in fitting}
    if event.kind is EventKind.POST_ESCALATED:
        levels = sorted({len(member.path) for member in fitting}, reverse=True)[:2]
        return {member.user_id for member in fitting if len(member.path) in levels}
    nearest = _nearest(fitting, lambda _: True)
    first = {member.user_id for member in fitting if member.user_id in nearest and not member.is_deputy}
    return first or nearest


def _nearest(members: Sequence[Member], fits: Callable[[Member], bool]) -> set[int]:
    """Those who fit at the lowest unit that has any."""
    fitting = [member for member in members if fits(member)]
    lowest = max((len(member.path) for member in fitting), default=0)
    return {member.user_id for member in fitting if len(member.path) == lowest}


def back_off(attempts: int) -> timedelta:
    """30 s, 1 min, 2 min ... at most an hour."""
    return min(FIRST_WAIT * (1 << min(max(attempts, 1) - 1, 10)), LONGEST_WAIT)


def read_chat(text: str, *, is_on: bool) -> str:
    """A Telegram chat: a number or @channel; raises BadInput where it is needed and is none."""
    chat = text.strip()
    if not chat and not is_on:
        return ""
    if not _CHAT.fullmatch(chat):
        message = "Isi nomor chat Telegram Anda. Kirim pesan apa saja ke bot, lalu tanyakan nomornya ke @userinfobot."
        raise BadInput(message, Problem("telegram_chat", "nomor chat, misalnya 123456789"))
    return chat
