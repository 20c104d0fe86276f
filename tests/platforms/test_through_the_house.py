"""Each further platform lived through once: a post, a lost answer, and what becomes of it."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest

from app.kit.errors import BadInput
from app.main import create_app
from app.platforms.by_hand import MEDIA
from app.platforms.registry import PLATFORMS, TITLES
from app.posts.rules import Timing
from app.posts.service import PostInput
from tests.conftest import NOW
from tests.platforms.traits import TRAITS, WORDY
from tests.publishing.conftest import Town
from tests.support.cast import id_of
from tests.support.client import NOWHERE
from tests.support.databases import fresh_database
from tests.support.films import film
from tests.support.house import (
    add_channels,
    add_template,
    cast_house,
    channels_of,
    moved,
    publish_until,
    serving,
    settings_for,
    ticking_from,
)

FURTHER = tuple(name for name in WORDY if name not in ("x", "facebook", "instagram"))


@pytest.fixture
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    clock = ticking_from(NOW, speed=30.0)
    with fresh_database(request, "sqlite", tmp_path) as url:
        plain = moved(settings_for(tmp_path, url), clock=clock, send_timeout=2.0)
        with serving(lambda address: create_app(moved(plain, base_url=address), redis_url=NOWHERE)) as address:
            async with cast_house(moved(plain, base_url=address), clock) as (house, cast):
                await add_channels(house, [cast.cilendek], FURTHER)
                template = await add_template(house, cast, "Halo {{ wilayah }}, dari {{ nama_unit }}.")
                yield Town(house, cast, f"{address}/simulator", template)


async def test_a_post_reaches_every_further_platform_once(town: Town) -> None:
    post = await town.post(FURTHER)
    await publish_until(town.house, lambda: town.is_in("published", post), "all are out")
    ledger = {entry["platform"]: entry["text"] for entry in town.ledger()}
    assert ledger == dict.fromkeys(FURTHER, "Halo Kelurahan Cilendek Barat, dari PPS Cilendek Barat.")
    assert len(town.ledger()) == len(FURTHER)


async def test_a_lost_answer_is_looked_up_or_left_to_a_person_and_never_sent_twice(town: Town) -> None:
    for platform in FURTHER:
        town.fault("lost_answer", platform, count=1)
    post = await town.post(FURTHER)
    expected = {name: "published" if TRAITS[name].can_be_asked else "unsure" for name in FURTHER}

    async def is_settled() -> bool:
        return {each.platform: each.state for each in await town.deliveries(post)} == expected

    await publish_until(town.house, is_settled, "all are found but the one that cannot be asked")
    assert len(town.ledger()) == len(FURTHER)


async def test_a_video_is_out_on_youtube_and_a_draft_on_tiktok_is_a_task_until_its_person_has_finished_it(
    town: Town,
) -> None:
    house, cast = town.house, town.cast
    await add_channels(house, [cast.cilendek], ("tiktok", "youtube"))
    channels = await channels_of(house, cast, cast.cilendek)
    row = await house.media.keep(cast.sari, unit_id=id_of(cast.cilendek), file=BytesIO(film()), alt_text="Bilik suara.")
    wanted = PostInput(
        id_of(cast.cilendek), template_id=town.template, channels=[channels[n].id or 0 for n in ("tiktok", "youtube")],
        timing=Timing(at=house.clock.now()), media=[row.id or 0],
    )  # fmt: skip
    post = (await house.posts.create(cast.sari, wanted)).id

    async def states() -> dict[str, str]:
        return {each.platform: str(each.state) for each in await town.deliveries(post)}

    async def is_settled() -> bool:
        return await states() == {"tiktok": "manual", "youtube": "published"}

    await publish_until(house, is_settled, "YouTube has it, TikTok's person has a draft")
    (draft,) = [each for each in await town.deliveries(post) if each.platform == "tiktok"]
    assert (draft.attempts[-1].outcome, draft.published_at) == ("handed", None)
    assert "aplikasi TikTok" in draft.reason
    # Neither a pause and its end nor "not yet" sends a second draft.
    pause, _ = await house.pauses.pause(cast.rina, id_of(cast.cilendek), reason="Latihan")
    await house.pauses.resume(cast.rina, pause.id or 0)
    assert (await house.publishing.resolve(cast.sari, draft.id, published=False)).state == "manual"
    done = await house.publishing.resolve(cast.sari, draft.id, published=True, url="https://www.tiktok.com/@a/video/1")
    assert (done.state, done.remote_id) == ("published", draft.remote_id)
    assert len(town.ledger("tiktok")) <= 1


def test_every_platform_has_a_name_for_people() -> None:
    assert set(TITLES) - set(MEDIA) == set(PLATFORMS) == set(TRAITS)
    assert all(title and title[0].isupper() for title in TITLES.values())


async def test_a_real_account_of_a_platform_with_many_servers_names_its_own(town: Town) -> None:
    given = {"unit_id": id_of(town.cast.cilendek), "environment": "live", "handle": "pps", "credential": "rahasia"}
    with pytest.raises(BadInput, match="alamat peladen"):
        await town.house.channels.add(town.cast.rina, platform="mastodon", **given)
    joined = await town.house.channels.add(town.cast.rina, platform="bluesky", **given)
    assert joined.base_url == "", "the others have an address that stands for all"
