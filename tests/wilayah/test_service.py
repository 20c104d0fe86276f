from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from app.accounts.loading import SHIPPED, load_city, load_regions
from app.kit.db import Database
from app.kit.errors import BadInput
from app.wilayah.models import Wilayah
from app.wilayah.service import WilayahService


@pytest.fixture
async def wilayah(db: Database, now: datetime) -> WilayahService:
    await load_city(db, now=now)
    return WilayahService(db)


async def _found(wilayah: WilayahService, q: str) -> list[tuple[str, str]]:
    page = await wilayah.search(q=q, limit=50, cursor=None)
    return [(row.code, row.level) for row in page.rows]


async def test_a_joined_spelling_finds_the_kecamatan_and_its_kelurahan(wilayah: WilayahService) -> None:
    assert await _found(wilayah, "tanahsareal") == [("32.71.06", "kecamatan"), ("32.71.06.1001", "kelurahan")]


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("kebonkelapa", "32.71.03.1011"),
        ("Kebon Kalapa", "32.71.03.1011"),
        ("Margajaya", "32.71.04.1004"),
        ("marga JAYA", "32.71.04.1004"),
        ("balungbang", "32.71.04.1005"),
        ("32.71.04.1008", "32.71.04.1008"),
    ],
)
async def test_local_spellings_find_the_official_region(wilayah: WilayahService, q: str, code: str) -> None:
    assert [found for found, _ in await _found(wilayah, q)] == [code]


@pytest.mark.parametrize("q", ["%", "_", "--", "zzz"])
async def test_signs_are_not_wildcards(wilayah: WilayahService, q: str) -> None:
    assert await _found(wilayah, q) == []


async def test_a_parent_narrows_to_its_direct_children(wilayah: WilayahService) -> None:
    page = await wilayah.search(parent="32.71", limit=50, cursor=None)
    assert [row.name for row in page.rows][:2] == ["Bogor Selatan", "Bogor Timur"]
    assert len(page.rows) == 6


async def test_pages_continue_where_they_ended(wilayah: WilayahService) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await wilayah.search(limit=20, cursor=cursor)
        seen += _codes(page.rows)
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 76


async def test_a_foreign_cursor_is_refused(wilayah: WilayahService) -> None:
    with pytest.raises(BadInput, match="halaman"):
        await wilayah.search(limit=20, cursor="WyJ4Il0")


async def test_the_countrys_file_leaves_the_citys_spellings(
    wilayah: WilayahService, db: Database, tmp_path: Path
) -> None:
    """Loads a cut of the national file; the whole of it is the benchmark's business."""
    country = tmp_path / "nasional.csv"
    text = (SHIPPED / "wilayah" / "kota-bogor.csv").read_text()
    country.write_text(text + "51,Bali,provinsi,\n51.71,Kota Denpasar,kabkota,51\n")
    told: list[tuple[int, int]] = []
    report = await load_regions(db, country, progress=lambda done, total: told.append((done, total)))
    assert (report.regions, report.added, report.changed) == (78, 2, 0)
    assert told == [(2, 2)]
    assert await _found(wilayah, "margajaya") == [("32.71.04.1004", "kelurahan")]
    denpasar = (await wilayah.search(q="denpasar", limit=1, cursor=None)).rows[0]
    assert denpasar.timezone == "Asia/Makassar"


def _codes(rows: Sequence[Wilayah]) -> list[str]:
    return [row.code for row in rows]
