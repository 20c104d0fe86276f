"""What a channel may be called, what proves it, and which state may follow which; pure."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from app.kit.addresses import read_public_url
from app.kit.errors import BadInput, Conflict, Problem
from app.platforms.contract import NeedsReconnect, PublishError

_HANDLE = re.compile(r"[A-Za-z0-9._-]{1,60}")
MAX_CREDENTIAL = 8000
"""Characters of all values together; the longest tokens in use are some hundreds."""


class Environment(StrEnum):
    LIVE = "live"
    PRACTICE = "practice"  # the simulator
    MANUAL = "manual"  # hand-off to a person


def ways_of(environment: str) -> tuple[str, ...]:
    """The ways of publishing that are told as one: what a person uploads by hand is as real as what goes out by itself."""
    return (Environment.LIVE, Environment.MANUAL) if environment == Environment.LIVE else (environment,)


class State(StrEnum):
    CONNECTED = "connected"
    NEEDS_RECONNECT = "needs_reconnect"
    PAUSED = "paused"
    CLOSED = "closed"


def read_platform(text: str, known: Collection[str]) -> str:
    if text not in known:
        names = ", ".join(sorted(known))
        raise BadInput(f"Platform {text!r} belum didukung. Pilih: {names}.", Problem("platform", f"pilih: {names}"))
    return text


def read_environment(text: str) -> Environment:
    try:
        return Environment(text)
    except ValueError:
        known = ", ".join(Environment)
        raise BadInput(
            f"Lingkungan {text!r} tidak dikenal. Pilih: {known}.", Problem("environment", f"pilih: {known}")
        ) from None


def must_go_by_hand(environment: Environment, title: str) -> None:
    """BadInput for a medium that only people publish to, joined in any other way."""
    if environment is not Environment.MANUAL:
        raise BadInput(f"{title} hanya dapat diunggah sendiri.", Problem("environment", "pilih manual: unggah sendiri"))


def read_handle(text: str) -> str:
    """Without the @ people like to type; raises BadInput."""
    handle = text.strip().removeprefix("@")
    if not _HANDLE.fullmatch(handle):
        raise BadInput(
            "Nama akun hanya boleh berisi huruf, angka, titik, garis bawah dan tanda hubung, 1 sampai 60 huruf.",
            Problem("handle", "huruf, angka, titik, _ dan -; 1 sampai 60"),
        )
    return handle


def is_handle(text: str) -> bool:
    """Platforms know letters in names that we do not keep; such an account is called by its number."""
    return bool(_HANDLE.fullmatch(text))


def read_credential(
    given: Mapping[str, str] | str | None, *, environment: Environment, platform: str, handle: str
) -> dict[str, str] | None:
    """The credential to seal, None for a channel that has none; raises BadInput, never quoting what was given."""
    if environment is Environment.MANUAL:
        if given:
            raise BadInput("Akun unggah manual tidak memakai kredensial.", Problem("credential", "kosongkan"))
        return None
    if given is None and environment is Environment.PRACTICE:
        return practice_credential(platform, handle)
    credential = {"access_token": given.strip()} if isinstance(given, str) else dict(given or {})
    if not credential.get("access_token"):
        raise BadInput(
            "Akun ini perlu kredensial: tempelkan token akses dari platform.",
            Problem("credential", "access_token wajib diisi"),
        )
    if sum(map(len, credential.values())) > MAX_CREDENTIAL:
        raise BadInput(
            "Kredensial terlalu panjang; periksa apa yang ditempel.", Problem("credential", "terlalu panjang")
        )
    return credential


def practice_credential(platform: str, handle: str) -> dict[str, str]:
    """What the simulator takes for this account; it is no secret and opens nothing else."""
    return {"access_token": f"sim_{platform}_{handle}"}


def read_base_url(text: str, *, allowed: bool, allow_private: bool = False) -> str:
    """Where the platform listens, for platforms of many servers; raises BadInput."""
    if not text:
        return ""
    if not allowed:
        raise BadInput("Platform ini tidak memakai alamat peladen sendiri.", Problem("base_url", "kosongkan"))
    if "?" in text:
        raise BadInput("Alamat peladen harus seperti https://contoh.id.", Problem("base_url", "https://..."))
    return read_public_url(text, field="base_url", allow_private=allow_private)


def read_state(text: str) -> State:
    """A state a person may ask for; raises BadInput."""
    if text not in {State.CONNECTED, State.PAUSED}:
        raise BadInput(
            "Keadaan akun hanya dapat diubah ke connected atau paused.", Problem("state", "connected atau paused")
        )
    return State(text)


CHECK_EVERY = timedelta(hours=24)
RENEW_EVERY = timedelta(days=7)
"""A token of weeks is renewed weekly: a month without a worker then costs nothing."""
RENEW_BEFORE = timedelta(minutes=30)
LONG_LIFE = timedelta(days=8)
WARN_BEFORE = (timedelta(days=7), timedelta(days=1))


def first_check(*, now: datetime, environment: Environment, token_ends_at: datetime | None) -> datetime | None:
    """When a worker first looks after a new credential: soon where it is real, never where it cannot end."""
    if environment is Environment.LIVE:
        return now
    return None if token_ends_at is None else now + CHECK_EVERY


def next_check(*, now: datetime, environment: str, token_ends_at: datetime | None) -> datetime | None:
    if environment == Environment.MANUAL or (environment == Environment.PRACTICE and token_ends_at is None):
        return None
    return now + CHECK_EVERY


def needs_renewal(*, now: datetime, token_ends_at: datetime | None, renewed_at: datetime | None) -> bool:
    """Short-lived tokens when they are about to end, long-lived ones weekly; never sooner: some are good once only."""
    if token_ends_at is None:
        return False
    left = token_ends_at - now
    return left <= RENEW_BEFORE or (left > LONG_LIFE and (renewed_at is None or now - renewed_at >= RENEW_EVERY))


def should_warn(*, now: datetime, expires_at: datetime | None, warned_at: datetime | None) -> bool:
    """Once a week before only a person can help, and once more on the last day."""
    if expires_at is None:
        return False
    return any(
        now >= expires_at - span and (warned_at is None or warned_at < expires_at - span) for span in WARN_BEFORE
    )


_CERTAIN = ("/458", "/459", "/460", "/464")
"""Meta's subcodes for one account: app removed, checkpoint, password changed, not confirmed (developers.facebook.com)."""


def may_be_outage(error: PublishError | None) -> bool:
    """Refused with a bare "not you": the credential may be dead, or the platform out (X, 30 June 2026: 401 for everybody)."""
    if not isinstance(error, NeedsReconnect) or error.code.endswith(_CERTAIN):
        return False
    return error.http_status == 401 or error.code.partition("/")[0] in {"102", "190"}


def must_be_open(state: str) -> None:
    if state == State.CLOSED:
        raise Conflict("Akun ini sudah ditutup. Sambungkan lagi sebagai akun baru dengan nama akun yang sama.")


def must_be_safe(wanted: State | None, *, hacked_at: datetime | None) -> None:
    """Raises Conflict where an account that is still marked as hacked would speak again by a side door."""
    if wanted is State.CONNECTED and hacked_at is not None:
        raise Conflict("Akun ini ditandai diretas. Buka halaman pemulihannya, lalu tekan Akun sudah aman.")


def after_edit(state: str, *, wanted: State | None, has_new_credential: bool) -> State:
    """A new credential mends a broken channel but never wakes one that a person has paused."""
    if wanted is not None:
        return wanted
    if has_new_credential and state == State.NEEDS_RECONNECT:
        return State.CONNECTED
    return State(state)


def after_check(state: str, *, works: bool) -> State:
    """What the platform's answer makes of the state; a pause outlives a good answer."""
    if not works:
        return State.NEEDS_RECONNECT
    return State.CONNECTED if state == State.NEEDS_RECONNECT else State(state)
