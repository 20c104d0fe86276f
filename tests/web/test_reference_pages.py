import re

import httpx2
import pytest

from app.bootstrap import Kentongan
from app.tahapan.models import Tahapan
from app.tahapan.service import Wanted
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse


@pytest.fixture
async def dewi(browse: Browse, cast: Cast) -> httpx2.AsyncClient:
    return await browse(cast.dewi)


async def stage(house: Kentongan, code: str) -> Tahapan:
    return next(
        row for row in (await house.tahapan.list(Wanted(q=code), limit=10, cursor=None)).rows if row.code == code
    )


async def form_of(dewi: httpx2.AsyncClient, path: str) -> dict[str, str]:
    page = (await dewi.get(path)).text
    return dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))


async def test_what_runs_today_is_counted_in_days(dewi: httpx2.AsyncClient) -> None:
    page = (await dewi.get("/tahapan")).text
    assert "hari ke-38 dari 60" in page
    assert page.count("Berjalan</span>") == 1
    assert "23 hari lagi" in page


async def test_the_kpu_corrects_a_stage_and_a_forgotten_day_is_said(
    dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    row = await stage(house, "TNG-01")
    form = await form_of(dewi, f"/tahapan/{row.id}")
    answer = await dewi.post(f"/tahapan/{row.id}", data=form | {"selesai": "", "sumber": "Surat KPU"})
    assert answer.status_code == 303
    page = (await dewi.get("/tahapan")).text
    assert "24 November 2024 s.d. selesai belum ditetapkan" in page
    assert "Surat KPU" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"mulai": "2024-12-30"}, "mendahului"), ({"mulai": "kapan"}, "Isi tanggal"), ({"nama": " "}, "Nama wajib diisi")],
)
async def test_a_wrong_stage_comes_back_as_it_was_typed(
    dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast, wrong: dict[str, str], said: str
) -> None:
    row = await stage(house, "TNG-01")
    form = await form_of(dewi, f"/tahapan/{row.id}")
    answer = await dewi.post(f"/tahapan/{row.id}", data=form | {"sumber": "Surat baru"} | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Surat baru"' in answer.text


async def test_a_stage_changed_meanwhile_is_not_overwritten(
    dewi: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    row = await stage(house, "TNG-01")
    form = await form_of(dewi, f"/tahapan/{row.id}")
    await house.tahapan.edit(row.id or 0, {"note": "Baru."}, by="uji")
    assert (await dewi.post(f"/tahapan/{row.id}", data=form | {"nama": "Lain"})).status_code == 412
    assert (await stage(house, "TNG-01")).name == "Masa tenang"


async def test_only_the_kpu_is_offered_the_form(browse: Browse, cast: Cast, house: Kentongan) -> None:
    row = await stage(house, "TNG-01")
    for person in (cast.sari, cast.budi):
        assert "Ubah tahapan" not in (await (await browse(person)).get(f"/tahapan/{row.id}")).text


async def test_who_has_one_unit_is_led_to_it_and_sees_where_values_come_from(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    await house.units.edit(cast.rina, id_of(cast.kpu), variables={"jam_layanan": "08.00-16.00"})
    sari, path = await browse(cast.sari), f"/unit/{cast.cilendek.id}"
    assert (await sari.get("/unit")).headers["location"] == path
    assert "Dari atas: 08.00-16.00" in (await sari.get(path)).text
    form = {"nama": "PPS Cilendek Barat", "zona": "Asia/Jakarta", "rw": "12", "isi-jam_layanan": "09.00-12.00"}
    await sari.post(path, data=form | {"baru-nama": "Nama pasar", "baru-nilai": "Pasar Merdeka"})
    unit = await house.units.get(cast.sari, id_of(cast.cilendek))
    assert unit.rw_count == 12
    assert unit.variables == {"jam_layanan": "09.00-12.00", "nama_pasar": "Pasar Merdeka"}
    await sari.post(path, data=form | {"isi-jam_layanan": "", "isi-nama_pasar": "Pasar Merdeka"})
    unit = await house.units.get(cast.sari, id_of(cast.cilendek))
    assert unit.variables == {"nama_pasar": "Pasar Merdeka"}


async def test_a_wrong_number_keeps_the_rest_of_the_form(browse: Browse, cast: Cast) -> None:
    answer = await (await browse(cast.sari)).post(
        f"/unit/{cast.cilendek.id}", data={"nama": "PPS Cilendek", "rw": "banyak", "isi-alamat": "Jl. Melati 1"}
    )
    assert answer.status_code == 422
    assert "isi dengan angka" in answer.text
    assert 'value="Jl. Melati 1"' in answer.text


async def test_an_invitation_is_shown_once_and_lets_its_owner_in(browse: Browse, cast: Cast) -> None:
    rina = await browse(cast.rina)
    form = {"surel": "tono@kpu.test", "nama": "Tono", "unit": str(cast.menteng.id), "peran": "editor"}
    page = (await rina.post("/orang", data=form)).text
    link = re.search(r'value="http://127\.0\.0\.1:8000(/masuk/[^"]+)"', page)
    assert link is not None
    assert link[1] not in (await rina.get("/orang")).text
    assert (await (await browse(None)).get(link[1])).status_code == 303


async def test_a_mistake_in_an_invitation_is_named(browse: Browse, cast: Cast) -> None:
    form = {"surel": "bukan surel", "nama": "Tono", "unit": str(cast.menteng.id), "peran": "editor"}
    answer = await (await browse(cast.rina)).post("/orang", data=form)
    assert answer.status_code == 422
    assert "bukan alamat surel" in answer.text
    assert 'value="Tono"' in answer.text


async def test_the_kpu_begins_a_new_stage_and_changes_every_field_of_it(browse: Browse, cast: Cast) -> None:
    dewi = await browse(cast.dewi)
    form = {
        "kode": "UJI-01", "nama": "Debat terbuka", "jenis": "peristiwa", "mulai": "2024-11-20", "selesai": "2024-11-21",
        "wilayah": "nasional", "induk": "TIDAK-ADA", "sumber": "Surat KPU", "kepastian": "tinggi", "catatan": "",
    }  # fmt: skip
    refused = await dewi.post("/tahapan/baru", data=form)
    assert (refused.status_code, 'value="UJI-01"' in refused.text, "tidak ada" in refused.text) == (422, True, True)
    made = await dewi.post("/tahapan/baru", data=form | {"induk": ""})
    place = made.headers["location"].split("?")[0]
    changed = await form_of(dewi, place)
    answer = await dewi.post(place, data=changed | {"jenis": "tenggat", "wilayah": "32.71", "induk": "PYL-06"})
    if answer.status_code == 200:  # it moves posts, so it is looked at first
        answer = await dewi.post(place, data=changed | {"jenis": "tenggat", "wilayah": "32.71", "induk": "PYL-06", "terapkan": "1", "alasan": "uji"})  # fmt: skip
    assert answer.status_code == 303
    page = (await dewi.get(place)).text
    assert all(said in page for said in ("Tenggat", "32.71", 'value="PYL-06"'))
    assert (await dewi.post("/tahapan/baru", data=form | {"induk": ""})).status_code == 409
    assert (await (await browse(cast.sari)).get("/tahapan/baru")).status_code == 403
