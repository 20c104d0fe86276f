"""Mastodon's wire format: counting, each server's own limits, matching of HTML, and who has to act on each refusal."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.platforms.answer import Answer
from app.platforms.contract import (
    Account,
    Message,
    Metrics,
    NeedsReconnect,
    Picture,
    PublishError,
    Refused,
    Sent,
    TryLater,
    Unsure,
)
from app.platforms.mastodon import wire
from tests.platforms.recorded import load_cassette

RECORDED = Path(__file__).parent / "recorded"
NOW = datetime(2026, 8, 1, 14, 0, tzinfo=UTC)
SARI = Account("https://sosial.example", "pps_sempur", {"access_token": "t"})
MESSAGE = Message("delivery-7", "Ayo ke TPS!")


def answer(status: int, body: object, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ayo ke TPS!", 11),
        ("cek https://cekdptonline.kpu.go.id/panjang/sekali?q=1", 4 + 23),
        ("cek kpu.go.id", 13),
        ("halo @sari@sosial.example ya", len("halo @sari ya")),
        ("surel sari@sosial.example", len("surel sari@sosial.example")),
        ("👨‍👩‍👧", 1),
        ("", 0),
    ],
)
def test_length_is_counted_as_mastodon_counts_it(text: str, expected: int) -> None:
    assert wire.length(text) == expected


def test_the_recorded_server_says_its_own_limits() -> None:
    (instance,) = load_cassette(RECORDED, "test_instance")
    assert wire.read_rules(instance) == wire.Rules(
        text=500, url=23, images=4, alt_text=10000, image_bytes=16 * 1024 * 1024
    )


def test_a_server_that_says_nothing_is_guessed() -> None:
    assert wire.read_rules(answer(200, {})) == wire.Rules()
    assert wire.read_rules(answer(404, b"<html>")) == wire.Rules()


def test_what_is_too_much_for_a_server_is_refused_with_its_number() -> None:
    picture = Picture("", "a.jpg", "image/jpeg", "a" * 30)
    message = Message("k", "b" * 21, (picture, picture))
    with pytest.raises(Refused) as caught:
        wire.check_message(message, wire.Rules(text=20, images=1, alt_text=29))
    assert all(number in caught.value.message for number in ("21", "20", "2 gambar", "30", "29"))
    wire.check_message(message, wire.Rules(text=21, images=2, alt_text=30))


def test_the_key_is_the_same_for_a_delivery_and_another_for_every_other() -> None:
    key = wire.idempotency_key(SARI, MESSAGE)
    assert key == wire.idempotency_key(SARI, replace(MESSAGE, text="sudah diperbaiki"))
    others = [
        wire.idempotency_key(SARI, replace(MESSAGE, key="delivery-8")),
        wire.idempotency_key(replace(SARI, handle="pps_lain"), MESSAGE),
        wire.idempotency_key(replace(SARI, base_url="https://lain.example"), MESSAGE),
    ]
    assert key not in others


def test_a_create_names_its_language_and_media() -> None:
    assert wire.create_body(MESSAGE, {}) == {"status": "Ayo ke TPS!", "visibility": "public", "language": "id"}
    assert wire.create_body(MESSAGE, {"media_ids": ["1"]})["media_ids"] == ["1"]
    assert wire.create_body(replace(MESSAGE, options={"language": "su"}), {})["language"] == "su"


def test_the_recorded_create_is_published_with_its_permalink() -> None:
    created = load_cassette(RECORDED, "test_status_post_None-public_")[0]
    published = wire.read_created(created, now=NOW)
    assert published.remote_id == "117020585924712638"
    assert published.url == "http://localhost:3000/@mastodonpy_test/117020585924712638"
    assert published.created_at == datetime(2026, 8, 1, 13, 53, 56, 596000, tzinfo=UTC)


def test_the_recorded_account_is_identified() -> None:
    identity = wire.read_identity(load_cassette(RECORDED, "test_verify_credentials")[0], now=NOW)
    assert (identity.account_id, identity.handle) == ("117020457910412882", "mastodonpy_test")


def test_the_recorded_refusal_keeps_the_servers_own_words() -> None:
    (empty,) = load_cassette(RECORDED, "test_status_empty")
    with pytest.raises(Refused, match="バリデーション"):
        wire.read_created(empty, now=NOW)
    assert wire.read_one_metrics(load_cassette(RECORDED, "test_status_missing")[0], now=NOW) is None


HTML_LINK = (
    '<a href="https://cekdptonline.kpu.go.id/cek/saya"><span class="invisible">https://</span>'
    '<span class="ellipsis">cekdptonline.kpu.go.id/cek</span><span class="invisible">/saya</span></a>'
)


@pytest.mark.parametrize(
    ("ours", "content"),
    [
        ("Toot!", "<p>Toot!</p>"),
        ("A & B <C>", "<p>A &amp; B &lt;C&gt;</p>"),
        ("Satu\nDua\n\nTiga", "<p>Satu<br />Dua</p><p>Tiga</p>"),
        ("cek https://cekdptonline.kpu.go.id/cek/saya.", f"<p>cek {HTML_LINK}.</p>"),
        ("#Pilkada2024", '<p><a class="hashtag" href="h">#<span>Pilkada2024</span></a></p>'),
        ("halo @sari@sosial.example", '<p>halo <span class="h-card"><a>@<span>sari</span></a></span></p>'),
    ],
)
def test_our_own_words_are_known_again(ours: str, content: str) -> None:
    item = {"id": "9", "content": content, "created_at": "2026-08-01T14:00:00Z", "url": "u"}
    sent = Sent(first_at=NOW, last_at=NOW)
    page = wire.read_page(answer(200, [item]), Message("k", ours), sent, now=NOW)
    assert page.found is not None
    assert page.found.remote_id == "9"
    assert wire.read_page(answer(200, [item]), Message("k", f"{ours} lagi"), sent, now=NOW).found is None
    assert wire.read_page(answer(200, [item]), Message("k", ours), sent, now=NOW, taken=["9"]).found is None


def test_a_look_ends_at_the_posts_before_the_window() -> None:
    full = [
        {"id": str(n), "content": "<p>lain</p>", "created_at": "2026-08-01T13:58:00Z"} for n in range(wire.PAGE, 0, -1)
    ]
    sent = Sent(first_at=NOW, last_at=NOW)
    assert wire.read_page(answer(200, full), MESSAGE, sent, now=NOW).next_id == "1"
    assert wire.read_page(answer(200, full[:-1]), MESSAGE, sent, now=NOW).next_id == ""
    old = [{"id": "1", "content": "<p>Ayo ke TPS!</p>", "created_at": "2026-08-01T13:54:59Z"}, *full[1:]]
    assert wire.read_page(answer(200, old), MESSAGE, sent, now=NOW) == wire.Page(None, "")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": "The access token is invalid"}, NeedsReconnect),
        (403, {"error": "This action is outside the authorized scopes"}, NeedsReconnect),
        (404, b"<html>", NeedsReconnect),
        (422, {"error": "Validation failed"}, Refused),
        (413, b"", Refused),
        (429, {"error": "Too many requests"}, TryLater),
        (500, {"error": "x"}, Unsure),
        (503, b"<html>", Unsure),
        (200, b"", Unsure),
        (200, b'{"id": "1', Unsure),
        (200, {}, Unsure),
        (302, b"", Unsure),
    ],
)
def test_each_refusal_of_a_create_names_the_next_step(status: int, body: object, kind: type[PublishError]) -> None:
    with pytest.raises(PublishError) as caught:
        wire.read_created(answer(status, body), now=NOW)
    assert type(caught.value) is kind
    assert caught.value.http_status == status


@pytest.mark.parametrize("status", [500, 503, 200, 302, 422])
def test_a_read_is_never_in_doubt(status: int) -> None:
    assert isinstance(wire.failure(answer(status, b"<html>"), create=False, now=NOW), TryLater)


def test_a_rate_limit_ends_at_the_moment_that_the_server_writes_out() -> None:
    limited = answer(429, {}, x_ratelimit_reset="2026-08-01T14:02:30.500000Z")
    assert wire.find_wait(limited, now=NOW) == timedelta(minutes=2, seconds=30.5)
    assert wire.find_wait(answer(429, {}, retry_after="7"), now=NOW) == timedelta(seconds=7)
    assert wire.find_wait(answer(429, {}), now=NOW) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("status", "url", "ready"),
    [(200, "https://sosial.example/a.jpg", True), (202, None, False), (206, None, False), (200, None, False)],
)
def test_a_picture_is_ready_when_it_has_an_address(status: int, url: str | None, ready: bool) -> None:
    assert wire.read_media_id(answer(status, {"id": "5", "url": url}), now=NOW) == ("5", ready)


def test_numbers_that_a_server_does_not_count_stay_none() -> None:
    item = {"id": "1", "favourites_count": 3, "replies_count": 0, "reblogs_count": 2, "account": {"followers_count": 9}}
    assert wire.read_metrics(answer(200, [item]), now=NOW) == {
        "1": Metrics(reactions=3, comments=0, shares=2, followers=9)
    }
    assert wire.read_one_metrics(answer(200, item | {"quotes_count": 4}), now=NOW) == Metrics(
        reactions=3, comments=0, shares=6, followers=9
    )
