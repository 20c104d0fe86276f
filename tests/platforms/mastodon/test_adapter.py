"""What only Mastodon does: keys that make a repeat harmless, pictures that ripen, servers with limits of their own."""

from dataclasses import replace

import pytest

from app.platforms.contract import Account, Message, NeedsReconnect, Refused, TryLater, Unsure
from tests.platforms.stage import MakeStage, Recorder, Stage, serve


@pytest.fixture
def mastodon(make_stage: MakeStage) -> Stage:
    return make_stage("mastodon")


async def test_sending_again_after_a_lost_answer_gives_the_same_post(mastodon: Stage) -> None:
    mastodon.fault("lost_answer", count=1, operation="create")
    message = mastodon.message("Satu kali saja")
    with pytest.raises(Unsure):
        await mastodon.send(message)
    again = await mastodon.send(message)
    assert [post["remote_id"] for post in mastodon.posts()] == [again.remote_id]


async def test_two_deliveries_with_the_same_words_are_two_posts(mastodon: Stage) -> None:
    for key in ("delivery-1", "delivery-2"):
        await mastodon.adapter.publish(mastodon.account, Message(key, "Sama"), {})
    assert len(mastodon.posts()) == 2


async def test_a_picture_that_is_processed_is_waited_for(mastodon: Stage) -> None:
    mastodon.fault("media_processing", count=1, polls=2)
    await mastodon.send(mastodon.message("Sabar", mastodon.pictures.make("satu", "Alt satu")))
    (post,) = mastodon.posts()
    assert post["alt_texts"] == ["Alt satu"]


async def test_a_picture_that_stays_in_processing_is_tried_later(make_stage: MakeStage) -> None:
    mastodon = make_stage("mastodon", timeout=0.6)
    mastodon.fault("media_processing", count=1, polls=100)
    with pytest.raises(TryLater) as caught:
        await mastodon.prepare(mastodon.message("Lama", mastodon.pictures.make("satu")))
    assert caught.value.code == "in_progress"


async def test_a_picture_that_cannot_be_processed_is_refused(mastodon: Stage) -> None:
    mastodon.fault("media_failed", count=1)
    with pytest.raises(Refused, match="ditolak"):
        await mastodon.prepare(mastodon.message("Rusak", mastodon.pictures.make("satu")))


async def test_a_refusal_in_the_servers_language_is_explained_with_the_number(mastodon: Stage) -> None:
    with pytest.raises(Refused, match="tulisan 501 karakter, peladen ini menerima paling banyak 500"):
        await mastodon.send(mastodon.message("a" * 501))


async def test_a_server_is_asked_once_for_its_limits_and_the_token_stays_in_the_header(mastodon: Stage) -> None:
    limits = {"statuses": {"max_characters": 20}, "media_attachments": {"description_limit": 8}}
    recorder = Recorder({"id": "5", "url": "https://sosial.example/a", "configuration": limits})
    picture = mastodon.pictures.make("satu", "Alt satu")
    with serve(recorder) as address:
        account = replace(mastodon.account, base_url=address, credential={"access_token": "RAHASIA"})
        for _ in range(2):
            prepared = await mastodon.adapter.prepare(account, mastodon.message("Halo", picture))
            await mastodon.adapter.publish(account, mastodon.message("Halo"), prepared)
        with pytest.raises(Refused, match="paling banyak 20"):
            await mastodon.adapter.prepare(account, mastodon.message("a" * 21, picture))
    paths = [each.path for each in recorder.received]
    assert paths == [
        "/api/v2/instance",
        *["/api/v2/media", "/api/v1/statuses"] * 2,
    ]
    keys = {each.headers["idempotency-key"] for each in recorder.received if each.path.endswith("statuses")}
    assert len(keys) == 1
    assert all(each.headers["authorization"] == "Bearer RAHASIA" for each in recorder.received)
    assert not any(b"RAHASIA" in each.body for each in recorder.received)
    assert b"Alt satu" in recorder.received[1].body


async def test_a_channel_without_a_server_asks_for_one(mastodon: Stage) -> None:
    with pytest.raises(NeedsReconnect, match="alamat peladennya"):
        await mastodon.adapter.check(Account("", "pps_sempur", {"access_token": "t"}))
