"""Takes the whole installation into one file, and brings it back so that nothing is sent twice by it."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Table

from app.audit.service import record
from app.bootstrap import Kentongan
from app.kit.db import ReadSession
from app.kit.errors import Conflict
from app.migrate import head_revision
from app.operations import archive, store
from app.operations.archive import BrokenArchive, Contents
from app.tables import metadata

OPERATOR = "operator"


@dataclass(frozen=True)
class Taken:
    """What a backup holds."""

    file: Path
    rows: int
    pictures: int
    bytes: int


@dataclass(frozen=True)
class Restored:
    """`doubtful`: deliveries that may be out already, by state they are in now."""

    taken_at: datetime
    rows: int
    pictures: int
    doubtful: Mapping[str, int] = field(default_factory=dict)


async def backup(house: Kentongan, file: Path) -> Taken:
    """Rows as of one moment, then the pictures: a file is written before the row that names it, and never changed.

    Safe while everything runs. Keys are not in it. Raises FileExistsError, OSError (a full disk leaves no half file).
    """
    if file.exists():
        raise FileExistsError(f"Berkas {file} sudah ada; pilih nama lain.")
    now = house.clock.now()
    kind = "sqlite" if house.db.is_sqlite else "postgresql"
    contents = Contents(now.isoformat(), head_revision(), kind)
    with archive.writing(file, contents) as out:
        await _add_rows(house, out)
        pictures = await asyncio.to_thread(_add_pictures, out, house.settings.media_dir)
        out.finish(house.seal)
    async with house.db.write() as session:
        await store.note_act(session, "backup", at=now, note=file.name)
    return Taken(file, contents.rows, pictures, file.stat().st_size)


async def _add_rows(house: Kentongan, out: archive.Writer) -> None:
    async with house.db.read() as session:
        await store.freeze_view(session)
        for table in metadata.sorted_tables:
            await _add_table(session, out, table)


async def _add_table(session: ReadSession, out: archive.Writer, table: Table) -> None:
    with out.table(table.name) as lines:
        async for part in store.rows_of(session, table):
            lines.add(part)


def _add_pictures(out: archive.Writer, folder: Path) -> int:
    found = 0
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        # A picture being written has a name of its own until it is whole.
        if path.is_file() and not path.name.startswith("."):
            out.file(path, path.relative_to(folder).as_posix())
            found += 1
    return found


async def restore(house: Kentongan, file: Path, *, replace: bool = False, other_keys: bool = False) -> Restored:
    """All of it or nothing, in one transaction, also while workers run: they wait, and find everything held.

    What was due since the backup is in doubt afterwards and is looked up at the platforms; nothing at all is sent until
    `HoldService.resume`. Raises BrokenArchive, Conflict for a database that holds something (unless `replace`).
    """
    now, tables = house.clock.now(), metadata.sorted_tables
    with archive.reading(file, seal=house.seal, other_keys=other_keys) as found:
        if found.contents.revision != head_revision():
            raise BrokenArchive(
                f"cadangan ini dari versi lain (skema {found.contents.revision}). Pasang versi itu, pulihkan, lalu perbarui"
            )
        await asyncio.to_thread(found.verify)
        # Pictures first: a row must never name a file that is not there.
        pictures = await asyncio.to_thread(found.unpack_media, house.settings.media_dir)
        async with house.db.write() as session:
            await store.lock_all(session, tables)
            if not replace and await store.count_rows(session, metadata.tables["user_account"]):
                raise Conflict(
                    "Basis data ini sudah berisi. Ulangi dengan --replace bila isinya memang hendak diganti seluruhnya."
                )
            await store.empty(session, tables)
            for table in tables:
                await store.fill(session, table, found.rows(table))
                await store.go_on_counting(session, table)
            doubtful = await house.holding.doubt(session)
            await house.people.forget_ways_in(session)
            taken_at = found.contents.moment
            await store.note_act(session, "restore", at=now, note=taken_at.isoformat())
            detail = {"taken_at": taken_at.isoformat(), "rows": found.contents.rows, "doubtful": dict(doubtful)}
            await record(
                session, at=now, actor=OPERATOR, action="database.restore", subject="installation", detail=detail
            )
    return Restored(taken_at, found.contents.rows, pictures, doubtful)


async def last_backup(house: Kentongan) -> datetime | None:
    """When one was last taken of this very database."""
    async with house.db.read() as session:
        act = await store.find_act(session, "backup")
    return act.at if act else None


def free_bytes(folder: Path) -> int:
    """How much room a disk has left for people like us."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
