"""What holds on every platform alike: faults around the ledger, dead tokens, limits, and a card on the wall."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.applications import Starlette
from starlette.routing import Mount

from simulator.accounts import account_id, practice_token, read_token
from simulator.main import create_simulator
from simulator.platforms import PLATFORMS
from tests.simulator.conftest import HANDLE, Client, serve

MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 500
_numbers = itertools.count()
Send = Callable[[Client, str], requests.Response]


def x(client: Client, text: str) -> requests.Response:
    return client.x("POST", "/2/tweets", json={"text": text})


def facebook(client: Client, text: str) -> requests.Response:
    return client.facebook("POST", "/me/feed", data={"message": text})


def threads(client: Client, text: str) -> requests.Response:
    form = {"media_type": "TEXT", "text": text, "auto_publish_text": "true"}
    return client.call("POST", "threads", "/v1.0/me/threads", data=form)


def telegram(client: Client, text: str) -> requests.Response:
    token = practice_token("telegram", client.handle)
    form = {"chat_id": f"@{client.handle}", "text": text, "parse_mode": None}
    return client.call("POST", "telegram", f"/bot{token}/sendMessage", json=form)


def bluesky(client: Client, text: str) -> requests.Response:
    body: dict[str, Any] = {"identifier": client.handle, "password": practice_token("bluesky", client.handle)}
    opened = client.call("POST", "bluesky", "/xrpc/com.atproto.server.createSession", json=body)
    if opened.status_code != 200:
        return opened
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2024-11-27T00:00:00Z"}
    body = {"repo": client.handle, "collection": record["$type"], "rkey": f"k{next(_numbers)}", "record": record}
    headers = {"authorization": f"Bearer {opened.json()['accessJwt']}"}
    return client.call("POST", "bluesky", "/xrpc/com.atproto.repo.putRecord", json=body, headers=headers)


def mastodon(client: Client, text: str) -> requests.Response:
    return client.call("POST", "mastodon", "/api/v1/statuses", data={"status": text})


def tiktok(client: Client, text: str) -> requests.Response:
    size = len(MP4)
    source = {"source": "FILE_UPLOAD", "video_size": size, "chunk_size": size, "total_chunk_count": 1}
    info = {"title": text, "privacy_level": "PUBLIC_TO_EVERYONE"}
    body = {"post_info": info, "source_info": source}
    started = client.call("POST", "tiktok", "/v2/post/publish/video/init/", json=body)
    if started.status_code != 200:
        return started
    headers = {"content-range": f"bytes 0-{size - 1}/{size}"}
    return client.http.put(started.json()["data"]["upload_url"], data=MP4, headers=headers, timeout=10)


def youtube(client: Client, text: str) -> requests.Response:
    body, params = {"snippet": {"title": text}}, {"uploadType": "resumable", "part": "snippet"}
    started = client.call("POST", "youtube", "/upload/youtube/v3/videos", json=body, params=params)
    if started.status_code != 200:
        return started
    return client.http.put(started.headers["location"], data=MP4 + bytes([next(_numbers)]), timeout=10)


SENDERS: dict[str, Send] = {
    send.__name__: send for send in (x, facebook, threads, telegram, bluesky, mastodon, tiktok, youtube)
}
every_platform = pytest.mark.parametrize("name", SENDERS)


def test_no_platform_is_forgotten_here() -> None:
    assert {*SENDERS, "instagram"} == set(PLATFORMS), "Instagram's create needs a picture: test_instagram"


@every_platform
@pytest.mark.parametrize(("kind", "kept"), [("lost_answer", 1), ("reset", 0)])
def test_the_connection_closes_without_an_answer(client: Client, name: str, kind: str, kept: int) -> None:
    client.fault(name, kind, count=1, operation="create")
    with pytest.raises(requests.ConnectionError):
        SENDERS[name](client, "Halo")
    assert len(client.posts(platform=name)) == kept


@every_platform
@pytest.mark.parametrize("kind", ["http_503_html", "http_502_html", "empty_200"])
@pytest.mark.parametrize("committed", [True, False])
def test_a_broken_answer_hides_what_happened(client: Client, name: str, kind: str, committed: bool) -> None:
    client.fault(name, kind, count=1, committed=committed)
    answer = SENDERS[name](client, "Halo")
    assert answer.status_code == int(kind[5:8] if kind.startswith("http") else 200)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(client.posts(platform=name)) == committed


@every_platform
def test_a_limited_account_stays_limited_until_the_fault_goes(client: Client, name: str) -> None:
    fault = client.fault(name, "rate_limited", count=1, seconds=600, account=HANDLE)
    refused = [SENDERS[name](client, "Halo").status_code for _ in range(2)]
    assert set(refused) <= {429, 403}
    assert client.posts() == []
    other = Client(client.base, client.http, handle="ppk_lain")
    assert SENDERS[name](other, "Halo").status_code < 300
    client.http.delete(f"{client.base}/_sim/faults/{fault['id']}", timeout=5)
    assert SENDERS[name](client, "Halo").status_code < 300


@every_platform
def test_a_dead_token_publishes_nothing(client: Client, name: str) -> None:
    client.fault(name, "token_dead", account=HANDLE)
    assert SENDERS[name](client, "Halo").status_code in (400, 401)
    assert client.posts() == []
    stranger = client.call("GET", name, next(iter(paths(name))), headers={"authorization": "Bearer salah"})
    assert stranger.status_code in (400, 401)


def paths(name: str) -> list[str]:
    """A read of the platform that needs a token."""
    return {
        "x": ["/2/users/me"], "facebook": ["/v26.0/me"], "threads": ["/v1.0/me"], "telegram": ["/bot1:salah/getMe"],
        "bluesky": ["/xrpc/com.atproto.server.getSession"], "mastodon": ["/api/v1/accounts/verify_credentials"],
        "tiktok": ["/v2/user/info/?fields=open_id"], "youtube": ["/youtube/v3/channels?mine=true&part=id"],
    }[name]  # fmt: skip


@every_platform
def test_the_wall_shows_a_card_and_a_removed_post_is_gone(client: Client, name: str) -> None:
    SENDERS[name](client, "Kartu di dinding")
    wall = f"{client.base}/_sim/wall?platform={name}"
    page = client.http.get(wall, timeout=5).text
    assert "Kartu di dinding" in page
    assert f"<span>{PLATFORMS[name].title}</span>" in page
    assert ("<video " in page) is (name in ("tiktok", "youtube"))
    (shown,) = client.posts()
    for digest in shown["media"]:
        kept = client.http.get(f"{client.base}/_sim/media/{digest}", timeout=5)
        assert kept.headers["content-type"] == "video/mp4"
    client.fault(name, "post_deleted", remote_id=shown["remote_id"])
    assert "Kartu di dinding" not in client.http.get(wall, timeout=5).text


def test_mounted_under_a_path_every_platform_hands_out_addresses_that_work(tmp_path: Path) -> None:
    simulator = create_simulator(tmp_path)
    outer = Starlette(routes=[Mount("/simulator", simulator)])
    outer.state.world = simulator.state.world
    with serve(tmp_path, app=outer) as base, requests.Session() as http:
        client = Client(f"{base}/simulator", http)
        for name, send in SENDERS.items():
            assert send(client, f"Dari {name}").status_code < 300
        assert {post["platform"] for post in client.posts()} == set(SENDERS)
        body = {"identifier": HANDLE, "password": practice_token("bluesky", HANDLE)}
        opened = client.call("POST", "bluesky", "/xrpc/com.atproto.server.createSession", json=body).json()
        assert opened["didDoc"]["service"][0]["serviceEndpoint"] == f"{client.base}/bluesky"


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_practice_token_opens_its_own_platform_alone(name: str) -> None:
    account = read_token(name, practice_token(name, HANDLE))
    assert account is not None
    assert account.id == account_id(name, HANDLE)
    assert all(read_token(other, practice_token(name, HANDLE)) is None for other in PLATFORMS if other != name)
    assert len({account_id(platform, HANDLE) for platform in PLATFORMS}) == len(PLATFORMS)
