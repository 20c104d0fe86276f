"""The simulator, once for all adapter tests: accounts keep them apart."""

import time
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from app.kit.clock import Clock
from app.platforms.contract import Account, Adapter
from app.platforms.registry import PLATFORMS, build_adapters
from simulator.main import create_simulator
from tests.platforms.stage import MakeStage, Pictures, Stage, serve, serve_folder
from tests.platforms.traits import TRAITS


@pytest.fixture(scope="session")
def fast_clock() -> Clock:
    """A hundred simulated seconds in a real one, so that read-back lag costs no waiting."""
    return Clock.parse(f"speed=100;since={int(time.time())}")


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory, fast_clock: Clock) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("simulator")
    with serve(create_simulator(folder, clock_setting=str(fast_clock))) as address:
        yield address


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pictures]:
    folder = tmp_path_factory.mktemp("pictures")
    with serve_folder(folder) as address:
        yield Pictures(folder, address)


@pytest.fixture
async def make_stage(simulator: str, fast_clock: Clock, pictures: Pictures) -> AsyncIterator[MakeStage]:
    """`make_stage("x", timeout=5)`: a fresh account and its adapter, closed at the end of the test."""
    opened: list[Adapter] = []

    def make(name: str, *, timeout: float = 5.0) -> Stage:
        adapters = build_adapters(timeout=timeout, now=fast_clock.now)
        opened.extend(adapters.values())
        handle = f"pps_{uuid4().hex[:10]}"
        credential = {"access_token": f"sim_{name}_{handle}"}
        account = Account(f"{simulator}/{name}", handle, credential, version="v26.0")
        return Stage(adapters[name], account, simulator, fast_clock, pictures)

    yield make
    for adapter in opened:
        await adapter.close()


@pytest.fixture(params=PLATFORMS)
def stage(request: pytest.FixtureRequest, make_stage: MakeStage) -> Stage:
    return make_stage(request.param)


@pytest.fixture(params=[name for name in PLATFORMS if TRAITS[name].can_remove])
def removing(request: pytest.FixtureRequest, make_stage: MakeStage) -> Stage:
    """A stage whose platform deletes what it has published."""
    return make_stage(request.param)


@pytest.fixture(params=[name for name in PLATFORMS if TRAITS[name].can_be_asked])
def asked(request: pytest.FixtureRequest, make_stage: MakeStage) -> Stage:
    """A stage whose platform can say what became of an earlier try."""
    return make_stage(request.param)
