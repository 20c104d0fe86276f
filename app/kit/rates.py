"""How often somebody came: counted for all processes in Redis while it answers, in this process while it does not."""

import time
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.errors import StorageError

from app.kit.logs import logger

log = logger("rates")

_ANSWER_WITHIN = 0.25
_ASK_AGAIN_AFTER = 10.0
"""Real seconds without Redis before it is tried again: a request must not wait for what was away a moment ago."""
_PREFIX = "kentongan:rates"


@dataclass(frozen=True)
class Quota:
    """`amount` times in each window of `seconds`; an amount of 0 is no limit."""

    name: str
    amount: int
    seconds: int = 60


@dataclass(frozen=True)
class Standing:
    """Where somebody stands: `remaining` in this window, which ends in `reset` seconds."""

    quota: Quota
    is_within: bool
    remaining: int
    reset: int


class Rates:
    """`url`: `redis://...`, or `unix:///path` of the embedded server; anything else counts in this process alone."""

    def __init__(self, url: str = "") -> None:
        self._own = MemoryStorage()
        self._shared = _redis(url)
        self._away_until = 0.0

    async def hit(self, quota: Quota, who: str) -> Standing:
        """Counts one more of `who`; never fails because Redis is away."""
        if not quota.amount:
            return Standing(quota, True, 0, 0)
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                return await _count(self._shared, quota, who)
            except (StorageError, OSError) as error:
                self._away_until = time.monotonic() + _ASK_AGAIN_AFTER
                log.warning("rates_alone", error=type(error).__name__)
        return await _count(self._own, quota, who)

    async def peek(self, quota: Quota, who: str) -> Standing:
        """Where `who` stands, counting nothing: may they try once more?"""
        if not quota.amount:
            return Standing(quota, True, 0, 0)
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                return await _look(self._shared, quota, who)
            except (StorageError, OSError) as error:
                self._away_until = time.monotonic() + _ASK_AGAIN_AFTER
                log.warning("rates_alone", error=type(error).__name__)
        return await _look(self._own, quota, who)

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.bridge.get_connection().aclose()  # type: ignore[attr-defined]


def neighbourhood(host: str) -> str:
    """An address as one is counted: an IPv6 customer owns a whole /64 and may change within it as they like."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)


def _redis(url: str) -> RedisStorage | None:
    scheme, _, rest = url.partition("://")
    if scheme not in {"redis", "rediss", "unix"}:
        return None
    address = f"async+redis+unix://{rest}" if scheme == "unix" else f"async+{url}"
    patience = {"socket_timeout": _ANSWER_WITHIN, "socket_connect_timeout": _ANSWER_WITHIN}
    return RedisStorage(address, wrap_exceptions=True, implementation="redispy", key_prefix=_PREFIX, **patience)


async def _look(storage: Storage, quota: Quota, who: str) -> Standing:
    key = RateLimitItemPerSecond(quota.amount, quota.seconds, quota.name).key_for(who)
    count = await storage.get(key)
    reset = max(1, round(await storage.get_expiry(key) - time.time()))
    return Standing(quota, count < quota.amount, max(0, quota.amount - count), min(reset, quota.seconds))


async def _count(storage: Storage, quota: Quota, who: str) -> Standing:
    key = RateLimitItemPerSecond(quota.amount, quota.seconds, quota.name).key_for(who)
    count = await storage.incr(key, quota.seconds)
    reset = max(1, round(await storage.get_expiry(key) - time.time()))
    return Standing(quota, count <= quota.amount, max(0, quota.amount - count), min(reset, quota.seconds))
