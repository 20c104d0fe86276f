import re

import httpx2
import pytest

from app.bootstrap import Kentongan
from app.channels.models import Channel
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse, hand_off

SECRET = "EAAG-rahasia-sekali"


@pytest.fixture
async def rina(browse: Browse, cast: Cast) -> httpx2.AsyncClient:
    return await browse(cast.rina)


async def first(house: Kentongan, cast: Cast) -> Channel:
    return (await house.channels.list(cast.rina, unit=id_of(cast.cilendek))).rows[0]


async def test_a_broken_account_says_why(browse: Browse, cast: Cast, house: Kentongan) -> None:
    channel = await first(house, cast)
    async with house.db.write() as session:
        await house.channels.needs_reconnect(session, channel.id or 0, "Token ditolak platform.")
    page = (await (await browse(cast.sari)).get("/akun")).text
    assert "Perlu dihubungkan ulang" in page
    assert "Token ditolak platform." in page
    assert "Hubungkan akun" not in page


async def test_an_account_is_paused_resumed_and_closed(rina: httpx2.AsyncClient, cast: Cast, house: Kentongan) -> None:
    path = f"/akun/{(await first(house, cast)).id}"
    for act, state in (("jeda", "paused"), ("lanjut", "connected"), ("tutup", "closed")):
        assert (await rina.post(f"{path}/{act}")).status_code == 303
        assert (await first(house, cast)).state == state
    assert (await rina.post(f"{path}/jeda")).status_code == 409
    assert "Tutup akun" not in (await rina.get(path)).text


async def test_joining_says_what_to_prepare_and_never_shows_a_secret_again(
    rina: httpx2.AsyncClient, cast: Cast, house: Kentongan
) -> None:
    page = (await rina.get(f"/akun/baru?unit={cast.cilendek.id}&platform=facebook")).text
    assert "Token Halaman, bukan token pribadi" in page
    form = {
        "unit": str(cast.cilendek.id), "platform": "facebook", "lingkungan": "live", "nama": "nama salah",
        "kunci-access_token": SECRET, "kunci-account_id": "123",
    }  # fmt: skip
    answer = await rina.post("/akun", data=form)
    assert answer.status_code == 422
    assert SECRET not in answer.text
    assert 'value="123"' in answer.text
    answer = await rina.post("/akun", data=form | {"nama": "pps.cilendek"})
    assert answer.status_code == 303
    shown = (await rina.get(answer.headers["location"])).text
    assert "Akun terhubung." in shown
    assert SECRET not in shown


async def test_a_new_credential_mends_an_account(rina: httpx2.AsyncClient, cast: Cast, house: Kentongan) -> None:
    channel = await first(house, cast)
    async with house.db.write() as session:
        await house.channels.needs_reconnect(session, channel.id or 0, "Token ditolak.")
    path = f"/akun/{channel.id}/kredensial"
    assert (await rina.post(path)).status_code == 422
    assert (await rina.post(path, data={"kunci-access_token": "baru"})).status_code == 303
    assert (await first(house, cast)).state == "connected"


async def test_who_does_not_manage_may_look_but_not_touch(browse: Browse, cast: Cast, house: Kentongan) -> None:
    sari, path = await browse(cast.sari), f"/akun/{(await first(house, cast)).id}"
    assert "Jeda" not in (await sari.get(path)).text
    assert (await sari.post(f"{path}/jeda")).status_code == 403
    assert (await (await browse(cast.citra)).get(path)).status_code == 404


async def test_a_hand_off_brings_text_picture_and_a_place_for_the_address(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    task, sari = await hand_off(house, cast), await browse(cast.sari)
    page = (await sari.get("/tugas")).text
    assert task.text in page
    assert re.search(r'href="/media/\d+\.jpg\?exp=[^"]+" download=', page)
    form = {"terbit": "ya", "url": "https://instagram.com/p/abc", "back": "/tugas"}
    answer = await sari.post(f"/antrean/{task.id}/putuskan", data=form)
    assert answer.headers["location"] == "/tugas?pesan=sudah"
    done = await house.publishing.get(cast.sari, task.id)
    assert (done.state, done.url) == ("published", "https://instagram.com/p/abc")
    assert "Tidak ada tugas." in (await sari.get("/tugas")).text
