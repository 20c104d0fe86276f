"""Who brought out what all had to: by broadcast and by unit, with the reason where it did not come out; and the fair ranking."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.publishing.rules import ON_TIME_SECONDS, OPEN, State
from app.reports import rules
from app.reports.rules import Period, UnitRow

VOTERS = "jumlah_pemilih"
"""A unit's own variable: how many voters it has."""
LEAST_POSTS = 3
LEAST_REACH = 100
"""Fewer than these say nothing: one post that three people saw would win."""


class Standing(StrEnum):
    """How one unit stands to one mandatory broadcast."""

    DONE = "done"
    LATE = "late"
    PARTLY = "partly"
    OPEN = "open"
    NOT_OUT = "not_out"
    LEFT_OUT = "left_out"  # it had no account, or its text could not be made


@dataclass(frozen=True)
class Piece:
    """One delivery of a mandatory broadcast."""

    broadcast_id: int
    unit_id: int
    unit: str
    wilayah_code: str
    platform: str
    state: State
    reason: str
    due_at: datetime
    published_at: datetime | None
    url: str | None
    incident_id: int | None = None
    is_outside: bool = False  # made by hand, elsewhere, and read back


@dataclass(frozen=True)
class UnitDuty:
    """One unit's part. `late_seconds`: of its latest account, None while any is not out. `reasons`: why it is not out."""

    unit_id: int
    unit: str
    wilayah_code: str
    standing: Standing
    published: int
    planned: int
    late_seconds: float | None
    reasons: Sequence[str] = ()
    urls: Sequence[str] = ()
    outside: int = 0  # of `published`, made elsewhere and read back


@dataclass(frozen=True)
class BroadcastDuty:
    """One mandatory broadcast and every unit it was meant for. `deadline` None: a minute after each unit's own time."""

    broadcast_id: int
    title: str
    due_at: datetime | None
    deadline: datetime | None
    counts: Mapping[str, int]
    units: Sequence[UnitDuty]

    @property
    def missing(self) -> list[UnitDuty]:
        return [unit for unit in self.units if unit.standing not in {Standing.DONE, Standing.LATE}]


@dataclass(frozen=True)
class Ranked:
    """A unit's place; equal scores share one. `score` is a fraction; None: it cannot be compared, and `why` says why."""

    place: int | None
    unit_id: int
    unit: str
    kind: str
    published: int
    interactions: int | None
    base: int | None
    score: float | None
    why: str = ""


@dataclass(frozen=True)
class Compliance:
    """Mandatory broadcasts of a period, and the ranking of units of one kind. `formula` is how the score is made."""

    period: Period
    environment: str
    unit: str
    timezone: str
    broadcasts: Sequence[BroadcastDuty]
    ranking: Sequence[Ranked]
    formula: str
    reminder: str = ""
    standings: Mapping[str, str] = field(default_factory=dict)


WORDS = {
    Standing.DONE: "terbit tepat waktu",
    Standing.LATE: "terbit terlambat",
    Standing.PARTLY: "terbit di sebagian akun",
    Standing.OPEN: "belum terbit, masih dapat",
    Standing.NOT_OUT: "tidak terbit",
    Standing.LEFT_OUT: "tidak ikut",
}
FORMULAS = {
    "reach": f"interaksi dibagi jangkauan, untuk unit dengan paling sedikit {LEAST_POSTS} kiriman terbit dan jangkauan {LEAST_REACH}",
    "voters": f"interaksi dibagi jumlah pemilih unit, untuk unit dengan paling sedikit {LEAST_POSTS} kiriman terbit",
}
_WAITS = {
    State.WAITING: "menunggu tinjauan atau ditahan",
    State.DUE: "masih terjadwal",
    State.SENDING: "sedang diterbitkan",
    State.UNSURE: "belum pasti, sedang dicek ke platform",
    State.MANUAL: "belum diunggah sendiri",
    State.STOPPED: "ditolak platform",
    State.MISSED: "lewat batas waktu",
    State.CANCELLED: "dibatalkan",
    State.WITHDRAWN: "sudah ditarik",
}


def stand(pieces: Sequence[Piece], *, deadline: datetime | None) -> UnitDuty:
    """One unit's deliveries of one broadcast together; `pieces` are not empty."""
    first = pieces[0]
    out = [piece for piece in pieces if piece.state is State.PUBLISHED and piece.published_at is not None]
    is_whole = len(out) == len(pieces)
    late = max((_late(piece) for piece in out), default=None) if is_whole else None
    if is_whole:
        standing = Standing.DONE if all(_is_on_time(piece, deadline) for piece in out) else Standing.LATE
    elif out:
        standing = Standing.PARTLY
    else:
        standing = Standing.OPEN if any(piece.state in OPEN for piece in pieces) else Standing.NOT_OUT
    return UnitDuty(
        first.unit_id,
        first.unit,
        first.wilayah_code,
        standing,
        len(out),
        len(pieces),
        late,
        [why for piece in pieces if piece not in out and (why := _why(piece))],
        [piece.url for piece in out if piece.url],
        sum(piece.is_outside for piece in out),
    )


def with_outside(pieces: Sequence[Piece], seen: Sequence[Mapping[str, Any]]) -> list[Piece]:
    """A post made elsewhere stands for the delivery that did not come out; of a unit that had none, for itself. The first one counts.

    `seen`: rows of broadcast_id, unit_id, unit, wilayah_code, platform, posted_at, url. Sorted as `pieces` were: by broadcast, then unit.
    """
    found = {(one.broadcast_id, one.unit_id, one.platform): one for one in pieces}
    starts: dict[int, datetime] = {}
    for one in pieces:
        starts[one.broadcast_id] = min(starts.get(one.broadcast_id, one.due_at), one.due_at)
    planned = {(one.broadcast_id, one.unit_id) for one in pieces}
    for row in seen:
        key = (row["broadcast_id"], row["unit_id"], row["platform"])
        own = found.get(key)
        if (own is None and key[:2] in planned) or (own is not None and own.state is State.PUBLISHED):
            continue
        base = own or Piece(
            *key[:2], row["unit"], row["wilayah_code"], key[2], State.DUE, "", starts[key[0]], None, None
        )
        out = {"state": State.PUBLISHED, "published_at": row["posted_at"], "url": row["url"], "is_outside": True}
        found[key] = replace(base, **out)
    return sorted(found.values(), key=lambda one: (one.broadcast_id, one.wilayah_code, one.unit_id))


def _late(piece: Piece) -> float:
    assert piece.published_at is not None
    return max(0.0, (piece.published_at - piece.due_at).total_seconds())


def _is_on_time(piece: Piece, deadline: datetime | None) -> bool:
    assert piece.published_at is not None
    # Nobody answers for a platform that was out.
    return piece.incident_id is not None or piece.published_at <= (
        deadline or piece.due_at + timedelta(seconds=ON_TIME_SECONDS)
    )


def _why(piece: Piece) -> str:
    said = piece.reason.strip() or _WAITS.get(piece.state, "")
    return f"{piece.platform}: {said}"


def count(units: Iterable[UnitDuty]) -> dict[str, int]:
    """How many stand how; every standing is named, so that nothing is missing from a table."""
    found = {standing.value: 0 for standing in Standing}
    for unit in units:
        found[unit.standing] += 1
    return found


def rank(rows: Sequence[UnitRow], voters: Mapping[int, int], *, by: str) -> list[Ranked]:
    """Best first, then those that cannot be compared. By a share, so that a small kelurahan can win."""
    judged = [_score(row, voters.get(row.unit_id), by=by) for row in rows]
    able = sorted((one for one in judged if one.score is not None), key=lambda one: (-(one.score or 0), one.unit))
    found: list[Ranked] = []
    for index, one in enumerate(able):
        place = found[-1].place if found and found[-1].score == one.score else index + 1
        found.append(Ranked(**{**one.__dict__, "place": place}))
    return [*found, *(one for one in judged if one.score is None)]


def _score(row: UnitRow, voters: int | None, *, by: str) -> Ranked:
    reacted = rules.interactions(row)
    base = row.reach if by == "reach" else voters
    why = ""
    if row.published < LEAST_POSTS:
        why = f"baru {row.published} kiriman terbit"
    elif by == "voters" and not base:
        why = "jumlah pemilih belum diisi"
    elif by == "reach" and (base or 0) < LEAST_REACH:
        why = "jangkauan belum cukup diketahui"
    elif reacted is None:
        why = "interaksi tidak tersedia"
    # Only posts whose platform tells reach may be set against reach.
    share = row.engagement_rate if by == "reach" else (reacted / base if reacted is not None and base else None)
    score = None if why else share
    return Ranked(None, row.unit_id, row.label, row.kind, row.published, reacted, base, score, why or ("" if score is not None else "belum dapat dihitung"))  # fmt: skip


def remind(title: str, deadline: str, missing: Mapping[str, Sequence[str]]) -> str:
    """Ready to paste into a group: who has not brought it out yet, by kecamatan."""
    if not missing:
        return ""
    lines = [f"Konten wajib “{title}” belum terbit di unit berikut{f', batas {deadline}' if deadline else ''}:"]
    lines += [f"- {place}: {', '.join(units)}" for place, units in missing.items()]
    lines.append("Mohon dicek di halaman Antrean atau Tugas unggah. Terima kasih.")
    return "\n".join(lines)
