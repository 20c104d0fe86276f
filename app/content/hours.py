"""Which voting hours a text names, in Indonesian and Sundanese, by the clock or by the time of day, and which are wrong."""

import re
from collections.abc import Iterator
from datetime import time

from app.content.dates import sentence_start
from app.content.letters import folded
from app.content.sought import NUMBER, Sought

Hit = tuple[int, int, str]

_PART = r"(?:pagi|siang|sore|malam|isuk-isuk|isuk|enjing|beurang|sonten|peuting)"
_ZONE = r"wib|wita|wit"
_TO = r"\s*(?:-|–|—|s\.?/?d\.?|sampai(?:\s+dengan)?|hingga|dugi\s+ka|nepi\s+ka)\s*"
_AT = r"(?:pukul|jam|tabuh|pkl\.?)\s+"


def _clock(number: str, minutes: str) -> str:
    return (
        rf"(?P<h{number}>[01]?\d|2[0-4])(?![\d])(?:[.:](?P<m{number}>[0-5]\d)(?!\d)){minutes}"
        rf"(?:\s*(?P<p{number}>{_PART})\b)?(?:\s*(?P<z{number}>{_ZONE})\b)?"
    )


# With minutes a range is one of hours by itself; bare numbers are, only after "pukul".
_HOURS = Sought(
    re.compile(rf"(?<![\d.,])(?:{_clock('1', '')}{_TO}(?:{_AT})?{_clock('2', '')})"),
    starts=NUMBER,
)
_SPOKEN = Sought(
    re.compile(rf"{_AT}(?:{_clock('1', '?')}{_TO}(?:{_AT})?{_clock('2', '?')})"),
    ("pukul", "jam", "tabuh", "pkl"),
)
_OPEN_CONTEXT = re.compile(
    r"\btps\b[^.!?\n]{0,40}?\b(?:(?:di)?buka|beroperasi|melayani)\b|"
    r"\b(?:jam|waktu|pukul)\s+(?:buka\s+)?(?:tps|pemungutan|pencoblosan|mencoblos)\b|"
    r"\b(?:pemungutan\s+suara|pencoblosan)\b"
)
# Voters from elsewhere and those not on the list have narrower hours of their own.
_OTHER_HOURS = re.compile(
    r"\b(?:dptb|dpk|pindahan|pindah\s+memilih|belum\s+terdaftar|simulasi|bimtek|sosialisasi|gladi|rapat|rakor)\b"
)
_EDGE = Sought(
    re.compile(
        r"\b(?:tps|pemungutan\s+suara|pencoblosan)\s+(?:akan\s+|mulai\s+|parantos\s+|sudah\s+|dilaksanakan\s+)?"
        r"(?P<edge>(?:di)?buka|(?:di)?tutup|dimulai|mulai|berakhir|ditutup)\s+"
        rf"(?:mulai\s+|sampai\s+|sejak\s+|ti\s+)?{_AT}(?P<clock>{_clock('1', '?')})"
    ),
    ("tps", "pemungutan", "pencoblosan"),
)


def wrong_hours(text: str, opens: time, closes: time, zone: str) -> Iterator[Hit]:
    """Voting hours other than `opens` to `closes`, or in another zone than the unit's."""
    plain = folded(text)
    if "tps" not in plain and "pemungutan" not in plain and "coblos" not in plain:
        return
    taken: list[tuple[int, int]] = []
    for pattern in (_HOURS, _SPOKEN):
        for match in pattern.finditer(plain):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            taken.append(match.span())
            if _is_wrong_range(plain, match, (opens, closes), zone):
                yield match.start(), match.end(), ""
    for match in _EDGE.finditer(plain):
        edge = opens if match["edge"].endswith(("buka", "mulai")) else closes
        is_range = any(start < match.end() and match.start() < end for start, end in taken)
        is_other = _OTHER_HOURS.search(plain[sentence_start(plain, match.start()) : match.start()])
        if is_range or is_other:
            continue
        if _reading(match, "1") != edge or _is_other_zone(match["z1"], zone):
            yield match.start(), match.end(), ""


def range_in(text: str) -> tuple[time, time] | None:
    """The hours of "07.00-13.00 WIB"; None where there are none."""
    if not (match := next(_HOURS.finditer(folded(text)), None)):
        return None
    opens, closes = _reading(match, "1"), _reading(match, "2")
    return (opens, closes) if opens and closes and opens < closes else None


def _is_wrong_range(plain: str, match: re.Match[str], right: tuple[time, time], zone: str) -> bool:
    before = plain[max(sentence_start(plain, match.start()), match.start() - 90) : match.start() + 1]
    if not _OPEN_CONTEXT.search(before) or _OTHER_HOURS.search(before):
        return False
    named = (_reading(match, "1"), _reading(match, "2"))
    return named != right or any(_is_other_zone(match[part], zone) for part in ("z1", "z2"))


def _is_other_zone(named: str | None, zone: str) -> bool:
    return bool(named and zone) and named != zone.lower()


def _reading(match: re.Match[str], number: str) -> time | None:
    """The hour that is meant: "1 siang" is 13.00. None for one that no clock shows."""
    hour, minute = int(match[f"h{number}"]), int(match[f"m{number}"] or 0)
    match match[f"p{number}"]:
        case "siang" | "beurang" if hour <= 6:
            hour += 12
        case "sore" | "sonten" if hour < 12:
            hour += 12
        case "malam" | "peuting" if 5 < hour < 12:
            hour += 12
    return time(hour, minute) if hour < 24 else None
