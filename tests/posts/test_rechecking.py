"""What was right when it was approved is read once more before it leaves."""

from datetime import timedelta

import pytest

from app.audit import store as audit_store
from app.posts.rechecking import AHEAD, FRESH, Rechecking
from app.posts.rules import PostState
from app.posts.service import PostView
from app.publishing.rules import State
from tests.conftest import NOW
from tests.posts.conftest import Place
from tests.posts.test_writing import in_, write
from tests.support.cast import id_of

LATER = FRESH + timedelta(hours=1)
HOURS = "Ayo ke TPS. TPS buka pukul 07.00-13.00 WIB."


def sweep(place: Place) -> Rechecking:
    """As it would run shortly before the post's minute."""
    at = NOW + LATER - AHEAD / 2
    return Rechecking(place.house.db, lambda: at, place.house.posts.guard, place.house.tahapan)


async def approved(place: Place, text: str = HOURS) -> PostView:
    post = await write(place, place.cast.sari, text=text, timing=in_(place, LATER))
    return await place.house.posts.approve(place.cast.dewi, post.id)


async def change_hours(place: Place, hours: str | None) -> None:
    await place.house.units.edit(place.cast.rina, id_of(place.cast.cilendek), variables={"jam_tps": hours})


async def test_what_is_still_right_leaves_and_is_read_once(place: Place) -> None:
    post = await approved(place)
    assert await sweep(place).recheck() == 0
    again = await place.house.posts.get(place.cast.sari, post.id)
    assert (again.state, again.etag) == (PostState.SCHEDULED, post.etag)
    assert await sweep(place).recheck() == 0


async def test_what_has_become_wrong_goes_back_to_the_kpu(place: Place) -> None:
    post = await approved(place)
    await change_hours(place, "08.00-14.00")
    try:
        assert await sweep(place).recheck() == 1
    finally:
        await change_hours(place, None)
    back = await place.house.posts.get(place.cast.sari, post.id)
    assert (back.state, back.approved_by) == (PostState.IN_REVIEW, None)
    assert "08.00-14.00" in back.reason
    assert {delivery.state for delivery in back.deliveries} == {State.WAITING}
    assert [found["rule"] for found in back.guard if found["level"] == "block"] == ["G19_jam_tps_salah"]
    assert await sweep(place).recheck() == 0
    async with place.house.db.read() as session:
        assert "post.recheck" in {event.action for event in await audit_store.unsealed(session, limit=500)}


async def test_what_lies_further_ahead_or_was_read_just_now_is_left_alone(place: Place) -> None:
    await approved(place)
    await change_hours(place, "08.00-14.00")
    try:
        assert await place.house.posts.rechecking.recheck() == 0
    finally:
        await change_hours(place, None)


@pytest.mark.parametrize("level", ["review"])
async def test_a_review_that_was_given_is_not_asked_for_again(place: Place, level: str) -> None:
    post = await approved(place, "Telepon posko: 0812 3456 7890.")
    assert level in {str(found["level"]) for found in post.guard}
    assert await sweep(place).recheck() == 0
