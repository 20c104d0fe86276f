"""N deliveries due at one second through real worker processes, beside a bare client that sends exactly the same requests."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.bootstrap import Kentongan
from app.platforms.http import PUBLISH_THREADS
from app.platforms.instagram.wire import LIMITS
from benchmarks import machine, stage, watch
from benchmarks.machine import say
from benchmarks.stage import StandInProcess
from tests.support import servers
from tests.support.wait import wait_until

LIBRARY = {"instagram": "aiohttp", "x": "tweepy", "facebook": "facebook"}
ADDRESS = {"instagram": "instagram_graph_url", "x": "x_api_url", "facebook": "facebook_graph_url"}
LONGEST = 1800.0
"""Seconds after which a run is given up."""


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    platform: str
    database: str
    count: int
    workers: int = 1
    runs: int = 3
    delay_ms: float = 50.0


async def measure(case: Case) -> dict[str, Any]:
    """Medians over the runs; in each run the program goes first, and the bare client then sends what the program was seen to send."""
    async with AsyncExitStack() as open_things:
        platform = await open_things.enter_async_context(stage.stand_in(case.delay_ms))
        server = open_things.enter_context(stage.database_server(case.database))
        redis = open_things.enter_context(servers.valkey())
        reads, runs = None, []
        for number in range(case.runs):
            program, reads = await _program(case, platform, server, redis)
            bare = await _bare(case, platform, reads)
            run = {**program, **bare, "ratio": program["posts_per_s"] / bare["bare_posts_per_s"]}
            runs.append(run)
            say(f"  run {number + 1}: {line(run)}")
        found = machine.medians(runs)
        found["void"] = case.platform == "instagram" and found["bare_core_share"] < machine.BUSY_SHARE
        return {**vars(case), **found}


async def ceiling() -> dict[str, Any]:
    """What the stand-in answers at most, asked by a client that does nothing but ask."""
    async with stage.stand_in(0) as platform:
        before = machine.cpu_seconds(platform.process.pid)
        asked = await stage.run_child("benchmarks.bare", "raw", platform.base, 60_000, 1, 0)
        spent = machine.cpu_seconds(platform.process.pid) - before
    return {
        "requests_per_s": round(asked["requests"] / asked["seconds"]),
        "cpu_us": round(spent / asked["requests"] * 1e6, 1),
    }


async def _bare(case: Case, platform: StandInProcess, reads: int) -> dict[str, Any]:
    slots = _slots(case.platform)
    before = machine.cpu_seconds(platform.process.pid)
    asked = await stage.run_child(
        "benchmarks.bare", LIBRARY[case.platform], f"{platform.base}/{case.platform}", case.count, slots, reads
    )
    server = machine.cpu_seconds(platform.process.pid) - before
    return {
        "bare_posts_per_s": case.count / asked["seconds"],
        "bare_core_share": asked["cpu_seconds"] / asked["seconds"],
        "bare_cpu_ms": asked["cpu_seconds"] / case.count * 1000,
        "bare_standin_core_share": server / asked["seconds"],
    }


def _slots(platform: str) -> int:
    """How many the program has in flight: its threads where the library is a blocking one."""
    return LIMITS.slots if platform == "instagram" else PUBLISH_THREADS


async def _program(case: Case, platform: StandInProcess, server: str, redis: str) -> tuple[dict[str, Any], int]:
    with tempfile.TemporaryDirectory(prefix="ktgb") as folder:
        async with stage.fresh_database(server) as url, stage.open_house(url, Path(folder)) as house:
            rows = await stage.fill(house, case.platform, case.count)
            environment = {
                "KENTONGAN_DATA_DIR": folder,
                "KENTONGAN_DATABASE_URL": url,
                "KENTONGAN_REDIS_URL": redis,
                "KENTONGAN_SECRET_KEYS": stage.KEYS,
                "KENTONGAN_LOG_LEVEL": "WARNING",
                f"KENTONGAN_{ADDRESS[case.platform].upper()}": f"{platform.base}/{case.platform}",
            }
            async with _workers(case.workers, environment, house) as pids:
                return await _watch(case, platform, house, rows, pids)


@asynccontextmanager
async def _workers(count: int, environment: dict[str, str], house: Kentongan) -> AsyncIterator[list[int]]:
    began_at = house.clock.now()
    children = [stage.start("app.cli", "worker", environment=environment) for _ in range(count)]
    try:
        await wait_until(lambda: watch.workers_beat(house.db, since=began_at), "a worker beats", 30)
        yield [child.pid for child in children]
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


async def _watch(
    case: Case, platform: StandInProcess, house: Kentongan, rows: list[dict[str, Any]], pids: list[int]
) -> tuple[dict[str, Any], int]:
    due_at = house.clock.now() + timedelta(seconds=5 + case.count / 5000)
    await stage.queue(house, rows, due_at)
    await watch.refresh_statistics(house.db)
    await platform.counted(reset=True)
    await asyncio.sleep(house.clock.wait(due_at - house.clock.now() - timedelta(seconds=0.6)))
    watched = [*pids, platform.process.pid]
    before = [machine.cpu_seconds(pid) for pid in watched]

    async def all_sent() -> bool:
        return (await platform.counted()).get("publish", 0) >= case.count

    await wait_until(all_sent, "everything is sent", LONGEST)
    await wait_until(lambda: watch.is_empty(house.db), "everything is recorded", 60)
    seconds = (house.clock.now() - due_at).total_seconds()
    spent = [machine.cpu_seconds(pid) - first for pid, first in zip(watched, before, strict=True)]
    counted, late = await platform.counted(), await watch.lateness(house.db)
    if len(late) != case.count or counted["publish"] != case.count:
        raise RuntimeError(
            f"{case.count} were due; published {len(late)}, sent {counted}, states {await watch.states(house.db)}"
        )
    found: dict[str, Any] = {
        "posts_per_s": case.count / seconds,
        "worker_cpu_ms": sum(spent[:-1]) / case.count * 1000,
        "worker_core_share": sum(spent[:-1]) / seconds / len(pids),
        "standin_core_share": spent[-1] / seconds,
        "late_p50_s": machine.percentile(late, 0.50),
        "late_p99_s": machine.percentile(late, 0.99),
        "worker_peak_mb": max(machine.peak_mb(pid) for pid in pids),
        "reads_per_post": counted.get("permalink", 0) / case.count,
        "other_requests": counted.get("other", 0),
        "server": await watch.server_version(house.db),
    }
    return found, round(found["reads_per_post"])


def line(found: dict[str, Any]) -> str:
    return (
        f"{found['posts_per_s']:.0f} posts/s of {found['bare_posts_per_s']:.0f} bare, ratio {found['ratio']:.2f}; "
        f"worker {found['worker_cpu_ms']:.2f} ms a post ({found['worker_core_share']:.0%} of a core), bare {found['bare_cpu_ms']:.2f} ms "
        f"({found['bare_core_share']:.0%}); stand-in {found['standin_core_share']:.0%} and {found['bare_standin_core_share']:.0%}; "
        f"late p50 {found['late_p50_s']:.2f} s, p99 {found['late_p99_s']:.2f} s; {found['worker_peak_mb']:.0f} MB"
    )


async def run(cases: list[Case]) -> dict[str, Any]:
    most = await ceiling()
    say(f"stand-in alone: {most['requests_per_s']} requests/s, {most['cpu_us']} us of CPU each")
    found = []
    for case in cases:
        say(
            f"{case.platform} on {case.database}: {case.count} due at one second, {case.workers} worker(s), answers after {case.delay_ms:.0f} ms"
        )
        measured = await measure(case)
        say(f"  median: {line(measured)}")
        if measured["void"]:
            say("  VOID: the bare client used less than 90 % of its core; something else was the bottleneck.")
        found.append(measured)
    return {"ceiling": most, "cases": found, "ratio": round(found[0]["ratio"], 3), "void": found[0]["void"]}
