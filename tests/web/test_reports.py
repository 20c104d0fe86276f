import csv
import io
import re
from datetime import date, time

import httpx2
import pytest

from app.bootstrap import Kentongan
from app.engagement.models import Total
from app.reports.writers.comma import harmless
from app.tahapan.rules import Calendar, ElectionFacts, Stage
from app.web.agenda import Stretch, lanes, stages_between, weeks
from tests.support.cast import Cast
from tests.web.conftest import Browse, a_post, in_review, set_delivery


@pytest.fixture
async def sari(browse: Browse, cast: Cast, house: Kentongan) -> httpx2.AsyncClient:
    """Her post is out on X with 120 views and no reach, and failed on Facebook."""
    post = await a_post(house, cast)
    by_platform = {one.platform: one for one in post.deliveries}
    out, stuck = by_platform["x"], by_platform["facebook"]
    await set_delivery(house, out.id, state="published", published_at=out.due_at)
    await set_delivery(house, stuck.id, state="stopped", reason="Ditolak.")
    async with house.db.write() as session:
        session.add(Total(delivery_id=out.id, taken_at=house.clock.now(), views=120, reach=None, reactions=7))
    return await browse(cast.sari)


async def test_what_is_not_known_is_never_a_zero(sari: httpx2.AsyncClient) -> None:
    page = (await sari.get("/laporan/angka?kelompok=platform&ukuran=reach")).text
    row = page.partition('<th scope="row">X</th>')[2].partition("</tr>")[0]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", row)
    assert cells[:7] == ["1", "1", "1", "0", "0", "120", "tidak tersedia"]
    assert "<rect" not in page


async def test_the_longest_bar_belongs_to_the_largest_number(sari: httpx2.AsyncClient) -> None:
    page = (await sari.get("/laporan/angka?kelompok=platform&ukuran=views")).text
    assert re.findall(r'<rect [^>]*width="([\d.]+)"', page) == ["220.0"]


async def test_the_file_has_the_table_and_leaves_unknowns_empty(sari: httpx2.AsyncClient) -> None:
    answer = await sari.get("/laporan/angka.csv?kelompok=platform")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    found = {row["Platform"]: row for row in rows}
    assert (found["X"]["Tayangan"], found["X"]["Jangkauan"], found["Facebook"]["Gagal"]) == ("120", "", "1")


@pytest.mark.parametrize(("name", "cell"), [("=1+1", "'=1+1"), ("PPS Menteng", "PPS Menteng"), ("", "")])
def test_a_name_is_never_a_formula(name: str, cell: str) -> None:
    assert harmless(name) == cell


async def test_a_wrong_period_is_said_and_the_report_stays(sari: httpx2.AsyncClient) -> None:
    answer = await sari.get("/laporan/angka?dari=2024-12-01&sampai=2024-11-01")
    assert answer.status_code == 422
    assert "Tanggal awal sesudah tanggal akhir." in answer.text
    assert (await sari.get("/laporan/angka?dari=besok")).status_code == 422


async def test_practice_and_real_accounts_are_told_apart(sari: httpx2.AsyncClient) -> None:
    assert "akun latihan" in (await sari.get("/laporan/angka")).text
    assert "Belum ada unggahan" in (await sari.get("/laporan/angka?kelompok=platform&jenis=live")).text


def agenda(page: str) -> str:
    """Without the month in front of it."""
    return page.partition('id="agenda"')[2]


async def test_a_day_lists_what_goes_out_with_its_stages(sari: httpx2.AsyncClient) -> None:
    page = (await sari.get("/kalender")).text
    assert "Jumat, 1 November 2024" in agenda(page)
    assert "PPS Cilendek Barat · X" in agenda(page)
    assert "Pelaksanaan kampanye" in agenda(page)
    assert re.search(r"<b>1</b> <span class=\"number\">1 unggahan</span> <span class=\"number\">1 bermasalah", page)


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("platform=x", True), ("platform=telegram", False), ("keadaan=stopped", True), ("keadaan=unsure", False), ("keadaan=in_review", False),
        ("segmen=umum", True), ("segmen=pemula", False),
    ],
)  # fmt: skip
async def test_the_calendar_is_narrowed(sari: httpx2.AsyncClient, query: str, is_there: bool) -> None:
    page = (await sari.get(f"/kalender?{query}")).text
    assert ("PPS Cilendek Barat ·" in agenda(page), "1 unggahan" in page) == (is_there, is_there)


async def test_the_calendar_is_narrowed_by_place(sari: httpx2.AsyncClient, browse: Browse, cast: Cast) -> None:
    dewi = await browse(cast.dewi)
    elsewhere = (await dewi.get(f"/kalender?kecamatan={cast.ppk_utara.id}")).text
    assert "PPS Cilendek Barat ·" not in elsewhere
    assert "1 unggahan" not in elsewhere
    # The form was sent with a kelurahan of the kecamatan chosen before.
    former = (await dewi.get(f"/kalender?kecamatan={cast.ppk_barat.id}&kelurahan={cast.bantarjati.id}")).text
    assert "PPS Cilendek Barat ·" in agenda(former)


async def test_another_week_has_what_belongs_to_it(sari: httpx2.AsyncClient, cast: Cast, house: Kentongan) -> None:
    await in_review(house, cast)
    assert "PPS Cilendek Barat ·" not in agenda((await sari.get("/kalender?tanggal=2024-11-02")).text)
    assert "PPS Cilendek Barat ·" in agenda((await sari.get("/kalender?tanggal=2024-10-31")).text)
    assert (await sari.get("/kalender?tanggal=kapan-kapan")).status_code == 200


async def test_a_week_shows_the_hour_and_a_day_shows_all(
    sari: httpx2.AsyncClient, cast: Cast, house: Kentongan
) -> None:
    for _ in range(3):
        await in_review(house, cast)
    week = (await sari.get("/kalender?tampil=pekan")).text
    square = week.partition('data-k="2024-11-01 13"')[2].partition("</td>")[0]
    assert square.count('class="post') == 2
    assert "4 unggahan, 1 bermasalah: lihat semua" in square
    day = (await sari.get("/kalender?tampil=hari&tanggal=2024-11-01")).text
    assert agenda(day).count("<li>") == 4


FACTS = ElectionFacts(1, "p", "P", "A", "B", "", time(7), time(13))
LONG = Stage("A", "Kampanye", "penyelenggaraan", date(2024, 10, 1), date(2024, 11, 6))
QUIET = Stage("B", "Masa tenang", "masa_tenang", date(2024, 11, 7), date(2024, 11, 8))
OPEN = Stage("C", "Belum ada", "peristiwa", None, date(2024, 11, 6))


def test_stages_share_a_lane_where_they_do_not_meet() -> None:
    calendar = Calendar(FACTS, {"A": LONG, "B": QUIET, "C": OPEN})
    found = stages_between(calendar, date(2024, 11, 4), date(2024, 11, 10))
    assert found == [QUIET, LONG]
    assert lanes(date(2024, 11, 4), found) == [[Stretch(3, "Kampanye"), Stretch(2, "Masa tenang"), Stretch(2, "")]]


def test_a_month_starts_on_its_monday_and_ends_on_its_sunday() -> None:
    shown = weeks(date(2024, 11, 1), date(2024, 11, 2), {}, None)
    days = [one.day for week in shown for one in week.days]
    assert (days[0], days[-1], len(shown)) == (date(2024, 10, 28), date(2024, 12, 1), 5)
    assert [one.day for week in shown for one in week.days if one.is_today] == [date(2024, 11, 2)]
