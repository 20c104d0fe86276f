"""What only Telegram does: a token inside every address, words under a picture, and no way to ask what became of a post."""

import traceback
from dataclasses import replace

import pytest

from app.platforms.contract import NeedsReconnect, PublishError, Refused
from tests.platforms.stage import MakeStage, Recorder, Stage, serve

TOKEN = "123456:AAbrandnewSecretTokenThatNobodyMayEverSee"


@pytest.fixture
def telegram(make_stage: MakeStage) -> Stage:
    return make_stage("telegram")


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:9", "", "http://tidak-ada.invalid"])
async def test_the_token_never_reaches_an_error_or_what_stands_behind_it(telegram: Stage, base_url: str) -> None:
    account = replace(telegram.account, base_url=base_url, credential={"access_token": TOKEN})
    with pytest.raises(PublishError) as caught:
        await telegram.adapter.publish(account, telegram.message("Halo"), {})
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(caught.value.__cause__)
    assert TOKEN not in told
    assert TOKEN.partition(":")[2] not in told


async def test_a_token_that_is_echoed_is_blotted_out(telegram: Stage) -> None:
    # Shorter than what is blotted out of every quotation as token-like.
    token = "123456:AAshort"
    echo = {"ok": False, "error_code": 400, "description": f"Bad Request: /bot{token}/sendMessage"}
    with serve(Recorder(echo)) as address:
        account = replace(telegram.account, base_url=address, credential={"access_token": token})
        with pytest.raises(Refused) as caught:
            await telegram.adapter.publish(account, telegram.message("Halo"), {})
    assert token not in caught.value.message


async def test_a_long_text_goes_alone_but_never_under_a_picture(telegram: Stage) -> None:
    text = "a" * 1025
    with pytest.raises(Refused, match="1025"):
        await telegram.send(telegram.message(text, telegram.pictures.make("satu")))
    assert telegram.posts() == []
    await telegram.send(telegram.message(text))
    assert [post["text"] for post in telegram.posts()] == [text]


async def test_text_and_picture_and_album_have_their_permalinks(telegram: Stage) -> None:
    one, two = telegram.pictures.make("satu"), telegram.pictures.make("dua")
    for message in (
        telegram.message("Tulisan"),
        telegram.message("Gambar", one),
        telegram.message("Album", one, two),
    ):
        published = await telegram.send(message)
        assert published.url == f"https://t.me/{telegram.account.handle}/{published.remote_id.split(',')[0]}"
    assert sorted(post["text"] for post in telegram.posts()) == ["Album", "Gambar", "Tulisan"]


async def test_sending_twice_is_two_messages_so_a_doubt_is_never_resent(telegram: Stage) -> None:
    message = telegram.message("Dua kali")
    await telegram.send(message)
    await telegram.send(message)
    assert len(telegram.posts()) == 2
    assert telegram.adapter.look_after == ()


async def test_a_bot_that_was_removed_asks_for_a_person(telegram: Stage) -> None:
    telegram.fault("bot_removed")
    with pytest.raises(NeedsReconnect, match="jadikan bot pengurus"):
        await telegram.send(telegram.message("Halo"))


async def test_a_channel_that_does_not_exist_asks_for_a_person(telegram: Stage) -> None:
    account = replace(telegram.account, handle="kanal_orang_lain")
    with pytest.raises(NeedsReconnect):
        await telegram.adapter.publish(account, telegram.message("Halo"), {})
