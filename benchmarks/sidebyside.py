"""Kentongan beside what a developer would pick instead, on the same simulator: how late, how fast, and what a `kill -9` leaves."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import machine, stage
from benchmarks.machine import say
from tests.support.processes import Installation
from tests.support.wait import wait_until

POSTS = 222
ELSEWHERE = ("celery", "procrastinate")
"""Live in an environment of their own: Celery needs a newer redis than arq allows."""
LEAD = 12.0
"""Real seconds from filling the queue to the due second."""
KILL_AT = 0.3
"""The worker dies when so much of it is on the ledger, and is started again at once."""
PATIENCE = 200.0
"""Real seconds from the due second after which what is not on the ledger counts as lost. Celery would deliver what it lost
after an hour (its visibility time-out), procrastinate if somebody writes a task that looks for stalled jobs."""
SLOW = {"platform": "*", "kind": "late_answer", "count": 1_000_000, "seconds": 0.3}
"""The platform has the post and answers 0.3 s later: the moment in which a worker's death makes a difference."""


@dataclass(frozen=True)
class Seen:
    """What the ledger says of one run."""

    posts: int
    texts: int
    seconds: float
    late_p50: float
    late_p99: float

    @property
    def duplicates(self) -> int:
        return self.posts - self.texts

    @property
    def lost(self) -> int:
        return POSTS - self.texts


async def run(python: str) -> dict[str, Any]:
    """`python`: of the environment that has benchmarks/rivals/requirements.txt; empty: only arq stands beside us."""
    found: dict[str, Any] = {}
    if not python:
        say("  without --python: Celery and procrastinate are left out")
    for name in ("kentongan", "arq", *(ELSEWHERE if python else ())):
        for killed in (False, True):
            its_python = python if name in ELSEWHERE else sys.executable
            seen = await (_kentongan(killed) if name == "kentongan" else _rival(name, its_python, killed))
            say(
                f"  {name:<14}{'kill -9' if killed else 'quiet':<9}{seen.texts:>4} of {POSTS} out, {seen.duplicates} twice, {seen.lost} lost; "
                f"{POSTS / seen.seconds:.0f}/s, late p50 {seen.late_p50:.2f} s, p99 {seen.late_p99:.2f} s"
            )
            found[f"{name}.{'killed' if killed else 'quiet'}"] = {
                "out": seen.texts, "duplicates": seen.duplicates, "lost": seen.lost, "per_s": POSTS / seen.seconds,
                "late_p50_s": seen.late_p50, "late_p99_s": seen.late_p99,
            }  # fmt: skip
    return found


@asynccontextmanager
async def _place() -> AsyncIterator[tuple[Installation, str]]:
    """An installation whose simulator and Redis run, and an empty database."""
    with tempfile.TemporaryDirectory(prefix="ktgs") as folder, stage.database_server("postgres") as server:
        async with stage.fresh_database(server) as url:
            with Installation(Path(folder), url) as here:
                here.start("simulator")
                here.start("redis")
                await here.wait_for_simulator()
                await wait_until(lambda: Path(_socket(here)).exists(), "Valkey listens")
                yield here, url


def _socket(here: Installation) -> str:
    return here.redis_url.removeprefix("unix://")


async def _kentongan(killed: bool) -> Seen:
    """74 units on three platforms by one broadcast, as the Divisi Sosdiklih would send it."""
    async with _place() as (here, _url):
        here.run("migrate")
        lines = here.run("load", "practice").splitlines()
        token = next(line for line in lines if line.startswith("token:")).split()[1]
        here.start("web")
        here.start("worker")
        await here.wait_for_web()
        due = datetime.now(UTC) + timedelta(seconds=LEAD + 8)
        templates = (await here.get(f"{here.web}/api/v1/templates?limit=100", token))["data"]
        body = {
            "template_id": next(each["id"] for each in templates if each["key"] == "saring-hoaks"),
            "select": {"kinds": ["ppk", "pps"]}, "platforms": ["x", "facebook", "instagram"],
            "timing": {"at": due.isoformat()}, "environment": "practice",
        }  # fmt: skip
        await here.post(f"{here.web}/api/v1/broadcasts", body, token)

        def die_and_return() -> None:
            here.kill("worker")
            here.start("worker")

        return await _watch(here, due, killed, die_and_return)


async def _rival(name: str, python: str, killed: bool) -> Seen:
    """As many posts on Facebook (X would refuse a text said twice), out of jobs that know nothing but their own number."""
    async with _place() as (here, url):
        more = {"RIVAL_SIMULATOR": here.simulator, "RIVAL_REDIS": _socket(here), "RIVAL_DATABASE": url}
        command, environment = [python, "-m", f"benchmarks.rivals.by_{name}"], {**os.environ, **more}
        due = datetime.now(UTC) + timedelta(seconds=LEAD)
        fill = await asyncio.create_subprocess_exec(*command, "fill", str(POSTS), due.isoformat(), env=environment)
        if await fill.wait():
            raise RuntimeError(f"{name} could not be filled")
        worker = _Worker(command, environment)
        try:
            return await _watch(here, due, killed, worker.die_and_return)
        finally:
            worker.end()


class _Worker:
    """One rival's worker, which may die."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self._command, self._environment = [*command, "worker"], environment
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def die_and_return(self) -> None:
        self.end()
        self._process = self._start()

    def end(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


async def _watch(here: Installation, due: datetime, killed: bool, kill: Callable[[], None]) -> Seen:
    await here.post(f"{here.simulator}/_sim/faults", SLOW)

    async def on_ledger() -> int:
        return len(await here.ledger())

    async def some() -> bool:
        return await on_ledger() >= POSTS * KILL_AT

    async def complete() -> bool:
        # The due second's patience counts whatever happens; all texts there is not the end, a second one may follow.
        return time.time() > due.timestamp() + PATIENCE or (not killed and await on_ledger() >= POSTS)

    if killed:
        await wait_until(some, "the burst has begun", LEAD + 60)
        await asyncio.to_thread(kill)
    await wait_until(complete, "everything is out or given up", LEAD + PATIENCE + 60)
    ledger = await here.ledger()
    late = sorted((datetime.fromisoformat(post["created_at"]) - due).total_seconds() for post in ledger)
    texts = Counter((post["platform"], post["account"], post["text"]) for post in ledger)
    return Seen(
        len(ledger), len(texts), max(late[-1], 0.001), machine.percentile(late, 0.5), machine.percentile(late, 0.99)
    )
