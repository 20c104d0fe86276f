"""Our OAuth 2.0 code and the way back into our pages against a certified provider, which forgives nothing."""

import html
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp
import pytest
from sqlalchemy import text

from app.bootstrap import Kentongan, build
from app.places import CALLBACK, place_of
from app.platforms.connecting import AppKey, CannotConnect
from app.platforms.contract import NeedsReconnect
from app.platforms.x.connect import XConnector
from app.settings import Settings
from tests.real.conftest import node
from tests.support.cast import Cast
from tests.support.house import moved
from tests.support.processes import free_port
from tests.web.conftest import BASE, Browse, app, browse, cast, database_url, web_settings

pytestmark = pytest.mark.real

__all__ = ["app", "browse", "cast", "database_url", "web_settings"]


@pytest.fixture(scope="session")
def provider(modules: Path) -> Iterator[str]:
    port = free_port()
    with node("consent.mjs", modules, PORT=port, CALLBACK=f"{BASE}{CALLBACK}"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def house(web_settings: Settings, provider: str, db: object) -> AsyncIterator[Kentongan]:
    """The live X of this house is the provider."""
    house = build(moved(web_settings, x_api_url=provider, x_client_id="kentongan", x_client_secret="rahasia"))
    yield house
    await house.close()


@dataclass(frozen=True)
class Back:
    """What the provider sends a person home with."""

    code: str
    state: str
    error: str

    @property
    def path(self) -> str:
        said = f"&error={self.error}" if self.error else f"&code={self.code}"
        return f"{CALLBACK}?state={self.state}{said}"


async def agree(address: str, *, denies: bool = False) -> Back:
    """A person at the provider's own pages: logs in, then lets us in or not."""
    form: dict[str, str] = {}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as web:
        for _ in range(12):
            method = "POST" if form else "GET"
            async with web.request(method, address, data=form or None, allow_redirects=False) as answer:
                page, location = await answer.text(), answer.headers.get("location", "")
            address, form = (urljoin(address, location), {}) if location else _fill_in(address, page, denies=denies)
            if address.startswith(BASE):
                query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
                return Back(query.get("code", ""), query.get("state", ""), query.get("error", ""))
    raise AssertionError("the provider never sent anybody back")


def _fill_in(address: str, page: str, *, denies: bool) -> tuple[str, dict[str, str]]:
    """Where the page's form goes, and what a person writes into it."""
    action = re.findall(r'<form[^>]+action="([^"]+)"', page)
    assert action, page[:600]
    prompt = re.findall(r'name="prompt" value="([^"]+)"', page)[0]
    goes_to = urljoin(address, html.unescape(action[0]))
    if denies and prompt == "consent":
        return f"{goes_to.rstrip('/')}/abort", {}
    return goes_to, {"prompt": prompt, "login": "ppk_bogor_barat", "password": "apa saja"}


async def begin(browser: object, cast: Cast) -> str:
    """From our page; answers the address at the provider."""
    form = {"unit": str(cast.cilendek.id), "platform": "x", "lingkungan": "live"}
    page = await browser.post("/akun/hubungkan", data=form, follow_redirects=True)  # type: ignore[attr-defined]
    return html.unescape(re.findall(r'class="button main" href="(http[^"]+)"', page.text)[0])


async def _joined(house: Kentongan) -> int:
    async with house.db.read() as session:
        count = text("SELECT count(*) FROM channel WHERE environment = 'live' AND account_id = '4242'")
        return int((await session.run(count)).scalar_one())


async def test_an_account_is_joined_through_the_providers_own_pages(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:  # fmt: skip
    rina = await browse(cast.rina)
    back = await agree(await begin(rina, cast))
    done = await rina.get(back.path, follow_redirects=True)
    assert "Akun terhubung." in done.text
    assert await _joined(house) == 1
    # The page loaded twice changes nothing, and the code is not spent again.
    assert "Akun terhubung." in (await rina.get(back.path, follow_redirects=True)).text
    assert await _joined(house) == 1


async def test_a_foreign_or_missing_state_is_turned_away_with_a_good_code(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:  # fmt: skip
    rina, sari = await browse(cast.rina), await browse(cast.sari)
    back = await agree(await begin(rina, cast))
    for state in ("", "bukan-punya-kita", back.state[:-1]):
        stray = await rina.get(f"{CALLBACK}?state={state}&code={back.code}", follow_redirects=True)
        assert stray.status_code in (400, 409, 422)
    other = await sari.get(back.path, follow_redirects=True)  # it is bound to the person who began
    assert other.status_code in (403, 409)
    assert await _joined(house) == 0
    assert "Akun terhubung." in (await rina.get(back.path, follow_redirects=True)).text


async def test_a_person_who_says_no_is_told_so(browse: Browse, cast: Cast, house: Kentongan) -> None:
    rina = await browse(cast.rina)
    back = await agree(await begin(rina, cast), denies=True)
    assert back.error == "access_denied"
    failed = await rina.get(back.path, follow_redirects=True)
    assert "Izin tidak diberikan di halaman X." in failed.text
    assert await _joined(house) == 0


async def test_the_provider_refuses_what_must_be_refused_and_we_say_so(house: Kentongan) -> None:
    """A wrong verifier, a code used twice, another return address, a wrong secret; then renewing, and a spent token."""
    place, connector = place_of(house.settings)("x", "live", ""), XConnector(timeout=10, now=lambda: datetime.now(UTC))
    verifier, challenge = "v" * 64, "w1TpKUdYE9hUAcNSeeSRFioHDxfUxuHho_JHAfZ_vDM"  # its S256, as RFC 7636 has it

    async def code() -> str:
        return (await agree(connector.authorize_url(place, state="s", challenge=challenge))).code

    try:
        first = await code()
        with pytest.raises(CannotConnect) as caught:
            await connector.exchange(place, code=first, verifier="w" * 64)
        assert caught.value.code == "bad_code"
        good = await code()
        [account] = await connector.exchange(place, code=good, verifier=verifier)
        assert (account.handle, account.life.token_ends_at is not None) == ("ppk_bogor_barat", True)
        with pytest.raises(CannotConnect):
            await connector.exchange(place, code=good, verifier=verifier)
        with pytest.raises(CannotConnect):
            await connector.exchange(
                replace(place, callback=f"{place.callback}/lain"), code=await code(), verifier=verifier
            )
        with pytest.raises(CannotConnect) as stranger:
            await connector.exchange(
                replace(place, app=AppKey("kentongan", "salah")), code=await code(), verifier=verifier
            )
        assert stranger.value.code == "bad_app"
        renewing = await connector.exchange(place, code=await code(), verifier=verifier)
        renewed = await connector.renew(place, renewing[0].credential)
        assert renewed.credential["access_token"] != renewing[0].credential["access_token"]
        with pytest.raises(NeedsReconnect):
            await connector.renew(place, renewing[0].credential)  # a refresh token is good once
    finally:
        await connector.close()
