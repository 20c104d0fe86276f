"""The API under load from a second process: reads, writes and a dry run, beside the same server's emptiest answer."""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from benchmarks import machine, stage
from benchmarks.machine import say
from tests.support.processes import Installation

AT_ONCE = 8
SECONDS = 8.0
FLOOR = "/healthz"
READS = {
    "posts": "/api/v1/posts?limit=50",
    "deliveries": "/api/v1/deliveries?limit=50",
    "templates": "/api/v1/templates?limit=50",
    "engagement": "/api/v1/engagement?group_by=kecamatan&environment=practice",
}


@dataclass(frozen=True)
class Reading:
    """Seconds each answer took, and how many answered other than 2xx."""

    seconds: Sequence[float]
    refused: int
    took: float

    def as_json(self) -> dict[str, float]:
        ordered = sorted(self.seconds)
        return {
            "per_s": len(ordered) / self.took,
            "p50_ms": ordered[len(ordered) // 2] * 1000,
            "p99_ms": ordered[int(len(ordered) * 0.99)] * 1000,
            "refused": self.refused,
        }


async def run(runs: int) -> dict[str, Any]:
    """Each run on a city of its own with 222 deliveries and their posts, PostgreSQL, one web process."""
    found = []
    with stage.database_server("postgres") as server:
        for number in range(runs):
            async with stage.fresh_database(server) as url:
                found.append(await _one(url))
            say(f"  run {number + 1}: {_line(found[-1])}")
    middle = machine.medians(found)
    say(f"  median: {_line(middle)}")
    return middle


def _line(found: dict[str, float]) -> str:
    names = dict.fromkeys(key.rpartition(".")[0] for key in found)
    return "; ".join(
        f"{name} {found[f'{name}.per_s']:.0f}/s p50 {found[f'{name}.p50_ms']:.1f} ms p99 {found[f'{name}.p99_ms']:.1f} ms"
        for name in names
    )


async def _one(url: str) -> dict[str, float]:
    quiet = {"KENTONGAN_RATE_READS": "0", "KENTONGAN_RATE_WRITES": "0"}
    with tempfile.TemporaryDirectory(prefix="ktgd") as folder, Installation(Path(folder), url, extra=quiet) as here:
        here.run("migrate")
        token = next(line for line in here.run("load", "practice").splitlines() if line.startswith("token:")).split()[1]
        for name in ("simulator", "redis", "web"):
            here.start(name)
        await here.wait_for_simulator()
        await here.wait_for_web()
        await _fill(here, token)
        found: dict[str, float] = {}
        for name, path in {"floor": FLOOR, **READS}.items():
            found |= _named(name, await _load(f"{here.web}{path}", token))
        units = (await here.get(f"{here.web}/api/v1/units?kind=pps&limit=1", token))["data"]
        body = {"unit_id": units[0]["id"], "text": "Warga, kantor PPS buka setiap hari kerja. Silakan datang."}
        found |= _named("write", await _load(f"{here.web}/api/v1/posts", token, body))
    return found


async def _fill(here: Installation, token: str) -> None:
    templates = (await here.get(f"{here.web}/api/v1/templates?limit=100", token))["data"]
    wanted = next(each["id"] for each in templates if each["key"] == "saring-hoaks")
    body = {
        "template_id": wanted, "select": {"kinds": ["ppk", "pps"]}, "platforms": ["x", "facebook", "instagram"],
        "timing": {"at": (datetime.now(UTC) + timedelta(hours=2)).isoformat()}, "environment": "practice",
    }  # fmt: skip
    await here.post(f"{here.web}/api/v1/broadcasts", body, token)


def _named(name: str, found: dict[str, Any]) -> dict[str, float]:
    if found["refused"]:
        raise RuntimeError(f"{name}: {found['refused']} answers were no 2xx")
    return {f"{name}.{key}": value for key, value in found.items() if key != "refused"}


async def _load(url: str, token: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    return await stage.run_child("benchmarks.doors", url, token, json.dumps(body))


async def _ask(url: str, token: str, body: dict[str, Any] | None) -> Reading:
    """`AT_ONCE` connections, each asking again as soon as it is answered."""
    seconds: list[float] = []
    refused, end = 0, time.perf_counter() + SECONDS

    async def one(session: aiohttp.ClientSession) -> None:
        nonlocal refused
        while (started := time.perf_counter()) < end:
            async with session.request("GET" if body is None else "POST", url, json=body) as answer:
                await answer.read()
                refused += answer.status >= 300
            seconds.append(time.perf_counter() - started)

    started = time.perf_counter()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        await asyncio.gather(*(one(session) for _ in range(AT_ONCE)))
    return Reading(seconds, refused, time.perf_counter() - started)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for each in ("url", "token", "body"):
        parser.add_argument(each)
    given = parser.parse_args()
    say(json.dumps(uvloop.run(_ask(given.url, given.token, json.loads(given.body))).as_json()))
