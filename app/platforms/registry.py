"""The one list of platforms: name to adapter, and what people call each."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from app.platforms.bluesky.adapter import BlueskyAdapter
from app.platforms.contract import Adapter
from app.platforms.facebook.adapter import FacebookAdapter
from app.platforms.instagram.adapter import InstagramAdapter
from app.platforms.mastodon.adapter import MastodonAdapter
from app.platforms.telegram.adapter import TelegramAdapter
from app.platforms.threads.adapter import ThreadsAdapter
from app.platforms.x.adapter import XAdapter


class _Kind(Protocol):
    """An adapter's class: `timeout` in real seconds; `now` is the clock to compare platforms' reset times with."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def __call__(self, *, timeout: float, now: Callable[[], datetime]) -> Adapter: ...


_KINDS: tuple[_Kind, ...] = (
    XAdapter,
    FacebookAdapter,
    InstagramAdapter,
    ThreadsAdapter,
    TelegramAdapter,
    BlueskyAdapter,
    MastodonAdapter,
)

PLATFORMS: tuple[str, ...] = tuple(kind.name for kind in _KINDS)
TITLES: dict[str, str] = {kind.name: kind.title for kind in _KINDS}


def build_adapters(*, timeout: float, now: Callable[[], datetime]) -> dict[str, Adapter]:
    """`timeout` is in real seconds; `now` is the installation's clock, to compare platforms' reset times with."""
    return {kind.name: kind(timeout=timeout, now=now) for kind in _KINDS}
