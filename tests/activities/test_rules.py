from datetime import date

import pytest

from app.activities import rules
from app.activities.rules import Reached, Said, State

TODAY = date(2024, 11, 16)
PLAIN = Said(1, "sosialisasi_rw", TODAY, rw=4)


def fields(said: Said, **more: object) -> set[str]:
    about = {"kind": "pps", "rw_count": 12, "today": TODAY} | more
    return {problem.field for problem in rules.problems_of(said, **about)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (PLAIN, set()),
        (Said(1, "senam", TODAY, rw=4), {"programme"}),
        (Said(1, "sosialisasi_rw", TODAY, place="Balai"), {"rw"}),
        (Said(1, "pemilih_pemula", TODAY, rw=4), {"school"}),
        (Said(1, "pemilih_pemula", TODAY, school="SMAN 6"), set()),
        (Said(1, "gerebek_pasar", TODAY), {"rw"}),
        (Said(1, "gerebek_pasar", TODAY, place="Pasar Anyar"), set()),
        (Said(1, "sosialisasi_rw", TODAY, rw=13), {"rw"}),
        (Said(1, "sosialisasi_rw", TODAY, rw=4, attendance=-1), {"attendance"}),
        (Said(1, "sosialisasi_rw", date(2024, 11, 17), rw=4, attendance=3), {"attendance"}),
        (Said(1, "sosialisasi_rw", date(1, 1, 1), rw=4), {"held_on"}),
        (Said(1, "sosialisasi_rw", TODAY, rw=4, note="x" * 1001), {"note"}),
    ],
)
def test_what_is_missing_or_impossible_is_named(said: Said, wrong: set[str]) -> None:
    assert fields(said) == wrong


def test_a_unit_that_has_not_told_its_rw_may_use_any_number_there_is() -> None:
    assert fields(Said(1, "sosialisasi_rw", TODAY, rw=40), rw_count=None) == set()
    assert fields(Said(1, "sosialisasi_rw", TODAY, rw=41), rw_count=None) == {"rw"}


@pytest.mark.parametrize(
    ("attendance", "post_id", "held_on", "state"),
    [
        (None, None, TODAY, State.PLANNED),
        (40, None, TODAY, State.HELD),
        (None, 7, TODAY, State.HELD),
        (None, 7, date(2024, 11, 17), State.PLANNED),
    ],
)
def test_a_plan_is_no_proof(attendance: int | None, post_id: int | None, held_on: date, state: State) -> None:
    proof = {"held_on": held_on, "attendance": attendance, "post_id": post_id}
    assert rules.state_of(**proof, is_cancelled=False, today=TODAY) == state  # type: ignore[arg-type]
    assert rules.state_of(**proof, is_cancelled=True, today=TODAY) == State.CANCELLED  # type: ignore[arg-type]


def test_missing_rw_are_known_only_where_the_unit_has_told_how_many() -> None:
    told = Reached(1, "PPS A", "32.71.04.1001", [1, 3], 4, 0, 2, 10)
    silent = Reached(2, "PPS B", "32.71.04.1002", [5], None, 0, 1, None)
    assert (told.missing, silent.missing) == ([2, 4], [])
    assert rules.together([told, silent]) == {"visited": 3, "declared": 4, "held": 3, "planned": 0, "attendance": 10}
    assert rules.together([silent])["declared"] is None
