"""The shipped templates, rendered as every kind of unit would."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time
from itertools import product
from typing import Any

import pytest
import yaml

from app.content.guard import Level, check_text
from app.content.guard_service import facts_for, shipped_rules
from app.content.loading import SHIPPED
from app.content.rules import compose, measure
from app.content.values import values_for
from app.platforms.registry import build_adapters
from app.tahapan.rules import Stage
from tests.content.world import JAKARTA, PPK, PPS, at, calendar

TEMPLATES = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["templates"]
GIVEN = {
    "tanggal_kegiatan": "2024-10-13",
    "waktu_kegiatan": "09.00 WIB",
    "tempat_kegiatan": "Balai RW 05",
    "nama_pasar": "Pasar Merdeka",
    "nama_sekolah": "SMAN 7 Bogor",
    "rw": "5",
}
ADAPTERS = build_adapters(timeout=1, now=lambda: at(2024, 11, 1))
PLATFORMS = ("x", "facebook", "instagram")


def moments(template: dict[str, Any]) -> Iterator[tuple[Stage, datetime]]:
    """The first and last morning of each stage the template is for, or a campaign day for those without dates."""
    plan = calendar()
    codes = ["PYL-06", "TNG-01", "PYL-07"] if "*" in template["stages"] else template["stages"]
    for code in codes:
        stage = plan.find(code)
        assert stage is not None
        days = {day for day in (stage.starts_on, stage.ends_on) if day} or {at(2024, 10, 10).date()}
        for day in days:
            yield stage, datetime.combine(day, time(6, 30), JAKARTA)


def texts_of(template: dict[str, Any]) -> dict[tuple[str, str], str]:
    texts = {("id", "alt"): template["image_alt"]}
    for lang in ("id", "su"):
        for variant, text in template.get(lang, {}).items():
            texts[lang, "short" if variant == "x" else variant] = text
    return texts


def given_in(template: dict[str, Any], stage: Stage) -> dict[str, str]:
    """What a person fills in; where the calendar knows only one day, that day too."""
    given = dict(GIVEN)
    if template["key"] == "psu-info":
        given["tanggal_pemungutan_suara"] = "2024-11-27"
    if not (stage.starts_on and stage.ends_on):
        given |= {"tanggal_mulai": "2024-11-24", "tanggal_selesai": "2024-11-24"}
    return given


@pytest.mark.parametrize("template", TEMPLATES, ids=[template["key"] for template in TEMPLATES])
def test_a_shipped_template_fits_and_is_clean_in_its_own_stages(template: dict[str, Any]) -> None:
    plan, texts = calendar(), texts_of(template)
    speakers = [speaker for speaker in (PPK, PPS) if speaker.kind in template["units"]]
    languages = {lang for lang, variant in texts if variant != "alt"}
    for speaker, (stage, due_at) in product(speakers, moments(template)):
        values = values_for(speaker, plan, stage=stage, due_at=due_at, given=given_in(template, stage))
        facts = facts_for(speaker, plan, due_at)
        for lang, platform in product(languages, PLATFORMS):
            composed = compose(texts, lang=lang, platform=platform, values=values)
            assert composed.is_whole, composed
            assert measure(ADAPTERS[platform], composed.text).over == 0
            found = check_text(shipped_rules(), composed.text, facts)
            assert [finding for finding in found if finding.level is not Level.REMIND] == []


def test_the_longest_village_name_of_the_country_still_fits_x() -> None:
    name = "W" * 44
    speaker = replace(PPS, name=f"PPS {name}", wilayah=f"Kelurahan {name}", kelurahan=name)
    for template in TEMPLATES:
        stage, due_at = next(iter(moments(template)))
        values = values_for(speaker, calendar(), stage=stage, due_at=due_at, given=given_in(template, stage))
        composed = compose(texts_of(template), lang="id", platform="x", values=values)
        assert measure(ADAPTERS["x"], composed.text).over == 0, template["key"]
