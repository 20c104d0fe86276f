"""What every adapter promises of a video: it arrives whole and once, and a lost answer is looked up."""

import hashlib

import pytest
import requests

from app.platforms.contract import Message, Refused, TryLater, Unsure
from app.platforms.x import wire as x_wire
from tests.platforms.stage import MakeStage, Stage
from tests.support.wait import wait_until

TEXT = "Cara mencoblos dalam 15 detik"


def shown_video(stage: Stage) -> bytes:
    """The one public post's one video, as the simulator shows it."""
    query = {"platform": stage.adapter.name, "account": stage.account.handle}
    page = requests.get(f"{stage.simulator}/_sim/wall", query, timeout=10).text
    digest = page.partition('<video src="media/')[2].partition('"')[0]
    return requests.get(f"{stage.simulator}/_sim/media/{digest}", timeout=10).content


async def test_a_video_arrives_whole_with_its_words(stage: Stage) -> None:
    message = stage.film_message(TEXT)
    published = await stage.send(message)
    (post,) = stage.posts()
    assert published.remote_id == post["remote_id"]
    assert TEXT in post["text"]
    assert message.video is not None
    assert hashlib.sha256(shown_video(stage)).hexdigest() == message.video.sha256
    described = [message.video.alt_text] if stage.traits.describes_video else [""]
    assert post["alt_texts"] == described


async def test_a_large_video_goes_in_pieces_and_is_one(stage: Stage) -> None:
    if stage.adapter.name == "bluesky":
        pytest.skip("its server takes 5 MB at once, and is asked in a test of its own")
    message = stage.film_message(TEXT, name="besar", weight=9 * 1024 * 1024)
    await stage.send(message)
    assert message.video is not None
    assert len(shown_video(stage)) == message.video.size


async def test_a_lost_answer_about_a_video_is_looked_up(asked: Stage) -> None:
    asked.fault("lost_answer", count=1, operation="create")
    message = asked.film_message(TEXT)
    prepared = await asked.prepare(message)
    sent = asked.sent(prepared)
    with pytest.raises(Unsure):
        await asked.adapter.publish(asked.account, message, prepared)
    (post,) = asked.posts()
    found: list[str] = []

    async def look() -> bool:
        try:
            published = await asked.adapter.find(asked.account, message, sent)
        except TryLater:
            return False
        found.extend([published.remote_id] if published else [])
        return bool(found)

    await wait_until(look, "the video is found")
    assert found[0] == post["remote_id"]


async def test_a_video_that_never_went_out_is_not_found(asked: Stage) -> None:
    asked.fault("reset", count=1, operation="create")
    message = asked.film_message(TEXT)
    prepared = await asked.prepare(message)
    with pytest.raises(Unsure):
        await asked.adapter.publish(asked.account, message, prepared)
    assert asked.posts() == []
    assert await asked.adapter.find(asked.account, message, asked.sent(prepared)) is None


async def test_a_video_that_is_gone_from_our_disk_is_refused(stage: Stage) -> None:
    video = stage.pictures.film("hilang")
    message = Message(key="k", text=TEXT, video=video)
    stage.pictures.folder.joinpath("hilang.mp4").unlink()
    with pytest.raises((Refused, TryLater)):
        await stage.send(message)
    assert stage.posts() == []


async def test_a_server_that_takes_less_says_so(make_stage: MakeStage) -> None:
    stage = make_stage("bluesky")
    with pytest.raises(Refused, match="lebih besar"):
        await stage.send(stage.film_message(TEXT, name="besar", weight=9 * 1024 * 1024))


async def test_a_facebook_video_has_the_numbers_of_its_post(make_stage: MakeStage) -> None:
    stage = make_stage("facebook")
    published = await stage.send(stage.film_message(TEXT))
    video_id = str((await stage.prepare(stage.film_message(TEXT)))["video"])
    assert await stage.adapter.read_metrics(stage.account, [video_id]) == {video_id: None}

    async def has_numbers() -> bool:
        numbers = (await stage.adapter.read_metrics(stage.account, [published.remote_id]))[published.remote_id]
        return numbers is not None and bool(numbers.views)

    await wait_until(has_numbers, "the video has numbers")


async def test_a_video_that_x_cannot_use_is_refused_with_its_reason(make_stage: MakeStage) -> None:
    """Pending, in progress, then failed: known before anything is published."""
    stage = make_stage("x")
    stage.fault("media_failed", count=1)
    with pytest.raises(Refused, match="Unsupported video format"):
        await stage.prepare(stage.film_message(TEXT))
    assert stage.posts() == []


def test_the_pieces_of_a_video_are_all_of_it() -> None:
    size = x_wire.PIECE * 2 + 5
    pieces = x_wire.pieces(size)
    assert [start for start, _ in pieces] == [0, x_wire.PIECE, 2 * x_wire.PIECE]
    assert pieces[-1][1] == size
