"""What platforms tell us of their own accord: whether it is really them, and about which account or post; pure.

Nothing is believed: it only says whom to ask again soon. So it may come twice, late, out of order or not at all.
Sources: Meta "Webhooks: Getting started" (signature X-Hub-Signature-256 over the raw body) and "Webhooks for Pages"
(field `feed`); TikTok for Developers "Webhooks" and "Webhook verification" (all read November 2026).
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.platforms.answer import find_at, find_id

META = ("facebook", "instagram", "threads")
TIKTOK = "tiktok"
LONGEST = 1_000_000
"""Bytes; Meta bundles up to a thousand changes."""
_POSTS = {"status", "post", "photo", "video", "share", "album", "story"}
"""What of `feed` is a post; reactions and comments come by the thousand, and are read on schedule."""
_DEAD = {"authorization.removed"}


@dataclass(frozen=True)
class News:
    """Something happened to this account, or to one post of it. `remote_id` empty: to the account itself."""

    account_id: str
    remote_id: str = ""


def is_genuine(platform: str, secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Signed with our app's secret, which only the platform and we know; `headers` by their small names."""
    if not secret:
        return False
    if platform in META:
        scheme, _, given = headers.get("x-hub-signature-256", "").partition("=")
        return scheme == "sha256" and _fits(secret, body, given)
    if platform == TIKTOK:
        parts = dict(part.strip().partition("=")[::2] for part in headers.get("tiktok-signature", "").split(","))
        return _fits(secret, parts.get("t", "").encode() + b"." + body, parts.get("s", ""))
    return False


def _fits(secret: str, signed: bytes, given: str) -> bool:
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), given.encode())


def read(platform: str, body: bytes) -> list[News]:
    """What of it concerns our accounts and posts, each once; what cannot be read says nothing."""
    try:
        told = json.loads(body)
    except ValueError:
        return []
    found = _read_meta(told) if platform in META else _read_tiktok(told)
    return list(dict.fromkeys(found))


def _read_meta(told: Any) -> Iterator[News]:
    for entry in _list(find_at(told, "entry")):
        account_id = find_id(find_at(entry, "id"))
        for change in _list(find_at(entry, "changes")):
            value = find_at(change, "value")
            remote_id = find_id(find_at(value, "post_id"))
            if account_id and remote_id and find_at(value, "item") in _POSTS:
                yield News(account_id, remote_id)


def _read_tiktok(told: Any) -> Iterator[News]:
    account_id, event = find_id(find_at(told, "user_openid")), str(find_at(told, "event") or "")
    if not account_id:
        return
    if event in _DEAD:
        yield News(account_id)
        return
    try:
        content = json.loads(str(find_at(told, "content") or "{}"))
    except ValueError:
        return
    for name in ("publish_id", "post_id"):
        if remote_id := find_id(find_at(content, name)):
            yield News(account_id, remote_id)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
