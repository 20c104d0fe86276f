"""Every page of the matrix of roles and routes in a real browser, and what the main ones weigh on the wire."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Browser

from app.bootstrap import Kentongan
from tests.api import test_matrix
from tests.api.matrix import COLUMNS, PAGES
from tests.api.test_matrix import World
from tests.support.cast import Cast
from tests.support.wait import wait_until
from tests.web import test_browser
from tests.web.conftest import a_post, session_of

opened, findings = test_browser.opened, test_browser.findings
address, chromium, paths = test_browser.address, test_browser.chromium, test_browser.paths
world = test_matrix.world

pytestmark = test_browser.pytestmark

NO_PAGES = {
    "GET /healthz", "GET /readyz", "GET /favicon.ico", "GET /static/{name}", "GET /poster/{unit_id}.webp", "GET /manifest.webmanifest",
    "GET /sw.js", "GET /impor/contoh", "GET /impor/unduh", "GET /tahapan/unduh", "GET /siaran/{broadcast_id}/langsung", "GET /api/docs",
}  # fmt: skip
"""Files, streams and machines' answers; the page about the API is the API's own."""
FIRST, REPEATED = 80_000, 8_000
"""Bytes on the wire, headers included: a first visit, and the next one with what the browser kept."""


@pytest.fixture
async def matrix_address(world: World) -> AsyncIterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(world.site.app, log_level="error", lifespan="off", access_log=False))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await wait_until(lambda: server.started, "the server has started")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task


def pages_beside(visited: list[str]) -> list[str]:
    """Pages of the matrix for the KPU's admin that the list of test_browser.py does not visit."""
    here, found = COLUMNS.index("admin KPU"), []
    for route, call in PAGES.items():
        method, _, path = route.partition(" ")
        is_file = bool(re.search(r"\.(jpg|mp4|mov|csv|zip|pdf|ics|json|\{ending\})$", path))
        pattern = re.sub(r"\{\w+\}", r"[^/?]+", path) + r"(\?.*)?"
        is_page = method == "GET" and not is_file and route not in NO_PAGES
        answers = call.expected.replace("|", "").split()[here] == "200"
        if is_page and answers and not any(re.fullmatch(pattern, one) for one in visited):
            found.append(route)
    return found


async def place_of(world: World, route: str) -> str:
    """An address of the route, with something there to show."""
    call = PAGES[route]
    places = str(await world.make(call.made)).split() if call.made else []
    named = re.sub(r"\{\w+\}", lambda _: places.pop(0) if len(places) > 1 else places[0], route.removeprefix("GET "))
    return named + call.query


async def test_no_page_of_the_matrix_is_left_out(
    world: World, matrix_address: str, paths: list[str], chromium: Browser
) -> None:
    """Whatever is added to the matrix is visited here, light on a phone and dark on a desk; no error in the console."""
    context = await opened(chromium, matrix_address, await world.cookie("admin KPU"), width=360)
    page, found = await context.new_page(), []
    page.on("console", lambda said: found.append(f"{page.url} {said.text}") if said.type == "error" else None)
    for route in pages_beside(paths):
        where = await place_of(world, route)
        await page.goto(where, wait_until="load")
        for width, scheme in ((360, "light"), (1280, "dark")):
            await page.set_viewport_size({"width": width, "height": 780})
            await page.emulate_media(color_scheme="light" if scheme == "light" else "dark", reduced_motion="reduce")
            found += [f"{where} {scheme}: {one}" for one in await findings(page)]
    await context.close()
    assert found == []


@pytest.mark.parametrize("path", ["/dasbor", "/kalender", "/antrean", "/tulis?unit={unit}&templat=bebas", "/laporan"])
async def test_a_page_is_light_and_lighter_the_second_time(
    house: Kentongan, cast: Cast, address: str, chromium: Browser, path: str
) -> None:
    await a_post(house, cast)
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360)
    page, came = await context.new_page(), []
    wire = await context.new_cdp_session(page)
    await wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
    weights = []
    for _ in range(2):
        came.clear()
        await page.goto(path.format(unit=cast.cilendek.id), wait_until="networkidle")
        weights.append(int(sum(came)))
    await context.close()
    assert weights[0] <= FIRST, weights
    assert weights[1] <= REPEATED, weights
