from dataclasses import replace
from datetime import date
from timeit import repeat

import pytest

from app.content.guard import GuardFacts, Level, check_text, load_rules, strictest
from app.content.guard_service import SHIPPED, facts_for, shipped_rules
from tests.content.world import PPS, at, calendar

RULES = shipped_rules()
FACTS = facts_for(
    PPS, calendar(nama_calon="1. Contoh Calon / Wakil Contoh; 2. Lain Lagi / Teman Lagi"), at(2024, 11, 1)
)
PHASES = {
    "biasa": FACTS,
    "masa_tenang": replace(FACTS, at=at(2024, 11, 25), on=date(2024, 11, 25), is_quiet=True),
    "sebelum_embargo": replace(FACTS, at=at(2024, 11, 27, 14), on=date(2024, 11, 27)),
}


def hits(text: str, facts: GuardFacts = FACTS) -> set[str]:
    return {finding.rule[:3] for finding in check_text(RULES, text, facts)}


@pytest.mark.parametrize(("text", "rules", "phase"), RULES.examples)
def test_the_rules_own_examples_hold(text: str, rules: frozenset[str], phase: str) -> None:
    assert {finding.rule for finding in check_text(RULES, text, PHASES[phase])} == rules


def test_every_rule_says_what_it_is_and_by_which_law() -> None:
    assert len(RULES.examples) == 44
    assert [rule.id for rule in RULES.rules if not (rule.title and rule.basis)] == []
    assert [rule.title for rule in RULES.rules if rule.id in rule.title or rule.id in rule.reason] == []


@pytest.mark.parametrize(
    "text",
    [
        "Cek https://kpu.go.id@jahat.example/",
        "Cek https://jahat.example\\.kpu.go.id/",
        "Cek https:/jahat.example/",
        "Cek https://kpu.go.id.jahat.example",
        "Simak lamannya sekarang juga: HTTPS://JAHAT.EXAMPLE",
        "Cek cekdptonline-kpu.com/login",
        "Cek https://k\u0440u.go.id/",  # a Cyrillic letter in the middle
        "Cek https://[jahat",
        "Cek s.id/pilkada",
    ],
)
def test_a_link_is_judged_by_the_host_a_browser_opens(text: str) -> None:
    assert hits(text) == {"G14"}


@pytest.mark.parametrize(
    "text",
    [
        "Cek kpu.go.id, lalu https://KPU.go.id:443/x?y=1.",
        "Cek (https://kota-bogor.kpu.go.id)!",
        "Hadir: Sari, S.Pd., pukul 19.30 di RT.05/RW.02, Rp1.500.000",
        "Surat ke ppid@kota-bogor.kpu.go.id",
    ],
)
def test_official_addresses_and_dotted_words_stay_clean(text: str) -> None:
    assert hits(text) == set()


def test_an_address_that_only_ends_like_ours_is_private_mail() -> None:
    assert hits("Kirim ke pps@kpu.go.id.jahat.example") == {"G08"}


def test_invisible_characters_hide_nothing_and_spans_stay_true() -> None:
    text = "Ayo co\u200bblos nomor 3"
    finding = check_text(RULES, text, FACTS)[0]
    assert finding.rule.startswith("G01")
    assert text[slice(*finding.span)] == "co\u200bblos nomor 3"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Rabu, 28 November 2024 ada rapat", "G17"),
        ("Rapat 28 November 2024 (Rabu)", "G17"),
        ("Rapat Rabu,28 November 2024", "G17"),
        ("Tenggat 31 November 2024", "G17"),
        ("Pemungutan suara akan digelar pada hari Kamis, 28 November", "G18"),
        ("28 November 2024, ayo ke TPS", "G18"),
        ("Hari pemungutan suara: 28/11/2024", "G18"),
        ("Sampai jumpa di TPS pada Selasa, 26 November 2024", "G18"),
        ("Hayu ka TPS dina 28 Nopémber 2024", "G18"),
        ("TPS dibuka mulai pukul 08.00", "G19"),
        ("Pemungutan suara 27 November 2024, pukul 07.00 sampai 12.00", "G19"),
    ],
)
def test_a_wrong_day_or_hour_is_blocked(text: str, rule: str) -> None:
    found = check_text(RULES, text, FACTS)
    assert [finding.rule[:3] for finding in found] == [rule]
    assert strictest(found) is Level.BLOCK


@pytest.mark.parametrize(
    "text",
    [
        "Simulasi pemungutan suara Minggu, 17 November 2024",
        "Bimtek tata cara pemungutan suara 12 November 2024 pukul 08.00-16.00",
        "Logistik pemungutan suara tiba 20 November 2024",
        "Masa tenang 24-26 November 2024",
        "Pemilih pindahan dilayani di TPS pukul 11.00-13.00",
        "Ahad, 24 November 2024",
        "Surat 14/15/2024",
        "Ayo ke TPS! Rapat evaluasi 2 Desember 2024",
    ],
)
def test_honest_days_and_hours_of_other_events_stay_clean(text: str) -> None:
    assert hits(text) == set()


def test_a_day_without_a_year_is_the_nearest_one() -> None:
    """In January 2025, "27 November" is the one just past, a Wednesday."""
    assert hits("Rabu, 27 November", replace(FACTS, on=date(2025, 1, 5))) == set()


def test_while_no_calendar_is_known_no_day_is_called_wrong() -> None:
    assert hits("Pemungutan suara 28 November 2024", replace(FACTS, voting_days=frozenset())) == set()


def test_a_units_own_contact_is_no_strangers_number() -> None:
    assert hits("WA 0812-3456-7890", replace(FACTS, contacts=frozenset({"081234567890"}))) == set()


def test_the_embargo_ends_two_hours_after_the_western_polls_wherever_one_is() -> None:
    text = "Quick count: pasangan A unggul 52,3%"
    papua = replace(PPS, timezone="Asia/Jayapura")
    assert hits(text, facts_for(papua, calendar(), at(2024, 11, 27, 14, 59))) == {"G09"}
    assert hits(text, facts_for(papua, calendar(), at(2024, 11, 27, 15, 0))) == set()


def test_facts_come_from_the_calendar_and_the_unit() -> None:
    speaker = replace(PPS, timezone="Asia/Makassar", variables={"kontak_wa": "0812 3456 7890", "alamat": "Jl. 1"})
    facts = facts_for(speaker, calendar(nama_calon="Contoh Calon; Lain Lagi"), at(2024, 11, 25))
    assert facts.is_quiet
    assert facts.zone == "WITA"
    assert facts.voting_days == {date(2024, 11, 27)}
    assert facts.names == ("Contoh Calon", "Lain Lagi")
    assert facts.pairs == (("Contoh Calon",), ("Lain Lagi",))
    assert facts.hosts == {"cekdptonline.kpu.go.id"}
    assert facts.contacts == {"081234567890"}


def test_a_rule_that_cannot_be_used_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    broken = tmp_path / "rules.yaml"
    broken.write_text(
        SHIPPED.read_text(encoding="utf-8").replace("fungsi: surel", "fungsi: tidak_ada"), encoding="utf-8"
    )
    with pytest.raises(ValueError, match="G08"):
        load_rules(broken)


def test_a_text_is_checked_in_under_two_milliseconds() -> None:
    text = "Pemungutan suara Rabu, 27 November 2024, pukul 07.00-13.00 WIB. Cek kpu.go.id. " * 10
    # The best of many: the others measure what else this machine was doing.
    assert min(repeat(lambda: check_text(RULES, text, FACTS), number=1, repeat=20)) < 0.002 * 2


@pytest.mark.parametrize("evil", ["a.", "a@", "1 nov ", "coblos ", "07.00-", "kabar https://", "0", "-", "tps "])
def test_no_text_makes_the_guard_stall(evil: str) -> None:
    text = evil * (60_000 // len(evil))
    assert min(repeat(lambda: check_text(RULES, text, FACTS), number=1, repeat=2)) < 3
