"""The Graph error language, class by class (platforms' error table), and what Meta's headers say about waiting."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.platforms import meta
from app.platforms.answer import Answer, quote
from app.platforms.contract import NeedsReconnect, PublishError, Refused, Scope, TryLater, Unsure

RECORDED = Path(__file__).parent / "facebook" / "recorded"


def graph(code: int, subcode: int = 0, message: str = "x", *, status: int = 400, **more: object) -> Answer:
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"} | more
    return Answer(status, {}, json.dumps({"error": error | ({"error_subcode": subcode} if subcode else {})}).encode())


def judge(answer: Answer, *, create: bool = True) -> PublishError:
    return meta.failure(answer, title="Facebook", create=create, needs="pages_manage_posts")


@pytest.mark.parametrize(
    ("code", "subcode", "outcome"),
    [
        (190, 463, NeedsReconnect),
        (190, 460, NeedsReconnect),
        (102, 0, NeedsReconnect),
        (490, 0, NeedsReconnect),
        (10, 0, NeedsReconnect),
        (200, 0, NeedsReconnect),
        (299, 0, NeedsReconnect),
        (368, 0, NeedsReconnect),
        (100, 1404078, NeedsReconnect),
        (4, 0, TryLater),
        (17, 0, TryLater),
        (32, 0, TryLater),
        (613, 0, TryLater),
        (341, 0, TryLater),
        (80001, 0, TryLater),
        (80002, 0, TryLater),
        (100, 1390008, TryLater),
        (506, 0, Unsure),
        (1, 0, Unsure),
        (2, 0, Unsure),
        (100, 0, Refused),
        (1609005, 0, Refused),
        (100, 1366046, Refused),
        (1404102, 0, Refused),
        (1346003, 0, Refused),
    ],
)
def test_each_code_says_who_has_to_act(code: int, subcode: int, outcome: type[PublishError]) -> None:
    assert type(judge(graph(code, subcode))) is outcome


def test_a_transient_error_is_unsure_on_a_create_and_weather_on_a_read() -> None:
    answer = graph(-1, status=500, is_transient=True)
    assert type(judge(answer)) is Unsure
    assert type(judge(answer, create=False)) is TryLater


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b'{"id":"1', b"[]"])
def test_an_unreadable_answer_is_unsure_on_a_create_and_weather_on_a_read(body: bytes) -> None:
    for status in (200, 502):
        assert type(judge(Answer(status, {}, body))) is Unsure
        assert type(judge(Answer(status, {}, body), create=False)) is TryLater


def test_only_the_app_limit_stops_every_account() -> None:
    scopes = {code: error.scope for code in (4, 17, 32) if isinstance(error := judge(graph(code)), TryLater)}
    assert scopes == {4: Scope.APP, 17: Scope.CHANNEL, 32: Scope.CHANNEL}


def test_the_wait_is_the_longest_one_that_the_business_header_names() -> None:
    uses = {"1": [{"type": "pages", "estimated_time_to_regain_access": 7}, {"estimated_time_to_regain_access": 19}]}
    answer = Answer(400, {"x-business-use-case-usage": json.dumps(uses)}, graph(32).body)
    error = judge(answer)
    assert isinstance(error, TryLater)
    assert error.after == timedelta(minutes=19)


@pytest.mark.parametrize("header", ["", "no json", "[]", '{"1": 5}', '{"1": [{"type": "pages"}]}'])
def test_a_usage_header_without_minutes_leaves_the_first_guess(header: str) -> None:
    assert meta.find_wait(Answer(400, {"x-business-use-case-usage": header}, b"")) is None


def test_a_missing_permission_is_named_as_meta_names_it() -> None:
    text = "(#200) This endpoint requires pages_read_engagement and pages_manage_posts as an admin"
    assert "pages_manage_posts, pages_read_engagement" in judge(graph(200, message=text)).message
    assert "pages_manage_posts" in judge(graph(10, message="(#10) Not allowed")).message


def test_the_recorded_permission_error_asks_for_the_permission_it_names() -> None:
    error = judge(Answer(400, {}, (RECORDED / "base_error_data.json").read_bytes()))
    assert isinstance(error, NeedsReconnect)
    assert "pages_read_engagement" in error.message


def test_a_platforms_sentence_is_shown_without_anything_like_a_token() -> None:
    token = "EAAB" + "x" * 60
    assert quote(f"Malformed access token {token}!\n\nTry again") == "Malformed access token …! Try again"
    assert len(quote("kata " * 100)) <= 200


def test_the_latest_value_of_each_insight_counts_and_an_empty_list_is_no_zero() -> None:
    body = {
        "data": [
            {"name": "views", "values": [{"value": 3}, {"value": 5}]},
            {"name": "reach", "total_value": {"value": 4}},
            {"name": "likes", "values": []},
        ]
    }
    assert meta.find_insights(Answer(200, {}, json.dumps(body).encode())) == {"views": 5, "reach": 4}
