"""The page for everybody: closed until the KPU opens it, then light, cacheable and without anything private."""

import httpx2
import pytest

from app.bootstrap import Kentongan
from app.kit.errors import Forbidden, NotFound
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse, a_post, set_delivery


@pytest.fixture
async def rina(browse: Browse, cast: Cast) -> httpx2.AsyncClient:
    return await browse(cast.rina)


async def test_it_is_closed_until_the_kpu_opens_it(rina: httpx2.AsyncClient, house: Kentongan, cast: Cast) -> None:
    where = f"/warga/{cast.cilendek.wilayah_code}"
    assert (await rina.get(where)).status_code == 404
    post = await a_post(house, cast)
    out = post.deliveries[0]
    await set_delivery(house, out.id, state="published", published_at=out.due_at)
    sent = await rina.post("/halaman-warga", data={"unit": str(id_of(cast.cilendek)), "buka": "1"})
    assert sent.status_code == 303
    rina.cookies.clear()
    answer = await rina.get(where)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=300")
    assert "set-cookie" not in answer.headers
    for said in (
        "PPS Cilendek Barat",
        "https://wa.me/?text=",
        "Akun resmi",
        "Mode latihan",
        "pukul 07.00 sampai 13.00",
    ):
        assert said in answer.text
    for private in ("sari@kpu.test", "Keluar", "/antrean/"):
        assert private not in answer.text
    calendar = await rina.get(f"{where}.ics")
    assert calendar.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = calendar.text.split("\r\n")
    assert (lines[0], lines[-2]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") > 0
    assert max(len(line.encode()) for line in lines) <= 75


async def test_only_the_kpu_opens_and_closes(house: Kentongan, cast: Cast) -> None:
    pages = house.public_pages
    with pytest.raises(Forbidden):
        await pages.switch(cast.sari, id_of(cast.cilendek), on=True, with_below=False)
    rows = await pages.switch(cast.rina, id_of(cast.kpu), on=True, with_below=True)
    assert all(row["is_on"] for row in rows)
    assert (await pages.show(cast.kpu.wilayah_code)).name == cast.kpu.name
    await pages.switch(cast.rina, id_of(cast.kpu), on=False, with_below=True)
    with pytest.raises(NotFound):
        await pages.show(cast.kpu.wilayah_code)
