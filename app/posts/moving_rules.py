"""Decides what moving a post to another minute means: which timing it gets, and what its mover must know first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from app.posts import rules
from app.posts.rules import PostState, Reviewer, Route, Timing
from app.tahapan.rules import Calendar, Stage


@dataclass(frozen=True)
class Before:
    """The post as it stands: state, stage (code), words by platform, minute."""

    state: PostState
    stage: str
    texts: Sequence[str]
    due_at: datetime | None


@dataclass(frozen=True)
class After:
    stage: Stage | None
    texts: Sequence[str]
    due_at: datetime
    route: Route | None


def moved(timing: Timing | None, at: datetime, *, keeps_stage: bool, calendar: Calendar, zone: str) -> Timing:
    """A post that hangs on a stage goes on hanging on it, so many days further, unless it is taken off it.

    BadInput where its stage has no date.
    """
    anchor = timing.anchor if timing else None
    if anchor is None or not keeps_stage:
        return Timing(at=at.astimezone(UTC))
    plain = replace(anchor, offset_days=0, weekday=None)
    edge = rules.due_at(Timing(anchor=plain), calendar, zone).astimezone(ZoneInfo(zone)).date()
    local = at.astimezone(ZoneInfo(zone))
    wanted = local.time().replace(second=0, microsecond=0)
    return Timing(anchor=replace(plain, offset_days=(local.date() - edge).days, time=wanted))


def warnings(before: Before, after: After, *, zone: str, calendar: Calendar) -> list[str]:
    """What the mover must agree to, as sentences; none for a move that changes the minute alone."""
    said = []
    if before.state in {PostState.SCHEDULED, PostState.APPROVED} and _must_be_read(after.route):
        why = "; ".join(after.route.why) if after.route else ""
        said.append(f"Persetujuannya gugur: unggahan ini harus ditinjau lagi ({why}).")
    said += _stage_warnings(before, after, zone=zone, calendar=calendar)
    if list(before.texts) != list(after.texts):
        said.append("Teksnya ikut berubah, karena menyebut hari atau tahapan.")
    return said


def _must_be_read(route: Route | None) -> bool:
    return route is not None and route.reviewer is not Reviewer.NOBODY


def _stage_warnings(before: Before, after: After, *, zone: str, calendar: Calendar) -> list[str]:
    stage, day = after.stage, after.due_at.astimezone(ZoneInfo(zone)).date()
    if (stage.code if stage else "") != before.stage:
        former = calendar.find(before.stage)
        was, now = former.name if former else "tanpa tahapan", stage.name if stage else "tanpa tahapan"
        return [f"Tahapannya berganti: dari {was} menjadi {now}."]
    was_inside = before.due_at is not None and _holds(stage, before.due_at.astimezone(ZoneInfo(zone)).date())
    if stage is not None and was_inside and not _holds(stage, day):
        return [f"Hari itu di luar tahapan {stage.name}."]
    return []


def _holds(stage: Stage | None, day: date) -> bool:
    return stage is not None and stage.starts_on is not None and stage.ends_on is not None and stage.holds_on(day)
