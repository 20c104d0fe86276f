"""What only a browser can show: a post dragged to another day, and a photo that arrives although the network dies in between."""

from pathlib import Path

from fastapi import FastAPI
from PIL import Image
from playwright.async_api import Browser, Route

from app.api import uploads
from app.bootstrap import Kentongan
from app.main import API
from tests.support.cast import Cast
from tests.web import test_browser
from tests.web.conftest import a_post, session_of

opened = test_browser.opened
address, chromium = test_browser.address, test_browser.chromium

pytestmark = test_browser.pytestmark


async def test_a_post_is_dragged_and_taken_back(house: Kentongan, cast: Cast, address: str, chromium: Browser) -> None:
    post = await a_post(house, cast)
    context = await opened(chromium, address, await session_of(house, cast.sari))
    page = await context.new_page()
    await page.goto("/kalender?tampil=pekan")
    assert await test_browser.findings(page) == []
    held = page.locator(f'a.post[href="/unggahan/{post.id}"]')
    await held.drag_to(page.locator('td[data-k="2024-11-02 10"]'))
    await page.get_by_text("Unggahan dipindah.").wait_for()
    assert await page.locator('td[data-k="2024-11-02 10"] a.post').count() == 1
    await page.get_by_role("button", name="Urungkan pemindahan").click()
    await page.get_by_text("Pemindahan diurungkan.").wait_for()
    assert (await house.posts.get(cast.sari, post.id)).due_at == post.due_at
    await context.close()


async def test_a_post_is_moved_on_a_phone_without_javascript(
    house: Kentongan, cast: Cast, address: str, chromium: Browser
) -> None:
    await a_post(house, cast)
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360, js=False)
    page = await context.new_page()
    await page.goto("/kalender")
    await page.get_by_role("link", name="Pindahkan").click()
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    await page.get_by_label("Tanggal dan jam (WIB)").fill("2024-11-03T09:00")
    await page.get_by_role("button", name="Pindahkan").click()
    await page.get_by_text("Unggahan dipindah.").wait_for()
    await context.close()


async def test_a_photo_arrives_although_the_network_dies_in_between(
    app: FastAPI, house: Kentongan, cast: Cast, address: str, chromium: Browser, tmp_path: Path
) -> None:
    app.include_router(uploads.router, prefix=API)
    photo = tmp_path / "pasar.jpg"
    Image.effect_noise((1400, 1000), 80).convert("RGB").save(photo, quality=95)
    assert photo.stat().st_size > 600_000
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360)
    page, parts = await context.new_page(), []

    async def cut_the_second(route: Route) -> None:
        parts.append(route.request.headers.get("upload-offset", ""))
        await (route.abort("connectionreset") if len(parts) == 2 else route.continue_())

    await page.route(
        "**/api/v1/uploads/*",
        lambda route: cut_the_second(route) if route.request.method == "PATCH" else route.continue_(),
    )
    await page.goto("/pustaka")
    await page.get_by_text("Tambah foto atau video").click()
    await page.locator("#berkas").set_input_files(photo)
    await page.get_by_text("Berkas terunggah.").wait_for()
    assert len(parts) >= 3
    assert parts[1] == parts[2] != "0"
    await page.get_by_label("Teks alternatif, Bahasa Indonesia").fill("Pasar pagi.")
    await page.get_by_role("button", name="Simpan di pustaka").click()
    await page.get_by_text("Tersimpan di pustaka.").wait_for()
    await context.close()
