"""One template to the whole city: what is looked at is what is created, all of it or nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import SQLModel, select

from app.accounts.rules import Grant, Role, UnitKind
from app.content.models import Media
from app.kit.errors import AppError, BadInput, Conflict, Forbidden, NotFound
from app.posts.broadcasts import BroadcastInput
from app.posts.models import Broadcast, Post
from app.posts.rules import PostState, Timing
from app.posts.store import PostFilter
from app.publishing import store
from app.publishing.models import Delivery
from app.publishing.read_store import Filter
from app.publishing.rules import lane_of
from tests.support.cast import id_of
from tests.support.house import City

ALL = ("x", "facebook", "instagram")
SOON = timedelta(hours=2)


def wanted(city: City, **changes: Any) -> BroadcastInput:
    at = city.house.clock.now() + SOON
    plain = BroadcastInput(city.templates["hitung-mundur"], ("ppk", "pps"), None, None, ALL, Timing(at=at))
    return replace(plain, **changes)


async def count(city: City, *tables: type[SQLModel]) -> dict[str, int]:
    async with city.house.db.read() as session:
        return {table.__name__: (await session.exec(select(func.count()).select_from(table))).one() for table in tables}


NOTHING = {"Broadcast": 0, "Post": 0, "Delivery": 0, "Media": 0}


async def test_what_is_looked_at_is_what_is_created(city: City) -> None:
    dewi = city.people["dewi"]
    seen = await city.house.broadcasts.preview(dewi, wanted(city))
    assert await count(city, Broadcast, Post, Delivery, Media) == NOTHING
    assert (seen.id, seen.units, seen.posts, seen.deliveries, seen.problems) == (None, 74, 74, 222, [])
    made = await city.house.broadcasts.create(dewi, wanted(city))
    assert (made.units, made.posts, made.deliveries) == (seen.units, seen.posts, seen.deliveries)
    assert made.by_state == {"due": 222}
    assert await count(city, Broadcast, Post, Delivery, Media) == {
        "Broadcast": 1,
        "Post": 74,
        "Delivery": 222,
        "Media": 74,
    }
    page = await city.house.publishing.list(dewi, Filter(broadcast_id=made.id), limit=300)
    texts = {(row.unit_id, row.platform): row.text for row in page.rows}
    assert len(texts) == 222
    for sample in seen.samples:
        assert texts[sample.unit_id, sample.platform] == sample.text
    by_name = {row.unit_name: row.text for row in page.rows if row.platform == "x"}
    assert "Kelurahan Cilendek Barat" in by_name["PPS Cilendek Barat"]
    assert len(set(by_name.values())) == 74


@asynccontextmanager
async def a_broken_table(city: City, name: str) -> AsyncIterator[None]:
    """Every insert into it fails, as on a full disk."""
    on_postgres = not city.house.db.is_sqlite
    make = (
        (
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$ LANGUAGE plpgsql",
            f"CREATE TRIGGER broken BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        if on_postgres
        else (f"CREATE TRIGGER broken BEFORE INSERT ON {name} BEGIN SELECT RAISE(ABORT, 'disk full'); END",)
    )
    drop = (f"DROP TRIGGER broken ON {name}", "DROP FUNCTION refuse") if on_postgres else ("DROP TRIGGER broken",)
    await _statements(city, make)
    yield
    await _statements(city, drop)


async def _statements(city: City, statements: tuple[str, ...]) -> None:
    async with city.house.db.engine.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)


@pytest.mark.parametrize("table", ["delivery", "post", "audit_event"])
async def test_nothing_is_half_written_when_an_insert_fails(city: City, table: str) -> None:
    async with a_broken_table(city, table):
        with pytest.raises(Exception, match="disk full"):
            await city.house.broadcasts.create(city.people["dewi"], wanted(city))
    assert await count(city, Broadcast, Post, Delivery, Media) == NOTHING


async def test_a_unit_with_a_problem_is_left_out_and_named(city: City) -> None:
    loji = next(unit for unit in city.units.values() if unit.name == "PPS Loji")
    rina = city.people["rina"]
    channels = (await city.house.channels.list(rina, unit=id_of(loji), limit=10)).rows
    try:
        for channel in channels:
            if channel.platform != "facebook":
                await city.house.channels.close(rina, channel.id or 0)
        made = await city.house.broadcasts.create(city.people["dewi"], wanted(city, platforms=("x", "instagram")))
    finally:
        for channel in channels:
            if channel.platform != "facebook":
                await city.house.channels.add(
                    rina, unit_id=id_of(loji), platform=channel.platform, environment="practice", handle=channel.handle
                )
    assert (made.units, made.deliveries) == (73, 146)
    assert [(problem.unit_name, problem.reason) for problem in made.problems] == [
        ("PPS Loji", "Belum ada akun X yang tersambung."),
        ("PPS Loji", "Belum ada akun Instagram yang tersambung."),
    ]


async def test_a_variable_that_only_a_person_knows_names_every_unit_that_lacks_it(city: City) -> None:
    needy = wanted(city, template_id=city.templates["jalan-sehat"], kinds=("ppk",))
    seen = await city.house.broadcasts.preview(city.people["dewi"], needy)
    assert (seen.units, len({problem.unit_id for problem in seen.problems})) == (0, 6)
    assert any("tempat_kegiatan" in problem.reason for problem in seen.problems)
    with pytest.raises(BadInput, match="Siaran tidak dibuat"):
        await city.house.broadcasts.create(city.people["dewi"], needy)
    given = {"tanggal_kegiatan": "2024-11-03", "waktu_kegiatan": "07.00 WIB", "tempat_kegiatan": "Lapangan"}
    made = await city.house.broadcasts.create(city.people["dewi"], replace(needy, variables=given))
    assert (made.units, made.problems) == (6, [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"platforms": ("x", "myspace")}, "myspace"),
        ({"platforms": ()}, "paling sedikit satu platform"),
        ({"kinds": ("kpu",)}, "tidak dibuat untuk KPU"),
        ({"unit_ids": [999_999]}, "999999"),
        ({"unit_ids": []}, "Tidak ada unit"),
        ({"variables": {"nama_unti": "x"}}, "nama_unti"),
        ({"timing": Timing(at=datetime(2024, 10, 1, tzinfo=UTC))}, "sudah lewat"),
        ({"tahapan": "ZZZ-99"}, "ZZZ-99"),
        ({"lang": "su", "template_id": "netralitas"}, "Basa Sunda"),
    ],
)
async def test_a_wrong_wish_is_refused_in_words(city: City, changes: dict[str, Any], says: str) -> None:
    if key := changes.get("template_id"):
        changes = {**changes, "template_id": city.templates[key]}
    with pytest.raises(BadInput, match=says):
        await city.house.broadcasts.create(city.people["dewi"], wanted(city, **changes))
    assert await count(city, Broadcast, Post) == {"Broadcast": 0, "Post": 0}


async def test_more_unit_ids_than_a_database_takes_parameters_are_still_answered(city: City) -> None:
    with pytest.raises(BadInput, match="tidak ada, di luar wilayah"):
        await city.house.broadcasts.preview(city.people["dewi"], wanted(city, unit_ids=range(1, 50_000)))


async def test_cancelling_stops_all_that_has_not_left(city: City) -> None:
    dewi = city.people["dewi"]
    made = await city.house.broadcasts.create(dewi, wanted(city, platforms=("x",)))
    cancelled = await city.house.broadcasts.cancel(dewi, made.id or 0, reason="Keliru")
    assert (cancelled.by_state, cancelled.cancelled_at) == ({"cancelled": 74}, city.house.clock.now())
    with pytest.raises(Conflict):
        await city.house.broadcasts.cancel(dewi, made.id or 0)
    page = await city.house.posts.list(dewi, PostFilter(broadcast_id=made.id), limit=200)
    assert {post.state for post in page.rows} == {PostState.CANCELLED}


async def test_a_post_that_has_partly_left_is_not_called_cancelled(city: City) -> None:
    dewi, now = city.people["dewi"], city.house.clock.now()
    made = await city.house.broadcasts.create(dewi, wanted(city, platforms=("x", "facebook")))
    async with city.house.db.write() as session:
        lane = lane_of("x", "practice")
        gone = await store.claim_due(session, lane, worker_id="w", now=now, ahead=timedelta(days=1), limit=3)
    await city.house.broadcasts.cancel(dewi, made.id or 0)
    page = await city.house.posts.list(dewi, PostFilter(broadcast_id=made.id), limit=200)
    states = {post.id: post.state for post in page.rows}
    left = {row["post_id"] for row in gone}
    assert len(left) == 3
    assert {states[post_id] for post_id in left} == {PostState.SCHEDULED}
    assert {state for post_id, state in states.items() if post_id not in left} == {PostState.CANCELLED}


async def test_two_racing_broadcasts_are_two_whole_ones(city: City) -> None:
    """Nothing names them the same; a double click is the idempotency key's matter, but neither may break the other."""
    create = city.house.broadcasts.create
    made = await asyncio.gather(*(create(city.people[who], wanted(city, platforms=("x",))) for who in ("dewi", "rina")))
    assert [one.by_state for one in made] == [{"due": 74}, {"due": 74}]
    assert made[0].id != made[1].id
    assert await count(city, Broadcast, Post, Delivery) == {"Broadcast": 2, "Post": 148, "Delivery": 148}


async def test_two_racing_cancels_cancel_once(city: City) -> None:
    dewi = city.people["dewi"]
    made = await city.house.broadcasts.create(dewi, wanted(city, platforms=("x",)))

    async def cancel() -> str:
        try:
            await city.house.broadcasts.cancel(dewi, made.id or 0)
        except AppError as error:
            return error.kind
        return "ok"

    assert sorted(await asyncio.gather(cancel(), cancel())) == ["conflict", "ok"]


async def test_a_stagger_spreads_units_over_the_whole_span(city: City) -> None:
    made = await city.house.broadcasts.create(city.people["dewi"], wanted(city, platforms=("x",), stagger_minutes=73))
    page = await city.house.publishing.list(city.people["dewi"], Filter(broadcast_id=made.id), limit=300)
    first = city.house.clock.now() + SOON
    assert [row.due_at for row in page.rows] == [first + timedelta(minutes=n) for n in range(74)]


async def test_all_of_one_unit_goes_at_the_same_minute_and_without_stagger_all_do(city: City) -> None:
    made = await city.house.broadcasts.create(city.people["dewi"], wanted(city, stagger_minutes=0))
    page = await city.house.publishing.list(city.people["dewi"], Filter(broadcast_id=made.id), limit=300)
    assert {row.due_at for row in page.rows} == {city.house.clock.now() + SOON}


async def test_budi_broadcasts_only_beneath_his_ppk_and_citra_sees_nothing(city: City) -> None:
    budi, citra = city.people["budi"], city.people["citra"]
    made = await city.house.broadcasts.create(budi, wanted(city, platforms=("x",)))
    beneath = [unit for unit in city.units.values() if unit.wilayah_code.startswith("32.71.04")]
    page = await city.house.publishing.list(budi, Filter(broadcast_id=made.id), limit=300)
    assert {row.unit_id for row in page.rows} == {id_of(unit) for unit in beneath}
    assert made.units == len(beneath)
    utara = id_of(city.units["32.71.05"])
    with pytest.raises(NotFound):
        await city.house.broadcasts.create(budi, wanted(city, under=utara))
    with pytest.raises(BadInput, match="di luar wilayah"):
        await city.house.broadcasts.create(budi, wanted(city, unit_ids=[utara]))
    assert (await city.house.broadcasts.list(citra, limit=10)).rows == []
    with pytest.raises(NotFound):
        await city.house.broadcasts.get(citra, made.id or 0)
    for who in ("citra", "sari"):
        with pytest.raises(Forbidden):
            await city.house.broadcasts.create(city.people[who], wanted(city))


async def test_a_broadcast_of_the_kpu_is_not_budis_to_stop(city: City) -> None:
    made = await city.house.broadcasts.create(city.people["dewi"], wanted(city, platforms=("x",)))
    with pytest.raises(NotFound):
        await city.house.broadcasts.cancel(city.people["budi"], made.id or 0)


async def test_who_serves_high_and_low_broadcasts_from_the_higher_unit(city: City) -> None:
    pps, kpu = city.units["32.71.04.1008"], city.units["32.71"]
    low = Grant(id_of(pps), UnitKind.PPS, pps.path, Role.REVIEWER)
    high = Grant(id_of(kpu), UnitKind.KPU, kpu.path, Role.REVIEWER)
    both = replace(city.people["dewi"], grants=(low, high))
    made = await city.house.broadcasts.create(both, wanted(city, platforms=("x",)))
    assert made.units == 74
    with pytest.raises(NotFound):
        await city.house.broadcasts.get(city.people["sari"], made.id or 0)
    utara = city.units["32.71.05"]
    apart = replace(both, grants=(low, Grant(id_of(utara), UnitKind.PPK, utara.path, Role.REVIEWER)))
    with pytest.raises(BadInput, match="unit induk"):
        await city.house.broadcasts.create(apart, wanted(city))
    made = await city.house.broadcasts.create(apart, wanted(city, under=id_of(utara), platforms=("x",)))
    assert made.units == 9


async def test_a_broadcast_in_masa_tenang_by_a_ppk_waits_for_the_kpu(city: City) -> None:
    quiet = Timing(at=datetime(2024, 11, 25, 3, tzinfo=UTC))
    by_ppk = await city.house.broadcasts.create(city.people["budi"], wanted(city, timing=quiet, platforms=("x",)))
    assert by_ppk.by_state == {"waiting": by_ppk.posts}
    assert by_ppk.in_review == by_ppk.posts
    by_kpu = await city.house.broadcasts.create(city.people["dewi"], wanted(city, timing=quiet, platforms=("x",)))
    assert (by_kpu.by_state, by_kpu.in_review) == ({"due": 74}, 0)
