"""Telegram's wire format: counting, addresses, and who has to act on each refusal."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.platforms.answer import Answer
from app.platforms.contract import (
    Account,
    Message,
    NeedsReconnect,
    Picture,
    PublishError,
    Refused,
    TryLater,
    Unsure,
)
from app.platforms.telegram import wire

SPEC = Path(__file__).parents[4] / "shared/specs/telegram/api.min.json"
SARI = Account("https://api.telegram.org", "pps_sempur", {"access_token": "1:t"})
PICTURE = Picture("", "a.jpg", "image/jpeg", "Alt")


def answer(status: int, body: object) -> Answer:
    return Answer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def error(code: int, description: str = "", **parameters: object) -> Answer:
    return answer(code, {"ok": False, "error_code": code, "description": description, "parameters": parameters})


@pytest.mark.parametrize(("text", "expected"), [("Halo", 4), ("🗳️", 3), ("é", 1), ("", 0)])
def test_length_counts_utf_16_units(text: str, expected: int) -> None:
    assert wire.length(text) == expected


def test_a_text_under_a_picture_must_be_shorter_and_the_refusal_says_by_how_much() -> None:
    wire.check_message(Message("k", "a" * 4096))
    wire.check_message(Message("k", "a" * 1024, (PICTURE,)))
    with pytest.raises(Refused, match=r"1025 karakter, di bawah gambar paling banyak 1024"):
        wire.check_message(Message("k", "a" * 1025, (PICTURE,)))
    with pytest.raises(Refused, match=r"4097 karakter, paling banyak 4096"):
        wire.check_message(Message("k", "a" * 4097))
    with pytest.raises(Refused, match="11 gambar"):
        wire.check_message(Message("k", "a", (PICTURE,) * 11))


def test_a_channel_is_addressed_by_number_or_by_name() -> None:
    assert wire.chat_id(SARI) == "@pps_sempur"
    assert wire.chat_id(Account("b", "pps_sempur", {"access_token": "t", "account_id": "-1001"})) == "-1001"


def test_an_album_carries_its_words_once() -> None:
    media = json.loads(wire.album_form(SARI, Message("k", "Halo", (PICTURE, PICTURE)))["media"])
    assert media == [
        {"type": "photo", "media": "attach://photo0", "caption": "Halo"},
        {"type": "photo", "media": "attach://photo1"},
    ]


def test_every_parameter_is_in_the_bot_api() -> None:
    if not SPEC.exists():
        pytest.skip("the Bot API's machine-readable form is not here")
    message = Message("k", "Halo", (PICTURE, PICTURE))
    sent: dict[str, dict[str, Any]] = {
        "sendMessage": wire.text_body(SARI, message),
        "sendPhoto": wire.photo_form(SARI, message) | {"photo": ""},
        "sendMediaGroup": wire.album_form(SARI, message),
    }
    methods = json.loads(SPEC.read_text())["methods"]
    for name, body in sent.items():
        fields = {field["name"]: field["required"] for field in methods[name]["fields"]}
        assert set(body) <= set(fields)
        assert {each for each, required in fields.items() if required} <= set(body)


@pytest.mark.parametrize(
    ("chat", "url"),
    [
        ({"id": -1001234, "username": "pps_sempur"}, "https://t.me/pps_sempur/42"),
        ({"id": -1001234}, "https://t.me/c/1234/42"),
        ({}, None),
    ],
)
def test_a_permalink_follows_the_kind_of_channel(chat: dict[str, object], url: str | None) -> None:
    message = {"message_id": 42, "chat": chat}
    assert wire.read_created(answer(200, {"ok": True, "result": message})).url == url
    album = wire.read_created(answer(200, {"ok": True, "result": [message, {"message_id": 43}]}))
    assert (album.remote_id, album.url) == ("42,43", url)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (error(401, "Unauthorized"), NeedsReconnect),
        (error(404, "Not Found"), NeedsReconnect),
        (error(403, "Forbidden: bot is not a member of the channel chat"), NeedsReconnect),
        (error(400, "Bad Request: chat not found"), NeedsReconnect),
        (error(400, "Bad Request: need administrator rights in the channel chat"), NeedsReconnect),
        (error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100777), NeedsReconnect),
        (error(400, "Bad Request: message is too long"), Refused),
        (error(429, "Too Many Requests: retry after 14", retry_after=14), TryLater),
        (error(500, "Internal Server Error"), Unsure),
        (answer(502, b"<html>"), Unsure),
        (answer(404, b"<html>"), Unsure),
        (answer(200, b""), Unsure),
        (answer(200, {"ok": True}), Unsure),
        (answer(200, b'{"ok": true, "result": {"mess'), Unsure),
    ],
)
def test_each_refusal_of_a_create_names_the_next_step(given: Answer, kind: type[PublishError]) -> None:
    with pytest.raises(PublishError) as caught:
        wire.read_created(given)
    assert type(caught.value) is kind


def test_a_flood_names_its_wait_and_a_moved_group_its_new_number() -> None:
    flood = wire.failure(error(429, "", retry_after=14), create=True)
    assert isinstance(flood, TryLater)
    assert flood.after == timedelta(seconds=14)
    assert "-100777" in wire.failure(error(400, "", migrate_to_chat_id=-100777), create=True).message


@pytest.mark.parametrize(
    ("member", "may_post"),
    [
        ({"status": "administrator", "can_post_messages": True}, True),
        ({"status": "creator"}, True),
        ({"status": "administrator", "can_post_messages": False}, False),
        ({"status": "member"}, False),
        ({"status": "left"}, False),
    ],
)
def test_a_bot_that_may_not_post_asks_for_a_person(member: dict[str, object], may_post: bool) -> None:
    given = answer(200, {"ok": True, "result": member})
    if may_post:
        wire.check_member(given)
    else:
        with pytest.raises(NeedsReconnect, match="izin mengirim"):
            wire.check_member(given)


def test_only_followers_are_counted() -> None:
    assert wire.read_followers(answer(200, {"ok": True, "result": 12})) == 12
    with pytest.raises(TryLater):
        wire.read_followers(answer(200, b""))
