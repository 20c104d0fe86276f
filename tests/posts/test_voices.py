"""On X every unit speaks in its own words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.kit.errors import BadInput
from app.posts.broadcasts import BroadcastInput, UnitProblem
from app.posts.rules import PostState, Timing
from app.posts.surveying import SHOWN, Tally, survey
from app.publishing.rules import State
from tests.posts.conftest import Place
from tests.posts.test_writing import SOON, in_, write
from tests.support.cast import id_of
from tests.support.house import add_template

LONG = " ".join(f"kata{number}" for number in range(30))


def wanted(place: Place, template: int, platforms: tuple[str, ...] = ("x", "facebook")) -> BroadcastInput:
    at = place.house.clock.now() + SOON
    return BroadcastInput(template, ("ppk", "pps"), None, None, platforms, Timing(at=at))


async def test_a_template_without_a_local_word_goes_to_many_units_only_without_x(place: Place) -> None:
    same = await add_template(place.house, place.cast, "Halo, ayo cek nama Anda di daftar pemilih.")
    with pytest.raises(BadInput, match="nama_unit"):
        await place.house.broadcasts.create(place.cast.dewi, wanted(place, same))
    made = await place.house.broadcasts.create(place.cast.dewi, wanted(place, same, ("facebook",)))
    assert made.units > 1


async def test_units_whose_texts_come_out_the_same_lose_x_and_keep_the_rest(place: Place) -> None:
    """Villages of one kecamatan say the same where only the kecamatan is named."""
    same = await add_template(place.house, place.cast, "Halo, warga {{ kecamatan }}, ayo cek daftar pemilih.")
    made = await place.house.broadcasts.create(place.cast.dewi, wanted(place, same))
    repeated = [problem for problem in made.problems if "melarang teks yang sama" in problem.reason]
    assert repeated
    assert made.deliveries == 2 * made.units - len(repeated)


async def test_what_another_unit_just_said_blocks_and_nearly_the_same_is_a_reminder(place: Place) -> None:
    text = f"{LONG} sekian dari kami semua untuk warga tercinta di mana pun berada sekarang juga"
    post = await write(place, place.cast.sari, text=text, timing=in_(place, SOON))
    await place.house.posts.approve(place.cast.budi, post.id)
    elsewhere = {"unit_id": id_of(place.cast.bantarjati), "timing": in_(place, SOON + timedelta(hours=20))}
    with pytest.raises(BadInput, match="melarang teks yang sama"):
        await write(place, place.cast.citra, text=text.upper(), **elsewhere)
    near = await write(place, place.cast.citra, text=text.replace("kata9 ", "lain "), **elsewhere)
    assert [found["rule"] for found in near.guard if found["rule"].startswith("X")] == ["X02_teks_mirip"]
    assert "%" in next(str(found["reason"]) for found in near.guard if found["rule"].startswith("X"))
    much_later = {**elsewhere, "timing": in_(place, timedelta(hours=40))}
    assert (await write(place, place.cast.citra, text=text, **much_later)).state is PostState.IN_REVIEW


async def test_of_two_equal_texts_in_review_only_one_is_approved(place: Place) -> None:
    one = await write(place, place.cast.sari, text="Posko kami buka.", timing=in_(place, SOON))
    unit = id_of(place.cast.bantarjati)
    other = await write(place, place.cast.citra, unit_id=unit, text="Posko kami buka.", timing=in_(place, SOON))
    await place.house.posts.approve(place.cast.budi, one.id)
    with pytest.raises(Exception, match="melarang teks yang sama"):
        await place.house.posts.approve(place.cast.dewi, other.id)
    assert {d.state for d in (await place.house.posts.get(place.cast.dewi, other.id)).deliveries} == {State.WAITING}


async def test_looking_part_by_part_finds_what_creating_does(place: Place) -> None:
    same = await add_template(place.house, place.cast, "Halo, warga {{ kecamatan }}, ayo cek daftar pemilih.")
    service = place.house.broadcasts
    drafter = replace(service._drafter, part=1)
    seen = await survey(drafter, place.cast.dewi, wanted(place, same))
    made = await service.create(place.cast.dewi, wanted(place, same))
    assert (seen.units, seen.posts, seen.deliveries, seen.in_review) == (
        made.units, made.posts, made.deliveries, made.in_review,
    )  # fmt: skip
    assert sorted(problem.reason for problem in seen.problems) == sorted(problem.reason for problem in made.problems)
    assert sum(seen.hindered.values()) == len(made.problems) > 0
    assert seen.samples


async def test_units_that_would_only_repeat_others_on_x_are_left_out_when_looking(place: Place) -> None:
    same = await add_template(place.house, place.cast, "Halo, warga {{ kecamatan }}, ayo cek daftar pemilih.")
    seen = await place.house.broadcasts.preview(place.cast.dewi, wanted(place, same, ("x",)))
    made = await place.house.broadcasts.create(place.cast.dewi, wanted(place, same, ("x",)))
    assert (seen.units, seen.deliveries) == (made.units, made.deliveries)


def test_of_each_kind_of_problem_the_first_are_named_and_all_are_counted() -> None:
    tally = Tally()
    for number in range(3 * SHOWN):
        tally.note(UnitProblem(number, "PPS", "tidak ada akun", "channels" if number % 3 else "text"))
    assert dict(tally.counts) == {"channels": 2 * SHOWN, "text": SHOWN}
    assert len(tally.shown) == 2 * SHOWN
