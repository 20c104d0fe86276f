"""A template's words are changed on a page: looked at first, kept as versions, and only by whom they belong to."""

import httpx2
import pytest

from app.bootstrap import Kentongan
from app.content.drafts import Draft
from tests.support.cast import Cast
from tests.web.conftest import Browse

WORDS = "Halo warga {{ wilayah }}, dari {{ nama_unit }}."


@pytest.fixture
async def dewi(browse: Browse, cast: Cast) -> httpx2.AsyncClient:
    return await browse(cast.dewi)


def form(**changed: str) -> dict[str, str]:
    usual = {"judul": "Salam baru", "tahapan": "*", "jenis": "pps", "segmen": "umum", "teks-id.short": WORDS}
    return usual | {name.replace("__", "."): text for name, text in changed.items()}


async def test_a_template_is_begun_looked_at_and_changed_with_its_versions_kept(
    dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    told = form() | {"kunci": "salam-baru", "teks-id.short": "Pilih calon nomor 1! {{ wilayah }}", "lihat": "1"}
    seen = (await dewi.post("/templat/baru", data=told)).text
    assert ("Belum disimpan" in seen, "Pemeriksa tidak menemukan masalah" in seen, 'class="reason"' in seen) == (True, False, True)  # fmt: skip
    made = await dewi.post("/templat/baru", data=form() | {"kunci": "salam-baru"})
    place = made.headers["location"].split("?")[0]
    view = await house.templates.get(cast.dewi, int(place.rsplit("/", 1)[1]))
    changed = form() | {
        "etag": view.etag,
        "teks-id.short": WORDS + " Hadir ya.",
        "teks-su.short": "Wilujeng, {{ wilayah }}.",
    }
    assert (await dewi.post(place, data=changed)).status_code == 303
    page = (await dewi.get(place)).text
    assert all(said in page for said in ("Versi 2", "Versi 1", "Hadir ya.", "perlu dibaca penutur asli"))
    before = (await dewi.get(f"{place}?versi=1")).text
    assert ("Ini teks versi 1" in before, "Hadir ya." in before) == (True, False)
    stale = await dewi.post(place, data=form() | {"etag": view.etag})
    assert (stale.status_code, "Salam baru" in stale.text) == (412, True)


async def test_what_the_sandbox_refuses_stays_typed_with_its_line(dewi: httpx2.AsyncClient) -> None:
    wrong = form() | {"kunci": "salah", "teks-id.short": "Halo {{ wilayah"}
    answer = await dewi.post("/templat/baru", data=wrong)
    assert (answer.status_code, "baris 1" in answer.text, "Halo {{ wilayah" in answer.text) == (422, True, True)


async def test_a_shipped_template_is_the_kpus_to_change(browse: Browse, house: Kentongan, cast: Cast) -> None:
    made = await house.templates.add(
        cast.rina, Draft("milik-kpu", "Milik KPU", ("*",), ("pps",), {("id", "short"): WORDS})
    )
    budi = await browse(cast.budi)
    page = await budi.get(f"/templat/{made.id}")
    assert (page.status_code, "Hanya unit pemiliknya" in page.text, "<textarea" in page.text) == (200, True, False)
    assert (await budi.post(f"/templat/{made.id}", data=form())).status_code == 403
    assert (await (await browse(cast.sari)).get("/templat/baru")).status_code == 403
