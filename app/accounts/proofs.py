"""What proves who somebody is: which passwords are good, how six digits are read, what recovery codes look like. No database."""

import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache

import pyotp
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.kit.errors import BadInput, Problem, Unauthenticated

SHORTEST, LONGEST = 12, 128
"""Characters. NIST SP 800-63B-4 and OWASP ASVS 5 ask for 8 with a second factor; long ones for all."""
SUDO_LASTS = timedelta(minutes=15)
STEP_LASTS = timedelta(minutes=10)
MOST_TRIES = 5
"""Wrong digits of one log-in before it starts again; six digits are few."""
CODES = 10
_CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_STEP_S = 30

# OWASP's smallest Argon2id: about 76 ms and 19 MiB; pwdlib's own default took 620 ms and 64 MiB, too much for a hall at once.
_HASHES = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))

_COMMON = frozenset(
    [
        "password1234",
        "passwordpassword",
        "123456789012",
        "1234567890123",
        "qwertyuiop12",
        "qwertyuiopas",
        "admin1234567",
        "kentongan1234",
        "indonesia1945",
        "rahasia12345",
        "bismillah123",
        "sayangku1234",
        "katasandi123",
        "kpukotabogor1",
        "pilkada202412",
        "pemilu202412",
    ]
)


class Way(StrEnum):
    """How somebody came in."""

    LINK = "link"
    PASSWORD = "password"  # noqa: S105 - a word, not a secret
    TOTP = "totp"
    RECOVERY = "recovery"
    PASSKEY = "passkey"


class Kind(StrEnum):
    TOTP = "totp"
    PASSKEY = "passkey"


class Wrong(Unauthenticated):
    """Somebody tried and it was wrong; the sentence never says which part, or whether there is such a person."""

    kind = "wrong-proof"


@dataclass(frozen=True)
class Entered:
    """In: the secret of a new session."""

    session: str


@dataclass(frozen=True)
class HalfWay:
    """The first proof was right; `step` is the secret under which the second is given."""

    step: str


def read_password(text: str, *, email: str, name: str) -> str:
    """The password as it is hashed; raises BadInput saying what would be better, never quoting it."""
    password = unicodedata.normalize("NFKC", text)
    plain = password.casefold()
    own = [part for part in (email.partition("@")[0].casefold(), *name.casefold().split()) if len(part) >= 4]
    if not SHORTEST <= len(password) <= LONGEST:
        raise _weak(f"paling sedikit {SHORTEST} huruf, paling banyak {LONGEST}; kalimat pendek paling mudah diingat")
    if "\x00" in password or len(set(plain)) < 5 or plain in _COMMON or plain in plain[1:] + plain[:-1]:
        raise _weak("terlalu mudah ditebak; pakai beberapa kata yang tidak berhubungan")
    if any(len(plain.replace(part, "")) < SHORTEST // 2 for part in own):
        raise _weak("jangan memakai nama atau surel sendiri")
    return password


def hash_password(password: str) -> str:
    return _HASHES.hash(password)


def is_password(text: str, known: str | None) -> bool:
    """Takes as long where there is none (`known` None)."""
    password = unicodedata.normalize("NFKC", text)[: 4 * LONGEST]
    return _HASHES.verify(password, known or _nobodys()) and known is not None


@cache
def _nobodys() -> str:
    """What a password of an unknown person is compared with, so that the answer takes as long as for a known one.

    Made when first asked for: a hash costs a process 76 ms and 19 MiB, and most never check a password.
    """
    return _HASHES.hash(secrets.token_urlsafe(16))


def new_totp() -> str:
    return pyotp.random_base32()


def totp_address(secret: str, *, person: str, issuer: str) -> str:
    """What an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name=issuer)


def totp_step(secret: str, digits: str, *, unix: float, after: int) -> int | None:
    """The half minute that these digits belong to, if it is now or a neighbour and later than `after`; else None."""
    given, now = "".join(digits.split()), int(unix) // _STEP_S
    code = pyotp.TOTP(secret)
    for step in (now, now - 1, now + 1):
        if step > after and hmac.compare_digest(code.generate_otp(step).encode(), given.encode()):
            return step
    return None


def new_codes() -> Sequence[str]:
    """Ten codes such as `K7QD-2M9X-PA4T`: 58 bits each, without letters that look alike."""
    return tuple(
        "-".join("".join(secrets.choice(_CODE_LETTERS) for _ in range(4)) for _ in range(3)) for _ in range(CODES)
    )


def tidy_code(text: str) -> str:
    """As typed: without strokes and blanks, in capitals."""
    return "".join(letter for letter in text.upper() if letter.isalnum())


def is_code(text: str) -> bool:
    return len(tidy_code(text)) == 12


def _weak(why: str) -> BadInput:
    return BadInput(f"Kata sandi belum baik: {why}.", Problem("password", why))
