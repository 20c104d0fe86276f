import re

import pytest

from app.bootstrap import Kentongan
from app.web.differences import compare, nearest
from tests.support.cast import Cast
from tests.web.conftest import Browse, in_review, photo, template_id


async def state_of(house: Kentongan, cast: Cast, post_id: int) -> str:
    return (await house.posts.get(cast.dewi, post_id)).state


def test_words_that_were_changed_are_marked_and_no_others() -> None:
    sides = compare("Warga RW 05, ayo cek nama.", "Warga RW 06, ayo cek nama.")
    assert [piece.text for piece in sides.before if piece.is_changed] == ["05,"]
    assert [piece.text for piece in sides.after if piece.is_changed] == ["06,"]
    assert "".join(piece.text for piece in sides.after) == "Warga RW 06, ayo cek nama."


def test_texts_that_share_only_chance_words_are_marked_whole() -> None:
    sides = compare("Satu dua tiga empat lima enam", "Besok kumpul di balai dua")
    assert [(piece.text, piece.is_changed) for piece in sides.after] == [("Besok kumpul di balai dua", True)]
    assert compare("Sama", "Sama").is_same


def test_a_text_is_compared_with_the_one_it_came_from() -> None:
    assert nearest(["Ini pendek", "Ini jauh lebih panjang sekali"], "Ini jauh lebih panjang") != "Ini pendek"


async def test_a_change_stands_beside_its_template(browse: Browse, cast: Cast, house: Kentongan) -> None:
    chosen = await template_id(house, cast.sari, "saring-hoaks")
    text = "Sahabat Kelurahan Cilendek Barat, cek dulu kabar Pilkada sebelum membagikannya."
    post = await in_review(house, cast, text, template_id=chosen)
    page = (await (await browse(cast.budi)).get(f"/tinjau/{post.id}")).text
    assert "<del>Warga</del>" in page
    assert "<ins>Sahabat</ins>" in page


async def test_approving_leads_to_the_next_one(browse: Browse, cast: Cast, house: Kentongan) -> None:
    older, newer = [await in_review(house, cast, f"Posko {n} buka.") for n in (1, 2)]
    budi = await browse(cast.budi)
    answer = await budi.post(f"/tinjau/{newer.id}/setujui")
    assert answer.headers["location"] == f"/tinjau/{older.id}?pesan=setuju"
    assert await state_of(house, cast, newer.id) == "scheduled"
    answer = await budi.post(f"/tinjau/{older.id}/tolak", data={"alasan": "Jamnya?"})
    assert answer.headers["location"] == "/tinjau?pesan=tolak-habis"
    assert "Tidak ada yang menunggu tinjauan Anda." in (await budi.get("/tinjau")).text


async def test_rejecting_needs_a_reason(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await in_review(house, cast)
    answer = await (await browse(cast.budi)).post(f"/tinjau/{post.id}/tolak", data={"alasan": " "})
    assert answer.status_code == 422
    assert "Tulis alasan penolakan" in answer.text
    assert await state_of(house, cast, post.id) == "in_review"


async def test_who_edited_last_is_told_why_they_may_not_approve(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await in_review(house, cast)
    await house.posts.edit(cast.budi, post.id, {"text": "Posko kami buka lusa."}, if_match=post.etag)
    answer = await (await browse(cast.budi)).post(f"/tinjau/{post.id}/setujui")
    assert answer.status_code == 403
    assert "Anda yang menulis unggahan ini" in answer.text
    assert await state_of(house, cast, post.id) == "in_review"


async def test_what_one_may_not_approve_is_not_in_ones_list(browse: Browse, cast: Cast, house: Kentongan) -> None:
    edited, plain = await in_review(house, cast, "Posko satu buka."), await in_review(house, cast, "Posko dua buka.")
    await house.posts.edit(cast.budi, edited.id, {"text": "Posko kami buka lusa."}, if_match=edited.etag)
    budi = await browse(cast.budi)
    page = (await budi.get("/tinjau")).text
    assert f"/tinjau/{plain.id}" in page
    assert f"/tinjau/{edited.id}" not in page
    assert "Anda yang menulis unggahan ini." in (await budi.get(f"/tinjau/{edited.id}")).text
    assert f"/tinjau/{edited.id}" in (await (await browse(cast.dewi)).get("/tinjau")).text


async def test_a_photo_is_approved_only_after_every_check(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await in_review(house, cast, media=[await photo(house, cast)])
    budi, path = await browse(cast.budi), f"/tinjau/{post.id}/setujui"
    page = (await budi.get(f"/tinjau/{post.id}")).text
    assert re.search(r'<img src="/media/\d+\.jpg\?exp=\d+&amp;sig=[^"]+" alt="Petugas di pasar\."', page)
    assert (await budi.post(path, data={"foto": ["1", "2"]})).status_code == 422
    assert await state_of(house, cast, post.id) == "in_review"
    assert (await budi.post(path, data={"foto": ["1", "2", "3", "4"]})).status_code == 303


async def test_what_is_the_same_is_approved_at_once(browse: Browse, cast: Cast, house: Kentongan) -> None:
    same = [await in_review(house, cast) for _ in range(3)]
    other = await in_review(house, cast, "Hanya satu.")
    budi = await browse(cast.budi)
    page = (await budi.get("/tinjau")).text
    assert "3 unggahan, isinya sama" in page
    ids = re.findall(r'name="unggahan" value="(\d+)"', page)
    assert sorted(map(int, ids)) == [post.id for post in same]
    assert (await budi.post("/tinjau/setujui", data={"unggahan": ids})).headers[
        "location"
    ] == "/tinjau?pesan=setuju-semua"
    assert [await state_of(house, cast, post.id) for post in (*same, other)] == ["scheduled"] * 3 + ["in_review"]


async def test_one_refused_of_many_is_named_and_the_others_pass(browse: Browse, cast: Cast, house: Kentongan) -> None:
    first, second = [await in_review(house, cast) for _ in range(2)]
    await house.posts.reject(cast.dewi, second.id, reason="x")
    answer = await (await browse(cast.budi)).post("/tinjau/setujui", data={"unggahan": [first.id, second.id]})
    assert answer.status_code == 409
    assert "1 disetujui, 1 tidak" in answer.text
    assert await state_of(house, cast, first.id) == "scheduled"


@pytest.mark.parametrize("act", ["setujui", "tolak"])
async def test_a_neighbour_decides_nothing(browse: Browse, cast: Cast, house: Kentongan, act: str) -> None:
    post = await in_review(house, cast)
    assert (await (await browse(cast.citra)).get(f"/tinjau/{post.id}")).status_code == 403
    assert (await (await browse(cast.citra)).post(f"/tinjau/{post.id}/{act}")).status_code == 404
    assert await state_of(house, cast, post.id) == "in_review"


async def test_a_reviewer_asks_and_the_author_answers(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await in_review(house, cast)
    budi, sari = await browse(cast.budi), await browse(cast.sari)
    data = {"teks": "Jamnya <b>berapa</b>?", "tanya": "1", "dari": "tinjau"}
    answer = await budi.post(f"/unggahan/{post.id}/catatan", data=data)
    assert answer.headers["location"] == f"/tinjau/{post.id}?pesan=catatan"
    page = (await sari.get(f"/unggahan/{post.id}")).text
    assert "Jamnya &lt;b&gt;berapa&lt;/b&gt;?" in page
    assert "Menunggu jawaban penulisnya." in page
    await sari.post(f"/unggahan/{post.id}/catatan", data={"teks": "Pukul sembilan."})
    page = (await budi.get(f"/tinjau/{post.id}")).text
    assert "Pukul sembilan." in page
    assert "Menunggu jawaban penulisnya." not in page


async def test_a_reviewer_holds_a_post_and_lets_it_go(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await in_review(house, cast)
    budi = await browse(cast.budi)
    assert (await budi.post(f"/unggahan/{post.id}/tahan", data={"alasan": " "})).status_code == 422
    await budi.post(f"/unggahan/{post.id}/tahan", data={"alasan": "Tunggu surat."})
    assert "Ditahan peninjau: Tunggu surat." in (await (await browse(cast.sari)).get(f"/unggahan/{post.id}")).text
    await budi.post(f"/unggahan/{post.id}/lepas")
    assert "Ditahan peninjau" not in (await budi.get(f"/unggahan/{post.id}")).text


async def test_what_is_urgent_stands_first(browse: Browse, cast: Cast, house: Kentongan) -> None:
    urgent, plain = await in_review(house, cast, "TPS 4 pindah.", urgent=True), await in_review(house, cast)
    page = (await (await browse(cast.budi)).get("/tinjau")).text
    assert page.index(f"/tinjau/{urgent.id}") < page.index(f"/tinjau/{plain.id}")
    assert "Mendesak" in page
