"""Knows which faults there are, which of them are set, and whether one strikes now."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulator.accounts import account_id
from simulator.ledger import Ledger

EVERY_PLATFORM = "*"
CREATE = "create"
ANY = "any"


@dataclass(frozen=True, slots=True)
class Kind:
    """`operation` is where it strikes when the fault names none; `platforms` empty means all."""

    operation: str
    meaning: str
    platforms: tuple[str, ...] = ()


_META = ("instagram", "threads")
KINDS: dict[str, Kind] = {
    "lost_answer": Kind(CREATE, "dicatat, lalu sambungan diputus tanpa jawaban"),
    "reset": Kind(CREATE, "sambungan diputus sebelum dicatat"),
    "http_503_html": Kind(CREATE, "503 berupa HTML; committed: true|false (bawaan false)"),
    "http_502_html": Kind(CREATE, "502 berupa HTML; committed: true|false (bawaan false)"),
    "empty_200": Kind(CREATE, "200 tanpa isi; committed: true|false (bawaan true)"),
    "truncated_json": Kind(CREATE, "JSON terpotong; committed: true|false (bawaan true)"),
    "rate_limited": Kind(CREATE, "ditolak karena batas laju selama seconds (bawaan 60); Graph: code 4 atau 32"),
    "token_dead": Kind(ANY, "token mati, sampai gangguan ini dihapus"),
    "credits_depleted": Kind(CREATE, "402, kredit habis", ("x",)),
    "credits": Kind(ANY, "kredit X hanya usd dolar; sesudah terpakai 402", ("x",)),
    "slow": Kind(CREATE, "menunggu seconds (bawaan 5) sebelum dicatat"),
    "late_answer": Kind(CREATE, "dicatat, lalu menunggu seconds (bawaan 5) sebelum menjawab"),
    "container_in_progress": Kind("container", "IN_PROGRESS selama polls (bawaan 3) kali ditanya", (*_META, "tiktok")),
    "container_error": Kind(
        "container", "kontainer berakhir ERROR; Threads: error_message; TikTok: fail_reason", (*_META, "tiktok")
    ),
    "container_expired": Kind("container", "kontainer EXPIRED", _META),
    "metric_refused": Kind("insights", "metric ini tidak ditawarkan lagi", ("facebook", *_META)),
    "metrics_fall": Kind(ANY, "angka turun percent (bawaan 20), seperti pembersihan spam"),
    "post_deleted": Kind(ANY, "kiriman terhapus di platform saat berikutnya dibaca, atau remote_id seketika"),
    "read_lag": Kind(CREATE, "kiriman baru baru terbaca sesudah seconds (bawaan tanpa gangguan ini: 5)"),
    "duplicate_506": Kind(CREATE, "teks yang sama ditolak 506; always: true menolak yang pertama juga", ("facebook",)),
    "bot_removed": Kind(ANY, "403, bot bukan lagi anggota kanal", ("telegram",)),
    "media_processing": Kind(
        "media",
        "berkas 202, lalu 206 selama polls (bawaan 3) kali ditanya; X: diolah seconds (bawaan 60) lamanya",
        ("mastodon", "x"),
    ),
    "media_failed": Kind("media", "berkas gagal diolah: 422 saat ditanya; X: video failed", ("mastodon", "x")),
    "unaudited": Kind(ANY, "aplikasi belum diaudit: TikTok hanya SELF_ONLY, YouTube terkunci", ("tiktok", "youtube")),
    "inbox_finished": Kind(ANY, "draf langsung diselesaikan orangnya di aplikasi", ("tiktok",)),
    "upload_cut": Kind(CREATE, "sambungan putus di tengah unggahan, separuh tersimpan", ("youtube",)),
    "short_token": Kind("refresh", "token yang diterbitkan hidup seconds (bawaan 600) saja"),
    "session_expired": Kind(ANY, "ExpiredToken (400), sesi dapat diperbarui", ("bluesky",)),
    "post_dialect": Kind(ANY, "jawaban memakai nama post.* (OpenAPI 2.167)", ("x",)),
    "news_twice": Kind("news", "kabar (webhook) dikirim dua kali", ("facebook", "tiktok")),
    "news_disordered": Kind("news", "kabar (webhook) tiba sesudah yang berikutnya", ("facebook", "tiktok")),
    "news_forged": Kind("news", "kabar (webhook) bertanda tangan salah", ("facebook", "tiktok")),
    "limits_off": Kind(ANY, "batas laju platform tidak dihitung"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    id: int
    platform: str
    kind: str
    account: str | None
    probability: float | None
    remaining: int | None
    params: dict[str, Any]
    fired: int

    @property
    def operation(self) -> str:
        return str(self.params.get("operation", KINDS[self.kind].operation))

    def number(self, name: str, default: float) -> float:
        value = self.params.get(name, default)
        return float(value) if isinstance(value, int | float) else default

    def committed(self, default: bool) -> bool:
        return bool(self.params.get("committed", default))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id, "platform": self.platform, "kind": self.kind, "account": self.account,
            "probability": self.probability, "remaining": self.remaining, "fired": self.fired, **self.params,
        }  # fmt: skip


class BadFault(ValueError):
    """The order for a fault cannot be read; the message says what is known."""


class Faults:
    """The faults that are set. A fault without `count` and `probability` strikes every time."""

    def __init__(self, ledger: Ledger, platforms: Iterable[str]) -> None:
        self._ledger = ledger
        self._platforms = tuple(platforms)

    def add(self, order: object) -> Fault:
        """Raises BadFault."""
        if not isinstance(order, dict):
            raise BadFault("Isi harus objek JSON dengan platform dan kind.")
        rest = dict(order)
        platform, kind, account = rest.pop("platform", None), rest.pop("kind", None), rest.pop("account", None)
        probability, count = rest.pop("probability", None), rest.pop("count", None)
        if platform != EVERY_PLATFORM and platform not in self._platforms:
            raise BadFault(f"platform {platform!r} tidak dikenal. Yang dikenal: {', '.join((*self._platforms, '*'))}.")
        if kind not in KINDS:
            raise BadFault(f"kind {kind!r} tidak dikenal. Yang dikenal: {', '.join(KINDS)}.")
        if account is not None and not isinstance(account, str):
            raise BadFault("account harus handle akun, misalnya 'ppk.bogor_tengah'.")
        _check_chance(probability, count)
        row = self._ledger.db.execute(
            "INSERT INTO faults(platform, kind, account, probability, remaining, params) VALUES(?,?,?,?,?,?)"
            " RETURNING *",
            (platform, kind, account, probability, count, json.dumps(rest)),
        ).fetchone()
        return _fault(row)

    def all(self) -> list[Fault]:
        return [_fault(row) for row in self._ledger.db.execute("SELECT * FROM faults ORDER BY id")]

    def clear(self) -> None:
        self._ledger.db.execute("DELETE FROM faults")
        self._ledger.clear_windows("penalty:")

    def remove(self, fault_id: int) -> bool:
        return self._ledger.db.execute("DELETE FROM faults WHERE id=?", (fault_id,)).rowcount > 0

    def concerning(self, platform: str, account: str) -> list[Fault]:
        """Those set for this account, spent ones too."""
        rows = self._ledger.db.execute(
            "SELECT * FROM faults WHERE platform IN (?, '*') AND (account IS NULL OR account=?) ORDER BY id",
            (platform, account),
        ).fetchall()
        faults = [_fault(row) for row in rows]
        return [fault for fault in faults if platform in (KINDS[fault.kind].platforms or (platform,))]

    def strikes(self, fault: Fault) -> bool:
        """Rolls the dice and takes one from the count; several processes share that count."""
        if fault.probability is not None and random.random() >= fault.probability:
            return False
        return self.take(fault)

    def take(self, fault: Fault) -> bool:
        taken = self._ledger.db.execute(
            "UPDATE faults SET fired=fired+1, remaining=remaining-1 WHERE id=? AND (remaining IS NULL OR remaining>0)",
            (fault.id,),
        )
        return taken.rowcount > 0


def penalty_bucket(platform: str, handle: str) -> str:
    return f"penalty:{platform}:{account_id(platform, handle)}"


def _check_chance(probability: object, count: object) -> None:
    if probability is not None and not (isinstance(probability, int | float) and 0 < probability <= 1):
        raise BadFault("probability harus angka di atas 0 sampai 1.")
    if count is not None and not (isinstance(count, int) and count >= 1):
        raise BadFault("count harus bilangan bulat mulai dari 1.")


def _fault(row: Any) -> Fault:
    return Fault(
        id=row["id"], platform=row["platform"], kind=row["kind"], account=row["account"],
        probability=row["probability"], remaining=row["remaining"], params=json.loads(row["params"]),
        fired=row["fired"],
    )  # fmt: skip
