import pytest

from app.bootstrap import Kentongan
from tests.support.cast import Cast
from tests.web.conftest import Browse, a_post

EVERYBODY = {"sari", "budi", "citra", "dewi", "rina", "vino"}
OPEN_TO = {
    "/dasbor": EVERYBODY,
    "/antrean": EVERYBODY,
    "/siaran": EVERYBODY,
    "/tulis": {"sari", "budi", "citra", "dewi", "rina"},
    "/siaran/baru": {"budi", "dewi", "rina"},
    "/tinjau": {"budi", "dewi", "rina"},
    "/seri": EVERYBODY,
    "/seri/baru": {"budi", "dewi", "rina"},
    "/gangguan": EVERYBODY,
    "/jeda": EVERYBODY,
    "/akun/baru": {"rina"},
    "/orang": {"rina"},
    "/lainnya": EVERYBODY,
    "/keamanan": EVERYBODY,
    "/keamanan/buktikan": EVERYBODY,
    "/kabar": EVERYBODY,
    "/kabar/pengaturan": EVERYBODY,
    "/tugas": EVERYBODY,
    "/akun": EVERYBODY,
    "/tahapan": EVERYBODY,
    "/laporan": EVERYBODY,
    "/laporan/rekap.csv": EVERYBODY,
    "/laporan/angka": EVERYBODY,
    "/laporan/kepatuhan": EVERYBODY,
    "/laporan/angka.csv": EVERYBODY,
    "/kegiatan": EVERYBODY,
    "/kegiatan/baru": {"sari", "budi", "citra", "dewi", "rina"},
    "/kalender": EVERYBODY,
    "/impor": EVERYBODY,
    "/riwayat": EVERYBODY,
    "/aduan": {"budi", "dewi", "rina"},
}


@pytest.mark.parametrize("path", OPEN_TO)
async def test_each_page_opens_to_those_it_is_for(browse: Browse, cast: Cast, path: str) -> None:
    answers = {name: (await (await browse(getattr(cast, name))).get(path)).status_code for name in cast.users}
    assert answers == {name: 200 if name in OPEN_TO[path] else 403 for name in cast.users}


async def test_a_neighbour_sees_nothing_of_saris(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await a_post(house, cast)
    citra = await browse(cast.citra)
    for path in (
        "/antrean?tab=semua",
        "/kalender",
        "/akun",
        "/unit",
        "/laporan",
        "/laporan/angka?kelompok=unit",
        "/kegiatan",
        "/tugas",
    ):
        assert "PPS Cilendek Barat" not in (await citra.get(path)).text, path
    for path in (
        f"/unggahan/{post.id}", f"/antrean/{post.deliveries[0].id}", f"/antrean?unit={post.unit_id}", f"/kalender?unit={post.unit_id}",
        f"/unit/{post.unit_id}",
    ):  # fmt: skip
        assert (await citra.get(path)).status_code == 404
    assert (await citra.post(f"/antrean/{post.deliveries[0].id}/batalkan")).status_code == 404


async def test_a_viewer_is_offered_no_act_and_refused_one(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await a_post(house, cast)
    vino, path = await browse(cast.vino), f"/antrean/{post.deliveries[0].id}"
    assert "Batalkan" not in (await vino.get(path)).text
    answer = await vino.post(f"{path}/batalkan")
    assert answer.status_code == 403
    assert "belum boleh menulis" in answer.text


async def test_the_menu_shows_only_open_doors(browse: Browse, cast: Cast) -> None:
    page = (await (await browse(cast.sari)).get("/dasbor")).text
    assert 'href="/tulis"' in page
    assert 'href="/siaran"' not in page


async def test_a_missing_page_says_so_in_words(browse: Browse, cast: Cast) -> None:
    answer = await (await browse(cast.sari)).get("/tidak-ada")
    assert answer.status_code == 404
    assert "Halaman tidak ditemukan" in answer.text


async def test_the_api_keeps_its_own_errors(browse: Browse) -> None:
    answer = await (await browse(None)).get("/api/v1/tidak-ada")
    assert answer.headers["content-type"] == "application/problem+json"
