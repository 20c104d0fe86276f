"""The pages of coming in and staying safe, as people meet them."""

import re
from collections.abc import AsyncIterator
from urllib.parse import unquote

import httpx2
import pyotp
import pytest
from sqlalchemy import text

from app.accounts import proof_store
from app.accounts.tokens import hash_of
from app.bootstrap import Kentongan, build
from app.settings import Settings
from tests.support.cast import Cast
from tests.support.house import moved
from tests.web.conftest import Browse, make_app, session_of

GOOD = "pohon biru sungai tenang"
SITE = "https://ktg.test"


@pytest.fixture
async def strict(house: Kentongan, cast: Cast, web_settings: Settings) -> AsyncIterator[Kentongan]:
    """The same database in production: approvers and admins need a second factor. Time is the real one."""
    production = build(
        moved(web_settings, environment="production", clock="", base_url=SITE, secret_keys="for-tests-only")
    )
    yield production
    await production.close()


def stranger(house: Kentongan, address: str = "203.0.113.7") -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=make_app(house), client=(address, 1))
    return httpx2.AsyncClient(transport=transport, base_url=house.settings.base_url, headers={"Accept": "text/html"})


async def with_password(house: Kentongan, cast: Cast) -> str:
    """Sari's; answers her address."""
    secret = await session_of(house, cast.sari)
    await house.security.set_password(await house.people.actor_by_session(secret), secret, GOOD)
    return cast.users["sari"].email


async def test_a_password_leads_to_the_page_that_was_asked_for(house: Kentongan, cast: Cast) -> None:
    form = {"surel": await with_password(house, cast), "sandi": GOOD, "next": "/antrean?tab=terbit"}
    async with stranger(house) as browser:
        answer = await browser.post("/masuk", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/antrean?tab=terbit")
        assert (await browser.get("/antrean")).status_code == 200
        form["next"] = "//jahat.test"
        assert (await browser.post("/masuk", data=form)).headers["location"] == "/dasbor"


async def test_wrong_passwords_lock_that_account_from_that_network_and_nobody_else(
    house: Kentongan, cast: Cast
) -> None:
    email = await with_password(house, cast)
    async with stranger(house) as hall, stranger(house, "198.51.100.9") as home:
        for _ in range(10):
            assert (await hall.post("/masuk", data={"surel": email, "sandi": "salah"})).status_code == 401
        locked = await hall.post("/masuk", data={"surel": email, "sandi": GOOD})
        assert (locked.status_code, int(locked.headers["retry-after"]) > 0) == (429, True)
        # Somebody else in the same hall, a link in the same hall, and Sari at home.
        assert (await hall.post("/masuk", data={"surel": "lain@kpu.test", "sandi": "salah"})).status_code == 401
        link = await house.people.make_link(cast.sari.user_id, purpose="login", hours=1)
        assert (await hall.get(f"/masuk/{link}")).status_code == 303
        assert (await home.post("/masuk", data={"surel": email, "sandi": GOOD})).status_code == 303


async def test_one_password_tried_on_everybody_opens_nothing_more_from_there_but_locks_no_hall(
    house: Kentongan, cast: Cast
) -> None:
    email = await with_password(house, cast)
    house.settings = house.settings.model_copy(update={"rate_sprays": 3})
    async with stranger(house, "192.0.2.40") as hall, stranger(house, "198.51.100.41") as home:
        codes = [
            (await hall.post("/masuk", data={"surel": f"orang{number}@kpu.test", "sandi": GOOD})).status_code
            for number in (1, 1, 1, 2, 3, 4)
        ]
        assert codes == [401, 401, 401, 401, 401, 429], "the same person mistyping counts once"
        right = await hall.post("/masuk", data={"surel": email, "sandi": GOOD})
        assert (right.status_code, int(right.headers["retry-after"]) > 0) == (429, True)
        assert "Masuk dengan tautan" in right.text
        link = await house.people.make_link(cast.sari.user_id, purpose="login", hours=1)
        assert (await hall.get(f"/masuk/{link}")).status_code == 303
        assert (await home.post("/masuk", data={"surel": email, "sandi": GOOD})).status_code == 303
        async with house.db.write() as session:
            await session.run(text(f"UPDATE user_account SET has_factor = TRUE WHERE id = {cast.sari.user_id}"))
        second = await hall.post("/masuk", data={"surel": email, "sandi": GOOD})
        assert second.headers["location"].startswith("/masuk/kedua"), "a guessed password does not open these"


async def test_an_admin_in_production_must_set_up_an_app_before_anything_opens(strict: Kentongan, cast: Cast) -> None:
    async with stranger(strict) as browser:
        link = f"/masuk/{await strict.people.make_link(cast.rina.user_id, purpose='login', hours=1)}"
        assert (await browser.post(link)).headers["location"] == "/dasbor"
        assert (await browser.get("/dasbor")).headers["location"] == "/keamanan"
        refused = await browser.get("/api/v1/me", headers={"Accept": "application/json"})
        assert refused.status_code in {403, 404}
        assert "verifikasi dua langkah wajib" in (await browser.get("/keamanan")).text
        page = (await browser.post("/keamanan/aplikasi")).text
        secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)
        assert secret is not None
        assert 'src="data:image/svg+xml' in page
        wrong = await browser.post("/keamanan/aplikasi/pasang", data={"kode": "000000"})
        assert (wrong.status_code, secret[1] in wrong.text) == (422, True)
        done = (await browser.post("/keamanan/aplikasi/pasang", data={"kode": pyotp.TOTP(secret[1]).now()})).text
        codes = re.findall(r"<code>(\w{4}-\w{4}-\w{4})</code>", done)
        assert len(codes) == 10
        assert codes[0] not in (await browser.get("/keamanan")).text
        assert (await browser.get("/dasbor")).status_code == 200
    async with stranger(strict) as next_time:
        link = f"/masuk/{await strict.people.make_link(cast.rina.user_id, purpose='login', hours=1)}"
        assert (await next_time.post(link, data={"next": "/orang"})).headers["location"] == "/masuk/kedua?next=%2Forang"
        assert (await next_time.get("/dasbor")).headers["location"] == "/masuk"
        assert (await next_time.post("/masuk/kedua", data={"kode": "123456"})).status_code == 401
        answer = await next_time.post("/masuk/kedua", data={"kode": codes[0], "next": "/orang"})
        assert answer.headers["location"] == "/orang"
        assert (await next_time.get("/orang")).status_code == 200


async def test_a_training_link_still_opens_at_once(house: Kentongan, cast: Cast) -> None:
    await with_password(house, cast)
    async with stranger(house) as browser:
        link = await house.people.make_link(cast.sari.user_id, purpose="login", hours=1)
        assert (await browser.get(f"/masuk/{link}")).headers["location"] == "/dasbor"


async def test_an_old_screen_is_asked_to_prove_itself_and_then_led_back(
    house: Kentongan, cast: Cast, browse: Browse
) -> None:
    rina = await browse(cast.rina)
    secret = rina.cookies["ktg_session"]
    await house.security.set_password(await house.people.actor_by_session(secret), secret, GOOD)
    async with house.db.write() as session:
        await proof_store.mark_proved(session, hash_of(secret), now=house.clock.now().replace(year=2020))
    form = {"surel": "baru@kpu.test", "nama": "Baru", "unit": str(cast.kpu.id), "peran": "viewer"}
    answer = await rina.post("/orang", data=form, headers={"Referer": "http://127.0.0.1:8000/orang"})
    assert unquote(answer.headers["location"]) == "/keamanan/buktikan?next=/orang"
    assert "Kata sandi" in (await rina.get(answer.headers["location"])).text
    assert (await rina.post("/keamanan/buktikan", data={"sandi": "salah", "next": "/orang"})).status_code == 401
    answer = await rina.post("/keamanan/buktikan", data={"sandi": GOOD, "next": "/orang"})
    assert answer.headers["location"] == "/orang"
    assert (await rina.post("/orang", data=form)).status_code == 200
    for _ in range(10):
        await rina.post("/keamanan/buktikan", data={"sandi": "salah"})
    assert (await rina.post("/keamanan/buktikan", data={"sandi": GOOD})).status_code == 429


async def test_access_is_issued_anew_from_the_page(house: Kentongan, cast: Cast, browse: Browse) -> None:
    rina, sari = await browse(cast.rina), await browse(cast.sari)
    assert "Terbitkan ulang akses Sari" in (await rina.get("/orang")).text
    page = (await rina.post(f"/orang/{cast.sari.user_id}/terbitkan-ulang")).text
    link = re.search(r'value="http://127.0.0.1:8000(/masuk/[\w-]+)"', page)
    assert link is not None
    assert (await sari.get("/dasbor")).headers["location"] == "/masuk"
    assert (await sari.get(link[1])).headers["location"] == "/dasbor"


async def test_a_screen_is_ended_from_another(house: Kentongan, cast: Cast, browse: Browse) -> None:
    phone, lost = await browse(cast.sari), await browse(cast.sari)
    page = (await phone.get("/keamanan")).text
    path = re.search(r'action="(/keamanan/perangkat/\d+/keluar)"', page)
    assert path is not None
    assert (await phone.post(path[1])).status_code == 303
    assert (await lost.get("/dasbor")).headers["location"] == "/masuk"
    assert (await phone.get("/dasbor")).status_code == 200
