"""What a channel may be called, what proves it, and which state may follow which; pure."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum

from app.kit.addresses import read_public_url
from app.kit.errors import BadInput, Conflict, Problem

_HANDLE = re.compile(r"[A-Za-z0-9._-]{1,60}")
MAX_CREDENTIAL = 8000
"""Characters of all values together; the longest tokens in use are some hundreds."""


class Environment(StrEnum):
    LIVE = "live"
    PRACTICE = "practice"  # the simulator
    MANUAL = "manual"  # hand-off to a person


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


def read_handle(text: str) -> str:
    """Without the @ people like to type; raises BadInput."""
    handle = text.strip().removeprefix("@")
    if not _HANDLE.fullmatch(handle):
        raise BadInput(
            "Nama akun hanya boleh berisi huruf, angka, titik, garis bawah dan tanda hubung, 1 sampai 60 huruf.",
            Problem("handle", "huruf, angka, titik, _ dan -; 1 sampai 60"),
        )
    return handle


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


def must_be_open(state: str) -> None:
    if state == State.CLOSED:
        raise Conflict("Akun ini sudah ditutup. Sambungkan lagi sebagai akun baru dengan nama akun yang sama.")


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
