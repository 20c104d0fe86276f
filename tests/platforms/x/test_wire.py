"""X's wire format: counting, matching, both dialects, and who has to act on each refusal."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import twitter_text
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.answer import Answer
from app.platforms.contract import (
    Account,
    Message,
    Metrics,
    NeedsReconnect,
    Picture,
    PublishError,
    Refused,
    Scope,
    Sent,
    TryLater,
    Unsure,
)
from app.platforms.x import wire
from tests.platforms.recorded import load_cassette

RECORDED = Path(__file__).parent / "recorded"
NOW = datetime(2024, 11, 1, 3, 0, tzinfo=UTC)
SARI = Account("https://api.x.com", "pps_sempur", {"access_token": "t", "username": "pps_sempur"})


def answer(status: int, body: object, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def problem(status: int, detail: str = "", **more: object) -> Answer:
    return answer(status, {"title": "T", "detail": detail, "type": "about:blank", "status": status} | more)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ayo ke TPS! https://kpu.go.id/", 35),
        ("cek kpu.go.id sekarang", 36),
        ("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", 6),
        ("日本", 4),
        ("a" * 281, 281),
        ("", 0),
        ("e\u0301", 1),
    ],
)
def test_length_is_counted_as_x_counts_it(text: str, expected: int) -> None:
    assert wire.length(text) == expected


@given(
    st.lists(
        st.sampled_from(
            ["kpu.go.id", "https://kpu.go.id/a?b=c", "😷", "©", "1\ufe0f\u20e3", "\r\n", "’", "\u200d", "日"]
        )
        | st.text(st.characters(max_codepoint=0x3FFF, exclude_categories=["Cs"]), max_size=12),
        max_size=8,
    ).map("".join)
)
def test_the_short_way_counts_as_the_library_does(text: str) -> None:
    assert wire.length(text) == twitter_text.parse_tweet(text).weightedLength


def test_a_create_names_text_and_media_and_nothing_empty() -> None:
    message = Message("k", "Halo")
    assert wire.create_parameters(message, {}) == {"text": "Halo"}
    assert wire.create_parameters(message, {"media_ids": ["1", "2"]}) == {"text": "Halo", "media_ids": ["1", "2"]}
    assert wire.create_parameters(Message("k", ""), {"media_ids": ["1"]}) == {"media_ids": ["1"]}


def test_a_gif_goes_by_its_category() -> None:
    assert wire.upload_body(Picture("", "a.gif", "image/gif", ""), "AA==") == {
        "media": "AA==",
        "media_category": "tweet_gif",
    }


def test_the_recorded_create_is_published_with_its_permalink() -> None:
    created, deleted = load_cassette(RECORDED, "test_client_create_and_delete_tweet")
    published = wire.read_created(created, SARI, now=NOW)
    assert published.remote_id == "1456012973835788293"
    assert published.url == "https://x.com/pps_sempur/status/1456012973835788293"
    with pytest.raises(Unsure):
        wire.read_created(deleted, SARI, now=NOW)


def test_the_recorded_account_is_identified() -> None:
    (me,) = load_cassette(RECORDED, "test_client_get_me")
    identity = wire.read_identity(me, now=NOW)
    assert (identity.account_id, identity.handle) == ("1072250532645998596", "TweepyDev")


def test_a_permalink_needs_no_username() -> None:
    assert wire.permalink(replace(SARI, credential={}), "9") == "https://x.com/pps_sempur/status/9"
    assert wire.permalink(Account("b", "", {}), "9") == "https://x.com/i/web/status/9"


def test_a_look_starts_five_minutes_before_the_first_try() -> None:
    sent = Sent(first_at=NOW, last_at=NOW + timedelta(hours=3))
    assert wire.find_parameters(sent)["start_time"] == NOW - timedelta(minutes=5)


URL = {"url": "https://t.co/abc", "expanded_url": "http://kpu.go.id"}
PHOTO = {"url": "https://t.co/pic", "expanded_url": "https://x.com/a/status/1/photo/1", "media_key": "3_1"}


@pytest.mark.parametrize(
    ("ours", "theirs", "urls"),
    [
        ("Halo", "Halo", []),
        ("Halo \n", "Halo", []),
        ("A & B <C>", "A &amp; B &lt;C&gt;", []),
        ("cek kpu.go.id sekarang", "cek https://t.co/abc sekarang", [URL]),
        ("cek https://KPU.go.id/", "cek https://t.co/abc", [URL]),
        ("cek kpu.go.id.", "cek https://t.co/abc.", [URL]),
        ("Poster", "Poster https://t.co/pic", [PHOTO]),
        ("Poster", "Poster https://t.co/pic", []),
        ("", "https://t.co/pic", [PHOTO]),
        ("Jum'at pe\u0301ngumuman", "Jum'at p\u00e9ngumuman", []),
    ],
)
def test_our_text_is_known_again_in_what_x_made_of_it(ours: str, theirs: str, urls: list[dict[str, str]]) -> None:
    item = {"id": "7", "text": theirs, "entities": {"urls": urls}, "created_at": "2024-11-01T03:00:01.000Z"}
    page = wire.read_page(answer(200, {"data": [item]}), SARI, Message("k", ours), now=NOW)
    assert page.found is not None
    assert (page.found.remote_id, page.found.created_at) == ("7", NOW + timedelta(seconds=1))


@pytest.mark.parametrize("theirs", ["Halo warga RW 04", "Halo", "Halo warga RW 03!", "RT Halo warga RW 03"])
def test_another_text_is_not_ours(theirs: str) -> None:
    body = {"data": [{"id": "7", "text": theirs}], "meta": {"next_token": "p2"}}
    page = wire.read_page(answer(200, body), SARI, Message("k", "Halo warga RW 03"), now=NOW)
    assert page == wire.Page(None, "p2")


def test_a_recorded_timeline_holds_none_of_ours() -> None:
    (timeline,) = load_cassette(RECORDED, "test_client_get_users_tweets")
    assert wire.read_page(timeline, SARI, Message("k", "Halo"), now=NOW).found is None
    shown = "whoa, it works\n\nnow everyone can mix GIFs, videos, and images in one Tweet, available on iOS and Android"
    assert wire.read_page(timeline, SARI, Message("k", shown), now=NOW).found is not None


OLD = {"retweet_count": 2, "quote_count": 1, "reply_count": 3, "like_count": 4, "bookmark_count": 5}
NEW = {"repost_count": 2, "quote_count": 1, "reply_count": 3, "like_count": 4, "bookmark_count": 5}


@pytest.mark.parametrize("public", [OLD, NEW], ids=["tweet dialect", "post dialect"])
def test_numbers_are_read_in_both_dialects(public: dict[str, int]) -> None:
    private = {"impression_count": 90, "url_link_clicks": 6}
    item = {"id": "1", "public_metrics": public, "non_public_metrics": private}
    numbers = wire.read_metrics(answer(200, {"data": [item]}), ["1"], now=NOW)
    expected = Metrics(views=90, reactions=4, comments=3, shares=3, saves=5, clicks=6)
    assert numbers == wire.Numbers({"1": expected}, [])


def test_what_x_keeps_back_is_asked_again_and_what_is_gone_is_none() -> None:
    kinds = {"2": "resource-not-found", "3": "not-authorized-for-field"}
    errors = [{"resource_id": key, "type": f"https://api.x.com/2/problems/{kind}"} for key, kind in kinds.items()]
    numbers = wire.read_metrics(answer(200, {"data": [{"id": "1"}], "errors": errors}), ["1", "2", "3"], now=NOW)
    assert numbers == wire.Numbers({"1": Metrics(), "2": None}, ["3"])


DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
PROBLEMS = "https://api.x.com/2/problems"
FORBIDDEN: list[tuple[str, dict[str, Any], type[PublishError]]] = [
    (DUPLICATE, {}, Unsure),
    ("x", {"type": f"{PROBLEMS}/client-forbidden", "reason": "client-not-enrolled"}, NeedsReconnect),
    ("x", {"type": f"{PROBLEMS}/client-forbidden"}, NeedsReconnect),
    ("You are not permitted to perform this action.", {}, NeedsReconnect),
    ("Your account is suspended and is not permitted", {}, NeedsReconnect),
    ("This Tweet contains an invalid URL.", {}, Refused),
]


@pytest.mark.parametrize(("detail", "more", "outcome"), FORBIDDEN)
def test_a_403_says_who_has_to_act(detail: str, more: dict[str, Any], outcome: type[PublishError]) -> None:
    assert type(wire.failure(problem(403, detail, **more), create=True, now=NOW)) is outcome


@pytest.mark.parametrize(
    ("status", "body", "on_create", "on_read"),
    [
        (400, {"title": "Invalid Request", "errors": [{"message": "text is too long"}]}, Refused, Refused),
        (401, {"title": "Unauthorized", "status": 401}, NeedsReconnect, NeedsReconnect),
        (402, {"title": "CreditsDepleted"}, TryLater, TryLater),
        (404, {"title": "Not Found"}, TryLater, TryLater),
        (413, {"title": "Too large"}, Refused, Refused),
        (200, b"", Unsure, TryLater),
        (201, b'{"data":{"id":', Unsure, TryLater),
        (302, b"", Unsure, TryLater),
        (404, b"<html></html>", Unsure, TryLater),
        (408, {}, Unsure, TryLater),
        (500, {"title": "Internal Server Error"}, Unsure, TryLater),
        (503, b"<html>Over capacity</html>", Unsure, TryLater),
    ],
)
def test_each_status_says_who_has_to_act(
    status: int, body: object, on_create: type[PublishError], on_read: type[PublishError]
) -> None:
    assert type(wire.failure(answer(status, body), create=True, now=NOW)) is on_create
    assert type(wire.failure(answer(status, body), create=False, now=NOW)) is on_read


def test_a_refusal_shows_the_sentence_that_names_the_fault() -> None:
    body = {"detail": "One or more parameters was invalid.", "errors": [{"message": "The text is too long."}]}
    assert wire.failure(answer(400, body), create=True, now=NOW).message == "Tulisan ditolak X: The text is too long."


def test_expired_uploads_are_made_again() -> None:
    error = wire.failure(problem(400, "Your media IDs are invalid."), create=True, now=NOW)
    assert isinstance(error, TryLater)
    assert error.code == "container_lost"


def test_no_credits_stop_the_whole_platform() -> None:
    error = wire.failure(problem(402, "credits depleted"), create=True, now=NOW)
    assert isinstance(error, TryLater)
    assert (error.scope, error.code) == (Scope.PLATFORM, "credits")


RESET = str(int(NOW.timestamp()) + 90)
LATER = str(int(NOW.timestamp()) + 5000)


@pytest.mark.parametrize(
    ("headers", "after", "scope"),
    [
        ({"x_rate_limit_remaining": "0", "x_rate_limit_reset": RESET}, 90, Scope.CHANNEL),
        ({"x_app_limit_24hour_remaining": "0", "x_app_limit_24hour_reset": LATER}, 5000, Scope.APP),
        (
            {"x_user_limit_24hour_remaining": "0", "x_user_limit_24hour_reset": LATER, "x_rate_limit_reset": RESET},
            5000,
            Scope.CHANNEL,
        ),
        ({"x_rate_limit_reset": "1"}, 1, Scope.CHANNEL),
        ({"retry_after": "30"}, 30, Scope.CHANNEL),
        ({}, 900, Scope.CHANNEL),
    ],
)
def test_a_429_waits_for_the_reset_of_the_window_that_is_used_up(
    headers: dict[str, str], after: int, scope: Scope
) -> None:
    error = wire.failure(answer(429, {"errors": [{"code": 88}]}, **headers), create=True, now=NOW)
    assert isinstance(error, TryLater)
    assert (error.after, error.scope) == (timedelta(seconds=after), scope)


def test_a_used_up_cap_stops_the_app() -> None:
    error = wire.failure(problem(429, "x", type=f"{PROBLEMS}/usage-capped"), create=True, now=NOW)
    assert isinstance(error, TryLater)
    assert (error.scope, error.code) == (Scope.APP, "usage-capped")
