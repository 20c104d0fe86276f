"""Changing what was written: nothing typed is lost, whoever else is at it."""

import re

import httpx2
import pytest

from app.bootstrap import Kentongan
from app.posts.service import PostView
from tests.support.cast import Cast
from tests.web.conftest import Browse, in_review, photo


@pytest.fixture
async def sari(browse: Browse, cast: Cast) -> httpx2.AsyncClient:
    return await browse(cast.sari)


@pytest.fixture
async def post(house: Kentongan, cast: Cast) -> PostView:
    return await in_review(house, cast)


def form_of(post: PostView, **changed: str) -> dict[str, object]:
    return {
        "unit": str(post.unit_id), "templat": "bebas", "unggahan": str(post.id), "versi": post.etag, "teks": post.text or "",
        "akun": [str(channel) for channel in post.channels], "kapan": "waktu", "waktu": "2024-11-05T09:00", **changed,
    }  # fmt: skip


async def test_a_post_is_changed_in_the_form_it_was_written_in(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, post: PostView
) -> None:
    page = (await sari.get(f"/unggahan/{post.id}/ubah")).text
    assert "Posko kami buka besok.</textarea>" in page
    assert page.count("checked") == 3
    answer = await sari.post(f"/unggahan/{post.id}/ubah", data=form_of(post, teks="Posko pindah."))
    assert answer.status_code == 303
    after = await house.posts.get(cast.sari, post.id)
    assert (after.text, after.due_at and after.due_at.isoformat()) == ("Posko pindah.", "2024-11-05T02:00:00+00:00")


async def test_of_two_editors_the_second_sees_both_texts_and_may_still_save(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, post: PostView
) -> None:
    await house.posts.edit(cast.budi, post.id, {"text": "Kata Budi."}, if_match=post.etag)
    answer = await sari.post(f"/unggahan/{post.id}/ubah", data=form_of(post, teks="Kata Sari."))
    assert answer.status_code == 412
    assert "Dua orang mengubah unggahan ini" in answer.text
    assert "Kata Budi." in answer.text
    assert "Kata Sari.</textarea>" in answer.text
    assert (await house.posts.get(cast.sari, post.id)).text == "Kata Budi."
    newer = (await house.posts.get(cast.sari, post.id)).etag
    assert newer.replace('"', "&#34;") in answer.text
    merged = form_of(post, teks="Kata keduanya.") | {"versi": newer}
    assert (await sari.post(f"/unggahan/{post.id}/ubah", data=merged)).status_code == 303


async def test_a_copy_starts_with_the_same_words_and_writes_nothing_yet(
    sari: httpx2.AsyncClient, post: PostView
) -> None:
    page = (await sari.get(f"/unggahan/{post.id}/gandakan")).text
    assert "Posko kami buka besok.</textarea>" in page
    assert 'action="/tulis"' in page
    assert 'name="versi"' not in page


async def test_an_ended_session_hands_the_text_back(browse: Browse, post: PostView) -> None:
    answer = await (await browse(None)).post("/tulis", data=form_of(post, teks="Kalimat yang panjang."))
    assert answer.status_code == 401
    assert "Kalimat yang panjang.</textarea>" in answer.text


async def test_a_photo_is_kept_with_both_descriptions_before_the_post_is(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, post: PostView
) -> None:
    kept = await photo(house, cast)
    path, _ = await house.media.open(cast.sari, kept)
    form = form_of(post, alt="Petugas melayani warga.", **{"alt-su": "Patugas ngaladénan warga."})
    answer = await sari.post("/tulis/foto", data=form, files={"foto": ("a.jpg", path.read_bytes(), "image/jpeg")})
    assert answer.status_code == 200
    assert len(re.findall(r'name="media" value="\d+" checked', answer.text)) == 1
    row = await house.media.get(cast.sari, kept + 1)
    assert (row.alt_text, row.alt_texts) == ("Petugas melayani warga.", {"su": "Patugas ngaladénan warga."})


async def test_an_iphones_own_format_is_refused_with_the_remedy(sari: httpx2.AsyncClient, post: PostView) -> None:
    heic = b"\x00\x00\x00\x18ftypheic" + bytes(64)
    form = form_of(post, alt="Petugas.")
    answer = await sari.post("/tulis/foto", data=form, files={"foto": ("a.heic", heic, "image/heic")})
    assert answer.status_code == 415
    assert "Paling Kompatibel" in answer.text
    assert "Posko kami buka besok.</textarea>" in answer.text


async def test_at_once_needs_no_clock(sari: httpx2.AsyncClient, house: Kentongan, cast: Cast, post: PostView) -> None:
    answer = await sari.post(f"/unggahan/{post.id}/ubah", data=form_of(post, kapan="sekarang", waktu=""))
    assert answer.status_code == 303
    due = (await house.posts.get(cast.sari, post.id)).due_at
    assert due is not None
    assert due <= house.clock.now()


async def test_the_gallery_narrows_by_words_stage_and_segment(sari: httpx2.AsyncClient) -> None:
    found = (await sari.get("/tulis?q=kumpul")).text
    assert "Sosialisasi tingkat RW" in found
    assert "Saring sebelum sebar" not in found
    assert "Saring sebelum sebar" in (await sari.get("/tulis?tahapan=PYL-06")).text
    assert "Tidak ada templat yang cocok." in (await sari.get("/tulis?segmen=pemula")).text
