"""Kota Bogor on an installation of real processes, one broadcast to all its units, and the ledger that judges it."""

import sys
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from tests.support.processes import Installation

UNITS, PLATFORMS = 74, ("x", "facebook", "instagram")
SPEED = 12.0


def say(sentence: str) -> None:
    """For whoever runs a deep test with -s."""
    sys.stdout.write(f"\n{sentence}\n")


class City:
    """Kota Bogor on an installation, with one broadcast to all its units."""

    def __init__(self, here: Installation) -> None:
        self.here = here
        self.token = next(
            line for line in here.run("load", "practice").splitlines() if line.startswith("token:")
        ).split()[1]
        self.broadcast: dict[str, Any] = {}

    async def open(self, *workers: str) -> None:
        for name in ("simulator", "redis", "web", *workers):
            self.here.start(name)
        await self.here.wait_for_simulator()
        await self.here.wait_for_web()

    async def send(self, *, stagger_minutes: int, platforms: tuple[str, ...] = PLATFORMS) -> None:
        """A text that names each unit, due half a minute of the installation's time from now."""
        clock = await self.here.get(f"{self.here.simulator}/_sim/clock")
        at = datetime.fromisoformat(clock["now"]) + timedelta(seconds=30)
        templates = (await self.here.get(f"{self.here.web}/api/v1/templates?limit=100", self.token))["data"]
        wanted = next(template for template in templates if template["key"] == "saring-hoaks")
        body = {
            "template_id": wanted["id"], "select": {"kinds": ["ppk", "pps"]}, "platforms": list(platforms), "lang": "id",
            "timing": {"at": at.isoformat()}, "stagger_minutes": stagger_minutes, "environment": "practice",
        }  # fmt: skip
        self.broadcast = await self.here.post(f"{self.here.web}/api/v1/broadcasts", body, self.token)
        assert self.broadcast["deliveries"] == UNITS * len(platforms)
        assert self.broadcast["problems"] == []

    async def states(self) -> dict[str, int]:
        found: dict[str, int] = (
            await self.here.get(f"{self.here.web}/api/v1/broadcasts/{self.broadcast['id']}", self.token)
        )["by_state"]
        return found

    async def all_published(self) -> bool:
        return await self.states() == {"published": self.broadcast["deliveries"]}

    async def is_through(self) -> bool:
        """Like `all_published`, while the web process or its database may be away."""
        try:
            return await self.all_published()
        except (aiohttp.ClientError, KeyError, OSError, TimeoutError):
            return False

    async def is_ready(self) -> bool:
        return await self.here.answers(f"{self.here.web}/readyz")

    async def report(self, *faults: str) -> None:
        """The judgement, and what was held against it, for whoever runs the deep tests."""
        await self.assert_each_exactly_once()
        say(f"{self.broadcast['deliveries']} deliveries; {'; '.join(faults)}: none lost, none twice")

    async def duplicates(self) -> int:
        ledger = await self.here.ledger()
        return len(ledger) - len({(post["platform"], post["account"]) for post in ledger})

    async def assert_each_exactly_once(self) -> None:
        """One post per unit and channel on the ledger, and every text names its own place."""
        ledger = await self.here.ledger()
        counted = Counter((post["platform"], post["account"]) for post in ledger)
        assert await self.duplicates() == 0
        assert len(counted) == self.broadcast["deliveries"]
        assert len({post["text"] for post in ledger if post["platform"] == "x"}) == UNITS

    async def has_posts(self, count: int) -> bool:
        return len(await self.here.ledger()) >= count

    async def redis_is_back(self) -> bool:
        ready = await self.here.get(f"{self.here.web}/readyz")
        return bool(ready["parts"]["redis"]["ok"])
