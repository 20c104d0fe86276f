"""The recap as an XLSX workbook: real numbers and moments, a chart beside every table, no formula of anybody's text."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from app.engagement.rules import Row
from app.platforms.registry import TITLES
from app.reports import rules, wording
from app.reports.rules import Evidence, Recap

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
INK, ACCENT = "#221f2a", "#57399a"
CHART_ROWS = 20
"""More bars than this cannot be told apart."""


def write_xlsx(recap: Recap) -> bytes:
    import xlsxwriter  # only where a file is written: every process would pay for it at its start

    out = BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    book.set_properties({"title": wording.title(recap), "subject": recap.period.label, "company": recap.unit})
    Book(book, recap).write()
    book.close()
    return out.getvalue()


class Book:
    """One workbook being written; each method is a sheet."""

    def __init__(self, book: Any, recap: Recap) -> None:
        self._book, self._recap = book, recap
        self._zone = ZoneInfo(recap.timezone)
        self._bold = book.add_format({"bold": True, "font_color": INK})
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._count = book.add_format({"num_format": "#,##0"})
        self._share = book.add_format({"num_format": "0.0%"})
        self._when = book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        self._soft = book.add_format({"italic": True, "font_color": "#595463"})
        self._wrap = book.add_format({"text_wrap": True, "valign": "top"})

    def write(self) -> None:
        recap = self._recap
        self._summary()
        kecamatan = {
            "units": "Unit",
            "active": "Unit aktif",
            "mandatory": "Konten wajib",
            "mandatory_done": "Terpenuhi",
        }
        self._table("Kecamatan", "Kecamatan", recap.kecamatan, kecamatan)
        unit = {
            "kind": "Jenis",
            "wilayah_code": "Wilayah",
            "channels": "Akun",
            "mandatory": "Konten wajib",
            "mandatory_done": "Terpenuhi",
            "rw_visited": "RW didatangi",
            "rw_count": "RW",
        }
        self._table("Unit", "Unit", recap.rows, unit)
        for key, name in rules.GROUPS.items():
            self._table(name, name, recap.groups[key], {})
        self._posts("Teratas", recap.top)
        self._posts("Perlu dijawab", recap.to_answer)
        self._attention()
        self._posts("Bukti", recap.annex)
        self._meaning()

    def _summary(self) -> None:
        recap, sheet = self._recap, self._sheet("Ringkasan", [34, 18, 18, 14])
        sheet.write(0, 0, wording.title(recap), self._bold)
        sheet.write(1, 0, recap.period.label)
        sheet.write(2, 0, wording.ENVIRONMENTS.get(recap.environment, recap.environment))
        sheet.write(3, 0, f"Angka dibaca {wording.moment(recap.fresh_at, recap.timezone)}", self._soft)
        sheet.write_row(5, 0, ["Ukuran", "Periode ini", "Periode sebelumnya", "Perubahan"], self._head)
        for line, (name, word) in enumerate(rules.COLUMNS.items(), start=6):
            now = getattr(recap.totals, name)
            before = getattr(recap.before, name) if recap.before else None
            sheet.write(line, 0, word)
            self._number(sheet, line, 1, name, now)
            self._number(sheet, line, 2, name, before)
            if (by := rules.change(now, before)) is not None:
                sheet.write_number(line, 3, by, self._share)
        line = 7 + len(rules.COLUMNS)
        for word, value in self._facts():
            sheet.write(line, 0, word)
            sheet.write(line, 1, value) if isinstance(value, str) else self._number(sheet, line, 1, "", value)
            line += 1

    def _facts(self) -> Sequence[tuple[str, str | float | None]]:
        recap, rw = self._recap, self._recap.coverage
        return (
            ("Unit", recap.units),
            ("Unit aktif", recap.active_units),
            ("Akun", recap.channels),
            ("Kegiatan program", rw.activities),
            ("Hadirin kegiatan", rw.attendance),
            ("RW didatangi", rw.visited),
            ("RW menurut unit", rw.declared),
            ("RW menurut KPU", rw.expected),
            ("Ditolak peninjau", recap.care.rejected),
            ("Ditarik sesudah terbit", recap.care.withdrawn),
            ("Hilang di platform", recap.care.gone),
            *((f"Sasaran partisipasi {aim.wilayah} (persen)", f"{aim.low:g}–{aim.high:g}") for aim in recap.targets),
        )

    def _table(self, name: str, word: str, rows: Sequence[Row], more: Mapping[str, str]) -> None:
        sheet = self._sheet(name, [30, *[13] * (len(rules.COLUMNS) + len(more))])
        columns = {**rules.COLUMNS, **more}
        sheet.write_row(0, 0, [word, *columns.values()], self._head)
        sheet.freeze_panes(1, 1)
        for line, row in enumerate(rows, start=1):
            sheet.write_string(line, 0, row.label)
            for column, field in enumerate(columns, start=1):
                value = getattr(row, field)
                if isinstance(value, str):
                    sheet.write_string(line, column, value)
                else:
                    self._number(sheet, line, column, field, value)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(columns))
            self._chart(sheet, name, word, min(len(rows), CHART_ROWS))

    def _chart(self, sheet: Any, name: str, word: str, count: int) -> None:
        """Published and interactions side by side would share no scale: what came out, from zero."""
        chart = self._book.add_chart({"type": "bar"})
        column = 1 + list(rules.COLUMNS).index("published")
        chart.add_series(
            {
                "name": [name, 0, column],
                "categories": [name, 1, 0, count, 0],
                "values": [name, 1, column, count, column],
                "fill": {"color": ACCENT},
                "data_labels": {"value": True},
            }
        )
        chart.set_title({"name": f"Terbit per {word.lower()}"})
        chart.set_legend({"none": True})
        chart.set_x_axis({"min": 0, "major_gridlines": {"visible": False}})
        chart.set_y_axis({"reverse": True})
        chart.set_size({"width": 640, "height": max(220, 26 * count + 90)})
        described = {"description": f"Grafik batang terbit per {word.lower()}; angkanya di kolom {word} dan Terbit."}
        sheet.insert_chart(count + 3, 0, chart, described)

    def _posts(self, name: str, rows: Sequence[Evidence]) -> None:
        heads = [
            "Unit",
            "Platform",
            "Akun",
            "Terbit",
            "Tautan",
            "Teks",
            "SHA-256 isi",
            "Tahapan",
            "Tayangan",
            "Jangkauan",
        ]
        heads += ["Reaksi", "Komentar", "Dibagikan", "Disimpan", "Interaksi", "Keterangan"]
        sheet = self._sheet(name, [24, 12, 20, 19, 36, 60, 20, 10, *[11] * 7, 20])
        sheet.write_row(0, 0, heads, self._head)
        sheet.freeze_panes(1, 1)
        for line, row in enumerate(rows, start=1):
            words = [row.unit, TITLES.get(row.platform, row.platform), row.handle]
            for column, value in enumerate(words):
                sheet.write_string(line, column, value)
            sheet.write_datetime(line, 3, self._local(row.published_at), self._when)
            for column, value in enumerate((row.url or "", row.text, row.text_hash, row.tahapan), start=4):
                sheet.write_string(line, column, value)
            numbers = (row.views, row.reach, row.reactions, row.comments, row.shares, row.saves, row.interactions)
            for column, number in enumerate(numbers, start=8):
                self._number(sheet, line, column, "", number)
            sheet.write_string(line, 15, "Sudah tidak ada di platform" if row.gone else "")
        if name == "Bukti" and self._recap.annex_total > len(rows):
            told = f"{wording.number(self._recap.annex_total - len(rows))} kiriman lain tidak dimuat di sini."
            sheet.write(len(rows) + 2, 0, told, self._soft)

    def _attention(self) -> None:
        sheet = self._sheet("Perlu perhatian", [30, 14, 24, 60])
        sheet.write_row(0, 0, ["Unit", "Platform", "Akun", "Mengapa"], self._head)
        lines = [(t.unit, TITLES.get(t.platform, t.platform), t.handle, t.reason) for t in self._recap.troubles]
        lines += [(row.label, "", "", "Belum menerbitkan apa pun pada periode ini.") for row in self._recap.silent]
        for line, cells in enumerate(lines, start=1):
            for column, value in enumerate(cells):
                sheet.write_string(line, column, value)

    def _meaning(self) -> None:
        sheet = self._sheet("Arti angka", [24, 110])
        for line, (word, meaning) in enumerate(self._recap.definitions.items()):
            sheet.write(line, 0, word, self._bold)
            sheet.write_string(line, 1, meaning, self._wrap)

    def _sheet(self, name: str, widths: Sequence[int]) -> Any:
        sheet = self._book.add_worksheet(name[:31])
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return sheet

    def _number(self, sheet: Any, line: int, column: int, name: str, value: float | None) -> None:
        """An unknown number stays an empty cell: 0 would be counted."""
        if value is not None:
            sheet.write_number(line, column, value, self._share if name == "engagement_rate" else self._count)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone).replace(tzinfo=None)
