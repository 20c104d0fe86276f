"""The first page: what lies ready, one tap, and never twice."""

import re

from sqlalchemy import update

from app.bootstrap import Kentongan
from app.posts.store import PostFilter
from app.tahapan.models import Tahapan
from app.web.today import split
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse, a_post, hand_off, in_review, set_delivery, template_id


async def test_a_ready_post_speaks_as_the_unit_and_takes_one_tap(browse: Browse, cast: Cast, house: Kentongan) -> None:
    sari = await browse(cast.sari)
    page = (await sari.get("/dasbor")).text
    assert "Warga Kelurahan Cilendek Barat, cek dulu kabar Pilkada" in page
    assert ">Terbitkan<" in page
    chosen = await template_id(house, cast.sari, "saring-hoaks")
    form = {"unit": str(cast.cilendek.id), "templat": str(chosen)}
    answer = await sari.post("/dasbor/terbitkan", data=form)
    assert answer.status_code == 303
    (post,) = (await house.posts.list(cast.sari, PostFilter(), limit=9)).rows
    assert (post.state, post.due_at is not None and post.due_at <= house.clock.now()) == ("scheduled", True)
    again = await sari.post("/dasbor/terbitkan", data=form)
    assert again.status_code == 409
    assert "Saran ini sudah dipakai" in again.text
    assert len((await house.posts.list(cast.sari, PostFilter(), limit=9)).rows) == 1


async def test_in_the_quiet_days_it_goes_to_review(browse: Browse, cast: Cast, house: Kentongan) -> None:
    today = house.clock.now().date()
    async with house.db.write() as session:
        await session.run(update(Tahapan).where(Tahapan.code == "TNG-01").values(starts_on=today, ends_on=today))  # type: ignore[arg-type]
    sari = await browse(cast.sari)
    assert "Kirim untuk ditinjau" in (await sari.get("/dasbor")).text
    form = {"unit": str(cast.cilendek.id), "templat": str(await template_id(house, cast.sari, "saring-hoaks"))}
    await sari.post("/dasbor/terbitkan", data=form)
    assert (await house.posts.list(cast.sari, PostFilter(), limit=9)).rows[0].state == "in_review"


async def test_a_neighbours_unit_is_not_published_for(browse: Browse, cast: Cast, house: Kentongan) -> None:
    chosen = await template_id(house, cast.sari, "saring-hoaks")
    form = {"unit": str(cast.cilendek.id), "templat": str(chosen)}
    assert (await (await browse(cast.citra)).post("/dasbor/terbitkan", data=form)).status_code == 404
    assert (await (await browse(cast.vino)).post("/dasbor/terbitkan", data=form)).status_code == 403


async def test_the_month_says_what_its_report_lacks(browse: Browse, cast: Cast, house: Kentongan) -> None:
    task = await hand_off(house, cast)
    earlier = house.clock.now().replace(hour=2)
    await set_delivery(house, task.id, due_at=earlier)
    page = (await (await browse(cast.sari)).get("/dasbor")).text
    assert re.search(r'href="/tugas">1 tugas unggah belum ditandai terbit', page)


async def test_a_reviewer_sees_what_waits_and_who_is_silent(browse: Browse, cast: Cast, house: Kentongan) -> None:
    await in_review(house, cast)
    done = (await a_post(house, cast)).deliveries[0]
    await set_delivery(house, done.id, state="published", published_at=done.due_at)
    page = (await (await browse(cast.dewi)).get("/dasbor")).text
    assert "Posko kami buka besok." in page
    assert "4 dari 5 unit" in page
    text = re.search(r"<textarea[^>]*>(Belum unggah.*?)</textarea>", page, re.DOTALL)
    assert text is not None
    assert "PPK Bogor Barat: PPS Menteng" in text[1]
    assert "Cilendek" not in text[1]
    assert "Siap terbit" not in page


async def test_a_poster_is_drawn_for_those_who_see_the_unit(browse: Browse, cast: Cast) -> None:
    path = f"/poster/{id_of(cast.cilendek)}.webp?judul=Halo"
    answer = await (await browse(cast.sari)).get(path)
    assert (answer.headers["content-type"], answer.content[8:12]) == ("image/webp", b"WEBP")
    assert len(answer.content) < 12_000
    assert (await (await browse(cast.citra)).get(path)).status_code == 404


def test_a_long_text_is_cut_between_words() -> None:
    text = "kata " * 60
    head, rest = split(text.strip())
    assert f"{head} {rest}" == text.strip()
    assert len(head) < 200
    assert split("pendek") == ("pendek", "")
