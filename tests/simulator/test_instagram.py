"""Instagram: the container's life, and the pictures it refuses."""

from typing import Any

import pytest
import requests

from tests.simulator.conftest import Client, Pictures, StartServer, jpeg, until


def container(client: Client, url: str, **more: Any) -> requests.Response:
    return client.instagram("POST", f"/{client.id('instagram')}/media", data={"image_url": url, **more})


def state(client: Client, number: str) -> str:
    return str(client.instagram("GET", f"/{number}", params={"fields": "id,status_code,status"}).json()["status_code"])


def publish(client: Client, number: str) -> requests.Response:
    return client.instagram("POST", "/me/media_publish", data={"creation_id": number})


def ready(client: Client, url: str, **more: Any) -> str:
    number = str(container(client, url, **more).json()["id"])
    until(lambda: state(client, number) == "FINISHED")
    return number


def test_a_container_ripens_and_becomes_one_post(client: Client, pictures: Pictures) -> None:
    number = ready(client, pictures.url("a.jpg", jpeg()), caption="Ayo ke TPS", alt_text="Kotak suara")
    made = publish(client, number).json()["id"]
    assert state(client, number) == "PUBLISHED"
    fields = "id,caption,timestamp,permalink,media_type,like_count"
    (listed,) = client.instagram("GET", "/me/media", params={"fields": fields}).json()["data"]
    assert (listed["id"], listed["caption"], listed["media_type"]) == (made, "Ayo ke TPS", "IMAGE")
    assert listed["permalink"].startswith("https://www.instagram.com/p/")
    (shown,) = client.posts(platform="instagram")
    assert (shown["remote_id"], shown["alt_texts"]) == (made, ["Kotak suara"])


def test_publishing_twice_makes_no_second_post(client: Client, pictures: Pictures) -> None:
    number = ready(client, pictures.url("a.jpg", jpeg()))
    publish(client, number)
    again = publish(client, number).json()["error"]
    assert (again["code"], again["error_subcode"]) == (24, 2207006)
    assert len(client.posts()) == 1


def test_a_container_asked_too_early_says_wait(client: Client, pictures: Pictures) -> None:
    client.fault("instagram", "container_in_progress", polls=2, count=1)
    number = str(container(client, pictures.url("a.jpg", jpeg())).json()["id"])
    refused = publish(client, number).json()["error"]
    assert (refused["code"], refused["error_subcode"]) == (9007, 2207027)
    assert [state(client, number) for _ in range(2)] == ["IN_PROGRESS", "IN_PROGRESS"]
    until(lambda: state(client, number) == "FINISHED")
    assert publish(client, number).status_code == 200


def test_a_container_of_yesterday_has_expired(client: Client, pictures: Pictures, start: StartServer) -> None:
    number = ready(client, pictures.url("a.jpg", jpeg()))
    with start(clock_setting="offset=86500") as base:
        tomorrow = Client(base, client.http)
        assert state(tomorrow, number) == "EXPIRED"
        assert publish(tomorrow, number).json()["error"]["error_subcode"] == 2207020


@pytest.mark.parametrize(("kind", "word"), [("container_error", "ERROR"), ("container_expired", "EXPIRED")])
def test_broken_containers_cannot_be_published(client: Client, pictures: Pictures, kind: str, word: str) -> None:
    client.fault("instagram", kind, count=1)
    number = str(container(client, pictures.url("a.jpg", jpeg())).json()["id"])
    assert state(client, number) == word
    assert publish(client, number).status_code == 400
    assert client.posts() == []


@pytest.mark.parametrize(
    ("body", "code", "subcode"),
    [
        (None, 9004, 2207052),
        (jpeg(kind="PNG"), 36001, 2207005),
        (b"bukan gambar", 36001, 2207005),
        (jpeg(400, 600), 36003, 2207009),
        (jpeg(800, 400), 36003, 2207009),
        (b"\xff" * (8 * 1024**2 + 1), 36000, 2207004),
    ],
)
def test_pictures_are_fetched_and_judged(
    client: Client, pictures: Pictures, body: bytes | None, code: int, subcode: int
) -> None:
    answer = container(client, pictures.url("a.jpg", body))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["error_subcode"]) == (400, code, subcode)


def test_an_address_nobody_serves_cannot_be_fetched(client: Client) -> None:
    assert container(client, "http://127.0.0.1:9/a.jpg").json()["error"]["code"] == 9004
    assert container(client, "file:///etc/hostname").json()["error"]["code"] == 9004


def test_pictures_come_only_from_the_named_hosts(pictures: Pictures, start: StartServer) -> None:
    with start(media_hosts=["media.example:443"]) as base, requests.Session() as http:
        refused = container(Client(base, http), pictures.url("a.jpg", jpeg()))
    assert refused.json()["error"]["code"] == 9004


def test_text_alone_and_long_texts_are_refused(client: Client, pictures: Pictures) -> None:
    url = pictures.url("a.jpg", jpeg())
    assert client.instagram("POST", "/me/media", data={"caption": "Tanpa gambar"}).json()["error"]["code"] == 100
    assert container(client, url, caption="a" * 2200).status_code == 200
    assert container(client, url, caption="a" * 2201).json()["error"]["error_subcode"] == 2207010
    assert container(client, url, alt_text="a" * 1001).json()["error"]["code"] == 100


def test_a_carousel_takes_two_to_ten_finished_children(client: Client, pictures: Pictures) -> None:
    url = pictures.url("a.jpg", jpeg())
    children = [ready(client, url, is_carousel_item="true", alt_text=f"Gambar {n}") for n in range(2)]
    form = {"media_type": "CAROUSEL", "children": ",".join(children), "caption": "Dua gambar"}
    number = str(client.instagram("POST", "/me/media", data=form).json()["id"])
    until(lambda: state(client, number) == "FINISHED")
    assert publish(client, number).status_code == 200
    assert client.posts()[0]["alt_texts"] == ["Gambar 0", "Gambar 1"]
    few = client.instagram("POST", "/me/media", data={**form, "children": children[0]})
    assert few.json()["error"]["error_subcode"] == 2207028


def test_the_quota_counts_and_then_refuses(client: Client, pictures: Pictures) -> None:
    url = pictures.url("a.jpg", jpeg())
    numbers = [str(container(client, url).json()["id"]) for _ in range(101)]
    until(lambda: state(client, numbers[-1]) == "FINISHED")
    answers = [publish(client, number) for number in numbers]
    assert [answer.status_code for answer in answers] == [200] * 100 + [400]
    assert answers[-1].json()["error"]["error_subcode"] == 2207042
    limit = client.instagram("GET", "/me/content_publishing_limit", params={"fields": "quota_usage,config"}).json()
    assert limit == {"data": [{"quota_usage": 100, "config": {"quota_total": 100, "quota_duration": 86400}}]}


def test_insights_are_empty_before_there_is_data(client: Client, pictures: Pictures, start: StartServer) -> None:
    made = publish(client, ready(client, pictures.url("a.jpg", jpeg()))).json()["id"]
    path = f"/{made}/insights"
    assert client.instagram("GET", path, params={"metric": "views,reach"}).json() == {"data": []}
    with start(clock_setting="offset=3600") as base:
        later = Client(base, client.http).instagram("GET", path, params={"metric": "views,reach"}).json()
    assert [(entry["name"], entry["values"][0]["value"] > 0) for entry in later["data"]] == [
        ("views", True),
        ("reach", True),
    ]
    refused = client.instagram("GET", path, params={"metric": "views,impressions"}).json()
    assert "must be one of the following values" in refused["error"]["message"]


def test_another_account_cannot_publish_my_container(client: Client, pictures: Pictures) -> None:
    number = ready(client, pictures.url("a.jpg", jpeg()))
    other = Client(client.base, client.http, handle="ppk_lain")
    assert publish(other, number).json()["error"]["code"] == 24
    assert client.posts() == []


def test_a_deleted_post_is_gone(client: Client, pictures: Pictures) -> None:
    made = publish(client, ready(client, pictures.url("a.jpg", jpeg()))).json()["id"]
    assert client.instagram("DELETE", f"/{made}").json() == {"success": True}
    assert client.instagram("GET", f"/{made}").json()["error"]["code"] == 100
    assert client.posts() == []
    assert client.posts(all=1)[0]["deleted_at"]
