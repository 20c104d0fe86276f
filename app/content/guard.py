"""Which rules of neutrality, fact and reading ease a text breaks, and where in it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from app.content import dates, letters, links
from app.content.guard_checks import FUNCTIONS, ON_THE_RAW_TEXT
from app.content.guard_types import STRICTNESS, Finding, GuardFacts, Hit, Level, Rule, Rules
from app.content.sought import Sought, opening

__all__ = ["Finding", "GuardFacts", "Level", "Rule", "Rules", "check_text", "load_rules", "strictest"]

MAX_PER_RULE = 10
_LEVELS = {"blokir": Level.BLOCK, "tinjau": Level.REVIEW, "ingatkan": Level.REMIND}


def load_rules(path: Path) -> Rules:
    """Raises ValueError naming the rule that cannot be used."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    number = data["angka"]
    rules = tuple(_rule(row, number) for row in data["rules"])
    hosts = links.Hosts(
        allowed=frozenset(data["host_diizinkan"]),
        shorteners=frozenset(data["host_pemendek"]),
        endings=frozenset(data["akhiran_tautan"]),
        imitated=frozenset(data.get("kata_ditiru", ())),
    )
    examples = tuple((row[0], frozenset(row[1]), row[2] if len(row) > 2 else "biasa") for row in data.get("tests", ()))
    return Rules(rules, hosts, examples)


def check_text(rules: Rules, text: str, facts: GuardFacts) -> list[Finding]:
    """Every hit, by its place in the text."""
    clean, places = letters.visible(text)
    found = []
    for rule in rules.rules:
        if not _applies(rule, facts):
            continue
        is_raw = rule.function in ON_THE_RAW_TEXT
        for count, hit in enumerate(_hits(rule, rules, text if is_raw else clean, facts)):
            if count == MAX_PER_RULE:
                break
            span = (hit.start, hit.end) if is_raw else _original(places, hit.start, hit.end)
            found.append(
                Finding(rule.id, hit.level or rule.level, hit.reason or rule.reason, span, rule.title, rule.basis)
            )
    return sorted(found, key=lambda finding: (finding.span, finding.rule))


def strictest(findings: list[Finding]) -> Level | None:
    return max((finding.level for finding in findings), key=STRICTNESS.index, default=None)


def _rule(row: Mapping[str, Any], number: str) -> Rule:
    try:
        pattern = _sought(row, number) if "pola" in row else None
        unless = re.compile(row["kecuali"], re.IGNORECASE) if "kecuali" in row else None
        function = row.get("fungsi", "")
        if pattern is None and function not in FUNCTIONS:
            raise ValueError("neither pola nor a known fungsi")
        return Rule(
            row["id"],
            _LEVELS[row["tingkat"]],
            row["alasan"],
            row["judul"],
            row["dasar"],
            row.get("kapan", ""),
            pattern,
            unless,
            function,
        )
    except (KeyError, re.error, ValueError) as error:
        raise ValueError(f"guard rule {row.get('id', '?')} cannot be used: {error}") from error


def _sought(row: Mapping[str, Any], number: str) -> Sought:
    """`pola` is a regex, which may need one of the words of `perlu`; or ways that each begin with one of their words."""
    flags = re.UNICODE if row.get("cs") else re.UNICODE | re.IGNORECASE
    written = row["pola"]
    if isinstance(written, str):
        return Sought(re.compile(written.replace("ANGKA", number), flags), needed=tuple(row.get("perlu", ())))
    ways = [
        f"(?{'-i' if way.get('cs') else ''}:{opening(way['kata'], way.get('lalu', '')).replace('ANGKA', number)})"
        for way in written
    ]
    return Sought(
        re.compile("|".join(ways), flags), tuple({letters.lowered(word) for way in written for word in way["kata"]})
    )


def _applies(rule: Rule, facts: GuardFacts) -> bool:
    match rule.when:
        case "masa_tenang":
            return facts.is_quiet
        case "sebelum_embargo":
            return facts.embargo_until is None or facts.at < facts.embargo_until
    return True


def _hits(rule: Rule, rules: Rules, text: str, facts: GuardFacts) -> Iterator[Hit]:
    if rule.pattern is None:
        yield from FUNCTIONS[rule.function](text, facts, rules)
        return
    for match in rule.pattern.finditer(text):
        if rule.unless and rule.unless.search(dates.sentence_around(text, match.start(), match.end())):
            continue
        if rule.id.startswith("G07") and re.sub(r"\D", "", match[0]) in facts.contacts:
            continue
        yield Hit(match.start(), match.end())


def _original(places: list[int] | None, start: int, end: int) -> tuple[int, int]:
    if places is None or start >= end:
        return start, end
    return places[start], places[end - 1] + 1
