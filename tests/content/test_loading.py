from datetime import datetime
from pathlib import Path

import pytest

from app.accounts.loading import load_city
from app.accounts.rules import Actor, Grant, Role, UnitKind
from app.content.drafts import Change
from app.content.loading import SHIPPED, load_templates
from app.content.service import TemplateService
from app.kit.db import Database
from app.kit.errors import BadInput, NotFound

GOOD = SHIPPED.read_text(encoding="utf-8")
DEWI = Actor(1, "Dewi", (Grant(1, UnitKind.KPU, "/1/", Role.REVIEWER),))


async def test_the_shipped_templates_load_once_and_only_once(db: Database, now: datetime) -> None:
    await load_city(db, now=now)
    first = await load_templates(db, now=now)
    assert (first.templates, first.added) == (31, 31)
    assert (await load_templates(db, now=now)).is_unchanged


async def test_a_later_load_keeps_what_a_person_edited(
    db: Database, now: datetime, templates: TemplateService, tmp_path: Path
) -> None:
    await load_city(db, now=now)
    await load_templates(db, now=now)
    rows = {row.key: row for row in (await templates.list(DEWI, limit=50, cursor=None)).rows}
    await templates.edit(DEWI, rows["coklit"].id, Change(title="Judul kami"))
    newer = tmp_path / "templates.yaml"
    newer.write_text(GOOD.replace("title: Coklit dari", "title: X").replace("title: Netral", "title: Y").replace("title: Masa tenang", "title: Hening"), encoding="utf-8")  # fmt: skip
    report = await load_templates(db, newer, now=now)
    assert (report.added, report.changed, report.kept) == (0, 1, 1)
    assert (await templates.get(DEWI, rows["coklit"].id)).title == "Judul kami"
    changed = await templates.get(DEWI, rows["masa-tenang"].id)
    assert (changed.title, changed.version) == ("Hening", 2)


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("stages: [DPT-01]", "stages: [DPT-99]", "(coklit, stages): kode tahapan tidak ada di kalender: DPT-99"),
        ("- key: coklit", "- key: masa-tenang", "kunci sudah dipakai di baris"),
        ("Siapkan KTP-el dan KK, ya.", "{{ unit.kk }}", "(coklit, texts.id.short): baris 1: titik"),
        ("Siapkan KTP-el dan KK, ya.", "{{ nomor_kk }}", "(coklit): needs belum menyebut nomor_kk"),
        ("title: Coklit dari rumah ke rumah", "title: ''", "(coklit, title): wajib diisi"),
        ("title: Coklit dari rumah ke rumah", "title: [a]", "(coklit): title harus teks"),
        ("  su:\n    x: >-\n      Sampurasun, wargi {{ wilayah }}! Pantarlih", "  xq:\n    x: >-\n      Sugeng {{ wilayah }}!", 'bahasa "xq" tidak dikenal'),
        ("templates:\n", "templates: [\n", "bukan YAML"),
        ("templates:\n", "lain:\n", "daftar 'templates' tidak ada"),
    ],
)  # fmt: skip
async def test_a_broken_file_is_named_by_template_and_line_and_loads_nothing(
    db: Database, now: datetime, tmp_path: Path, templates: TemplateService, good: str, bad: str, said: str
) -> None:
    await load_city(db, now=now)
    assert good in GOOD
    broken = tmp_path / "templates.yaml"
    broken.write_text(GOOD.replace(good, bad, 1), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        await load_templates(db, broken, now=now)
    assert said in caught.value.message
    assert (await templates.list(DEWI, limit=50, cursor=None)).rows == []


async def test_a_problem_stands_at_the_line_of_its_part(db: Database, now: datetime, tmp_path: Path) -> None:
    await load_city(db, now=now)
    broken = tmp_path / "templates.yaml"
    broken.write_text(GOOD.replace("stages: [DPT-01]", "stages: [DPT-99]"), encoding="utf-8")
    line = broken.read_text(encoding="utf-8").split("\n").index("  stages: [DPT-99]") + 1
    with pytest.raises(BadInput, match=f"baris {line} "):
        await load_templates(db, broken, now=now)


async def test_an_election_must_be_there_first(db: Database, now: datetime) -> None:
    with pytest.raises(NotFound, match="belum dimuat"):
        await load_templates(db, now=now)
