"""Knows how a practice token and an account's number follow from platform and handle alone."""

import hashlib
import re
from dataclasses import dataclass

_TOKEN = re.compile(r"sim_([a-z]+)_([\w.\-]{1,100})")
_INSTAGRAM_PREFIX = "1784"


@dataclass(frozen=True, slots=True)
class Account:
    platform: str
    handle: str
    id: str

    @property
    def name(self) -> str:
        return re.sub(r"[._\-]+", " ", self.handle).strip().title() or self.handle


def account_id(platform: str, handle: str) -> str:
    """15 digits (Facebook, X), or 17 starting with 1784 (Instagram): the shapes the real platforms give."""
    number = int.from_bytes(hashlib.sha256(f"{platform}:{handle}".encode()).digest()[:8], "big")
    if platform == "instagram":
        return f"{_INSTAGRAM_PREFIX}{number % 10**13:013d}"
    return str(10**14 + number % (9 * 10**14))


def practice_token(platform: str, handle: str) -> str:
    return f"sim_{platform}_{handle}"


def read_token(platform: str, token: str) -> Account | None:
    """The account a practice token stands for; None for any other token."""
    match = _TOKEN.fullmatch(token)
    if match is None or match[1] != platform:
        return None
    return Account(platform=platform, handle=match[2], id=account_id(platform, match[2]))
