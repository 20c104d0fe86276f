from datetime import UTC, datetime, timedelta

import pytest

from app.posts.suggest_rules import RESTS, Candidate, next_moment, pick

NOW = datetime(2024, 11, 1, 3, tzinfo=UTC)


def candidate(
    number: int, *, pillar: str = "tahapan", days: int | None = 30, asks: bool = False, used: int | None = None
) -> Candidate:
    lasts = timedelta(days=days) if days is not None else None
    return Candidate(number, pillar, lasts, asks, NOW - timedelta(days=used) if used is not None else None)


@pytest.mark.parametrize(
    ("offered", "order"),
    [
        ([candidate(1), candidate(2, days=3)], [2, 1]),
        ([candidate(1, days=None), candidate(2, days=60)], [2, 1]),
        ([candidate(1, days=1, asks=True), candidate(2, days=90)], [2, 1]),
        ([candidate(1, days=1), candidate(2, days=2), candidate(3, days=9, pillar="literasi")], [1, 3, 2]),
        ([candidate(1, used=RESTS.days), candidate(2)], [2, 1]),
        ([candidate(1, used=RESTS.days - 1)], []),
        ([], []),
    ],
)
def test_what_presses_comes_first_and_pillars_take_turns(offered: list[Candidate], order: list[int]) -> None:
    assert pick(offered, now=NOW) == order


@pytest.mark.parametrize(
    ("local", "goes"),
    [("07:00", "07:00"), ("19:59", "19:59"), ("20:00", "+1 07:00"), ("06:59", "07:00"), ("00:10", "07:00")],
)
def test_nothing_is_offered_for_the_night(local: str, goes: str) -> None:
    now = datetime.fromisoformat(f"2024-11-01T{local}+07:00")
    day, _, clock = goes.rpartition(" ")
    wanted = datetime.fromisoformat(f"2024-11-0{2 if day else 1}T{clock}+07:00")
    assert next_moment(now, "Asia/Jakarta") == wanted
