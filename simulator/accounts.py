"""Knows how a practice token and an account's number follow from platform and handle alone."""

import base64
import hashlib
import re
from dataclasses import dataclass

# After the tilde: the number of a token that came out of a consent, and may therefore end.
_TOKEN = re.compile(r"sim_([a-z]+)_([\w.\-]{1,100})(?:~([0-9a-f]{16}))?")


@dataclass(frozen=True, slots=True)
class Account:
    platform: str
    handle: str
    id: str
    token_id: str = ""

    @property
    def name(self) -> str:
        return re.sub(r"[._\-]+", " ", self.handle).strip().title() or self.handle


def account_id(platform: str, handle: str) -> str:
    """In the shape each real platform gives; 15 digits where nothing else is known (Facebook, X)."""
    digest = hashlib.sha256(f"{platform}:{handle}".encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    match platform:
        case "instagram":
            return f"1784{number % 10**13:013d}"
        case "threads":
            return f"2{number % 10**16:016d}"
        case "telegram":
            return f"-100{10**9 + number % (9 * 10**9)}"
        case "bluesky":
            return f"did:plc:{base64.b32encode(digest).decode().lower()[:24]}"
        case "mastodon":
            return f"11{number % 10**16:016d}"
        case "tiktok":
            return f"-000{base64.urlsafe_b64encode(digest).decode()[:32]}"
        case "youtube":
            return f"UC{base64.urlsafe_b64encode(digest).decode()[:22]}"
    return str(10**14 + number % (9 * 10**14))


def practice_token(platform: str, handle: str) -> str:
    return f"sim_{platform}_{handle}"


def read_token(platform: str, token: str) -> Account | None:
    """The account a practice token stands for; None for any other token."""
    match = _TOKEN.fullmatch(token)
    if match is None or match[1] != platform:
        return None
    return Account(platform=platform, handle=match[2], id=account_id(platform, match[2]), token_id=match[3] or "")
