"""The labelled sentences: both halves must hold, and every rule must have a hit and be spared somewhere."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import yaml

from app.content.guard import check_text
from app.content.guard_service import facts_for, shipped_rules
from app.settings import ROOT
from tests.content.world import PPS, at, calendar

RULES = shipped_rules()
CALENDAR = calendar(nama_calon="1. Contoh Calon / Wakil Contoh; 2. Lain Lagi / Teman Lagi")
PHASES = {
    "biasa": facts_for(PPS, CALENDAR, at(2024, 11, 1)),
    "masa_tenang": facts_for(PPS, CALENDAR, at(2024, 11, 25)),
    "sebelum_embargo": facts_for(PPS, CALENDAR, at(2024, 11, 27, 14)),
}
HALVES: dict[str, list[Any]] = yaml.safe_load((ROOT / "data/guard_sentences.yaml").read_text(encoding="utf-8"))
SENTENCES = [tuple(row) for half in HALVES.values() for row in half]


@pytest.mark.parametrize(("text", "rules", "phase", "lang"), SENTENCES, ids=[row[0][:40] for row in SENTENCES])
def test_a_labelled_sentence_raises_what_it_should_and_nothing_else(
    text: str, rules: list[str], phase: str, lang: str
) -> None:
    assert {finding.rule for finding in check_text(RULES, text, PHASES[phase])} == set(rules)


def test_there_are_two_hundred_sentences_in_two_languages_and_two_halves() -> None:
    assert len({row[0] for row in SENTENCES}) == len(SENTENCES) >= 200
    assert min(len(half) for half in HALVES.values()) >= 100
    assert min(Counter(row[3] for row in SENTENCES).values()) >= 40
    assert sum(not row[1] for row in SENTENCES) >= 80
    hit = {rule for row in SENTENCES for rule in row[1]}
    assert {rule.id for rule in RULES.rules} == hit


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Cek https://kpu-go.id/dpt", "block"),
        ("Cek https://kрu.go.id/dpt", "block"),
        ("Cek https://xn--ku-lmc.go.id", "block"),
        ("Cek kpu.co.id", "block"),
        ("Cek kpk.go.id", "review"),
        ("Cek https://docs.google.com/forms", "review"),
    ],
)
def test_an_address_made_to_look_official_blocks_and_a_merely_foreign_one_is_reviewed(text: str, level: str) -> None:
    assert [str(finding.level) for finding in check_text(RULES, text, PHASES["biasa"])] == [level]


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("Daftar calon: Contoh Calon dan Wakil Contoh; Lain Lagi dan Teman Lagi.", {"review"}),
        ("Daftar calon: Contoh Calon dan Wakil Contoh.", {"block"}),
        ("Dukung Contoh Calon, bukan Lain Lagi!", {"block"}),
    ],
)
def test_all_pairs_are_for_a_reviewer_some_pairs_for_nobody(text: str, levels: set[str]) -> None:
    found = check_text(RULES, text, PHASES["biasa"])
    assert {str(finding.level) for finding in found if finding.rule.startswith("G20")} == levels


def test_a_repeat_vote_of_ones_own_region_is_a_right_day_and_that_of_another_is_not() -> None:
    text = "Pemungutan suara 22 Maret 2025"
    stage = CALENDAR.stages["PSU-01"]
    for scope, is_wrong in (("32.71.04", False), ("32.71.04.1008", False), ("32.71.05", True), ("32.71.0", True)):
        moved = replace(CALENDAR, stages={**CALENDAR.stages, "PSU-01": replace(stage, scope=scope)})
        found = check_text(RULES, text, facts_for(PPS, moved, at(2025, 3, 1)))
        assert bool(found) == is_wrong, scope


def test_a_units_own_voting_day_and_hours_replace_the_calendars() -> None:
    own = {"tanggal_pemungutan_suara": "2024-12-04", "jam_tps": "07.00-12.00 WIT"}
    papua = replace(PPS, timezone="Asia/Jayapura", variables=own)
    facts = facts_for(papua, CALENDAR, at(2024, 11, 20))
    assert check_text(RULES, "Pemungutan suara Rabu, 4 Desember 2024, pukul 07.00-12.00 WIT.", facts) == []
    late = check_text(RULES, "Pemungutan suara Rabu, 27 November 2024, pukul 07.00-13.00 WIT.", facts)
    assert [finding.rule[:3] for finding in late] == ["G18", "G19"]
    assert "4 Desember 2024" in late[0].reason
    assert "07.00-12.00 WIT" in late[1].reason
