"""Decides what becomes of a delivery after each thing that can happen to it; knows no database and no clock."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.platforms.contract import Handed, NeedsReconnect, Published, PublishError, Refused, Scope, TryLater


class State(StrEnum):
    """Where a delivery stands; docs/architecture.md draws every arrow."""

    WAITING = "waiting"  # not approved, or held: the channel needs reconnecting or is paused
    DUE = "due"  # approved and frozen; sent at act_at
    SENDING = "sending"  # a worker holds it
    UNSURE = "unsure"  # it left, no clear answer came; looked up before anything else
    PUBLISHED = "published"
    STOPPED = "stopped"  # refused; a person edits or gives up
    MISSED = "missed"  # valid_until passed before it could go
    CANCELLED = "cancelled"
    MANUAL = "manual"  # hand-off: waits for a person
    WITHDRAWN = "withdrawn"  # taken down after publishing


class Outcome(StrEnum):
    """What one try came to."""

    PUBLISHED = "published"
    REFUSED = "refused"
    RECONNECT = "reconnect"
    LATER = "later"
    UNSURE = "unsure"
    HANDED = "handed"  # it reached the account; its person finishes it in the platform's app


OPEN = (State.WAITING, State.DUE, State.SENDING, State.UNSURE, State.MANUAL)
"""Not yet at an end."""

MAY_CANCEL = (State.WAITING, State.DUE, State.MANUAL)
BY_HAND = (State.UNSURE, State.MANUAL)
"""A person may say whether it is out."""
MAY_RETRY = (State.STOPPED, State.MISSED)
"""Not what was cancelled: whoever stops a broadcast must not find parts of it going out again."""

MAY_WITHDRAW = (State.PUBLISHED, State.SENDING, State.UNSURE)
"""It is out, or may be: then it is taken down once it is known to be."""

MAY_TAKE_OVER = (State.WAITING, State.DUE, State.STOPPED, State.MISSED)
"""Certainly not out, and nobody holds it: newer words may take the place of the old ones."""
MAY_LEAVE = (State.WAITING, State.DUE, State.MANUAL)
"""Not tried yet, or certainly not out: what is decided now about its words and its moment holds."""
IN_FLIGHT = (State.SENDING, State.UNSURE)
"""It may be out there; whatever is decided about it has to wait for the answer."""

ON_TIME_SECONDS = 60
"""Published within this many seconds of its minute counts as on time (contract.md, section 4)."""

FIRST_WAIT = timedelta(seconds=20)
LONGEST_WAIT = timedelta(minutes=15)
LOOK_AGAIN = timedelta(seconds=30)

DUPLICATE = "duplicate"
CONTAINER_LOST = "container_lost"
NOT_ASKABLE = "not_askable"
HANDED = "handed"
"""A hand-off that the platform already has: a draft in the account's inbox."""
RESTORED = "restored"
"""The database is older than what was done: a try that it knows nothing of may have been made, with another container."""

ASK_A_PERSON = (
    "Platform ini tidak dapat ditanya apakah unggahan sudah terbit. Buka akunnya, lalu tandai sudah atau belum terbit."
)
SAME_TEXT = "Platform menolak karena teks yang sama sudah pernah diunggah di akun ini. Ubah teksnya, lalu coba lagi."
AFTER_RESTORE = "Basis data dipulihkan dari cadangan; dicek ke platform apakah ini sudah terbit."
ASK_AFTER_RESTORE = "Basis data dipulihkan dari cadangan, dan platform ini tidak dapat ditanya. Buka akunnya, lalu tandai sudah atau belum terbit."
MISSED_IN_RESTORE = (
    "Basis data dipulihkan dari cadangan: unggahan ini mungkin sudah disetujui dan terbit sesudah cadangan dibuat. "
    "Periksa akunnya sebelum membuatnya lagi."
)
TOO_LATE = "Tidak sempat terbit sebelum batas waktunya."
UNAPPROVED = "Tidak disetujui sampai batas waktunya."
ALTERED = "Isi yang akan dikirim berbeda dari yang disetujui. Ajukan ulang untuk ditinjau."


@dataclass(frozen=True)
class Try:
    """What a decision needs to know of the delivery. `look_after` is the adapter's; empty: it cannot be asked."""

    attempt: int
    looks: int
    code: str
    valid_until: datetime
    look_after: Sequence[timedelta]
    verify: bool = True


@dataclass(frozen=True)
class Next:
    """What becomes of it. `act_at` None: nothing more for a worker to do. `pause` stops more than this delivery."""

    state: State
    outcome: Outcome
    act_at: datetime | None = None
    reason: str = ""
    code: str = ""
    looks: int = 0
    hold_channel: bool = False
    pause: tuple[Scope, datetime] | None = None
    forget_prepared: bool = False


def back_off(attempt: int) -> timedelta:
    """Twice as long after each try: 20 s, 40 s, 80 s ... at most 15 minutes."""
    doublings = min(max(attempt, 1) - 1, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def after_send(error: PublishError, this: Try, *, now: datetime) -> Next:
    """After a send that failed in one of the four ways."""
    match error:
        case Refused():
            return Next(State.STOPPED, Outcome.REFUSED, reason=error.message, code=error.code)
        case NeedsReconnect():
            return Next(State.WAITING, Outcome.RECONNECT, now, error.message, error.code, hold_channel=True)
        case TryLater():
            return _later(error, this, now=now)
        case _:
            return in_doubt(this, since=now, reason=error.message, code=error.code)


def _later(error: TryLater, this: Try, *, now: datetime) -> Next:
    until = now + (error.after if error.after is not None else back_off(this.attempt))
    pause = (error.scope, until) if error.after is not None or error.scope is not Scope.CHANNEL else None
    if until >= this.valid_until:
        return Next(State.MISSED, Outcome.LATER, reason=f"{TOO_LATE} {error.message}", code=error.code, pause=pause)
    forget = error.code == CONTAINER_LOST
    return Next(State.DUE, Outcome.LATER, until, error.message, error.code, pause=pause, forget_prepared=forget)


def in_doubt(this: Try, *, since: datetime, reason: str, code: str = "") -> Next:
    """It may be out there: when is it looked up first, or who must look?"""
    if not this.verify:
        return Next(State.DUE, Outcome.UNSURE, since, reason, code)
    if not this.look_after:
        return Next(State.UNSURE, Outcome.UNSURE, reason=ASK_A_PERSON, code=code)
    return Next(State.UNSURE, Outcome.UNSURE, since + this.look_after[0], reason, code)


def after_absent(this: Try, *, now: datetime) -> Next:
    """The platform answered and our post was not there. Lists lag, so only the last of several looks is believed."""
    looks = this.looks + 1
    if looks < len(this.look_after):
        wait = this.look_after[looks] - this.look_after[looks - 1]
        return Next(
            State.UNSURE, Outcome.UNSURE, now + wait, "Belum terlihat di platform; dicek sekali lagi.", this.code, looks
        )
    if this.code == DUPLICATE:
        return Next(State.STOPPED, Outcome.REFUSED, reason=SAME_TEXT, code=DUPLICATE)
    if now >= this.valid_until:
        return Next(State.MISSED, Outcome.LATER, reason=TOO_LATE)
    return Next(State.DUE, Outcome.LATER, now, "Dipastikan belum terbit; dikirim ulang.")


def after_answer(said: Published | Handed, *, now: datetime) -> Next:
    """It is out; or it reached the account, and its person must finish it there."""
    if isinstance(said, Handed):
        return Next(State.MANUAL, Outcome.HANDED, now, reason=said.todo, code=HANDED)
    return Next(State.PUBLISHED, Outcome.PUBLISHED)


def after_failed_look(error: PublishError, this: Try, *, now: datetime) -> Next:
    """The question itself could not be answered; the doubt remains."""
    if isinstance(error, NeedsReconnect):
        return Next(State.UNSURE, Outcome.RECONNECT, None, error.message, this.code, this.looks, hold_channel=True)
    if isinstance(error, Refused):
        return Next(State.STOPPED, Outcome.REFUSED, reason=error.message, code=error.code)
    if error.code == NOT_ASKABLE:
        return Next(State.UNSURE, Outcome.UNSURE, None, error.message, NOT_ASKABLE, this.looks)
    after = error.after if isinstance(error, TryLater) and error.after is not None else LOOK_AGAIN
    return Next(State.UNSURE, Outcome.UNSURE, now + after, error.message, this.code, this.looks)


TRIES_ALONE = 5
"""Deletions that failed for passing reasons before a person is asked as well: some ten minutes."""

DELETE_BY_HAND = "Platform ini tidak dapat menghapus lewat sistem. Buka akunnya, hapus unggahannya, lalu tandai."


@dataclass(frozen=True)
class Removal:
    """What becomes of the wish to take a post down. `act_at` None and not `is_down`: a worker can do no more."""

    is_down: bool = False
    act_at: datetime | None = None
    by_hand: bool = False
    said: str = ""
    hold_channel: bool = False


def after_removal(error: PublishError | None, tries: int, *, now: datetime) -> Removal:
    """After a deletion was asked for; `error` None: it is surely gone."""
    match error:
        case None:
            return Removal(is_down=True)
        case NeedsReconnect():
            return Removal(by_hand=True, said=error.message, hold_channel=True)
        case Refused():
            return Removal(by_hand=True, said=error.message)
        case _:
            after = error.after if isinstance(error, TryLater) and error.after is not None else back_off(tries)
            return Removal(act_at=now + after, by_hand=tries >= TRIES_ALONE, said=error.message)


FIRST_LOOK = timedelta(seconds=10)
"""From publishing to the first turn of engagement (the address, where the answer held none): publishing goes first in a burst."""

PRACTICE_LANE = "practice:"


SLOW_LANE = ":video"


def lane_of(platform: str, environment: str, *, is_slow: bool = False) -> str:
    """Its own slots and pauses: a training that breaks a platform must never hold back the real one, nor a video a text."""
    lane = f"{PRACTICE_LANE}{platform}" if environment == "practice" else platform
    return f"{lane}{SLOW_LANE}" if is_slow else lane


def platform_of(lane: str) -> str:
    return lane.removeprefix(PRACTICE_LANE).removesuffix(SLOW_LANE)


def lanes_beside(lane: str) -> tuple[str, str]:
    """The quick and the slow lane of the same platform: what stops the platform stops both."""
    quick = lane.removesuffix(SLOW_LANE)
    return quick, f"{quick}{SLOW_LANE}"


def queued(environment: str) -> State:
    """Where an approved delivery waits: for its minute, or for a person where there is no API."""
    return State.MANUAL if environment == "manual" else State.DUE


def late_seconds(due_at: datetime, published_at: datetime | None) -> float | None:
    """Seconds after the promised minute, never below 0; None while unpublished."""
    return None if published_at is None else max(0.0, (published_at - due_at).total_seconds())


@dataclass(frozen=True)
class Frozen:
    """The words and pictures (or one video) as approved; the hash proves that what is sent is this.

    `edits`: they take the place of the words of this post of ours, `remote_id` and `url`, and nothing new is made.
    """

    text: str
    pictures: Sequence[Mapping[str, Any]] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    video: Mapping[str, Any] | None = None
    edits: Mapping[str, Any] | None = None

    @property
    def has_media(self) -> bool:
        return bool(self.pictures) or self.video is not None

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> "Frozen":
        return cls(body["text"], body["pictures"], body["options"], body.get("video"), body.get("edits"))

    def body(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "pictures": [dict(picture) for picture in self.pictures],
            "options": dict(self.options),
            **({"video": dict(self.video)} if self.video is not None else {}),
            **({"edits": dict(self.edits)} if self.edits else {}),
        }


def hash_of(body: Mapping[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
