import io
import re
from typing import Any

import httpx2
import pytest
from PIL import Image

from app.bootstrap import Kentongan
from app.posts.store import PostFilter
from tests.support.cast import Cast, id_of
from tests.support.films import film
from tests.web.conftest import Browse, template_id

HTMX = {"HX-Request": "true"}
WHEN = "2024-11-05T09:00"


@pytest.fixture
async def sari(browse: Browse, cast: Cast) -> httpx2.AsyncClient:
    return await browse(cast.sari)


@pytest.fixture
async def form(house: Kentongan, cast: Cast) -> dict[str, Any]:
    """Her own words on both of her channels, Tuesday 09.00."""
    channels = await house.channels.list(cast.sari, unit=id_of(cast.cilendek))
    chosen = [str(channel.id) for channel in channels.rows]
    return {
        "unit": str(cast.cilendek.id),
        "templat": "bebas",
        "teks": "Ayo cek nama Anda.",
        "akun": chosen,
        "kapan": "waktu",
        "waktu": WHEN,
    }


async def posts_of(house: Kentongan, cast: Cast) -> list[Any]:
    return list((await house.posts.list(cast.sari, PostFilter(), limit=10)).rows)


async def test_who_writes_for_one_unit_is_not_asked_which(sari: httpx2.AsyncClient) -> None:
    page = (await sari.get("/tulis")).text
    assert "Pilih templat untuk PPS Cilendek Barat" in page
    assert 'id="unit"' not in page


async def test_templates_of_the_running_stage_come_first(sari: httpx2.AsyncClient) -> None:
    now = (await sari.get("/tulis")).text
    assert "Saring sebelum sebar" in now
    assert "Sosialisasi tingkat RW" not in now
    assert "Sosialisasi tingkat RW" in (await sari.get("/tulis?semua=1")).text


async def test_a_template_speaks_as_the_unit_before_it_is_chosen(sari: httpx2.AsyncClient) -> None:
    page = (await sari.get("/tulis?semua=1")).text
    assert "Warga Kelurahan Cilendek Barat, cek dulu" in page
    assert "Warga RW … Cilendek Barat" in page


async def test_a_template_is_scheduled_in_the_units_own_zone(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    form |= {"templat": str(await template_id(house, cast.sari, "saring-hoaks")), "teks": ""}
    answer = await sari.post("/tulis", data=form)
    assert answer.status_code == 303
    (post,) = await posts_of(house, cast)
    assert (post.state, post.due_at.isoformat()) == ("scheduled", "2024-11-05T02:00:00+00:00")
    page = (await sari.get(answer.headers["location"])).text
    assert "Dijadwalkan." in page
    assert "Selasa, 5 November 2024 pukul 09.00 WIB" in page


async def test_only_what_is_missing_is_asked(sari: httpx2.AsyncClient, house: Kentongan, cast: Cast) -> None:
    chosen = await template_id(house, cast.sari, "sosialisasi-rw")
    page = (await sari.get(f"/tulis?unit={cast.cilendek.id}&templat={chosen}")).text
    assert re.findall(r'name="isi-(\w+)"', page) == ["rw", "tempat_kegiatan"]
    assert "Isian belum lengkap" in page


async def test_a_text_is_never_lost(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    form |= {"teks": "Kalimat yang panjang & penting. " * 20}
    answer = await sari.post("/tulis", data=form)
    assert answer.status_code == 422
    assert "Kalimat yang panjang &amp; penting. " * 20 in answer.text
    assert "terlalu panjang" in answer.text
    assert f'value="{WHEN}"' in answer.text
    assert answer.text.count(" checked") == 3
    assert await posts_of(house, cast) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"waktu": ""}, "Isi tanggal dan jamnya"),
        ({"waktu": "2024-10-01T09:00"}, "sudah lewat"),
        ({"kapan": "tahapan", "tahapan": ""}, "Pilih tahapannya"),
        ({"kapan": "tahapan", "tahapan": "PYL-07", "hari": "-3"}, "Isi angka 0 sampai 365"),
        ({"kapan": "tahapan", "tahapan": "XXX", "hari": "0", "jam": "07:00"}, "tidak ada di kalender"),
        ({"kapan": "tahapan", "tahapan": "PYL-07", "hari": "0", "jam": "pagi"}, "Isi jamnya"),
    ],
)
async def test_a_wrong_moment_is_named_beside_its_field(
    sari: httpx2.AsyncClient, form: dict[str, Any], wrong: dict[str, str], said: str
) -> None:
    answer = await sari.post("/tulis", data=form | wrong)
    assert answer.status_code == 422
    assert re.search(rf'class="wrong" id="salah-\w+">[^<]*{said}', answer.text)


async def test_a_post_can_hang_on_a_stage(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    form |= {"kapan": "tahapan", "tahapan": "PYL-07", "ujung": "start", "hari": "3", "arah": "sebelum", "jam": "06:30"}
    assert (await sari.post("/tulis", data=form)).status_code == 303
    (post,) = await posts_of(house, cast)
    assert post.timing == {"anchor": {"tahapan": "PYL-07", "edge": "start", "offset_days": -3, "time": "06:30"}}


async def test_the_preview_counts_as_each_platform_counts(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    answer = await sari.post("/tulis/pratinjau", data=form | {"teks": "x" * 300}, headers=HTMX)
    assert "<html" not in answer.text
    assert "300 dari 280" in answer.text
    assert "Kelebihan 20 karakter" in answer.text
    assert "300 dari 63.206" in answer.text
    assert await posts_of(house, cast) == []


async def test_the_guard_says_where_and_why_while_one_writes(sari: httpx2.AsyncClient, form: dict[str, Any]) -> None:
    answer = await sari.post("/tulis/pratinjau", data=form | {"teks": "NIK saya 3271041234567890"}, headers=HTMX)
    assert "Diblokir" in answer.text
    assert "3271041234567890</q>" in answer.text


async def test_the_preview_works_without_javascript(sari: httpx2.AsyncClient, form: dict[str, Any]) -> None:
    answer = await sari.post("/tulis/pratinjau", data=form)
    assert "<html" in answer.text
    assert ">Ayo cek nama Anda.</textarea>" in answer.text


async def test_a_templates_text_can_be_taken_over(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    form |= {"templat": str(await template_id(house, cast.sari, "saring-hoaks")), "teks": "", "salin": "1"}
    answer = await sari.post("/tulis/pratinjau", data=form)
    assert "Tanyakan kepada PPS Cilendek Barat.</textarea>" in answer.text


async def test_without_a_moment_it_is_kept_as_a_draft(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    answer = await sari.post("/tulis", data=form | {"kapan": "nanti"})
    assert answer.headers["location"].endswith("&pesan=tersimpan")
    assert (await posts_of(house, cast))[0].state == "draft"


async def test_a_photo_survives_a_mistake_elsewhere(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (400, 300), "gray").save(picture, "JPEG")
    files = {"foto": ("foto.jpg", picture.getvalue(), "image/jpeg")}
    answer = await sari.post("/tulis", data=form | {"waktu": "", "alt": "Warga membaca pengumuman"}, files=files)
    media = re.findall(r'name="media" value="(\d+)"', answer.text)
    assert (answer.status_code, len(media)) == (422, 1)
    assert (await sari.post("/tulis", data=form | {"media": media})).status_code == 303
    assert [str(one) for one in (await posts_of(house, cast))[0].media] == media


async def test_a_video_hangs_on_a_post_as_a_photo_does(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    files = {"foto": ("apa saja.bin", film(), "application/octet-stream")}
    answer = await sari.post("/tulis", data=form | {"alt": "Warga mencoblos di bilik suara"}, files=files)
    assert answer.status_code == 303, answer.text
    (kept,) = (await posts_of(house, cast))[0].media
    row = await house.media.get(cast.sari, kept)
    assert (row.kind, row.seconds, row.alt_text) == ("video", 15, "Warga mencoblos di bilik suara")


async def test_a_nul_in_a_text_does_no_harm(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    assert (await sari.post("/tulis", data=form | {"teks": "Ayo\x00 cek nama Anda."})).status_code == 303
    assert (await posts_of(house, cast))[0].text == "Ayo cek nama Anda."


async def test_a_neighbours_unit_cannot_be_written_for(browse: Browse, cast: Cast, form: dict[str, Any]) -> None:
    citra = await browse(cast.citra)
    assert (await citra.post("/tulis", data=form)).status_code == 404
    assert (await citra.get(f"/tulis?unit={cast.cilendek.id}&templat=bebas")).status_code == 404


async def test_the_reviewer_above_approves_and_the_author_cannot(
    browse: Browse, sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    await sari.post("/tulis", data=form)
    (post,) = await posts_of(house, cast)
    assert post.state == "in_review"
    assert "Setujui" not in (await sari.get(f"/unggahan/{post.id}")).text
    refused = await sari.post(f"/unggahan/{post.id}/setujui")
    assert (refused.status_code, "Minta peninjau lain" in refused.text) == (403, True)
    budi = await browse(cast.budi)
    assert "Setujui" in (await budi.get(f"/unggahan/{post.id}")).text
    assert (await budi.post(f"/unggahan/{post.id}/setujui")).status_code == 303
    assert (await posts_of(house, cast))[0].state == "scheduled"


async def test_a_refusal_needs_a_reason(
    browse: Browse, sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, form: dict[str, Any]
) -> None:
    await sari.post("/tulis", data=form)
    (post,) = await posts_of(house, cast)
    budi = await browse(cast.budi)
    assert (await budi.post(f"/unggahan/{post.id}/tolak", data={"alasan": " "})).status_code == 422
    assert (await budi.post(f"/unggahan/{post.id}/tolak", data={"alasan": "Sebut hari dan jamnya."})).status_code == 303
    assert "Sebut hari dan jamnya." in (await sari.get(f"/unggahan/{post.id}")).text
