"""The one list of platforms: name to adapter, and what people call each."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from app.platforms import by_hand
from app.platforms.bluesky.adapter import BlueskyAdapter
from app.platforms.bluesky.connect import BlueskyConnector
from app.platforms.connecting import Connector
from app.platforms.contract import Adapter
from app.platforms.facebook.adapter import FacebookAdapter
from app.platforms.facebook.connect import FacebookConnector
from app.platforms.instagram.adapter import InstagramAdapter
from app.platforms.instagram.connect import InstagramConnector
from app.platforms.mastodon.adapter import MastodonAdapter
from app.platforms.mastodon.connect import MastodonConnector
from app.platforms.telegram.adapter import TelegramAdapter
from app.platforms.telegram.connect import TelegramConnector
from app.platforms.threads.adapter import ThreadsAdapter
from app.platforms.threads.connect import ThreadsConnector
from app.platforms.tiktok.adapter import TikTokAdapter
from app.platforms.tiktok.connect import TikTokConnector
from app.platforms.x.adapter import XAdapter
from app.platforms.x.connect import XConnector
from app.platforms.youtube.adapter import YouTubeAdapter
from app.platforms.youtube.connect import YouTubeConnector


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
    TikTokAdapter,
    YouTubeAdapter,
)

PLATFORMS: tuple[str, ...] = tuple(kind.name for kind in _KINDS)
TITLES: dict[str, str] = {kind.name: kind.title for kind in _KINDS} | by_hand.MEDIA


def build_adapters(*, timeout: float, now: Callable[[], datetime]) -> dict[str, Adapter]:
    """`timeout` is in real seconds; `now` is the installation's clock, to compare platforms' reset times with."""
    return {kind.name: kind(timeout=timeout, now=now) for kind in _KINDS}


def build_by_hand() -> dict[str, Adapter]:
    """Media that only people publish to, told and counted like platforms."""
    return {kind.name: kind() for kind in by_hand.KINDS}


class _Way(Protocol):
    """A connector's class, built like an adapter's."""

    @property
    def name(self) -> str: ...

    def __call__(self, *, timeout: float, now: Callable[[], datetime]) -> Connector: ...


_WAYS: tuple[_Way, ...] = (
    XConnector,
    FacebookConnector,
    InstagramConnector,
    ThreadsConnector,
    TelegramConnector,
    BlueskyConnector,
    MastodonConnector,
    TikTokConnector,
    YouTubeConnector,
)


def build_connectors(*, timeout: float, now: Callable[[], datetime]) -> dict[str, Connector]:
    """The ways into the platforms that this version can publish to."""
    return {way.name: way(timeout=timeout, now=now) for way in _WAYS if way.name in PLATFORMS}
