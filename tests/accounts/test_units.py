from datetime import datetime

import pytest
from sqlalchemy import event
from sqlmodel import select

from app.accounts import unit_store
from app.accounts.models import Unit
from app.accounts.rules import Act, Actor, Grant, Role, UnitKind
from app.accounts.units import UnitService
from app.audit.models import AuditEvent
from app.kit.db import Database
from app.kit.errors import BadInput, Forbidden, NotFound
from tests.support.cast import Cast, id_of, make_cast


@pytest.fixture
async def cast(db: Database, now: datetime) -> Cast:
    return await make_cast(db, now)


@pytest.fixture
def units(db: Database, now: datetime) -> UnitService:
    return UnitService(db, lambda: now)


async def _names(units: UnitService, actor: Actor, **wanted: object) -> list[str]:
    return [row.name for row in (await units.list(actor, limit=50, cursor=None, **wanted)).rows]  # type: ignore[arg-type]


async def test_everybody_sees_their_own_unit_and_those_beneath(units: UnitService, cast: Cast) -> None:
    assert await _names(units, cast.sari) == ["PPS Cilendek Barat"]
    assert await _names(units, cast.budi) == ["PPK Bogor Barat", "PPS Menteng", "PPS Cilendek Barat"]
    assert await _names(units, cast.citra) == ["PPK Bogor Utara", "PPS Bantarjati"]
    assert len(await _names(units, cast.dewi)) == 6


async def test_a_path_that_only_begins_alike_is_not_beneath(db: Database, cast: Cast, units: UnitService) -> None:
    """Unit 2 must not see unit 20: the trailing slash of a path is what keeps them apart."""
    async with db.write() as session:
        path = f"/1/{cast.ppk_utara.id}0/"
        session.add(
            Unit(election_id=1, kind="ppk", name="Tetangga", wilayah_code="32.71", path=path, timezone="Asia/Jakarta")
        )
    assert "Tetangga" not in await _names(units, cast.citra)


async def test_a_list_is_narrowed_by_kind_place_and_name(units: UnitService, cast: Cast) -> None:
    assert await _names(units, cast.dewi, kind=UnitKind.PPK) == ["PPK Bogor Barat", "PPK Bogor Utara"]
    under = await _names(units, cast.dewi, kind=UnitKind.PPS, under=cast.ppk_barat.id)
    assert under == ["PPS Menteng", "PPS Cilendek Barat"]
    assert await _names(units, cast.dewi, q="cilendekbarat") == ["PPS Cilendek Barat"]
    assert await _names(units, cast.dewi, q="%") == []


async def test_nobody_looks_beneath_a_unit_they_do_not_see(units: UnitService, cast: Cast) -> None:
    with pytest.raises(NotFound):
        await _names(units, cast.citra, under=cast.ppk_barat.id)
    with pytest.raises(NotFound):
        await units.get(cast.citra, id_of(cast.cilendek))


async def test_pages_continue_where_they_ended(units: UnitService, cast: Cast) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await units.list(cast.dewi, limit=2, cursor=cursor)
        seen += [row.name for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 6


async def test_an_edit_is_kept_and_recorded(units: UnitService, cast: Cast, db: Database, now: datetime) -> None:
    unit_id = id_of(cast.cilendek)
    edited = await units.edit(cast.sari, unit_id, rw_count=12, variables={"alamat": "Jalan Cilendek"})
    assert (edited.rw_count, edited.variables, edited.edited_at) == (12, {"alamat": "Jalan Cilendek"}, now)
    assert (await units.get(cast.sari, unit_id)).rw_count == 12
    async with db.read() as session:
        events = (await session.exec(select(AuditEvent))).all()
    assert [(found.actor, found.action, found.subject) for found in events] == [
        (cast.sari.label, "unit.edit", f"unit:{unit_id}")
    ]


async def test_a_variable_given_as_none_is_inherited_again(units: UnitService, cast: Cast) -> None:
    unit_id = id_of(cast.cilendek)
    await units.edit(cast.dewi, id_of(cast.kpu), variables={"kontak": "KPU"})
    await units.edit(cast.sari, unit_id, variables={"kontak": "PPS", "alamat": "Balai"})
    assert (await units.values(cast.sari, [unit_id]))[unit_id] == {"kontak": "PPS", "alamat": "Balai"}
    await units.edit(cast.sari, unit_id, variables={"kontak": None})
    assert (await units.values(cast.sari, [unit_id]))[unit_id] == {"kontak": "KPU", "alamat": "Balai"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rw_count": 0}, "rw_count"),
        ({"rw_count": 41}, "rw_count"),
        ({"timezone": "WIB+7"}, "timezone"),
        ({"name": "  "}, "name"),
        ({"variables": {"Nama Unit": "x"}}, "variables.Nama Unit"),
        ({"variables": {"alamat": "x" * 501}}, "variables.alamat"),
    ],
)
async def test_a_wrong_value_is_named(units: UnitService, cast: Cast, changes: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        await units.edit(cast.sari, id_of(cast.cilendek), **changes)  # type: ignore[arg-type]
    assert [problem.field for problem in refused.value.problems] == [field]


async def test_who_only_looks_may_not_edit_and_who_does_not_see_finds_nothing(units: UnitService, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        await units.edit(cast.vino, id_of(cast.kpu), rw_count=3)
    with pytest.raises(NotFound):
        await units.edit(cast.citra, id_of(cast.cilendek), rw_count=3)


async def test_a_calendar_belongs_to_a_kpu(units: UnitService, cast: Cast) -> None:
    assert await units.elections(cast.dewi, Act.CALENDAR) == {cast.election_id}
    assert await units.elections(cast.budi, Act.CALENDAR) == set()
    assert await units.elections(cast.sari, Act.READ) == {cast.election_id}


async def test_a_token_without_read_sees_nothing(units: UnitService, cast: Cast) -> None:
    narrowed = Actor(1, "Skrip", (Grant(1, UnitKind.KPU, cast.kpu.path, Role.ADMIN),), frozenset({Act.BROADCAST}))
    assert await _names(units, narrowed) == []


async def test_a_city_of_speakers_takes_four_queries(db: Database, cast: Cast) -> None:
    asked: list[str] = []
    event.listen(db.engine.sync_engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    async with db.read() as session:
        found = await unit_store.speakers(session, None, paths=(cast.kpu.path,))
    assert len(found) == 6
    assert len([text for text in asked if text.lstrip().upper().startswith("SELECT")]) == 4


async def test_a_speaker_knows_its_place(db: Database, cast: Cast) -> None:
    wanted = [id_of(cast.cilendek), id_of(cast.ppk_barat), id_of(cast.kpu), id_of(cast.bantarjati)]
    async with db.read() as session:
        found = await unit_store.speakers(session, wanted, paths=(cast.ppk_barat.path, cast.kpu.path))
        mine = await unit_store.speakers(session, wanted, paths=(cast.ppk_barat.path,))
    pps, ppk, kpu = (found[id_of(unit)] for unit in (cast.cilendek, cast.ppk_barat, cast.kpu))
    assert (pps.wilayah, pps.kelurahan, pps.kecamatan) == ("Kelurahan Cilendek Barat", "Cilendek Barat", "Bogor Barat")
    assert (ppk.wilayah, ppk.kelurahan, ppk.kecamatan) == ("Kecamatan Bogor Barat", None, "Bogor Barat")
    assert (kpu.wilayah, kpu.kecamatan, kpu.kota) == ("Kota Bogor", None, "Kota Bogor")
    assert set(mine) == {id_of(cast.cilendek), id_of(cast.ppk_barat)}
