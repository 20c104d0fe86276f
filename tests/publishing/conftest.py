"""A town on the simulator whose clock runs fast, so that a look 90 seconds later comes within three."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
import requests

from app.bootstrap import Kentongan
from app.channels.models import Channel
from app.main import create_app
from app.posts.rules import Timing
from app.posts.service import PostInput
from app.publishing.read_store import Filter
from app.publishing.service import DeliveryView
from tests.conftest import NOW
from tests.support.cast import Cast, id_of
from tests.support.client import NOWHERE
from tests.support.databases import fresh_database
from tests.support.house import (  # fmt: skip
    add_template,
    cast_house,
    channels_of,
    moved,
    serving,
    settings_for,
    ticking_from,
    wipe,
)

SPEED = 30.0
PLATFORMS = ("x", "facebook", "instagram")


@dataclass
class Town:
    house: Kentongan
    cast: Cast
    simulator: str
    template: int

    def fault(self, kind: str, platform: str = "*", **more: object) -> None:
        order = {"platform": platform, "kind": kind, **more}
        assert requests.post(f"{self.simulator}/_sim/faults", json=order, timeout=30).status_code == 201

    def mend(self) -> None:
        assert requests.delete(f"{self.simulator}/_sim/faults", timeout=30).status_code < 300

    def reset(self) -> None:
        assert requests.post(f"{self.simulator}/_sim/reset", timeout=30).status_code < 300

    def ledger(self, platform: str = "") -> list[dict[str, object]]:
        found: list[dict[str, object]] = requests.get(
            f"{self.simulator}/_sim/posts", {"platform": platform}, timeout=30
        ).json()
        return found

    async def post(
        self, platforms: Sequence[str] = PLATFORMS, *, later: float = 0.0, valid: float | None = None
    ) -> int:
        """Sari's untouched template, due `later` seconds from now, good for `valid` seconds."""
        channels = await channels_of(self.house, self.cast, self.cast.cilendek)
        at = self.house.clock.now() + timedelta(seconds=later)
        wanted = PostInput(
            id_of(self.cast.cilendek), template_id=self.template, channels=[channels[name].id or 0 for name in platforms],
            timing=Timing(at=at), valid_until=at + timedelta(seconds=valid) if valid else None,
        )  # fmt: skip
        return (await self.house.posts.create(self.cast.sari, wanted)).id

    async def channel(self, platform: str) -> Channel:
        return (await channels_of(self.house, self.cast, self.cast.cilendek))[platform]

    async def deliveries(self, *post_ids: int) -> list[DeliveryView]:
        wanted = Filter(post_ids=post_ids)
        return list((await self.house.publishing.list(self.cast.rina, wanted, limit=200, with_attempts=True)).rows)

    async def one(self, post_id: int) -> DeliveryView:
        return (await self.deliveries(post_id))[0]

    async def is_in(self, state: str, *post_ids: int) -> bool:
        return {delivery.state for delivery in await self.deliveries(*post_ids)} == {state}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder, clock = tmp_path_factory.mktemp("town"), ticking_from(NOW, speed=SPEED)
    with fresh_database(request, request.param, folder) as url:
        plain = moved(settings_for(folder, url), clock=clock, send_timeout=2.0, silent_after=1.5)
        with serving(lambda address: create_app(moved(plain, base_url=address), redis_url=NOWHERE)) as address:
            async with cast_house(moved(plain, base_url=address), clock) as (house, cast):
                yield Town(
                    house,
                    cast,
                    f"{address}/simulator",
                    await add_template(house, cast, "Halo {{ wilayah }}, dari {{ nama_unit }}."),
                )


@pytest.fixture
async def town(shared: Town) -> AsyncIterator[Town]:
    yield shared
    await wipe(shared.house)
    shared.reset()
