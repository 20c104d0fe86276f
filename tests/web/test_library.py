"""The library's pages, and choosing from it while writing."""

import io

from PIL import Image

from app.bootstrap import Kentongan
from app.posts.store import PostFilter
from tests.support.cast import Cast
from tests.web.conftest import Browse, photo


async def test_a_picture_is_added_described_in_two_languages_and_found_again(browse: Browse, cast: Cast) -> None:
    sari, out = await browse(cast.sari), io.BytesIO()
    Image.new("RGB", (1200, 900), "gray").save(out, "PNG")
    form = {"alt": "Kotak suara di balai.", "alt-su": "Kotak sora di balé.", "tag": "Logistik, kotak suara"}
    added = await sari.post("/pustaka", data=form, files={"file": ("k.png", out.getvalue(), "image/png")})
    assert added.status_code == 303
    shown = (await sari.get(added.headers["location"])).text
    for said in ("Kotak sora di balé.", "logistik, kotak suara", "Belum dipakai", "Tulis dengan foto ini"):
        assert said in shown
    assert "Kotak suara di balai." in (await sari.get("/pustaka?tag=kotak%20suara&cari=balai")).text
    assert "Tidak ada yang cocok" in (await sari.get("/pustaka?cari=pasar")).text
    refused = await sari.post(
        "/pustaka", data={**form, "alt": ""}, files={"file": ("k.png", out.getvalue(), "image/png")}
    )
    assert refused.status_code == 422
    assert "Kotak sora di balé." in refused.text


async def test_what_is_chosen_from_the_library_hangs_on_the_post(browse: Browse, house: Kentongan, cast: Cast) -> None:
    sari, media = await browse(cast.sari), await photo(house, cast)
    form = {"unit": str(cast.cilendek.id), "templat": "bebas", "teks": "Posko buka.", "kapan": "nanti"}
    searched = (await sari.post("/tulis/pratinjau", data={**form, "pustaka": "petugas", "cari-pustaka": "1"})).text
    assert f'name="media" value="{media}">' in searched
    written = await sari.post("/tulis", data={**form, "media": str(media)})
    (post,) = (await house.posts.list(cast.sari, PostFilter(), limit=10)).rows
    assert (written.headers["location"].partition("?")[0], post.media) == (f"/unggahan/{post.id}", [media])
    page = (await sari.get(f"/pustaka/{media}")).text
    assert f"Unggahan {post.id}, PPS Cilendek Barat" in page
    assert "Ya, hapus" not in page
    refused = await sari.post(f"/pustaka/{media}/hapus")
    assert (refused.status_code, "masih dipakai" in refused.text) == (409, True)


async def test_a_picture_taken_along_stays_chosen_through_unit_and_template(
    browse: Browse, house: Kentongan, cast: Cast
) -> None:
    sari, media = await browse(cast.sari), await photo(house, cast)
    assert f"&amp;media={media}&amp;templat=" in (await sari.get(f"/tulis?media={media}")).text
    page = (await sari.get(f"/tulis?unit={cast.cilendek.id}&media={media}&templat=bebas")).text
    assert f'name="media" value="{media}" checked' in page
