"""Fresh databases for tests of any scope: a copied file, or a PostgreSQL database that is emptied and used again."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import asyncpg
import pytest

from tests.support.schema import create_schema

T = TypeVar("T")

_TEMPLATE = "template_ktg"

_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
"""A test server's data need not outlive the machine's power; they do outlive a `kill -9`."""

_COUNT_FROM_ONE = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""


class Pool:
    """The databases of one PostgreSQL server. Emptying one costs a few milliseconds, making one a hundred."""

    def __init__(self, url: str, *, ours: bool) -> None:
        """`url` has `{db}` in it; a server that is not ours keeps its own settings."""
        self._url = url
        self._free: list[str] = []
        for name, value in _QUICK.items() if ours else ():
            run_apart(self._admin(f"ALTER SYSTEM SET {name} = {value}"))
        run_apart(self._admin("SELECT pg_reload_conf()"))
        run_apart(self._admin(f"DROP DATABASE IF EXISTS {_TEMPLATE}", f"CREATE DATABASE {_TEMPLATE}"))
        run_apart(create_schema(url.format(db=_TEMPLATE)))

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The address of a database with the schema and no rows."""
        if not self._free:
            self._free.append(f"t{uuid4().hex}")
            run_apart(self._admin(f"CREATE DATABASE {self._free[-1]} TEMPLATE {_TEMPLATE} STRATEGY file_copy"))
        name = self._free.pop()
        yield self._url.format(db=name)
        if run_apart(self._emptied(name)):
            self._free.append(name)
        else:
            run_apart(self._admin(f"DROP DATABASE {name} WITH (FORCE)"))

    async def _emptied(self, name: str) -> bool:
        """Take all rows away; False when the test changed the schema, so that the next one must not get it."""
        async with _connected(self._url.format(db=name)) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = await _columns(connection)
            async with _connected(self._url.format(db=_TEMPLATE)) as pattern:
                if tables != await _columns(pattern):
                    return False
            names = sorted({table for table, _ in tables})
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(
                ";".join(f'DELETE FROM "{table}"' for table in names if table != "alembic_version")
            )
            await connection.execute(_COUNT_FROM_ONE)
            return True

    async def _admin(self, *statements: str) -> None:
        async with _connected(self._url.format(db="postgres")) as connection:
            for statement in statements:
                await connection.execute(statement)


async def _columns(connection: asyncpg.Connection) -> set[tuple[str, str]]:
    rows = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    return {(row["table_name"], row["column_name"]) for row in rows}


@asynccontextmanager
async def _connected(address: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        await connection.close()


def run_apart(work: Coroutine[None, None, T]) -> T:
    """In a thread and a loop of its own: for set-up of tests that have no loop, or already run in one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@contextmanager
def fresh_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[str]:
    """The address of a database with the schema and no rows, for fixtures of any scope."""
    if kind == "postgres":
        with request.getfixturevalue("postgres_pool").fresh() as url:
            yield url
        return
    path = folder / f"{uuid4().hex}.db"
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    yield f"sqlite:///{path}"
