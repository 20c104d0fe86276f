"""A passkey from its making to the door, in a real browser with a virtual device; and the pages around it looked over by axe."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser

from app.bootstrap import Kentongan, build
from app.settings import Settings
from tests.support.cast import Cast
from tests.support.house import moved
from tests.support.wait import wait_until
from tests.web.conftest import make_app, session_of
from tests.web.test_browser import AXE, CHECK, CHROMIUM, RULES, chromium, opened

__all__ = ["chromium"]
pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no Chromium at {CHROMIUM}; set KENTONGAN_TEST_CHROMIUM"),
]
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
async def local(web_settings: Settings, house: Kentongan, cast: Cast) -> AsyncIterator[Kentongan]:
    """The house at a name of this machine: a number is none that a key could be bound to."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        at = f"http://localhost:{listener.getsockname()[1]}"
        here = build(moved(web_settings, base_url=at))
        server = uvicorn.Server(uvicorn.Config(make_app(here), log_level="error", lifespan="off", access_log=False))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await wait_until(lambda: server.started, "the server has started")
        yield here
        server.should_exit = True
        await task
        await here.close()


async def test_a_passkey_is_added_and_opens_the_door(chromium: Browser, local: Kentongan, cast: Cast) -> None:
    context = await opened(chromium, local.settings.base_url, await session_of(local, cast.sari))
    page = await context.new_page()
    device = await context.new_cdp_session(page)
    await device.send("WebAuthn.enable")
    await device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    await page.goto("/keamanan")
    await page.get_by_label("Nama kunci sandi").fill("Ponsel Sari")
    await page.get_by_role("button", name="Tambah kunci sandi").click()
    await page.get_by_role("heading", name="Kode pemulihan Anda").wait_for()
    overview = await local.security.overview(cast.sari)
    assert [(one.kind, one.name) for one in overview.factors] == [("passkey", "Ponsel Sari")]
    await context.clear_cookies()
    await page.goto("/masuk?next=/antrean")
    await page.get_by_role("button", name="Masuk dengan kunci sandi").click()
    await page.wait_for_url(f"{local.settings.base_url}/antrean")
    ways = {screen.way for screen in (await local.security.overview(cast.sari)).screens}
    assert "passkey" in ways
    await context.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_the_pages_of_safety_fit_and_read_well(
    chromium: Browser, local: Kentongan, cast: Cast, width: int, dark: bool
) -> None:
    context = await opened(
        chromium, local.settings.base_url, await session_of(local, cast.rina), width=width, dark=dark
    )
    page = await context.new_page()
    for path in ("/keamanan", "/keamanan/buktikan", "/orang"):
        await page.goto(path)
        await _look_over(page, path)
    await page.goto("/keamanan")
    await page.get_by_role("button", name="Pasang aplikasi autentikator").click()
    await page.get_by_label("Enam angka").wait_for()
    await _look_over(page, "qr")
    await context.clear_cookies()
    await page.goto("/masuk")
    await _look_over(page, "/masuk")
    await context.close()


async def _look_over(page: object, where: str) -> None:
    await page.evaluate(AXE)  # type: ignore[attr-defined]
    assert await page.evaluate(CHECK, RULES) == [], where  # type: ignore[attr-defined]
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert await page.evaluate(wide), f"{where} is wider than the screen"  # type: ignore[attr-defined]
