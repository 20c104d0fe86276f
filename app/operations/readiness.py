"""What each platform asks before it lets an election body publish, how long that takes, and how far this installation is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.operations import store
from app.platforms.registry import TITLES


@dataclass(frozen=True)
class Demand:
    """`settings`: an app of the installation's own, by name; empty where none is needed. `answer`: how soon the platform says it
    decides, in its own or others' words, "" where nobody says. `weeks`: what we plan with, refusals and a second try included."""

    platform: str
    settings: tuple[str, ...]
    asks: str
    answer: str
    weeks: int


# Meta: Business Verification is mostly answered within 2 to 5 working days (docs.dataprotocol.com, written with Meta), access
# verification within 5 (developers.facebook.com/blog/post/2022/06/02); no time is named for App Review itself.
# TikTok: app review takes several days to two weeks (developers.tiktok.com/doc/getting-started-faq); for the audit of Direct
# Post others report 2 to 6 weeks. YouTube names none (developers.google.com/youtube/v3/guides/quota_and_compliance_audits).
# All read on 2026-11-24.
_META = "Verifikasi bisnis 2–5 hari kerja, verifikasi akses sekitar 5 hari kerja; tinjauan aplikasi tanpa janji waktu."
DEMANDS = (
    Demand("telegram", (), "Bot dari @BotFather sebagai admin kanal. Tanpa tinjauan.", "Langsung.", 0),
    Demand("bluesky", (), "Kata sandi aplikasi. Tanpa tinjauan.", "Langsung.", 0),
    Demand("mastodon", (), "Aplikasi di peladen akun. Tanpa tinjauan.", "Langsung.", 0),
    Demand("x", ("x_client_id",), "Satu aplikasi pengembang X untuk seluruh pemasangan, dengan tingkat berbayar yang cukup.", "", 2),
    Demand("facebook", ("meta_app_id", "meta_app_secret"), "Verifikasi bisnis badan hukumnya, lalu tinjauan aplikasi untuk izin Halaman.", _META, 6),
    Demand("instagram", ("instagram_app_id", "instagram_app_secret"), "Akun profesional; verifikasi bisnis dan tinjauan aplikasi yang sama dengan Facebook.", _META, 6),
    Demand("threads", ("threads_app_id", "threads_app_secret"), "Aplikasi Meta dengan Threads; tinjauan aplikasi untuk izin terbit.", _META, 6),
    Demand("tiktok", ("tiktok_client_key", "tiktok_client_secret"), "Tinjauan aplikasi, lalu audit Direct Post; sebelum lulus, kiriman hanya terlihat pemiliknya.", "Tinjauan aplikasi beberapa hari sampai dua pekan; audit menurut pengguna lain 2–6 pekan.", 10),
    Demand("youtube", ("google_client_id", "google_client_secret"), "Verifikasi layar persetujuan Google dan audit kepatuhan API; sebelum lulus, video terkunci pribadi.", "", 8),
)  # fmt: skip


@dataclass(frozen=True)
class Readiness:
    """`has_app` None: the platform needs none. `begin_by`: the day to have asked by, None while no voting day is known.

    `accounts` are live and connected, of those that the asker manages; `published` counts what has left through them."""

    platform: str
    title: str
    asks: str
    answer: str
    weeks: int
    has_app: bool | None
    accounts: int
    published: int
    begin_by: date | None


async def readiness(house: Kentongan, actor: Actor) -> Sequence[Readiness]:
    """In the order of how soon one may begin. Raises Forbidden for whoever does not manage accounts."""
    actor.must(Act.MANAGE)
    home = await house.units.get(actor, actor.grants[0].unit_id)
    async with house.db.read() as session:
        day = (await house.tahapan.calendar(session, home.election_id)).voting_day()
        counts = await store.live_channels(session, actor.paths(Act.MANAGE))
    return [
        Readiness(
            one.platform, TITLES.get(one.platform, one.platform), one.asks, one.answer, one.weeks,
            all(getattr(house.settings, name) for name in one.settings) if one.settings else None,
            *counts.get(one.platform, (0, 0)), day - QUIET_BEFORE - timedelta(weeks=one.weeks) if day else None,
        )
        for one in DEMANDS
    ]  # fmt: skip


QUIET_BEFORE = timedelta(days=60)
"""The campaign's two months before the voting day need every account."""
