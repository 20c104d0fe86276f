"""Numbers read from a simulated platform over days, as the schedule asks for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests

from app.bootstrap import Kentongan
from app.engagement.service import ChannelNumbers
from app.posts.rules import Timing
from app.posts.service import PostInput
from app.publishing.models import Delivery
from app.publishing.read_store import Filter
from tests.conftest import NOW
from tests.support.cast import Cast, id_of, make_cast
from tests.support.databases import fresh_database
from tests.support.house import (
    add_channels,
    add_template,
    moved,
    open_house,
    publish_until,
    serving_simulator,
    settings_for,
    ticking_from,
)

PLATFORMS = ("x", "facebook")


@dataclass
class Town:
    """A database and a simulator's ledger, to be visited at any moment."""

    folder: Path
    url: str
    cast: Cast | None = None
    post: int = 0
    simulator: str = ""

    @asynccontextmanager
    async def at(self, age: timedelta) -> AsyncIterator[Kentongan]:
        """The house and the platforms so long after the beginning."""
        clock = ticking_from(NOW + age)
        with serving_simulator(self.folder / "simulator", clock=clock) as self.simulator:
            settings = moved(settings_for(self.folder, self.url), simulator_url=self.simulator)
            async with open_house(settings, clock) as house:
                yield house

    def fault(self, kind: str, platform: str = "*", **more: object) -> None:
        order = {"platform": platform, "kind": kind, **more}
        assert requests.post(f"{self.simulator}/_sim/faults", json=order, timeout=5).status_code == 201

    async def numbers(self, house: Kentongan) -> dict[str, ChannelNumbers]:
        assert self.cast is not None
        found = await house.engagement.of_post(self.cast.sari, self.post)
        return {one.platform: one for one in found}

    async def next_reads(self, house: Kentongan) -> dict[str, timedelta | None]:
        """Per platform, the age at which its numbers are read next."""
        assert self.cast is not None
        page = await house.publishing.list(self.cast.dewi, Filter(), limit=50)
        async with house.db.read() as session:
            rows = [await session.get_one(Delivery, view.id) for view in page.rows]
        return {row.platform: _age(row.metrics_at, row.published_at) for row in rows}

    async def settle(self, age: timedelta) -> None:
        """Visit at `age` and read what is due."""
        async with self.at(age) as house:
            await house.engagement.collect()


def _age(then: datetime | None, published_at: datetime | None) -> timedelta | None:
    return None if then is None or published_at is None else then - published_at


on_both = pytest.mark.parametrize("town", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    """One post of PPS Cilendek Barat, out on X and Facebook since a moment ago; on SQLite unless asked otherwise."""
    with fresh_database(request, getattr(request, "param", "sqlite"), tmp_path) as url:
        town = Town(tmp_path, url)
        async with town.at(timedelta()) as house:
            cast = town.cast = await make_cast(house.db, house.clock.now())
            await add_channels(house, [cast.cilendek], PLATFORMS)
            template = await add_template(house, cast, "Halo warga {{ wilayah }}.")
            at = Timing(at=house.clock.now())
            post = await house.posts.create(cast.sari, PostInput(id_of(cast.cilendek), template_id=template, timing=at))
            town.post = post.id

            async def is_out() -> bool:
                fresh = await house.posts.get(cast.sari, post.id)
                return {delivery.state for delivery in fresh.deliveries} == {"published"}

            await publish_until(house, is_out, "published on both platforms")
            assert await house.engagement.collect() == 0
            assert await town.next_reads(house) == dict.fromkeys(PLATFORMS, timedelta(seconds=10))
        yield town


M, H, D = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@on_both
async def test_numbers_grow_and_every_reading_is_kept(town: Town) -> None:
    for age in (M / 2, 2 * M, 2 * H):
        await town.settle(age)
    async with town.at(2 * H) as house:
        found = await town.numbers(house)
        assert await town.next_reads(house) == dict.fromkeys(PLATFORMS, D)
    for one in found.values():
        views = [snapshot.views or 0 for snapshot in one.history]
        assert len(views) == 3
        assert views == sorted(views)
        assert one.numbers["views"] == views[-1] > 0
    assert found["x"].numbers["reach"] is None, "X tells nobody how many people it reached"
    assert found["facebook"].numbers["reach"] is not None


@on_both
async def test_after_a_long_sleep_numbers_are_read_once_and_the_plan_goes_on(town: Town) -> None:
    async with town.at(4 * D) as house:
        assert await house.engagement.collect() == 2
        assert await house.engagement.collect() == 0
        assert {len(one.history) for one in (await town.numbers(house)).values()} == {1}
        assert await town.next_reads(house) == dict.fromkeys(PLATFORMS, 7 * D)
    async with town.at(31 * D) as house:
        assert await house.engagement.collect() == 2
        assert await town.next_reads(house) == dict.fromkeys(PLATFORMS)


async def test_numbers_that_fall_are_kept_as_they_fell(town: Town) -> None:
    await town.settle(2 * H)
    async with town.at(2 * D) as house:
        before = await town.numbers(house)
        town.fault("metrics_fall", percent=90)
        await house.engagement.collect()
        after = await town.numbers(house)
    for platform in PLATFORMS:
        first, second = (snapshot.views or 0 for snapshot in after[platform].history)
        assert first == before[platform].numbers["views"]
        assert after[platform].numbers["views"] == second < first


async def test_a_post_that_is_gone_keeps_its_last_numbers_and_is_asked_no_more(town: Town) -> None:
    await town.settle(2 * H)
    async with town.at(2 * D) as house:
        page = await house.publishing.list(town.cast.dewi, Filter(platform="facebook"), limit=5)  # type: ignore[union-attr]
        town.fault("post_deleted", "facebook", remote_id=page.rows[0].remote_id)
        await house.engagement.collect()
        gone = (await town.numbers(house))["facebook"]
        assert (gone.gone, len(gone.history)) == (True, 1)
        assert gone.numbers["views"] == gone.history[0].views
        assert (await town.next_reads(house))["facebook"] is None
        rows = (await house.engagement.grouped(town.cast.dewi, group_by="platform"))[1]  # type: ignore[union-attr]
        assert {row.key: row.views for row in rows}["facebook"] == gone.numbers["views"]


async def test_one_platform_that_is_busy_does_not_hold_up_the_other(town: Town) -> None:
    async with town.at(2 * H) as house:
        town.fault("rate_limited", "facebook", operation="any", seconds=600)
        assert await house.engagement.collect() == 2
        found, ahead = await town.numbers(house), await town.next_reads(house)
        assert (len(found["x"].history), len(found["facebook"].history)) == (1, 0)
        assert ahead["x"] == D
        assert ahead["facebook"] is not None
        assert 2 * H < ahead["facebook"] < D
