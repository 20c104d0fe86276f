"""Which rules of neutrality and fact a text breaks, and where in it."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from app.content import dates, links

MAX_PER_RULE = 10
# Below this many letters, capitals are an abbreviation, not shouting.
SHOUTING_FROM = 20
SHOUTING_SHARE = 0.6


class Level(StrEnum):
    BLOCK = "block"
    REVIEW = "review"
    REMIND = "remind"


_LEVELS = {"blokir": Level.BLOCK, "tinjau": Level.REVIEW, "ingatkan": Level.REMIND}
_STRICTNESS = [Level.REMIND, Level.REVIEW, Level.BLOCK]


@dataclass(frozen=True)
class Finding:
    """One rule hit; `span` are character offsets (start, end) in the text that was checked."""

    rule: str
    level: Level
    reason: str
    span: tuple[int, int]


@dataclass(frozen=True)
class GuardFacts:
    """What is true for one unit at the moment its text goes out.

    `voting_days`: every right day to name (empty: unknown, nothing is compared). `zone`: WIB, WITA or WIT.
    `embargo_until`: before it no quick count; None: not known, so the embargo holds. `names`: the candidates.
    `hosts`, `contacts` (digits only) are this election's and this unit's own, beside those of the rules.
    """

    at: datetime
    on: date
    voting_days: frozenset[date] = frozenset()
    opens: time | None = None
    closes: time | None = None
    zone: str = ""
    is_quiet: bool = False
    embargo_until: datetime | None = None
    names: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()


Hit = tuple[int, int, str]
"""Start, end, and a sentence of its own or ''."""


@dataclass(frozen=True)
class Rule:
    id: str
    level: Level
    reason: str
    when: str = ""
    pattern: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    function: str = ""


@dataclass(frozen=True)
class Rules:
    """The rules of one file; `examples` are its own test sentences: text, rules that must hit, phase."""

    rules: tuple[Rule, ...]
    hosts: links.Hosts
    examples: tuple[tuple[str, frozenset[str], str], ...] = field(default=(), repr=False)


def load_rules(path: Path) -> Rules:
    """Raises ValueError naming the rule that cannot be used."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    number = data["angka"]
    rules = tuple(_rule(row, number) for row in data["rules"])
    hosts = links.Hosts(
        allowed=frozenset(data["host_diizinkan"]),
        shorteners=frozenset(data["host_pemendek"]),
        endings=frozenset(data["akhiran_tautan"]),
    )
    examples = tuple((row[0], frozenset(row[1]), row[2] if len(row) > 2 else "biasa") for row in data.get("tests", ()))
    return Rules(rules, hosts, examples)


def check_text(rules: Rules, text: str, facts: GuardFacts) -> list[Finding]:
    """Every hit, by its place in the text."""
    clean, places = _visible(text)
    found = []
    for rule in rules.rules:
        if not _applies(rule, facts):
            continue
        for count, (start, end, reason) in enumerate(_hits(rule, rules, clean, facts)):
            if count == MAX_PER_RULE:
                break
            found.append(Finding(rule.id, rule.level, reason or rule.reason, _original(places, start, end)))
    return sorted(found, key=lambda finding: (finding.span, finding.rule))


def strictest(findings: list[Finding]) -> Level | None:
    return max((finding.level for finding in findings), key=_STRICTNESS.index, default=None)


def _rule(row: Mapping[str, Any], number: str) -> Rule:
    try:
        flags = re.UNICODE if row.get("cs") else re.UNICODE | re.IGNORECASE
        pattern = re.compile(row["pola"].replace("ANGKA", number), flags) if "pola" in row else None
        unless = re.compile(row["kecuali"], re.IGNORECASE) if "kecuali" in row else None
        function = row.get("fungsi", "")
        if pattern is None and function not in _FUNCTIONS:
            raise ValueError("neither pola nor a known fungsi")
        return Rule(row["id"], _LEVELS[row["tingkat"]], row["alasan"], row.get("kapan", ""), pattern, unless, function)
    except (KeyError, re.error, ValueError) as error:
        raise ValueError(f"guard rule {row.get('id', '?')} cannot be used: {error}") from error


def _applies(rule: Rule, facts: GuardFacts) -> bool:
    match rule.when:
        case "masa_tenang":
            return facts.is_quiet
        case "sebelum_embargo":
            return facts.embargo_until is None or facts.at < facts.embargo_until
    return True


def _hits(rule: Rule, rules: Rules, text: str, facts: GuardFacts) -> Iterator[Hit]:
    if rule.pattern is None:
        yield from _FUNCTIONS[rule.function](text, facts, rules)
        return
    for match in rule.pattern.finditer(text):
        if rule.unless and rule.unless.search(dates.sentence_around(text, match.start(), match.end())):
            continue
        if rule.id.startswith("G07") and re.sub(r"\D", "", match[0]) in facts.contacts:
            continue
        yield match.start(), match.end(), ""


def _shouting(text: str, _facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    letters = [letter for letter in text if letter.isalpha()]
    if len(letters) >= SHOUTING_FROM and sum(map(str.isupper, letters)) > SHOUTING_SHARE * len(letters):
        yield 0, len(text), ""


def _weekdays(text: str, facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    yield from dates.wrong_weekdays(text, facts.on)


def _voting_days(text: str, facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    yield from dates.wrong_voting_days(text, facts.on, facts.voting_days)


def _voting_hours(text: str, facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    if facts.opens and facts.closes:
        yield from dates.wrong_hours(text, facts.opens, facts.closes, facts.zone)


def _candidates(text: str, facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    for name in facts.names:
        words = r"\s+".join(re.escape(word) for word in name.split())
        for match in re.finditer(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE) if words else ():
            yield match.start(), match.end(), ""


def _links(text: str, facts: GuardFacts, rules: Rules) -> Iterator[Hit]:
    yield from links.unknown_links(text, rules.hosts, facts.hosts)


def _addresses(text: str, facts: GuardFacts, rules: Rules) -> Iterator[Hit]:
    yield from links.private_mail(text, rules.hosts, facts.hosts)


_FUNCTIONS: dict[str, Callable[[str, GuardFacts, Rules], Iterator[Hit]]] = {
    "huruf_besar": _shouting,
    "hari_tanggal": _weekdays,
    "tanggal_pemungutan": _voting_days,
    "jam_tps": _voting_hours,
    "daftar_nama": _candidates,
    "tautan": _links,
    "surel": _addresses,
}


def _visible(text: str) -> tuple[str, list[int] | None]:
    """The text without invisible characters, which would hide a word from every rule, and where each one stood."""
    if text.isascii() or not any(unicodedata.category(letter) == "Cf" for letter in text):
        return text, None
    places = [place for place, letter in enumerate(text) if unicodedata.category(letter) != "Cf"]
    return "".join(text[place] for place in places), places


def _original(places: list[int] | None, start: int, end: int) -> tuple[int, int]:
    if places is None or start >= end:
        return start, end
    return places[start], places[end - 1] + 1
