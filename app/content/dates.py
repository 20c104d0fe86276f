"""Which days a text names, in Indonesian and Sundanese, also in passing (besok, H-3), and which of them are wrong."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from app.content.letters import folded
from app.content.sought import NUMBER, Sought

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
_MAY_SPEAK_OF_VOTING = re.compile(r"pemungutan|coblos|hari\s+h\b|\btps\b")
_DAY_NAMES = ["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"]
_MONTH_NAMES = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
]


def _any(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_TO = r"(?:-|–|—|s\.?/?d\.?|sampai(?:\s+dengan)?|hingga|dugi\s+ka|nepi\s+ka)"
# The number first and the weekday before it by looking back: the other way round every letter would start a weekday.
_DATE = Sought(
    re.compile(
        rf"(?<![\d-])(?<!\d[.,/])(?:(?P<from>\d{{1,2}})\s*{_TO}\s*)?(?P<day>\d{{1,2}})(?:"
        rf"\s+(?P<month>{_any(_MONTHS)})\b\.?(?:\s+(?P<year>\d{{4}}))?"
        r"|(?P<sep>[/-])(?P<month_n>\d{1,2})(?P=sep)(?P<year_n>\d{4}|\d{2})"
        r"|\.(?P<month_d>\d{1,2})\.(?P<year_d>\d{4}))(?!\d)"
        rf"(?:\s*\((?P<after>{_any(_WEEKDAYS)})\))?"
    ),
    starts=NUMBER,
)
_WEEKDAY_BEFORE = re.compile(
    rf"\b(?P<weekday>{_any(_WEEKDAYS)})\b\.?(?:\s*[-–—]\s*(?P<weekday_to>{_any(_WEEKDAYS)})\b\.?)?"
    r"\s*[,/]?\s*\(?\s*(?:(?:tanggal|tgl\.?|kaping|ping)\s+)?\Z"
)
_LOOK_BACK = 40

# Words that may stand between "pemungutan suara" and its day without changing what is said.
_BETWEEN = (
    r"ulang|susulan|serentak|nasional|pilkada|pilwalkot|pilgub|pemilihan|kota|bogor|jawa|barat|tahun|\d{4}|hari|ini|besok|"
    r"pada|di|dina|tanggal|tgl|kaping|poe|dinten|akan|bade|tetap|dilaksanakan|dilaksanakeun|digelar|diadakan|diselenggarakan|"
    r"berlangsung|jatuh|adalah|ialah|yaitu|yakni|nyaeta|mulai"
)
_VOTING = (
    r"(?:pemungutan\s+suara|pencoblosan|mencoblos|nyoblos|hari\s+h|hari\s+pencoblosan|"
    r"(?:datang(?:lah)?|ayo|hayu|yuk|mari|hadir|jumpa|bertemu|ketemu)\b[^.!?\n]{0,25}?\b(?:ke|ka|di)\s+tps)"
)
_VOTING_BEFORE = re.compile(rf"\b{_VOTING}(?:[\s,:()–-]+(?:{_BETWEEN})\b)*[\s,:()–-]*\Z")
_VOTING_AFTER = re.compile(
    r"[\s,:=–-]*(?:(?:adalah|ialah|nyaeta|hari|poe|dinten)\s+)*"
    r"(?:pemungutan\s+suara|pencoblosan|(?:ayo|hayu|yuk|mari|datang)\s+(?:\w+\s+)?k[ea]\s+tps)\b"
)
# "Simulasi pemungutan suara 12 November" speaks of another day, rightly.
_OTHER_EVENT = re.compile(
    r"\b(?:simulasi|belajar|diajar|cara|contoh|gladi(?:\s+\w+)?|latihan|bimtek|bimbingan(?:\s+teknis)?|pelatihan|rapat|rakor|sosialisasi|"
    r"persiapan|logistik|distribusi|perlengkapan|jelang|menjelang|menuju|sebelum|setelah|sesudah|pasca|evaluasi|"
    r"pemantauan|tata\s+cara)\s+(?:\w+\s+){0,2}\Z"
)
# Days counted from the one on which the text goes out.
_AWAY = {
    "hari ini": 0,
    "dinten ieu": 0,
    "poe ieu": 0,
    "besok": 1,
    "isukan": 1,
    "enjing": 1,
    "lusa": 2,
    "pageto": 2,
}
_AWAY_WORD = rf"(?P<away>{'|'.join(_AWAY)})"
_COUNTS = {"satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "enam": 6, "tujuh": 7, "delapan": 8, "sembilan": 9}
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(_COUNTS)})"
_THE_VOTE = r"(?:pemungutan\s+suara|pencoblosan|coblosan)"
_NOT_THE_DAY = r"(?!\s+(?:ulang|susulan|disimulasikan|dibahas|dievaluasi))"
_AWAY_VOTES: tuple[Sought | re.Pattern[str], ...] = (
    Sought(
        re.compile(
            rf"\b{_AWAY_WORD}\b[\s,:]+(?:(?:adalah|nyaeta|hari|poe|dinten|waktunya|saatnya)\s+)*{_THE_VOTE}\b{_NOT_THE_DAY}"
        ),
        tuple(_AWAY),
    ),
    Sought(
        re.compile(rf"\b{_THE_VOTE}(?:\s+(?:pilkada|serentak))*\s+{_AWAY_WORD}\b"),
        ("pemungutan", "pencoblosan", "coblosan"),
    ),
    # At the start of a sentence only: "paling lambat H-3 pemungutan suara" is a deadline and true on any day.
    re.compile(
        rf"(?:\A|[.!?\n]\s*)(?:sudah\s+|kini\s+|tinggal\s+)?h\s?-\s?{_COUNT}\b[\s,:]*"
        rf"(?:(?:menuju|jelang|menjelang|ka|hari)\s+)*{_THE_VOTE}\b"
    ),
    Sought(
        re.compile(
            rf"\b{_COUNT}\s+(?:hari|dinten|poe)\s+(?:lagi|deui)\b(?:\s+(?:kita|menuju|jelang|menjelang|kana|ka|hari|sampai)\b)*"
            rf"\s+{_THE_VOTE}\b"
        ),
        needed=("lagi", "deui"),
    ),
)
_AWAY_BEFORE_DATE = re.compile(rf"\b{_AWAY_WORD}\b[\s,(]*(?:(?:hari|dinten|poe)\s+)?\Z")
_STAGE_BETWEEN = (
    rf"(?:{_BETWEEN}|dibuka|ditutup|dimulai|berakhir|serentak|paslon|pasangan|calon|pilwalkot|ti|sejak|dari|"
    r"sampai|hingga|dugi|ka|nuju)"
)
# "Dana kampanye", "jelang masa tenang": another event that only names the stage; and other elections have other days.
_NOT_THE_STAGE = re.compile(
    r"\b(?:dana|akun|iklan|tim|atribut|bahan|alat\s+peraga|deklarasi|laporan|pelaporan|jadwal|setelah|usai|pasca|sebelum|"
    r"jelang|menjelang|menuju|sosialisasi|rapat|rakor|bimtek|simulasi|evaluasi|pengawasan|persiapan|hasil|petugas)"
    r"\s+(?:\w+\s+){0,2}\Z"
)
_OTHER_ELECTION = re.compile(r"\b(?:pemilu|pileg|pilpres|ulang|susulan)\b")
_SENTENCE_END = re.compile(r"[.!?](?=\s|\Z)|\n")


class Dated(NamedTuple):
    """A day named in a text; `day` None: it does not exist (31 November). `weekday` 0 is Monday, None: not named."""

    start: int
    end: int
    day_start: int
    day: date | None
    weekday: int | None


def sentence_around(text: str, start: int, end: int) -> str:
    return text[sentence_start(text, start) : _sentence_end(text, end)]


def dates_in(text: str, near: date) -> Sequence[Dated]:
    """Every day the text names, both ends of "24-26 November"; one without a year is the one nearest to `near`.

    Three numbers that make no day and follow no weekday are the number of a letter, not a date.
    """
    return _dates_in(folded(text), near)


@lru_cache(maxsize=64)
def _dates_in(plain: str, near: date) -> tuple[Dated, ...]:
    """Kept, because every check of days, and every stage, asks the same of the same text."""
    found: list[Dated] = []
    for match in _DATE.finditer(plain):
        before = _WEEKDAY_BEFORE.search(plain[max(0, match.start() - _LOOK_BACK) : match.start()])
        start = match.start() - len(before[0]) if before else match.start()
        named = (before["weekday"], before["weekday_to"]) if before else (None, None)
        found += _dated(match, start, named, near)
    return tuple(found)


def _dated(match: re.Match[str], start: int, named: tuple[str | None, str | None], near: date) -> Iterator[Dated]:
    first, last = named[0], named[1] or match["after"]
    if not match["from"]:
        last, first = first or last, None
    is_number = match["month"] is None
    for part, weekday in (("from", first), ("day", last)):
        if match[part] is None:
            continue
        day = _named_day(match, int(match[part]), near)
        if day is not None or weekday or not is_number:
            yield Dated(start, match.end(), match.start(part), day, _WEEKDAYS[weekday] if weekday else None)


def wrong_weekdays(text: str, near: date) -> Iterator[Hit]:
    """`near` is also the day on which the text says "besok"."""
    plain = folded(text)
    for found in dates_in(text, near):
        away = _AWAY_BEFORE_DATE.search(plain, max(0, found.start - 30), found.start)
        if found.day is None:
            yield found.start, found.end, "Tanggal itu tidak ada di kalender"
        elif found.weekday is not None and found.day.weekday() != found.weekday:
            yield found.start, found.end, f"Nama hari tidak sesuai tanggal: hari itu {_DAY_NAMES[found.day.weekday()]}"
        elif away and near + timedelta(days=_AWAY[away["away"]]) != found.day:
            yield (
                away.start(),
                found.end,
                f"“{away['away']}” tidak cocok dengan tanggal terbit dan tanggal yang disebut",
            )


def wrong_voting_days(text: str, near: date, voting_days: frozenset[date]) -> Iterator[Hit]:
    """Days that the text says are voting day and that are not; nothing while no voting day is known."""
    plain = folded(text)
    if not voting_days or not _MAY_SPEAK_OF_VOTING.search(plain):
        return
    right = ", ".join(write_day(day) for day in sorted(voting_days))
    for found in dates_in(text, near):
        if found.day is not None and found.day not in voting_days and _says_voting(plain, found):
            yield found.start, found.end, f"Menurut kalender, pemungutan suara {right}"
    for pattern in _AWAY_VOTES:
        for match in pattern.finditer(plain):
            day = near + timedelta(days=_days_away(match))
            if day not in voting_days and not _OTHER_EVENT.search(plain[max(0, match.start() - 60) : match.start()]):
                yield (
                    match.start(),
                    match.end(),
                    f"Dihitung dari hari terbit jatuh {write_day(day)}; pemungutan suara {right}",
                )


def outside_stage(
    text: str, near: date, words: re.Pattern[str], *, starts_on: date, ends_on: date
) -> Iterator[tuple[int, int, str]]:
    """Days that the text gives for a stage called by `words` and that lie outside it; third: the right days."""
    plain = folded(text)
    if not dates_in(text, near) or not words.search(plain):
        return
    right = write_day(starts_on) if starts_on == ends_on else f"{write_day(starts_on)} sampai {write_day(ends_on)}"
    spoken_until = -1
    for found in dates_in(text, near):
        before = plain[max(sentence_start(plain, found.start), found.start - 100) : found.start]
        is_further = spoken_until == found.start or (
            0 <= spoken_until < found.start
            and re.fullmatch(rf"[\s,]*{_TO}[\s,]*", plain[spoken_until : found.start]) is not None
        )
        if not is_further and not _says_stage(before, words):
            continue
        spoken_until = found.end
        if _OTHER_ELECTION.search(sentence_around(plain, found.start, found.end)):
            continue
        if found.day is not None and not starts_on <= found.day <= ends_on:
            yield found.start, found.end, right


def write_day(day: date) -> str:
    """27 November 2024: the guard's own sentences name days without their weekday."""
    return f"{day.day} {_MONTH_NAMES[day.month - 1]} {day.year}"


def _says_stage(before: str, words: re.Pattern[str]) -> bool:
    found = list(words.finditer(before))
    if not found or not re.fullmatch(rf"(?:[\s,:()–-]+{_STAGE_BETWEEN}\b)*[\s,:()–-]*", before[found[-1].end() :]):
        return False
    return not _NOT_THE_STAGE.search(before[: found[-1].start()])


def _days_away(match: re.Match[str]) -> int:
    parts = match.groupdict()
    if away := parts.get("away"):
        return _AWAY[away]
    count = match["count"]
    return int(count) if count.isdecimal() else _COUNTS[count]


def _named_day(match: re.Match[str], day: int, near: date) -> date | None:
    number = match["month_n"] or match["month_d"]
    month = int(number) if number else _MONTHS[match["month"]]
    year = match["year"] or match["year_n"] or match["year_d"]
    if not year:
        return _nearest(day, month, near)
    return _day(day, month, int(year) if len(year) == 4 else 2000 + int(year))


def _says_voting(plain: str, found: Dated) -> bool:
    before = plain[max(sentence_start(plain, found.start), found.start - 100) : found.start]
    if match := _VOTING_BEFORE.search(before):
        return not _OTHER_EVENT.search(before[: match.start()])
    return bool(_VOTING_AFTER.match(plain, found.end))


def sentence_start(text: str, place: int) -> int:
    starts = [match.end() for match in _SENTENCE_END.finditer(text, max(0, place - 300), place)]
    return starts[-1] if starts else max(0, place - 300)


def _sentence_end(text: str, place: int) -> int:
    match = _SENTENCE_END.search(text, place, place + 300)
    return match.start() if match else min(len(text), place + 300)


def _day(day: int, month: int, year: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _nearest(day: int, month: int, near: date) -> date | None:
    candidates = [found for year in (near.year - 1, near.year, near.year + 1) if (found := _day(day, month, year))]
    return min(candidates, key=lambda found: abs((found - near).days), default=None)
