"""What came of it: counts and interactions by group, as a table, as bars, and as a file for a spreadsheet."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.channels.rules import Environment
from app.content.values import write_date
from app.engagement.rules import Row
from app.kit.errors import BadInput, Problem
from app.reports import rules
from app.reports.writers.comma import bare, harmless
from app.web import words
from app.web.charts import MOST, bars
from app.web.render import page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

GROUPS = {"kecamatan": "Kecamatan", "unit": "Unit", **rules.GROUPS, "day": "Hari"}
MEASURES = {
    "published": "Terbit",
    "views": "Tayangan",
    "reach": "Jangkauan",
    "reactions": "Reaksi",
    "engagement_rate": "Tingkat interaksi",
}
COLUMNS = (
    ("posts", "Unggahan"), ("published", "Terbit"), ("on_time", "Tepat waktu"), ("failed", "Gagal"), ("missed", "Kedaluwarsa"),
    ("views", "Tayangan"), ("reach", "Jangkauan"), ("engagement_rate", "Tingkat interaksi"), ("reactions", "Reaksi"), ("comments", "Komentar"), ("shares", "Dibagikan"),
    ("saves", "Disimpan"), ("clicks", "Klik"),
)  # fmt: skip
UNKNOWN = "tidak tersedia"
DAYS = 30
Text = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True)
class Asked:
    group: str
    first: date
    last: date
    environment: str
    measure: str

    @property
    def query(self) -> str:
        kept = {"kelompok": self.group, "dari": self.first.isoformat(), "sampai": self.last.isoformat()}
        return urlencode(kept | {"jenis": self.environment, "ukuran": self.measure})


@router.get("/laporan/angka")
async def show_figures(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    kelompok: Text = "",
    dari: Text = "",
    sampai: Text = "",
    jenis: Text = "",
    ukuran: Text = "",
) -> Response:
    problem = ""
    try:
        asked = _asked(house, kelompok, dari, sampai, jenis, ukuran)
    except BadInput as error:
        problem, asked = error.message, _asked(house, kelompok, "", "", jenis, ukuran)
    environment, rows = await _rows(house, actor, asked)
    return await page(
        request, house, actor, "laporan_angka.html", status=422 if problem else 200, asked=asked, rows=_lines(rows), columns=COLUMNS,
        groups=GROUPS, measures=MEASURES, bars=bars(rows, asked.measure, lambda value: _said(asked.measure, value)), hidden=max(0, len(rows) - MOST), problem=problem,
        environment=words.ENVIRONMENTS[environment], period=_period(asked), group_name=GROUPS[asked.group],
    )  # fmt: skip


@router.get("/laporan/angka.csv")
async def download(
    house: HouseDep,
    actor: VisitorDep,
    kelompok: Text = "",
    dari: Text = "",
    sampai: Text = "",
    jenis: Text = "",
    ukuran: Text = "",
) -> Response:
    """Numbers bare; what is not known is left empty, which no spreadsheet counts as 0."""
    asked = _asked(house, kelompok, dari, sampai, jenis, ukuran)
    environment, rows = await _rows(house, actor, asked)
    out = StringIO()
    table = csv.writer(out)
    table.writerow([GROUPS[asked.group], *(name for _, name in COLUMNS), "Jenis akun", "Dari", "Sampai"])
    for row in rows:
        numbers = [bare(getattr(row, column)) for column, _ in COLUMNS]
        table.writerow([harmless(row.label), *numbers, words.ENVIRONMENTS[environment], asked.first, asked.last])
    name = f"kentongan-{asked.group}-{asked.first}-{asked.last}.csv"
    # The mark at the start tells spreadsheets that this is UTF-8.
    return Response(
        "\ufeff" + out.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _asked(house: Kentongan, group: str, first: str, last: str, environment: str, measure: str) -> Asked:
    """Unknown choices fall back to the first; raises BadInput for days that are none."""
    today = house.clock.now().astimezone(ZoneInfo(house.settings.timezone)).date()
    until = _day(last, today)
    since = _day(first, until - timedelta(days=DAYS - 1) if until.toordinal() > DAYS else until)
    if since > until:
        raise BadInput("Tanggal awal sesudah tanggal akhir.", Problem("dari", "sesudah tanggal akhir"))
    return Asked(
        group if group in GROUPS else "kecamatan",
        since,
        until,
        environment if environment in set(Environment) else "",
        measure if measure in MEASURES else "published",
    )


def read_day(text: str) -> date | None:
    """None for an empty field; raises BadInput for what is no day."""
    return _day(text, date.min) if text.strip() else None


def _day(text: str, otherwise: date) -> date:
    if not text.strip():
        return otherwise
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput("Tanggalnya belum benar.", Problem("dari", "belum benar")) from None


async def _rows(house: Kentongan, actor: Actor, asked: Asked) -> tuple[str, list[Row]]:
    return await house.engagement.grouped(
        actor, group_by=asked.group, from_on=asked.first, to_on=asked.last, environment=asked.environment or None
    )


def _lines(rows: Sequence[Row]) -> list[tuple[str, list[str]]]:
    return [(row.label, [_said(column, getattr(row, column)) for column, _ in COLUMNS]) for row in rows]


def _said(column: str, value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return f"{value:.1%}".replace(".", ",") if column == "engagement_rate" else words.number(int(value))


def _period(asked: Asked) -> str:
    return f"{write_date(asked.first, width='long')} s.d. {write_date(asked.last, width='long')}"
