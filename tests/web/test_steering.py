"""The pages that steer: a stage moved with its posts, a series, a pause."""

import re
from datetime import date, time, timedelta
from html import unescape

import httpx2
import pytest

from app.accounts.rules import Act
from app.bootstrap import Kentongan
from app.content.drafts import Draft
from app.posts.rules import Anchor, Timing
from app.posts.service import PostInput, PostView
from app.publishing.rules import State
from app.tahapan.models import Tahapan
from app.tahapan.service import Wanted
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse, a_post, set_delivery, template_id

VOTING = Draft(
    "ayo-memilih",
    "Ayo memilih",
    stages=("*",),
    units=("pps",),
    texts={("id", "short"): "Ayo ke TPS {{ tanggal_pemungutan_suara }}, {{ wilayah }}."},
)


async def stage(house: Kentongan, code: str = "PYL-07") -> Tahapan:
    return next(r for r in (await house.tahapan.list(Wanted(q=code), limit=9, cursor=None)).rows if r.code == code)


async def voting_post(house: Kentongan, cast: Cast, *, text: str | None = None) -> PostView:
    """Sari's, a week before voting day."""
    if "ayo-memilih" not in {row.key for row in (await house.templates.list(cast.rina, limit=99, cursor=None)).rows}:
        await house.templates.add(cast.rina, VOTING)
    chosen = None if text else await template_id(house, cast.sari, "ayo-memilih")
    timing = Timing(anchor=Anchor("PYL-07", "start", -7, time(9)))
    return await house.posts.create(
        cast.sari, PostInput(id_of(cast.cilendek), text=text, template_id=chosen, timing=timing)
    )


def hidden(page: str) -> dict[str, str]:
    """The hidden fields, as a browser sends them."""
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page)}


async def moved(dewi: httpx2.AsyncClient, row: Tahapan, day: str = "2024-12-04") -> httpx2.Response:
    form = {"versi": str(row.version), "nama": row.name, "mulai": day, "selesai": day}
    return await dewi.post(f"/tahapan/{row.id}", data=form)


async def test_a_moved_stage_shows_its_posts_before_anything_is_done(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    post = await voting_post(house, cast)
    row, dewi = await stage(house), await browse(cast.dewi)
    page = (await moved(dewi, row)).text
    assert "Belum ada yang diubah." in page
    assert "<del>27 </del>" in page or "<del>27 November</del>" in page or re.search(r"<del>[^<]*27", page)
    assert "4 Desember 2024" in page
    assert (await house.posts.get(cast.sari, post.id)).due_at == post.due_at
    answer = await dewi.post(f"/tahapan/{row.id}", data=hidden(page) | {"terapkan": "1", "alasan": "Susulan"})
    assert answer.headers["location"] == f"/tahapan/{row.id}?pesan=tahapan-geser"
    fresh = await house.posts.get(cast.sari, post.id)
    assert post.due_at
    assert fresh.due_at == post.due_at + timedelta(days=7)
    assert fresh.state == "scheduled"


async def test_applying_needs_a_reason(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await voting_post(house, cast)
    row, dewi = await stage(house), await browse(cast.dewi)
    page = (await moved(dewi, row)).text
    answer = await dewi.post(f"/tahapan/{row.id}", data=hidden(page) | {"terapkan": "1", "alasan": " "})
    assert answer.status_code == 422
    assert "Tulis alasan perubahannya." in answer.text
    assert (await house.posts.get(cast.sari, post.id)).due_at == post.due_at


async def test_a_stage_on_which_nothing_hangs_is_simply_saved(browse: Browse, cast: Cast, house: Kentongan) -> None:
    row, dewi = await stage(house), await browse(cast.dewi)
    assert (await moved(dewi, row)).headers["location"] == f"/tahapan/{row.id}?pesan=tahapan"
    assert (await stage(house)).starts_on == date(2024, 12, 4)


async def test_the_last_change_is_taken_back_from_the_history(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await voting_post(house, cast)
    row, dewi = await stage(house), await browse(cast.dewi)
    page = (await moved(dewi, row)).text
    await dewi.post(f"/tahapan/{row.id}", data=hidden(page) | {"terapkan": "1", "alasan": "Susulan"})
    page = (await dewi.get(f"/tahapan/{row.id}")).text
    assert "Susulan" in page
    assert "Dewi, " in page
    [link] = re.findall(r'href="(/tahapan/perubahan/\d+)"', page)
    assert "Batalkan perubahan?" in (await dewi.get(link)).text
    answer = await dewi.post(link, data={"alasan": "Keliru"})
    assert answer.headers["location"] == f"/tahapan/{row.id}?pesan=tahapan-batal"
    assert (await house.posts.get(cast.sari, post.id)).due_at == post.due_at
    page = (await dewi.get(f"/tahapan/{row.id}")).text
    assert "Sudah dibatalkan" in page
    assert "Batalkan perubahan ini" in page  # the undoing itself can be undone


async def test_words_of_ones_own_are_shown_as_going_back_to_review(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    post = await voting_post(house, cast, text="Posko kami buka seminggu sebelum hari itu.")
    await house.posts.approve(cast.budi, post.id)
    page = (await moved(await browse(cast.dewi), await stage(house))).text
    assert "Perlu ditinjau lagi" in page
    assert "Waktunya bergeser, dan teksnya ditulis sendiri" in page


SERIES = {"jenis": "pps", "platform": ["x"], "tahapan": "PYL-07", "pola": "hari", "sebelum": "H-7, 3", "jam": "09:00", "jeda": "0"}  # fmt: skip


async def make_series(dewi: httpx2.AsyncClient, template: int, **more: str) -> httpx2.Response:
    return await dewi.post("/seri", data=SERIES | {"templat": str(template)} | more)


async def test_a_series_is_looked_at_then_made_then_changed_then_stopped(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    template, dewi = await template_id(house, cast.dewi, "saring-hoaks"), await browse(cast.dewi)
    page = (await dewi.post("/seri/periksa", data=SERIES | {"templat": str(template)})).text
    assert "H-7, H-3 dari mulainya “Pelaksanaan pemungutan suara”" in page
    assert (await house.series.list(cast.dewi, limit=5)).rows == []
    answer = await make_series(dewi, template)
    path = answer.headers["location"].partition("?")[0]
    assert "Seri dibuat." in (await dewi.get(answer.headers["location"])).text
    page = (await dewi.get(f"{path}/ubah")).text
    assert 'value="7, 3"' in page
    await dewi.post(f"{path}/ubah", data=SERIES | {"templat": str(template), "sebelum": "5"})
    [series] = (await house.series.list(cast.dewi, limit=5)).rows
    assert [step.step for step in series.steps if "cancelled" not in step.by_state] == ["H-5"]
    assert (await dewi.post(f"{path}/hentikan", data={"alasan": "cukup"})).status_code == 303
    assert "Seri dihentikan; yang belum terbit tidak dikirim." in (await dewi.get(path)).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"sebelum": "tujuh"}, "dipisah koma"), ({"sebelum": ""}, "Isi angka harinya"), ({"tahapan": ""}, "Pilih tahapannya"), ({"jam": "x"}, "Isi jamnya"), ({"sampai": "x"}, "atau kosongkan")],
)  # fmt: skip
async def test_a_wrong_field_is_named_and_nothing_is_lost(
    browse: Browse, cast: Cast, house: Kentongan, wrong: dict[str, str], said: str
) -> None:
    template, dewi = await template_id(house, cast.dewi, "saring-hoaks"), await browse(cast.dewi)
    answer = await make_series(dewi, template, **{"sesudah": "2"} if "sebelum" not in wrong else {}, **wrong)
    assert answer.status_code == 422
    assert said in answer.text


async def test_a_weekly_series_shows_its_weeks(browse: Browse, cast: Cast, house: Kentongan) -> None:
    template, dewi = await template_id(house, cast.dewi, "saring-hoaks"), await browse(cast.dewi)
    weekly = SERIES | {"templat": str(template), "pola": "pekan", "hari": "senin", "tahapan": "PYL-06"}
    page = (await dewi.post("/seri/periksa", data=weekly)).text
    assert "setiap Senin pukul 09.00 selama “Pelaksanaan kampanye”" in page
    assert "Pekan 7" in page


async def test_a_pause_holds_everything_beneath_and_everybody_is_told(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    post = await a_post(house, cast)
    budi, sari = await browse(cast.budi), await browse(cast.sari)
    barat = str(id_of(cast.ppk_barat))
    assert (await budi.post("/jeda", data={"unit": barat, "alasan": ""})).status_code == 422
    assert (await budi.post("/jeda", data={"unit": barat, "alasan": "Banjir"})).status_code == 303
    assert {d.state for d in (await house.posts.get(cast.sari, post.id)).deliveries} == {State.WAITING}
    assert "PPK Bogor Barat dijeda: Banjir" in (await sari.get("/dasbor")).text
    assert "Lanjutkan" not in (await sari.get("/jeda")).text
    assert "dijeda: Banjir" not in (await (await browse(cast.citra)).get("/dasbor")).text
    [pause] = await house.pauses.running(cast.budi)
    assert (await budi.post(f"/jeda/{pause.id}/lanjut")).status_code == 303
    assert {d.state for d in (await house.posts.get(cast.sari, post.id)).deliveries} == {State.DUE}
    assert (await budi.post(f"/jeda/{pause.id}/lanjut")).status_code == 409


async def test_a_correction_is_offered_where_the_old_day_is_out(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await voting_post(house, cast)
    sent_at = house.clock.now() - timedelta(minutes=1)
    for delivery in post.deliveries:
        await set_delivery(house, delivery.id, state="published", act_at=None, published_at=sent_at)
    row, dewi = await stage(house), await browse(cast.dewi)
    page = (await moved(dewi, row)).text
    assert "Sudah terbit, kini keliru" in page
    await dewi.post(f"/tahapan/{row.id}", data=hidden(page) | {"terapkan": "1", "alasan": "Susulan"})
    page = (await dewi.get(f"/tahapan/{row.id}")).text
    assert f"{len(post.deliveries)} kiriman belum dikoreksi." in page
    chosen = await template_id(house, cast.dewi, "saring-hoaks")
    form = (await dewi.get(f"/siaran/baru?koreksi={row.id}&templat={chosen}")).text
    assert "Tepat ke 2 akun dari 1 unit" in form
    sent = hidden(form) | {
        "jenis": "pps",
        "platform": "x",
        "mode": "mandatory",
        "kapan": "waktu",
        "jeda": "0",
        "waktu": "2024-11-02T09:00",
    }
    answer = await dewi.post("/siaran", data=sent)
    made = await house.broadcasts.get(cast.dewi, int(re.search(r"/siaran/(\d+)", answer.headers["location"])[1]))  # type: ignore[index]
    assert (made.corrects, made.units) == (row.id, 1)


async def test_history_by_the_api_is_for_readers(cast: Cast, house: Kentongan) -> None:
    within = await house.units.elections(cast.sari, Act.READ)
    assert list(await house.revising.history(cast.sari, (await stage(house)).id or 0, within=within, limit=5)) == []


async def test_another_date_for_one_region_is_begun_and_then_looked_at(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    post, row, dewi = await voting_post(house, cast), await stage(house), await browse(cast.dewi)
    assert "Tanggalnya sama di semua wilayah." in (await dewi.get(f"/tahapan/{row.id}")).text
    data = {"unit": str(id_of(cast.cilendek)), "jenis": "psu"}
    answer = await dewi.post(f"/tahapan/{row.id}/wilayah", data=data)
    made = await stage(house, "PYL-07-32.71.04.1008")
    assert answer.headers["location"] == f"/tahapan/{made.id}?pesan=tahapan-wilayah"
    page = (await moved(dewi, made)).text
    assert "4 Desember 2024" in page
    sent = hidden(page) | {"terapkan": "1", "alasan": "Banjir"}
    assert (await dewi.post(f"/tahapan/{made.id}", data=sent)).status_code == 303
    after = await house.posts.get(cast.sari, post.id)
    assert "4 Desember 2024" in after.variants[0]["text"]
    assert made.name in (await dewi.get(f"/tahapan/{row.id}")).text
    assert (await dewi.post(f"/tahapan/{row.id}/wilayah", data=data)).status_code == 409


async def test_a_calendar_is_taken_out_changed_and_brought_in(browse: Browse, cast: Cast, house: Kentongan) -> None:
    dewi = await browse(cast.dewi)
    table = (await dewi.get("/tahapan/unduh")).content.replace(b"2024-11-27", b"2024-12-04")
    page = (await dewi.post("/tahapan/impor", files={"berkas": ("k.csv", table, "text/csv")})).text
    assert "0 tahapan baru, 1 tahapan berubah" in page
    assert (await stage(house)).starts_on == date(2024, 11, 27)
    sent = hidden(page) | {"langkah": "impor"}
    answer = await dewi.post("/tahapan/impor", data=sent, files={"kosong": ("", b"")})
    assert answer.headers["location"] == "/tahapan?pesan=kalender-impor"
    assert (await stage(house)).starts_on == date(2024, 12, 4)
    assert (await (await browse(cast.budi)).get("/tahapan/impor")).status_code == 403
