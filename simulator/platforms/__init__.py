"""The registry: one line a platform."""

from simulator.platforms import bluesky, facebook, instagram, mastodon, telegram, threads, tiktok, x, youtube
from simulator.visit import Platform

PLATFORMS: dict[str, Platform] = {
    platform.name: platform
    for platform in (
        x.PLATFORM,
        facebook.PLATFORM,
        instagram.PLATFORM,
        threads.PLATFORM,
        telegram.PLATFORM,
        bluesky.PLATFORM,
        mastodon.PLATFORM,
        tiktok.PLATFORM,
        youtube.PLATFORM,
    )
}
