"""How a picture gets onto the disk: whole or not at all, and nothing half written stays."""

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from app.content.pictures import MAX_BYTES, too_large

PART = ".part"


def is_there(path: str) -> bool:
    """Does the file exist? One system call, so it may be asked anywhere."""
    return os.path.isfile(path)


def remove_parts(folder: Path, before: float) -> int:
    abandoned = [path for path in folder.rglob(f"*{PART}") if path.stat().st_mtime < before]
    for path in abandoned:
        path.unlink(missing_ok=True)
    return len(abandoned)


def head_of(file: BinaryIO) -> bytes:
    head = file.read(12)
    file.seek(0)
    return head


async def collect(chunks: AsyncIterator[bytes]) -> bytes:
    """All of it, or TooLarge as soon as it is too much."""
    found = bytearray()
    async for chunk in chunks:
        found += chunk
        if len(found) > MAX_BYTES:
            raise too_large()
    return bytes(found)


def write(path: Path, data: bytes) -> bool:
    """Puts the whole file there or nothing; False if it was there already, which its name says of its content."""
    if path.is_file() and path.stat().st_size == len(data):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=PART)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True


def remove(path: Path) -> None:
    """The file and its renditions for the platforms."""
    for each in (path, *path.parent.glob(f"{path.stem}.*-*.jpg")):
        each.unlink(missing_ok=True)
