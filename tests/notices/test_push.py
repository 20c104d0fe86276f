"""Web Push through a push service on loopback, read with the browser's own key as a browser would."""

import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import http_ece
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.kit.errors import BadInput, NotFound
from app.kit.http import SafeClient
from app.notices.push import Push
from app.notices.rules import QuietHours, read_quiet
from app.notices.service import NoticesService
from app.platforms.contract import Refused
from tests.conftest import NOW
from tests.notices.conftest import Place


def plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Phone:
    """A browser's end of a subscription, and the push service it lies behind."""

    status: int = 201
    port: int = 0
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.status < 300:
            said = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
            self.heard.append(json.loads(said))
            self.headers.append(dict(request.headers))
        return web.Response(status=self.status)

    @property
    def p256dh(self) -> str:
        form = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return plain(self.key.public_key().public_bytes(*form))

    async def join(self, push: Push, place: Place, who: str = "sari") -> int:
        return await push.add(
            getattr(place.cast, who), endpoint=f"http://127.0.0.1:{self.port}/p/1", p256dh=self.p256dh, auth=plain(self.auth), name="Android"
        )  # fmt: skip


@asynccontextmanager
async def phone() -> AsyncIterator[Phone]:
    found = Phone()
    app = web.Application()
    app.router.add_post("/p/{n}", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    yield found
    await runner.cleanup()


@pytest.fixture
async def push(place: Place) -> AsyncIterator[Push]:
    client = SafeClient(allow_private=True)
    yield Push(place.house.db, place.house.seal, lambda: NOW, client, "https://kentongan.test")
    await client.close()


def service(place: Place, push: Push, moment: datetime = NOW) -> NoticesService:
    found = place.at(moment)
    found.push = push
    return found


async def fail(place: Place) -> None:
    await place.post()
    await place.fail("x", Refused("Teks terlalu panjang."))


async def test_a_failure_is_shown_on_the_phone_of_whom_it_concerns(place: Place, push: Push) -> None:
    async with phone() as sari:
        await sari.join(push, place)
        await fail(place)
        notices = service(place, push)
        await notices.spread()
        assert await notices.send_waiting() == 1
    (said,) = sari.heard
    assert said["title"].endswith("Unggahan PPS Cilendek Barat ditolak X")
    assert said["link"].startswith("/antrean/")
    assert sari.headers[0]["Authorization"].startswith("vapid t=")
    assert push.public_key in sari.headers[0]["Authorization"]


async def test_a_browser_that_is_gone_is_forgotten(place: Place, push: Push) -> None:
    async with phone() as sari:
        await sari.join(push, place)
        sari.status = 410
        await fail(place)
        notices = service(place, push)
        await notices.spread()
        await notices.send_waiting()
    assert await push.devices(place.cast.sari) == []
    assert [row.state for row in await place.sendings()] == ["failed"]


async def test_quiet_hours_hold_the_phone_and_nothing_else(place: Place, push: Push) -> None:
    async with phone() as sari:
        await sari.join(push, place)
        notices = service(place, push)
        start, end = f"{NOW.astimezone(UTC):%H:%M}", "23:59"
        await notices.set_preferences(place.cast.sari, mail=False, telegram=False, quiet=(start, end), zone="UTC")
        await fail(place)
        await notices.spread()
        assert await notices.send_waiting() == 0
        assert await notices.unread_count(place.cast.sari) == 1
    (waiting,) = await place.sendings()
    assert waiting.act_at == NOW.replace(hour=23, minute=59, second=0, microsecond=0)


async def test_a_device_belongs_to_who_holds_it_now(place: Place, push: Push) -> None:
    async with phone() as lent:
        device = await lent.join(push, place)
        await lent.join(push, place, "budi")
    assert await push.devices(place.cast.sari) == []
    with pytest.raises(NotFound):
        await push.remove(place.cast.sari, device)
    await push.remove(place.cast.budi, device)


async def test_an_address_inside_our_network_and_a_broken_key_are_refused(place: Place, push: Push) -> None:
    strict = Push(place.house.db, place.house.seal, lambda: NOW, SafeClient(), "https://kentongan.test")
    for tried, endpoint, key in (
        (strict, "https://127.0.0.1/p/1", Phone().p256dh),
        (push, "http://127.0.0.1:9/p", "!"),
    ):
        with pytest.raises(BadInput):
            await tried.add(place.cast.sari, endpoint=endpoint, p256dh=key, auth=plain(bytes(16)), name="x")


@pytest.mark.parametrize(
    ("at", "until"),
    [("23:00", "05:00"), ("04:59", "05:00"), ("05:00", None), ("21:59", None)],
)
def test_quiet_hours_reach_over_midnight(at: str, until: str | None) -> None:
    zone = ZoneInfo("Asia/Jakarta")
    found = QuietHours(time(22), time(5), zone.key).until(datetime.combine(NOW.date(), time.fromisoformat(at), zone))
    assert (f"{found:%H:%M}" if found else None) == until


@pytest.mark.parametrize(
    ("starts", "ends"), [("22:00", ""), ("", "05:00"), ("22:00", "22:00"), ("24:00", "05:00"), ("7", "8")]
)
def test_half_an_answer_about_quiet_hours_is_refused(starts: str, ends: str) -> None:
    with pytest.raises(BadInput):
        read_quiet(starts, ends, "Asia/Jakarta")
