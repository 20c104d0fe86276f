"""Every fault does what its name says, to the ledger and to the client."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import tweepy

from tests.simulator.conftest import HANDLE, Client, StartServer, until


def post(client: Client, text: str = "Halo") -> requests.Response:
    return client.x("POST", "/2/tweets", json={"text": text})


def feed(client: Client, text: str = "Halo") -> requests.Response:
    return client.facebook("POST", "/me/feed", data={"message": text})


@pytest.mark.parametrize(("kind", "kept"), [("lost_answer", 1), ("reset", 0)])
@pytest.mark.parametrize("send", [post, feed])
def test_the_connection_really_closes_without_an_answer(client: Client, send: Any, kind: str, kept: int) -> None:
    client.fault("*", kind, count=1)
    with pytest.raises(requests.ConnectionError, match="closed connection without response"):
        send(client)
    assert len(client.posts()) == kept
    assert {entry["status"] for entry in client.control("/requests")} == {0}


def test_a_repeat_after_a_lost_answer_meets_the_duplicate_rule(client: Client) -> None:
    client.fault("x", "lost_answer", count=1)
    with pytest.raises(requests.ConnectionError):
        post(client)
    assert post(client).status_code == 403
    assert len(client.posts()) == 1


@pytest.mark.parametrize(("kind", "status"), [("http_503_html", 503), ("http_502_html", 502)])
@pytest.mark.parametrize("committed", [True, False])
def test_gateway_errors_are_html_and_hide_what_happened(
    client: Client, kind: str, status: int, committed: bool
) -> None:
    client.fault("x", kind, count=1, committed=committed)
    answer = post(client)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert len(client.posts()) == committed


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("kind", ["empty_200", "truncated_json"])
def test_unreadable_bodies(client: Client, kind: str, committed: bool) -> None:
    client.fault("facebook", kind, count=1, committed=committed)
    answer = feed(client)
    assert answer.status_code == 200
    assert (answer.content == b"") is (kind == "empty_200")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(client.posts()) == committed


def test_tweepy_waits_for_the_reset_of_a_rate_limit(client: Client, tweets: tweepy.Client) -> None:
    fault = client.fault("x", "rate_limited", seconds=120)
    with pytest.raises(tweepy.TooManyRequests) as caught:
        tweets.create_tweet(text="Halo", user_auth=False)
    assert caught.value.reset_time == pytest.approx(time.time() + 120, abs=5)
    assert post(client).status_code == 429, "coming back early must not help"
    assert client.control("/faults")[-1]["fired"] == 1, "an early return is the same refusal, not a second one"
    client.http.delete(f"{client.base}/_sim/faults/{fault['id']}", timeout=5)
    assert post(client).status_code == 201


def test_a_rate_limit_ends_at_the_reset_it_named(client: Client, start: StartServer) -> None:
    client.fault("x", "rate_limited", count=1, seconds=120)
    assert post(client).status_code == 429
    with start(clock_setting="offset=125") as base:
        assert post(Client(base, client.http)).status_code == 201


@pytest.mark.parametrize(("code", "status"), [(4, 403), (32, 400)])
def test_graph_says_in_its_header_how_long_to_wait(client: Client, code: int, status: int) -> None:
    client.fault("facebook", "rate_limited", count=1, seconds=100, code=code)
    answer = feed(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    usage = answer.headers["x-business-use-case-usage"]
    assert '"estimated_time_to_regain_access": 2' in usage
    assert '"call_count": 100' in answer.headers["x-app-usage"]


def test_a_dead_token_stays_dead_for_its_account_until_the_fault_goes(client: Client) -> None:
    fault = client.fault("*", "token_dead", account=HANDLE)
    assert [post(client).status_code for _ in range(3)] == [401] * 3
    error = feed(client).json()["error"]
    assert (error["code"], error["error_subcode"]) == (190, 463)
    assert post(Client(client.base, client.http, handle="lain")).status_code == 201
    client.http.delete(f"{client.base}/_sim/faults/{fault['id']}", timeout=5)
    assert post(client).status_code == 201


def test_without_credits_x_answers_402(client: Client) -> None:
    client.fault("*", "credits_depleted")
    assert post(client).status_code == 402
    assert feed(client).status_code == 200


def test_slow_answers_outlast_a_client_that_gives_up(client: Client) -> None:
    client.fault("x", "slow", count=1, seconds=0.5)
    client.timeout = 0.1
    with pytest.raises(requests.ReadTimeout):
        post(client)
    assert client.posts() == []
    until(lambda: len(client.posts()) == 1)


def test_a_new_post_can_be_read_back_only_after_the_lag(client: Client, start: StartServer) -> None:
    client.http.delete(f"{client.base}/_sim/faults", timeout=5)
    tweet, page_post = post(client).json()["data"]["id"], feed(client).json()["id"]

    def found(who: Client) -> list[bool]:
        return [
            "data" in who.x("GET", f"/2/tweets/{tweet}").json(),
            "data" in who.x("GET", f"/2/users/{who.id('x')}/tweets").json(),
            who.facebook("GET", f"/{page_post}").status_code == 200,
            who.facebook("GET", "/me/published_posts").json()["data"] != [],
        ]

    assert found(client) == [False] * 4
    assert len(client.posts()) == 2, "the judge's ledger does not lag"
    with start(clock_setting="offset=6") as base:
        assert found(Client(base, client.http)) == [True] * 4


def test_a_post_deleted_on_the_platform_is_gone_at_the_next_look(client: Client) -> None:
    tweet, page_post = post(client).json()["data"]["id"], feed(client).json()["id"]
    client.fault("x", "post_deleted", count=1)
    assert "errors" in client.x("GET", "/2/tweets", params={"ids": tweet}).json()
    client.fault("facebook", "post_deleted", remote_id=page_post)
    assert client.facebook("GET", f"/{page_post}").json()["error"]["code"] == 100
    assert client.posts() == []


def test_a_fault_may_be_bound_to_an_operation_and_a_chance(client: Client) -> None:
    client.fault("x", "http_503_html", operation="timeline", count=1)
    assert post(client).status_code == 201
    assert client.x("GET", f"/2/users/{client.id('x')}/tweets").status_code == 503
    client.fault("x", "http_502_html", probability=0.5)
    answers = {post(client, f"Kiriman {number}").status_code for number in range(40)}
    assert answers == {201, 502}
    fired = [fault["fired"] for fault in client.control("/faults") if fault["kind"] == "http_502_html"]
    assert 0 < fired[0] < 40


@pytest.mark.parametrize(
    ("order", "word"),
    [
        ({"platform": "myspace", "kind": "reset"}, "instagram"),
        ({"platform": "x", "kind": "meteor"}, "lost_answer"),
        ({"platform": "x", "kind": "reset", "count": 0}, "count"),
        ({"platform": "x", "kind": "reset", "probability": 2}, "probability"),
        (["x"], "objek"),
    ],
)
def test_an_unreadable_order_names_what_is_known(client: Client, order: object, word: str) -> None:
    answer = client.http.post(f"{client.base}/_sim/faults", json=order, timeout=5)
    assert answer.status_code == 422
    assert word in answer.json()["detail"]


@pytest.fixture
def guarded(start: StartServer) -> Iterator[str]:
    with start(guarded=True) as base:
        yield base


@pytest.mark.parametrize(("method", "path"), [("POST", "/faults"), ("POST", "/reset"), ("DELETE", "/faults")])
def test_in_production_nobody_writes_to_the_control_plane(guarded: str, method: str, path: str) -> None:
    answer = requests.request(method, f"{guarded}/_sim{path}", json={"platform": "x", "kind": "reset"}, timeout=5)
    assert answer.status_code == 403
    assert requests.get(f"{guarded}/_sim/posts", timeout=5).json() == []
