"""What a recap tells: its period, its figures, what each of them means, and what stands beside them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.engagement.rules import INTERACTIONS, Row
from app.kit.errors import BadInput, Problem

WEEK = timedelta(days=7)
EARLIEST, LATEST = 1970, 2999
"""Years in which a period may lie; near the edges of a calendar a week more is an overflow."""
_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})", re.ASCII | re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)


class Kind(StrEnum):
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    TAHAPAN = "tahapan"


@dataclass(frozen=True)
class Period:
    """What a recap is about. Both days belong to it; a stage's day may be unknown, and its posts are told whenever they were due.

    `key` is how it is asked for: `2024-W47`, `2024-11` or a stage's code.
    """

    kind: Kind
    key: str
    label: str
    from_on: date | None
    to_on: date | None

    @property
    def previous(self) -> str | None:
        """The key of the period before; None for a stage."""
        return self._beside(-1)

    @property
    def next(self) -> str | None:
        return self._beside(1)

    def _beside(self, step: int) -> str | None:
        if self.from_on is None or self.to_on is None or self.kind is Kind.TAHAPAN:
            return None
        day = self.from_on - timedelta(days=1) if step < 0 else self.to_on + timedelta(days=1)
        if not EARLIEST < day.year < LATEST:
            return None
        return week_key(day) if self.kind is Kind.WEEKLY else f"{day:%Y-%m}"


def week_key(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def read_week(text: str | None, today: date) -> tuple[str, date, date]:
    """Key, Monday and Sunday; the current week where none is named. Raises BadInput."""
    found = _WEEK.fullmatch((text or week_key(today)).strip())
    try:
        if found is None or not EARLIEST < int(found[1]) < LATEST:
            raise ValueError
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise BadInput("Tulis pekan seperti 2024-W47.", Problem("week", "tulis seperti 2024-W47")) from None
    return week_key(monday), monday, monday + timedelta(days=6)


def read_month(text: str | None, today: date) -> tuple[str, date, date]:
    """Key, first and last day; the current month where none is named. Raises BadInput."""
    found = _MONTH.fullmatch((text or f"{today:%Y-%m}").strip())
    try:
        if found is None or not EARLIEST < int(found[1]) < LATEST:
            raise ValueError
        first = date(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise BadInput("Tulis bulan seperti 2024-11.", Problem("month", "tulis seperti 2024-11")) from None
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return f"{first:%Y-%m}", first, last


@dataclass(frozen=True)
class UnitRow(Row):
    """One unit's figures. `mandatory_done` of `mandatory` posts that it had to bring out in the period are out on every account.

    `rw_visited` of `rw_count`: RW with an activity up to the period's end; `rw_count` None: the unit has not told yet.
    """

    unit_id: int = 0
    kind: str = ""
    wilayah_code: str = ""
    kecamatan: str = ""
    channels: int = 0
    mandatory: int = 0
    mandatory_done: int = 0
    rw_visited: int = 0
    rw_count: int | None = None


@dataclass(frozen=True)
class KecamatanRow(Row):
    """A kecamatan's figures: the sums over its units. `active` of `units` brought something out."""

    units: int = 0
    active: int = 0
    mandatory: int = 0
    mandatory_done: int = 0


@dataclass(frozen=True)
class Evidence:
    """One published delivery: where it is, when it came out, and the SHA-256 of what was approved and sent.

    `url` None: the platform gave no address. `gone`: no longer there when its numbers were last read.
    """

    delivery_id: int
    post_id: int
    unit_id: int
    unit: str
    platform: str
    handle: str
    text: str
    url: str | None
    due_at: datetime
    published_at: datetime
    text_hash: str
    tahapan: str
    picture_id: int | None
    views: int | None
    reach: int | None
    reactions: int | None
    comments: int | None
    shares: int | None
    saves: int | None
    gone: bool

    @property
    def interactions(self) -> int | None:
        """None where the platform told none of them."""
        known = [value for name in INTERACTIONS if (value := getattr(self, name)) is not None]
        return sum(known) if known else None


@dataclass(frozen=True)
class Trouble:
    """A channel that cannot speak, or a unit that has none."""

    unit_id: int
    unit: str
    platform: str
    handle: str
    reason: str


@dataclass(frozen=True)
class Target:
    """Participation that a region aims at, in percent of its voters: context, never a promise of this program."""

    wilayah_code: str
    wilayah: str
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Coverage:
    """RW reached by field programmes. `declared`: what the units have told; `expected`: what the KPU has announced.

    None: nobody has told. `unknown_units`: PPS that have not said how many RW they have.
    """

    visited: int
    activities: int
    attendance: int | None
    declared: int | None
    expected: int | None
    unknown_units: int


@dataclass(frozen=True)
class Care:
    """What the content went through: sent back by a reviewer, taken down afterwards, no longer on the platform."""

    rejected: int = 0
    withdrawn: int = 0
    gone: int = 0


@dataclass(frozen=True)
class Recap:
    """The one object that page, PDF, XLSX, CSV and JSON are written from. `before`: the totals of the period before.

    `rows` are all units in sight, silent ones too; what they count adds up to `totals`. `groups`: the same posts by other keys.
    `fresh_at`: when numbers were last read; None: never. `annex` may be shorter than `annex_total`.
    """

    period: Period
    environment: str
    unit_id: int | None
    unit: str
    timezone: str
    made_at: datetime
    fresh_at: datetime | None
    units: int
    active_units: int
    channels: int
    days_to_vote: int | None
    stages: Sequence[str]
    totals: Row
    before: Row | None
    rows: Sequence[UnitRow]
    kecamatan: Sequence[KecamatanRow]
    groups: Mapping[str, Sequence[Row]]
    coverage: Coverage
    care: Care
    silent: Sequence[UnitRow]
    troubles: Sequence[Trouble]
    top: Sequence[Evidence]
    to_answer: Sequence[Evidence]
    targets: Sequence[Target]
    annex: Sequence[Evidence]
    annex_total: int
    definitions: Mapping[str, str] = field(default_factory=dict)


GROUPS = {
    "platform": "Platform",
    "tahapan": "Tahapan",
    "programme": "Program",
    "content": "Jenis konten",
    "segment": "Segmen",
    "lang": "Bahasa",
    "hour": "Jam terbit",
}

COLUMNS = {
    "posts": "Unggahan",
    "published": "Terbit",
    "on_time": "Tepat waktu",
    "failed": "Gagal",
    "missed": "Kedaluwarsa",
    "views": "Tayangan",
    "reach": "Jangkauan",
    "reactions": "Reaksi",
    "comments": "Komentar",
    "shares": "Dibagikan",
    "saves": "Disimpan",
    "clicks": "Klik",
    "engagement_rate": "Tingkat interaksi",
}

DEFINITIONS = {
    "Unggahan": "unggahan yang waktunya jatuh pada periode ini, tidak termasuk yang dibatalkan; satu unggahan dapat dikirim ke beberapa akun",
    "Terbit": "kiriman ke satu akun yang sudah tampil di platform",
    "Tepat waktu": "kiriman yang terbit paling lambat 60 detik sesudah waktunya",
    "Gagal": "ditolak platform dan belum dikirim ulang",
    "Kedaluwarsa": "tidak sempat terbit sebelum batas waktunya",
    "Tayangan": "berapa kali unggahan tampil; tiap platform menghitungnya sendiri, jadi jumlah lintas platform hanya gambaran kasar",
    "Jangkauan": "jumlah jangkauan per unggahan menurut platform, bukan jumlah orang: satu orang dapat terhitung pada beberapa unggahan",
    "Interaksi": "reaksi + komentar + dibagikan + disimpan, sejauh diketahui",
    "Tingkat interaksi": "(reaksi + komentar + dibagikan + disimpan) dibagi jangkauan, hanya dari unggahan yang jangkauannya diberikan platform",
    "Konten wajib": "siaran wajib yang ditujukan ke unit pada periode ini; terpenuhi bila terbit di semua akun yang dituju",
    "Unit aktif": "unit yang menerbitkan paling sedikit satu kiriman pada periode ini",
    "Cakupan RW": "RW yang pernah didatangi kegiatan tercatat sampai akhir periode, dibanding RW yang dilaporkan unit",
    "Data tidak tersedia": "platform tidak memberi angkanya, atau belum dibaca; bukan nol",
}


def interactions(row: Row) -> int | None:
    """Reactions, comments, shares and saves together; None where none of them is known."""
    known = [value for name in INTERACTIONS if (value := getattr(row, name)) is not None]
    return sum(known) if known else None


def change(now: float | None, before: float | None) -> float | None:
    """By which fraction it grew; None where that cannot be said."""
    return None if now is None or not before else (now - before) / before


def by_engagement(rows: Sequence[Evidence], *, most: int) -> list[Evidence]:
    """Those with known interactions, the largest first."""
    known = [row for row in rows if row.interactions]
    return sorted(known, key=lambda row: (-(row.interactions or 0), row.delivery_id))[:most]


def by_comments(rows: Sequence[Evidence], *, most: int) -> list[Evidence]:
    """The most talked about: somebody should answer."""
    known = [row for row in rows if row.comments]
    return sorted(known, key=lambda row: (-(row.comments or 0), row.delivery_id))[:most]
