"""The one list of platforms: name to adapter."""

from collections.abc import Callable
from datetime import datetime

from app.platforms.contract import Adapter
from app.platforms.facebook.adapter import FacebookAdapter
from app.platforms.instagram.adapter import InstagramAdapter
from app.platforms.x.adapter import XAdapter

_BUILDERS: dict[str, Callable[..., Adapter]] = {
    XAdapter.name: XAdapter,
    FacebookAdapter.name: FacebookAdapter,
    InstagramAdapter.name: InstagramAdapter,
}

PLATFORMS: tuple[str, ...] = tuple(_BUILDERS)


def build_adapters(*, timeout: float, now: Callable[[], datetime]) -> dict[str, Adapter]:
    """`timeout` is in real seconds; `now` is the installation's clock, to compare platforms' reset times with."""
    return {name: build(timeout=timeout, now=now) for name, build in _BUILDERS.items()}
