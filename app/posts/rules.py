"""Decides when a post is due, how long it may still go, and who must look at it first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from app.accounts.rules import MAY, Act, Actor, UnitKind
from app.kit.errors import BadInput, Problem
from app.tahapan.rules import Calendar, Stage

PAST_TOLERANCE = timedelta(seconds=60)
"""Clocks of phones and scripts differ a little: "now" may arrive as a moment ago."""
LONGEST_AHEAD = timedelta(days=730)


class PostState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    REJECTED = "rejected"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    DONE = "done"
    CANCELLED = "cancelled"


SUGGESTED = "suggested"


class Answer(StrEnum):
    """What a unit has said to a suggestion; empty for every other post."""

    NONE = ""
    WAITING = "waiting"
    ACCEPTED = "accepted"
    ADAPTED = "adapted"
    DECLINED = "declined"


def answer_to(before: str, *, is_untouched: bool, is_submitted: bool) -> Answer:
    """After a unit has sent a suggestion on, changed or not; a draft it only works on is still no answer."""
    if not before or not is_submitted:
        return Answer(before)
    return Answer.ACCEPTED if is_untouched else Answer.ADAPTED


MAY_EDIT = (PostState.DRAFT, PostState.IN_REVIEW, PostState.REJECTED, PostState.APPROVED, PostState.SCHEDULED)
MAY_MOVE = (PostState.DRAFT, PostState.IN_REVIEW, PostState.APPROVED, PostState.SCHEDULED)
MAY_SUBMIT = (PostState.DRAFT, PostState.REJECTED)
MAY_CANCEL = (PostState.DRAFT, PostState.IN_REVIEW, PostState.REJECTED, PostState.APPROVED, PostState.SCHEDULED)


@dataclass(frozen=True)
class Anchor:
    """So many days before (negative) or after the start or end of a stage, at a local time of the unit.

    `weekday` (0 is Monday): from that day on to the next such weekday, so that a weekly post keeps its day when the stage moves.
    """

    tahapan: str
    edge: Literal["start", "end"]
    offset_days: int
    time: time
    weekday: int | None = None


@dataclass(frozen=True)
class Timing:
    """Either a moment or an anchor."""

    at: datetime | None = None
    anchor: Anchor | None = None

    def as_json(self) -> dict[str, object]:
        if self.anchor is not None:
            a = self.anchor
            stored: dict[str, object] = {
                "tahapan": a.tahapan,
                "edge": a.edge,
                "offset_days": a.offset_days,
                "time": a.time.strftime("%H:%M"),
            }
            return {"anchor": stored if a.weekday is None else {**stored, "weekday": a.weekday}}
        return {"at": self.at.isoformat()} if self.at else {}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Timing | None":
        anchor, at = stored.get("anchor"), stored.get("at")
        if isinstance(anchor, Mapping):
            return cls(
                anchor=Anchor(
                    str(anchor["tahapan"]),
                    anchor["edge"],
                    int(anchor["offset_days"]),
                    time.fromisoformat(str(anchor["time"])),
                    anchor.get("weekday"),
                )
            )
        return cls(at=datetime.fromisoformat(str(at))) if at else None


def due_at(timing: Timing, calendar: Calendar, zone: str) -> datetime:
    """The moment in UTC, for a unit in `zone` (IANA). BadInput where the stage is unknown or has no such date yet."""
    if timing.at is not None:
        return timing.at.astimezone(UTC)
    anchor = timing.anchor
    if anchor is None:
        raise BadInput("Waktu terbit belum dipilih.", Problem("timing", "isi tanggal dan jam, atau pilih tahapan"))
    stage = calendar.find(anchor.tahapan)
    if stage is None:
        raise BadInput(
            f"Tahapan {anchor.tahapan} tidak ada di kalender.",
            Problem("timing.anchor.tahapan", "tidak ada di kalender"),
        )
    day = stage.starts_on if anchor.edge == "start" else stage.ends_on
    if day is None:
        edge = "mulai" if anchor.edge == "start" else "selesai"
        message = f"Tanggal {edge} tahapan “{stage.name}” belum ditetapkan. Isi dulu di kalender, atau pilih tanggal langsung."
        raise BadInput(message, Problem("timing.anchor", message))
    day += timedelta(days=anchor.offset_days)
    if anchor.weekday is not None:
        day += timedelta(days=(anchor.weekday - day.weekday()) % 7)
    return datetime.combine(day, anchor.time, ZoneInfo(zone)).astimezone(UTC)


def check_due(due: datetime, *, now: datetime) -> None:
    """BadInput for a moment that has passed or lies absurdly far ahead."""
    if due < now - PAST_TOLERANCE:
        raise BadInput("Waktu terbit sudah lewat. Pilih waktu yang akan datang.", Problem("timing", "sudah lewat"))
    if due > now + LONGEST_AHEAD:
        raise BadInput("Waktu terbit terlalu jauh (lebih dari dua tahun).", Problem("timing", "terlalu jauh"))


def valid_until(due: datetime, *, stage_end: datetime | None, grace: timedelta, given: datetime | None) -> datetime:
    """Until when it may still go out: as given, else the end of its stage or the grace, whichever comes first.

    A stage that ends before the post is even due says nothing about it.
    """
    if given is not None:
        if given <= due:
            raise BadInput(
                "Batas waktu harus sesudah waktu terbit.", Problem("valid_until", "harus sesudah waktu terbit")
            )
        return given
    latest = due + grace
    return min(stage_end, latest) if stage_end is not None and stage_end > due else latest


class Reviewer(StrEnum):
    """Who must look: nobody, anyone above who may review, or the KPU itself."""

    NOBODY = "nobody"
    ABOVE = "above"
    KPU = "kpu"


@dataclass(frozen=True)
class Route:
    reviewer: Reviewer
    why: tuple[str, ...] = ()


_RECAP_PREFIX = "RKP-"


def is_sensitive(calendar: Calendar, due: datetime, zone: str) -> str | None:
    """Masa tenang, voting day and recapitulation are looked at by the KPU; answers why, or None."""
    day = due.astimezone(ZoneInfo(zone)).date()
    voting = calendar.find(calendar.election.voting_stage)
    if calendar.is_quiet(day):
        return "Terbit pada masa tenang"
    if voting is not None and voting.holds_on(day):
        return "Terbit pada hari pemungutan suara"
    recap = [s for s in calendar.stages.values() if s.kind == "subtahapan" and s.code.startswith(_RECAP_PREFIX)]
    if any(stage.holds_on(day) and calendar.is_ours(stage) for stage in recap):
        return "Terbit pada masa rekapitulasi"
    return None


def reviews_for_the_kpu(actor: Actor, path: str) -> bool:
    """By a role of the KPU's own: who only reads there, and reviews at a PPK, is still the PPK's reviewer."""
    own = (g for g in actor.grants if g.kind is UnitKind.KPU and path.startswith(g.path))
    return actor.may(Act.REVIEW, path) and any(Act.REVIEW in MAY[g.role] for g in own)


def route(actor: Actor, path: str, *, is_untouched: bool, levels: Iterable[str], sensitive: str | None) -> Route:
    """Who must approve what `actor` wrote for the unit at `path` (design.md, section 4)."""
    why = []
    if "review" in levels:
        why.append("Penjaga konten meminta tinjauan")
    if sensitive and not (is_untouched and reviews_for_the_kpu(actor, path)):
        why.append(sensitive)
    if why:
        return Route(Reviewer.KPU, tuple(why))
    return Route(Reviewer.NOBODY) if is_untouched else Route(Reviewer.ABOVE, ("Teks ditulis sendiri",))


def may_approve(
    actor: Actor, path: str, *, needs: Reviewer, created_by: int | None, edited_by: int | None = None
) -> str | None:
    """None when `actor` may approve; else the reason why not, for the person."""
    if actor.user_id in {created_by, edited_by}:
        return "Anda yang menulis unggahan ini. Minta peninjau lain untuk menyetujuinya."
    if not actor.may(Act.REVIEW, path):
        return "Peran Anda belum boleh meninjau unggahan unit ini."
    if needs is Reviewer.KPU and not reviews_for_the_kpu(actor, path):
        return "Unggahan ini perlu ditinjau oleh KPU (Divisi Sosdiklih)."
    return None


def stagger(index: int, count: int, minutes: int) -> timedelta:
    """Units share `minutes` evenly: the first goes at once, the last one `minutes` later."""
    return timedelta(minutes=minutes) * index / (count - 1) if count > 1 and minutes else timedelta()


def stage_for(
    *,
    given: str | None,
    timing: Timing | None,
    template_stages: Sequence[str],
    calendar: Calendar,
    due: datetime,
    zone: str,
) -> Stage | None:
    """The stage a text speaks of (contract.md, section 4): as given, else the anchor's, else by the template and the day."""
    if given:
        stage = calendar.find(given)
        if stage is None:
            raise BadInput(f"Tahapan {given} tidak ada di kalender.", Problem("tahapan", "tidak ada di kalender"))
        return stage
    if timing is not None and timing.anchor is not None:
        return calendar.find(timing.anchor.tahapan)
    return calendar.stage_of(template_stages, due.astimezone(ZoneInfo(zone)).date())
