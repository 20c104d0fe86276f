"""Webhooks of platforms: twice, out of order, forged; all they can do is make us ask sooner."""

import hashlib
import hmac
import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col

from app.bootstrap import Kentongan
from app.channels.models import Channel
from app.main import create_app
from app.places import PRACTICE_APP
from app.platforms import news
from app.platforms.news import News
from app.posts.models import Post
from app.publishing.models import Delivery
from simulator.accounts import account_id
from tests.conftest import NOW
from tests.support.cast import Cast, id_of, make_cast
from tests.support.client import NOWHERE
from tests.support.house import moved, open_house, serving, serving_simulator, settings_for, ticking_from
from tests.support.wait import wait_until

HANDLE = "pps.cilendek"


@dataclass
class Town:
    """The simulator tells a real web process; `house` looks into the same database."""

    house: Kentongan
    simulator: str
    web: str
    cast: Cast

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, f"{self.simulator}{path}", timeout=5, allow_redirects=False, **more)

    def knock(self, method: str, platform: str, **more: Any) -> requests.Response:
        """At the live door."""
        return requests.request(method, f"{self.web}/panggilan/{platform}", timeout=5, **more)

    def subscribe(self, platform: str, secret: str = PRACTICE_APP.secret) -> None:
        order = {"platform": platform, "url": f"{self.web}/panggilan/{platform}/latihan", "secret": secret}
        assert self.ask("POST", "/_sim/news", json=order).status_code == 204

    def fault(self, platform: str, kind: str, **more: object) -> None:
        assert self.ask("POST", "/_sim/faults", json={"platform": platform, "kind": kind, **more}).status_code == 201

    def told(self, platform: str) -> dict[int, int]:
        """How often the web process answered what."""
        found = self.ask("GET", f"/_sim/requests?platform={platform}").json()
        return {each["status"]: each["count"] for each in found if each["endpoint"] == "news"}

    async def channel(self, platform: str) -> int:
        owner = id_of(self.cast.cilendek)
        row = await self.house.channels.add(
            self.cast.rina, unit_id=owner, platform=platform, environment="practice", handle=HANDLE
        )
        async with self.house.db.write() as session:
            number = account_id(platform, HANDLE)
            await session.run(update(Channel).where(col(Channel.id) == row.id).values(account_id=number, check_at=None))
        return row.id or 0

    async def is_asked(self, delivery: int) -> bool:
        async with self.house.db.read() as session:
            found = await session.get(Delivery, delivery)
        assert found is not None
        return found.metrics_at is not None


@pytest.fixture
async def town(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Town]:
    shutil.copy(sqlite_template, tmp_path / "k.db")
    clock = ticking_from(NOW)
    with serving_simulator(tmp_path / "sim", clock=clock) as simulator:
        settings = moved(
            settings_for(tmp_path, f"sqlite:///{tmp_path}/k.db"), simulator_url=simulator, clock=clock, meta_verify_token="kata", log_level="ERROR"
        )  # fmt: skip
        with serving(lambda _address: create_app(settings, redis_url=NOWHERE)) as web:
            async with open_house(settings, clock) as house:
                yield Town(house, simulator, web, await make_cast(house.db, NOW))


async def _published(town: Town) -> tuple[int, str]:
    """A post on the page and the delivery that is known to be it; its numbers are not due again."""
    channel = await town.channel("facebook")
    token = {"access_token": f"sim_facebook_{HANDLE}"}
    page = account_id("facebook", HANDLE)
    made = town.ask("POST", f"/facebook/v26.0/{page}/feed", data={"message": "Posko buka.", **token}).json()
    owner = id_of(town.cast.cilendek)
    async with town.house.db.write() as session:
        post = Post(unit_id=owner, state="done", created_at=NOW, updated_at=NOW)
        session.add(post)
        await session.flush()
        row = Delivery(
            post_id=post.id or 0, channel_id=channel, unit_id=owner, platform="facebook", environment="practice",
            lane="practice:facebook", state="published", due_at=NOW, published_at=NOW, remote_id=made["id"],
            valid_until=NOW + timedelta(days=1),
        )  # fmt: skip
        session.add(row)
        await session.flush()
        return row.id or 0, made["id"]


async def test_a_deleted_post_is_asked_about_once_although_it_is_told_twice_and_late(town: Town) -> None:
    delivery, remote_id = await _published(town)
    town.subscribe("facebook")
    town.fault("facebook", "news_twice", count=1)
    town.fault("facebook", "news_disordered", count=1)
    edit = {"message": "Posko buka besok.", "access_token": f"sim_facebook_{HANDLE}"}
    assert town.ask("POST", f"/facebook/v26.0/{remote_id}", data=edit).status_code in (200, 400)
    town.fault("facebook", "post_deleted", remote_id=remote_id)
    await wait_until(lambda: sum(town.told("facebook").values()) >= 2, "the web process was told")
    assert set(town.told("facebook")) == {200}
    assert await town.is_asked(delivery)


async def test_a_forged_one_changes_nothing(town: Town) -> None:
    delivery, remote_id = await _published(town)
    town.subscribe("facebook")
    town.fault("facebook", "news_forged")
    town.fault("facebook", "post_deleted", remote_id=remote_id)
    await wait_until(lambda: town.told("facebook"), "the web process was told")
    assert town.told("facebook") == {401: 1}
    assert not await town.is_asked(delivery)
    assert town.knock("POST", "facebook", data=b"{}").status_code == 404  # no Meta app is set up here


async def test_meta_is_greeted_with_its_own_challenge(town: Town) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    right = town.knock("GET", "facebook", params={**asked, "hub.verify_token": "kata"})
    assert (right.status_code, right.text) == (200, "1158201444")
    assert town.knock("GET", "facebook", params={**asked, "hub.verify_token": "bukan"}).status_code == 401
    assert town.knock("GET", "tiktok", params={**asked, "hub.verify_token": "kata"}).status_code == 404


async def test_a_consent_taken_back_has_its_account_checked_soon(town: Town) -> None:
    channel = await town.channel("tiktok")
    town.subscribe("tiktok")
    query = {
        "client_key": "k",
        "redirect_uri": "http://kami/kembali",
        "response_type": "code",
        "scope": "a",
        "state": "s",
    }
    form = {"answer": "allow", "handle": HANDLE, "scope": "a"}
    back = town.ask("POST", "/tiktok/v2/auth/authorize/", params=query, data=form).headers["location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    order = {"client_key": "k", "code": code, "redirect_uri": query["redirect_uri"], "grant_type": "authorization_code"}
    token = town.ask("POST", "/tiktok/v2/oauth/token/", data=order).json()["access_token"]
    assert town.ask("POST", "/tiktok/v2/oauth/revoke/", data={"token": token}).status_code == 200

    async def is_to_be_checked() -> bool:
        async with town.house.db.read() as session:
            found = await session.get(Channel, channel)
        return found is not None and found.check_at is not None

    await wait_until(is_to_be_checked, "the account is to be checked")


def sign_meta(secret: str, body: bytes) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def sign_tiktok(secret: str, body: bytes) -> dict[str, str]:
    signature = hmac.new(secret.encode(), b"1700000000." + body, hashlib.sha256).hexdigest()
    return {"tiktok-signature": f"t=1700000000,s={signature}"}


@pytest.mark.parametrize(("platform", "sign"), [("facebook", sign_meta), ("tiktok", sign_tiktok)])
@given(body=st.binary(max_size=60), other=st.binary(max_size=60))
def test_only_what_is_signed_with_our_secret_is_genuine(
    platform: str, sign: Callable[[str, bytes], dict[str, str]], body: bytes, other: bytes
) -> None:
    assert news.is_genuine(platform, "rahasia", body, sign("rahasia", body))
    assert not news.is_genuine(platform, "rahasia", body, sign("lain", body))
    assert not news.is_genuine(platform, "", body, sign("", body))
    assert not news.is_genuine(platform, "rahasia", body, {})
    if body != other:
        assert not news.is_genuine(platform, "rahasia", other, sign("rahasia", body))
    assert news.read(platform, other) == []


def test_what_is_told_of_posts_and_accounts_is_read_and_the_rest_left() -> None:
    value = {"item": "status", "verb": "remove", "post_id": "1_2"}
    liked = {"item": "reaction", "verb": "add", "post_id": "1_2"}
    changes = [{"field": "feed", "value": each} for each in (value, liked, value, "aneh")]
    meta = {"object": "page", "entry": [{"id": "1", "changes": changes}, "aneh", {"id": "3"}]}
    assert news.read("facebook", json.dumps(meta).encode()) == [News("1", "1_2")]
    content = json.dumps({"publish_id": "v_pub~1", "post_id": 7400000000000000001})
    out = {"event": "post.publish.publicly_available", "user_openid": "-000a", "content": content}
    assert news.read("tiktok", json.dumps(out).encode()) == [
        News("-000a", "v_pub~1"),
        News("-000a", "7400000000000000001"),
    ]
    ended = {"event": "authorization.removed", "user_openid": "-000a", "content": '{"reason":1}'}
    assert news.read("tiktok", json.dumps(ended).encode()) == [News("-000a")]
