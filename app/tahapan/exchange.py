"""A calendar as a table: taken out, changed in a spreadsheet, looked at, and brought in again."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from app.kit.db import Database
from app.kit.sheets import read_sheet, to_csv
from app.kit.tabular import Findings, Line
from app.tahapan import store
from app.tahapan.models import Tahapan
from app.tahapan.reading import COLUMNS, OVERRIDES, StageFile, shifted, stages_in
from app.tahapan.service import TahapanService

MAX_ROWS = 1000
HEADER = [*COLUMNS, OVERRIDES]


@dataclass(frozen=True)
class StageChange:
    """What the table says of one stage that the calendar does not; `was` None: it is new."""

    code: str
    name: str
    was: tuple[date | None, date | None] | None
    will_be: tuple[date | None, date | None]


@dataclass(frozen=True)
class BroughtIn:
    """Stages that the table does not name stay as they are. `is_written` False: it was only looked at."""

    added: int
    changed: int
    changes: Sequence[StageChange]
    is_written: bool


class _OnlyLooked(Exception):
    """Nothing of it stays."""


@dataclass
class CalendarExchange:
    db: Database
    tahapan: TahapanService

    async def export(self, *, within: Collection[int], election: str | None = None) -> bytes:
        """CSV in the columns that are read; days as they are without a training's shift."""
        async with self.db.read() as session:
            home = await self.tahapan.home(session, election, within)
            rows = await store.stages_of(session, home.id or 0)
        return to_csv(HEADER, [_cells(row, home.shifted_weeks) for row in sorted(rows, key=store.first_day)])

    async def bring_in(
        self, data: bytes, *, by: str, within: Collection[int], election: str | None = None, dry_run: bool
    ) -> BroughtIn:
        """All of it or nothing: stages are added and changed, and posts move with them. Raises BadInput, TooLarge, WrongType, NotFound."""
        file = await asyncio.to_thread(_read, data)
        file.findings.refuse()
        found: BroughtIn | None = None
        try:
            async with self.db.write() as session:
                home = await self.tahapan.home(session, election, within)
                before = {
                    row.code: (row.starts_on, row.ends_on) for row in await store.stages_of(session, home.id or 0)
                }
                as_was = {row.code: _cells(row, 0) for row in await store.stages_of(session, home.id or 0)}
                merged = await self.tahapan.load_stages(file, session=session, election=home, by=by, by_hand=True)
                after = await store.stages_of(session, home.id or 0)
                changes = [
                    _change(row, before.get(row.code)) for row in after if _cells(row, 0) != as_was.get(row.code)
                ]
                found = BroughtIn(merged.added, merged.changed, changes, not dry_run)
                if dry_run:
                    raise _OnlyLooked
        except _OnlyLooked:
            pass
        assert found is not None
        return found


def _read(data: bytes) -> StageFile:
    header, rows = read_sheet(data, max_rows=MAX_ROWS)
    findings = Findings("kalender")
    for column in COLUMNS:
        if column not in header:
            findings.add(1, column, "kolom ini tidak ada")
    for row in rows:
        for column in sorted(row.formulas):
            findings.add(row.number, column, "berisi rumus; tulis isinya saja")
    findings.refuse()
    return stages_in(
        [Line(row.number, {name: cell.strip() for name, cell in row.cells.items()}) for row in rows], findings
    )


def _change(row: Tahapan, was: tuple[date | None, date | None] | None) -> StageChange:
    return StageChange(row.code, row.name, was, (row.starts_on, row.ends_on))


def _cells(row: Tahapan, weeks: int) -> list[str]:
    starts_on, ends_on = shifted(row.starts_on, -weeks), shifted(row.ends_on, -weeks)
    days = [day.isoformat() if day else "" for day in (starts_on, ends_on)]
    return [
        row.code, row.name, row.kind, *days, row.source, row.certainty, row.parent or "", row.scope, row.note,
        row.overrides or "",
    ]  # fmt: skip
