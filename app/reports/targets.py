"""Loads what regions aim at: participation in percent, as data of one election."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from app.kit.db import Database, WriteSession
from app.kit.tabular import Findings, Line, Merged, read_table
from app.reports import store
from app.reports.models import ParticipationTarget
from app.settings import ROOT
from app.tahapan.service import TahapanService

SHIPPED = ROOT / "data" / "elections" / "pilkada-2024" / "targets.csv"
COLUMNS = ("wilayah_code", "low", "high", "source")


@dataclass(frozen=True)
class Aim:
    """One line of the file."""

    line: int
    wilayah_code: str
    low: float
    high: float
    source: str


async def load_targets(
    db: Database, tahapan: TahapanService, file: Path = SHIPPED, *, election: str = "pilkada-2024"
) -> Merged:
    """Adds and updates; a second run changes nothing. Raises BadInput naming line and column, NotFound for the election."""
    aims, findings = await asyncio.to_thread(_read, file)
    async with db.write() as session:
        home = await tahapan.election_by_code(session, election)
        known = await store.known_regions(session, [aim.wilayah_code for aim in aims])
        for aim in aims:
            if aim.wilayah_code not in known:
                findings.add(aim.line, "wilayah_code", f'"{aim.wilayah_code}" belum ada di daftar wilayah')
        findings.refuse()
        return await _merge(session, home.id or 0, aims)


async def _merge(session: WriteSession, election_id: int, aims: list[Aim]) -> Merged:
    existing = await store.target_rows(session, election_id)
    added = changed = 0
    for aim in aims:
        row = existing.get(aim.wilayah_code)
        if row is None:
            session.add(
                ParticipationTarget(
                    election_id=election_id,
                    wilayah_code=aim.wilayah_code,
                    low=aim.low,
                    high=aim.high,
                    source=aim.source,
                )
            )
            added += 1
        elif (row.low, row.high, row.source) != (aim.low, aim.high, aim.source):
            row.low, row.high, row.source = aim.low, aim.high, aim.source
            session.add(row)
            changed += 1
    return Merged(added, changed)


def _read(file: Path) -> tuple[list[Aim], Findings]:
    lines, findings = read_table(file, columns=COLUMNS)
    seen: dict[str, int] = {}
    aims = []
    for line in lines:
        if not findings.required(line, "wilayah_code", "low"):
            continue
        findings.unique(line, "wilayah_code", seen)
        low = _percent(line, "low", findings)
        high = _percent(line, "high", findings) if line["high"] else low
        if high < low:
            findings.add(line.number, "high", "lebih kecil dari low")
        aims.append(Aim(line.number, line["wilayah_code"], low, high, line["source"]))
    findings.refuse()
    return aims, findings


def _percent(line: Line, column: str, findings: Findings) -> float:
    try:
        value = float(line[column].replace(",", "."))
    except ValueError:
        value = -1
    if not 0 <= value <= 100:
        findings.add(line.number, column, f'"{line[column]}" bukan persen; tulis angka 0 sampai 100')
        return 0
    return value
