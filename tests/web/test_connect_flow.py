"""From "Hubungkan akun" to a joined account in a browser, the platform's own page included."""

import html
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import requests

from app.bootstrap import Kentongan, build
from app.settings import Settings
from tests.support.cast import Cast
from tests.support.house import moved, serving_simulator
from tests.web.conftest import Browse


@pytest.fixture
def simulator(tmp_path: Path, web_settings: Settings) -> Iterator[str]:
    with serving_simulator(tmp_path / "sim", clock=web_settings.clock) as address:
        yield address


@pytest.fixture
async def house(web_settings: Settings, simulator: str, now: datetime) -> AsyncIterator[Kentongan]:
    house = build(moved(web_settings, simulator_url=simulator))
    yield house
    await house.close()


async def begin(browser: httpx2.AsyncClient, cast: Cast, **more: str) -> httpx2.Response:
    form = {"unit": str(cast.cilendek.id), "platform": "facebook", "lingkungan": "practice", **more}
    return await browser.post("/akun/hubungkan", data=form, follow_redirects=True)


def press(page: str, **form: str | list[str]) -> str:
    """The platform's page, as its link leads to it; answers the local address that it sends back to."""
    address = html.unescape(re.findall(r'class="button main" href="(http[^"]+)"', page)[0])
    shown = requests.get(address, timeout=5).text
    scopes = re.findall(r'name="scope" value="([^"]+)"', shown)
    given = {"answer": "allow", "handle": "sari", "pages": "pps.baru pps.lama", "scope": scopes, **form}
    back = urlsplit(requests.post(address, data=given, timeout=5, allow_redirects=False).headers["location"])
    return f"{back.path}?{back.query}"


async def test_a_page_is_joined_by_consent_and_choice(browse: Browse, cast: Cast, house: Kentongan) -> None:
    rina = await browse(cast.rina)
    prepared = (await rina.get(f"/akun/baru?unit={cast.cilendek.id}&platform=facebook")).text
    assert "Siapkan dulu" in prepared
    assert "profil pribadi" in prepared
    assert "KENTONGAN_META_APP_ID dan KENTONGAN_META_APP_SECRET" in prepared
    page = await begin(rina, cast)
    assert "Sekarang ke Facebook" in page.text
    choosing = await rina.get(press(page.text), follow_redirects=True)
    assert "Akun mana yang milik unit?" in choosing.text
    assert "code=" not in str(choosing.url)
    number = re.findall(r'name="akun" value="(\d+)"', choosing.text)[0]
    done = await rina.post(f"{choosing.url.path}/pilih", data={"akun": number}, follow_redirects=True)
    assert "Akun terhubung." in done.text
    assert "Berlaku sampai" in done.text
    assert "sim_facebook" not in done.text


async def test_a_denied_consent_says_why_and_offers_the_way_back(browse: Browse, cast: Cast) -> None:
    rina = await browse(cast.rina)
    page = await begin(rina, cast, platform="x")
    failed = await rina.get(press(page.text, answer="deny"), follow_redirects=True)
    assert "Izin tidak diberikan di halaman X." in failed.text
    assert "tekan Izinkan" in failed.text
    assert "Mulai lagi" in failed.text


async def test_a_strangers_return_and_a_missing_app_are_explained(browse: Browse, cast: Cast) -> None:
    rina = await browse(cast.rina)
    stray = await rina.get("/akun/hubungkan/kembali?state=tidak-dikenal&code=x")
    assert stray.status_code == 409
    assert "Mulai lagi" in stray.text
    live = await begin(rina, cast, lingkungan="live")
    assert live.status_code == 409
    assert "belum disiapkan" in live.text


async def test_a_bot_is_joined_with_its_token(browse: Browse, cast: Cast) -> None:
    rina = await browse(cast.rina)
    wrong = await begin(rina, cast, platform="telegram", nama="@pps.cilendek", rahasia="12345:salah-sekali")
    assert wrong.status_code == 409
    assert "salah-sekali" not in wrong.text
    assert "@BotFather" in wrong.text
    right = await begin(rina, cast, platform="telegram", nama="@pps.cilendek", rahasia="sim_telegram_pps.cilendek")
    assert "Akun terhubung." in right.text
