"""The files people take along, read back with other people's readers."""

import csv
import io
import json
import re

import pytest
from openpyxl import load_workbook

from app.reports.rules import Recap
from app.reports.service import RecapWanted
from app.reports.writers.comma import MARK
from app.reports.writers.files import WRITERS, write_file
from tests.engagement.conftest import Place


@pytest.fixture
async def recap(place: Place) -> Recap:
    message = {"text": '=HYPERLINK("x") Cek nama Anda 🗳️ di السلام\x07', "pictures": []}
    await place.put("cilendek", "facebook", message=message, message_hash="ab" * 32, url="https://fb.com/1", numbers={"views": 1234, "reach": 80, "reactions": 8})  # fmt: skip
    await place.put("menteng", "x", numbers={"views": 10})
    return await place.house.recaps.make(place.cast.dewi, RecapWanted())


async def test_the_workbook_has_numbers_charts_and_empty_cells_for_what_is_unknown(recap: Recap) -> None:
    file = await write_file(recap, "xlsx")
    book = load_workbook(io.BytesIO(file.content))
    units = {row[0]: row[1:] for row in book["Unit"].iter_rows(min_row=2, max_row=7, values_only=True)}
    heads = [cell.value for cell in book["Unit"][1]][1:]
    shown = dict(zip(heads, units["PPS Cilendek Barat"], strict=True))
    assert (shown["Tayangan"], shown["Disimpan"], shown["Tingkat interaksi"]) == (1234, None, pytest.approx(0.1))
    assert dict(zip(heads, units["PPS Menteng"], strict=True))["Jangkauan"] is None
    evidence = list(book["Bukti"].iter_rows(min_row=2, values_only=True))
    assert evidence[0][5].startswith("=HYPERLINK"), "shown as it was written"
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert book["Kecamatan"]._charts
    assert book["Bukti"]["D2"].is_date


async def test_the_comma_file_adds_up(recap: Recap) -> None:
    file = await write_file(recap, "csv")
    rows = list(csv.DictReader(io.StringIO(file.content.decode().removeprefix(MARK))))
    assert len(rows) == recap.units + 1
    assert sum(int(row["Terbit"]) for row in rows[:-1]) == int(rows[-1]["Terbit"]) == 2
    assert (rows[-1]["Tayangan"], rows[-1]["Disimpan"]) == ("1244", "")


async def test_the_json_has_the_names_of_the_contract(recap: Recap) -> None:
    found = json.loads((await write_file(recap, "json")).content)
    assert found["period"]["from_on"] == "2024-10-28"
    assert {"posts", "published", "on_time", "failed", "missed", "views", "reach", "reactions", "comments", "shares"} <= set(found["totals"])  # fmt: skip
    assert (found["totals"]["views"], found["totals"]["saves"]) == (1244, None)
    assert {row["label"]: row["published"] for row in found["rows"]}["PPS Menteng"] == 1


async def test_the_paper_is_tagged_in_indonesian_and_says_its_title(recap: Recap) -> None:
    content = (await write_file(recap, "pdf")).content
    assert content.startswith(b"%PDF-")
    assert b"/MarkInfo" in content
    assert re.search(rb"/Lang ?\(id\)", content)
    assert b"pdfuaid:part" in content


@pytest.mark.parametrize("ending", WRITERS)
async def test_an_empty_week_is_a_file_too(place: Place, ending: str) -> None:
    recap = await place.house.recaps.make(place.cast.sari, RecapWanted(key="2024-W01"))
    file = await write_file(recap, ending)
    assert (file.name, len(file.content) > 100) == (f"rekap-pps-cilendek-barat-2024-W01.{ending}", True)
