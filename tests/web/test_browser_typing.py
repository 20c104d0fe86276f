"""What is typed on a phone is not lost, not shown to the next person, and not sent twice."""

from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser

from app.bootstrap import Kentongan
from tests.support.cast import Cast
from tests.web import test_browser
from tests.web.conftest import a_post, session_of

opened = test_browser.opened
address, chromium = test_browser.address, test_browser.chromium

pytestmark = test_browser.pytestmark


async def test_an_unfinished_text_is_offered_to_its_writer_alone(
    house: Kentongan, cast: Cast, address: str, chromium: Browser
) -> None:
    form = f"/tulis?unit={cast.cilendek.id}&templat=bebas"
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360)
    page = await context.new_page()
    await page.goto(form)
    await page.get_by_label("Teks", exact=True).fill("Posko pindah ke balai RW.")
    await page.get_by_text("Isian Anda tersimpan di perangkat ini.").wait_for()
    await page.goto(form)
    await page.get_by_role("button", name="Pulihkan").click()
    assert await page.get_by_label("Teks", exact=True).input_value() == "Posko pindah ke balai RW."
    await context.add_cookies([{"name": "ktg_session", "value": await session_of(house, cast.budi), "url": address}])
    await page.goto(form)
    assert not await page.get_by_role("button", name="Pulihkan").is_visible()
    await context.add_cookies([{"name": "ktg_session", "value": await session_of(house, cast.sari), "url": address}])
    await page.goto("/lainnya")
    await page.get_by_role("button", name="Keluar").click()
    await page.get_by_text("Anda sudah keluar.").wait_for()
    assert await page.evaluate("Object.keys(localStorage)") == []
    await context.close()


async def test_a_dead_network_and_an_ended_session_cost_no_text(
    house: Kentongan, cast: Cast, address: str, chromium: Browser
) -> None:
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360)
    page = await context.new_page()
    await page.goto(f"/tulis?unit={cast.cilendek.id}&templat=bebas")
    await context.set_offline(True)
    await page.get_by_label("Teks", exact=True).fill("Posko buka.")
    await page.get_by_role("button", name="Jadwalkan").click()
    await page.get_by_text("Tidak ada jaringan.").wait_for()
    await context.set_offline(False)
    await context.clear_cookies()
    await page.get_by_role("button", name="Jadwalkan").click()
    await page.get_by_text("Sesi Anda sudah berakhir").first.wait_for()
    assert await page.get_by_label("Teks Anda").input_value() == "Posko buka."
    assert "next=%2Ftulis%3Funit" in (await page.get_by_role("link", name="Masuk lagi").get_attribute("href") or "")
    await context.close()


async def test_a_saved_text_is_not_offered_again(house: Kentongan, cast: Cast, address: str, chromium: Browser) -> None:
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360)
    page = await context.new_page()
    await page.goto(f"/tulis?unit={cast.cilendek.id}&templat=bebas")
    await page.get_by_label("Teks", exact=True).fill("Posko buka.")
    await page.get_by_role("button", name="Jadwalkan").click()
    await page.get_by_text("Diajukan untuk ditinjau.").wait_for()
    assert await page.evaluate("Object.keys(localStorage)") == []
    await context.close()


async def test_a_photo_is_made_small_before_it_travels(
    house: Kentongan, cast: Cast, address: str, chromium: Browser, tmp_path: Path
) -> None:
    data = BytesIO()
    Image.effect_noise((3000, 1500), 90).convert("RGB").save(data, "JPEG", quality=98)
    (tmp_path / "foto.jpg").write_bytes(data.getvalue())
    context = await opened(chromium, address, await session_of(house, cast.sari), width=360)
    page = await context.new_page()
    await page.goto(f"/tulis?unit={cast.cilendek.id}&templat=bebas")
    await page.get_by_text("Lampirkan foto atau video").click()
    await page.get_by_label("Foto atau video baru").set_input_files(tmp_path / "foto.jpg")
    await page.get_by_text("Foto dikecilkan menjadi").wait_for()
    size = "async () => { const b = await createImageBitmap(document.getElementById('foto').files[0]); return [b.width, b.height]; }"
    assert await page.evaluate(size) == [2048, 1024]
    await context.close()


async def test_a_second_tap_is_not_sent(house: Kentongan, cast: Cast, address: str, chromium: Browser) -> None:
    await a_post(house, cast)
    context = await opened(chromium, address, await session_of(house, cast.sari))
    page, sent = await context.new_page(), []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await page.goto("/antrean?tab=terjadwal")
    await page.get_by_role("button", name="Batalkan").first.dblclick()
    await page.get_by_text("Dibatalkan oleh Sari.").wait_for()
    assert len(sent) == 1
    await context.close()
