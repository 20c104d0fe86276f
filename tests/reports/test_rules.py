from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.errors import BadInput
from app.reports import rules, wording
from app.reports.rules import Kind, Period
from app.reports.writers.comma import harmless
from app.reports.writers.pdf import printable, target

TODAY = date(2024, 11, 20)
DAYS = st.dates(date(1972, 1, 1), date(2997, 12, 31))


def test_the_current_week_is_told_where_none_is_named() -> None:
    assert rules.read_week(None, TODAY) == ("2024-W47", date(2024, 11, 18), date(2024, 11, 24))
    assert rules.read_month("", TODAY) == ("2024-11", date(2024, 11, 1), date(2024, 11, 30))


@pytest.mark.parametrize("text", ["2024-W54", "2024-W00", "pekan ini", "2024-11", "0001-W01", "9999-W52", "2024-W"])
def test_a_week_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput, match="2024-W47"):
        rules.read_week(text, TODAY)


@pytest.mark.parametrize("text", ["2024-13", "2024-00", "November", "2024-W47", "0001-01", "9999-12"])
def test_a_month_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput, match="2024-11"):
        rules.read_month(text, TODAY)


@given(DAYS)
def test_every_day_lies_in_one_week_and_weeks_follow_each_other(day: date) -> None:
    key, first, last = rules.read_week(rules.week_key(day), TODAY)
    assert first <= day <= last
    assert (first.weekday(), (last - first).days) == (0, 6)
    period = Period(Kind.WEEKLY, key, "", first, last)
    assert period.previous == rules.week_key(first - timedelta(days=1))
    assert rules.read_week(period.next, TODAY)[1] == last + timedelta(days=1)


@given(DAYS)
def test_every_day_lies_in_one_month_and_months_follow_each_other(day: date) -> None:
    key, first, last = rules.read_month(f"{day:%Y-%m}", TODAY)
    assert first <= day <= last
    period = Period(Kind.MONTHLY, key, "", first, last)
    assert rules.read_month(period.next, TODAY)[1] == last + timedelta(days=1)
    assert rules.read_month(period.previous, TODAY)[2] == first - timedelta(days=1)


def test_a_stage_has_no_neighbours() -> None:
    assert Period(Kind.TAHAPAN, "PYL-06", "Kampanye", TODAY, TODAY).previous is None


@pytest.mark.parametrize(("now", "before", "said"), [(3, 2, "+50,0 %"), (1, 2, "−50,0 %"), (1, 0, ""), (None, 2, "")])
def test_a_change_is_said_only_where_it_is_one(now: int | None, before: int | None, said: str) -> None:
    assert wording.grown(now, before) == said


@pytest.mark.parametrize(
    ("value", "said"), [(None, "tidak tersedia"), (0, "0"), (1234567, "1.234.567")]
)  # fmt: skip
def test_an_unknown_number_is_never_nought(value: int | None, said: str) -> None:
    assert wording.number(value) == said


def test_a_week_is_named_by_its_days() -> None:
    assert wording.week_name("2024-W47", date(2024, 11, 18), date(2024, 11, 24)) == "Pekan 47: 18 s.d. 24 November 2024"
    assert "28 Oktober 2024 s.d. 3 November 2024" in wording.week_name(
        "2024-W44", date(2024, 10, 28), date(2024, 11, 3)
    )


def test_a_target_is_a_span_only_where_it_is_one() -> None:
    assert (target(76, 76), target(88, 90)) == ("76 %", "88–90 %")


@given(st.text())
def test_whatever_is_written_can_be_set_in_type(text: str) -> None:
    assert all(char in "\n\t" or (char.isprintable() and not 0xD800 <= ord(char) <= 0xDFFF) for char in printable(text))


@given(st.text())
def test_no_label_starts_a_formula(text: str) -> None:
    assert harmless(text)[:1] not in set("=+-@\t\r")
