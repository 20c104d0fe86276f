"""Changes the secret keys without losing what they seal: a new key first, a restart of all processes, then every seal anew."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Table

from app.bootstrap import Kentongan
from app.kit.db import WriteSession
from app.kit.errors import Conflict
from app.kit.seal import Seal, Unreadable, keys_in, read_keys
from app.operations import store
from app.tables import metadata

_RESTART = "Mulai ulang semua proses (web dan pekerja), lalu jalankan lagi: kentongan keys rotate"


async def rotate(house: Kentongan, *, drop_old: bool) -> Sequence[str]:
    """What was done and what is next, a line each. Raises Conflict while a worker runs that cannot know the newest key.

    All columns whose name begins with `sealed` are sealed anew, whichever room they belong to.
    """
    newest = Seal(house.seal.keys[:1])
    async with house.db.write() as session:
        stale = await _with_older_keys(session, newest)
        if stale:
            await _must_be_known_to_workers(house, session)
            sealed = [await _reseal(session, table, column, house.seal, newest) for table, column in stale]
            await store.note_act(session, "keys.rotate", at=house.clock.now(), note=f"{sum(sealed)} disegel ulang")
            return [
                f"{sum(sealed)} rahasia disegel ulang dengan kunci pertama.",
                "Kunci lama boleh dihapus: kentongan keys rotate --drop-old, lalu mulai ulang semua proses.",
            ]
        if house.settings.secret_keys:
            return [
                "Semua rahasia sudah disegel dengan kunci pertama.",
                f"Untuk mengganti: taruh kunci baru paling depan di KENTONGAN_SECRET_KEYS, misalnya {secrets.token_urlsafe(32)}",
                _RESTART,
            ]
        if drop_old:
            _write(house.settings.data_dir, keys_in(house.settings.data_dir)[:1])
            return ["Kunci lama dihapus. Mulai ulang semua proses."]
        _write(house.settings.data_dir, (secrets.token_urlsafe(32), *keys_in(house.settings.data_dir)))
        await store.note_act(session, "keys.new", at=house.clock.now(), note="berkas kunci")
    return ["Kunci baru dibuat; yang lama masih membuka.", _RESTART]


async def _with_older_keys(session: WriteSession, newest: Seal) -> list[tuple[Table, str]]:
    """Columns in which something is not sealed with the newest key."""
    found = []
    for table in metadata.sorted_tables:
        for column in table.c:
            if column.name.startswith("sealed") and await _holds_older(session, table, column.name, newest):
                found.append((table, column.name))
    return found


async def _holds_older(session: WriteSession, table: Table, column: str, newest: Seal) -> bool:
    return any(not newest.opens(text) for _key, text in await store.sealed_values(session, table, column))


async def _reseal(session: WriteSession, table: Table, column: str, seal: Seal, newest: Seal) -> int:
    """Answers how many; what no key opens any more is left as it is, and the doctor names it."""
    done = 0
    for key, text in await store.sealed_values(session, table, column):
        if newest.opens(text):
            continue
        try:
            fresh = seal.rotate(text)
        except Unreadable:
            continue
        await store.replace_sealed(session, table, column, key, old=text, new=fresh)
        done += 1
    return done


async def _must_be_known_to_workers(house: Kentongan, session: WriteSession) -> None:
    made = await store.find_act(session, "keys.new")
    silent_since = house.clock.now() - house.clock.span(house.settings.silent_after)
    started_at = await store.oldest_worker(session, alive_since=silent_since)
    if made is not None and started_at is not None and started_at < made.at:
        raise Conflict(
            "Ada pekerja yang dimulai sebelum kunci baru dibuat, jadi tidak dapat membuka segelnya. Mulai ulang semua proses dulu."
        )


def _write(folder: Path, keys: Sequence[str]) -> None:
    """Whole or not at all: a torn file of keys would cost every credential."""
    partial = folder / ".keys.partial"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write("\n".join(keys) + "\n")
        out.flush()
        os.fsync(out.fileno())
    partial.replace(folder / "keys")
    assert read_keys(folder) == tuple(keys)
