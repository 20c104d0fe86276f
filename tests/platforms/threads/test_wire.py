"""Threads' wire format: emoji by their bytes, forms, matching, and who has to act on each refusal."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.platforms.answer import Answer
from app.platforms.contract import (
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
from app.platforms.threads import wire
from app.platforms.threads.wire import Container

SPEC = Path(__file__).parents[4] / "shared/specs/threads/threads-api.postman_collection.json"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
PICTURE = Picture("https://kentongan.example/a.jpg", "a.jpg", "image/jpeg", "Alt")


def answer(status: int, body: object) -> Answer:
    return Answer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def error(code: int, subcode: int = 0, message: str = "", status: int = 400) -> Answer:
    return answer(status, {"error": {"code": code, "error_subcode": subcode, "message": message}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Halo", 4),
        ("é", 1),
        ("🗳️", 7),
        ("👨‍👩‍👧", 18),
        ("🇮🇩", 8),
        ("1️⃣", 7),
        ("#1", 2),
        ("日本", 2),
        ("a" * 500, 500),
    ],
)
def test_an_emoji_counts_its_bytes(text: str, expected: int) -> None:
    assert wire.length(text) == expected


def test_six_links_are_too_many_and_the_same_one_counts_once() -> None:
    links = [f"https://kpu.go.id/{n}" for n in range(6)]
    wire.check_message(Message("k", " ".join([*links[:5], links[0]])))
    with pytest.raises(Refused, match="6 tautan berbeda, paling banyak 5"):
        wire.check_message(Message("k", " ".join(links)))


def test_what_cannot_become_a_container_is_refused() -> None:
    with pytest.raises(Refused, match="kosong"):
        wire.check_message(Message("k", ""))
    with pytest.raises(Refused, match="alamat umum"):
        wire.check_message(Message("k", "Halo", (Picture("", "a.jpg", "image/jpeg", "Alt"),)))


def test_a_container_names_its_kind() -> None:
    assert wire.single_form(Message("k", "Halo")) == {"media_type": "TEXT", "text": "Halo"}
    image = {"media_type": "IMAGE", "image_url": PICTURE.url, "alt_text": "Alt"}
    assert wire.single_form(Message("k", "Halo", (PICTURE,))) == image | {"text": "Halo"}
    assert wire.child_form(PICTURE) == image | {"is_carousel_item": "true"}
    assert wire.carousel_form(Message("k", "Halo"), ["1", "2"]) == {
        "media_type": "CAROUSEL",
        "children": "1,2",
        "text": "Halo",
    }


def test_every_parameter_is_in_the_official_collection() -> None:
    if not SPEC.exists():
        pytest.skip("the Postman collection is not here")
    known = {name for url in _urls(json.loads(SPEC.read_text())["item"]) for name, _ in parse_qsl(urlsplit(url).query)}
    message = Message("k", "Halo", (PICTURE, PICTURE))
    sent: dict[str, Any] = wire.single_form(message) | wire.child_form(PICTURE) | wire.carousel_form(message, ["1"])
    assert set(sent) <= known


def _urls(items: list[dict[str, Any]]) -> list[str]:
    found = []
    for item in items:
        found += _urls(item["item"]) if "item" in item else [item["request"]["url"]["raw"]]
    return found


@pytest.mark.parametrize("word", ["IN_PROGRESS", "FINISHED", "ERROR", "EXPIRED", "PUBLISHED"])
def test_a_container_says_where_it_stands(word: str) -> None:
    assert wire.read_state(answer(200, {"id": "1", "status": word})) == word


def test_a_container_that_threads_does_not_know_is_missing() -> None:
    assert wire.read_state(error(24)) is Container.MISSING
    assert wire.read_state(error(100, 33)) is Container.MISSING
    with pytest.raises(TryLater):
        wire.read_state(answer(200, {"id": "1"}))


def test_what_was_built_badly_is_built_again_unless_a_person_must_change_it() -> None:
    with pytest.raises(TryLater) as caught:
        wire.check_built(Container.ERROR, answer(200, {"error_message": "UNKNOWN"}))
    assert caught.value.code == "container_lost"
    with pytest.raises(Refused, match="INVALID_ASPEC_RATIO"):
        wire.check_built(Container.ERROR, answer(200, {"error_message": "INVALID_ASPEC_RATIO"}))
    with pytest.raises(TryLater):
        wire.check_built(Container.EXPIRED, answer(200, {}))
    wire.check_built(Container.FINISHED, answer(200, {}))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (error(190, 463), NeedsReconnect),
        (error(10, 0, "(#10) Application does not have permission"), NeedsReconnect),
        (error(100, 4279013), NeedsReconnect),
        (error(1, 2207051), NeedsReconnect),
        (error(4), TryLater),
        (error(9, 2207042), TryLater),
        (error(-2, 2207020), TryLater),
        (error(-1, 2207053), TryLater),
        (error(9004, 2207052), TryLater),
        (error(100, 0, "Param text must be at most 500 characters long."), Refused),
        (error(36003, 2207009), Refused),
        (error(2, status=500), Unsure),
        (answer(502, b"<html>"), Unsure),
        (answer(200, b""), Unsure),
        (answer(200, b'{"id": "1'), Unsure),
    ],
)
def test_each_refusal_of_a_publish_names_the_next_step(given: Answer, kind: type[PublishError]) -> None:
    with pytest.raises(PublishError) as caught:
        wire.read_published(given)
    assert type(caught.value) is kind


def test_a_missing_permission_is_named() -> None:
    assert "threads_content_publish" in wire.failure(error(10), create=True, needs="threads_content_publish").message


def test_our_own_words_are_known_again_within_the_window() -> None:
    sent = Sent(first_at=NOW, last_at=NOW)
    assert wire.find_form(sent)["since"] == str(int((NOW - timedelta(minutes=5)).timestamp()))
    page = answer(200, {"data": [{"id": "1", "text": "Lain"}, {"id": "2", "text": "Ayo  ke TPS!", "permalink": "u"}]})
    found = wire.read_page(page, Message("k", "Ayo ke TPS!\n")).found
    assert found is not None
    assert (found.remote_id, found.url) == ("2", "u")
    assert wire.read_page(page, Message("k", "Ayo ke TPS!"), taken=["2"]).found is None
    with pytest.raises(TryLater):
        wire.read_page(answer(200, {}), Message("k", "Ayo ke TPS!"))


def test_shares_are_all_three_ways_of_passing_on() -> None:
    insights = {"views": 9, "likes": 1, "replies": 0, "reposts": 2, "quotes": 3, "shares": 4}
    assert wire.build_metrics(insights, 5) == Metrics(views=9, reactions=1, comments=0, shares=9, followers=5)
    assert wire.build_metrics({}, None) == Metrics()
