"""A design becomes each unit's own poster: on every platform that takes one, never on TikTok, redrawn when days move."""

import json
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import text

from app.kit.errors import BadInput, NotFound
from app.posts.broadcasts import BroadcastInput
from app.posts.postering import PosterWish
from app.posts.rules import PostState, Timing
from app.posts.service import PostInput
from app.posts.writing import freeze
from tests.conftest import NOW
from tests.content.test_layers import PHOTO, TEXT, sheet
from tests.posts.conftest import Place
from tests.posts.test_library_use import picture
from tests.posts.test_revising import revise, voting
from tests.support.cast import id_of

__all__ = ["voting"]

SOON = Timing(at=NOW + timedelta(hours=3))
BODY = sheet(PHOTO, {**TEXT, "h": 150, "text": "{{ judul }}, {{ nama_unit }}, {{ tanggal_pemungutan_suara }}"})


async def design(place: Place, body: object = BODY) -> int:
    return (await place.house.designs.add(place.cast.dewi, title="Uji", body=body, unit_id=id_of(place.cast.kpu))).id


async def sent(place: Place, post_id: int) -> dict[str, list[int]]:
    """Pictures by platform, as they will be sent."""
    async with place.house.db.read() as session:
        rows = await session.rows(text(f"SELECT platform, message FROM delivery WHERE post_id = {post_id}"))
    found = {}
    for row in rows:
        message = json.loads(row["message"]) if isinstance(row["message"], str) else row["message"]
        found[row["platform"]] = [each["media_id"] for each in message.get("pictures", [])]
    return found


async def write(place: Place, **more: object) -> int:
    wanted = {"template_id": place.template, "timing": SOON, "poster": PosterWish(await design(place)), **more}
    return (await place.house.posts.create(place.cast.sari, PostInput(id_of(place.cast.cilendek), **wanted))).id  # type: ignore[arg-type]


async def test_the_poster_goes_to_every_platform_and_says_its_words_to_a_screen_reader(place: Place) -> None:
    post = await place.house.posts.get(place.cast.sari, await write(place))
    assert post.state is PostState.SCHEDULED
    assert set(map(tuple, (await sent(place, post.id)).values())) == {(post.poster_id,)}
    row = await place.house.media.get(place.cast.sari, post.poster_id or 0)
    assert "Kabar unit, PPS Cilendek Barat, Rabu, 27 November 2024" in row.alt_text
    with Image.open(await place.house.media.ensure_file(post.poster_id or 0)) as drawn:
        assert drawn.size == (1080, 1350)


async def test_the_posts_own_photo_is_in_it_and_tiktok_gets_the_photo_alone(place: Place) -> None:
    media = await picture(place)
    post = await place.house.posts.get(place.cast.sari, await write(place, media=[media]))
    async with place.house.db.read() as session:
        kept = (await session.rows(text(f"SELECT content FROM post WHERE id = {post.id}")))[0]["content"]
    content = json.loads(kept) if isinstance(kept, str) else kept
    content["variants"] = [{"platform": name, "text": "Halo"} for name in ("facebook", "tiktok")]
    adapters = [place.house.platforms[name] for name in ("facebook", "tiktok")]
    shown = {one.name: [each["media_id"] for each in freeze(content, one).pictures] for one in adapters}
    assert shown == {"facebook": [post.poster_id], "tiktok": [media]}
    assert "Fotonya: Petugas menyapa" in content["poster_alt"]
    drawn = Image.open(BytesIO((await place.house.media.ensure_file(post.poster_id or 0)).read_bytes())).convert("RGB")
    red, green, blue = drawn.getpixel((500, 300))  # type: ignore[misc]
    assert (red > 100, green < 40, blue > 100) == (True, True, True)


async def test_own_words_on_a_poster_are_read_by_the_guard_and_reviewed(place: Place) -> None:
    chosen = await design(place)
    post = await place.house.posts.get(place.cast.sari, await write(place, poster=PosterWish(chosen, "Posko pindah")))
    assert post.state is PostState.IN_REVIEW
    with pytest.raises(BadInput):
        await write(place, poster=PosterWish(chosen, "Kamis, 27 November 2024"))
    with pytest.raises(BadInput, match="tidak muat"):
        await write(place, poster=PosterWish(chosen, "Panjang sekali " * 10))
    with pytest.raises(NotFound):
        await write(place, poster=PosterWish(999_999))


async def test_each_unit_of_a_broadcast_has_its_own(place: Place) -> None:
    house, cast = place.house, place.cast
    wanted = BroadcastInput(
        place.template, ("pps",), None, None, ("facebook",), SOON, poster=PosterWish(await design(place))
    )
    view = await house.broadcasts.create(cast.dewi, wanted)
    async with house.db.read() as session:
        rows = await session.rows(text(f"SELECT id FROM post WHERE broadcast_id = {view.id}"))
    posters = {(await house.posts.get(cast.dewi, row["id"])).poster_id for row in rows}
    assert len(posters) == view.posts
    assert None not in posters


async def test_a_moved_day_is_on_the_poster_that_leaves(place: Place, voting: int) -> None:
    before = await place.house.posts.get(place.cast.sari, await write(place))
    view = await revise(place, place.cast.dewi, voting, dry_run=False)
    after = await place.house.posts.get(place.cast.sari, before.id)
    assert (view.applied, after.state) == (True, PostState.SCHEDULED)
    assert after.poster_id != before.poster_id
    assert set(map(tuple, (await sent(place, after.id)).values())) == {(after.poster_id,)}
    row = await place.house.media.get(place.cast.sari, after.poster_id or 0)
    assert "4 Desember 2024" in row.alt_text


async def test_a_design_that_is_changed_leaves_posters_as_they_were(place: Place) -> None:
    house, chosen = place.house, await design(place)
    post = await house.posts.get(place.cast.sari, await write(place, poster=PosterWish(chosen)))
    changed = await house.designs.edit(place.cast.dewi, chosen, body=sheet({**TEXT, "text": "{{ judul }} baru"}))
    assert changed.version == 2
    assert (await house.posts.get(place.cast.sari, post.id)).poster_id == post.poster_id
    assert "27 November" in (await house.media.get(place.cast.sari, post.poster_id or 0)).alt_text
    edited = await house.posts.edit(place.cast.sari, post.id, {"poster": PosterWish(chosen)}, if_match=post.etag)
    assert edited.poster_id != post.poster_id
