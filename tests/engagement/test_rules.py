"""When numbers are read and how they are added up: tables."""

from datetime import UTC, datetime, timedelta

import pytest

from app.engagement import rules

OUT = datetime(2024, 11, 1, 3, 0, tzinfo=UTC)
S, M, H, D = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("facebook", "live", (H, D, 3 * D, 7 * D, 30 * D)),
        ("x", "live", (D, 7 * D, 29 * D)),
        ("x", "practice", (10 * S, M, 5 * M, H, D, 3 * D, 7 * D, 30 * D)),
    ],
)
def test_numbers_are_read_at_these_ages(platform: str, environment: str, expected: tuple[timedelta, ...]) -> None:
    assert rules.plan(platform, environment) == expected


@pytest.mark.parametrize(
    ("platform", "environment", "age", "expected"),
    [
        ("facebook", "live", timedelta(), H),
        ("facebook", "live", H, D),
        ("facebook", "live", 5 * D, 7 * D),
        ("facebook", "live", 30 * D, None),
        ("x", "live", timedelta(), D),
        ("x", "live", 29 * D, None),
        ("x", "practice", timedelta(), 10 * S),
        ("instagram", "practice", 2 * M, 5 * M),
    ],
)
def test_what_was_slept_through_is_not_made_up_for(
    platform: str, environment: str, age: timedelta, expected: timedelta | None
) -> None:
    found = rules.next_read(OUT, platform=platform, environment=environment, now=OUT + age)
    assert found == (None if expected is None else OUT + expected)


@pytest.mark.parametrize(
    ("interactions", "reach", "expected"),
    [(5, 100, 0.05), (0, 100, 0.0), (5, 0, None), (5, None, None), (None, 9, None)],
)
def test_a_rate_without_its_reach_is_unknown(
    interactions: int | None, reach: int | None, expected: float | None
) -> None:
    assert rules.engagement_rate(interactions, reach) == expected
