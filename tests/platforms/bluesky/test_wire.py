"""Bluesky's wire format: counting, facets by bytes, keys that never meet, and who has to act on each refusal."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from atproto import models

from app.platforms.answer import Answer
from app.platforms.bluesky import wire
from app.platforms.contract import (
    Message,
    Metrics,
    NeedsReconnect,
    Picture,
    PublishError,
    Refused,
    TryLater,
    Unsure,
)

NOW = datetime(2026, 11, 24, 3, 0, 0, 123456, tzinfo=UTC)
TEXT = "🗳️ Warga RW 03, cek https://cekdptonline.kpu.go.id/?a=1. Lalu kpu.go.id! #Pilkada2024 #3 @sari.bsky.social"
BLOB = {"$type": "blob", "ref": {"$link": "bafkreia"}, "mimeType": "image/jpeg", "size": 9}


def answer(status: int, body: object, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def error(status: int, name: str, message: str = "", **headers: str) -> Answer:
    return answer(status, {"error": name, "message": message}, **headers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Halo", 4), ("👨‍👩‍👧", 2), ("e\u0301", 1), ("a" * 300, 300), ("👨‍👩‍👧‍👦" * 120, 300), ("", 0)],
)
def test_length_keeps_both_limits_in_one_number(text: str, expected: int) -> None:
    assert wire.length(text) == expected


def test_a_refusal_says_which_limit_was_passed() -> None:
    wire.check_message(Message("k", "a" * 300))
    with pytest.raises(Refused, match=r"301 huruf, paling banyak 300"):
        wire.check_message(Message("k", "a" * 301))
    with pytest.raises(Refused, match=r"3025 bita"):
        wire.check_message(Message("k", "👨‍👩‍👧‍👦" * 121))
    picture = Picture("", "a.jpg", "image/jpeg", "Alt")
    with pytest.raises(Refused, match="5 gambar"):
        wire.check_message(Message("k", "a", (picture,) * 5))


def test_facets_point_at_bytes_and_not_at_letters() -> None:
    shown = [
        (TEXT.encode()[each["index"]["byteStart"] : each["index"]["byteEnd"]].decode(), each["features"][0])
        for each in wire.find_facets(TEXT)
    ]
    link, tag = "app.bsky.richtext.facet#link", "app.bsky.richtext.facet#tag"
    assert shown == [
        ("https://cekdptonline.kpu.go.id/?a=1", {"$type": link, "uri": "https://cekdptonline.kpu.go.id/?a=1"}),
        ("kpu.go.id", {"$type": link, "uri": "https://kpu.go.id"}),
        ("#Pilkada2024", {"$type": tag, "tag": "Pilkada2024"}),
    ]


def test_a_record_fits_the_lexicon() -> None:
    part = wire.image_part(Picture("", "a.jpg", "image/jpeg", "Alt"), BLOB, (320, 200))
    record = wire.build_record(Message("k", TEXT), {"images": [part]}, at=NOW)
    read = models.get_or_create(json.loads(json.dumps(record)), models.AppBskyFeedPost.Record)
    assert (read.langs, read.created_at) == (["id"], "2026-11-24T03:00:00.123Z")
    (image,) = read.embed.images
    assert (image.alt, image.aspect_ratio.width, image.aspect_ratio.height) == ("Alt", 320, 200)
    assert len(read.facets) == 3


def test_a_key_is_a_tid_and_belongs_to_one_delivery_of_one_account() -> None:
    keys = {
        wire.record_key(key=key, handle=handle, at=at)
        for key in ("delivery-1", "delivery-2")
        for handle in ("a.example", "b.example")
        for at in (NOW, NOW + timedelta(days=1))
    }
    assert len(keys) == 8
    assert all(re.fullmatch(r"[234567abcdefghij][234567a-z]{12}", key) for key in keys)
    assert wire.record_key(key="delivery-1", handle="a", at=NOW) < wire.record_key(
        key="delivery-2", handle="a", at=NOW + timedelta(seconds=2)
    )


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (error(401, "AuthenticationRequired", "Invalid identifier or password"), NeedsReconnect),
        (error(400, "ExpiredToken", "Token has expired"), NeedsReconnect),
        (error(400, "InvalidToken"), NeedsReconnect),
        (error(401, "AuthFactorTokenRequired"), NeedsReconnect),
        (error(401, "AccountTakedown", "Account has been taken down"), NeedsReconnect),
        (error(400, "RepoDeactivated"), NeedsReconnect),
        (error(400, "InvalidRequest", "Invalid app.bsky.feed.post record"), Refused),
        (error(400, "BlobTooLarge"), Refused),
        (error(413, "PayloadTooLarge"), Refused),
        (error(400, "BlobNotFound", "Could not find blob: bafk"), TryLater),
        (error(429, "RateLimitExceeded"), TryLater),
        (error(502, "UpstreamFailure"), Unsure),
        (error(500, "InternalServerError"), Unsure),
        (answer(503, b"<html>"), Unsure),
        (answer(200, b""), Unsure),
        (answer(200, b'{"uri": "at:'), Unsure),
    ],
)
def test_each_refusal_of_a_write_names_the_next_step(given: Answer, kind: type[PublishError]) -> None:
    with pytest.raises(PublishError) as caught:
        wire.read_written(given, handle="a.example", at=NOW, now=NOW)
    assert type(caught.value) is kind


def test_lost_pictures_are_prepared_again() -> None:
    assert wire.failure(error(400, "BlobNotFound"), create=True, now=NOW).code == "container_lost"


@pytest.mark.parametrize("status", [400, 401])
def test_an_ended_session_is_renewed_whatever_its_status(status: int) -> None:
    assert wire.is_stale(error(status, "ExpiredToken"))
    assert not wire.is_stale(error(400, "InvalidRequest"))
    assert not wire.is_stale(answer(200, {"uri": "at://x"}))


def test_only_the_server_itself_can_say_that_a_record_is_absent() -> None:
    assert wire.read_record(error(400, "RecordNotFound", "Could not locate record"), handle="a", now=NOW) is None
    for given in (answer(200, {}), error(404, "XRPCNotSupported"), answer(404, b"<html>"), error(500, "x")):
        with pytest.raises(TryLater):
            wire.read_record(given, handle="a", now=NOW)
    there = {"uri": "at://did:plc:a/app.bsky.feed.post/3k", "cid": "b", "value": {"createdAt": "2026-11-24T03:00:00Z"}}
    found = wire.read_record(answer(200, there), handle="a.example", now=NOW)
    assert found is not None
    assert found.url == "https://bsky.app/profile/a.example/post/3k"


def test_a_wait_is_read_from_either_header() -> None:
    assert wire.find_wait(error(429, "", retry_after="600"), now=NOW) == timedelta(minutes=10)
    reset = replace(error(429, ""), headers={"ratelimit-reset": str(int(NOW.timestamp()) + 60)})
    assert timedelta(seconds=59) < wire.find_wait(reset, now=NOW) <= timedelta(seconds=60)
    assert wire.find_wait(error(429, ""), now=NOW) == timedelta(minutes=5)


def test_a_log_in_that_is_refused_asks_for_a_person() -> None:
    with pytest.raises(NeedsReconnect, match="sandi aplikasi"):
        wire.read_session(error(400, "InvalidRequest", "Invalid identifier"), now=NOW)
    body = {
        "accessJwt": "a",
        "refreshJwt": "b",
        "did": "did:plc:a",
        "handle": "a",
        "active": False,
        "status": "takendown",
    }
    with pytest.raises(NeedsReconnect, match="takendown"):
        wire.read_session(answer(200, body), now=NOW)


def test_numbers_that_bluesky_does_not_count_stay_none() -> None:
    post = {"uri": "at://x", "likeCount": 3, "replyCount": 0, "repostCount": 2, "quoteCount": 1, "bookmarkCount": 4}
    expected = {"at://x": Metrics(reactions=3, comments=0, shares=3, saves=4, followers=7)}
    assert wire.read_metrics(answer(200, {"posts": [post]}), 7, now=NOW) == expected
