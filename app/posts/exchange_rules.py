"""How a post is written down as rows of a table, one for each of its channels, and how such rows are read back; pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from app.kit.errors import BadInput, Problem
from app.kit.sheets import SheetRow
from app.posts.rules import Anchor, Timing

VARIABLE = "isi_"
LONGEST_OFFSET = 365
DAY_NAMES = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")
ENVIRONMENTS = {"live": "otomatis", "practice": "latihan", "manual": "unggah sendiri"}
EDGES = {"start": "mulai", "end": "selesai"}
SEGMENTS = ("umum", "pemula", "disabilitas", "perempuan")

SHARED = (
    "unit", "bahasa", "templat", "teks", "waktu", "acuan", "ujung", "hari", "jam", "nama_hari", "batas_waktu", "tahapan", "segmen",
    "program", "gambar",
)  # fmt: skip
"""The same for all rows of one post; left empty, a later row says what the first one says."""
OWN = ("platform", "akun", "jenis_akun", "teks_platform")
INFORMATION = ("nama_unit", "keadaan")
"""Written for readers; an import looks away."""
COLUMNS = (
    "unggahan", "unit", "nama_unit", "platform", "akun", "jenis_akun", "bahasa", "templat", "teks", "teks_platform", "waktu", "acuan",
    "ujung", "hari", "jam", "nama_hari", "batas_waktu", "tahapan", "segmen", "program", "gambar", "keadaan",
)  # fmt: skip
REQUIRED = ("unit", "platform", "akun")

_KEPT_AS_TYPED = frozenset({"teks", "teks_platform"})
_LOCAL_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})[ T]+(?:pukul )?(\d{1,2})[.:](\d{2})(?::(\d{2}))?")
_ISO_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]+(\d{1,2})[.:](\d{2})(.*)", re.DOTALL)
_OFFSET = re.compile(r"(?:h\s*)?([+-]?\s*\d{1,4})", re.IGNORECASE)


@dataclass(frozen=True)
class BadCell:
    """Why a row is not taken; `column` '' where it is none in particular."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Voice:
    """One row's own part. `handle` '': no channel, only words for that platform; `environment` '': not said."""

    row: int
    platform: str
    handle: str
    environment: str
    override: str | None


@dataclass(frozen=True)
class Sketch:
    """One post as the file says it; unit, template and channels are not looked up yet. A naive `at` is the unit's own clock."""

    row: int
    unit: str
    template: str = ""
    lang: str = "id"
    text: str | None = None
    at: datetime | None = None
    anchor: Anchor | None = None
    until: datetime | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    tahapan: str | None = None
    segment: str | None = None
    programme: str | None = None
    media: tuple[int, ...] = ()
    voices: tuple[Voice, ...] = ()

    @property
    def overrides(self) -> dict[str, str]:
        return {voice.platform: voice.override for voice in self.voices if voice.override is not None}

    def timing(self, zone: str) -> Timing | None:
        if self.anchor is not None:
            return Timing(anchor=self.anchor)
        return Timing(at=_in_zone(self.at, zone)) if self.at else None

    def valid_until(self, zone: str) -> datetime | None:
        return _in_zone(self.until, zone) if self.until else None

    def row_of(self, platform: str) -> int:
        return next((voice.row for voice in self.voices if voice.platform == platform), self.row)


@dataclass(frozen=True)
class Mouth:
    """A channel as a row names it."""

    platform: str
    handle: str
    environment: str


@dataclass(frozen=True)
class Written:
    """A post to be written down, as its author gave it. `variables` are texts or whole numbers."""

    key: str
    unit_code: str
    unit_name: str
    zone: str
    state: str
    lang: str
    template: str
    text: str | None
    overrides: Mapping[str, str]
    timing: Timing | None
    valid_until: datetime | None
    variables: Mapping[str, Any]
    tahapan: str | None
    segment: str | None
    programme: str | None
    media: Sequence[int]
    channels: Sequence[Mouth]


def check_header(header: Sequence[str]) -> None:
    """BadInput for a column that is missing or that nobody knows: a misspelt one must not be left out in silence."""
    unknown = [name for name in header if name not in COLUMNS and not re.fullmatch(rf"{VARIABLE}\w+", name)]
    missing = [name for name in REQUIRED if name not in header]
    problems = [Problem("baris 1", f"kolom “{name or '(tanpa judul)'}” tidak dikenal") for name in unknown]
    problems += [Problem("baris 1", f"kolom “{name}” tidak ada") for name in missing]
    if problems:
        said = "; ".join(problem.message for problem in problems[:5])
        raise BadInput(f"Judul kolom belum benar: {said}. Unduh berkas contoh untuk melihat kolomnya.", *problems)


def read_rows(rows: Sequence[SheetRow]) -> tuple[list[Sketch], list[BadCell]]:
    """Posts in the order of their first rows; a post with a bad row is not among them."""
    groups: dict[str, list[SheetRow]] = {}
    for row in rows:
        groups.setdefault(row["unggahan"].strip() or f"\n{row.number}", []).append(row)
    sketches, bad = [], []
    for group in groups.values():
        found: list[BadCell] = [BadCell(row.number, name, _FORMULA) for row in group for name in sorted(row.formulas)]
        sketch = _read_group(group, found)
        bad += found
        if not found:
            sketches.append(sketch)
    return sketches, sorted(bad, key=lambda cell: (cell.row, cell.column))


_FORMULA = (
    "Sel ini berisi rumus. Tempel hasilnya sebagai nilai; teks yang memang diawali = tulis dengan tanda petik (')."
)


def _read_group(group: Sequence[SheetRow], bad: list[BadCell]) -> Sketch:
    first = group[0].number
    cells = dict(_shared(group, bad))
    voices = tuple(_voice(row, bad) for row in group)
    taken: set[tuple[str, str, str]] = set()
    for voice in voices:
        mouth = (voice.platform, voice.handle.lower(), voice.environment)
        if voice.handle and mouth in taken:
            bad.append(BadCell(voice.row, "akun", "Akun ini sudah disebut di baris lain unggahan yang sama."))
        taken.add(mouth)
    overrides = {voice.platform: voice.override for voice in voices if voice.override is not None}
    for voice in voices:
        if voice.override is not None and overrides[voice.platform] != voice.override:
            bad.append(BadCell(voice.row, "teks_platform", f"Teks untuk {voice.platform} berbeda dari baris lain."))
    reader = _Reader(first, cells, bad)
    has_words = cells.get("templat", "").strip() or overrides
    at, anchor = reader.timing()
    if (at or anchor) and not any(voice.handle for voice in voices):
        bad.append(BadCell(first, "akun", "Wajib diisi: setiap baris menyebut akunnya."))
    return Sketch(
        first,
        reader.required("unit"),
        cells.get("templat", "").strip(),
        cells.get("bahasa", "").strip().lower() or "id",
        cells.get("teks", "") or (None if has_words else ""),
        at,
        anchor,
        reader.moment("batas_waktu"),
        {name.removeprefix(VARIABLE): text for name, text in cells.items() if name.startswith(VARIABLE) and text},
        cells.get("tahapan", "").strip() or None,
        reader.choice("segmen", SEGMENTS) or None,
        cells.get("program", "").strip() or None,
        reader.numbers("gambar"),
        tuple(voice for voice in voices if voice.platform),
    )


def _shared(group: Sequence[SheetRow], bad: list[BadCell]) -> Iterator[tuple[str, str]]:
    """What the rows of a post say together; where two say different things, the later one is bad."""
    names = dict.fromkeys(name for row in group for name in row.cells if name in SHARED or name.startswith(VARIABLE))
    for name in names:
        said = ""
        for row in group:
            cell = row[name] if name in _KEPT_AS_TYPED or name.startswith(VARIABLE) else row[name].strip()
            if said and cell and cell != said:
                bad.append(BadCell(row.number, name, "Berbeda dari baris pertama unggahan yang sama."))
            said = said or cell
        yield name, said


def _voice(row: SheetRow, bad: list[BadCell]) -> Voice:
    platform, handle = row["platform"].strip().lower(), row["akun"].strip().removeprefix("@")
    override = row["teks_platform"] or None
    said = row["jenis_akun"].strip().lower()
    names = {word: name for name, word in ENVIRONMENTS.items()} | {name: name for name in ENVIRONMENTS}
    if said and said not in names:
        bad.append(BadCell(row.number, "jenis_akun", f"Pilih: {', '.join(ENVIRONMENTS.values())}; atau kosongkan."))
    if (handle or override) and not platform:
        bad.append(BadCell(row.number, "platform", "Wajib diisi bila akun atau teks_platform diisi."))
    if platform and not handle and override is None:
        bad.append(BadCell(row.number, "akun", "Wajib diisi: setiap baris menyebut akunnya."))
    return Voice(row.number, platform, handle, names.get(said, ""), override)


@dataclass(frozen=True)
class _Reader:
    """Reads the cells of one post; what cannot be read is noted and None."""

    row: int
    cells: Mapping[str, str]
    bad: list[BadCell]

    def required(self, name: str) -> str:
        if not self._cell(name):
            self._note(name, "Wajib diisi.")
        return self._cell(name)

    def choice(self, name: str, known: Collection[str]) -> str:
        said = self._cell(name).lower()
        if said and said not in known:
            self._note(name, f"Pilih: {', '.join(known)}; atau kosongkan.")
        return said if said in known else ""

    def numbers(self, name: str) -> tuple[int, ...]:
        parts = re.split(r"[\s,;]+", self._cell(name).strip(" ,;")) if self._cell(name) else []
        if not all(part.isascii() and part.isdecimal() and 0 < int(part[:10]) < 2**31 for part in parts):
            self._note(name, "Isi nomor gambar dari pustaka, dipisahkan koma.")
            return ()
        return tuple(int(part) for part in parts)

    def moment(self, name: str) -> datetime | None:
        said = self._cell(name)
        found = read_moment(said) if said else None
        if said and found is None:
            self._note(name, f"“{said[:40]}” bukan tanggal dan jam. Tulis seperti 2024-11-27 07:00.")
        return found

    def timing(self) -> tuple[datetime | None, Anchor | None]:
        """A moment, or an anchor on a stage, or neither: a draft."""
        at = self.moment("waktu")
        given = [name for name in ("acuan", "ujung", "hari", "jam", "nama_hari") if self._cell(name)]
        if not given:
            return at, None
        if self._cell("waktu"):
            self._note("waktu", "Isi waktu, atau acuan dengan jamnya; jangan keduanya.")
            return None, None
        stage, clock, days = self.required("acuan"), self._clock(), self._days()
        edge: Literal["start", "end"] = (
            "end" if self.choice("ujung", (*EDGES.values(), *EDGES)) in {"selesai", "end"} else "start"
        )
        weekday = self.choice("nama_hari", DAY_NAMES)
        if not stage or clock is None or days is None:
            return None, None
        return None, Anchor(stage, edge, days, clock, DAY_NAMES.index(weekday) if weekday else None)

    def _clock(self) -> time | None:
        said = self.required("jam")
        match = re.fullmatch(r"(\d{1,2})[.:](\d{2})(?::00)?", said)
        if match and int(match[1]) < 24 and int(match[2]) < 60:
            return time(int(match[1]), int(match[2]))
        if said:
            self._note("jam", f"“{said[:20]}” bukan jam. Tulis seperti 07:00.")
        return None

    def _days(self) -> int | None:
        said = self._cell("hari") or "0"
        match = _OFFSET.fullmatch(said)
        days = int(match[1].replace(" ", "")) if match else LONGEST_OFFSET + 1
        if abs(days) > LONGEST_OFFSET:
            self._note(
                "hari", f"Isi bilangan dari -{LONGEST_OFFSET} sampai {LONGEST_OFFSET}; -3 berarti tiga hari sebelumnya."
            )
            return None
        return days

    def _cell(self, name: str) -> str:
        return self.cells.get(name, "").strip()

    def _note(self, name: str, reason: str) -> None:
        self.bad.append(BadCell(self.row, name, reason))


def read_moment(text: str) -> datetime | None:
    """2024-11-27 07:00, 27/11/2024 07.00, or RFC 3339 with an offset; None for anything else."""
    text = text.strip()
    try:
        if match := _LOCAL_DAY.fullmatch(text):
            day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
            found = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the unit's own clock, its zone follows
        elif match := _ISO_DAY.fullmatch(text):
            found = datetime.fromisoformat(f"{match[1]}T{match[2]:0>2}:{match[3]}{match[4].strip()}")
        else:
            return None
    except ValueError:
        return None
    return found if 1970 < found.year < 2999 else None


def write_rows(post: Written) -> Iterator[dict[str, str]]:
    """One row for each channel, then one for words kept for a platform without one; at least one."""
    shared = {
        "unggahan": post.key, "unit": post.unit_code, "nama_unit": post.unit_name, "bahasa": post.lang, "templat": post.template,
        "teks": post.text or "", "batas_waktu": _moment(post.valid_until, post.zone), "tahapan": post.tahapan or "",
        "segmen": post.segment or "", "program": post.programme or "", "gambar": ", ".join(map(str, post.media)), "keadaan": post.state,
        **_when(post), **{f"{VARIABLE}{name}": str(value) for name, value in post.variables.items()},
    }  # fmt: skip
    spoken = {mouth.platform for mouth in post.channels}
    for mouth in post.channels:
        words = ENVIRONMENTS.get(mouth.environment, mouth.environment)
        own = {"platform": mouth.platform, "akun": mouth.handle, "jenis_akun": words}
        yield {**shared, **own, "teks_platform": post.overrides.get(mouth.platform, "")}
    silent = [platform for platform in post.overrides if platform not in spoken]
    for platform in silent:
        yield {**shared, "platform": platform, "teks_platform": post.overrides[platform]}
    if not post.channels and not silent:
        yield shared


def columns_for(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The columns everybody knows, and one for each variable that occurs."""
    return [*COLUMNS, *sorted({name for row in rows for name in row if name.startswith(VARIABLE)})]


def _when(post: Written) -> dict[str, str]:
    timing = post.timing
    if timing is None:
        return {}
    if timing.anchor is None:
        return {"waktu": _moment(timing.at, post.zone)}
    anchor = timing.anchor
    day = "" if anchor.weekday is None else DAY_NAMES[anchor.weekday]
    return {
        "acuan": anchor.tahapan, "ujung": EDGES[anchor.edge], "hari": str(anchor.offset_days), "jam": f"{anchor.time:%H:%M}",
        "nama_hari": day,
    }  # fmt: skip


def _moment(at: datetime | None, zone: str) -> str:
    """On the unit's own clock; with an offset where that clock shows the same minute twice."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if _in_zone(local, zone) != at:
        return at.isoformat(" ")
    return local.isoformat(" ", timespec="auto" if local.second or local.microsecond else "minutes")


def _in_zone(at: datetime, zone: str) -> datetime:
    return at.replace(tzinfo=ZoneInfo(zone)) if at.tzinfo is None else at
