"""Telegram: the real python-telegram-bot client sends into a channel, and the Bot API's own list judges the answers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import requests
from telegram import Bot, InputMediaPhoto
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.request import HTTPXRequest

from simulator.accounts import practice_token
from simulator.platforms.telegram_text import Unparsable, read_text
from tests.simulator.conftest import HANDLE, Client, Pictures, jpeg

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "telegram" / "api.min.json"
CHAT = f"@{HANDLE}"


def bot_at(client: Client, token: str) -> Bot:
    return Bot(
        token, base_url=f"{client.base}/telegram/bot", request=HTTPXRequest(), get_updates_request=HTTPXRequest()
    )


@pytest.fixture
async def bot(client: Client) -> AsyncIterator[Bot]:
    real = bot_at(client, f"123456789:{practice_token('telegram', HANDLE)}")
    await real.initialize()
    yield real
    await real.shutdown()


def call(client: Client, method: str, **form: Any) -> requests.Response:
    token = practice_token("telegram", client.handle)
    form = {"chat_id": f"@{client.handle}", **form}
    return client.http.post(f"{client.base}/telegram/bot{token}/{method}", json=form, timeout=10)


async def test_text_and_photo_reach_the_channel(bot: Bot, client: Client) -> None:
    said = await bot.send_message(CHAT, "<b>Ayo</b> ke TPS &amp; pilih", parse_mode="HTML")
    assert said.text == "Ayo ke TPS & pilih"
    assert said.chat.username == HANDLE
    shown = await bot.send_photo(said.chat.id, jpeg(), caption="Poster")
    assert (shown.caption, shown.photo[0].width) == ("Poster", 400)
    again = await bot.send_photo(CHAT, shown.photo[0].file_id)
    assert again.message_id > shown.message_id > said.message_id
    posts = client.posts(platform="telegram", account=HANDLE)
    assert [post["text"] for post in posts] == ["Ayo ke TPS & pilih", "Poster", ""]
    assert [post["remote_id"] for post in posts] == [str(m.message_id) for m in (said, shown, again)]
    assert [post["alt_texts"] for post in posts] == [[], [""], [""]], "Telegram takes no alt text"


async def test_an_album_is_several_messages_and_one_post(bot: Bot, client: Client, pictures: Pictures) -> None:
    url = pictures.url("a.jpg", jpeg())
    sent = await bot.send_media_group(CHAT, [InputMediaPhoto(jpeg(300, 300), caption="Dua"), InputMediaPhoto(url)])
    assert [message.caption for message in sent] == ["Dua", None]
    assert sent[1].message_id == sent[0].message_id + 1
    (post,) = client.posts()
    assert (post["text"], len(post["media"])) == ("Dua", 2)


async def test_a_lost_answer_then_a_repeat_is_a_second_message(bot: Bot, client: Client) -> None:
    client.fault("telegram", "lost_answer", count=1)
    with pytest.raises(NetworkError):
        await bot.send_message(CHAT, "Sekali")
    await bot.send_message(CHAT, "Sekali")
    assert [post["text"] for post in client.posts()] == ["Sekali", "Sekali"]


async def test_an_edit_can_be_repeated_safely(bot: Bot, client: Client) -> None:
    said = await bot.send_message(CHAT, "Salah tulis")
    await bot.edit_message_text("Benar", CHAT, said.message_id)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("Benar", CHAT, said.message_id)
    assert [post["text"] for post in client.posts()] == ["Benar"]
    assert await bot.delete_message(CHAT, said.message_id)
    with pytest.raises(BadRequest, match="not found"):
        await bot.delete_message(CHAT, said.message_id)
    assert client.posts() == []


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("a" * 4097, None, "too long"),
        ("🗳" * 2049, None, "too long"),
        ("<b>" + "a" * 4096 + "</b>", "HTML", ""),
        ("<b>Ayo", "HTML", "can't parse entities"),
        ("Ayo. ke", "MarkdownV2", "reserved"),
        (" ", None, "text is empty"),
    ],
)
async def test_texts_are_measured_after_parsing(
    bot: Bot, client: Client, text: str, mode: str | None, said: str
) -> None:
    if not said:
        assert (await bot.send_message(CHAT, text, parse_mode=mode)).text == "a" * 4096
        return
    with pytest.raises(BadRequest, match=f"(?i){said}"):
        await bot.send_message(CHAT, text, parse_mode=mode)
    assert client.posts() == []


async def test_foreign_channels_dead_tokens_and_removed_bots_are_told_apart(bot: Bot, client: Client) -> None:
    with pytest.raises(BadRequest, match=r"[Cc]hat not found"):
        await bot.send_message("@tidak_ada", "Halo")
    call(Client(client.base, client.http, handle="ppk_lain"), "getMe")
    with pytest.raises(Forbidden, match="not a member"):
        await bot.send_message("@ppk_lain", "Halo")
    client.fault("telegram", "bot_removed", count=1)
    with pytest.raises(Forbidden, match="not a member"):
        await bot.send_message(CHAT, "Halo")
    stranger = bot_at(client, "123:salah")
    with pytest.raises(InvalidToken):
        await stranger.get_me()
    await stranger.request.shutdown()
    assert client.posts() == []


async def test_the_twenty_first_message_of_a_minute_waits(
    bot: Bot, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    for number in range(20):
        await bot.send_message(CHAT, f"Pesan {number}")
    with pytest.raises(RetryAfter):
        await bot.send_message(CHAT, "Terlalu cepat")
    refused = call(client, "sendMessage", text="Terlalu cepat")
    assert refused.json()["parameters"] == {"retry_after": int(refused.headers["retry-after"])}
    assert len(client.posts()) == 20


def test_a_photo_must_be_one_and_fit(client: Client, pictures: Pictures) -> None:
    def refused(name: str, body: bytes | None) -> str:
        answer = call(client, "sendPhoto", photo=pictures.url(name, body))
        assert (answer.status_code, answer.json()["ok"]) == (400, False)
        return str(answer.json()["description"])

    assert "failed to get HTTP URL content" in refused("tidak.jpg", None)
    assert "IMAGE_PROCESS_FAILED" in refused("b.jpg", b"bukan gambar")
    assert "PHOTO_INVALID_DIMENSIONS" in refused("c.jpg", jpeg(2100, 100))
    assert "wrong file identifier" in call(client, "sendPhoto", photo="AgACsalah").json()["description"]
    long = call(client, "sendPhoto", photo=pictures.url("d.jpg", jpeg()), caption="a" * 1025)
    assert "caption is too long" in long.json()["description"]
    assert client.posts() == []


@pytest.mark.parametrize(
    ("text", "mode", "plain"),
    [
        ('<a href="https://kpu.go.id">KPU</a> &lt;resmi&gt;', "HTML", "KPU <resmi>"),
        (r"*Ayo* ke [TPS](https://kpu.go.id)\!", "MarkdownV2", "Ayo ke TPS!"),
        ("*Ayo* ke _TPS_", "Markdown", "Ayo ke TPS"),
    ],
)
def test_formatting_vanishes_from_the_readers_text(text: str, mode: str, plain: str) -> None:
    assert read_text(text, mode) == plain


@pytest.mark.parametrize(("text", "mode"), [("3 < 5", "HTML"), ("<i><b>x</i></b>", "HTML"), ("*Ayo", "MarkdownV2")])
def test_broken_formatting_cannot_be_parsed(text: str, mode: str) -> None:
    with pytest.raises(Unparsable):
        read_text(text, mode)


def problems(spec: dict[str, Any], kind: str, value: Any) -> list[str]:
    """What the Bot API's list of types would not recognise in a value."""
    if kind.startswith("Array of "):
        return [said for part in value for said in problems(spec, kind.removeprefix("Array of "), part)]
    if kind not in spec["types"]:
        return [] if isinstance(value, {"Integer": int, "String": str, "Boolean": bool}[kind]) else [f"{kind}: {value}"]
    fields = {field["name"]: field for field in spec["types"][kind].get("fields", [])}
    said = [f"{kind}.{name} is unknown" for name in value if name not in fields]
    said += [f"{kind}.{name} is missing" for name, field in fields.items() if field["required"] and name not in value]
    for name in value.keys() & fields.keys():
        said += problems(spec, fields[name]["types"][0], value[name])
    return said


@pytest.mark.skipif(not SPEC.exists(), reason="the Bot API's machine-readable list is absent")
def test_answers_have_the_fields_of_the_bot_api(client: Client, pictures: Pictures) -> None:
    spec = json.loads(SPEC.read_text())
    me = call(client, "getMe").json()["result"]
    said = problems(spec, "User", me)
    said += problems(spec, "Message", call(client, "sendMessage", text="Halo").json()["result"])
    photo = pictures.url("a.jpg", jpeg())
    said += problems(spec, "Message", call(client, "sendPhoto", photo=photo).json()["result"])
    said += problems(spec, "ChatFullInfo", call(client, "getChat").json()["result"])
    member = call(client, "getChatMember", user_id=me["id"]).json()["result"]
    said += problems(spec, "ChatMemberAdministrator", member)
    assert said == []
    assert member["can_post_messages"]
    assert call(client, "getChatMemberCount").json()["result"] > 100
    assert call(client, "sendPigeon").status_code == 404
