"""Who reviews at a unit, who stands in for them, and where they are too few."""

import pytest

from app.kit.errors import BadInput, Forbidden, NotFound
from tests.posts.conftest import Place, place, shared
from tests.support.cast import id_of

__all__ = ["place", "shared"]


async def test_an_admin_names_a_reviewer_the_deputy_and_takes_it_back(place: Place) -> None:
    ppk, cast, deputies = id_of(place.cast.ppk_barat), place.cast, place.house.deputies
    assert [one.is_deputy for one in await deputies.reviewers(cast.sari, id_of(cast.cilendek))] == []
    for _ in range(2):
        assert [(one.name, one.is_deputy) for one in await deputies.name(cast.rina, ppk, cast.budi.user_id, is_deputy=True)] == [("Budi", True)]  # fmt: skip
    assert not (await deputies.name(cast.rina, ppk, cast.budi.user_id, is_deputy=False))[0].is_deputy


async def test_who_may_not_name_a_deputy_and_who_cannot_be_one(place: Place) -> None:
    ppk, cast, deputies = id_of(place.cast.ppk_barat), place.cast, place.house.deputies
    for actor, refusal in ((cast.dewi, Forbidden), (cast.citra, NotFound)):
        with pytest.raises(refusal):
            await deputies.name(actor, ppk, cast.budi.user_id, is_deputy=True)
    with pytest.raises(BadInput):
        await deputies.name(cast.rina, ppk, cast.sari.user_id, is_deputy=True)


async def test_a_kpu_with_one_approver_is_named(place: Place) -> None:
    cast, house = place.cast, place.house
    assert await house.deputies.short_of_approvers() == []
    left = [
        one for one in await house.deputies.reviewers(cast.rina, id_of(cast.kpu)) if one.user_id != cast.rina.user_id
    ]
    for one in left:
        await house.people.set_active(one.user_id, active=False, by="uji")
    assert [(one.unit_id, one.approvers) for one in await house.deputies.short_of_approvers()] == [(id_of(cast.kpu), 1)]
    for one in left:
        await house.people.set_active(one.user_id, active=True, by="uji")
