"""Knows how platforms tell an app something of their own accord: Facebook's `feed` changes, TikTok's publish events.

Shapes from spec: Meta "Webhooks for Pages", TikTok "Webhooks". Faults make it tell twice, out of order, or with a bad signature.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import aiohttp

from simulator.clock import Clock
from simulator.faults import Faults
from simulator.ledger import Ledger, Post, Thing

PLATFORMS = ("facebook", "tiktok")
_PATIENCE_S, _HELD_BACK_S = 5.0, 0.3
"""Real seconds: for the app's answer; how much later an event comes that lost its place."""
_VERBS = {"added": "add", "edited": "edited", "removed": "remove"}


class Newsroom:
    """Sends to whoever has subscribed; what nobody takes is dropped (the real ones try again for a day or three)."""

    def __init__(self, ledger: Ledger, clock: Clock, faults: Faults) -> None:
        self._ledger, self._clock, self._faults = ledger, clock, faults
        self._tasks: set[asyncio.Task[None]] = set()
        ledger.listeners.append(self.on_post)

    def subscribe(self, platform: str, url: str, secret: str) -> None:
        body = {"url": url, "secret": secret}
        self._ledger.put_thing(platform, Thing(f"subscriber:{platform}", "subscriber", "", body, self._clock.now()))

    def on_post(self, what: str, post: Post) -> None:
        """`what`: added, edited or removed."""
        if post.platform not in PLATFORMS:
            return
        make: Callable[[str, Post, float], dict[str, Any] | None] = (
            _facebook if post.platform == "facebook" else _tiktok
        )
        told = make(what, post, self._clock.now())
        if told is not None:
            self.tell(post.platform, post.account, told)

    def on_consent_ended(self, platform: str, account_id: str, handle: str) -> None:
        if platform == "tiktok":
            told = _event("authorization.removed", account_id, {"reason": 1}, self._clock.now())
            self.tell(platform, handle, told)

    def tell(self, platform: str, handle: str, told: dict[str, Any]) -> None:
        subscriber = self._ledger.find_thing(platform, f"subscriber:{platform}", ("subscriber",))
        if subscriber is None:
            return
        struck = {
            fault.kind
            for fault in self._faults.concerning(platform, handle)
            if fault.kind.startswith("news_") and self._faults.strikes(fault)
        }
        task = asyncio.get_running_loop().create_task(self._send(platform, subscriber.body, told, struck))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, platform: str, to: dict[str, Any], told: dict[str, Any], struck: set[str]) -> None:
        body = json.dumps(told, separators=(",", ":")).encode()
        secret = "bukan rahasia kita" if "news_forged" in struck else str(to["secret"])
        headers = _signed(platform, secret, body, self._clock.now())
        if "news_disordered" in struck:
            await asyncio.sleep(_HELD_BACK_S)
        for _ in range(2 if "news_twice" in struck else 1):
            self._ledger.count_request(platform, "news", await _post(str(to["url"]), body, headers))


async def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The app's answer; 0: none."""
    timeout = aiohttp.ClientTimeout(total=_PATIENCE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as web,
            web.post(url, data=body, headers=headers) as answer,
        ):
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return 0


def _signed(platform: str, secret: str, body: bytes, now: float) -> dict[str, str]:
    key, kind = secret.encode(), {"content-type": "application/json"}
    if platform == "facebook":
        return kind | {"X-Hub-Signature-256": f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"}
    stamp = str(int(now))
    signature = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return kind | {"TikTok-Signature": f"t={stamp},s={signature}"}


def _facebook(what: str, post: Post, now: float) -> dict[str, Any]:
    value = {
        "from": {"id": post.account_id, "name": post.account}, "item": "photo" if post.media else "status",
        "post_id": post.remote_id, "verb": _VERBS[what], "created_time": int(post.created_at), "published": 1,
        "message": post.text,
    }  # fmt: skip
    changes = [{"field": "feed", "value": value}]
    return {"object": "page", "entry": [{"id": post.account_id, "time": int(now), "changes": changes}]}


def _tiktok(what: str, post: Post, now: float) -> dict[str, Any] | None:
    """`publicly_available` once moderation has let it through; TikTok tells nothing of a deleted one."""
    if what != "added":
        return None
    content = {"publish_id": post.extra.get("publish_id", ""), "publish_type": "DIRECT_PUBLISH"}
    if not post.public:
        return _event("post.publish.inbox_delivered", post.account_id, content, now)
    return _event("post.publish.publicly_available", post.account_id, content | {"post_id": post.remote_id}, now)


def _event(name: str, account_id: str, content: dict[str, Any], now: float) -> dict[str, Any]:
    """The content is JSON within a string."""
    return {
        "client_key": "kentongan-latihan", "event": name, "create_time": int(now), "user_openid": account_id,
        "content": json.dumps(content),
    }  # fmt: skip
