"""Runs a whole installation on one machine: starts its processes, restarts what dies, leaves nothing behind.

A process of its own (`python -m app.supervisor`), small because it knows nothing of what its children do.
"""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.kit.logs import configure, logger
from app.settings import Settings
from workers import embedded

log = logger("supervisor")

STOP_PATIENCE = 40.0
"""Real seconds a process may take to drain: a send may wait for its answer for `send_timeout`."""
LONGEST_PAUSE = 10.0
KENTONGAN = [sys.executable, "-m", "app.cli"]
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process that is to run for ever."""

    name: str
    command: list[str]
    output: int | None = None
    process: asyncio.subprocess.Process | None = None
    fast_deaths: int = 0


def _die_with_parent() -> None:
    """A supervisor killed outright takes its children with it (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Supervisor:
    """`run` returns after SIGINT or SIGTERM, when every child has ended."""

    settings: Settings
    host: str
    port: int
    greeting: Sequence[str] = ()
    """A `kentongan` command to run once everything answers."""

    async def run(self) -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        redis = embedded.plan(self.settings.data_dir) if self.settings.redis_url == "embedded" else None
        environment = dict(os.environ)
        children = [Child("valkey", redis.command, asyncio.subprocess.DEVNULL)] if redis else []
        if redis:
            environment["KENTONGAN_EMBEDDED_REDIS"] = redis.url
        children.append(Child("web", [*KENTONGAN, "serve", "--host", self.host, "--port", str(self.port)]))
        children.append(Child("worker", [sys.executable, "-m", "workers"]))
        keepers = [asyncio.create_task(self._keep(child, environment)) for child in children]
        greeting = asyncio.create_task(self._greet(environment))
        await stopping.wait()
        greeting.cancel()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, greeting, return_exceptions=True)
        # The worker first: what is in flight is still recorded; Redis last: nobody misses it then.
        for child in reversed(children):
            await self._end(child)
        if redis and redis.is_temporary:
            shutil.rmtree(redis.folder, ignore_errors=True)

    async def _keep(self, child: Child, environment: Mapping[str, str]) -> None:
        while True:
            started = time.monotonic()
            # A session of its own: Ctrl-C reaches us alone, and we end the children in order.
            child.process = await asyncio.create_subprocess_exec(
                *child.command,
                env=dict(environment),
                start_new_session=True,
                preexec_fn=_die_with_parent,
                stdout=child.output,
            )
            code = await child.process.wait()
            child.fast_deaths = child.fast_deaths + 1 if time.monotonic() - started < 5 else 0
            log.warning("child_died", child=child.name, code=code)
            await asyncio.sleep(min(0.2 * 2**child.fast_deaths, LONGEST_PAUSE))

    async def _greet(self, environment: Mapping[str, str]) -> None:
        """Once the web process answers that everything is there."""
        if not self.greeting:
            return
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host
        while not await _answers(host, self.port):  # noqa: ASYNC110 - another process answers; no event to wait for
            await asyncio.sleep(0.1)
        guest = Child("greeting", [*KENTONGAN, *self.greeting])
        try:
            guest.process = await asyncio.create_subprocess_exec(
                *guest.command, env=dict(environment), start_new_session=True, preexec_fn=_die_with_parent
            )
            await guest.process.wait()
        finally:
            # Ctrl-C may come while it still speaks; it must not outlive us.
            await self._end(guest)

    async def _end(self, child: Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _answers(host: str, port: int) -> bool:
    """Does /readyz say 200?"""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    try:
        writer.write(f"GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        return b" 200 " in await asyncio.wait_for(reader.readline(), 5)
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


def become(settings: Settings, host: str, port: int, *, greeting: Sequence[str] = ()) -> None:
    """Turn this process, which has prepared everything and is large by now, into the supervisor. Does not return."""
    os.environ["KENTONGAN_DATA_DIR"] = str(settings.data_dir.resolve())
    os.environ["KENTONGAN_BASE_URL"] = settings.base_url
    os.environ["KENTONGAN_TRAINING"] = str(settings.training)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "app.supervisor", host, str(port), *greeting])


def main(host: str, port: str, *greeting: str) -> None:
    settings = Settings()
    configure(level=settings.log_level)
    asyncio.run(Supervisor(settings, host, int(port), greeting).run())
    print("Berhenti. Data tersimpan di", settings.data_dir, flush=True)  # noqa: T201 - a command's last word


if __name__ == "__main__":
    main(*sys.argv[1:])
