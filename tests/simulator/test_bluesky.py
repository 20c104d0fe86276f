"""Bluesky: the real atproto client logs in, posts and reads back; its lexicon models judge the answers."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from atproto import Client as RealClient
from atproto import models
from atproto.exceptions import BadRequestError, RequestErrorBase, RequestException

from simulator.accounts import account_id, practice_token
from simulator.ledger import Ledger
from simulator.platforms.bluesky_records import new_tid
from tests.simulator.conftest import Client, StartServer, jpeg

HANDLE = "ppk-tengah.bsky.social"
DID = account_id("bluesky", HANDLE)
POST = "app.bsky.feed.post"
# atproto 0.0.73 still hands raw bytes to httpx the way httpx has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def sky(client: Client) -> Iterator[RealClient]:
    real = RealClient(base_url=f"{client.base}/bluesky")
    real.login(HANDLE, practice_token("bluesky", HANDLE))
    yield real
    real.request.close()


@pytest.fixture
def access(client: Client) -> str:
    return str(log_in(client)["accessJwt"])


def log_in(client: Client) -> dict[str, Any]:
    body = {"identifier": HANDLE, "password": practice_token("bluesky", HANDLE)}
    return dict(xrpc(client, "com.atproto.server.createSession", json=body).json())


def xrpc(client: Client, name: str, token: str = "", **more: Any) -> requests.Response:
    method = "POST" if "json" in more or "data" in more else "GET"
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return client.http.request(method, f"{client.base}/bluesky/xrpc/{name}", headers=headers, timeout=10, **more)


def put(client: Client, token: str, text: str, rkey: str = "3lbkgq2hmx22c", **more: Any) -> requests.Response:
    record = {"$type": POST, "text": text, "createdAt": "2024-11-27T00:00:00.000Z", **more}
    body = {"repo": DID, "collection": POST, "rkey": rkey, "record": record}
    return xrpc(client, "com.atproto.repo.putRecord", token, json=body)


def test_a_picture_post_is_read_back_with_its_alt_text(sky: RealClient, client: Client) -> None:
    made = sky.send_image("Ayo ke TPS", jpeg(), "Kotak suara", langs=["id"])
    (view,) = sky.get_posts([made.uri]).posts
    assert (view.author.handle, view.record.text, view.embed.images[0].alt) == (HANDLE, "Ayo ke TPS", "Kotak suara")
    assert sky.get_author_feed(HANDLE).feed[0].post.uri == made.uri
    record = sky.com.atproto.repo.get_record({"repo": DID, "collection": POST, "rkey": made.uri.split("/")[-1]})
    assert (record.cid, record.value.langs) == (made.cid, ["id"])
    (shown,) = client.posts(platform="bluesky", account=HANDLE)
    assert (shown["remote_id"], shown["alt_texts"]) == (made.uri, ["Kotak suara"])
    assert sky.delete_post(made.uri)
    assert sky.delete_post(made.uri), "deleting is safe to repeat"
    assert client.posts() == []


def test_the_same_record_under_the_same_key_changes_nothing(client: Client, access: str) -> None:
    client.fault("bluesky", "lost_answer", count=1)
    with pytest.raises(requests.ConnectionError):
        put(client, access, "Sekali saja")
    first, again = (put(client, access, "Sekali saja").json() for _ in range(2))
    assert first == again
    assert first["uri"] == f"at://{DID}/{POST}/3lbkgq2hmx22c"
    assert len(client.posts()) == 1
    changed = put(client, access, "Berubah").json()
    assert (changed["uri"], changed["cid"] == first["cid"]) == (first["uri"], False)
    assert [post["text"] for post in client.posts()] == ["Berubah"]


def test_creating_under_a_used_key_fails(sky: RealClient, client: Client, access: str) -> None:
    put(client, access, "Ada")
    record = models.AppBskyFeedPost.Record(text="Ada", created_at=sky.get_current_time_iso())
    data = models.ComAtprotoRepoCreateRecord.Data(repo=DID, collection=POST, rkey="3lbkgq2hmx22c", record=record)
    with pytest.raises(RequestException):
        sky.com.atproto.repo.create_record(data)
    assert len(client.posts()) == 1
    assert sky.delete_post(client.posts()[0]["remote_id"])
    assert sky.com.atproto.repo.create_record(data).uri.endswith("3lbkgq2hmx22c")


def test_the_pds_knows_at_once_and_the_appview_lags(client: Client, access: str, start: StartServer) -> None:
    client.http.delete(f"{client.base}/_sim/faults", timeout=5)
    uri = put(client, access, "Baru").json()["uri"]

    def found(who: Client) -> list[bool]:
        ask = {"repo": HANDLE, "collection": POST}
        return [
            xrpc(who, "com.atproto.repo.getRecord", access, params={**ask, "rkey": "3lbkgq2hmx22c"}).status_code == 200,
            xrpc(who, "com.atproto.repo.listRecords", access, params=ask).json()["records"] != [],
            xrpc(who, "app.bsky.feed.getPosts", access, params={"uris": [uri]}).json()["posts"] != [],
            xrpc(who, "app.bsky.feed.getAuthorFeed", access, params={"actor": DID}).json()["feed"] != [],
        ]

    assert found(client) == [True, True, False, False]
    with start(clock_setting="offset=6") as base:
        assert found(Client(base, client.http)) == [True] * 4


@pytest.mark.parametrize(
    ("text", "more", "word"),
    [
        ("a" * 301, {}, "300 graphemes"),
        ("👨‍👩‍👧‍👦" * 130, {}, "3000 characters"),
        ("Halo", {"langs": ["id", "su", "jv", "en"]}, "langs"),
        ("Halo", {"createdAt": "kemarin"}, "createdAt"),
        ("Halo", {"facets": [{"index": {}}]}, "facets"),
        ("Halo", {"embed": {"$type": "app.bsky.embed.images", "images": [{"image": {}}]}}, "alt"),
        ("Halo", {"embed": {"$type": "app.bsky.embed.images", "images": [{}] * 5}}, "4 elements"),
        ("Halo", {"embed": {"$type": "app.bsky.embed.images", "images": [{"image": {}, "alt": ""}]}}, "find blob"),
    ],
)
def test_records_are_judged_by_the_lexicon(
    client: Client, access: str, text: str, more: dict[str, Any], word: str
) -> None:
    answer = put(client, access, text, **more)
    assert answer.status_code == 400
    assert word in answer.json()["message"]
    assert client.posts() == []


def test_three_hundred_emoji_of_one_code_point_fit(client: Client, access: str) -> None:
    assert put(client, access, "é" * 300).status_code == 200
    assert put(client, access, "👍🏽" * 300, rkey="3lbkgq2hmx22d").status_code == 200


def test_a_large_picture_is_refused_only_when_used(sky: RealClient, client: Client) -> None:
    big = jpeg() + b"\0" * 2_000_001
    blob = sky.upload_blob(big).blob
    with pytest.raises(BadRequestError) as caught:
        sky.send_post("Besar", embed=models.AppBskyEmbedImages.Main(images=[{"image": blob, "alt": ""}]))
    assert caught.value.response is not None
    assert caught.value.response.content.error == "BlobTooLarge"
    assert client.posts() == []


def test_an_access_token_expires_as_a_400_and_the_refresh_rotates(client: Client, start: StartServer) -> None:
    old = log_in(client)
    with start(clock_setting="offset=7300") as base:
        later = Client(base, client.http)
        refused = put(later, old["accessJwt"], "Terlambat")
        assert (refused.status_code, refused.json()["error"]) == (400, "ExpiredToken")
        new = xrpc(later, "com.atproto.server.refreshSession", old["refreshJwt"], data=b"").json()
        assert new["refreshJwt"] != old["refreshJwt"]
        assert put(later, new["accessJwt"], "Segar").status_code == 200
    with start(clock_setting="offset=20000") as base:
        spent = xrpc(Client(base, client.http), "com.atproto.server.refreshSession", old["refreshJwt"], data=b"")
        assert (spent.status_code, spent.json()["error"]) == (400, "ExpiredToken")


def test_tokens_are_told_apart(client: Client) -> None:
    session = log_in(client)
    assert put(client, "", "Tanpa token").status_code == 401
    assert put(client, session["accessJwt"][:-2] + "xx", "Palsu").json()["error"] == "InvalidToken"
    assert put(client, session["refreshJwt"], "Keliru").json()["error"] == "InvalidToken"
    wrong = {"identifier": "lain.bsky.social", "password": practice_token("bluesky", HANDLE)}
    assert xrpc(client, "com.atproto.server.createSession", json=wrong).status_code == 401
    client.fault("bluesky", "session_expired", count=1)
    assert put(client, session["accessJwt"], "Habis").json()["error"] == "ExpiredToken"
    assert put(client, session["accessJwt"], "Lagi").status_code == 200
    client.fault("bluesky", "token_dead", account=HANDLE)
    assert put(client, session["accessJwt"], "Mati").json()["error"] == "ExpiredToken"
    body = {"identifier": HANDLE, "password": practice_token("bluesky", HANDLE)}
    assert xrpc(client, "com.atproto.server.createSession", json=body).status_code == 401


def test_the_thirty_first_log_in_of_five_minutes_waits(client: Client) -> None:
    for _ in range(30):
        log_in(client)
    body = {"identifier": HANDLE, "password": practice_token("bluesky", HANDLE)}
    refused = xrpc(client, "com.atproto.server.createSession", json=body)
    assert (refused.status_code, refused.json()["error"]) == (429, "RateLimitExceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert refused.headers["ratelimit-policy"] == "30;w=300"


def test_a_write_costs_points_of_the_hour(client: Client, access: str, simulator_folder: Path) -> None:
    ledger = Ledger(simulator_folder)
    ledger.spend(f"bluesky:points:3600:{DID}", length=3600, now=time.time(), amount=4998)
    ledger.close()
    assert put(client, access, "Dua poin tersisa").headers["ratelimit-remaining"] == "0"
    refused = put(client, access, "Habis", rkey="3lbkgq2hmx22d")
    assert (refused.status_code, refused.headers["ratelimit-policy"]) == (429, "5000;w=3600")
    assert len(client.posts()) == 1


def test_the_real_client_sees_a_rate_limit(sky: RealClient, client: Client) -> None:
    client.fault("bluesky", "rate_limited", count=1, seconds=90)
    with pytest.raises(RequestErrorBase) as caught:
        sky.send_post("Terlalu cepat")
    assert caught.value.response is not None
    assert caught.value.response.status_code == 429
    assert int(caught.value.response.headers["retry-after"]) in (90, 91)


def test_counts_grow_and_there_are_no_views(client: Client, access: str, start: StartServer) -> None:
    uri = put(client, access, "Diukur").json()["uri"]
    with start(clock_setting="offset=7000") as base:
        ask = {"uris": [uri]}
        (view,) = xrpc(Client(base, client.http), "app.bsky.feed.getPosts", access, params=ask).json()["posts"]
    assert view["likeCount"] >= 1
    assert {name for name in view if name.endswith("Count")} == {
        "bookmarkCount", "replyCount", "repostCount", "likeCount", "quoteCount",
    }  # fmt: skip
    assert len(new_tid(time.time())) == 13
