"""Which moments a series has: so many days around a stage, or every week while it lasts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Literal

from app.kit.errors import BadInput, Problem
from app.posts.rules import Anchor, Timing
from app.tahapan.rules import Calendar

MOST_STEPS = 60
WEEKDAYS = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")


@dataclass(frozen=True)
class Schedule:
    """Either `days_before` an edge of the stage (negative: after it), or every `weekday` (0 is Monday) while the stage lasts.

    `until_on`: the last day on which anything is said.
    """

    tahapan: str
    time: time
    edge: Literal["start", "end"] = "start"
    days_before: Sequence[int] = ()
    weekday: int | None = None
    until_on: date | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "tahapan": self.tahapan,
            "time": self.time.strftime("%H:%M"),
            "edge": self.edge,
            "days_before": list(self.days_before),
            "weekday": self.weekday,
            "until_on": self.until_on.isoformat() if self.until_on else None,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Schedule":
        until, days, weekday = stored.get("until_on"), stored.get("days_before"), stored.get("weekday")
        return cls(
            str(stored["tahapan"]),
            time.fromisoformat(str(stored["time"])),
            "end" if stored.get("edge") == "end" else "start",
            tuple(days) if isinstance(days, list) else (),
            weekday if isinstance(weekday, int) else None,
            date.fromisoformat(str(until)) if until else None,
        )


@dataclass(frozen=True)
class Step:
    """One moment of a series. `name`: `H-7`, `H`, `H+2`, or `P3` for the third week; it stays when the stage moves."""

    name: str
    timing: Timing
    on: date


def steps_of(schedule: Schedule, calendar: Calendar) -> list[Step]:
    """In order of time. BadInput where the stage is unknown, has no such days yet, or nothing is left of the series."""
    if bool(schedule.days_before) == (schedule.weekday is not None):
        raise _wrong("Pilih salah satu: hari sebelum tahapan (H-n), atau satu hari setiap minggu.")
    stage = calendar.find(schedule.tahapan)
    if stage is None:
        raise _wrong(f"Tahapan {schedule.tahapan} tidak ada di kalender.")
    needed = (stage.starts_on, stage.ends_on) if schedule.weekday is not None else (
        (stage.starts_on,) if schedule.edge == "start" else (stage.ends_on,)
    )  # fmt: skip
    if None in needed:
        raise _wrong(f"Tanggal tahapan “{stage.name}” belum ditetapkan. Isi dulu di kalender.")
    found = _weekly(schedule, *needed) if schedule.weekday is not None else _around(schedule, needed[0])  # type: ignore[arg-type]
    found = [step for step in found if schedule.until_on is None or step.on <= schedule.until_on]
    if not found:
        raise _wrong("Seri ini tidak punya satu hari pun. Periksa tahapan, hari, dan batas akhirnya.")
    if len(found) > MOST_STEPS:
        raise _wrong(f"Seri ini punya {len(found)} waktu; paling banyak {MOST_STEPS}.")
    return found


def _around(schedule: Schedule, edge_on: date) -> list[Step]:
    days = sorted(set(schedule.days_before), reverse=True)
    return [
        Step(
            f"H{-n:+d}" if n else "H",
            Timing(anchor=Anchor(schedule.tahapan, schedule.edge, -n, schedule.time)),
            edge_on - timedelta(days=n),
        )
        for n in days
    ]


def _weekly(schedule: Schedule, starts_on: date, ends_on: date) -> list[Step]:
    assert schedule.weekday is not None
    first = starts_on + timedelta(days=(schedule.weekday - starts_on.weekday()) % 7)
    weeks = max(0, (ends_on - first).days // 7 + 1)
    return [
        Step(
            f"P{week + 1}",
            Timing(anchor=Anchor(schedule.tahapan, "start", 7 * week, schedule.time, schedule.weekday)),
            first + timedelta(weeks=week),
        )
        for week in range(weeks)
    ]


def _wrong(message: str) -> BadInput:
    return BadInput(message, Problem("schedule", message))
