"""What states, platforms, roles and moments are called on a page, in Bahasa Indonesia."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.accounts.rules import Role
from app.channels.rules import State as ChannelState
from app.content.values import write_date, zone_name
from app.platforms.registry import TITLES
from app.posts.progress_rules import Progress
from app.posts.rules import Answer, PostState
from app.publishing.rules import Outcome, State
from app.publishing.service import DeliveryView, Wish


@dataclass(frozen=True)
class Label:
    """A state as word and icon; `tone` (calm, good, loud, faint) only helps the eye."""

    word: str
    icon: str
    tone: str = "calm"


STATES = {
    State.WAITING: Label("Menunggu tinjauan", "tinjau"),
    State.DUE: Label("Terjadwal", "jam"),
    State.SENDING: Label("Sedang diterbitkan", "kirim"),
    State.UNSURE: Label("Belum pasti", "tanya", "loud"),
    State.PUBLISHED: Label("Terbit", "terbit", "good"),
    State.STOPPED: Label("Gagal", "gagal", "loud"),
    State.MISSED: Label("Kedaluwarsa", "lewat", "loud"),
    State.CANCELLED: Label("Dibatalkan", "batal", "faint"),
    State.MANUAL: Label("Unggah sendiri", "tangan", "loud"),
    State.WITHDRAWN: Label("Dihapus di platform", "hapus", "faint"),
}
HELD = Label("Ditahan", "jeda", "loud")
REMOVING = Label("Sedang dihapus di platform", "hapus")
REMOVE_YOURSELF = Label("Hapus sendiri", "tangan", "loud")
RETRYING = Label("Mencoba ulang", "jam")

# Where the record has no sentence of its own.
REASONS = {
    State.WAITING: "Belum disetujui peninjau, jadi belum dapat terbit.",
    State.UNSURE: "Sudah dikirim, tetapi platform belum menjawab jelas. Sistem sedang mengecek; tidak akan dikirim dua kali.",
    State.STOPPED: "Platform menolak unggahan ini.",
    State.MISSED: "Tidak sempat terbit sebelum batas waktunya.",
    State.MANUAL: "Unggah sendiri di akun ini, lalu tandai sudah terbit.",
}

FACTORS = {"totp": "Aplikasi autentikator", "passkey": "Kunci sandi (passkey)"}
WAYS = {
    "link": "tautan masuk",
    "password": "kata sandi",
    "totp": "kata sandi atau tautan, dan kode",
    "recovery": "kode pemulihan",
    "passkey": "kunci sandi",
}
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip


def device(agent: str) -> str:
    """Chrome di Android; what a browser says of itself is long and means nothing to people."""
    system = next((name for name in _SYSTEMS if name in agent), "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    return " di ".join(part for part in (browser, system) if part) or "Perangkat tidak dikenal"


POST_STATES = {
    PostState.DRAFT: Label("Draf", "tulis", "faint"),
    PostState.IN_REVIEW: Label("Menunggu tinjauan", "tinjau"),
    PostState.REJECTED: Label("Ditolak", "gagal", "loud"),
    PostState.APPROVED: Label("Disetujui", "terbit", "good"),
    PostState.SCHEDULED: Label("Terjadwal", "jam"),
    PostState.DONE: Label("Selesai", "terbit", "good"),
    PostState.CANCELLED: Label("Dibatalkan", "batal", "faint"),
}

_LAPSED = Label("Kedaluwarsa", "lewat", "loud")


def post_label(state: PostState, deliveries: Sequence[DeliveryView]) -> Label:
    """A post that came back because nobody approved it in time was not refused by anybody."""
    is_lapsed = state is PostState.REJECTED and any(each.state is State.MISSED for each in deliveries)
    return _LAPSED if is_lapsed else POST_STATES[state]


OUTCOMES = {
    Outcome.PUBLISHED: "Terbit",
    Outcome.REFUSED: "Ditolak platform",
    Outcome.RECONNECT: "Akun perlu dihubungkan ulang",
    Outcome.LATER: "Diminta mencoba lagi nanti",
    Outcome.UNSURE: "Belum ada jawaban pasti",
}
TRIES = {"send": "Kirim", "look": "Cek ke platform"}

ROLES = {Role.VIEWER: "Pembaca", Role.EDITOR: "Penyunting", Role.REVIEWER: "Peninjau", Role.ADMIN: "Admin"}
KINDS = {"kpu": "KPU", "ppk": "PPK", "pps": "PPS"}
LEVELS = {
    "block": Label("Diblokir", "gagal", "loud"),
    "review": Label("Wajib ditinjau", "tinjau"),
    "remind": Label("Peringatan", "info"),
}
CHANNEL_STATES = {
    ChannelState.CONNECTED: Label("Terhubung", "terbit", "good"),
    ChannelState.NEEDS_RECONNECT: Label("Perlu dihubungkan ulang", "gagal", "loud"),
    ChannelState.PAUSED: Label("Dijeda", "jeda"),
    ChannelState.CLOSED: Label("Ditutup", "batal", "faint"),
}
HACKED = Label("Diretas", "gagal", "loud")
ENVIRONMENTS: dict[str, str] = {"live": "Otomatis", "manual": "Unggah sendiri", "practice": "Latihan"}
STAGE_KINDS: dict[str, str] = {
    "persiapan": "Persiapan",
    "penyelenggaraan": "Penyelenggaraan",
    "subtahapan": "Subtahapan",
    "masa_kerja": "Masa kerja",
    "masa_tenang": "Masa tenang",
    "peristiwa": "Peristiwa",
    "tenggat": "Tenggat",
    "jam": "Jam",
    "embargo": "Embargo",
    "program": "Program",
    "psu": "Pemungutan suara ulang",
    "pilkada_ulang": "Pilkada ulang",
}
ANSWERS = {
    Answer.WAITING: "belum dijawab",
    Answer.ACCEPTED: "diterima",
    Answer.ADAPTED: "diterima dengan perubahan",
    Answer.DECLINED: "ditolak",
}
PROGRESS = {
    Progress.OUT: Label("Terbit", "terbit", "good"),
    Progress.PARTLY: Label("Terbit sebagian", "terbit"),
    Progress.AHEAD: Label("Terjadwal", "jam"),
    Progress.REVIEW: Label("Menunggu tinjauan", "tinjau"),
    Progress.ASKED: Label("Belum dijawab", "tanya", "loud"),
    Progress.NOT_OUT: Label("Tidak terbit", "gagal", "loud"),
    Progress.DECLINED: Label("Saran ditolak", "batal", "faint"),
    Progress.CANCELLED: Label("Dibatalkan", "batal", "faint"),
}
SEGMENTS = {
    "umum": "Umum",
    "pemula": "Pemilih pemula",
    "disabilitas": "Penyandang disabilitas",
    "perempuan": "Perempuan",
}
MODES = {"mandatory": "Wajib", "suggested": "Saran"}


def platform_name(platform: str) -> str:
    return TITLES.get(platform, platform.capitalize())


def state_label(state: State, reason: str) -> Label:
    """A delivery that waits with a reason is held by its account; a due one with a reason has been tried before."""
    if state is State.WAITING and reason:
        return HELD
    if state is State.DUE and reason:
        return RETRYING
    return STATES[state]


def wish_label(wish: Wish) -> Label:
    """A post that is out and is not to be."""
    return REMOVE_YOURSELF if wish.by_hand else REMOVING


def wish_reason(wish: Wish) -> str:
    asked = f"Diminta dihapus: {wish.reason.rstrip('.')}."
    return f"{asked} {wish.said}".strip()


@dataclass(frozen=True)
class Moment:
    """`iso` is for machines, `text` for people, in the unit's own zone."""

    iso: str
    text: str


def moment(at: datetime, zone: str) -> Moment:
    """Rabu, 27 November 2024 pukul 07.00 WIB."""
    local = at.astimezone(ZoneInfo(zone))
    return Moment(
        local.isoformat(timespec="seconds"), f"{write_date(local.date())} pukul {local:%H.%M} {zone_name(zone)}"
    )


def clock(at: datetime, zone: str) -> str:
    """07.00 WIB."""
    return f"{at.astimezone(ZoneInfo(zone)):%H.%M} {zone_name(zone)}"


def moment_to_the_second(at: datetime, zone: str) -> Moment:
    local = at.astimezone(ZoneInfo(zone))
    return Moment(
        local.isoformat(timespec="milliseconds"), f"{local:%d/%m/%Y} pukul {local:%H.%M.%S} {zone_name(zone)}"
    )


def how_late(seconds: float | None) -> str:
    """Tepat waktu, or by how much it was late."""
    if seconds is None:
        return ""
    if seconds <= 60:
        return "tepat waktu"
    minutes = round(seconds / 60)
    return f"terlambat {minutes} menit" if minutes < 90 else f"terlambat {round(minutes / 60)} jam"


def number(value: int) -> str:
    """1.234 as Indonesian readers write it."""
    return f"{value:,}".replace(",", ".")
