"""Rows of a report with the names people know their keys by; used by the dashboards and by the recap alike."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.engagement import rules, store
from app.engagement.rules import COUNTED, SUMMED, Row
from app.engagement.store import Wanted
from app.kit.db import ReadSession
from app.platforms.registry import TITLES
from app.posts.programmes import NO_PROGRAMME, PROGRAMMES

EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)
"""A period may be named more widely than a moment in UTC can be written."""
NO_KECAMATAN = "Tingkat kota"
_NAMES: Mapping[str, Mapping[str, str]] = {
    "programme": {"": NO_PROGRAMME, **PROGRAMMES},
    "platform": TITLES,
    "content": {"text": "Teks", "picture": "Satu gambar", "gallery": "Beberapa gambar", "video": "Video"},
    "segment": {"umum": "Umum", "pemula": "Pemilih pemula", "disabilitas": "Disabilitas", "perempuan": "Perempuan"},
    "lang": {"id": "Bahasa Indonesia", "su": "Bahasa Sunda"},
    "kind": {"kpu": "KPU", "ppk": "PPK", "pps": "PPS"},
    "all": {"": "Semua"},
}
_EVERY = {"unit", "kecamatan"}
"""Keys of which every one in sight is a row, so that silence shows."""


async def rows_of(session: ReadSession, paths: Sequence[str], wanted: Wanted) -> list[Row]:
    """Live or practice, never both. Rows by key; units and kecamatan in the order of the tree."""
    found = {str(row["key"]): row for row in await store.grouped(session, paths, wanted)}
    names = await store.labels(session, paths, wanted.group_by)
    keys = [*names, *(key for key in found if key not in names)] if wanted.group_by in _EVERY else list(found)
    return [_row(key, _label(wanted.group_by, key, names), found.get(key)) for key in keys]


def midnight(day: date | None, zone: str, *, days: int = 0) -> datetime | None:
    """The start of `day` in `zone`, so many days later."""
    if day is None:
        return None
    within = min(max(day, EARLIEST), LATEST)
    return datetime.combine(within + timedelta(days=days), time(), ZoneInfo(zone))


def _label(group_by: str, key: str, names: Mapping[str, str]) -> str:
    match group_by:
        case "kecamatan":
            return names.get(key, NO_KECAMATAN)
        case "tahapan":
            return names.get(key, "Tanpa tahapan") if key else "Tanpa tahapan"
        case "hour":
            return f"{key}.00–{key}.59"
    return _NAMES.get(group_by, names).get(key, key)


def _row(key: str, label: str, row: Mapping[str, Any] | None) -> Row:
    if row is None:
        return Row(key=key, label=label)
    values: dict[str, Any] = {name: int(row[name]) for name in COUNTED} | {name: _known(row[name]) for name in SUMMED}
    rate = rules.engagement_rate(_known(row["interactions_with_reach"]), values["reach"])
    return Row(key=key, label=label, engagement_rate=rate, **values)


def _known(value: Any) -> int | None:
    # PostgreSQL sums integers into decimals.
    return None if value is None else int(value)
