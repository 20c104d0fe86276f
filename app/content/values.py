"""Which values a text may use for one unit at one moment, and how dates and hours are written."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_name

from app.accounts.speaker import Speaker
from app.tahapan.rules import Calendar, Stage

CANDIDATES = "nama_calon"
"""Election variable with the candidates' names, separated by `;`: for the guard alone, never for a text."""

# What `values_for` finds by itself; a form asks an author only for the rest.
_FOUND = frozenset(
    {
        "nama_unit",
        "wilayah",
        "kelurahan",
        "kecamatan",
        "kota",
        "jumlah_rw",
        "tanggal_pemungutan_suara",
        "hari_menuju",
        "jam_tps",
        "tahapan",
        "tanggal_mulai",
        "tanggal_selesai",
        "tautan_cek_dpt",
    }
)
_SU = "_su"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def values_for(
    speaker: Speaker, calendar: Calendar, *, stage: Stage | None, due_at: datetime, given: Mapping[str, object]
) -> dict[str, object]:
    """Every value that is known; what is unknown is absent, so that a text using it is held back.

    Later ones win: place and calendar, the election's variables, those the unit inherits, then `given`.
    """
    zone, calendar = ZoneInfo(speaker.timezone), calendar.local(speaker.wilayah_code)
    due_on = due_at.astimezone(zone).date()
    own = _cleaned(speaker.variables) | _cleaned(given)
    voting_on = _chosen_day(own) or calendar.voting_day()
    found: dict[str, object] = _place(speaker) | _voting(voting_on, due_on)
    found["jam_tps"] = f"{voting_hours(calendar)} {zone_name(speaker.timezone)}"
    if stage is not None:
        found |= _stage(stage)
    found |= {name: value for name, value in calendar.election.variables.items() if name != CANDIDATES and value}
    for name, value in own.items():
        found |= _written(name, value, found)
    return found


def voting_hours(calendar: Calendar) -> str:
    return f"{calendar.election.opens:%H.%M}-{calendar.election.closes:%H.%M}"


@lru_cache(maxsize=64)
def zone_name(zone: str) -> str:
    """WIB, WITA or WIT. Always asked of locale `id`: `su` knows no zone names and prints +0700."""
    # A bare zone gives its city; a moment gives the zone's name. Indonesia has no summer time, so any moment serves.
    return str(get_timezone_name(datetime(2024, 1, 1, tzinfo=ZoneInfo(zone)), width="short", locale="id"))


@lru_cache(maxsize=1024)
def write_date(day: date, *, width: str = "full", lang: str = "id") -> str:
    """`full`: Rabu, 27 November 2024; `long`: 27 November 2024."""
    # Written out because Babel's own "full" of locale id pads the day: Senin, 05 Agustus 2024.
    return str(format_date(day, "EEEE, d MMMM y" if width == "full" else "d MMMM y", locale=lang))


def to_ask(needs: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """Which of a template's variables a person must fill in; `known`: those that unit or election bring along."""
    found = _FOUND | set(known)
    return sorted({name.removesuffix(_SU) for name in needs} - found)


def _cleaned(values: Mapping[str, object]) -> dict[str, object]:
    # An empty field of a form is a missing value, not an empty word in a post.
    return {name: value for name, value in values.items() if value is not None and str(value).strip() != ""}


def _chosen_day(own: Mapping[str, object]) -> date | None:
    """A repeat vote: its day is given with the text, and the countdown runs to that day."""
    return _iso_day(own.get("tanggal_pemungutan_suara"))


def _place(speaker: Speaker) -> dict[str, object]:
    place = {
        "nama_unit": speaker.name,
        "wilayah": speaker.wilayah,
        "kelurahan": speaker.kelurahan,
        "kecamatan": speaker.kecamatan,
        "kota": speaker.kota,
        "jumlah_rw": speaker.rw_count,
    }
    return {name: value for name, value in place.items() if value}


def _voting(voting_on: date | None, due_on: date) -> dict[str, object]:
    if voting_on is None:
        return {}
    days = (voting_on - due_on).days
    return _both("tanggal_pemungutan_suara", voting_on) | ({"hari_menuju": days} if days >= 0 else {})


def _stage(stage: Stage) -> dict[str, object]:
    found: dict[str, object] = {"tahapan": stage.name}
    for name, day in (("tanggal_mulai", stage.starts_on), ("tanggal_selesai", stage.ends_on)):
        if day is not None:
            found |= _both(name, day, width="long")
    return found


def _both(name: str, day: date, *, width: str = "full") -> dict[str, object]:
    return {name: write_date(day, width=width), name + _SU: write_date(day, width=width, lang="su")}


def _written(name: str, value: object, found: dict[str, object]) -> dict[str, object]:
    """A person's value the way the templates expect it.

    A day given in words takes its computed Sundanese twin away, which might name another day.
    """
    if name.startswith("tanggal_") and not name.endswith(_SU):
        if (day := _iso_day(value)) is not None:
            return _both(name, day)
        found.pop(name + _SU, None)
        return {name: value}
    digits = str(value).strip()
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        if name == "rw":
            return {name: digits.zfill(2)}
        if isinstance(found.get(name), int):
            return {name: int(digits)}
    return {name: value}


def _iso_day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _ISO.match(value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            return None
    return None
