"""A whole city on one machine: `kentongan up` with SQLite, the embedded Redis and the simulator, idle and at its busiest second."""

import asyncio
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from app.accounts import unit_store
from app.bootstrap import Kentongan
from app.posts.broadcasts import BroadcastInput
from app.posts.rules import Timing
from app.practice import PLATFORMS, set_up
from benchmarks import machine, stage, watch
from benchmarks.machine import say
from tests.support.processes import free_port
from tests.support.wait import wait_until

TEMPLATE = "saring-hoaks"
LEAD = timedelta(seconds=25)
"""From the broadcast to its second: what can be prepared is prepared in between."""
SETTLE, IDLE = 5.0, 10.0
"""Real seconds to let the start-up end, and to look at the idle processes."""


@dataclass(frozen=True)
class Up:
    """A running installation and how long it took to answer."""

    processes: Sequence[psutil.Process]
    seconds_to_answer: float


@asynccontextmanager
async def installation(environment: dict[str, str], port: int) -> AsyncIterator[Up]:
    started = time.perf_counter()
    child = stage.start("app.cli", "up", "--port", str(port), environment=environment, quiet=True)

    async def is_ready() -> bool:
        with suppress(aiohttp.ClientError):
            async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                return answer.status == 200
        return False

    try:
        await wait_until(is_ready, "the installation answers", 60)
        yield Up(machine.family(child.pid), time.perf_counter() - started)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait()


async def measure_once() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ktgc") as folder:
        port = free_port()
        environment = {
            "KENTONGAN_DATA_DIR": folder,
            "KENTONGAN_BASE_URL": f"http://127.0.0.1:{port}",
            "KENTONGAN_SECRET_KEYS": stage.KEYS,
            "KENTONGAN_LOG_LEVEL": "WARNING",
        }
        async with stage.open_house(f"sqlite:///{folder}/kentongan.db", Path(folder)) as house:
            await set_up(house)
            async with installation(environment, port) as here:
                idle = await _idle(here)
                busy = await _busy(house)
                after = machine.proportional_mb(here.processes)
    return {"start_s": here.seconds_to_answer, **idle, **busy, "memory_after_mb": after}


async def _idle(here: Up) -> dict[str, Any]:
    await asyncio.sleep(SETTLE)
    before, started = [machine.cpu_seconds(each.pid) for each in here.processes], time.perf_counter()
    await asyncio.sleep(IDLE)
    spent = sum(machine.cpu_seconds(each.pid) for each in here.processes) - sum(before)
    resident = sum(each.memory_info().rss for each in here.processes) / 2**20
    return {
        "idle_core_share": spent / (time.perf_counter() - started),
        "idle_memory_mb": machine.proportional_mb(here.processes),
        "idle_resident_mb": resident,
    }


async def _busy(house: Kentongan) -> dict[str, Any]:
    """Every unit on every platform at one second."""
    dewi = await house.people.find_user_by_email("dewi@latihan.invalid")
    actor = await house.people.actor_of((dewi.id if dewi else None) or 0)
    templates = (await house.templates.list(actor, limit=200, cursor=None)).rows
    template = next(each for each in templates if each.key == TEMPLATE)
    async with house.db.read() as session:
        root = (await unit_store.units_in(session, ["/"], kinds=["kpu"]))[0]
    wanted = BroadcastInput(
        template.id, kinds=template.units, under=root.id, unit_ids=None, platforms=PLATFORMS,
        timing=Timing(at=house.clock.now() + LEAD), environment="practice",
    )  # fmt: skip
    made = await house.broadcasts.create(actor, wanted)
    await asyncio.sleep(LEAD.total_seconds())
    await wait_until(lambda: watch.is_empty(house.db), "everything is out", 120)
    late = await watch.lateness(house.db)
    return {
        "deliveries": made.deliveries,
        "published": len(late),
        "late_median_s": machine.percentile(late, 0.5),
        "late_p99_s": machine.percentile(late, 0.99),
        "last_out_s": max(late, default=0.0),
    }


async def run(runs: int) -> dict[str, Any]:
    found = []
    for number in range(runs):
        one = await measure_once()
        found.append(one)
        say(f"  run {number + 1}: {line(one)}")
    middle = machine.medians(found)
    say(f"  median: {line(middle)}")
    return middle


def line(found: dict[str, Any]) -> str:
    return (
        f"answers after {found['start_s']:.1f} s; idle {found['idle_memory_mb']:.0f} MB (resident {found['idle_resident_mb']:.0f} MB), "
        f"{found['idle_core_share']:.1%} of a core; {found['published']:.0f} of {found['deliveries']:.0f} at one second: "
        f"median {found['late_median_s']:.2f} s late, p99 {found['late_p99_s']:.2f} s, last {found['last_out_s']:.2f} s; "
        f"then {found['memory_after_mb']:.0f} MB"
    )
