"""One object from real deliveries, on both databases: what it counts, what it leaves unknown, and whose it is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.activities.rules import Said
from app.kit.errors import BadInput, NotFound
from app.posts.models import Broadcast
from app.reports.rules import Kind, Recap
from app.reports.service import RecapWanted
from app.reports.targets import load_targets
from tests.conftest import NOW
from tests.engagement.conftest import Place
from tests.support.cast import id_of
from tests.support.house import add_template

KNOWN = {"views": 100, "reach": 80, "reactions": 6, "comments": 2}
THIS_WEEK, LAST_WEEK = "2024-W44", "2024-W43"


async def recap(place: Place, who: str = "dewi", **wanted: object) -> Recap:
    return await place.house.recaps.make(getattr(place.cast, who), RecapWanted(**wanted))  # type: ignore[arg-type]


async def test_rows_add_up_to_the_totals_and_silent_units_are_rows_too(place: Place) -> None:
    await place.put("cilendek", "facebook", numbers=KNOWN)
    await place.put("menteng", "x", numbers={"views": 10}, late=90)
    await place.put("menteng", "x", state="stopped")
    await place.put("bantarjati", "x", state="missed")
    found = await recap(place)
    assert (found.period.key, found.unit, found.units, found.active_units) == (THIS_WEEK, "KPU Kota Bogor", 6, 2)
    totals = found.totals
    assert (totals.posts, totals.published, totals.on_time, totals.failed, totals.missed) == (4, 2, 1, 1, 1)
    for name in ("posts", "published", "on_time", "failed", "missed", "views", "reach"):
        known = [value for row in found.rows if (value := getattr(row, name)) is not None]
        assert sum(known) == getattr(totals, name), name
        told = [value for row in found.kecamatan if (value := getattr(row, name)) is not None]
        assert sum(told) == getattr(totals, name), name
    assert (totals.views, totals.reach, totals.saves) == (110, 80, None)
    assert totals.engagement_rate == pytest.approx(0.1)
    assert {row.label for row in found.silent} >= {"PPS Bantarjati", "PPK Bogor Barat"}


async def test_a_week_holds_its_own_days_and_is_set_against_the_one_before(place: Place) -> None:
    monday = datetime(2024, 10, 27, 17, tzinfo=UTC)  # midnight of 28 October in Jakarta
    await place.put("cilendek", "x", due_at=monday)
    await place.put("cilendek", "x", due_at=monday - timedelta(seconds=1))
    await place.put("cilendek", "x", due_at=monday + timedelta(days=7))
    now, then = await recap(place), await recap(place, key=LAST_WEEK)
    assert (now.totals.posts, now.before and now.before.posts) == (1, 1)
    assert (then.totals.posts, then.period.from_on, then.period.to_on) == (1, date(2024, 10, 21), date(2024, 10, 27))
    assert (await recap(place, kind=Kind.MONTHLY, key="2024-11")).totals.posts == 1


async def test_a_stage_has_the_posts_that_speak_of_it_whenever_they_were_due(place: Place) -> None:
    spoken = {"tahapan": "PYL-07"}
    await place.put("cilendek", "x", post=spoken, due_at=NOW - timedelta(days=40))
    await place.put("cilendek", "x", post={"tahapan": "PYL-06"})
    found = await recap(place, kind=Kind.TAHAPAN, key="PYL-07")
    assert (found.totals.posts, found.before, found.period.label) == (1, None, "Pelaksanaan pemungutan suara")
    with pytest.raises(NotFound):
        await recap(place, kind=Kind.TAHAPAN, key="TIDAK-ADA")


async def test_every_pps_has_its_own_and_a_neighbour_sees_nothing_of_it(place: Place) -> None:
    await place.put("cilendek", "facebook", numbers=KNOWN)
    await place.put("bantarjati", "facebook", numbers={"views": 7})
    mine = await recap(place, "sari")
    assert ([row.label for row in mine.rows], mine.totals.views) == (["PPS Cilendek Barat"], 100)
    theirs = await recap(place, "citra")
    assert (theirs.totals.views, [one.unit for one in theirs.annex]) == (7, ["PPS Bantarjati"])
    with pytest.raises(NotFound):
        await recap(place, "citra", unit=id_of(place.cast.cilendek))
    narrowed = await recap(place, unit=id_of(place.cast.ppk_barat))
    assert (narrowed.unit, narrowed.totals.views, len(narrowed.rows)) == ("PPK Bogor Barat", 100, 3)


async def test_evidence_has_the_hash_and_the_address_of_what_is_out(place: Place) -> None:
    message = {"text": "Cek nama Anda.", "pictures": [{"media_id": 5}]}
    await place.put("cilendek", "x", message=message, message_hash="ab12", url="https://x.com/1", numbers=KNOWN)
    await place.put("cilendek", "x", state="due")
    (one,) = (found := await recap(place)).annex
    assert (one.text, one.text_hash, one.url, one.picture_id, one.interactions) == ("Cek nama Anda.", "ab12", "https://x.com/1", 5, 8)  # fmt: skip
    assert [row.delivery_id for row in found.top] == [row.delivery_id for row in found.to_answer] == [one.delivery_id]
    assert (found.annex_total, found.fresh_at) == (1, NOW)


async def test_a_mandatory_post_counts_once_it_is_out_on_every_account(place: Place) -> None:
    broadcast_id = await a_broadcast(place, "mandatory")
    await place.put("cilendek", "x", post={"broadcast_id": broadcast_id})
    await place.put("menteng", "x", post={"broadcast_id": broadcast_id}, state="stopped")
    await place.put("menteng", "x", post={"broadcast_id": await a_broadcast(place, "suggested")})
    found = {row.label: (row.mandatory, row.mandatory_done) for row in (await recap(place)).rows}
    assert (found["PPS Cilendek Barat"], found["PPS Menteng"], found["PPS Bantarjati"]) == ((1, 1), (1, 0), (0, 0))


async def a_broadcast(place: Place, mode: str) -> int:
    template = await add_template(place.house, place.cast, "Halo {{ nama_unit }}")
    row = Broadcast(
        unit_id=id_of(place.cast.kpu), template_id=template, mode=mode, environment="practice", created_at=NOW
    )
    async with place.house.db.write() as session:
        session.add(row)
    return row.id or 0


async def test_rw_are_told_with_what_nobody_knows(place: Place) -> None:
    house, cast = place.house, place.cast
    await house.units.edit(cast.rina, id_of(cast.cilendek), rw_count=12)
    for number, people in ((4, 30), (4, None), (5, None)):
        said = Said(id_of(cast.cilendek), "sosialisasi_rw", date(2024, 10, 30), rw=number, attendance=people)
        await house.activities.create(cast.sari, said)
    covered = (await recap(place)).coverage
    # RW 5 has neither people nor a post: nobody can say that it was held.
    assert (covered.visited, covered.declared, covered.activities, covered.attendance) == (1, 12, 1, 30)
    assert (covered.expected, covered.unknown_units) == (None, 2)


async def test_targets_are_data_and_load_twice_alike(place: Place) -> None:
    first = await load_targets(place.house.db, place.house.tahapan)
    again = await load_targets(place.house.db, place.house.tahapan)
    assert (first.added, again.added, again.changed) == (2, 0, 0)
    found = await recap(place)
    assert [(aim.wilayah, aim.low, aim.high) for aim in found.targets] == [
        ("Jawa Barat", 76, 76),
        ("Kota Bogor", 88, 90),
    ]


async def test_a_wrong_line_of_targets_is_named(place: Place, tmp_path: object) -> None:
    path = tmp_path / "targets.csv"  # type: ignore[operator]
    path.write_text("wilayah_code,low,high,source\n32.71,101,90,\n99.99,50,40,\n")
    with pytest.raises(BadInput, match="baris 2 kolom low"):
        await load_targets(place.house.db, place.house.tahapan, path)
