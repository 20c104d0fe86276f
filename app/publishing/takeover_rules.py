"""What is to be done when somebody else holds an account, how long there is for it, and which posts there are not ours; pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.kit.errors import BadInput, Problem
from app.platforms.contract import RecentPost

DEADLINE = timedelta(hours=72)
"""UU 27/2022 on personal data, article 46: those concerned and the authority are told within 3 x 24 hours."""
SINCE = timedelta(hours=24)
LONGEST_SINCE = timedelta(days=30)
RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)
GIVES_UP_AFTER = 30
"""Tries, which is a little over a day: then a person does it."""
SAFE, HOLD = "safe", "hold"
"""Where the queue goes besides a platform or a person's hands: wherever there is room, or nowhere until it is over."""


class Revoke(StrEnum):
    """How far the platform has come in forgetting our credential."""

    WAITING = "waiting"
    DONE = "done"
    BY_HAND = "by_hand"
    NONE = "none"


class Verdict(StrEnum):
    """What a person says of a post that did not come through us."""

    OPEN = "open"
    OURS = "ours"
    GONE = "gone"


@dataclass(frozen=True)
class Step:
    key: str
    words: str
    has_deadline: bool = False


RECOVERY = (
    Step("sandi", "Ganti kata sandi akun dari perangkat yang aman, bukan dari perangkat yang mungkin disusupi."),
    Step("dua_langkah", "Nyalakan verifikasi dua langkah, lalu keluarkan semua perangkat yang tidak dikenal."),
    Step("surel", "Periksa surel dan nomor telepon pemulihan akun; ganti juga kata sandi surelnya."),
    Step("aplikasi", "Hapus aplikasi tersambung yang tidak dikenal, dan pengelola yang bukan anggota."),
    Step("bukti", "Simpan tangkapan layar unggahan yang bukan milik kita, lalu hapus unggahannya."),
    Step("platform", "Laporkan ke pusat bantuan platform bila akun tidak dapat dimasuki lagi."),
)
NOTIFICATION = (
    Step("catatan", "Tulis kapan diketahui, apa yang terjadi, dan siapa saja yang terdampak."),
    Step("umum", "Umumkan di akun resmi lain bahwa akun ini diretas dan unggahannya tidak berlaku."),
    Step(
        "pemilik_data",
        "Bila data pribadi terungkap (pesan masuk, daftar nama, NIK): beri tahu pemilik datanya secara tertulis.",
        has_deadline=True,
    ),
    Step(
        "lembaga",
        "Bila data pribadi terungkap: beri tahu lembaga pelindungan data pribadi secara tertulis, lewat KPU kabupaten/kota.",
        has_deadline=True,
    ),
)
STEPS = {step.key: step for step in (*RECOVERY, *NOTIFICATION)}


def read_step(key: str) -> str:
    if key not in STEPS:
        raise BadInput("Langkah ini tidak dikenal.", Problem("step", f"pilih: {', '.join(STEPS)}"))
    return key


def read_verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        raise BadInput("Pilih tanda untuk unggahan ini.", Problem("verdict", f"pilih: {', '.join(Verdict)}")) from None


def read_since(since: datetime | None, *, now: datetime) -> datetime:
    """From when on posts are looked at; a day back where nobody says. Raises BadInput."""
    if since is None:
        return now - SINCE
    if since > now or now - since > LONGEST_SINCE:
        raise BadInput("Waktu mulainya harus dalam 30 hari terakhir.", Problem("since", "dalam 30 hari terakhir"))
    return since


def read_to(text: str, platforms: Collection[str]) -> str:
    known = [SAFE, "manual", HOLD, *platforms]
    if text not in known:
        raise BadInput("Pilih ke mana antrean dialihkan.", Problem("to", f"pilih: {', '.join(known)}"))
    return text


def first_people(at_unit: Sequence[int], *, connected_by: int | None) -> list[int]:
    """Whose access ends unless somebody is named: who joined the account where they belong to the unit, else everybody there."""
    return [connected_by] if connected_by in at_unit and connected_by is not None else list(at_unit)


def next_try(tries: int) -> timedelta:
    return min(RETRY * (1 << min(tries, 10)), LONGEST_RETRY)


def strangers(
    recent: Sequence[RecentPost], *, since: datetime, ours: Collection[str], on_the_way: Collection[str]
) -> list[RecentPost]:
    """What the account shows that is not ours. `ours`: ids and addresses of our deliveries; `on_the_way`: words of ours that may be out."""
    said = {_plain(words) for words in on_the_way}
    return [
        post
        for post in recent
        if (post.created_at is None or post.created_at >= since)
        and post.remote_id not in ours
        and post.url not in ours
        and (not post.text or _plain(post.text) not in said)
    ]


def left(ticks: Mapping[str, Any], steps: Sequence[Step]) -> int:
    return sum(step.key not in ticks for step in steps)


def _plain(words: str) -> str:
    return " ".join(words.split())
