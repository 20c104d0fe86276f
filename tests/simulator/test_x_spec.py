"""X's own OpenAPI files judge the simulator's answers; they are kept beside the repository, not in it."""

import base64
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.simulator.conftest import Client, jpeg

SPECS = Path(__file__).parents[3] / "shared" / "specs" / "x"
OLD, NEW = SPECS / "openapi-2.166-tweet-fields.json", SPECS / "openapi-2.167-post-fields.json"
pytestmark = pytest.mark.skipif(not NEW.exists(), reason="X's OpenAPI files may not be redistributed and are absent")
FIELDS = "public_metrics,non_public_metrics,organic_metrics,entities,created_at,author_id,attachments,conversation_id"


def check(spec: Path, path: str, method: str, status: int, body: Any) -> None:
    document = json.loads(spec.read_text())
    schema = document["paths"][path][method]["responses"][str(status)]["content"]["application/json"]["schema"]
    judge = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    assert [error.message for error in judge.iter_errors(body)] == []


@pytest.fixture
def tweet(client: Client) -> dict[str, Any]:
    media = base64.b64encode(jpeg()).decode()
    sent = client.x("POST", "/2/media/upload", json={"media": media, "media_category": "tweet_image"}).json()
    text = "Cek DPT di kpu.go.id #Pilkada2024 bersama https://kpu.go.id/dpt"
    body = {"text": text, "media": {"media_ids": [sent["data"]["id"]]}}
    return dict(client.x("POST", "/2/tweets", json=body).json())


def test_the_old_dialect_follows_the_older_specification(client: Client, tweet: dict[str, Any]) -> None:
    number = tweet["data"]["id"]
    check(OLD, "/2/tweets", "post", 201, tweet)
    ask = {"ids": f"{number},1", "tweet.fields": FIELDS, "expansions": "author_id,attachments.media_keys"}
    check(OLD, "/2/tweets", "get", 200, client.x("GET", "/2/tweets", params=ask).json())
    one = client.x("GET", f"/2/tweets/{number}", params={"tweet.fields": FIELDS}).json()
    check(OLD, "/2/tweets/{id}", "get", 200, one)
    listed = client.x("GET", f"/2/users/{client.id('x')}/tweets", params={"tweet.fields": FIELDS}).json()
    check(OLD, "/2/users/{id}/tweets", "get", 200, listed)
    me = client.x("GET", "/2/users/me", params={"user.fields": "public_metrics,created_at"}).json()
    check(OLD, "/2/users/me", "get", 200, me)
    check(OLD, "/2/tweets/{id}", "delete", 200, client.x("DELETE", f"/2/tweets/{number}").json())


def test_the_new_dialect_follows_the_newer_specification(client: Client, tweet: dict[str, Any]) -> None:
    number = tweet["data"]["id"]
    client.fault("x", "post_dialect")
    made = client.x("POST", "/2/tweets", json={"text": "Dialek baru"}).json()
    check(NEW, "/2/tweets", "post", 201, made)
    ask = {"ids": f"{number},1", "post.fields": FIELDS}
    check(NEW, "/2/tweets", "get", 200, client.x("GET", "/2/tweets", params=ask).json())
    me = client.x("GET", "/2/users/me", params={"user.fields": "public_metrics"}).json()
    check(NEW, "/2/users/me", "get", 200, me)


def test_uploads_follow_the_newer_specification(client: Client) -> None:
    media = base64.b64encode(jpeg()).decode()
    sent = client.x("POST", "/2/media/upload", json={"media": media, "media_category": "tweet_image"}).json()
    check(NEW, "/2/media/upload", "post", 200, sent)
    body = {"id": sent["data"]["id"], "metadata": {"alt_text": {"text": "Kotak suara"}}}
    check(NEW, "/2/media/metadata", "post", 200, client.x("POST", "/2/media/metadata", json=body).json())
    begin = {"media_type": "image/jpeg", "total_bytes": 10, "media_category": "tweet_image"}
    started = client.x("POST", "/2/media/upload/initialize", json=begin).json()
    check(NEW, "/2/media/upload/initialize", "post", 200, started)


@pytest.mark.parametrize("kind", ["rate_limited", "token_dead", "credits_depleted"])
def test_problems_follow_the_specification(client: Client, kind: str) -> None:
    client.fault("x", kind)
    answer = client.x("POST", "/2/tweets", json={"text": "Ditolak"})
    document = json.loads(OLD.read_text())
    problem = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    assert answer.status_code == answer.json()["status"]
    assert [error.message for error in jsonschema.Draft202012Validator(problem).iter_errors(answer.json())] == []
