"""What an activity must say before it counts, and which of its posts say what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.accounts.rules import UnitKind
from app.kit.errors import Problem
from app.posts.programmes import AT_A_SCHOOL, PER_RW, PROGRAMMES, programme_name

MOST_RW = 40
MOST_PEOPLE = 1_000_000
LONGEST = {"place": 200, "school": 120, "note": 1000}
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)


class State(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Said:
    """An activity as somebody gives it; None and '' are what was left out."""

    unit_id: int
    programme: str
    held_on: date
    rw: int | None = None
    school: str = ""
    place: str = ""
    attendance: int | None = None
    note: str = ""
    post_id: int | None = None


def problems_of(said: Said, *, kind: str, rw_count: int | None, today: date) -> list[Problem]:
    """Everything that is wrong, in sentences for a committee member."""
    found: list[Problem] = []
    if said.programme not in PROGRAMMES:
        known = ", ".join(PROGRAMMES)
        found.append(Problem("programme", f"Program tidak dikenal. Pilihan: {known}."))
    if not EARLIEST <= said.held_on <= LATEST:
        found.append(Problem("held_on", "Tanggal kegiatan belum benar."))
    found += _where(said, kind, rw_count)
    found += _who_came(said, today)
    for name, most in LONGEST.items():
        if len(getattr(said, name)) > most:
            found.append(Problem(name, f"Paling panjang {most} huruf."))
    return found


def _where(said: Said, kind: str, rw_count: int | None) -> Iterable[Problem]:
    if said.programme == AT_A_SCHOOL and not said.school.strip():
        yield Problem("school", "Isi nama sekolahnya.")
    if said.programme == PER_RW and said.rw is None:
        yield Problem("rw", "Isi nomor RW.")
    if kind == UnitKind.PPS and said.rw is None and not said.school.strip() and not said.place.strip():
        yield Problem("rw", "Isi nomor RW, nama sekolah, atau tempatnya.")
    most = rw_count or MOST_RW
    if said.rw is not None and not 1 <= said.rw <= most:
        told = f"unit ini mencatat {rw_count} RW" if rw_count else f"nomor RW 1 sampai {MOST_RW}"
        yield Problem("rw", f"RW {said.rw} tidak ada: {told}.")


def _who_came(said: Said, today: date) -> Iterable[Problem]:
    if said.attendance is None:
        return
    if said.held_on > today:
        yield Problem("attendance", "Kegiatan ini belum berlangsung, jadi kehadirannya belum dapat diisi.")
    if not 0 <= said.attendance <= MOST_PEOPLE:
        yield Problem("attendance", "Jumlah hadirin belum benar.")


def state_of(*, held_on: date, attendance: int | None, post_id: int | None, is_cancelled: bool, today: date) -> State:
    """Held once its day has come and somebody has counted or shown it: a plan alone is no proof."""
    if is_cancelled:
        return State.CANCELLED
    proven = attendance is not None or post_id is not None
    return State.HELD if proven and held_on <= today else State.PLANNED


def lacks(*, held_on: date, attendance: int | None, post_id: int | None, today: date) -> list[str]:
    """What is missing from an activity whose day has passed."""
    if held_on > today:
        return []
    wanted = {"jumlah hadirin": attendance, "unggahan dokumentasi": post_id}
    return [name for name, value in wanted.items() if value is None]


def variables_of(said: Said, *, at: str) -> dict[str, str]:
    """What an invitation's template asks for; `at`: the hour as it is said, such as 09.00 WIB."""
    given = {
        "tanggal_kegiatan": said.held_on.isoformat(),
        "waktu_kegiatan": f"pukul {at}",
        "tempat_kegiatan": said.place.strip(),
        "nama_pasar": said.place.strip(),
        "nama_sekolah": said.school.strip(),
        "rw": str(said.rw) if said.rw is not None else "",
    }
    return {name: value for name, value in given.items() if value}


def documentation(said: Said, unit: str, day: str) -> str:
    """The first words of the post that shows what was done; its author adds photos and numbers."""
    where = [f"RW {said.rw:02}" if said.rw is not None else "", said.school.strip(), said.place.strip()]
    place = ", ".join(part for part in where if part)
    return f"{unit} melaksanakan {programme_name(said.programme)}{f' di {place}' if place else ''}, {day}."


@dataclass(frozen=True)
class Reached:
    """How far one unit has come: different RW with a held activity, of those it has declared (None: not told)."""

    unit_id: int
    unit: str
    wilayah_code: str
    visited: Sequence[int]
    declared: int | None
    planned: int
    held: int
    attendance: int | None

    @property
    def missing(self) -> list[int]:
        """RW without an activity; empty while the unit has not told how many it has."""
        return [number for number in range(1, (self.declared or 0) + 1) if number not in set(self.visited)]


def together(rows: Sequence[Reached]) -> Mapping[str, int | None]:
    """Sums over units; None where nobody has told."""
    told = [row.declared for row in rows if row.declared is not None]
    came = [row.attendance for row in rows if row.attendance is not None]
    return {
        "visited": sum(len(row.visited) for row in rows),
        "declared": sum(told) if told else None,
        "held": sum(row.held for row in rows),
        "planned": sum(row.planned for row in rows),
        "attendance": sum(came) if came else None,
    }
