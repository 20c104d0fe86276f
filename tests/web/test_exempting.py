"""A finding is let pass on the page where it is read, with a reason, and by those who may."""

from app.bootstrap import Kentongan
from app.posts.rules import PostState
from app.posts.service import PostInput
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse, in_review, photo

TELEPHONE = "Telepon posko 0812 3456 7890."


async def test_the_kpu_lets_a_finding_pass_and_others_are_told_why_not(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    post = await in_review(house, cast, TELEPHONE)
    form = {"aturan": "G07_telepon", "alasan": "Nomor resmi posko"}
    budi = await browse(cast.budi)
    refused = await budi.post(f"/tinjau/{post.id}/bebaskan", data=form)
    assert (refused.status_code, "KPU" in refused.text) == (403, True)
    dewi = await browse(cast.dewi)
    assert '<option value="G07_telepon">Nomor telepon</option>' in (await dewi.get(f"/tinjau/{post.id}")).text
    empty = await dewi.post(f"/tinjau/{post.id}/bebaskan", data={**form, "alasan": " "})
    assert (empty.status_code, "Tulis alasannya" in empty.text) == (422, True)
    done = await dewi.post(f"/tinjau/{post.id}/bebaskan", data=form, follow_redirects=True)
    assert "Dibebaskan peninjau: Nomor resmi posko" in done.text
    assert "Bebaskan temuan" not in done.text


async def test_a_draft_that_is_blocked_is_let_pass_on_its_own_page(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    draft = await house.posts.create(cast.sari, PostInput(id_of(cast.cilendek), text="Awas cek-kpu.com palsu."))
    dewi = await browse(cast.dewi)
    assert "Bebaskan temuan" in (await dewi.get(f"/unggahan/{draft.id}")).text
    form = {"aturan": "G14_tautan_tak_dikenal", "alasan": "Peringatan hoaks"}
    done = await dewi.post(f"/tinjau/{draft.id}/bebaskan", data=form)
    assert done.headers["location"] == f"/unggahan/{draft.id}?pesan=bebas"
    assert "Bebaskan temuan" not in (await (await browse(cast.sari)).get(f"/unggahan/{draft.id}")).text


async def test_a_photo_is_approved_only_where_it_is_looked_at(browse: Browse, cast: Cast, house: Kentongan) -> None:
    post = await in_review(house, cast, media=[await photo(house, cast)])
    page = (await (await browse(cast.budi)).get(f"/unggahan/{post.id}")).text
    assert f'href="/tinjau/{post.id}">Tinjau fotonya' in page
    assert f'action="/unggahan/{post.id}/setujui"' not in page
    assert post.state is PostState.IN_REVIEW


async def test_the_price_is_told_while_writing(browse: Browse, cast: Cast, house: Kentongan) -> None:
    x = await house.channels.add(
        cast.rina,
        unit_id=id_of(cast.cilendek),
        platform="x",
        environment="live",
        handle="asli",
        credential={"access_token": "t"},
    )
    form = {
        "unit": id_of(cast.cilendek),
        "templat": "bebas",
        "teks": "Cek di kpu.go.id",
        "akun": x.id,
        "kapan": "nanti",
    }
    page = (await (await browse(cast.sari)).post("/tulis/pratinjau", data=form)).text
    assert "Perkiraan biaya X: US$0,200 untuk 1 unggahan" in page
    made = await house.posts.create(cast.sari, PostInput(id_of(cast.cilendek), text="Halo", channels=[x.id or 0]))
    assert made.price.posts == 0, "a draft has no delivery yet"
