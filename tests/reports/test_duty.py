"""How a unit stands to what everybody had to bring out, and why a small kelurahan can win."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.publishing.rules import State
from app.reports import duty
from app.reports.duty import Piece, Standing
from app.reports.rules import UnitRow

DUE = datetime(2024, 11, 20, 2, tzinfo=UTC)


def piece(state: State = State.PUBLISHED, *, late: float = 0, reason: str = "") -> Piece:
    out = DUE + timedelta(seconds=late) if state is State.PUBLISHED else None
    return Piece(1, 4, "PPS A", "32.71.04.1001", "X", state, reason, DUE, out, "https://x.com/1" if out else None)


@pytest.mark.parametrize(
    ("pieces", "deadline", "standing"),
    [
        ([piece(), piece(late=60)], None, Standing.DONE),
        ([piece(), piece(late=61)], None, Standing.LATE),
        ([piece(), piece(late=61)], DUE + timedelta(hours=1), Standing.DONE),
        ([piece(late=3601)], DUE + timedelta(hours=1), Standing.LATE),
        ([piece(), piece(State.STOPPED)], None, Standing.PARTLY),
        ([piece(State.DUE), piece(State.STOPPED)], None, Standing.OPEN),
        ([piece(State.MANUAL)], None, Standing.OPEN),
        ([piece(State.MISSED), piece(State.STOPPED)], None, Standing.NOT_OUT),
        ([piece(State.WITHDRAWN)], None, Standing.NOT_OUT),
    ],
)
def test_where_one_unit_stands(pieces: list[Piece], deadline: datetime | None, standing: Standing) -> None:
    assert duty.stand(pieces, deadline=deadline).standing == standing


def test_what_is_not_out_says_why() -> None:
    found = duty.stand(
        [piece(), piece(State.STOPPED, reason="Gambarnya terlalu besar."), piece(State.MANUAL)], deadline=None
    )
    assert found.reasons == ["X: Gambarnya terlalu besar.", "X: belum diunggah sendiri"]
    assert (found.published, found.planned, found.late_seconds, found.urls) == (1, 3, None, ["https://x.com/1"])


@given(st.lists(st.builds(piece, st.sampled_from(State), late=st.floats(0, 1e6)), min_size=1, max_size=6))
def test_every_mixture_has_exactly_one_standing(pieces: list[Piece]) -> None:
    found = duty.stand(pieces, deadline=None)
    assert sum(duty.count([found]).values()) == 1
    assert (found.late_seconds is not None) == (found.standing in {Standing.DONE, Standing.LATE})


def unit(number: int, name: str, **numbers: object) -> UnitRow:
    return UnitRow(**{"key": str(number), "label": name, "unit_id": number, "kind": "pps", "published": 5, **numbers})  # type: ignore[arg-type]


def test_a_small_kelurahan_can_win_and_what_cannot_be_compared_says_why() -> None:
    large = unit(1, "Besar", reach=10_000, reactions=300, engagement_rate=0.03)
    small = unit(2, "Kecil", reach=200, reactions=20, engagement_rate=0.1)
    silent = unit(3, "Sunyi", published=0)
    unknown = unit(4, "Hanya X", reactions=9)
    found = duty.rank([large, small, silent, unknown], {}, by="reach")
    assert [(one.unit, one.place) for one in found[:2]] == [("Kecil", 1), ("Besar", 2)]
    assert [(one.place, one.why) for one in found[2:]] == [(None, "baru 0 kiriman terbit"), (None, "jangkauan belum cukup diketahui")]  # fmt: skip
    by_voters = duty.rank([large, small], {1: 9_000, 2: 4_000}, by="voters")
    assert [(one.unit, one.base) for one in by_voters] == [("Besar", 9_000), ("Kecil", 4_000)]
    assert duty.rank([small], {}, by="voters")[0].why == "jumlah pemilih belum diisi"


def test_equal_scores_share_a_place() -> None:
    rows = [unit(n, name, reach=200, reactions=20, engagement_rate=0.1) for n, name in ((1, "B"), (2, "A"))]
    third = unit(3, "C", reach=200, reactions=2, engagement_rate=0.01)
    assert [(one.unit, one.place) for one in duty.rank([*rows, third], {}, by="reach")] == [
        ("A", 1),
        ("B", 1),
        ("C", 3),
    ]


def test_the_reminder_is_ready_to_paste() -> None:
    text = duty.remind("Cek DPT", "20 November 2024 pukul 09.00 WIB", {"Bogor Barat": ["PPS A", "PPS B"]})
    assert "“Cek DPT” belum terbit" in text
    assert "- Bogor Barat: PPS A, PPS B" in text
    assert duty.remind("Cek DPT", "", {}) == ""
