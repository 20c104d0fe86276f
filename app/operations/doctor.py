"""Looks an installation over and says in words what is broken and how to mend it; changes nothing."""

import os
import stat
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from sqlalchemy.exc import SQLAlchemyError

from app.bootstrap import Kentongan
from app.migrate import is_current
from app.operations import store
from app.operations.backup import free_bytes, last_backup
from app.platforms.registry import TITLES
from app.settings import Environment

ANSWER_WITHIN = 5.0
"""Real seconds the public address may take."""
BACKUP_EVERY = timedelta(hours=24)
SHORTEST_KEY = 32
"""Characters: `openssl rand -hex 32` gives 64, our own keys have 43."""
LITTLE_ROOM, NO_ROOM = 2_000_000_000, 200_000_000
DRIFT = timedelta(seconds=2)
OVERDUE = timedelta(minutes=2)
UNSEALED = timedelta(minutes=5)


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"  # works, but somebody should look
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """`mend` says what to do; empty where nothing is."""

    name: str
    level: Level
    found: str
    mend: str = ""


def good(name: str, found: str) -> Finding:
    return Finding(name, Level.OK, found)


def warn(name: str, found: str, mend: str) -> Finding:
    return Finding(name, Level.WARN, found, mend)


def broken(name: str, found: str, mend: str) -> Finding:
    return Finding(name, Level.BROKEN, found, mend)


async def examine(house: Kentongan) -> Sequence[Finding]:
    """Everything, in the order in which a person would mend it. Without a database the rest cannot be asked."""
    findings = [*_configuration(house), _keys(house), _room(house)]
    try:
        reached = await _database(house)
    except (SQLAlchemyError, OSError) as error:
        said = f"tidak terjangkau ({type(error).__name__})"
        return [
            *findings,
            broken("basis data", said, "Nyalakan PostgreSQL, periksa KENTONGAN_DATABASE_URL dan jaringannya."),
        ]
    findings.append(reached)
    if reached.level is Level.BROKEN:
        return findings
    looks: Sequence[Callable[[Kentongan], Awaitable[Sequence[Finding]]]] = (
        _copy, _redis, _worker, _clock, _public_address, _platform_apps, _channels, _approvers, _sealing, _ways_out, _backup,
    )  # fmt: skip
    for look in looks:
        findings += await look(house)
    return findings


def _configuration(house: Kentongan) -> Sequence[Finding]:
    settings, name = house.settings, "pengaturan"
    if settings.environment is not Environment.PRODUCTION:
        return [good(name, "lingkungan development: untuk mencoba dan berlatih, bukan untuk umum")]
    problems = []
    if not settings.base_url.startswith("https://"):
        problems.append(
            broken(name, f"alamat umum {settings.base_url} bukan HTTPS", "Isi KENTONGAN_BASE_URL dengan https://...")
        )
    if house.db.is_sqlite:
        problems.append(warn(name, "basis data SQLite: satu pekerja saja", "Pakai PostgreSQL: KENTONGAN_DATABASE_URL."))
    if not settings.metrics_token:
        problems.append(warn(name, "/metrics tertutup, jadi tidak ada alarm", "Isi KENTONGAN_METRICS_TOKEN."))
    return problems or [good(name, "lengkap untuk produksi")]


def _keys(house: Kentongan) -> Finding:
    name, path = "kunci rahasia", house.settings.data_dir / "keys"
    short = [key for key in house.seal.keys if len(key) < SHORTEST_KEY]
    if short and house.settings.environment is Environment.PRODUCTION:
        return broken(name, f"{len(short)} kunci kurang dari {SHORTEST_KEY} huruf", "Buat dengan: openssl rand -hex 32")
    if not house.settings.secret_keys and path.exists() and _is_open(path):
        return broken(name, f"{path} dapat dibaca orang lain", f"chmod 600 {path}")
    return good(name, f"{len(house.seal.keys)} kunci")


def _is_open(path: Path) -> bool:
    return os.name == "posix" and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _room(house: Kentongan) -> Finding:
    name, folder = "ruang simpan", house.settings.data_dir
    if not os.access(folder, os.W_OK):
        return broken(name, f"{folder} tidak dapat ditulisi", "Beri pengguna Kentongan hak tulis atas folder itu.")
    left = free_bytes(folder)
    said = f"{left / 1e9:.1f} GB tersisa".replace(".", ",")
    if left < NO_ROOM:
        return broken(name, said, "Kosongkan cakram sekarang: hasil kiriman sebentar lagi tidak dapat dicatat.")
    return (
        warn(name, said, "Kosongkan cakram, atau pindahkan cadangan lama.") if left < LITTLE_ROOM else good(name, said)
    )


async def _database(house: Kentongan) -> Finding:
    name = "basis data"
    if not await is_current(house.db):
        return broken(name, "skemanya bukan versi program ini", "Jalankan: kentongan migrate")
    return good(name, "SQLite" if house.db.is_sqlite else "PostgreSQL")


async def _copy(house: Kentongan) -> Sequence[Finding]:
    """The replica that reports ask, where there is one; only a report needs it."""
    if house.copy is house.db:
        return []
    name = "salinan untuk laporan"
    try:
        is_same = await is_current(house.copy)
    except (SQLAlchemyError, OSError) as error:
        said = f"tidak terjangkau ({type(error).__name__}); laporan dan ringkasan tidak dapat dibuka"
        return [broken(name, said, "Nyalakan replika, atau kosongkan KENTONGAN_REPORTS_DATABASE_URL.")]
    if not is_same:
        return [broken(name, "skemanya tertinggal", "Periksa replikasi dari basis data utama.")]
    return [good(name, "terhubung")]


async def _redis(house: Kentongan) -> Sequence[Finding]:
    if await house.redis_is_up():
        return [good("Redis", "terhubung")]
    mend = "Nyalakan Redis dan periksa KENTONGAN_REDIS_URL; Redis tertanam hanya ada selagi `kentongan up` berjalan."
    said = "tidak terjangkau; kiriman tetap keluar, tetapi angka dan pemberitahuan berhenti"
    return [broken("Redis", said, mend)]


async def _worker(house: Kentongan) -> Sequence[Finding]:
    pulse, hold = await house.publishing.pulse(), await house.holding.find()
    silent, limit = pulse.seconds_since_beat, house.settings.silent_after
    found = [good("pekerja", "berdetak")]
    if silent is None or silent > limit:
        said = "belum ada" if silent is None else f"diam {silent:.0f} detik"
        found = [broken("pekerja", said, "Jalankan: kentongan worker (atau kentongan up), lalu lihat lognya.")]
    if hold:
        found.append(broken("pengiriman", f"ditahan: {hold.reason}", "Sesudah antrean diperiksa: kentongan resume"))
    elif pulse.overdue and pulse.overdue > OVERDUE:
        late = int(pulse.overdue.total_seconds())
        found.append(broken("pengiriman", f"ada yang terlambat {late} detik", "Lihat halaman Antrean dan log pekerja."))
    if pulse.doubt and pulse.doubt > OVERDUE:
        late = int(pulse.doubt.total_seconds())
        found.append(
            broken("pengecekan", f"ada yang belum dicek {late} detik", "Lihat log pekerja: platformnya mungkin putus.")
        )
    if pulse.for_a_person:
        said = f"{pulse.for_a_person} kiriman menunggu dipastikan orang"
        found.append(warn("pengecekan", said, "Buka halaman Antrean, tab Perlu perhatian."))
    return found


async def _clock(house: Kentongan) -> Sequence[Finding]:
    if house.settings.clock:
        return [
            warn(
                "jam",
                f"digeser untuk latihan ({house.settings.clock})",
                "Kosongkan KENTONGAN_CLOCK untuk dipakai sungguhan.",
            )
        ]
    async with house.db.read() as session:
        theirs = await store.database_now(session)
    drift = abs(theirs - house.clock.now()) if theirs else timedelta(0)
    if drift > DRIFT:
        said = f"berbeda {drift.total_seconds():.0f} detik dari jam basis data"
        return [broken("jam", said, "Nyalakan NTP di kedua mesin: timedatectl set-ntp true")]
    return [good("jam", "sama dengan jam basis data" if theirs else "jam mesin ini")]


async def _public_address(house: Kentongan) -> Sequence[Finding]:
    """The operator's own address, so it may be a local one. Platforms fetch pictures from it."""
    name, address = "alamat umum", house.settings.base_url
    mend = "Periksa nama domain, sertifikat TLS, proksi, dan proses web; platform mengambil gambar dari alamat ini."
    try:
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{address}/healthz", allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                return [broken(name, f"{address} menjawab {answer.status}", mend)]
    except (aiohttp.ClientError, OSError) as error:
        return [broken(name, f"{address} tidak menjawab ({type(error).__name__})", mend)]
    if urlsplit(address).hostname in {"127.0.0.1", "localhost", "::1"}:
        return [
            warn(
                name,
                f"{address} hanya ada di mesin ini",
                "Untuk akun sungguhan isi KENTONGAN_BASE_URL dengan alamat umum HTTPS.",
            )
        ]
    return [good(name, f"{address} menjawab")]


_APPS = {
    "x": ("x_client_id", "x_client_secret"),
    "facebook": ("meta_app_id", "meta_app_secret"),
    "instagram": ("instagram_app_id", "instagram_app_secret"),
    "threads": ("threads_app_id", "threads_app_secret"),
    "tiktok": ("tiktok_client_key", "tiktok_client_secret"),
    "youtube": ("google_client_id", "google_client_secret"),
}


async def _platform_apps(house: Kentongan) -> Sequence[Finding]:
    """Which platforms' own apps are set up; half a pair opens nothing."""
    fields, found = type(house.settings).model_fields, []
    for platform, names in _APPS.items():
        known = [name for name in names if name in fields]
        given = [name for name in known if getattr(house.settings, name)]
        if given and len(given) < len(known):
            missing = ", ".join(f"KENTONGAN_{name.upper()}" for name in known if name not in given)
            found.append(
                broken(f"aplikasi {TITLES.get(platform, platform)}", "setengah terisi", f"Isi juga {missing}.")
            )
        elif given:
            found.append(good(f"aplikasi {TITLES.get(platform, platform)}", "terisi"))
    mend = "Hanya perlu bila akun disambungkan lewat halaman platform; lihat docs/platforms.md."
    return found or [warn("aplikasi platform", "belum ada yang terisi", mend)]


async def _channels(house: Kentongan) -> Sequence[Finding]:
    async with house.db.read() as session:
        counts = await store.count_channels(session)
        unreadable = [key for key, text in await store.sealed_channels(session) if not house.seal.opens(text)]
    found = []
    if unreadable:
        said = f"{len(unreadable)} kredensial tidak dapat dibuka: kuncinya tidak terpasang"
        found.append(broken("akun", said, "Pasang kembali kunci lama di SECRET_KEYS, atau sambungkan ulang akun itu."))
    waiting = counts.get("needs_reconnect", 0)
    if waiting:
        found.append(warn("akun", f"{waiting} perlu disambungkan ulang", "Buka halaman Akun; antreannya menunggu."))
    return found or [good("akun", f"{counts.get('connected', 0)} terhubung")]


async def _approvers(house: Kentongan) -> Sequence[Finding]:
    """Nobody approves what they wrote themselves: one person alone would stop everything."""
    mend = "Undang peninjau KPU lagi di halaman Orang, atau: kentongan user add SUREL --role reviewer"
    found = [
        warn("peninjau", f"{one.unit_name}: {one.approvers} orang yang boleh menyetujui, perlu dua", mend)
        for one in await house.deputies.short_of_approvers()
    ]
    return found or [good("peninjau", "paling sedikit dua orang di setiap KPU")]


async def _sealing(house: Kentongan) -> Sequence[Finding]:
    async with house.db.read() as session:
        oldest = await store.oldest_unsealed(session)
    if oldest and house.clock.now() - oldest > house.clock.span(UNSEALED.total_seconds()):
        return [
            broken(
                "jejak audit",
                "ada peristiwa yang belum disegel",
                "Nyalakan Redis dan pekerja; penyegelan berjalan sendiri.",
            )
        ]
    return [good("jejak audit", "tersegel")]


async def _ways_out(house: Kentongan) -> Sequence[Finding]:
    settings = house.settings
    ways = [word for word, given in (("surel", settings.smtp_url), ("Telegram", settings.telegram_bot_token)) if given]
    if ways:
        return [good("pemberitahuan", " dan ".join(ways))]
    return [
        warn("pemberitahuan", "hanya di dalam aplikasi", "Isi KENTONGAN_SMTP_URL atau KENTONGAN_TELEGRAM_BOT_TOKEN.")
    ]


async def _backup(house: Kentongan) -> Sequence[Finding]:
    name, at, now = "cadangan", await last_backup(house), house.clock.now()
    is_old = at is None or now - at > BACKUP_EVERY
    said = "belum pernah" if at is None else f"{(now - at).total_seconds() / 3600:.0f} jam lalu"
    if not is_old:
        return [good(name, said)]
    mend = (
        "Pekerja mencadangkan sendiri setiap hari ke KENTONGAN_BACKUP_DIR selama berjalan: lihat lognya (backup_failed). "
        "Bila dimatikan (off), jalankan: kentongan backup FOLDER --keep 14"
    )
    is_production = house.settings.environment is Environment.PRODUCTION
    return [broken(name, said, mend) if is_production else warn(name, said, mend)]
