from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tahapan.rules import Calendar, ElectionFacts, Stage, weeks_until_about_a_month

FACTS = ElectionFacts(1, "contoh", "Contoh", "COBLOS", "TENANG", "", time(7), time(13))
VOTING = date(2024, 11, 27)


def _stage(code: str, kind: str, start: str | None, end: str | None, scope: str = "nasional") -> Stage:
    return Stage(code, code, kind, start and date.fromisoformat(start), end and date.fromisoformat(end), scope)  # type: ignore[arg-type]


def _calendar(*stages: Stage, scopes: frozenset[str] = frozenset()) -> Calendar:
    return Calendar(FACTS, {stage.code: stage for stage in stages}, scopes)


PREPARE = _stage("A-PERSIAPAN", "persiapan", "2024-11-01", "2024-11-30")
SUB = _stage("B-SUB", "subtahapan", "2024-11-10", "2024-11-23")
MAIN_EARLY = _stage("D-AWAL", "penyelenggaraan", "2024-09-25", "2024-11-23")
MAIN_LATE = _stage("E-AKHIR", "penyelenggaraan", "2024-11-05", "2024-11-23")
MAIN_TWIN = _stage("F-KEMBAR", "penyelenggaraan", "2024-11-05", "2024-11-23")
EVENT = _stage("C-PERISTIWA", "peristiwa", "2024-11-15", "2024-11-15")
ELSEWHERE = _stage("0-PSU", "penyelenggaraan", "2024-11-14", "2024-11-16", "daerah_psu")
HALF = _stage("0-TANPA-AWAL", "penyelenggaraan", None, "2024-11-30")
DAY = date(2024, 11, 15)


@pytest.mark.parametrize(
    ("stages", "chosen"),
    [
        ([PREPARE, SUB, EVENT, MAIN_EARLY], "D-AWAL"),
        ([PREPARE, SUB, EVENT], "B-SUB"),
        ([PREPARE, EVENT], "A-PERSIAPAN"),
        ([EVENT], "C-PERISTIWA"),
        ([MAIN_EARLY, MAIN_LATE], "E-AKHIR"),
        ([MAIN_TWIN, MAIN_LATE], "E-AKHIR"),
        ([HALF, SUB], "B-SUB"),
        ([HALF], None),
        ([], None),
    ],
)
def test_the_contract_says_which_stage_a_text_speaks_of(stages: list[Stage], chosen: str | None) -> None:
    calendar = _calendar(*stages)
    for codes in (["*"], [*calendar.stages]):
        found = calendar.stage_of(codes, DAY)
        assert (found and found.code) == chosen


def test_only_the_templates_own_stages_are_considered() -> None:
    calendar = _calendar(SUB, MAIN_LATE)
    assert calendar.stage_of(["B-SUB", "TIDAK-ADA"], DAY) == SUB
    assert calendar.stage_of([], DAY) is None


def test_a_repeat_vote_elsewhere_never_holds_here_but_can_be_found() -> None:
    calendar = _calendar(ELSEWHERE, SUB, scopes=frozenset({"nasional", "kota_bogor"}))
    assert calendar.stage_of(["*"], DAY) == SUB
    assert calendar.stage_of(["0-PSU"], DAY) is None
    assert calendar.find("0-PSU") == ELSEWHERE


def test_without_scopes_every_stage_is_ours() -> None:
    assert _calendar(ELSEWHERE, SUB).stage_of(["*"], DAY) == ELSEWHERE


@pytest.mark.parametrize(
    ("zone", "hour"), [("Asia/Jakarta", 17), ("Asia/Makassar", 16), ("Asia/Jayapura", 15), ("UTC", 24)]
)
def test_a_stage_ends_at_midnight_where_the_unit_is(zone: str, hour: int) -> None:
    expected = datetime(2024, 11, 23, tzinfo=UTC) + timedelta(hours=hour)
    assert _calendar(SUB).end_of(SUB, zone) == expected


def test_a_stage_without_a_last_day_has_no_end() -> None:
    assert _calendar().end_of(_stage("X", "psu", "2024-11-01", None), "Asia/Jakarta") is None


@pytest.mark.parametrize(("day", "quiet"), [(23, False), (24, True), (26, True), (27, False)])
def test_the_quiet_days_are_data(day: int, quiet: bool) -> None:
    calendar = _calendar(_stage("TENANG", "masa_tenang", "2024-11-24", "2024-11-26"))
    assert calendar.is_quiet(date(2024, 11, day)) is quiet


def test_a_calendar_without_its_stages_says_so() -> None:
    assert _calendar().voting_day() is None
    assert _calendar().is_quiet(DAY) is False
    assert _calendar(_stage("COBLOS", "penyelenggaraan", None, None)).voting_day() is None
    assert _calendar(_stage("COBLOS", "penyelenggaraan", "2024-11-27", "2024-11-27")).voting_day() == VOTING


@given(st.dates(date(2024, 11, 27), date(2040, 1, 1)))
def test_a_past_election_moves_to_about_a_month_ahead_and_keeps_its_weekday(today: date) -> None:
    moved = VOTING + timedelta(weeks=weeks_until_about_a_month(VOTING, today))
    assert 24 <= (moved - today).days <= 30
    assert moved.weekday() == VOTING.weekday()


@given(st.dates(date(2020, 1, 1), date(2024, 11, 26)))
def test_an_election_still_ahead_stays(today: date) -> None:
    assert weeks_until_about_a_month(VOTING, today) == 0
