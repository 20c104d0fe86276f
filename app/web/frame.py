"""What stands around every page: who is here, which doors are open to them, and what must be said wherever they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.accounts.rules import Act, Actor, UnitKind
from app.bootstrap import Kentongan
from app.content.values import write_date
from app.publishing.incidents import IncidentView
from app.publishing.pausing import PauseView
from app.tahapan.rules import Calendar
from app.web import words


class Place(StrEnum):
    """Where a door stands: BAR on every screen, WIDE only where there is room for it, PAGE on the page of all doors."""

    BAR = "bar"
    WIDE = "wide"
    PAGE = "page"


class Group(StrEnum):
    """The headings under which the doors stand where there is room for all of them."""

    POSTS = "Unggahan"
    RESULTS = "Hasil"
    UNIT = "Unit"
    SELF = "Anda"


@dataclass(frozen=True)
class Door:
    """One entry of the menu."""

    path: str
    name: str
    icon: str
    place: Place = Place.PAGE
    about: str = ""
    group: Group = Group.POSTS

    def is_open(self, path: str) -> bool:
        """Is this page, or one beneath it, on the screen?"""
        return path == self.path or path.startswith(f"{self.path}/")


@dataclass(frozen=True)
class Countdown:
    """Days until voting day; `days` below 0 once it has passed."""

    days: int
    day: str
    election: str
    quiet: bool


@dataclass(frozen=True)
class Frame:
    name: str
    role: str
    unit: str
    zone: str
    doors: tuple[Door, ...]
    training: str | None
    is_practice: bool
    wall: str
    countdown: Countdown | None
    calendar: Calendar | None
    unread: int = 0
    pauses: Sequence[PauseView] = ()
    unit_id: int | None = None
    kind: UnitKind | None = None
    person: int = 0
    incidents: Sequence[IncidentView] = ()

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def groups(self) -> list[tuple[Group, list[Door]]]:
        """Every heading that has a door, in order."""
        found = [(group, [door for door in self.doors if door.group is group]) for group in Group]
        return [(group, doors) for group, doors in found if doors]


async def frame_for(house: Kentongan, actor: Actor) -> Frame:
    """Reads afresh each time: a moved calendar must show on the next page."""
    settings = house.settings
    home = await house.units.get(actor, actor.grants[0].unit_id) if actor.grants else None
    calendar = None
    if home is not None:
        async with house.db.read() as session:
            calendar = (await house.tahapan.calendar(session, home.election_id)).local(home.wilayah_code)
    live = await house.channels.list(actor, environment="live", limit=1)
    zone = home.timezone if home else settings.timezone
    today = house.clock.now().astimezone(ZoneInfo(zone)).date()
    return Frame(
        name=actor.name,
        role=words.ROLES[actor.grants[0].role] if home else "Belum punya peran",
        unit=home.name if home else "",
        zone=zone,
        doors=doors_for(actor),
        training=_training(calendar),
        is_practice=not live.rows,
        wall=f"{settings.simulator}/_sim/wall",
        countdown=_countdown(calendar, today),
        calendar=calendar,
        unread=await house.notices.unread_count(actor),
        pauses=await house.pauses.running(actor),
        unit_id=home.id if home else None,
        kind=UnitKind(home.kind) if home else None,
        person=actor.user_id,
        incidents=await house.incidents.running(actor),
    )


def doors_for(actor: Actor) -> tuple[Door, ...]:
    """At most five on a phone's bar, the last of which leads to all the others."""
    reviews = bool(actor.paths(Act.REVIEW))
    write = Door("/tulis", "Tulis", "tulis", Place.BAR, "Buat unggahan dari templat.")
    review = Door("/tinjau", "Tinjau", "tinjau", Place.BAR, "Setujui atau tolak unggahan unit.")
    broadcast = Door("/siaran", "Siaran", "siaran", Place.WIDE, "Satu templat ke semua unit sekaligus.")
    ready = Door(
        "/kesiapan",
        "Kesiapan",
        "centang",
        about="Platform mana yang siap, dan kapan yang lain harus diajukan.",
        group=Group.UNIT,
    )
    people = Door("/orang", "Orang", "orang", about="Anggota, peran, dan undangan.", group=Group.UNIT)
    return (
        Door("/dasbor", "Hari ini", "dasbor", Place.BAR, "Yang perlu Anda terbitkan dan ketahui hari ini."),
        *([write] if actor.paths(Act.WRITE) else []),
        Door("/antrean", "Antrean", "antrean", Place.BAR, "Kiriman ke tiap akun dan keadaannya."),
        *([review] if reviews else []),
        Door("/kalender", "Kalender", "kalender", Place.WIDE if reviews else Place.BAR, "Unggahan dan tahapan per hari."),
        *([broadcast, *_STEERING] if actor.paths(Act.BROADCAST) else []),
        Door("/tugas", "Tugas unggah", "tangan", about="Unggahan yang Anda terbitkan sendiri di akunnya."),
        Door("/laporan", "Laporan", "laporan", about="Rekap mingguan, ketepatan waktu, dan interaksi; dapat diunduh.", group=Group.RESULTS),
        Door("/kegiatan", "Kegiatan", "orang", about="Program lapangan per RW: rencana, undangan, dokumentasi, cakupan.", group=Group.RESULTS),
        Door("/tahapan", "Tahapan", "tahapan", about="Kalender pemilihan: tanggal, sumber, kepastian.", group=Group.UNIT),
        Door("/akun", "Akun", "akun", about="Akun media sosial unit: hubungkan, jeda, cek.", group=Group.UNIT),
        Door("/unit", "Unit", "unit", about="Nama, zona waktu, dan isian unit.", group=Group.UNIT),
        Door("/pustaka", "Pustaka", "foto", about="Foto dan video unit Anda dan unit di atasnya, dengan teks alternatif."),
        *([Door("/aduan", "Aduan", "tanya", about="Unggahan yang diadukan: cari, bekukan bukti, hapus.")] if reviews else []),
        Door("/templat", "Templat", "tulis", about="Teks yang menjadi unggahan tiap unit: baca, ubah, buat."),
        Door("/riwayat", "Riwayat", "lewat", about="Siapa memutuskan apa dan kapan; bukti untuk diunduh."),
        Door("/impor", "Impor dan ekspor", "unduh", about="Banyak unggahan sekaligus lewat XLSX atau CSV."),
        Door("/halaman-warga", "Halaman warga", "luar", about="Halaman unit yang dapat dibaca siapa saja.", group=Group.UNIT),
        *([Door("/webhook", "Webhook", "kabar", about="Sistem lain yang dikabari saat kiriman terbit atau gagal.", group=Group.UNIT)] if actor.paths(Act.MANAGE) else []),
        Door("/gangguan", "Gangguan platform", "info", about="Platform yang tidak melayani, dan kiriman yang tertahan karenanya."),
        *([people, ready] if actor.paths(Act.MANAGE) else []),
        Door("/latihan", "Latihan", "latihan", about="Kelas bimtek di simulator: kode QR, langkah tiap unit, papan pelatih.", group=Group.SELF),
        Door("/kabar", "Kabar", "kabar", about="Pemberitahuan untuk Anda, dan lewat mana Anda dikabari.", group=Group.SELF),
        Door("/keamanan", "Keamanan", "kunci", about="Kata sandi, verifikasi dua langkah, dan perangkat yang masuk.", group=Group.SELF),
        Door("/lainnya", "Lainnya", "lainnya", Place.BAR, group=Group.SELF),
    )  # fmt: skip


_STEERING = (
    Door("/seri", "Seri", "ulang", about="Satu templat berulang: H-n, atau setiap minggu."),
    Door("/jeda", "Jeda semua", "jeda", about="Tahan semua yang belum terbit, lalu lanjutkan."),
)


def _training(calendar: Calendar | None) -> str | None:
    if calendar is None or not calendar.election.shifted_weeks:
        return None
    day = calendar.voting_day()
    year = calendar.election.code.rpartition("-")[2]
    moved = f"kalender {year} digeser {calendar.election.shifted_weeks} pekan"
    voting = f"; hari pemungutan suara di sini: {write_date(day)}" if day else ""
    return f"Mode latihan: {moved}{voting}."


def _countdown(calendar: Calendar | None, today: date) -> Countdown | None:
    day = calendar.voting_day() if calendar else None
    if calendar is None or day is None:
        return None
    return Countdown((day - today).days, write_date(day), calendar.election.name, calendar.is_quiet(today))
