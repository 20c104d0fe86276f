"""The page for tables: check first, then bring in what the page has kept, without choosing the file again."""

import re

from app.bootstrap import Kentongan
from app.posts.store import PostFilter
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse, in_review

HEADER = "unit,platform,akun,teks\n"


def table(cast: Cast, *texts: str) -> dict[str, tuple[str, bytes, str]]:
    rows = "".join(f"32.71.04.1008,x,akun.{id_of(cast.cilendek)},{text}\n" for text in texts)
    return {"berkas": ("rencana.csv", (HEADER + rows).encode(), "text/csv")}


def hidden(page: str, name: str) -> str:
    match = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert match, page
    return match[1]


async def test_a_file_is_checked_then_brought_in(browse: Browse, cast: Cast, house: Kentongan) -> None:
    sari = await browse(cast.sari)
    looked = await sari.post("/impor", files=table(cast, "Posko buka."), data={"langkah": "periksa"})
    assert looked.status_code == 200
    assert "Belum ada yang disimpan." in looked.text
    assert (await house.posts.list(cast.sari, PostFilter(), limit=9)).rows == []
    kept = {"isi": hidden(looked.text, "isi"), "nama": hidden(looked.text, "nama"), "langkah": "impor"}
    done = await sari.post("/impor", data=kept)
    assert (done.status_code, done.headers["location"]) == (303, "/impor?pesan=impor")
    assert [post.text for post in (await house.posts.list(cast.sari, PostFilter(), limit=9)).rows] == ["Posko buka."]


async def test_bad_rows_are_named_and_the_good_ones_may_go_alone(browse: Browse, cast: Cast, house: Kentongan) -> None:
    sari = await browse(cast.sari)
    looked = await sari.post("/impor", files=table(cast, "Satu.", "=1+1"), data={"langkah": "periksa"})
    assert re.search(r"<td class=\"number\">3</td><td>teks</td><td>Sel ini berisi rumus", looked.text)
    done = await sari.post("/impor", data={"isi": hidden(looked.text, "isi"), "langkah": "sebagian"})
    assert done.status_code == 303
    assert len((await house.posts.list(cast.sari, PostFilter(), limit=9)).rows) == 1


async def test_a_wrong_file_says_what_to_do(browse: Browse, cast: Cast) -> None:
    sari = await browse(cast.sari)
    for files, said in (
        ({"berkas": ("a.csv", b"unit\n", "text/csv")}, "kolom “platform” tidak ada"),
        ({"berkas": ("", b"", "text/csv")}, "Pilih berkas"),
    ):
        answer = await sari.post("/impor", files=files)
        assert answer.status_code == 422
        assert said in answer.text


async def test_files_can_be_taken_from_the_page(browse: Browse, cast: Cast, house: Kentongan) -> None:
    await in_review(house, cast)
    sari = await browse(cast.sari)
    assert "Posko kami buka besok." in (await sari.get("/impor/unduh?bentuk=csv")).text
    assert "Posko kami buka besok." not in (await sari.get("/impor/unduh?bentuk=csv&keadaan=done")).text
    assert (await sari.get("/impor/contoh")).content.startswith(b"PK")
    assert "Impor</h2>" not in (await (await browse(cast.vino)).get("/impor")).text
