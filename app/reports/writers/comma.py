"""The recap as CSV: one line a unit, numbers bare, what is not known left empty, which no spreadsheet counts as 0."""

import csv
from io import StringIO

from app.reports import rules
from app.reports.rules import Recap

MARK = "\ufeff"
"""Tells spreadsheets that the file is UTF-8."""


def write_csv(recap: Recap) -> bytes:
    """UTF-8 with a byte order mark; the last line is the sum."""
    out = StringIO()
    table = csv.writer(out)
    table.writerow(
        [
            "Unit", "Jenis", "Wilayah", *rules.COLUMNS.values(), "Konten wajib", "Konten wajib terpenuhi",
            "RW didatangi", "RW", "Jenis akun", "Dari", "Sampai", "Periode",
        ]
    )  # fmt: skip
    about = [recap.environment, recap.period.from_on or "", recap.period.to_on or "", recap.period.key]
    for row in recap.rows:
        numbers = [bare(getattr(row, name)) for name in rules.COLUMNS]
        rw = [row.rw_visited, bare(row.rw_count)]
        duty = [row.mandatory, row.mandatory_done]
        table.writerow([harmless(row.label), row.kind, row.wilayah_code, *numbers, *duty, *rw, *about])
    total = [bare(getattr(recap.totals, name)) for name in rules.COLUMNS]
    duty = [sum(row.mandatory for row in recap.rows), sum(row.mandatory_done for row in recap.rows)]
    covered = [recap.coverage.visited, bare(recap.coverage.declared)]
    table.writerow(["Jumlah", "", "", *total, *duty, *covered, *about])
    return (MARK + out.getvalue()).encode()


def bare(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def harmless(label: str) -> str:
    """A spreadsheet would run a cell that starts like a formula."""
    return f"'{label}" if label[:1] in "=+-@\t\r" and label else label
