"""The promise that everything else stands on: whatever dies, nothing is lost and nothing goes out twice.

The judge is the simulator's ledger, which the program cannot touch. Each story runs real processes.
`test_without_verification_the_ledger_shows_duplicates` switches the look before the resend off and expects the ledger to
show duplicates: if the ledger could not see them, the other tests would prove nothing.
"""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from tests.support.city import SPEED, City
from tests.support.processes import Installation
from tests.support.wait import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def city(tmp_path: Path, database_url: str) -> Any:
    with Installation(tmp_path / "data", database_url, speed=SPEED) as here:
        here.run("migrate")
        yield City(here)


on_one_database = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
"""These stories are about processes; the twenty kills tell them on both databases."""


@pytest.mark.deep
async def test_twenty_kills_in_a_burst_lose_nothing_and_send_nothing_twice(city: City) -> None:
    """Two workers, one of them killed with -9 at random moments while 222 deliveries leave."""
    chance = random.Random(20241127)
    await city.open("worker-a", "worker-b")
    await city.send(stagger_minutes=6)
    await wait_until(city.here.ledger, "the burst has begun", 60)
    for kill in range(20):
        name = ("worker-a", "worker-b")[kill % 2]
        await asyncio.sleep(chance.uniform(0.1, 1.6))  # the random moment itself, not a wait for anything
        city.here.kill(name)
        city.here.start(name)
    await wait_until(city.all_published, "every delivery is published", 90)
    await city.assert_each_exactly_once()


@pytest.mark.deep
@on_one_database
async def test_a_kill_between_the_platforms_commit_and_our_record_is_healed_by_asking(city: City) -> None:
    """The platform has the posts and keeps us waiting for its answer; then the worker dies."""
    await city.open()
    await city.here.post(
        f"{city.here.simulator}/_sim/faults", {"platform": "*", "kind": "late_answer", "count": 60, "seconds": 600}
    )
    await city.send(stagger_minutes=0)
    city.here.start("worker-a")
    await wait_until(lambda: city.has_posts(40), "posts are out whose answers are not", 60)
    city.here.kill("worker-a")
    city.here.start("worker-b")
    await wait_until(city.all_published, "every delivery is published", 90)
    await city.assert_each_exactly_once()


@pytest.mark.deep
@on_one_database
async def test_redis_wiped_and_absent_delays_nothing(city: City) -> None:
    """Redis dies in the middle and a worker starts without it; the web process is restarted too."""
    await city.open("worker-a")
    await city.send(stagger_minutes=3)
    await wait_until(city.here.ledger, "the burst has begun", 60)
    city.here.kill("redis")
    city.here.kill("worker-a")
    city.here.start("worker-b")
    city.here.kill("web")
    city.here.start("web")
    await city.here.wait_for_web()
    await wait_until(city.all_published, "every delivery is published without Redis", 90)
    await city.assert_each_exactly_once()
    ready = await city.here.get(f"{city.here.web}/readyz")
    assert ready["parts"]["redis"]["ok"] is False
    city.here.start("redis")
    await wait_until(city.redis_is_back, "Redis is used again", 30)


@pytest.mark.deep
async def test_without_verification_the_ledger_shows_duplicates(tmp_path: Path, sqlite_template: Path) -> None:
    """The same kill as above with the look before the resend switched off: the ledger must tell on us."""
    extra = {"KENTONGAN_VERIFY_BEFORE_RESEND": "false"}
    database = f"sqlite:///{tmp_path / 'unverified.db'}"
    with Installation(tmp_path / "data", database, speed=SPEED, extra=extra) as here:
        here.run("migrate")
        city = City(here)
        await city.open()
        await here.post(
            f"{here.simulator}/_sim/faults",
            {"platform": "facebook", "kind": "late_answer", "count": 30, "seconds": 600},
        )
        await city.send(stagger_minutes=0, platforms=("facebook",))
        here.start("worker-a")
        await wait_until(lambda: city.has_posts(30), "posts are out whose answers are not", 60)
        here.kill("worker-a")
        here.start("worker-b")
        await wait_until(city.all_published, "every delivery is published", 90)
        assert await city.duplicates() > 0
