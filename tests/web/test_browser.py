"""Every page in a real browser: no finding of axe-core, nothing wider than the screen, no blocked script or style."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from app.audit.sealing import seal_pending
from app.bootstrap import Kentongan
from app.content.drafts import Draft
from app.evidence.rules import Sought
from app.posts.broadcasts import BroadcastInput
from app.posts.review_rules import RemarkKind
from app.posts.rules import Timing
from app.publishing.read_store import Filter
from tests.conftest import NOW
from tests.support.cast import Cast
from tests.support.wait import wait_until
from tests.web.conftest import a_post, hand_off, in_review, photo, session_of, set_delivery, template_id

CHROMIUM = os.environ.get("KENTONGAN_TEST_CHROMIUM", "/usr/bin/chromium")
AXE = (Path(__file__).parents[1] / "support" / "axe.min.js").read_text()
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = "async rules => (await axe.run({runOnly: rules})).violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | '))"

SOON = Timing(at=NOW + timedelta(hours=2))
pytestmark = [
    pytest.mark.deep,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no Chromium at {CHROMIUM}; set KENTONGAN_TEST_CHROMIUM"),
]


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", access_log=False))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await wait_until(lambda: server.started, "the server has started")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def opened(
    chromium: Browser, address: str, secret: str | None, *, width: int = 1280, dark: bool = False, js: bool = True
) -> BrowserContext:
    context = await chromium.new_context(
        viewport={"width": width, "height": 780},
        color_scheme="dark" if dark else "light",
        java_script_enabled=js,
        base_url=address,
    )
    if secret:
        await context.add_cookies([{"name": "ktg_session", "value": secret, "url": address}])
    return context


SUNDANESE = Draft(
    "wilujeng", "Wilujeng", ("*",), ("pps",), {("id", "short"): "Halo {{ wilayah }}", ("su", "short"): "Wilujeng {{ wilayah }}"}
)  # fmt: skip


@pytest.fixture
async def paths(house: Kentongan, cast: Cast) -> list[str]:
    """Every page, with something to show."""
    post = await a_post(house, cast)
    stuck, unsure = post.deliveries
    await set_delivery(house, stuck.id, state="stopped", reason="Platform menolak unggahan ini.")
    await set_delivery(house, unsure.id, state="unsure", act_at=None)
    chosen = await template_id(house, cast.rina, "saring-hoaks")
    unit = cast.cilendek.id
    waiting = await in_review(house, cast)
    changed = await in_review(house, cast, "Cek dulu kabar Pilkada sebelum membagikannya.", template_id=chosen)
    task = await hand_off(house, cast)
    await house.discussing.say(cast.budi, waiting.id, "Jamnya berapa?", kind=RemarkKind.QUESTION)
    await house.discussing.hold(cast.budi, changed.id, reason="Menunggu surat.")
    sundanese = await house.templates.add(cast.rina, SUNDANESE)
    await house.notices.spread()
    await house.designs.load()
    design = (await house.designs.list(cast.rina, limit=1)).rows[0].id
    task_media = await photo(house, cast)
    await seal_pending(house.db)
    complaint = await house.complaints.open(cast.dewi, Sought(text="Jam TPS"), [unsure.id])
    return [
        "/riwayat", f"/riwayat?unggahan={post.id}", "/aduan", f"/aduan/{complaint.row.id}",
        "/masuk", "/dasbor", "/antrean", "/antrean?tab=semua", f"/antrean/{unsure.id}", "/tulis", f"/tulis?unit={unit}",
        f"/tulis?unit={unit}&templat={chosen}", f"/tulis?unit={unit}&templat=bebas", f"/unggahan/{post.id}", "/siaran", "/siaran/baru",
        f"/siaran/baru?templat={chosen}", "/tidak-ada", "/lainnya", "/kabar", "/kabar/pengaturan", "/tinjau", f"/tinjau/{waiting.id}",
        f"/tinjau/{changed.id}", "/akun", "/akun/baru", "/akun/baru?platform=facebook", "/akun/baru?platform=whatsapp", f"/akun/{task.channel_id}", "/tugas", "/tahapan",
        "/tahapan/1", "/laporan?jenis=practice", "/laporan/angka?kelompok=unit&ukuran=reach", "/laporan/kepatuhan", "/kegiatan", "/kegiatan/baru", "/unit", f"/unit/{unit}", "/orang", "/kalender",
        "/impor", "/pustaka", f"/pustaka/{task_media}", f"/unggahan/{post.id}/ubah", f"/unggahan/{post.id}/gandakan",
        "/poster", f"/poster/{design}",
        f"/unggahan/{waiting.id}", f"/unggahan/{changed.id}", "/tahapan/impor", f"/templat/{sundanese.id}/bahasa/su",
        f"/tulis?unit={unit}&templat={sundanese.id}", "/templat", f"/templat/{sundanese.id}", "/tahapan/baru", "/pemilihan",
    ]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_every_page_is_open_to_everybody(
    house: Kentongan, cast: Cast, address: str, chromium: Browser, paths: list[str], width: int, dark: bool
) -> None:
    context = await opened(chromium, address, await session_of(house, cast.rina), width=width, dark=dark)
    page, found = await context.new_page(), []
    page.on(
        "console",
        lambda message: found.append(f"console: {message.text}") if "Security Policy" in message.text else None,
    )
    for path in paths:
        await page.goto(path, wait_until="load")
        found += [f"{path} {finding}" for finding in await findings(page)]
    await context.close()
    assert found == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_a_units_first_page_is_open_to_everybody(
    house: Kentongan, cast: Cast, address: str, chromium: Browser, dark: bool
) -> None:
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360, dark=dark)
    page = await context.new_page()
    await page.goto("/dasbor", wait_until="load")
    assert await findings(page) == []
    await context.close()


async def test_the_door_is_open_to_everybody(address: str, chromium: Browser, cast: Cast) -> None:
    page = await (await opened(chromium, address, None, width=360)).new_page()
    for path in ("/masuk", "/masuk/tidak-dikenal", "/luring"):
        await page.goto(path)
        assert await findings(page) == []


WIDEST = """[...document.querySelectorAll('main *')]
  .filter((one) => !one.closest('.scroll, .tabs') && one.getBoundingClientRect().right > innerWidth)
  .map((one) => one.outerHTML.slice(0, 80)).slice(0, 3).join(' | ')"""
"""The outermost elements that reach beyond the screen's edge."""


async def findings(page: Page) -> list[str]:
    await page.evaluate(AXE)
    found: list[str] = await page.evaluate(CHECK, RULES)
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"wider than the screen: {await page.evaluate(WIDEST)}")
    return found


async def test_the_preview_follows_what_is_typed(house: Kentongan, cast: Cast, address: str, chromium: Browser) -> None:
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360)
    page = await context.new_page()
    await page.goto(f"/tulis?unit={cast.cilendek.id}&templat=bebas")
    await page.get_by_label("Teks", exact=True).fill("a" * 281)
    await page.get_by_text("Kelebihan 1 karakter").wait_for()
    await page.get_by_label("Teks", exact=True).fill("Ayo cek nama Anda.")
    await page.get_by_text("18 dari 280").wait_for()
    await page.get_by_role("button", name="Jadwalkan").click()
    await page.get_by_text("Diajukan untuk ditinjau.").wait_for()
    await context.close()


async def test_a_card_answers_in_its_place(house: Kentongan, cast: Cast, address: str, chromium: Browser) -> None:
    await a_post(house, cast)
    context = await opened(chromium, address, await session_of(house, cast.sari))
    page = await context.new_page()
    await page.goto("/antrean?tab=terjadwal")
    await page.get_by_role("button", name="Batalkan").first.click()
    await page.get_by_text("Dibatalkan oleh Sari.").wait_for()
    assert await page.get_by_role("article").count() == 2
    await context.close()


async def test_a_broadcast_is_made_and_watched_without_javascript(
    house: Kentongan, cast: Cast, address: str, chromium: Browser
) -> None:
    context = await opened(chromium, address, await session_of(house, cast.dewi), js=False)
    page = await context.new_page()
    await page.goto("/siaran")
    await page.get_by_role("link", name="Buat siaran").click()
    await page.get_by_role("link", name="Saring sebelum sebar").click()
    await page.get_by_label("Instagram").uncheck()
    await page.get_by_label("Tanggal dan jam (WIB)").fill("2024-11-05T09:00")
    await page.get_by_role("button", name="Periksa dulu").click()
    await page.get_by_role("button", name="Siarkan ke 4 unit").click()
    await page.get_by_text("0 dari 8 kiriman selesai").wait_for()
    await context.close()


async def test_a_task_is_copied_and_marked_done(house: Kentongan, cast: Cast, address: str, chromium: Browser) -> None:
    task = await hand_off(house, cast)
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360)
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page = await context.new_page()
    await page.goto("/tugas")
    await page.get_by_role("button", name="Salin teks").click()
    await page.get_by_text("Tersalin").wait_for()
    assert await page.evaluate("navigator.clipboard.readText()") == task.text
    await page.get_by_label("Alamat unggahan").fill("https://instagram.com/p/abc")
    await page.get_by_role("button", name="Tandai sudah terbit").click()
    await page.get_by_text("Tidak ada tugas.").wait_for()
    await context.close()


async def test_a_review_goes_on_without_javascript(
    house: Kentongan, cast: Cast, address: str, chromium: Browser
) -> None:
    for n in (1, 2):
        await in_review(house, cast, f"Posko {n} buka besok.")
    context = await opened(chromium, address, await session_of(house, cast.budi), width=360, js=False)
    page = await context.new_page()
    await page.goto("/tinjau")
    await page.get_by_role("link", name="Teks sendiri").first.click()
    await page.get_by_role("button", name="Setujui").click()
    await page.get_by_text("Unggahan disetujui.").wait_for()
    await page.get_by_text("Tolak, minta perbaikan").click()
    await page.get_by_label("Alasan", exact=True).fill("Jamnya belum ada.")
    await page.get_by_role("button", name="Tolak unggahan").click()
    await page.get_by_text("Tidak ada lagi yang menunggu tinjauan Anda.").wait_for()
    await context.close()


async def test_a_broadcast_moves_by_itself_and_asks_nothing_twice(
    house: Kentongan, cast: Cast, address: str, chromium: Browser
) -> None:
    post = await a_post(house, cast)
    chosen = await template_id(house, cast.rina, "saring-hoaks")
    wanted = BroadcastInput(chosen, kinds=("pps",), under=None, unit_ids=None, platforms=("x",), timing=SOON)
    view = await house.broadcasts.create(cast.dewi, wanted)
    context = await opened(chromium, address, await session_of(house, cast.dewi))
    page, asked = await context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"/siaran/{view.id}")
    await page.get_by_text("Angka ini bergerak sendiri.").wait_for()
    mine = [d for d in (await house.publishing.list(cast.dewi, Filter(), limit=20)).rows if d.post_id != post.id]
    await set_delivery(house, mine[0].id, state="published")
    await page.get_by_text(f"1 dari {view.deliveries} kiriman selesai").wait_for()
    assert len([url for url in asked if url.endswith(f"/siaran/{view.id}")]) == 1
    await context.close()


async def test_without_network_a_page_says_so_and_the_phone_may_install(
    house: Kentongan, cast: Cast, address: str, chromium: Browser
) -> None:
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360)
    page = await context.new_page()
    await page.goto("/dasbor")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    icons = "async () => (await (await fetch(document.querySelector('link[rel=manifest]').href)).json()).icons.map((one) => one.src)"
    for icon in set(await page.evaluate(icons)):
        assert (await page.request.get(icon)).ok
    await page.reload()
    await context.set_offline(True)
    await page.goto("/antrean")
    await page.get_by_role("heading", name="Tidak ada jaringan").wait_for()
    assert await findings(page) == []
    await context.close()
