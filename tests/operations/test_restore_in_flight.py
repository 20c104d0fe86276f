"""A database goes back in time while a worker runs and posts are already out: nothing is sent twice, nothing before the word."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from app.accounts.models import Unit
from app.bootstrap import Kentongan
from app.main import create_app
from app.operations.backup import backup, restore
from app.posts.rules import Timing
from app.posts.service import PostInput
from app.publishing.read_store import Filter
from tests.conftest import NOW
from tests.platforms.traits import TRAITS, WORDY
from tests.support.cast import Cast, id_of
from tests.support.client import NOWHERE
from tests.support.databases import fresh_database
from tests.support.house import (
    add_channels,
    add_template,
    cast_house,
    channels_of,
    moved,
    open_house,
    publish_until,
    publishing,
    serving,
    settings_for,
    ticking_from,
)
from tests.support.wait import wait_until

SPEED = 30.0


@dataclass
class Place:
    """A house with the cast, its simulator, and the file that the backup goes to."""

    house: Kentongan
    cast: Cast
    simulator: str
    template: int
    file: Path

    async def post(self, unit: Unit, platforms: Sequence[str], *, later: float) -> int:
        channels = await channels_of(self.house, self.cast, unit)
        timing = Timing(at=self.house.clock.now() + timedelta(seconds=later))
        wanted = PostInput(
            id_of(unit),
            template_id=self.template,
            channels=[channels[name].id or 0 for name in platforms],
            timing=timing,
        )
        return (await self.house.posts.create(self.cast.rina, wanted)).id

    async def states(self, post_id: int) -> dict[str, str]:
        page = await self.house.publishing.list(self.cast.rina, Filter(post_ids=[post_id]), limit=50)
        return {row.platform: str(row.state) for row in page.rows}

    def sent(self) -> Counter[tuple[str, str, str]]:
        ledger = requests.get(f"{self.simulator}/_sim/posts", timeout=5).json()
        return Counter((post["platform"], post["account"], post["text"]) for post in ledger)


@pytest.fixture(params=["sqlite", "postgres"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    clock = ticking_from(NOW, speed=SPEED)
    with fresh_database(request, request.param, tmp_path) as url:
        plain = moved(settings_for(tmp_path, url), clock=clock, send_timeout=2.0, silent_after=1.5)
        with serving(lambda address: create_app(moved(plain, base_url=address), redis_url=NOWHERE)) as address:
            async with cast_house(moved(plain, base_url=address), clock) as (house, cast):
                await add_channels(
                    house, [cast.cilendek], [name for name in WORDY if name not in ("x", "facebook", "instagram")]
                )
                template = await add_template(house, cast, "Halo {{ wilayah }}, dari {{ nama_unit }}.")
                yield Place(house, cast, f"{address}/simulator", template, tmp_path / "cadangan.zip")


@pytest.mark.deep
async def test_after_a_restore_nothing_is_sent_twice_and_nothing_before_the_operator_says_so(place: Place) -> None:
    house, cast = place.house, place.cast
    gone_out = await place.post(cast.cilendek, WORDY, later=30)
    still_to_come = await place.post(cast.menteng, ("x", "facebook", "instagram"), later=420)
    unapproved = (
        await house.posts.create(
            cast.sari, PostInput(id_of(cast.cilendek), text="Posko buka.", timing=Timing(at=house.clock.now() + timedelta(seconds=40)))
        )
    ).id  # fmt: skip
    await backup(house, place.file)
    everywhere = dict.fromkeys(WORDY, "published")

    async def is_out() -> bool:
        return await place.states(gone_out) == everywhere

    await publish_until(house, is_out, "the first is out, which the backup does not know")
    before = place.sent()
    asked = {name: "published" if TRAITS[name].can_be_asked else "unsure" for name in WORDY}

    async def is_found() -> bool:
        return await place.states(gone_out) == asked

    async with publishing(house), open_house(house.settings, house.settings.clock) as operator:
        done = await restore(operator, place.file, replace=True)
        assert done.doubtful == {"unsure": len(WORDY), "missed": len(WORDY)}
        await wait_until(is_found, "what is out is found again at the platforms, or left to a person", 30)
        assert set((await place.states(unapproved)).values()) == {"missed"}
        due = NOW + timedelta(seconds=440)
        await wait_until(lambda: house.clock.now() > due, "the second one's minute has passed", 30)
        assert (place.sent(), set((await place.states(still_to_come)).values())) == (before, {"due"})
        assert (await operator.holding.find()) is not None
        assert await operator.holding.resume()

        async def is_sent() -> bool:
            return set((await place.states(still_to_come)).values()) == {"published"}

        await wait_until(is_sent, "after the word the rest goes out", 20)
    assert set(place.sent().values()) == {1}
    assert len(place.sent()) == len(WORDY) + 3


async def test_a_promoted_database_doubts_only_what_was_due_since(place: Place) -> None:
    early = await place.post(place.cast.cilendek, ("x",), later=1)
    await wait_until(lambda: place.house.clock.now() > NOW + timedelta(seconds=30), "its minute has passed")
    since = place.house.clock.now()
    late = await place.post(place.cast.menteng, ("x",), later=1)
    await wait_until(lambda: place.house.clock.now() > since + timedelta(seconds=20), "so has the other's")
    assert await place.house.holding.doubt_since(since) == {"unsure": 1}
    assert (await place.states(early), await place.states(late)) == ({"x": "due"}, {"x": "unsure"})
    assert await place.house.holding.resume()
    assert not await place.house.holding.resume()
