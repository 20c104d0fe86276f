import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel, func, select

from app.accounts import unit_store
from app.accounts.loading import SHIPPED, LoadReport, load_city, load_stages
from app.accounts.models import Unit
from app.accounts.rules import Actor, Grant, Role, UnitKind
from app.accounts.units import UnitService
from app.kit.db import Database
from app.kit.errors import BadInput, NotFound
from app.tahapan.models import Election, Tahapan
from app.wilayah.models import Wilayah

REGIONS = "wilayah/kota-bogor.csv"
STAGES = "elections/pilkada-2024/stages.csv"
ELECTION = "elections/pilkada-2024/election.yaml"
UNITS = "elections/pilkada-2024/units.yaml"

EVERYTHING = Actor(1, "Rina", (Grant(1, UnitKind.KPU, "/1/", Role.ADMIN),))


async def _count(db: Database, table: type[SQLModel]) -> int:
    async with db.read() as session:
        return (await session.exec(select(func.count()).select_from(table))).one()


async def _units(db: Database) -> list[Unit]:
    async with db.read() as session:
        return await unit_store.units_in(session, ("/",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("wilayah", "elections"):
        shutil.copytree(SHIPPED / part, tmp_path / part, ignore=shutil.ignore_patterns("*.xz"))
    return tmp_path


def _break(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


async def test_the_shipped_city_has_76_regions_75_units_and_87_stages(db: Database, now: datetime) -> None:
    report = await load_city(db, now=now)
    assert (report.regions, report.units, report.stages) == (76, 75, 87)
    assert [await _count(db, table) for table in (Wilayah, Unit, Tahapan, Election)] == [76, 75, 87, 1]
    assert report.voting_day == date(2024, 11, 27)
    by_id = {unit.id: unit for unit in await _units(db)}
    kinds = [unit.kind for unit in by_id.values()]
    assert [kinds.count(kind) for kind in ("kpu", "ppk", "pps")] == [1, 6, 68]
    for unit in by_id.values():
        above = by_id[unit.parent_id].path if unit.parent_id else "/"
        assert unit.path == f"{above}{unit.id}/"
        assert unit.timezone == "Asia/Jakarta"
    names = {unit.name for unit in by_id.values()}
    assert {"KPU Kota Bogor", "PPK Bogor Barat", "PPS Cilendek Barat", "PPS Margajaya"} <= names


async def test_a_second_run_changes_nothing(db: Database, now: datetime) -> None:
    await load_city(db, now=now)
    again = await load_city(db, now=now)
    assert again.is_unchanged
    assert again.kept == 0
    assert await _count(db, Unit) == 75


async def test_a_second_run_keeps_what_people_edited(db: Database, now: datetime, folder: Path) -> None:
    await load_city(db, now=now)
    service = UnitService(db, lambda: now)
    loji = next(unit for unit in await _units(db) if unit.name == "PPS Loji")
    assert loji.id is not None
    await service.edit(EVERYTHING, loji.id, name="PPS Loji Raya", rw_count=9)
    _break(folder / UNITS, "PPS {nama}", "Panitia {nama}")
    report = await load_city(db, now=now, folder=folder)
    assert (report.changed, report.kept) == (67, 1)
    kept = await service.get(EVERYTHING, loji.id)
    assert (kept.name, kept.rw_count) == ("PPS Loji Raya", 9)


async def test_corrected_files_reach_what_nobody_edited(db: Database, now: datetime, folder: Path) -> None:
    await load_city(db, now=now)
    _break(folder / STAGES, "KMP-03,Debat publik perdana", "KMP-03,Debat pertama")
    _break(folder / ELECTION, "cekdptonline.kpu.go.id", "cekdpt.kpu.go.id")
    _break(folder / UNITS, "pada jam kerja", "08.00-16.00 WIB")
    report = await load_city(db, now=now, folder=folder)
    assert (report.added, report.changed, report.kept) == (0, 3, 0)


async def test_the_variables_of_a_kind_reach_its_units(db: Database, now: datetime) -> None:
    await load_city(db, now=now)
    async with db.read() as session:
        speakers = await unit_store.speakers(session, None, paths=("/",))
    said = {speaker.kind: speaker.variables["jam_layanan"] for speaker in speakers.values()}
    assert said[UnitKind.KPU] == "pada jam kerja"
    assert said[UnitKind.PPS] == "sesuai pengumuman sekretariat"
    assert len(speakers) == 75


async def test_a_training_calendar_is_moved_once_and_stays(db: Database, now: datetime) -> None:
    first = await load_city(db, now=now, shift_weeks=30)
    assert first.voting_day == date(2024, 11, 27) + timedelta(weeks=30)
    again = await load_city(db, now=now, shift_weeks=31)
    assert again.is_unchanged
    assert (again.shifted_weeks, again.voting_day) == (30, first.voting_day)


async def test_a_new_election_is_only_data(db: Database, now: datetime, folder: Path) -> None:
    await load_city(db, now=now)
    shutil.copytree(folder / "elections/pilkada-2024", folder / "elections/pilkada-2029")
    _break(folder / "elections/pilkada-2029/election.yaml", "code: pilkada-2024", "code: pilkada-2029")
    _break(
        folder / "elections/pilkada-2029/stages.csv",
        "suara,penyelenggaraan,2024-11-27,2024-11-27",
        "suara,penyelenggaraan,2029-11-28,2029-11-28",
    )
    report = await load_city(db, now=now, folder=folder, election="pilkada-2029")
    assert report.voting_day == date(2029, 11, 28)
    assert await _count(db, Unit) == 150


BROKEN: list[tuple[str, str, str, str]] = [
    (REGIONS, "32.71.02,Bogor Timur", "32.71.01,Bogor Timur", "kota-bogor.csv baris 5 kolom code"),
    (
        REGIONS,
        "32.71.02,Bogor Timur,kecamatan,32.71",
        "32.71.02,Bogor Timur,kecamatan,32.72",
        "kota-bogor.csv baris 5 kolom parent",
    ),
    (REGIONS, "32.71.02,Bogor Timur,kecamatan", "32.71.02,Bogor Timur,distrik", "kota-bogor.csv baris 5 kolom level"),
    (REGIONS, "32.71.02,Bogor Timur,kecamatan", "32.71.02,Bogor Timur,desa", "kota-bogor.csv baris 5 kolom level"),
    (REGIONS, "32.71.02,Bogor Timur", "32.71.02,", "kota-bogor.csv baris 5 kolom name"),
    (REGIONS, "32.71.02,Bogor Timur", "3271.02,Bogor Timur", "kota-bogor.csv baris 5 kolom code"),
    (REGIONS, "32.71.02,Bogor Timur,kecamatan,32.71", "32.71.02,Bogor Timur", "kota-bogor.csv baris 5: ada 2 kolom"),
    (REGIONS, "32,Jawa Barat,provinsi,\n", "", 'kota-bogor.csv baris 2 kolom parent: induk "32" tidak ada'),
    (REGIONS, "code,name,level", "code,nama,level", "kota-bogor.csv baris 1 kolom name: kolom ini tidak ada"),
    (REGIONS, "Bogor Timur", '"Bogor Timur', "kota-bogor.csv baris 5: bukan CSV"),
    (
        "wilayah/kota-bogor-alias.csv",
        "32.71.01.1002,Bond",
        "32.71.01.1001,Bond",
        "kota-bogor-alias.csv baris 4 kolom code",
    ),
    (STAGES, "PRS-02,", "PRS-01,", "stages.csv baris 3 kolom code"),
    (STAGES, ",persiapan,2024-04-17,", ",persiapan,17/04/2024,", "stages.csv baris 5 kolom start"),
    (STAGES, "2024-04-17,2024-11-05", "2024-11-06,2024-11-05", "stages.csv baris 5 kolom end"),
    (STAGES, ",subtahapan,2024-04-23", ",tahap,2024-04-23", "stages.csv baris 22 kolom kind"),
    (STAGES, "tinggi,PRS-04,nasional,Kep", "tinggi,PRS-99,nasional,Kep", "stages.csv baris 22 kolom parent"),
    (STAGES, "TNG-01,Masa tenang", "TNG-01,", "stages.csv baris 55 kolom name_id"),
    (ELECTION, "PYL-07", "PYL-77", "election.yaml baris 5 kolom voting_stage"),
    (ELECTION, '"07:00"', '"jam tujuh"', "election.yaml baris 9 kolom opens"),
    (ELECTION, "name: ", "nama: ", "election.yaml baris 1 kolom name"),
    (ELECTION, "scopes: [nasional", "scopes: nasional", "election.yaml"),
    (UNITS, "levels: [kabkota]", "levels: [kota]", "units.yaml baris 5 kolom kinds.kpu.levels"),
    (UNITS, "  ppk:", "  panwas:", "units.yaml baris 11 kolom kinds.panwas"),
    (UNITS, "PPS {nama}", "PPS", "units.yaml baris 18 kolom kinds.pps.name"),
    ("wilayah/zona-waktu-provinsi.csv", "32,Jawa Barat,", "33,Jawa Barat,", "zona waktu provinsi 32 tidak diketahui"),
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("file", "old", "new", "told"), BROKEN, ids=[f"{row[3]} ({row[2]})" for row in BROKEN])
async def test_a_broken_row_is_named_and_nothing_is_loaded(
    db: Database, now: datetime, folder: Path, file: str, old: str, new: str, told: str
) -> None:
    _break(folder / file, old, new)
    with pytest.raises(BadInput) as refused:
        await load_city(db, now=now, folder=folder)
    assert told in refused.value.message + "".join(problem.message for problem in refused.value.problems)
    assert [await _count(db, table) for table in (Wilayah, Unit, Tahapan, Election)] == [0, 0, 0, 0]


async def test_faults_of_several_files_are_told_at_once(db: Database, now: datetime, folder: Path) -> None:
    _break(folder / REGIONS, "32.71.02,Bogor Timur", "32.71.02,")
    _break(folder / STAGES, "2024-04-17", "2024-04-31")
    with pytest.raises(BadInput) as refused:
        await load_city(db, now=now, folder=folder)
    assert [problem.field for problem in refused.value.problems] == ["kota-bogor.csv:5:name", "stages.csv:5:start"]


def _write_calendar(path: Path, row: str) -> None:
    """As a spreadsheet saves it, with a byte order mark."""
    header = (SHIPPED / STAGES).read_text().split("\n", 1)[0]
    path.write_text(f"\ufeff{header}\n{row}\n", encoding="utf-8")


async def _own_calendar(db: Database, now: datetime, path: Path, row: str) -> LoadReport:
    _write_calendar(path, row)
    return await load_stages(db, path, "pilkada-2024", now=now)


async def test_a_users_own_calendar_moves_with_the_election(db: Database, now: datetime, tmp_path: Path) -> None:
    await load_city(db, now=now, shift_weeks=2)
    row = "KMP-09,Debat kedua,peristiwa,2024-11-15,2024-11-15,KPU,tinggi,PYL-06,kota_bogor,"
    report = await _own_calendar(db, now, tmp_path / "milik.csv", row)
    assert (report.stages, report.added) == (1, 1)
    async with db.read() as session:
        stage = (await session.exec(select(Tahapan).where(Tahapan.code == "KMP-09"))).one()
    assert stage.starts_on == date(2024, 11, 29)


async def test_a_calendar_needs_its_election_and_its_parents(db: Database, now: datetime, tmp_path: Path) -> None:
    row = "KMP-09,Debat,peristiwa,,,KPU,tinggi,PYL-99,kota_bogor,"
    with pytest.raises(NotFound):
        await _own_calendar(db, now, tmp_path / "milik.csv", row)
    await load_city(db, now=now)
    with pytest.raises(BadInput, match=r"milik.csv baris 2 kolom parent"):
        await _own_calendar(db, now, tmp_path / "milik.csv", row)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"\xff\xfe\x00")])
async def test_a_missing_or_unreadable_file_is_named(
    db: Database, now: datetime, folder: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(folder / STAGES)
    with pytest.raises(BadInput, match=r"stages\.csv"):
        await load_city(db, now=now, folder=folder)
