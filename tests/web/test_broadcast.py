import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from app.bootstrap import Kentongan
from app.posts.models import Post
from app.posts.store import PostFilter
from app.publishing.read_store import Filter
from app.web import live
from tests.conftest import NOW
from tests.support.cast import Cast
from tests.web.conftest import Browse, set_delivery, template_id

HTMX = {"HX-Request": "true"}


@pytest.fixture
async def dewi(browse: Browse, cast: Cast) -> httpx2.AsyncClient:
    return await browse(cast.dewi)


@pytest.fixture
async def form(house: Kentongan, cast: Cast) -> dict[str, Any]:
    """To every PPS and PPK, on X, Tuesday 09.00, within half an hour."""
    chosen = await template_id(house, cast.dewi, "saring-hoaks")
    return {
        "templat": str(chosen), "jenis": ["ppk", "pps"], "platform": ["x"], "kapan": "waktu", "waktu": "2024-11-05T09:00",
        "jeda": "30", "mode": "mandatory",
    }  # fmt: skip


async def created(dewi: httpx2.AsyncClient, form: dict[str, Any]) -> str:
    location: str = (await dewi.post("/siaran", data=form)).headers["location"]
    return location.partition("?")[0]


async def test_looking_first_counts_and_names_who_is_left_out(
    dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    page = (await dewi.post("/siaran/periksa", data=form)).text
    assert re.findall(r"<b>(\d+)</b> <span>(\w+)", page) == [("4", "unit"), ("4", "unggahan"), ("4", "kiriman")]
    assert "PPK Bogor Utara" in page
    assert "Belum ada akun X yang tersambung." in page
    assert "Warga Kelurahan" in page
    assert (await house.posts.list(cast.dewi, PostFilter(), limit=5)).rows == []


async def test_confirming_sends_what_was_looked_at(dewi: httpx2.AsyncClient, form: dict[str, Any]) -> None:
    page = (await dewi.post("/siaran/periksa", data=form)).text
    kept: dict[str, Any] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page):
        kept.setdefault(name, []).append(value)
    answer = await dewi.post("/siaran", data=kept)
    assert answer.status_code == 303
    shown = (await dewi.get(answer.headers["location"])).text
    assert "0 dari 4 kiriman selesai" in shown


async def test_going_back_keeps_the_form(dewi: httpx2.AsyncClient, form: dict[str, Any]) -> None:
    page = (await dewi.post("/siaran/periksa", data=form | {"jeda": "45", "kembali": "1"})).text
    assert 'name="jeda" inputmode="numeric" value="45"' in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"jeda": "banyak"}, "Isi angka"),
        ({"jenis": []}, "Pilih paling sedikit satu"),
        ({"platform": []}, "Pilih paling sedikit satu"),
        ({"waktu": ""}, "Isi tanggal"),
    ],
)
async def test_a_mistake_is_named_and_the_form_comes_back(
    dewi: httpx2.AsyncClient, form: dict[str, Any], wrong: dict[str, Any], said: str
) -> None:
    answer = await dewi.post("/siaran/periksa", data=form | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'action="/siaran/periksa"' in answer.text


async def test_progress_refreshes_itself_until_all_has_ended(
    dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    path = await created(dewi, form)
    assert "every 2s" in (await dewi.get(path)).text
    for one in (await house.publishing.list(cast.dewi, Filter(), limit=10)).rows:
        await set_delivery(house, one.id, state="published", published_at=one.due_at)
    part = await dewi.get(path, headers=HTMX)
    assert "<html" not in part.text
    assert "4 dari 4 kiriman selesai" in part.text
    assert "every 2s" not in part.text


async def test_cancelling_stops_what_has_not_left(
    dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    path = await created(dewi, form)
    assert (await dewi.post(f"{path}/batalkan")).status_code == 303
    assert await house.publishing.counts(cast.dewi, Filter()) == {"cancelled": 4}
    assert (await dewi.post(f"{path}/batalkan")).status_code == 409


async def test_a_writer_cannot_broadcast(browse: Browse, cast: Cast, form: dict[str, Any]) -> None:
    sari = await browse(cast.sari)
    assert (await sari.post("/siaran", data=form)).status_code == 403
    assert (await sari.post("/siaran/periksa", data=form)).status_code == 403


async def test_what_stands_in_a_units_way_leads_to_where_it_is_mended(
    dewi: httpx2.AsyncClient, cast: Cast, form: dict[str, Any]
) -> None:
    page = (await dewi.post("/siaran/periksa", data=form)).text
    assert f'<a href="/akun/baru?unit={cast.ppk_utara.id}">PPK Bogor Utara</a>' in page
    asked = (await dewi.get(f"/unit/{cast.cilendek.id}?isi=nama_pasar")).text
    assert 'id="isi-nama_pasar"' in asked


async def test_the_stream_says_how_it_stands_and_ends_with_the_broadcast(
    dewi: httpx2.AsyncClient, form: dict[str, Any]
) -> None:
    path = await created(dewi, form)
    await dewi.post(f"{path}/batalkan")
    answer = await dewi.get(f"{path}/langsung")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "data: " in answer.text.split("event: kemajuan")[1]
    assert answer.text.endswith("event: selesai\ndata: -\n\n")


async def test_a_process_with_too_many_watchers_lets_the_page_ask_instead(
    dewi: httpx2.AsyncClient, form: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await created(dewi, form)
    monkeypatch.setattr(live.watching, "limit", 0)
    assert (await dewi.get(f"{path}/langsung")).status_code == 204
    assert 'hx-trigger="every 2s"' in (await dewi.get(path)).text


async def test_who_is_late_is_named_where_the_progress_is(
    dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    path = await created(dewi, form)
    async with house.db.write() as session:
        await session.run(update(Post).values(due_at=NOW - timedelta(hours=1)))
    assert "Belum terbit padahal sudah waktunya" in (await dewi.get(path)).text


async def test_the_limit_after_which_nothing_leaves_is_asked_for(
    dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    wrong = await dewi.post("/siaran/periksa", data=form | {"batas": "2024-11-05T08:00"})
    assert (wrong.status_code, 'value="2024-11-05T08:00"' in wrong.text) == (422, True)
    place = await created(dewi, form | {"batas": "2024-11-05T12:00"})
    posts = await house.posts.list(cast.dewi, PostFilter(broadcast_id=int(place.rsplit("/", 1)[1])), limit=9)
    assert {f"{post.valid_until:%Y-%m-%d %H:%M}" for post in posts.rows} == {"2024-11-05 05:00"}


async def test_units_are_chosen_on_the_tree(dewi: httpx2.AsyncClient, form: dict[str, Any], cast: Cast) -> None:
    page = (await dewi.get(f"/siaran/baru?templat={form['templat']}")).text
    assert f'name="kecamatan" value="{cast.ppk_barat.id}"' in page
    whole = (await dewi.post("/siaran/periksa", data=form | {"kecamatan": str(cast.ppk_utara.id)})).text
    assert "Siarkan ke 1 unit" in whole
    assert f'<input type="hidden" name="kecamatan" value="{cast.ppk_utara.id}">' in whole
    named = form | {"pilih": [str(cast.cilendek.id), str(cast.bantarjati.id)]}
    assert "Siarkan ke 2 unit" in (await dewi.post("/siaran/periksa", data=named)).text
    nobody = await dewi.post("/siaran/periksa", data=form | {"jenis": ["pps"], "pilih": [str(cast.ppk_barat.id)]})
    assert (nobody.status_code, "tidak berjenis di atas" in nobody.text) == (422, True)
