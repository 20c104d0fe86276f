"""What goes into a table comes out of it letter for letter, and nothing in it is ever run."""

import zipfile
from contextlib import suppress
from io import BytesIO

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kit.errors import AppError, BadInput, TooLarge, WrongType
from app.kit.sheets import MAX_BYTES, SheetRow, Table, quoted, read_sheet, to_csv, to_xlsx, unquoted

# What a post may hold: everything but NUL, and no lone surrogate, which is no text at all.
WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
DANGEROUS = st.builds(str.__add__, st.sampled_from(["=", "+", "-", "@", "\t", "\r", "'=", "''", "_x0041_", "'"]), WORDS)
CELLS = st.lists(st.tuples(WORDS | DANGEROUS, WORDS | DANGEROUS), min_size=1, max_size=4)
HEADER = ["unit", "teks"]


def rows_of(data: bytes) -> list[SheetRow]:
    return read_sheet(data, max_rows=50)[1]


@settings(deadline=None)
@given(CELLS)
def test_csv_keeps_every_letter(cells: list[tuple[str, str]]) -> None:
    kept = [(row["unit"], row["teks"]) for row in rows_of(to_csv(HEADER, cells))]
    assert kept == [pair for pair in cells if any(pair)]


@settings(max_examples=30, deadline=None)
@given(CELLS)
def test_xlsx_keeps_every_letter(cells: list[tuple[str, str]]) -> None:
    kept = [(row["unit"], row["teks"]) for row in rows_of(to_xlsx([Table("Unggahan", HEADER, cells)]))]
    assert kept == [pair for pair in cells if any(pair)]


@given(WORDS | DANGEROUS)
def test_a_quoted_cell_never_runs_and_reads_as_it_was(text: str) -> None:
    assert not quoted(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unquoted(quoted(text)) == text


@settings(max_examples=20, deadline=None)
@given(DANGEROUS)
def test_no_cell_of_an_xlsx_is_a_formula(text: str) -> None:
    book = openpyxl.load_workbook(BytesIO(to_xlsx([Table("Unggahan", HEADER, [(text, "x")])])))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} <= {"s", "inlineStr"}


@settings(deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda tail: b"PK\x03\x04" + tail))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    with suppress(AppError):
        read_sheet(data, max_rows=5)


def book(*rows: tuple[object, ...]) -> bytes:
    out = BytesIO()
    with xlsxwriter.Workbook(out) as made:
        sheet, style = made.add_worksheet(), made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for line, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                sheet.write(line, place, cell, style if isinstance(cell, float) and cell > 40_000 else None)
    return out.getvalue()


def test_numbers_and_days_read_as_they_are_typed() -> None:
    # 45623.2916666667 is 27 November 2024 at 07.00 in a spreadsheet's own counting.
    row = rows_of(book(("Unit ", "RW", "Waktu"), ("32.71", 5.0, 45623.2916666667)))[0]
    assert dict(row.cells) == {"unit": "32.71", "rw": "5", "waktu": "2024-11-27 07:00"}


@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("http://jahat.example","klik")', "=cmd|'/c calc'!A0"])
def test_a_formula_is_named_by_row_and_column(formula: str) -> None:
    doubled = formula.replace('"', '""')
    for data in (book(HEADER, ("a", "b"), ("a", formula)), f'unit,teks\na,b\na,"{doubled}"\n'.encode()):
        assert [(row.number, set(row.formulas)) for row in rows_of(data)] == [(2, set()), (3, {"teks"})]


def test_a_text_may_begin_with_a_dash_an_at_or_a_plus() -> None:
    row = rows_of(b"unit,teks\n+62,@kpu.bogor\n- satu,-\n")
    assert [dict(one.cells) for one in row] == [{"unit": "+62", "teks": "@kpu.bogor"}, {"unit": "- satu", "teks": "-"}]
    assert not any(one.formulas for one in row)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_is_read_as_spreadsheets_write_it(encoding: str, mark: str) -> None:
    text = f'Unit{mark}TEKS\r\n32.71{mark}"baris satu\nbaris dua é"\r\n\r\nx{mark}y\r\n'
    rows = rows_of(text.encode(encoding))
    assert [(row.number, row["unit"], row["teks"]) for row in rows] == [
        (2, "32.71", "baris satu\nbaris dua é"),
        (4, "x", "y"),
    ]


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        (b"", BadInput, "judul kolom"),
        (b"unit,unit\na,b\n", BadInput, "dua kali"),
        (b"unit,teks\n" + b"a,b\n" * 51, BadInput, "lebih dari 50 baris"),
        (b"unit\na,b\n", BadInput, "lebih banyak kolom"),
        (b'unit,teks\n"a,b\n', BadInput, "tanda kutip"),
        ("unit\nS\xe9\n".encode("latin-1"), WrongType, "UTF-8"),
        (b"PK\x03\x04 tidak utuh", BadInput, "tidak dapat dibuka"),
        (b"x" * (MAX_BYTES + 1), TooLarge, "2 MB"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, kind: type[AppError], said: str) -> None:
    with pytest.raises(kind) as caught:
        read_sheet(data, max_rows=50)
    assert said in caught.value.message


def repacked(change: bytes, *, part: str = "xl/workbook.xml") -> bytes:
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(book(HEADER, ("a", "b")))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change if name == part else old.read(name))
    return out.getvalue()


@pytest.mark.parametrize(
    "change",
    [b'<!DOCTYPE a [<!ENTITY b "c">]><workbook/>', b"\xff\xfe<\x00", b"<?xml?>" + b" " * 41 * 1024 * 1024],
    ids=["entities", "utf-16", "bomb"],
)
def test_a_dangerous_xlsx_is_not_even_parsed(change: bytes) -> None:
    with pytest.raises((BadInput, TooLarge)):
        read_sheet(repacked(change), max_rows=5)


def test_a_cell_too_long_for_xlsx_is_refused_and_never_cut() -> None:
    with pytest.raises(BadInput, match="Pilih CSV"):
        to_xlsx([Table("Unggahan", HEADER, [("a", "x" * 32_768)])])
