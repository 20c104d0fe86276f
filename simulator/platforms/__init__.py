"""The registry: one line a platform."""

from simulator.platforms import facebook, instagram, x
from simulator.visit import Platform

PLATFORMS: dict[str, Platform] = {
    platform.name: platform for platform in (x.PLATFORM, facebook.PLATFORM, instagram.PLATFORM)
}
