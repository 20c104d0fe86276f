"""Two days lived on the shared clock: a post that waits is reminded, escalated, lapses; what is urgent is told at once."""

from datetime import timedelta

import pytest

from app.posts.review_rules import UNAPPROVED
from app.posts.rules import PostState
from app.publishing.rules import State
from tests.conftest import NOW
from tests.posts.conftest import Place
from tests.posts.test_review import free_text
from tests.posts.test_writing import in_
from tests.support.cast import id_of
from tests.support.house import open_house, still_at

pytestmark = [pytest.mark.deep, pytest.mark.parametrize("shared", ["sqlite"], indirect=True, scope="module")]


async def heard(place: Place, hours: float) -> dict[str, list[str]]:
    """Every process reads the moved clock: sweeps at that hour, and what each person's list then holds, newest first."""
    cast = place.cast
    async with open_house(place.house.settings, still_at(NOW + timedelta(hours=hours))) as house:
        await house.review_watch.watch()
        await house.notices.spread()
        people = {"sari": cast.sari, "budi": cast.budi, "dewi": cast.dewi, "citra": cast.citra}
        return {name: [one.title for one in (await house.notices.list(who)).rows] for name, who in people.items()}


async def test_a_day_of_waiting_until_it_is_missed(place: Place) -> None:
    post = await free_text(place, timing=in_(place, timedelta(hours=24)))
    start = await heard(place, 0.01)
    assert (len(start["budi"]), start["dewi"], start["citra"]) == (1, [], [])
    assert len((await heard(place, 6.5))["budi"]) == 2  # reminded after a quarter of the time
    escalated = await heard(place, 12.5)  # half of the remaining time: the next ones above are asked
    assert len(escalated["dewi"]) == 1
    last = await heard(place, 23.6)
    assert len(last["dewi"]) == 2
    over = await heard(place, 24.1)
    assert any("disetujui" in title for title in over["sari"])
    assert over["citra"] == []
    fresh = await place.house.posts.get(place.cast.sari, post.id)
    assert (fresh.state, {each.state for each in fresh.deliveries}) == (PostState.REJECTED, {State.MISSED})
    assert all(UNAPPROVED in each.reason for each in fresh.deliveries)


async def test_a_deputy_is_asked_only_when_it_escalates(place: Place) -> None:
    house, cast = place.house, place.cast
    other = await house.people.add_user(
        email="wakil@kpu.test", name="Wakil", unit_id=id_of(cast.ppk_barat), role="reviewer", by="uji"
    )
    deputy = await house.people.actor_of(id_of(other))
    await house.deputies.name(cast.rina, id_of(cast.ppk_barat), deputy.user_id, is_deputy=True)
    await free_text(place, timing=in_(place, timedelta(hours=24)))
    for hours, count in ((0.01, 0), (6.5, 0), (12.5, 1)):
        await heard(place, hours)
        assert len((await house.notices.list(deputy)).rows) == count


async def test_what_is_urgent_is_told_to_everybody_who_may_decide_at_once(place: Place) -> None:
    before = await heard(place, 0.0)
    await free_text(place, urgent=True, timing=in_(place, timedelta(hours=24)))
    told = await heard(place, 0.001)
    assert {name: len(told[name]) - len(before[name]) for name in ("budi", "dewi", "citra")} == {"budi": 1, "dewi": 1, "citra": 0}  # fmt: skip
