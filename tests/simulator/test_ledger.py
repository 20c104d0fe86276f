"""The ledger survives, judges, counts, and shows itself on a wall; a burst does not lose a post."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
import requests
from starlette.applications import Starlette
from starlette.routing import Mount

from simulator.accounts import account_id, practice_token, read_token
from simulator.clock import read_clock
from simulator.main import create_simulator
from simulator.metrics import counts_at
from simulator.platforms import PLATFORMS
from tests.simulator.conftest import HANDLE, Client, StartServer, serve


def test_the_ledger_survives_a_restart(start: StartServer) -> None:
    with requests.Session() as http:
        with start() as base:
            Client(base, http).x("POST", "/2/tweets", json={"text": "Sebelum"})
        with start() as base:
            client = Client(base, http)
            client.facebook("POST", "/me/feed", data={"message": "Sesudah"})
            assert [post["text"] for post in client.posts()] == ["Sebelum", "Sesudah"]
            assert [post["text"] for post in client.posts(platform="x", account=HANDLE)] == ["Sebelum"]
            assert client.posts(account="orang_lain") == []


def test_reset_forgets_posts_faults_and_counters(client: Client) -> None:
    client.x("POST", "/2/tweets", json={"text": "Lupakan"})
    assert client.control("/requests", platform="x") == [
        {"platform": "x", "endpoint": "POST /2/tweets", "status": 201, "count": 1}
    ]
    client.http.post(f"{client.base}/_sim/reset", timeout=5)
    assert [client.control(path) for path in ("/posts", "/faults", "/requests")] == [[], [], []]


async def test_three_hundred_at_once_are_all_kept(start: StartServer) -> None:
    with start() as base:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def send(number: int) -> int:
                headers = {"authorization": f"Bearer {practice_token('x', f'pps_{number}')}"}
                body = {"text": f"Kelurahan {number}, cek kpu.go.id"}
                async with session.post(f"{base}/x/2/tweets", json=body, headers=headers) as answer:
                    return answer.status

            assert set(await asyncio.gather(*map(send, range(300)))) == {201}
            async with session.get(f"{base}/_sim/posts") as answer:
                posts = await answer.json()
    assert len({post["remote_id"] for post in posts}) == 300


def test_two_servers_share_one_ledger(client: Client, start: StartServer) -> None:
    with start() as base:
        second = Client(base, client.http)
        assert client.x("POST", "/2/tweets", json={"text": "Sama"}).status_code == 201
        assert second.x("POST", "/2/tweets", json={"text": "Sama"}).status_code == 403
        client.fault("facebook", "reset", count=1)
        with pytest.raises(requests.ConnectionError):
            second.facebook("POST", "/me/feed", data={"message": "Putus"})
        assert client.facebook("POST", "/me/feed", data={"message": "Lewat"}).status_code == 200


def test_the_wall_shows_cards_escapes_text_and_filters(client: Client) -> None:
    client.x("POST", "/2/tweets", json={"text": "<b>Tebal</b> & resmi"})
    client.facebook("POST", "/me/feed", data={"message": "Di Facebook"})
    page = client.http.get(f"{client.base}/_sim/wall", timeout=5)
    assert "&lt;b&gt;Tebal&lt;/b&gt; &amp; resmi" in page.text
    assert page.text.index("Di Facebook") < page.text.index("Tebal"), "newest first"
    assert "<script" not in page.text
    assert "style=" not in page.text
    only = client.http.get(f"{client.base}/_sim/wall?platform=facebook", timeout=5).text
    assert "Di Facebook" in only
    assert "Tebal" not in only
    style = client.http.get(f"{client.base}/_sim/static/wall.css", timeout=5)
    assert style.headers["content-type"].startswith("text/css")
    assert client.http.get(f"{client.base}/_sim/static/wall.html", timeout=5).status_code == 404


def test_the_wall_shows_two_hundred_and_links_to_the_older(client: Client) -> None:
    for number in range(201):
        client.facebook("POST", "/me/feed", data={"message": f"Nomor {number}."})
    page = client.http.get(f"{client.base}/_sim/wall?account={HANDLE}", timeout=5).text
    assert page.count("<article") == 200
    assert "Nomor 0." not in page
    older = page.split('<a href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Nomor 0." in client.http.get(f"{client.base}/_sim/{older}", timeout=5).text


def test_mounted_under_a_path_everything_still_works(tmp_path: Path) -> None:
    simulator = create_simulator(tmp_path)
    outer = Starlette(routes=[Mount("/simulator", simulator)])
    outer.state.world = simulator.state.world
    with serve(tmp_path, app=outer) as base, requests.Session() as http:
        client = Client(f"{base}/simulator", http)
        client.fault("x", "lost_answer", count=1)
        with pytest.raises(requests.ConnectionError):
            client.x("POST", "/2/tweets", json={"text": "Hilang"})
        assert [post["text"] for post in client.posts()] == ["Hilang"]


def test_an_account_follows_from_its_token_alone() -> None:
    for platform in PLATFORMS:
        account = read_token(platform, practice_token(platform, "ppk.bogor_tengah"))
        assert account is not None
        assert (account.handle, account.id) == ("ppk.bogor_tengah", account_id(platform, "ppk.bogor_tengah"))
    assert account_id("instagram", "a").startswith("1784")
    assert [len(account_id(platform, "a")) for platform in ("x", "facebook", "instagram")] == [15, 15, 17]
    assert read_token("x", "sim_facebook_a") is None


def test_the_clock_reads_offset_and_speed() -> None:
    assert read_clock("since=1000;offset=50;speed=0").now() == 1050
    with pytest.raises(ValueError, match="laju"):
        read_clock("laju=2")
    with pytest.raises(ValueError, match="angka"):
        read_clock("speed=cepat")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_numbers_show_something_after_ten_seconds_and_stay_a_kelurahans(platform: str) -> None:
    week = [counts_at(platform, str(seed), 604_800) for seed in range(300)]
    assert all(counts_at(platform, str(seed), 10).views >= 1 for seed in range(300))
    assert 30 < sorted(count.views for count in week)[150] < 300
    assert all(count.interactions < count.views for count in week if count.views > 20)
    assert all(count.reach <= count.views for count in week)
