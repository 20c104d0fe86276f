"""How a city's reference data comes from files into the database: checked first, then all of it or nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from app.accounts.unit_file import UnitFile, UnitPlan, read_units
from app.accounts.units import UnitService
from app.audit import service as audit
from app.kit.db import Database
from app.kit.tabular import refuse
from app.settings import ROOT
from app.tahapan.reading import ElectionFile, StageFile, read_election, read_stages
from app.tahapan.service import Hook, TahapanService
from app.wilayah.reading import RegionFile, read_regions
from app.wilayah.service import WilayahService
from app.wilayah.store import Progress

SHIPPED = ROOT / "data"
_LOADER = "sistem"


@dataclass(frozen=True)
class LoadReport:
    """`regions`, `units`, `stages`: how many the files hold; `kept`: rows that differ because a person edited them."""

    regions: int = 0
    units: int = 0
    stages: int = 0
    added: int = 0
    changed: int = 0
    kept: int = 0
    election_id: int | None = None
    voting_day: date | None = None
    shifted_weeks: int = 0

    @property
    def is_unchanged(self) -> bool:
        return not self.added and not self.changed


@dataclass(frozen=True)
class _Files:
    regions: RegionFile
    election: ElectionFile
    stages: StageFile
    units: UnitFile
    plans: list[UnitPlan]


async def load_city(
    db: Database,
    *,
    now: datetime,
    folder: Path = SHIPPED,
    city: str = "kota-bogor",
    election: str = "pilkada-2024",
    shift_weeks: int = 0,
    on_moved: Sequence[Hook] = (),
) -> LoadReport:
    """Regions, units and calendar of one city in one transaction. A second run changes nothing and keeps edits.

    `shift_weeks` moves every date of a calendar not loaded before; `on_moved` as in TahapanService. Raises BadInput naming file, line and column.
    """
    files = await asyncio.to_thread(_read, folder, city, election)
    wilayah, tahapan, units = (
        WilayahService(db),
        TahapanService(db, lambda: now, [*on_moved]),
        UnitService(db, lambda: now),
    )
    async with db.write() as session:
        merged = await wilayah.load(files.regions, session=session)
        home, one = await tahapan.load_election(files.election, session=session, shift_weeks=shift_weeks)
        assert home.id is not None
        merged += one
        merged += await tahapan.load_stages(files.stages, session=session, election=home, by=_LOADER)
        merged += await units.load(files.units, files.plans, session=session, election_id=home.id)
        voting_day = (await tahapan.calendar(session, home.id)).voting_day()
        report = LoadReport(
            regions=len(files.regions.regions),
            units=len(files.plans),
            stages=len(files.stages.rows),
            added=merged.added,
            changed=merged.changed,
            kept=merged.kept,
            election_id=home.id,
            voting_day=voting_day,
            shifted_weeks=home.shifted_weeks,
        )
        if not report.is_unchanged:
            detail = {"city": city, "election": election, "added": merged.added, "changed": merged.changed}
            await audit.record(
                session, at=now, actor=_LOADER, action="load.city", subject=f"election:{home.id}", detail=detail
            )
    return report


async def load_regions(db: Database, file: Path, *, progress: Progress | None = None) -> LoadReport:
    """Regions from a CSV or CSV.xz file, the whole country if need be; `progress(done, total)` after every batch."""
    regions = await asyncio.to_thread(read_regions, file)
    regions.findings.refuse()
    watch = {"progress": progress} if progress else {}
    async with db.write() as session:
        merged = await WilayahService(db).load(regions, session=session, **watch)
    return LoadReport(regions=len(regions.regions), added=merged.added, changed=merged.changed)


async def load_stages(
    db: Database, file: Path, election: str, *, now: datetime, on_moved: Sequence[Hook] = ()
) -> LoadReport:
    """A calendar from the user's own file into a loaded election; its days move by that election's shift, and posts with them."""
    stages = await asyncio.to_thread(read_stages, file)
    stages.findings.refuse()
    tahapan = TahapanService(db, lambda: now, [*on_moved])
    async with db.write() as session:
        home = await tahapan.election_by_code(session, election)
        merged = await tahapan.load_stages(stages, session=session, election=home, by=_LOADER)
        return LoadReport(
            stages=len(stages.rows),
            added=merged.added,
            changed=merged.changed,
            kept=merged.kept,
            election_id=home.id,
            shifted_weeks=home.shifted_weeks,
        )


def _read(folder: Path, city: str, election: str) -> _Files:
    regions = read_regions(folder / "wilayah" / f"{city}.csv", zones=folder / "wilayah")
    home = folder / "elections" / election
    stages = read_stages(home / "stages.csv")
    facts = read_election(home / "election.yaml")
    units = read_units(home / "units.yaml")
    regions.unknown_parents()
    stages.unknown_parents()
    facts.unknown_stages(stages)
    plans = units.plan(regions.regions)
    refuse(regions.findings, stages.findings, facts.settings.findings, units.settings.findings)
    return _Files(regions, facts, stages, units, plans)
