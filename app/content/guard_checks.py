"""The guard's checks that a pattern cannot make: names, numbers of persons, days, hours, addresses."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from app.content import dates, hints, hours, links
from app.content.guard_types import GuardFacts, Hit, Level, Rules
from app.content.letters import lowered
from app.content.sought import NUMBER, Sought

_LONG_NUMBER = Sought(re.compile(r"(?<![\d.,/-])\d(?:[ .-]?\d){15}(?![\d/]|[ .-]\d)"), starts=NUMBER)
_ABOUT_NIK = re.compile(r"\b(?:nik|kk|kartu keluarga|ktp|nomor induk)\b", re.IGNORECASE)
_DATE_PAIR = re.compile(r"\d\d([./-])\d\d\1\d{4}")
# First two digits of every region code: the provinces of the Kemendagri list.
_PROVINCES = frozenset(
    [*range(11, 20), 21, *range(31, 37), 51, 52, 53, *range(61, 66), *range(71, 77), 81, 82, *range(91, 98)]
)
_SOLICITS = re.compile(
    r"\b(?:coblos|nyoblos|colok|pilih|dukung|menangkan|kawal|jangan\s+pilih|tolak)(?:lah|keun)?\b", re.IGNORECASE
)

Check = Callable[[str, GuardFacts, Rules], Iterator[Hit]]


def _person_numbers(text: str, _facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    """Sixteen digits built like a NIK or a KK number, however they are grouped; any sixteen beside those words."""
    for match in _LONG_NUMBER.finditer(text):
        if _DATE_PAIR.match(match[0]):
            continue
        digits = re.sub(r"\D", "", match[0])
        about = text[max(0, match.start() - 40) : match.start()]
        if _is_built_like_nik(digits) or _ABOUT_NIK.search(about):
            yield Hit(match.start(), match.end())


def _is_built_like_nik(digits: str) -> bool:
    """Region, then a day (women: plus 40) and a month; a KK number has its day of issue there."""
    day, month = int(digits[6:8]) % 40, int(digits[8:10])
    return int(digits[:2]) in _PROVINCES and 1 <= day <= 31 and int(digits[6:8]) <= 71 and 1 <= month <= 12


def _weekdays(text: str, facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    for start, end, reason in dates.wrong_weekdays(text, facts.on):
        yield Hit(start, end, reason)


def _voting_days(text: str, facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    for start, end, reason in dates.wrong_voting_days(text, facts.on, facts.voting_days):
        yield Hit(start, end, reason)


def _stage_days(text: str, facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    for stage in facts.stages:
        found = dates.outside_stage(text, facts.on, stage.words, starts_on=stage.starts_on, ends_on=stage.ends_on)
        for start, end, right in found:
            yield Hit(start, end, f"Kalender: {stage.name} {right}")


def _voting_hours(text: str, facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    if not facts.opens or not facts.closes:
        return
    right = f"Jam TPS unit ini {facts.opens:%H.%M}-{facts.closes:%H.%M} {facts.zone}".rstrip()
    for start, end, _ in hours.wrong_hours(text, facts.opens, facts.closes, facts.zone):
        yield Hit(start, end, right)


def _parties(text: str, facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    if facts.parties is None:
        return
    unless = dict(facts.party_unless)
    for match in facts.parties.finditer(text):
        other = unless.get(match.lastgroup or "")
        if other is None or not other.search(dates.sentence_around(text, match.start(), match.end())):
            yield Hit(match.start(), match.end())


def _candidates(text: str, facts: GuardFacts, _rules: Rules) -> Iterator[Hit]:
    """All pairs or none: a text that names every pair and asks for nothing is for a reviewer to weigh."""
    if not facts.names:
        return
    found = list(_name_pattern(facts.names).finditer(text))
    if not found:
        return
    named = {" ".join(match[0].casefold().split()) for match in found}
    missing = [pair for pair in facts.pairs if not any(" ".join(name.casefold().split()) in named for name in pair)]
    is_even = len(facts.pairs) > 1 and not missing
    for match in found:
        if not is_even:
            yield Hit(match.start(), match.end())
        elif _SOLICITS.search(dates.sentence_around(text, match.start(), match.end())):
            yield Hit(match.start(), match.end(), "Nama calon dalam kalimat ajakan")
        else:
            said = "Semua pasangan disebut; peninjau memastikan semuanya setara"
            yield Hit(match.start(), match.end(), said, Level.REVIEW)


@lru_cache(maxsize=64)
def _name_pattern(names: tuple[str, ...]) -> Sought:
    said = [name.split() for name in names if name.split()]
    words = sorted((r"\s+".join(map(re.escape, each)) for each in said), key=len)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(reversed(words)) or '(?!)'})(?!\w)", re.IGNORECASE)
    # Greek and a few others have small letters of their own that count as the same.
    return Sought(pattern, tuple({lowered(each[0]) for each in said}) if "".join(names).isascii() else ())


def _links(text: str, facts: GuardFacts, rules: Rules) -> Iterator[Hit]:
    for start, end, host in links.unknown_links(text, rules.hosts, facts.hosts):
        if like := links.imitates(host, rules.hosts, facts.hosts):
            said = f"Alamat ini meniru {like}; jangan disebarkan, laporkan ke KPU"
            yield Hit(start, end, said, Level.BLOCK)
        else:
            yield Hit(start, end)


def _addresses(text: str, facts: GuardFacts, rules: Rules) -> Iterator[Hit]:
    for start, end, _ in links.private_mail(text, rules.hosts, facts.hosts):
        yield Hit(start, end)


def _plain(check: Callable[[str], Iterator[Hit]]) -> Check:
    return lambda text, _facts, _rules: check(text)


ON_THE_RAW_TEXT = frozenset({"huruf_hias"})
"""Checks that must see the letters as they were typed, and not as they read."""

FUNCTIONS: dict[str, Check] = {
    "nomor_orang": _person_numbers,
    "hari_tanggal": _weekdays,
    "tanggal_pemungutan": _voting_days,
    "tanggal_tahapan": _stage_days,
    "jam_tps": _voting_hours,
    "daftar_partai": _parties,
    "daftar_nama": _candidates,
    "tautan": _links,
    "surel": _addresses,
    "huruf_besar": _plain(hints.shouting),
    "tagar": _plain(hints.flat_hashtags),
    "emoji": _plain(hints.many_emoji),
    "kata_kapital": _plain(hints.capital_words),
    "kalimat_panjang": _plain(hints.long_sentences),
    "huruf_hias": _plain(hints.decorated_letters),
}
