import pytest

from app.bootstrap import Kentongan
from tests.support.cast import Cast
from tests.web.conftest import Browse, a_post, in_review


@pytest.fixture
async def told(house: Kentongan, cast: Cast) -> int:
    """Budi hears that Sari's own words wait for him; answers the post."""
    post = await in_review(house, cast)
    await house.notices.spread()
    return post.id


async def test_the_bell_counts_what_is_unread(browse: Browse, cast: Cast, told: int) -> None:
    budi = await browse(cast.budi)
    assert "belum dibaca" in (await budi.get("/dasbor")).text
    (notice,) = (await budi.get("/kabar")).text.split("menunggu tinjauan Anda</h3>")[1:]
    assert "Baru" in notice
    assert "belum dibaca" not in (await (await browse(cast.sari)).get("/dasbor")).text


async def test_opening_a_notice_marks_it_and_leads_on(browse: Browse, cast: Cast, house: Kentongan, told: int) -> None:
    budi = await browse(cast.budi)
    notice = (await house.notices.list(cast.budi)).rows[0]
    answer = await budi.post(f"/kabar/{notice.id}/baca", data={"buka": "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/unggahan/{told}")
    assert await house.notices.unread_count(cast.budi) == 0
    assert "Semua kabar sudah Anda baca." in (await budi.get("/kabar?belum=1")).text


async def test_all_are_read_at_once(browse: Browse, cast: Cast, house: Kentongan, told: int) -> None:
    assert (await (await browse(cast.budi)).post("/kabar/baca-semua")).status_code == 303
    assert await house.notices.unread_count(cast.budi) == 0


async def test_nobody_reads_anothers_notice(browse: Browse, cast: Cast, house: Kentongan, told: int) -> None:
    notice = (await house.notices.list(cast.budi)).rows[0]
    assert (await (await browse(cast.dewi)).post(f"/kabar/{notice.id}/baca")).status_code == 404


async def test_preferences_are_kept_and_a_wrong_chat_is_named(browse: Browse, cast: Cast, house: Kentongan) -> None:
    sari = await browse(cast.sari)
    answer = await sari.post("/kabar/pengaturan", data={"telegram": "1", "chat": "bukan chat"})
    assert answer.status_code == 422
    assert 'value="bukan chat"' in answer.text
    assert "nomor chat, misalnya" in answer.text
    await sari.post("/kabar/pengaturan", data={"telegram": "1", "chat": "123456789"})
    kept = await house.notices.preferences(cast.sari)
    assert (kept.mail, kept.telegram, kept.telegram_chat) == (False, True, "123456789")


async def test_only_who_can_mend_it_reads_what_the_operator_left_out(browse: Browse, cast: Cast) -> None:
    assert "KENTONGAN_SMTP_URL" in (await (await browse(cast.rina)).get("/kabar/pengaturan")).text
    assert "KENTONGAN_SMTP_URL" not in (await (await browse(cast.sari)).get("/kabar/pengaturan")).text


async def test_every_door_stands_on_the_page_of_all_doors(browse: Browse, cast: Cast, house: Kentongan) -> None:
    await a_post(house, cast)
    sari = await browse(cast.sari)
    page = (await sari.get("/lainnya")).text
    for path in ("/kabar", "/tugas", "/laporan", "/tahapan", "/akun", "/unit", "/kalender"):
        assert f'href="{path}"' in page
        assert (await sari.get(path)).status_code in {200, 303}
    assert 'href="/orang"' not in page
