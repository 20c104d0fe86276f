from collections.abc import AsyncIterator

import httpx2
import pytest

from app.api.deps import SESSION_COOKIE
from app.bootstrap import Kentongan
from app.settings import Settings
from app.web.sessions import COOKIE, local_path
from tests.support.cast import Cast
from tests.web.conftest import Browse, make_app


@pytest.fixture
async def link(house: Kentongan, cast: Cast) -> str:
    return f"/masuk/{await house.people.make_link(cast.sari.user_id, purpose='login', hours=1)}"


@pytest.fixture
async def strict(house: Kentongan, web_settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """A stranger's browser at the same house, run as in production behind HTTPS."""
    house.settings = web_settings.model_copy(update={"environment": "production", "base_url": "https://ktg.test"})
    transport = httpx2.ASGITransport(app=make_app(house))
    async with httpx2.AsyncClient(
        transport=transport, base_url="https://ktg.test", headers={"Accept": "text/html"}
    ) as client:
        yield client


def test_the_api_takes_the_cookie_that_the_pages_set() -> None:
    assert COOKIE == SESSION_COOKIE


async def test_a_printed_demo_link_logs_in_at_once(browse: Browse, link: str) -> None:
    browser = await browse(None)
    answer = await browser.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dasbor")
    assert "Halo, Sari" in (await browser.get("/dasbor")).text


async def test_a_link_preview_does_not_use_up_the_link(strict: httpx2.AsyncClient, link: str) -> None:
    for _ in range(2):
        assert "Masuk sebagai Sari" in (await strict.get(link)).text
    answer = await strict.post(link, data={"next": "/antrean"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/antrean")


async def test_behind_https_the_cookie_is_locked_to_this_host(strict: httpx2.AsyncClient, link: str) -> None:
    cookie = (await strict.post(link)).headers["set-cookie"]
    assert cookie.startswith("__Host-ktg_session=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


async def test_a_used_link_says_what_to_do(browse: Browse, link: str) -> None:
    await (await browse(None)).get(link)
    answer = await (await browse(None)).get(link)
    assert answer.status_code == 401
    assert "sudah dipakai" in answer.text


async def test_logging_in_returns_to_the_page_that_was_asked_for(browse: Browse, link: str) -> None:
    browser = await browse(None)
    door = (await browser.get("/antrean?tab=terbit")).headers["location"]
    assert door == "/masuk?next=%2Fantrean%3Ftab%3Dterbit"
    answer = await browser.get(link, params={"next": "/antrean?tab=terbit"})
    assert answer.headers["location"] == "/antrean?tab=terbit"


@pytest.mark.parametrize(
    "wanted", ["https://jahat.test/", "//jahat.test", "/\\jahat.test", "/\t/jahat.test", "javascript:1", "", "antrean"]
)
async def test_a_link_never_sends_people_to_another_site(browse: Browse, link: str, wanted: str) -> None:
    answer = await (await browse(None)).get(link, params={"next": wanted})
    assert answer.headers["location"] == "/dasbor"
    assert local_path(wanted) == "/dasbor"


async def test_logging_out_ends_the_session_everywhere(browse: Browse, cast: Cast) -> None:
    browser = await browse(cast.sari)
    secret = browser.cookies["ktg_session"]
    assert (await browser.post("/keluar")).headers["location"] == "/masuk?pesan=keluar"
    browser.cookies.set("ktg_session", secret)
    assert (await browser.get("/dasbor")).headers["location"] == "/masuk"


async def test_a_fragment_sends_the_whole_page_to_the_door(browse: Browse, cast: Cast) -> None:
    answer = await (await browse(None)).get("/antrean", headers={"HX-Request": "true"})
    assert answer.headers["hx-redirect"] == "/masuk"
