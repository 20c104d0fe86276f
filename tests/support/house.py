"""The whole program in a test: a house at a chosen moment, a web process in a thread, a publisher that runs until told."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import uvicorn
from sqlalchemy import text
from starlette.types import ASGIApp

from app.accounts import unit_store
from app.accounts.models import Unit
from app.accounts.rules import Actor
from app.bootstrap import Kentongan, build
from app.channels.models import Channel
from app.content.drafts import Draft
from app.content.rules import LONG, SHORT
from app.practice import PLATFORMS, Practice, handle, set_up
from app.publishing.recording import Recorder
from app.settings import Settings
from simulator.main import create_simulator
from tests.support.cast import Cast, id_of, make_cast
from tests.support.wait import wait_until

WIPED = (
    "seen_post", "read_back", "hook_sending", "webhook", "daily_numbers", "channel_snapshot",
    "complaint_delivery", "complaint", "activity", "attempt", "withdrawal", "strange_post", "takeover", "delivery", "incident", "snapshot", "total", "remark", "review_wait", "post", "broadcast", "series", "revised_post", "revision", "media", "pause",
    "outage_sign", "lane_pause", "budget_use", "worker_beat",
)  # fmt: skip
"""What tests that share a database leave behind; the cast, the calendar, channels and templates stay."""

STILL = 1e-9
"""A speed at which a whole test passes within a microsecond of the house's time."""


def still_at(moment: datetime) -> str:
    """A clock that stands at `moment`; nothing that waits may run on it."""
    since = time.time()
    return f"offset={moment.timestamp() - since!r};speed={STILL};since={since!r}"


def ticking_from(moment: datetime, *, speed: float = 1.0) -> str:
    """A clock that starts at `moment` and goes on."""
    since = time.time()
    return f"offset={moment.timestamp() - since!r};speed={speed};since={since!r}"


async def wipe(house: Kentongan) -> None:
    """Forget all posts and what came of them, let every channel speak again, and forget what units have told."""
    async with house.db.write() as session:
        for table in WIPED:
            await session.run(text(f"DELETE FROM {table}"))
        await session.run(text("UPDATE channel SET state = 'connected', state_reason = '', hacked_at = NULL"))
        await session.run(text("UPDATE unit SET rw_count = NULL"))


def settings_for(folder: Path, url: str, **more: object) -> Settings:
    """Without quotas unless they are given: a suite asks more in a minute than any person."""
    given = {"rate_reads": 0, "rate_writes": 0, **more}
    return Settings(data_dir=folder / "data", database_url=url, secret_keys="for-tests-only", **given)  # type: ignore[arg-type]


@asynccontextmanager
async def open_house(settings: Settings, clock: str) -> AsyncIterator[Kentongan]:
    """A house of its own on the settings' database."""
    house = build(moved(settings, clock=clock))
    try:
        yield house
    finally:
        await house.close()


def moved(settings: Settings, **changes: object) -> Settings:
    """The same settings with some changed; validated again, so cached parts are not carried over."""
    return Settings(**{**settings.model_dump(), **changes})


@contextmanager
def serving(make_app: Callable[[str], ASGIApp]) -> Iterator[str]:
    """The address of an app served in a thread; `make_app` is told that address before anything is made."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(make_app(address), log_level="error", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 15
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started, "the server did not start"
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@contextmanager
def serving_simulator(folder: Path, *, clock: str) -> Iterator[str]:
    with serving(lambda _address: create_simulator(folder, clock_setting=clock)) as address:
        yield address


def recorder_of(house: Kentongan, worker: str, at: datetime) -> Recorder:
    """What writes down results of this worker's tries, at one moment, with all that a publisher gives it."""
    return replace(house.publisher()._recorder, now=lambda: at, worker_id=worker)


@asynccontextmanager
async def publishing(house: Kentongan) -> AsyncIterator[None]:
    """One worker's publisher, alive inside the block; what is in flight at its end is finished and recorded."""
    publisher = house.publisher()
    running = asyncio.create_task(publisher.run())
    try:
        yield
    finally:
        publisher.stop()
        await running


async def publish_until(
    house: Kentongan, reached: Callable[[], object | Awaitable[object]], description: str, *, seconds: float = 20
) -> None:
    async with publishing(house):
        await wait_until(reached, description, seconds)


@asynccontextmanager
async def cast_house(settings: Settings, clock: str) -> AsyncIterator[tuple[Kentongan, Cast]]:
    """The cast, and a practice channel for every unit on every platform."""
    async with open_house(settings, clock) as house:
        cast = await make_cast(house.db, house.clock.now())
        units = (cast.kpu, cast.ppk_barat, cast.ppk_utara, cast.cilendek, cast.menteng, cast.bantarjati)
        await add_channels(house, units)
        yield house, cast


async def add_channels(house: Kentongan, units: Sequence[Unit], platforms: Sequence[str] = PLATFORMS) -> None:
    async with house.db.write() as session:
        named = [(id_of(unit), handle(unit)) for unit in units]
        await house.channels.add_practice(session, units=named, platforms=platforms)


async def channels_of(house: Kentongan, cast: Cast, unit: Unit) -> dict[str, Channel]:
    """By platform."""
    page = await house.channels.list(cast.rina, unit=id_of(unit), limit=50)
    return {channel.platform: channel for channel in page.rows}


async def add_template(
    house: Kentongan, cast: Cast, text: str, *, stages: Sequence[str] = ("*",), units: Sequence[str] = ("ppk", "pps")
) -> int:
    """A template of the KPU with one text for every platform."""
    key = f"templat-{time.monotonic_ns()}"
    texts = {("id", SHORT): text, ("id", LONG): text}
    draft = Draft(key=key, title="Kabar unit", stages=tuple(stages), units=tuple(units), texts=texts)
    return (await house.templates.add(cast.dewi, draft, unit_id=id_of(cast.kpu))).id


@dataclass(frozen=True)
class City:
    """Kota Bogor as a training has it: 1 KPU, 6 PPK, 68 PPS, practice channels, six people. Units by region's code."""

    house: Kentongan
    practice: Practice
    units: dict[str, Unit]
    templates: dict[str, int]
    people: dict[str, Actor]


@asynccontextmanager
async def city_house(settings: Settings, clock: str) -> AsyncIterator[City]:
    """With the calendar of 2024 as it was."""
    async with open_house(settings, clock) as house:
        practice = await set_up(house, shifted=False)
        async with house.db.read() as session:
            units = {unit.wilayah_code: unit for unit in await unit_store.units_in(session, ["/"])}
        people = {}
        for link in practice.links:
            user = await house.people.find_user_by_email(f"{link.name.lower()}@latihan.invalid")
            assert user is not None
            people[link.name.lower()] = await house.people.actor_of(id_of(user))
        page = await house.templates.list(people["rina"], limit=200, cursor=None)
        yield City(house, practice, units, {row.key: row.id for row in page.rows}, people)
