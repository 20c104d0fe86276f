"""Threads: containers, the publish, lists, quota and metrics as its documentation and collection describe them."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.platforms.threads_containers import length_of
from tests.simulator.conftest import Client, Pictures, StartServer, jpeg, until
from tests.simulator.test_recorded import shape

COLLECTION = Path(__file__).parents[3] / "shared" / "specs" / "threads" / "threads-api.postman_collection.json"


def container(client: Client, **form: Any) -> requests.Response:
    return client.call("POST", "threads", "/v1.0/me/threads", data={"media_type": "TEXT", **form})


def state(client: Client, number: str) -> dict[str, Any]:
    ask = {"fields": "id,status,error_message"}
    return dict(client.call("GET", "threads", f"/v1.0/{number}", params=ask).json())


def publish(client: Client, number: str) -> requests.Response:
    return client.call("POST", "threads", "/v1.0/me/threads_publish", data={"creation_id": number})


def ready(client: Client, **form: Any) -> str:
    number = str(container(client, **form).json()["id"])
    until(lambda: state(client, number)["status"] == "FINISHED")
    return number


def error(answer: requests.Response) -> tuple[int, int | None]:
    body = answer.json()["error"]
    return body["code"], body.get("error_subcode")


def test_an_image_container_ripens_and_becomes_one_post(client: Client, pictures: Pictures) -> None:
    url = pictures.url("a.png", jpeg(kind="PNG"))
    number = ready(client, media_type="IMAGE", image_url=url, text="Ayo ke TPS", alt_text="Kotak suara")
    made = publish(client, number).json()["id"]
    assert state(client, number) == {"id": number, "status": "PUBLISHED"}
    ask = {"fields": "id,permalink,text,timestamp,media_type,shortcode,alt_text"}
    (listed,) = client.call("GET", "threads", "/v1.0/me/threads", params=ask).json()["data"]
    assert (listed["id"], listed["text"], listed["media_type"]) == (made, "Ayo ke TPS", "IMAGE")
    (shown,) = client.posts(platform="threads")
    assert (shown["remote_id"], shown["alt_texts"]) == (made, ["Kotak suara"])


def test_a_publish_that_comes_too_early_finds_no_media(client: Client) -> None:
    client.fault("threads", "container_in_progress", polls=2, count=1)
    number = str(container(client, text="Halo").json()["id"])
    assert error(publish(client, number)) == (24, 4279009)
    assert [state(client, number)["status"] for _ in range(2)] == ["IN_PROGRESS", "IN_PROGRESS"]
    until(lambda: state(client, number)["status"] == "FINISHED")
    assert publish(client, number).status_code == 200
    assert error(publish(client, number)) == (24, 4279009)
    assert len(client.posts()) == 1


def test_a_broken_container_says_why(client: Client) -> None:
    client.fault("threads", "container_error", error_message="INVALID_ASPEC_RATIO", count=1)
    number = str(container(client, text="Halo").json()["id"])
    assert state(client, number) == {"id": number, "status": "ERROR", "error_message": "INVALID_ASPEC_RATIO"}
    assert publish(client, number).status_code == 400
    assert client.posts() == []


def test_a_container_of_yesterday_has_expired(client: Client, start: StartServer) -> None:
    number = ready(client, text="Halo")
    with start(clock_setting="offset=86500") as base:
        tomorrow = Client(base, client.http)
        assert state(tomorrow, number)["status"] == "EXPIRED"
        assert error(publish(tomorrow, number)) == (-2, 2207020)


def test_auto_publish_needs_one_call_and_its_answer_can_be_lost(client: Client) -> None:
    assert container(client, text="Sekali jalan", auto_publish_text="true").status_code == 200
    client.fault("threads", "lost_answer", count=1)
    with pytest.raises(requests.ConnectionError):
        container(client, text="Hilang", auto_publish_text="true")
    assert [post["text"] for post in client.posts()] == ["Sekali jalan", "Hilang"]


@pytest.mark.parametrize(("text", "length"), [("a" * 500, 500), ("🗳" * 125, 500), ("🗳️ é", 9), ("2024 #1", 7)])
def test_emoji_count_their_bytes(text: str, length: int) -> None:
    assert length_of(text) == length


def test_what_is_too_long_or_has_too_many_links_is_refused(client: Client, pictures: Pictures) -> None:
    assert container(client, text="a" * 500).status_code == 200
    assert error(container(client, text="a" * 501)) == (100, None)
    assert error(container(client, text="a" * 497 + "🗳")) == (100, None)
    links = " ".join(f"https://kpu.go.id/{n}" for n in range(6))
    assert "THREADS_API__LINK_LIMIT_EXCEEDED" in container(client, text=links).text
    assert error(container(client, media_type="IMAGE", image_url="http://127.0.0.1:9/a.jpg")) == (9004, 2207052)
    url = pictures.url("a.webp", jpeg(kind="WEBP"))
    assert error(container(client, media_type="IMAGE", image_url=url)) == (36001, 2207005)
    assert error(container(client, text="")) == (100, None)


def test_a_carousel_keeps_every_alt_text(client: Client, pictures: Pictures) -> None:
    url = pictures.url("a.jpg", jpeg())
    items = [
        ready(client, media_type="IMAGE", image_url=url, is_carousel_item="true", alt_text=f"Gambar {n}")
        for n in range(2)
    ]
    assert publish(client, items[0]).status_code == 400
    number = ready(client, media_type="CAROUSEL", children=",".join(items), text="Dua gambar")
    assert publish(client, number).status_code == 200
    assert client.posts()[0]["alt_texts"] == ["Gambar 0", "Gambar 1"]
    whole = ready(client, media_type="IMAGE", image_url=url)
    assert error(container(client, media_type="CAROUSEL", children=f"{items[0]},{whole}")) == (24, 4279009)


def test_the_quota_counts_posts_and_deletions(client: Client) -> None:
    made = publish(client, ready(client, text="Satu")).json()["id"]
    assert client.call("DELETE", "threads", f"/v1.0/{made}").json() == {"success": True, "deleted_id": made}
    ask = {"fields": "quota_usage,config,delete_quota_usage"}
    entry = client.call("GET", "threads", "/v1.0/me/threads_publishing_limit", params=ask).json()["data"][0]
    assert entry["config"] == {"quota_total": 250, "quota_duration": 86400}
    assert (entry["quota_usage"], entry["delete_quota_usage"]) == (1, 1)
    assert client.posts() == []


def test_metrics_have_threads_names_and_one_unknown_fails_all(client: Client, start: StartServer) -> None:
    made = publish(client, ready(client, text="Diukur")).json()["id"]
    names = "views,likes,replies,reposts,quotes,shares"
    with start(clock_setting="offset=86000") as base:
        later = Client(base, client.http)
        data = later.call("GET", "threads", f"/v1.0/{made}/insights", params={"metric": names}).json()["data"]
        assert [entry["name"] for entry in data] == names.split(",")
        assert data[0]["values"][0]["value"] > 0
        refused = later.call("GET", "threads", f"/v1.0/{made}/insights", params={"metric": "views,reach"})
        assert error(refused) == (100, None)
        ask = {"metric": "views,followers_count"}
        account = later.call("GET", "threads", "/v1.0/me/threads_insights", params=ask).json()["data"]
    assert account[0]["values"][0]["value"] > 0
    assert account[1]["total_value"]["value"] > 0


def _examples(items: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        found |= _examples(item["item"]) if "item" in item else {item["name"]: item["response"]}
    return found


@pytest.mark.skipif(not COLLECTION.exists(), reason="Meta's collection of Threads calls is absent")
def test_answers_are_shaped_like_the_official_examples(client: Client) -> None:
    examples = _examples(json.loads(COLLECTION.read_text())["item"])
    made = publish(client, ready(client, text="This is a test post")).json()["id"]
    asked: dict[str, tuple[str, dict[str, str]]] = {
        "Get App-Scoped User's Profile Information": ("/me", {"fields": "id,username,name,threads_biography"}),
        "Get Threads Post Details": (
            f"/{made}",
            {"fields": "id,media_product_type,media_type,permalink,owner,username,text,timestamp,shortcode"},
        ),
        "Get Post Insights": (f"/{made}/insights", {"metric": "views"}),
        "Retrieve Publishing Quota Limit": (
            "/me/threads_publishing_limit",
            {"fields": "quota_usage,config,reply_quota_usage,reply_config"},
        ),
    }
    for name, (path, ask) in asked.items():
        answered = shape(client.call("GET", "threads", f"/v1.0{path}", params=ask).json())
        wanted = shape(json.loads(examples[name][0]["body"]))
        for field in answered:
            assert answered[field] == wanted[field], (name, field)
