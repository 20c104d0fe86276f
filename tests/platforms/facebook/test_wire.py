"""Facebook's wire format: parameters, matching, and numbers that are refused one by one."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from requests import Request

from app.platforms.answer import Answer
from app.platforms.contract import Message, Metrics, NeedsReconnect, Picture, Refused, Sent, Unsure
from app.platforms.facebook import wire
from app.platforms.facebook.adapter import hide_token, prove
from tests.platforms.recorded import load_body

RECORDED = Path(__file__).parent / "recorded"
NOW = datetime(2024, 11, 1, 3, 0, tzinfo=UTC)


def answer(body: object, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


def test_several_pictures_are_attached_as_one_json_string() -> None:
    parameters = wire.feed_parameters(Message("k", "Halo"), {"media_ids": ["1", "2"]})
    assert json.loads(parameters["attached_media"]) == [{"media_fbid": "1"}, {"media_fbid": "2"}]


def test_a_link_goes_along_unless_pictures_take_its_place() -> None:
    message = Message("k", "Halo", options={"link": "https://kpu.go.id"})
    assert wire.feed_parameters(message, {})["link"] == "https://kpu.go.id"
    assert "link" not in wire.feed_parameters(message, {"media_ids": ["1"]})


def test_a_photo_without_words_of_its_own_stays_unpublished() -> None:
    picture = Picture("", "a.jpg", "image/jpeg", "Poster")
    assert wire.photo_parameters(picture, message=None) == {"published": "false", "alt_text_custom": "Poster"}
    assert wire.photo_parameters(picture, message="Halo")["published"] == "true"


def test_a_look_starts_five_minutes_before_the_first_try() -> None:
    since = wire.find_parameters(Sent(NOW, NOW))["since"]
    assert int(since) == int((NOW - timedelta(minutes=5)).timestamp())


@pytest.mark.parametrize(
    ("body", "remote_id", "url"),
    [
        ({"id": "1_2", "permalink_url": "https://www.facebook.com/p/1"}, "1_2", "https://www.facebook.com/p/1"),
        ({"id": "1_2"}, "1_2", "https://www.facebook.com/1_2"),
        ({"id": "77", "post_id": "1_2"}, "1_2", "https://www.facebook.com/1_2"),
    ],
)
def test_a_created_post_is_known_by_its_post_id(body: dict[str, str], remote_id: str, url: str) -> None:
    published = wire.read_created(answer(body))
    assert (published.remote_id, published.url) == (remote_id, url)


@pytest.mark.parametrize("body", [b"", b'{"id":"1_', b"<html>", b"{}", b"true"])
def test_a_200_without_an_id_is_unsure(body: bytes) -> None:
    with pytest.raises(Unsure):
        wire.read_created(Answer(200, {}, body))


def test_the_recorded_error_is_refused_on_a_create() -> None:
    with pytest.raises(Refused, match="ditolak Facebook"):
        wire.read_created(load_body(RECORDED, "error", status=400))


def test_our_words_are_found_in_the_recorded_post() -> None:
    post = load_body(RECORDED, "facebook_apidata_posts_single_post_data_fields").json
    page = wire.read_page(
        answer({"data": [{"id": "1", "message": "lain"}, post]}), Message("k", "我测试一下  MyLife\n")
    )
    assert page.found is not None
    assert page.found.remote_id == "175154750010052_424924701699721"
    assert page.found.created_at == datetime(2019, 8, 12, 3, 45, 11, tzinfo=UTC)


def test_the_next_page_is_followed_only_where_there_is_one() -> None:
    cursors = {"cursors": {"before": "a", "after": "b"}}
    message = Message("k", "Halo")
    assert wire.read_page(answer({"data": [], "paging": cursors}), message) == wire.Page(None, "")
    assert wire.read_page(answer({"data": [], "paging": cursors | {"next": "https://x"}}), message).next_cursor == "b"


COUNTS = {"reactions": {"summary": {"total_count": 7}}, "comments": {"summary": {"total_count": 2}}}


def test_a_post_nobody_shared_has_no_shares_and_what_is_refused_stays_none() -> None:
    assert wire.build_metrics(COUNTS, {}, None) == Metrics(reactions=7, comments=2, shares=0)
    insights = {
        "post_media_view": 50,
        "post_reactions_by_type_total": {"like": 3, "love": 1},
        "post_clicks_by_type": {"link clicks": 4, "other clicks": 9},
    }
    assert wire.build_metrics(None, insights, 120) == Metrics(views=50, reactions=4, clicks=4, followers=120)


def test_a_missing_permission_on_a_create_names_the_one_for_posting() -> None:
    with pytest.raises(NeedsReconnect, match="pages_manage_posts"):
        wire.read_created(answer({"error": {"code": 10, "message": "(#10) Denied"}}, 403))


def test_no_token_stays_in_an_address() -> None:
    request = Request("GET", "https://graph.facebook.com/v26.0/me?fields=id&access_token=RAHASIA").prepare()
    hide_token(request)
    assert request.url == "https://graph.facebook.com/v26.0/me?fields=id"
    assert request.headers["Authorization"] == "OAuth RAHASIA"


def test_the_proof_is_the_hmac_that_meta_documents() -> None:
    # RFC 4231, test case 2.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert prove("what do ya want for nothing?", "Jefe") == expected
