"""Which days a series has."""

from datetime import UTC, date, datetime, time

import pytest

from app.kit.errors import BadInput
from app.posts import rules
from app.posts.series_rules import Schedule, Step, steps_of
from app.tahapan.rules import Calendar, ElectionFacts, Stage

FACTS = ElectionFacts(1, "p", "Pilkada", "PYL-07", "TNG-01", "", time(7), time(13))
CAMPAIGN = Stage("PYL-06", "Kampanye", "penyelenggaraan", date(2024, 9, 25), date(2024, 11, 23))
VOTING = Stage("PYL-07", "Pemungutan suara", "penyelenggaraan", date(2024, 11, 27), date(2024, 11, 27))
OPEN = Stage("X", "Belum pasti", "peristiwa", date(2024, 9, 25), None)
CALENDAR = Calendar(FACTS, {stage.code: stage for stage in (CAMPAIGN, VOTING, OPEN)})
WEDNESDAY = 2


def days(steps: list[Step]) -> list[tuple[str, date]]:
    return [(step.name, step.on) for step in steps]


def test_so_many_days_before_and_after_in_order_of_time() -> None:
    found = steps_of(Schedule("PYL-07", time(9), days_before=(1, 30, 0, -2, 1)), CALENDAR)
    assert days(found) == [
        ("H-30", date(2024, 10, 28)),
        ("H-1", date(2024, 11, 26)),
        ("H", date(2024, 11, 27)),
        ("H+2", date(2024, 11, 29)),
    ]


def test_every_week_has_its_weekday_inside_the_stage() -> None:
    found = steps_of(Schedule("PYL-06", time(9), weekday=0), CALENDAR)
    assert days(found)[0] == ("P1", date(2024, 9, 30))
    assert days(found)[-1] == ("P8", date(2024, 11, 18))
    assert {step.on.weekday() for step in found} == {0}


def test_a_series_ends_on_its_last_day() -> None:
    found = steps_of(Schedule("PYL-06", time(9), weekday=WEDNESDAY, until_on=date(2024, 10, 9)), CALENDAR)
    assert [step.name for step in found] == ["P1", "P2", "P3"]


@pytest.mark.parametrize("starts_on", [date(2024, 9, 25), date(2024, 9, 27), date(2024, 10, 1)])
def test_a_weekly_post_keeps_its_weekday_when_the_stage_moves(starts_on: date) -> None:
    third = steps_of(Schedule("PYL-06", time(9), weekday=WEDNESDAY), CALENDAR)[2]
    moved = CALENDAR.with_stage(Stage("PYL-06", "Kampanye", "penyelenggaraan", starts_on, date(2024, 11, 23)))
    due = rules.due_at(third.timing, moved, "Asia/Jakarta")
    assert due == steps_on(moved)[2]
    assert due.weekday() == WEDNESDAY


def steps_on(calendar: Calendar) -> list[datetime]:
    found = steps_of(Schedule("PYL-06", time(9), weekday=WEDNESDAY), calendar)
    return [datetime(step.on.year, step.on.month, step.on.day, 2, tzinfo=UTC) for step in found]


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (Schedule("PYL-07", time(9)), "Pilih salah satu"),
        (Schedule("PYL-07", time(9), days_before=(1,), weekday=0), "Pilih salah satu"),
        (Schedule("ABC", time(9), days_before=(1,)), "tidak ada di kalender"),
        (Schedule("X", time(9), weekday=0), "belum ditetapkan"),
        (Schedule("X", time(9), edge="end", days_before=(1,)), "belum ditetapkan"),
        (Schedule("PYL-07", time(9), days_before=(1,), until_on=date(2024, 1, 1)), "tidak punya satu hari pun"),
        (Schedule("PYL-07", time(9), days_before=tuple(range(61))), "paling banyak 60"),
    ],
)
def test_a_series_that_cannot_be_says_why(schedule: Schedule, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        steps_of(schedule, CALENDAR)


def test_what_is_stored_is_read_back() -> None:
    for schedule in (
        Schedule("PYL-07", time(9), "end", (7, 1), None, date(2024, 11, 26)),
        Schedule("PYL-06", time(18, 30), weekday=4),
    ):
        assert Schedule.from_json(schedule.as_json()) == schedule
