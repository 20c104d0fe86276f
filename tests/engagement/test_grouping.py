"""Reports by every key, on both databases: what is unknown stays unknown, and practice never meets live."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from app.engagement.models import Snapshot
from app.engagement.rules import Row
from tests.conftest import NOW
from tests.engagement.conftest import Place, snapshot
from tests.support.cast import id_of
from tests.support.databases import fresh_database
from tests.support.house import city_house, settings_for, still_at

KNOWN = {"views": 100, "reach": 80, "reactions": 6, "comments": 2}


async def grouped(place: Place, group_by: str = "platform", who: str = "dewi", **wanted: Any) -> dict[str, Row]:
    _environment, rows = await place.house.engagement.grouped(getattr(place.cast, who), group_by=group_by, **wanted)
    return {row.key: row for row in rows}


@pytest.mark.parametrize(
    ("group_by", "key", "label"),
    [
        ("platform", "facebook", "Facebook"),
        ("tahapan", "PYL-06", "Pelaksanaan kampanye"),
        ("programme", "gerebek_pasar", "Gerebek Pasar"),
        ("segment", "pemula", "Pemilih pemula"),
        ("lang", "su", "Bahasa Sunda"),
        ("kind", "pps", "PPS"),
        ("day", "2024-11-01", "2024-11-01"),
        ("hour", "10", "10.00–10.59"),
        ("content", "picture", "Satu gambar"),
        ("all", "", "Semua"),
        ("kecamatan", "32.71.04", "Bogor Barat"),
    ],
)
async def test_posts_are_grouped_by_every_key(place: Place, group_by: str, key: str, label: str) -> None:
    spoken = {"tahapan": "PYL-06", "programme": "gerebek_pasar", "segment": "pemula", "lang": "su"}
    shown = {"post": spoken, "message": {"text": "Halo", "pictures": [{"media_id": 1}]}}
    await place.put("cilendek", "facebook", numbers=KNOWN, **shown)
    await place.put("menteng", "facebook", numbers={"views": 50, "reach": 20}, **shown)
    row = (await grouped(place, group_by))[key]
    assert (row.label, row.posts, row.published, row.views, row.reach) == (label, 2, 2, 150, 100)
    assert row.engagement_rate == pytest.approx(0.08)


async def test_units_are_named_and_the_silent_ones_are_rows_too(place: Place) -> None:
    await place.put("cilendek", "x", numbers=KNOWN)
    rows = await grouped(place, "unit")
    assert len(rows) == 6
    loud, silent = rows[str(id_of(place.cast.cilendek))], rows[str(id_of(place.cast.bantarjati))]
    assert (loud.label, loud.posts, loud.views) == ("PPS Cilendek Barat", 1, 100)
    assert (silent.posts, silent.published, silent.views, silent.engagement_rate) == (0, 0, None, None)


async def test_what_a_platform_does_not_offer_is_null_and_not_nought(place: Place) -> None:
    await place.put("cilendek", "x", numbers={"views": 10, "reactions": 3})
    await place.put("cilendek", "facebook", numbers=KNOWN)
    await place.put("menteng", "x")
    rows = await grouped(place)
    assert (rows["x"].views, rows["x"].reach, rows["x"].saves, rows["x"].engagement_rate) == (10, None, None, None)
    assert rows["facebook"].engagement_rate == pytest.approx(0.1)
    together = (await grouped(place, "kecamatan"))["32.71.04"]
    # X tells no reach, so its reactions are not set against Facebook's.
    assert (together.views, together.reach) == (110, 80)
    assert together.engagement_rate == pytest.approx(0.1)


@pytest.mark.parametrize(("late", "on_time"), [(0, 1), (60, 1), (60.4, 0), (3600, 0)])
async def test_on_time_is_within_a_minute(place: Place, late: float, on_time: int) -> None:
    await place.put("cilendek", "x", late=late)
    assert (await grouped(place))["x"].on_time == on_time


async def test_what_failed_and_what_was_missed_is_counted_and_what_was_cancelled_is_not(place: Place) -> None:
    for state in ("published", "stopped", "missed", "missed", "cancelled", "due", "waiting"):
        await place.put("cilendek", "x", state=state)
    row = (await grouped(place))["x"]
    assert (row.posts, row.published, row.failed, row.missed) == (6, 1, 1, 2)


async def test_practice_and_live_never_meet(place: Place) -> None:
    await place.put("cilendek", "x", numbers={"views": 1})
    await place.put("cilendek", "x", environment="live", numbers={"views": 1000})
    chosen, rows = await place.house.engagement.grouped(place.cast.dewi, group_by="platform")
    assert (chosen, [row.views for row in rows]) == ("practice", [1])
    assert (await grouped(place, environment="live"))["x"].views == 1000
    await place.house.channels.add(
        place.cast.rina, unit_id=id_of(place.cast.menteng), platform="x", environment="live", handle="ppsmenteng",
        credential="token",
    )  # fmt: skip
    try:
        chosen, rows = await place.house.engagement.grouped(place.cast.dewi, group_by="platform")
        assert (chosen, [row.views for row in rows]) == ("live", [1000])
        # Sari sees no live channel: Menteng is not hers.
        assert (await place.house.engagement.grouped(place.cast.sari, group_by="platform"))[0] == "practice"
    finally:
        async with place.house.db.write() as session:
            await session.run(text("DELETE FROM channel WHERE environment = 'live'"))


async def test_citra_sees_nothing_of_bogor_barat(place: Place) -> None:
    await place.put("cilendek", "x", numbers=KNOWN)
    post_id = await place.put("bantarjati", "x", numbers={"views": 7})
    assert {key: row.views for key, row in (await grouped(place, "platform", "citra")).items()} == {"x": 7}
    assert set(await grouped(place, "kecamatan", "citra")) == {"32.71.05"}
    assert [one.numbers["views"] for one in await place.house.engagement.of_post(place.cast.citra, post_id)] == [7]


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Asia/Jakarta", "2024-11-01T16:59:59+00:00", "2024-11-01"),
        ("Asia/Jakarta", "2024-11-01T17:00:00+00:00", "2024-11-02"),
        ("Asia/Makassar", "2024-11-01T16:00:00+00:00", "2024-11-02"),
        ("Asia/Jayapura", "2024-11-01T15:00:00+00:00", "2024-11-02"),
        ("Asia/Jayapura", "2024-11-01T14:59:59+00:00", "2024-11-01"),
    ],
)
async def test_a_day_is_a_day_where_the_unit_lives(place: Place, zone: str, moment: str, day: str) -> None:
    await _set_zone(place, zone)
    try:
        await place.put("cilendek", "x", due_at=datetime.fromisoformat(moment))
        assert list(await grouped(place, "day")) == [day]
    finally:
        await _set_zone(place, "Asia/Jakarta")


async def _set_zone(place: Place, zone: str) -> None:
    async with place.house.db.write() as session:
        await session.run(text("UPDATE unit SET timezone = :zone"), {"zone": zone})


async def test_a_period_holds_both_its_days_and_no_more(place: Place) -> None:
    for hour in (16, 17):
        for day in (1, 2, 3):
            await place.put("cilendek", "x", due_at=datetime(2024, 11, day, hour, tzinfo=UTC))
    rows = await grouped(place, "day", from_on=date(2024, 11, 2), to_on=date(2024, 11, 3))
    assert {key: row.posts for key, row in rows.items()} == {"2024-11-02": 2, "2024-11-03": 2}


async def test_the_widest_period_there_is_is_answered(place: Place) -> None:
    await place.put("cilendek", "x")
    assert (await grouped(place, from_on=date.min, to_on=date.max))["x"].posts == 1


async def test_totals_hold_the_last_numbers_and_snapshots_hold_all(place: Place) -> None:
    post_id = await place.put("cilendek", "facebook", numbers={"views": 100, "clicks": 9})
    (row,) = await place.house.engagement.of_post(place.cast.sari, post_id)
    later = datetime(2024, 11, 1, 4, 0, tzinfo=UTC)
    async with place.house.db.write() as session:
        from app.engagement.snapshot_store import add_snapshots

        await add_snapshots(session, [snapshot(row.delivery_id, later, views=80)])
    (row,) = await place.house.engagement.of_post(place.cast.sari, post_id)
    assert (row.taken_at, row.numbers["views"]) == (later, 80)
    assert row.numbers["clicks"] == 9, "a number that is withheld now is still the last one known"
    assert [(one.taken_at, one.views, one.clicks) for one in row.history] == [(NOW, 100, 9), (later, 80, None)]
    async with place.house.db.write() as session:
        await add_snapshots(session, [snapshot(row.delivery_id, later, gone=True)])
    (row,) = await place.house.engagement.of_post(place.cast.sari, post_id)
    assert (row.gone, row.numbers["views"], len(row.history)) == (True, 80, 2)
    assert (await grouped(place))["facebook"].views == 80
    assert isinstance(row.history[0], Snapshot)


@pytest.fixture(params=["sqlite", "postgres"])
async def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    folder = tmp_path_factory.mktemp("city")
    with fresh_database(request, request.param, folder) as url:
        async with city_house(settings_for(folder, url), still_at(NOW)) as found:
            yield found


async def test_six_kecamatan_are_six_rows_even_when_all_are_silent(city: Any) -> None:
    _environment, rows = await city.house.engagement.grouped(city.people["dewi"], group_by="kecamatan")
    assert [(row.key, row.label) for row in rows] == [
        ("32.71.01", "Bogor Selatan"), ("32.71.02", "Bogor Timur"), ("32.71.03", "Bogor Tengah"),
        ("32.71.04", "Bogor Barat"), ("32.71.05", "Bogor Utara"), ("32.71.06", "Tanah Sareal"),
    ]  # fmt: skip
    assert {(row.posts, row.views) for row in rows} == {(0, None)}


async def test_a_post_with_a_video_is_no_post_of_words_alone(place: Place) -> None:
    film = {"text": "Halo", "pictures": [], "video": {"media_id": 1, "alt_text": ""}}
    await place.put("cilendek", "facebook", numbers=KNOWN, message=film)
    await place.put("menteng", "facebook", message={"text": "Halo", "pictures": []})
    rows = await grouped(place, "content")
    assert {key: (row.label, row.posts) for key, row in rows.items()} == {"video": ("Video", 1), "text": ("Teks", 1)}
