"""What only Instagram does: containers that are slow, lost, or published already."""

from dataclasses import replace

import pytest
from facebook_business.adobjects.iguser import IGUser
from facebook_business.api import FacebookAdsApi, FacebookSession

from app.platforms.contract import Message, Picture, Refused, TryLater, Unsure
from tests.platforms.stage import MakeStage, Recorder, Stage, serve


@pytest.fixture
def instagram(make_stage: MakeStage) -> Stage:
    return make_stage("instagram")


def is_known(edge: str, name: str) -> bool:
    request = getattr(IGUser("1", api=FacebookAdsApi(FacebookSession(access_token="x"))), edge)(pending=True)
    return bool(request._param_checker.is_valid_key(name))


async def test_every_parameter_is_one_that_meta_lists_and_the_token_is_in_the_header(instagram: Stage) -> None:
    recorder = Recorder({"id": "17", "status_code": "FINISHED"})
    pictures = [instagram.pictures.make(name) for name in ("satu", "dua")]
    with serve(recorder) as address:
        account = replace(
            instagram.account, base_url=address, credential={"access_token": "RAHASIA", "account_id": "1"}
        )
        await instagram.adapter.publish(
            account,
            Message("k", "Halo"),
            await instagram.adapter.prepare(account, instagram.message("Halo", *pictures)),
        )
    posts = [each for each in recorder.received if each.method == "POST"]
    assert [each.path for each in posts] == ["/v26.0/1/media"] * 3 + ["/v26.0/1/media_publish"]
    edges = {"media": "create_media", "media_publish": "create_media_publish"}
    for each in posts:
        edge = edges[each.path.rpartition("/")[2]]
        assert [name for name in each.form if not is_known(edge, name)] == []
    assert {each.headers["authorization"] for each in recorder.received} == {"Bearer RAHASIA"}
    assert not any(b"RAHASIA" in each.body or "access_token" in each.query for each in recorder.received)


async def test_a_container_in_progress_is_waited_for(instagram: Stage) -> None:
    instagram.fault("container_in_progress", count=1, polls=2)
    await instagram.send(instagram.message("Sabar sebentar"))
    assert len(instagram.posts()) == 1


async def test_a_container_that_stays_in_progress_is_tried_later(make_stage: MakeStage) -> None:
    instagram = make_stage("instagram", timeout=0.6)
    instagram.fault("container_in_progress", count=1, polls=100)
    with pytest.raises(TryLater) as caught:
        await instagram.prepare(instagram.message("Lama sekali"))
    assert caught.value.code == "in_progress"


@pytest.mark.parametrize("kind", ["container_expired", "container_error"])
async def test_a_container_that_failed_is_prepared_again(instagram: Stage, kind: str) -> None:
    instagram.fault(kind, count=1)
    with pytest.raises(TryLater) as caught:
        await instagram.prepare(instagram.message("Sekali lagi"))
    assert caught.value.code == "container_lost"


async def test_a_forgotten_container_is_lost_but_a_published_one_is_in_doubt(instagram: Stage) -> None:
    message = instagram.message("Satu saja")
    with pytest.raises(TryLater) as lost:
        await instagram.adapter.publish(instagram.account, message, {"container": "17900000000000001"})
    assert lost.value.code == "container_lost"
    prepared = await instagram.prepare(message)
    await instagram.adapter.publish(instagram.account, message, prepared)
    with pytest.raises(Unsure):
        await instagram.adapter.publish(instagram.account, message, prepared)
    assert len(instagram.posts()) == 1


async def test_a_published_post_that_is_not_listed_yet_is_looked_for_again(instagram: Stage) -> None:
    instagram.fault("read_lag", seconds=100_000)
    message = instagram.message("Belum terdaftar")
    prepared = await instagram.prepare(message)
    published = await instagram.adapter.publish(instagram.account, message, prepared)
    assert published.url is None
    with pytest.raises(TryLater) as caught:
        await instagram.adapter.find(instagram.account, message, instagram.sent(prepared))
    assert caught.value.code == "published_unlisted"


async def test_a_permalink_is_read_afterwards_not_in_the_minute_of_publishing(instagram: Stage) -> None:
    instagram.fault("read_lag", seconds=0)
    published = await instagram.send(instagram.message("Langsung tampak"))
    assert published.url is None
    link = await instagram.adapter.read_link(instagram.account, published.remote_id)
    assert (link or "").startswith("https://www.instagram.com/p/")


async def test_a_ready_container_that_was_not_published_is_not_found(instagram: Stage) -> None:
    message = instagram.message("Belum")
    assert (
        await instagram.adapter.find(instagram.account, message, instagram.sent(await instagram.prepare(message)))
        is None
    )
    assert await instagram.adapter.find(instagram.account, message, instagram.sent()) is None


async def test_what_instagram_cannot_fetch_is_tried_again_and_a_wrong_shape_is_refused(instagram: Stage) -> None:
    missing = Picture(f"{instagram.pictures.address}/tidak-ada.jpg", "", "image/jpeg", "")
    with pytest.raises(TryLater, match="KENTONGAN_BASE_URL"):
        await instagram.prepare(instagram.message("Halo", missing))
    tall = instagram.pictures.make("tinggi", size=(100, 400))
    with pytest.raises(Refused, match="4:5"):
        await instagram.prepare(instagram.message("Halo", tall))
