"""The gallery of designs, its editor, and a poster chosen while writing."""

from typing import Any

import httpx2
import pytest

from app.bootstrap import Kentongan
from app.posts.store import PostFilter
from tests.support.cast import Cast
from tests.web.conftest import Browse

LAYER = {"kind": "text", "x": "80", "y": "80", "w": "900", "h": "400", "text": "{{ judul }}", "fill": "#000000", "most": "90", "least": "40"}  # fmt: skip
FORM: dict[str, Any] = {"judul": "Kabar RW", "kertas": "#FFFFFF", "tinggi": "1350", "lapisan": "1", **{f"l0-{name}": value for name, value in LAYER.items()}}  # fmt: skip


@pytest.fixture
async def dewi(browse: Browse, house: Kentongan, cast: Cast) -> httpx2.AsyncClient:
    await house.designs.load()
    return await browse(cast.dewi)


async def test_shipped_designs_are_seen_copied_and_changed(
    dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    gallery = (await dewi.get("/poster")).text
    assert gallery.count("data:image/jpeg;base64,") == 3
    first = (await house.designs.list(cast.dewi, limit=1)).rows[0]
    copy = (await dewi.get(f"/poster/baru?dari={first.id}")).text
    assert f"{first.title} (salinan)" in copy
    saved = await dewi.post("/poster", data=FORM)
    page = (await dewi.get(saved.headers["location"])).text
    assert "Poster bertuliskan: Cek nama Anda di daftar pemilih" in page
    assert await house.designs.load() == 0


async def test_what_is_wrong_is_said_at_its_layer_and_nothing_is_lost(dewi: httpx2.AsyncClient) -> None:
    pale = {**FORM, "l0-fill": "#dddddd"}
    refused = await dewi.post("/poster", data=pale)
    assert refused.status_code == 422
    assert "kontras dengan latarnya 1,4" in refused.text
    assert 'value="Kabar RW"' in refused.text
    looked = await dewi.post("/poster/pratinjau", data=pale, headers={"HX-Request": "true"})
    assert (looked.status_code, "Lapisan 1: kontras" in looked.text, "<html" in looked.text) == (200, True, False)


async def test_layers_are_added_ordered_and_taken_away_without_a_script(dewi: httpx2.AsyncClient) -> None:
    added = (await dewi.post("/poster/pratinjau", data={**FORM, "tambah": "rect", "l0-urut": "5"})).text
    assert 'name="lapisan" value="2"' in added
    gone = (await dewi.post("/poster/pratinjau", data={**FORM, "tambah": "photo", "l0-hapus": "1"})).text
    assert "paling sedikit satu kotak teks" in gone


async def test_a_unit_sees_its_poster_before_it_is_queued(
    browse: Browse, dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    sari, design = await browse(cast.sari), (await house.designs.list(cast.sari, limit=1)).rows[0].id
    channels = [str(channel.id) for channel in (await house.channels.list(cast.sari, unit=cast.cilendek.id)).rows]
    form = {
        "unit": str(cast.cilendek.id), "templat": "bebas", "teks": "Posko kami buka. Datang ya.", "akun": channels, "kapan": "waktu",
        "waktu": "2024-11-05T09:00", "poster": str(design), "judul-poster": "",
    }  # fmt: skip
    shown = (await sari.post("/tulis/pratinjau", data=form)).text
    assert "Posko kami buka" in shown.partition('alt="Poster bertuliskan:')[2][:200]
    too_long = await sari.post("/tulis", data={**form, "judul-poster": "a" * 161})
    assert (too_long.status_code, "paling panjang 160" in too_long.text) == (422, True)
    await sari.post("/tulis", data=form)
    (post,) = (await house.posts.list(cast.sari, PostFilter(), limit=5)).rows
    page = (await dewi.get(f"/tinjau/{post.id}")).text
    assert "Poster PPS Cilendek Barat bertuliskan: PPS Cilendek Barat. Posko kami buka" in page
