"""What else may break on a bad day, each with real processes under a load of 222 deliveries, judged by the simulator's ledger.

Run with `pytest -m deep -n 0 -s tests/e2e/test_faults.py`: each story prints the load, its faults, and what was lost.
"""

import asyncio
import random
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kit.db import Database
from tests.support.city import SPEED, City, say
from tests.support.own_postgres import OwnPostgres
from tests.support.processes import Installation
from tests.support.wait import wait_until
from tests.support.wires import Wire

pytestmark = [pytest.mark.slow, pytest.mark.deep]


@pytest.fixture(scope="module")
def server() -> Iterator[OwnPostgres]:
    with OwnPostgres() as running:
        yield running


@pytest.fixture
def database(server: OwnPostgres) -> str:
    return server.make()


@pytest.fixture
def city(tmp_path: Path, server: OwnPostgres, database: str) -> Iterator[City]:
    with Installation(tmp_path / "data", server.address(database), speed=SPEED) as here:
        here.run("migrate")
        yield City(here)


async def test_whatever_is_killed_at_random_nothing_is_lost(city: City, server: OwnPostgres) -> None:
    """Web, workers, Redis and PostgreSQL itself, sixteen kills with -9 while everything leaves."""
    chance = random.Random(20241127)
    names = ["worker-a", "worker-b", "web", "redis", "postgres", "worker-a", "worker-b", "postgres"] * 2
    chance.shuffle(names)
    await city.open("worker-a", "worker-b")
    await city.send(stagger_minutes=4)
    await wait_until(city.here.ledger, "the burst has begun", 120)
    for name in names:
        await asyncio.sleep(chance.uniform(0.1, 1.2))  # the random moment itself, not a wait for anything
        place = server if name == "postgres" else city.here
        place.kill(*() if name == "postgres" else (name,))
        await asyncio.sleep(chance.uniform(0.0, 0.6))  # how long it stays away is part of the fault
        place.start(*() if name == "postgres" else (name,))
    await wait_until(city.is_through, "every delivery is published", 240)
    await wait_until(city.is_ready, "the installation says that it is well", 150)
    await city.report(f"{len(names)} kills: {', '.join(sorted(set(names)))}")


async def _cut_and_hang(city: City, wire: Wire, *, every: int) -> None:
    """Three cuts after `every` bytes each, then silence; until all is out."""
    for _ in range(3):
        await _after_more(city, wire, every)
        wire.cut()
        await asyncio.sleep(0.7)  # how long the fault lasts
        wire.mend()
    wire.hang()
    await asyncio.sleep(5)  # longer than a send waits for its answer, and than the workers' patience (4 s each here)
    wire.mend()
    await wait_until(city.is_through, "every delivery is published", 240)


async def test_a_network_that_is_cut_or_hangs_between_us_and_the_platforms(city: City) -> None:
    with Wire(city.here.simulator_port) as wire:
        city.here.environment["KENTONGAN_SIMULATOR_URL"] = f"http://127.0.0.1:{wire.port}"
        await city.open("worker-a")
        await city.send(stagger_minutes=2)
        await wait_until(city.here.ledger, "the burst has begun", 120)
        await _cut_and_hang(city, wire, every=4000)
        await city.report(f"{wire.cuts} cuts, 1 hang of the network to the platforms")


async def test_a_network_that_is_cut_or_hangs_between_us_and_the_database(
    tmp_path: Path, server: OwnPostgres, database: str
) -> None:
    with (
        Wire(server.port) as wire,
        Installation(tmp_path / "data", server.address(database, port=wire.port), speed=SPEED) as here,
    ):
        here.run("migrate")
        city = City(here)
        await city.open("worker-a", "worker-b")
        await city.send(stagger_minutes=2)
        await wait_until(here.ledger, "the burst has begun", 120)
        await _cut_and_hang(city, wire, every=40_000)
        await city.report(f"{wire.cuts} cuts, 1 hang of the network to PostgreSQL")


async def test_a_database_that_is_slow_delays_and_loses_nothing(
    tmp_path: Path, server: OwnPostgres, database: str
) -> None:
    with (
        Wire(server.port) as wire,
        Installation(tmp_path / "data", server.address(database, port=wire.port), speed=SPEED) as here,
    ):
        here.run("migrate")
        city = City(here)
        await city.open("worker-a", "worker-b")
        await city.send(stagger_minutes=2)
        wire.delay = 0.1
        await wait_until(city.is_through, "every delivery is published", 240)
        await city.report("each answer of PostgreSQL 0.2 s later")


async def test_a_full_disk_stops_the_sending_and_loses_nothing(tmp_path: Path, sqlite_template: Path) -> None:
    """No file of a worker may grow any more: what cannot be recorded is not sent, and goes on once there is room."""
    with Installation(tmp_path / "data", f"sqlite:///{tmp_path / 'full.db'}", speed=SPEED) as here:
        here.run("migrate")
        city = City(here)
        await city.open("worker-a")
        await city.send(stagger_minutes=3)
        await wait_until(lambda: city.has_posts(20), "the burst has begun", 120)
        pid, (_, hard) = here.pid("worker-a"), resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
        await wait_until(lambda: _stands_still(city), "nothing leaves any more", 150)
        assert not await city.all_published()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        await wait_until(city.is_through, "every delivery is published", 240)
        await city.report("1 full disk under the worker, until nothing left any more")


@pytest.mark.parametrize("jump", [90, -90])
async def test_a_clock_that_jumps_sends_nothing_twice(city: City, jump: int) -> None:
    """A second machine's clock is wrong by a minute and a half: each takes the other for dead, or for a prophet."""
    await city.open("worker-a")
    await city.send(stagger_minutes=6)
    await wait_until(city.here.ledger, "the burst has begun", 120)
    wrong = f"offset={jump};{city.here.environment['KENTONGAN_CLOCK']}"
    city.here.start("worker-b", KENTONGAN_CLOCK=wrong)
    await wait_until(lambda: city.has_posts(120), "both send", 150)
    city.here.kill("worker-a")
    city.here.start("worker-a", KENTONGAN_CLOCK=wrong)
    await wait_until(city.is_through, "every delivery is published", 240)
    await city.report(f"two clocks {jump} s apart, then a jump of {jump} s")


async def test_a_database_server_that_vanishes_is_given_up_within_seconds(server: OwnPostgres, database: str) -> None:
    """What the kernel was told; packets that are swallowed cannot be had without ruling the machine's network."""
    db = Database(server.address(database))
    async with db.read() as session:
        raw = await (await session.connection()).get_raw_connection()
        assert raw.driver_connection is not None
        wire = raw.driver_connection._transport.get_extra_info("socket")
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
    await db.close()


def test_a_migration_that_is_killed_is_begun_again(tmp_path: Path, server: OwnPostgres) -> None:
    chance = random.Random(7)
    for address in (server.address(server.make()), f"sqlite:///{tmp_path / 'cut.db'}"):
        with Installation(tmp_path / "data", address) as here:
            for _ in range(5):
                here.start("migrate")
                time.sleep(chance.uniform(0.5, 3.0))  # the random moment itself
                here.kill("migrate")
            here.run("migrate")
            assert "75 unit" in here.run("load", "kota-bogor")
    say("10 kills of a migration on both databases: each was whole or not there")


async def _after_more(city: City, wire: Wire, count: int) -> None:
    """Until more bytes have gone through, so that the next fault meets traffic; or there is none left to meet."""
    since = wire.carried

    async def reached() -> bool:
        return wire.carried - since >= count or await city.is_through()

    await wait_until(reached, "traffic", 150)


async def _stands_still(city: City) -> bool:
    """Nothing was sent for two seconds."""
    before = len(await city.here.ledger())
    await asyncio.sleep(2)  # to see nothing happen takes a while
    return len(await city.here.ledger()) == before
