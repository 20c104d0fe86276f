"""What a dashboard tells of any span of days: figures against the span before, by every key, and what needs a hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.engagement.rules import Row
from app.kit.errors import BadInput, Problem
from app.reports.rules import GROUPS as RECAP_GROUPS
from app.reports.rules import Trouble

DAYS = 28
LONGEST = 400
"""Days one dashboard may span: more than a whole election's busy year."""
GROUPS = {"kecamatan": "Kecamatan", "unit": "Unit", **RECAP_GROUPS}
LATENESS = (("1", 1), ("10", 10), ("60", 60), ("300", 300), ("3600", 3600), ("later", None))
"""Buckets by the most seconds after the promised moment; `later`: more than an hour."""


@dataclass(frozen=True)
class Span:
    """Both days belong to it; `before` is the same number of days right before."""

    from_on: date
    to_on: date

    @property
    def days(self) -> int:
        return (self.to_on - self.from_on).days + 1

    @property
    def before(self) -> "Span":
        return Span(self.from_on - timedelta(days=self.days), self.from_on - timedelta(days=1))


def read_span(from_on: date | None, to_on: date | None, today: date) -> Span:
    """The last four weeks where nothing is named; raises BadInput for a span that is none or too long."""
    end = to_on or today
    if not date(1990, 1, 1) <= end <= date(2900, 1, 1):
        raise BadInput("Tanggal akhir di luar kalender.", Problem("to", "tanggal antara 1990 dan 2900"))
    start = from_on or end - timedelta(days=DAYS - 1)
    if start > end:
        raise BadInput("Tanggal awal sesudah tanggal akhir.", Problem("from", "sesudah tanggal akhir"))
    if (end - start).days >= LONGEST:
        raise BadInput(f"Paling lama {LONGEST} hari.", Problem("from", f"paling lama {LONGEST} hari"))
    return Span(start, end)


@dataclass(frozen=True)
class Compared:
    """One group now and in the span before; `before` None: it had nothing then."""

    now: Row
    before: Row | None


@dataclass(frozen=True)
class DayRow:
    """What the numbers grew by on one day, whenever the posts came out; None: nothing was told that day."""

    day: date
    published: int
    views: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    clicks: int | None = None


@dataclass(frozen=True)
class Tile:
    """One unit of the tile map, in the order of the tree."""

    unit_id: int
    name: str
    kind: str
    kecamatan: str
    channels: int
    published: int
    views: int | None
    engagement_rate: float | None


@dataclass(frozen=True)
class Follower:
    """An account's followers on the first and the last day of the span on which they were told."""

    channel_id: int
    unit_id: int
    unit: str
    platform: str
    handle: str
    before: int
    followers: int
    first_on: date
    last_on: date


@dataclass(frozen=True)
class Told:
    """A published post that stands out. `interactions` counts what is known."""

    delivery_id: int
    post_id: int
    unit: str
    platform: str
    text: str
    url: str | None
    interactions: int
    comments: int | None


@dataclass(frozen=True)
class Overview:
    """The one object that page and JSON are written from."""

    span: Span
    environment: str
    unit_id: int | None
    unit: str
    fresh_at: datetime | None
    totals: Row
    before: Row
    groups: Mapping[str, Sequence[Compared]]
    days: Sequence[DayRow]
    lateness: Mapping[str, int]
    tiles: Sequence[Tile]
    silent: Sequence[Tile]
    troubles: Sequence[Trouble]
    top: Sequence[Told]
    to_answer: Sequence[Told]
    followers: Sequence[Follower]
    definitions: Mapping[str, str]


def compare(now: Sequence[Row], before: Sequence[Row]) -> list[Compared]:
    earlier = {row.key: row for row in before}
    return [Compared(row, earlier.get(row.key)) for row in now]


def every_day(span: Span, grown: Mapping[date, Mapping[str, int | None]], out: Mapping[date, int]) -> list[DayRow]:
    """One row for each day of the span, silent ones too."""
    names = ("views", "reach", "reactions", "comments", "shares", "saves", "clicks")
    found = []
    for step in range(span.days):
        day = span.from_on + timedelta(days=step)
        numbers = {name: grown.get(day, {}).get(name) for name in names}
        found.append(DayRow(day, out.get(day, 0), **numbers))
    return found
