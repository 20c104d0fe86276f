"""Which days and voting hours a text names, in Indonesian and Sundanese, and which of them are wrong."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, time
from typing import NamedTuple

Hit = tuple[int, int, str]

# Babel's names of both languages, the press's own spellings (Ahad, Jum'at, Nopember) and the usual abbreviations,
# without accents.
_WEEKDAYS = {
    name: number
    for number, written in enumerate(
        (
            "senin senen sen",
            "selasa salasa sel sal",
            "rabu rebo rab reb",
            "kamis kemis kam kem",
            "jumat jum'at jumaah juma'ah jum",
            "sabtu saptu sab sap",
            "minggu ahad mng min",
        )
    )
    for name in written.split()
}
_MONTHS = {
    name: number
    for number, written in enumerate(
        (
            "januari jan",
            "februari pebruari feb peb",
            "maret mar",
            "april apr",
            "mei",
            "juni jun",
            "juli jul",
            "agustus agu ags agt",
            "september sep sept",
            "oktober okt",
            "november nopember nov nop",
            "desember des",
        ),
        start=1,
    )
    for name in written.split()
}
_DAY_NAMES = ["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"]


def _any(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_WEEKDAY = rf"\b(?P<weekday>{_any(_WEEKDAYS)})\b\.?"
_DATE = re.compile(
    rf"(?:{_WEEKDAY}\s*[,/]?\s*(?:\(?(?:tanggal|tgl\.?|kaping)\s+)?)?"
    rf"(?<![\d.,/-])(?P<day>\d{{1,2}})(?:\s+(?P<month>{_any(_MONTHS)})\b\.?(?:\s+(?P<year>\d{{4}}))?"
    r"|(?P<sep>[/-])(?P<month_n>\d{1,2})(?P=sep)(?P<year_n>\d{4}))(?!\d)"
    rf"(?:\s*\((?P<after>{_any(_WEEKDAYS)})\))?"
)

# Words that may stand between "pemungutan suara" and its day without changing what is said.
_BETWEEN = (
    r"ulang|susulan|serentak|nasional|pilkada|pilwalkot|pilgub|pemilihan|kota|bogor|jawa|barat|tahun|\d{4}|hari|ini|besok|"
    r"pada|di|dina|tanggal|tgl|kaping|poe|dinten|akan|bade|tetap|dilaksanakan|dilaksanakeun|digelar|diadakan|diselenggarakan|"
    r"berlangsung|jatuh|adalah|ialah|yaitu|yakni|nyaeta|mulai"
)
_VOTING = (
    r"(?:pemungutan\s+suara|pencoblosan|hari\s+h|hari\s+pencoblosan|"
    r"(?:datang(?:lah)?|ayo|hayu|yuk|mari|hadir|jumpa|bertemu|ketemu)\b[^.!?\n]{0,25}?\b(?:ke|ka|di)\s+tps)"
)
_VOTING_BEFORE = re.compile(rf"\b{_VOTING}(?:[\s,:()–-]+(?:{_BETWEEN})\b)*[\s,:()–-]*\Z")
_VOTING_AFTER = re.compile(
    r"[\s,:=–-]*(?:(?:adalah|ialah|nyaeta|hari|poe|dinten)\s+)*"
    r"(?:pemungutan\s+suara|pencoblosan|(?:ayo|hayu|yuk|mari|datang)\s+(?:\w+\s+)?k[ea]\s+tps)\b"
)
# "Simulasi pemungutan suara 12 November" speaks of another day, rightly.
_OTHER_EVENT = re.compile(
    r"\b(?:simulasi|gladi(?:\s+\w+)?|latihan|bimtek|bimbingan(?:\s+teknis)?|pelatihan|rapat|rakor|sosialisasi|"
    r"persiapan|logistik|distribusi|perlengkapan|jelang|menjelang|menuju|sebelum|setelah|sesudah|pasca|evaluasi|"
    r"pemantauan|tata\s+cara)\s+(?:\w+\s+){0,2}\Z"
)
_HOURS = re.compile(
    r"(?<!\d)(?P<h1>[01]?\d|2[0-4])[.:](?P<m1>[0-5]\d)(?:\s*(?P<z1>wib|wita|wit)\b)?"
    r"\s*(?:-|–|—|s\.?/?d\.?|sampai(?:\s+dengan)?|hingga|dugi\s+ka)\s*"
    r"(?:pukul\s+|jam\s+|tabuh\s+)?(?P<h2>[01]?\d|2[0-4])[.:](?P<m2>[0-5]\d)(?!\d)(?:\s*(?P<z2>wib|wita|wit)\b)?"
)
_OPEN_CONTEXT = re.compile(
    r"\btps\b[^.!?\n]{0,40}?\b(?:(?:di)?buka|beroperasi|melayani)\b|"
    r"\b(?:jam|waktu|pukul)\s+(?:buka\s+)?(?:tps|pemungutan|pencoblosan|mencoblos)\b|"
    r"\b(?:pemungutan\s+suara|pencoblosan)\b"
)
# Voters from elsewhere and those not on the list have narrower hours of their own.
_OTHER_HOURS = re.compile(
    r"\b(?:dptb|dpk|pindahan|pindah\s+memilih|belum\s+terdaftar|simulasi|bimtek|sosialisasi|gladi)\b"
)
_EDGE = re.compile(
    r"\btps\s+(?:akan\s+|mulai\s+|parantos\s+|sudah\s+)?(?P<edge>(?:di)?buka|(?:di)?tutup)\s+"
    r"(?:mulai\s+|sampai\s+|sejak\s+)?(?:pukul|jam|tabuh)\s+"
    r"(?P<h>[01]?\d|2[0-4])[.:](?P<m>[0-5]\d)(?!\d)"
)
_SENTENCE_END = re.compile(r"[.!?](?=\s|\Z)|\n")


class Dated(NamedTuple):
    """A day named in a text; `day` None: it does not exist (31 November). `weekday` 0 is Monday, None: not named."""

    start: int
    end: int
    day_start: int
    day: date | None
    weekday: int | None


def sentence_around(text: str, start: int, end: int) -> str:
    return text[_sentence_start(text, start) : _sentence_end(text, end)]


def dates_in(text: str, near: date) -> Iterator[Dated]:
    """Every day the text names; one without a year is the one nearest to `near`.

    Three numbers that make no day and follow no weekday are the number of a letter, not a date.
    """
    for match in _DATE.finditer(_folded(text)):
        month = int(match["month_n"]) if match["month_n"] else _MONTHS[match["month"]]
        year = match["year"] or match["year_n"]
        day = _day(int(match["day"]), month, int(year)) if year else _nearest(int(match["day"]), month, near)
        named = match["weekday"] or match["after"]
        if day is None and match["month_n"] and not named:
            continue
        yield Dated(match.start(), match.end(), match.start("day"), day, _WEEKDAYS[named] if named else None)


def wrong_weekdays(text: str, near: date) -> Iterator[Hit]:
    for found in dates_in(text, near):
        if found.day is None:
            yield found.start, found.end, "Tanggal itu tidak ada di kalender"
        elif found.weekday is not None and found.day.weekday() != found.weekday:
            yield found.start, found.end, f"Nama hari tidak sesuai tanggal: hari itu {_DAY_NAMES[found.day.weekday()]}"


def wrong_voting_days(text: str, near: date, voting_days: frozenset[date]) -> Iterator[Hit]:
    """Days that the text says are voting day and that are not; nothing while no voting day is known."""
    if not voting_days:
        return
    folded = _folded(text)
    for found in dates_in(text, near):
        if found.day is not None and found.day not in voting_days and _says_voting(folded, found):
            yield found.start, found.end, ""


def wrong_hours(text: str, opens: time, closes: time, zone: str) -> Iterator[Hit]:
    """Voting hours other than `opens` to `closes`, or in another zone than the unit's."""
    folded = _folded(text)
    right = (opens.hour, opens.minute, closes.hour, closes.minute)
    for match in _HOURS.finditer(folded):
        before = folded[max(_sentence_start(folded, match.start()), match.start() - 90) : match.start()]
        if not _OPEN_CONTEXT.search(before) or _OTHER_HOURS.search(before):
            continue
        named = tuple(int(match[part]) for part in ("h1", "m1", "h2", "m2"))
        zones = {match["z1"], match["z2"]} - {None}
        if named != right or (zone and zones - {zone.lower()}):
            yield match.start(), match.end(), ""
    for match in _EDGE.finditer(folded):
        edge = opens if match["edge"].endswith("buka") else closes
        if (int(match["h"]), int(match["m"])) != (edge.hour, edge.minute) and not _HOURS.match(
            folded, match.start("h")
        ):
            yield match.start(), match.end(), ""


def _says_voting(folded: str, found: Dated) -> bool:
    before = folded[max(_sentence_start(folded, found.start), found.start - 100) : found.start]
    if match := _VOTING_BEFORE.search(before):
        return not _OTHER_EVENT.search(before[: match.start()])
    return bool(_VOTING_AFTER.match(folded, found.end))


def _sentence_start(text: str, place: int) -> int:
    starts = [match.end() for match in _SENTENCE_END.finditer(text, max(0, place - 300), place)]
    return starts[-1] if starts else max(0, place - 300)


def _sentence_end(text: str, place: int) -> int:
    match = _SENTENCE_END.search(text, place, place + 300)
    return match.start() if match else min(len(text), place + 300)


def _folded(text: str) -> str:
    """Small letters without accents, character for character, so that places stay the same."""
    if text.isascii():
        return text.lower()
    return "".join(_fold(letter) for letter in text)


def _fold(letter: str) -> str:
    plain = unicodedata.normalize("NFD", letter)[0].lower()
    return plain if len(plain) == 1 else letter


def _day(day: int, month: int, year: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _nearest(day: int, month: int, near: date) -> date | None:
    candidates = [found for year in (near.year - 1, near.year, near.year + 1) if (found := _day(day, month, year))]
    return min(candidates, key=lambda found: abs((found - near).days), default=None)
