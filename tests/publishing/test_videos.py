"""A post with a video, lived through: uploaded, checked by each platform's rules, prepared ahead, out in its own lane."""

from datetime import timedelta
from io import BytesIO

import pytest
import requests
from sqlalchemy import text

from app.kit.errors import BadInput
from app.posts.rules import Timing
from app.posts.service import PostInput
from tests.publishing.conftest import PLATFORMS, Town
from tests.support.cast import id_of
from tests.support.films import film
from tests.support.house import channels_of, publish_until


def fetch(address: str, **headers: str) -> requests.Response:
    return requests.get(address, headers=headers, timeout=5)


async def add_film(town: Town, **more: object) -> int:
    file = BytesIO(film(**more))  # type: ignore[arg-type]
    row = await town.house.media.keep(
        town.cast.sari, unit_id=id_of(town.cast.cilendek), file=file, alt_text="Warga mencoblos di bilik suara."
    )
    return row.id or 0


async def wish(town: Town, *media: int, later: float = 0, platforms: tuple[str, ...] = PLATFORMS) -> PostInput:
    channels = await channels_of(town.house, town.cast, town.cast.cilendek)
    return PostInput(
        id_of(town.cast.cilendek), template_id=town.template, channels=[channels[name].id or 0 for name in platforms],
        timing=Timing(at=town.house.clock.now() + timedelta(seconds=later)), media=media,
    )  # fmt: skip


async def test_a_video_goes_out_on_every_platform_in_a_lane_of_its_own(town: Town) -> None:
    film_id = await add_film(town)
    post = await town.house.posts.create(town.cast.sari, await wish(town, film_id))
    async with town.house.db.read() as session:
        lanes = await session.rows(text("SELECT lane, wants_prepare FROM delivery ORDER BY lane"))
    assert [row["lane"] for row in lanes] == [f"practice:{name}:video" for name in sorted(PLATFORMS)]
    assert all(row["wants_prepare"] for row in lanes)
    await publish_until(town.house, lambda: town.is_in("published", post.id), "out everywhere")
    assert {entry["platform"] for entry in town.ledger()} == set(PLATFORMS)
    wall = fetch(f"{town.simulator}/_sim/wall").text
    assert wall.count("<video") == len(PLATFORMS)


async def test_it_is_uploaded_ahead_by_the_job_for_videos_alone(town: Town) -> None:
    film_id = await add_film(town, weight=5000)
    post = await town.house.posts.create(town.cast.sari, await wish(town, film_id, later=600))
    publisher = town.house.publisher()
    soon = timedelta(minutes=30)
    assert await publisher.prepare_ahead(within=soon) == 0
    assert await publisher.prepare_ahead(within=soon, slow=True) == len(PLATFORMS)
    assert await publisher.prepare_ahead(within=soon, slow=True) == 0
    await publisher._prepared.close()
    assert town.ledger() == []
    assert await town.is_in("due", post.id)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"seconds": 200}, r"Video 200 detik; X menerima 0\.5 sampai 140 detik"),
        ({"codec": b"hvc1"}, "X tidak menerima video HEVC"),
        ({"seconds": 1}, "Instagram menerima 3 sampai 900 detik"),
    ],
)
async def test_what_a_platform_does_not_take_is_said_before_it_is_queued(
    town: Town, made: dict[str, object], said: str
) -> None:
    film_id = await add_film(town, **made)
    with pytest.raises(BadInput, match=said):
        await town.house.posts.create(town.cast.sari, await wish(town, film_id))


async def test_two_videos_or_a_video_among_pictures_are_refused(town: Town) -> None:
    first, second = await add_film(town, weight=300), await add_film(town, weight=600)
    with pytest.raises(BadInput, match="satu video saja"):
        await town.house.posts.create(town.cast.sari, await wish(town, first, second))


async def test_a_public_address_of_a_video_gives_the_video_and_pieces_of_it(town: Town) -> None:
    film_id = await add_film(town)
    media, clock = town.house.media, town.house.clock
    address = media.public_url(film_id, expires_at=clock.now() + timedelta(hours=1), ending=".mp4")
    whole = fetch(address)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    part = fetch(address, Range="bytes=0-11")
    assert (part.status_code, part.content) == (206, whole.content[:12])
