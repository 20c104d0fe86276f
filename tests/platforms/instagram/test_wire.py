"""Instagram's wire format: containers, its own error codes, and numbers."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.platforms.answer import Answer
from app.platforms.contract import Message, Metrics, NeedsReconnect, Picture, PublishError, Refused, TryLater, Unsure
from app.platforms.instagram import wire
from app.platforms.instagram.wire import Container
from app.platforms.meta import find_insights
from tests.platforms.recorded import load_body

RECORDED = Path(__file__).parent / "recorded"
PICTURE = Picture("https://kita.example/a.jpg", "", "image/jpeg", "Poster")


def error(code: int, subcode: int = 0, status: int = 400) -> Answer:
    body = {"error": {"code": code, "error_subcode": subcode, "message": "x", "error_user_msg": "Some words"}}
    return Answer(status, {}, json.dumps(body).encode())


def state(word: str, status: str = "") -> Answer:
    return Answer(200, {}, json.dumps({"id": "1", "status_code": word, "status": status}).encode())


def test_the_forms_carry_caption_address_and_alt_text() -> None:
    single = {"image_url": PICTURE.url, "alt_text": "Poster", "caption": "Halo"}
    assert wire.single_form(Message("k", "Halo", (PICTURE,))) == single
    assert wire.child_form(PICTURE) == {"image_url": PICTURE.url, "alt_text": "Poster", "is_carousel_item": "true"}
    carousel = {"media_type": "CAROUSEL", "children": "1,2", "caption": "Halo"}
    assert wire.carousel_form(Message("k", "Halo"), ["1", "2"]) == carousel


@pytest.mark.parametrize("pictures", [(), (Picture("", "/a.jpg", "image/jpeg", ""),)])
def test_a_post_without_a_public_picture_is_refused(pictures: tuple[Picture, ...]) -> None:
    with pytest.raises(Refused):
        wire.check_message(Message("k", "Halo", pictures))


def test_hashtags_and_mentions_are_counted_at_their_edges() -> None:
    assert wire.problems("#a " * 30 + "@b " * 20 + "surel@kpu.go.id") == []
    assert len(wire.problems("#a " * 31 + "@b " * 21)) == 2


def test_the_recorded_answers_are_read() -> None:
    assert wire.read_container_id(load_body(RECORDED, "instagram_apidata_publish_create_photo")) == "17889455560051444"
    assert wire.read_state(load_body(RECORDED, "instagram_apidata_publish_container_info")) is Container.FINISHED
    assert (
        wire.read_published(load_body(RECORDED, "instagram_apidata_publish_publish_container")) == "17920238422030506"
    )
    assert find_insights(load_body(RECORDED, "instagram_apidata_medias_insights_new")) == {"profile_activity": 11}


def test_the_recorded_list_holds_no_caption_of_ours() -> None:
    listed = load_body(RECORDED, "instagram_apidata_users_medias_p1")
    assert wire.read_page(listed, Message("k", "Halo")).found is None


@pytest.mark.parametrize(
    ("answer", "on_prepare", "on_publish"),
    [
        (error(9007, 2207027), TryLater, TryLater),
        (error(9, 2207042), TryLater, TryLater),
        (error(80002), TryLater, TryLater),
        (error(-2, 2207003), TryLater, Unsure),
        (error(-1, 2207001, status=500), TryLater, Unsure),
        (error(9004, 2207052), TryLater, TryLater),
        (error(4, 2207051), NeedsReconnect, NeedsReconnect),
        (error(25, 2207050), NeedsReconnect, NeedsReconnect),
        (error(190, 463), NeedsReconnect, NeedsReconnect),
        (error(10), NeedsReconnect, NeedsReconnect),
        (error(36000, 2207004), Refused, Refused),
        (error(36001, 2207005), Refused, Refused),
        (error(36003, 2207009), Refused, Refused),
        (error(36004, 2207010), Refused, Refused),
        (error(100, 2207028), Refused, Refused),
        (error(100, 2207040), Refused, Refused),
        (error(352, 2207026), Refused, Refused),
        (Answer(502, {}, b"<html>"), TryLater, Unsure),
        (Answer(200, {}, b""), TryLater, Unsure),
    ],
)
def test_each_code_says_who_has_to_act(
    answer: Answer, on_prepare: type[PublishError], on_publish: type[PublishError]
) -> None:
    assert type(wire.failure(answer, create=False)) is on_prepare
    assert type(wire.failure(answer, create=True)) is on_publish


@pytest.mark.parametrize(
    ("code", "subcode"), [(-2, 2207020), (24, 2207006), (24, 2207008), (1, 2207057), (-1, 2207053)]
)
def test_a_lost_container_is_prepared_again(code: int, subcode: int) -> None:
    failure = wire.failure(error(code, subcode), create=True)
    assert isinstance(failure, TryLater)
    assert (failure.code, failure.after) == ("container_lost", timedelta(0))


def test_a_container_not_ready_is_tried_again_at_once_and_a_full_quota_much_later() -> None:
    soon, later = wire.failure(error(9007, 2207027), create=True), wire.failure(error(9, 2207042), create=True)
    assert isinstance(soon, TryLater)
    assert isinstance(later, TryLater)
    assert soon.after is not None
    assert soon.after <= timedelta(seconds=15)
    assert later.after == timedelta(hours=1)


@pytest.mark.parametrize("word", ["IN_PROGRESS", "FINISHED", "ERROR", "EXPIRED", "PUBLISHED"])
def test_each_state_is_read(word: str) -> None:
    assert wire.read_state(state(word)).value == word


@pytest.mark.parametrize("answer", [error(24, 2207006), error(100, 33)])
def test_an_unknown_container_is_missing(answer: Answer) -> None:
    assert wire.read_state(answer) is Container.MISSING
    assert wire.is_unknown_container(answer)


def test_a_state_nobody_knows_is_weather() -> None:
    with pytest.raises(TryLater):
        wire.read_state(state("DREAMING"))


@pytest.mark.parametrize(
    ("word", "status", "outcome"),
    [
        ("ERROR", "Error: failed with error code 2207005", Refused),
        ("ERROR", "Error: failed with error code 2207053", TryLater),
        ("ERROR", "", TryLater),
        ("EXPIRED", "", TryLater),
    ],
)
def test_a_container_that_failed_says_why(word: str, status: str, outcome: type[PublishError]) -> None:
    with pytest.raises(outcome):
        wire.check_built(Container(word), state(word, status))


def test_a_permalink_that_cannot_be_read_is_no_failure() -> None:
    assert wire.read_media(error(100, 33), "18").url is None
    body = {"permalink": "https://www.instagram.com/p/a/", "timestamp": "2024-11-01T03:00:00+0000"}
    published = wire.read_media(Answer(200, {}, json.dumps(body).encode()), "18")
    assert (published.url, published.created_at) == (body["permalink"], datetime(2024, 11, 1, 3, tzinfo=UTC))


def test_plain_counts_fill_what_insights_refuse_and_nothing_becomes_zero() -> None:
    counts = {"like_count": 3, "comments_count": 0}
    assert wire.build_metrics(counts, {}, None) == Metrics(reactions=3, comments=0)
    assert wire.build_metrics(counts, {"views": 9, "likes": 4}, 5) == Metrics(9, reactions=4, comments=0, followers=5)
    assert wire.build_metrics({}, {}, None) == Metrics()
