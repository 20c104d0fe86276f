"""Days of a calendar as pages draw them: weeks of a month, and stages as bands across them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.posts.board import Tally
from app.tahapan.rules import Calendar, Stage
from app.web.words import Label

LANES = 3
# Terms of office and programmes run through everything: as bands they would hide what changes.
_BACKGROUND = frozenset({"masa_kerja", "program", "jam", "embargo"})
_RANK = {"masa_tenang": 0, "penyelenggaraan": 1, "subtahapan": 2}


FIRST_HOUR, LAST_HOUR = 6, 20
"""Hours a week always shows; others where something is due."""


@dataclass(frozen=True)
class Entry:
    """One post as a line. `clock` is its unit's, `here` the visitor's; `version` is what a move must find unchanged."""

    id: int
    version: int
    clock: str
    here: str
    unit: str
    platforms: str
    text: str
    label: Label
    may_move: bool


Shown = Mapping[str, tuple[Tally, Sequence[Entry]]]
"""By day or hour: how many posts, and the first few of them."""
NOTHING: tuple[Tally, Sequence[Entry]] = (Tally(), ())


@dataclass(frozen=True)
class Cell:
    """A square of a week: an hour of a day."""

    day: date
    tally: Tally
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Day(Cell):
    is_inside: bool
    is_today: bool


@dataclass(frozen=True)
class Stretch:
    """Part of a lane: `span` days, of a stage or (`name` empty) of nothing."""

    span: int
    name: str


@dataclass(frozen=True)
class Week:
    days: Sequence[Day]
    lanes: Sequence[Sequence[Stretch]]


def first_of_next(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def weeks(month: date, today: date, shown: Shown, calendar: Calendar | None) -> list[Week]:
    """From the Monday on or before the first to the Sunday on or after the last day of the month."""
    start = month.replace(day=1) - timedelta(days=month.replace(day=1).weekday())
    found = []
    while start < first_of_next(month):
        found.append(week(start, today, shown, calendar, month=month.month))
        start += timedelta(days=7)
    return found


def week(monday: date, today: date, shown: Shown, calendar: Calendar | None, *, month: int = 0) -> Week:
    """`month` 0: no day of it is outside."""
    days = [monday + timedelta(days=n) for n in range(7)]
    cells = [
        Day(day, *shown.get(day.isoformat(), NOTHING), month in {0, day.month}, day == today) for day in days
    ]  # fmt: skip
    return Week(cells, lanes(monday, stages_between(calendar, monday, days[-1])))


def hours(monday: date, shown: Shown) -> list[tuple[int, list[Cell]]]:
    """Each hour with its seven squares."""
    used = {int(key[-2:]) for key in shown} | set(range(FIRST_HOUR, LAST_HOUR + 1))
    days = [monday + timedelta(days=n) for n in range(7)]
    return [
        (hour, [Cell(day, *shown.get(f"{day} {hour:02}", NOTHING)) for day in days]) for hour in sorted(used)
    ]  # fmt: skip


def stages_between(calendar: Calendar | None, first: date, last: date) -> list[Stage]:
    """Our own stages that touch these days, the most telling first."""
    if calendar is None:
        return []
    touching = [
        stage
        for stage in calendar.stages.values()
        if calendar.is_ours(stage) and stage.kind not in _BACKGROUND and _touches(stage, first, last)
    ]
    return sorted(touching, key=lambda stage: (_RANK.get(stage.kind, 3), stage.starts_on or last, stage.code))


def _touches(stage: Stage, first: date, last: date) -> bool:
    start, end = stage.starts_on, stage.ends_on
    return start is not None and end is not None and start <= last and end >= first


def lanes(monday: date, stages: Sequence[Stage]) -> list[list[Stretch]]:
    """Each stage on the first lane where its days are free; what finds none is left to the list of stages."""
    taken: list[list[str]] = []
    for stage in stages:
        days = [n for n in range(7) if stage.holds_on(monday + timedelta(days=n))]
        free = [lane for lane in taken if not any(lane[n] for n in days)]
        if not free and len(taken) < LANES:
            taken.append([""] * 7)
            free = taken[-1:]
        for n in days if free else ():
            free[0][n] = stage.name
    return [_stretches(lane) for lane in taken]


def _stretches(lane: Sequence[str]) -> list[Stretch]:
    found: list[Stretch] = []
    for name in lane:
        if found and found[-1].name == name:
            found[-1] = Stretch(found[-1].span + 1, name)
        else:
            found.append(Stretch(1, name))
    return found
