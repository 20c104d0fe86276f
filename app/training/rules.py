"""What a class practises: the steps of each kind of unit, in order, and how long a class may last."""

from dataclasses import dataclass
from enum import StrEnum

from app.accounts.rules import Role, UnitKind
from app.kit.errors import BadInput, Problem

MAX_NAME = 80
MAX_HOURS = 72
MOST_UNITS = 400
"""Beyond these nobody sits in one hall, and no sheet is printed."""


class StepKey(StrEnum):
    ENTER = "masuk"
    TEMPLATE = "naskah"
    PICTURE = "foto"
    SCHEDULE = "jadwal"
    PUBLISHED = "terbit"
    BY_HAND = "unggah"
    REVIEW = "tinjau"
    BROADCAST = "siaran"
    REPORT = "laporan"


@dataclass(frozen=True)
class Step:
    """`path`: where it is done. `is_ticked`: the program does not record it, so its person says so."""

    key: StepKey
    title: str
    how: str
    path: str
    is_ticked: bool = False


_ENTER = Step(StepKey.ENTER, "Masuk", "Pindai kode QR unit Anda, lalu tekan Masuk.", "/dasbor")
_TEMPLATE = Step(
    StepKey.TEMPLATE,
    "Tulis dari naskah",
    "Buka Tulis, pilih satu templat, isi yang diminta, lalu simpan.",
    "/tulis?semua=1",
)
_SCHEDULE = Step(
    StepKey.SCHEDULE,
    "Jadwalkan",
    "Di Tulis, pilih tanggal dan jam terbit (beberapa menit lagi), lalu tekan tombol kirim.",
    "/tulis?semua=1",
)
_REPORT = Step(
    StepKey.REPORT,
    "Baca laporan",
    "Buka Laporan, lihat rekap pekan ini dengan jenis akun Latihan, lalu tandai selesai di sini.",
    "/laporan?jenis=practice",
    is_ticked=True,
)
_REVIEW = Step(
    StepKey.REVIEW,
    "Tinjau",
    "Buka Tinjau, baca satu unggahan, lalu setujui, tolak, atau tanyakan kepada penulisnya.",
    "/tinjau",
)
STEPS: dict[UnitKind, tuple[Step, ...]] = {
    UnitKind.PPS: (
        _ENTER,
        _TEMPLATE,
        Step(
            StepKey.PICTURE,
            "Pasang foto dengan teks alternatif",
            "Di Tulis, pilih foto kegiatan dan jelaskan isinya dalam satu kalimat, lalu simpan.",
            "/tulis?semua=1",
        ),
        _SCHEDULE,
        Step(
            StepKey.PUBLISHED,
            "Lihat terbit",
            "Tunggu sampai waktunya, lalu buka Antrean dan lihat unggahan Anda di dinding latihan.",
            "/antrean?tab=terbit",
        ),
        Step(
            StepKey.BY_HAND,
            "Selesaikan tugas unggah",
            "Buka Tugas unggah saat waktunya tiba, salin teks WhatsApp, lalu tandai sudah terbit.",
            "/tugas",
        ),
    ),
    UnitKind.PPK: (_ENTER, _REVIEW, _TEMPLATE, _SCHEDULE, _REPORT),
    UnitKind.KPU: (
        _ENTER,
        _REVIEW,
        Step(
            StepKey.BROADCAST,
            "Kirim siaran",
            "Buka Siaran, pilih templat dan beberapa unit, periksa, lalu kirim.",
            "/siaran/baru",
        ),
        _REPORT,
    ),
}
ROLES: dict[UnitKind, Role] = {
    UnitKind.PPS: Role.EDITOR,
    UnitKind.PPK: Role.REVIEWER,
    UnitKind.KPU: Role.REVIEWER,
}
TICKED = frozenset(step.key for steps in STEPS.values() for step in steps if step.is_ticked)
REVIEWS = ("post.approve", "post.reject", "post.remark", "broadcast.approve")
"""Acts of the audit record that are a review."""


def read_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME:
        raise BadInput(
            f"Beri kelas ini nama, paling panjang {MAX_NAME} huruf, misalnya Bimtek PPS Bogor Barat.",
            Problem("name", "wajib diisi"),
        )
    return name


def read_hours(hours: int) -> int:
    if not 1 <= hours <= MAX_HOURS:
        raise BadInput(f"Lama kelas 1 sampai {MAX_HOURS} jam.", Problem("hours", f"1 sampai {MAX_HOURS}"))
    return hours


def read_tick(kind: UnitKind, text: str) -> StepKey:
    """A step of this kind of unit that may be ticked; BadInput for one that the program sees by itself."""
    key = next((step.key for step in STEPS[kind] if step.key == text and step.is_ticked), None)
    if key is None:
        raise BadInput("Langkah ini ditandai sendiri oleh Kentongan begitu Anda mengerjakannya.")
    return key


def written(class_id: int, unit_id: int, signature: str) -> str:
    """The secret part of a unit's link."""
    return f"{class_id}-{unit_id}-{signature}"


def taken_apart(secret: str) -> tuple[int, int, str] | None:
    """Class, unit and signature; None for what cannot be a link of ours."""
    first, _, rest = secret.partition("-")
    second, _, signature = rest.partition("-")
    numbers = [int(part) for part in (first, second) if part.isascii() and part.isdigit() and len(part) < 10]
    return (numbers[0], numbers[1], signature) if len(numbers) == 2 and signature else None
