"""Tables as files for a spreadsheet, XLSX and CSV, out and in: texts alone, and never anything that a spreadsheet would run."""

import csv
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO, StringIO
from typing import Any, Literal

from app.kit.errors import BadInput, Problem, TooLarge, WrongType

Format = Literal["xlsx", "csv"]
MIME: Mapping[str, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
MAX_BYTES = 2 * 1024 * 1024
MAX_UNPACKED = 40 * 1024 * 1024
"""Bytes that a packed XLSX may unpack to: more is a bomb, not a plan of posts."""
MAX_COLUMNS = 120
MOST_PARTS = 500
LONGEST_CELL = 32_767
"""Characters of one XLSX cell (ECMA-376 implementations, Excel specifications and limits, read November 2026)."""

# What makes a spreadsheet take a cell for a formula (OWASP, CSV Injection): a quote in front keeps it a text.
_RUNS = re.compile(r"'*[=+\-@\t\r]")
_QUOTED = re.compile(r"'+[=+\-@\t\r]")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class SheetRow:
    """`number` as a spreadsheet shows it, the header being 1 in a file that begins with it. `formulas`: columns that hold one."""

    number: int
    cells: Mapping[str, str]
    formulas: frozenset[str] = frozenset()

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Table:
    """One sheet. `choices`: what may stand in a column, offered as a list; `widths` in characters."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)


def to_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """With a byte order mark, without which Excel misreads every letter beyond ASCII; cells that would run are quoted."""
    out = StringIO(newline="")
    table = csv.writer(out)
    table.writerow(header)
    table.writerows([quoted(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig", "replace")


def to_xlsx(tables: Sequence[Table]) -> bytes:
    """Every cell a text, marked as one, so that it stays one when somebody edits it. Raises BadInput for a cell too long."""
    import xlsxwriter  # only where a file is written: every process would pay for it at its start

    out = BytesIO()
    # Inline strings: shared ones lose an escaped underscore on their way through openpyxl.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "num_format": "@"})
        plain = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        kept = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "quote_prefix": True})
        for table in tables:
            _write_sheet(book.add_worksheet(table.name), table, (head, plain, kept))
    return out.getvalue()


def read_sheet(data: bytes, *, max_rows: int) -> tuple[list[str], list[SheetRow]]:
    """Header (in small letters) and rows that hold anything, of a CSV or of the first sheet of an XLSX.

    Raises TooLarge, WrongType, BadInput (broken, no header, a column twice, too many rows).
    """
    if len(data) > MAX_BYTES:
        raise too_large()
    rows = _xlsx_rows(data) if data[:4] == b"PK\x03\x04" else _csv_rows(data)
    _, first, _ = next(rows, (1, [], frozenset()))
    header = _header(first)
    found: list[SheetRow] = []
    for number, cells, formulas in rows:
        if not any(cells) and not formulas:
            continue
        if len(found) == max_rows:
            message = f"Berkas berisi lebih dari {max_rows} baris. Bagi menjadi beberapa berkas."
            raise BadInput(message, Problem("file", f"lebih dari {max_rows} baris"))
        named = dict(zip(header, cells, strict=False))
        beyond = [cell for cell in cells[len(header) :] if cell]
        if beyond:
            message = f"Baris {number} punya lebih banyak kolom daripada judulnya."
            raise BadInput(message, Problem(f"baris {number}", message))
        found.append(SheetRow(number, named, frozenset(header[i] for i in formulas if i < len(header))))
    return header, found


def too_large() -> TooLarge:
    return TooLarge("Berkas lebih dari 2 MB. Bagi menjadi beberapa berkas.", Problem("file", "lebih dari 2 MB"))


def quoted(text: str) -> str:
    """A text that a spreadsheet would run, with a quote in front; `unquoted` gives back exactly what it was."""
    return f"'{text}" if _RUNS.match(text) else text


def unquoted(text: str) -> str:
    return text[1:] if _QUOTED.match(text) else text


def _write_sheet(sheet: Any, table: Table, styles: tuple[Any, Any, Any]) -> None:
    head, plain, kept = styles
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(table.header):
        sheet.set_column(place, place, table.widths.get(name, 16), plain)
        if name in table.choices:
            sheet.data_validation(1, place, 5000, place, _choice(table.choices[name]))
    for row, cells in enumerate([table.header, *table.rows]):
        for place, cell in enumerate(cells):
            if len(cell) > LONGEST_CELL:
                message = f"Satu teks lebih panjang dari yang muat di sel XLSX ({LONGEST_CELL} karakter). Pilih CSV."
                raise BadInput(message, Problem("format", message))
            if cell:
                sheet.write_string(row, place, cell, head if row == 0 else kept if _RUNS.match(cell) else plain)


def _choice(values: Sequence[str]) -> dict[str, Any]:
    # A hint and no wall: other spellings are read as well.
    return {"validate": "list", "source": list(values), "error_type": "information"}


_Row = tuple[int, list[str], frozenset[int]]


def _csv_rows(data: bytes) -> Iterator[_Row]:
    text = _decoded(data)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    csv.field_size_limit(MAX_BYTES)
    try:
        for number, cells in enumerate(reader, start=1):
            # Only what would run by itself is refused: a text may begin with a dash, an @ or a plus.
            runs = frozenset(place for place, cell in enumerate(cells) if re.match(r"=|[+\-@]\w+\(", cell))
            yield number, [unquoted(cell) for cell in cells[:MAX_COLUMNS]], runs
    except csv.Error as error:
        message = f"Berkas CSV tidak sah di dekat baris {reader.line_num}; periksa tanda kutipnya."
        raise BadInput(message, Problem("file", message)) from error


def _decoded(data: bytes) -> str:
    for start, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if data.startswith(start):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                break
            if "\x00" not in text:
                return text
            break
    raise WrongType("Simpan berkas sebagai XLSX atau CSV UTF-8.", Problem("file", "bukan XLSX atau CSV UTF-8"))


def _xlsx_rows(data: bytes) -> Iterator[_Row]:
    import openpyxl  # only where a file is read: every process would pay for it at its start
    from openpyxl.utils.exceptions import InvalidFileException

    _must_be_harmless(data)
    try:
        book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        # What a writer claims of the sheet's size is not to be trusted.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
            texts = [_text(cell.value, cell.data_type) for cell in cells]
            yield number, texts, frozenset(place for place, cell in enumerate(cells) if cell.data_type == "f")
    except BadInput:
        raise
    # A damaged file makes openpyxl raise nearly anything.
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, SyntaxError, OverflowError) as error:  # fmt: skip
        raise _unreadable() from error


def _must_be_harmless(data: bytes) -> None:
    """Neither a bomb nor a document type, which no spreadsheet has and which a reader could be made to follow."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            parts = packed.infolist()
            if sum(part.file_size for part in parts) > MAX_UNPACKED or len(parts) > MOST_PARTS:
                raise TooLarge("Isi berkas terlalu besar.", Problem("file", "isinya terlalu besar"))
            documents = [part for part in parts if part.filename.endswith((".xml", ".rels"))]
            is_harmless = all(_is_plain_xml(packed.open(part).read(MAX_UNPACKED + 1)) for part in documents)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise _unreadable() from error
    if not is_harmless:
        raise _unreadable()


def _is_plain_xml(content: bytes) -> bool:
    """In an encoding whose bytes can be searched, and without a document type."""
    starts = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
    return starts and len(content) <= MAX_UNPACKED and b"<!DOCTYPE" not in content and b"<!ENTITY" not in content


def _unreadable() -> BadInput:
    message = "Berkas tidak dapat dibuka. Simpan ulang sebagai XLSX atau CSV UTF-8, lalu coba lagi."
    return BadInput(message, Problem("file", "tidak dapat dibuka"))


def _text(value: object, kind: str) -> str:
    """A cell as it would be typed: days and hours as ISO 8601, whole numbers without a point."""
    match value:
        case None:
            return ""
        case bool():
            return "ya" if value else "tidak"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime():
            return value.isoformat(" ", timespec="minutes" if not value.second and not value.microsecond else "auto")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="minutes" if not value.second else "auto")
        case str() if kind != "f":
            return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    return str(value)


def _header(cells: Sequence[str]) -> list[str]:
    names = [" ".join(cell.split()).lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise BadInput("Baris pertama harus berisi judul kolom.", Problem("file", "tanpa judul kolom"))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        said = ", ".join(name or "(kosong)" for name in twice)
        raise BadInput(f"Judul kolom dipakai dua kali: {said}.", Problem("baris 1", f"dua kali: {said}"))
    return names
