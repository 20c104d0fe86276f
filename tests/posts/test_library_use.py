"""A picture that a post shows is known as used, and stays as long as it is."""

from datetime import timedelta

import pytest

from app.kit.errors import Conflict, NotFound
from app.posts.broadcasts import BroadcastInput
from app.posts.rules import Timing
from app.posts.service import PostInput
from tests.conftest import NOW
from tests.content.test_media import ALT, id_of_media, photo
from tests.posts.conftest import Place
from tests.support.cast import id_of

SOON = Timing(at=NOW + timedelta(hours=3))


async def picture(place: Place, colour: str = "purple") -> int:
    cast = place.cast
    return id_of_media(
        await place.house.media.upload(cast.dewi, unit_id=id_of(cast.kpu), data=photo(colour), alt_text=ALT)
    )


async def test_a_picture_in_use_is_not_deleted_until_no_post_shows_it(place: Place) -> None:
    house, cast, media = place.house, place.cast, await picture(place)
    post = await house.posts.create(cast.sari, PostInput(id_of(cast.cilendek), text="Halo.", media=[media]))
    (use,) = await house.usage.uses(cast.sari, media)
    assert (use.post_id, use.unit_name, use.state) == (post.id, cast.cilendek.name, "draft")
    assert await house.usage.uses(cast.citra, media) == []
    assert await house.usage.counts([media]) == {media: 1}
    with pytest.raises(Conflict, match="masih dipakai"):
        await house.library.delete(cast.dewi, media)
    other = await picture(place, "white")
    changed = await house.posts.edit(cast.sari, post.id, {"media": [other]}, if_match=post.etag)
    await house.library.delete(cast.dewi, media)
    assert await house.usage.counts([other]) == {other: 1}
    await house.posts.delete(cast.sari, post.id, if_match=changed.etag)
    await house.library.delete(cast.dewi, other)
    with pytest.raises(NotFound):
        await house.media.get(cast.sari, other)


async def test_each_unit_of_a_broadcast_shows_it(place: Place) -> None:
    house, cast, media = place.house, place.cast, await picture(place)
    wanted = BroadcastInput(place.template, ("pps",), None, None, ("facebook",), SOON, media=[media])
    view = await house.broadcasts.create(cast.dewi, wanted)
    assert await house.usage.counts([media]) == {media: view.posts}
    assert {use.unit_name for use in await house.usage.uses(cast.budi, media)} < {
        use.unit_name for use in await house.usage.uses(cast.dewi, media)
    }
