"""How a transaction begins and ends, on SQLite and on PostgreSQL; nobody else commits."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import DateTime, Dialect, Table, event, insert
from sqlalchemy.engine import Connection, CursorResult, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.sql import Executable
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.kit import bulk

COPY_FROM = 50
"""Rows from which PostgreSQL gets them by COPY; fewer are quicker as a plain insert."""

AfterCommit = Callable[[], Awaitable[None]]

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. SQLite drops offsets and PostgreSQL guesses them, so naive values are refused here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: say which zone is meant")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ReadSession(AsyncSession):
    """A session for looking; a function that takes one promises not to change anything."""

    async def run(self, statement: Executable, rows: Any = None) -> CursorResult[*tuple[Any, ...]]:
        """One core statement (`session.execute` is deprecated in SQLModel, `exec` is for ORM selects)."""
        connection = await self.connection()
        return await connection.execute(statement, rows)

    async def rows(self, statement: Executable) -> list[dict[str, Any]]:
        """Its rows as plain dictionaries by column name."""
        return [{str(name): value for name, value in row.items()} for row in (await self.run(statement)).mappings()]

    @property
    def is_sqlite(self) -> bool:
        return self.get_bind().dialect.name == "sqlite"


class WriteSession(ReadSession):
    """A session that may write. Callbacks run only once its transaction is durable."""

    def after_commit(self, callback: AfterCommit) -> None:
        self.info.setdefault("after_commit", []).append(callback)

    async def insert_many(self, table: type[SQLModel], rows: Sequence[Mapping[str, Any]], *, chunk: int = 1000) -> None:
        """Insert plain rows in batches; `add_all` is 6 to 20 times slower (measured with 250,000 rows)."""
        if not self.is_sqlite and len(rows) >= COPY_FROM:
            await bulk.copy(await self.connection(), _table(table), rows)
            return
        for batch in _chunks(rows, chunk):
            await self.run(insert(table), batch)

    async def insert_returning_ids(
        self, table: type[SQLModel], rows: Sequence[Mapping[str, Any]], *, chunk: int = 500
    ) -> list[int]:
        """Like `insert_many`, answering the new ids in the order of the rows."""
        if not self.is_sqlite and len(rows) >= COPY_FROM:
            new = await bulk.next_ids(await self.connection(), _table(table), len(rows))
            with_ids = ({**row, "id": own} for row, own in zip(rows, new, strict=True))
            await bulk.copy(await self.connection(), _table(table), with_ids)
            return new
        statement = insert(table).returning(_table(table).c.id, sort_by_parameter_order=True)
        ids: list[int] = []
        for batch in _chunks(rows, chunk):
            ids += (await self.run(statement, batch)).scalars()
        return ids


class Database:
    """The engine and the two ways in. `url` as a user writes it: `sqlite:///file` or `postgresql://...`."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = make_url(async_url(url))
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine: AsyncEngine = create_async_engine(self.url, pool_size=pool_size, max_overflow=10)
        if self.is_sqlite:
            _teach_sqlite_transactions(self.engine)
        else:
            _notice_vanished_servers(self.engine)
        self._writer = self.engine.execution_options(begin="IMMEDIATE")
        # SQLite has one writer; queueing inside the process is fair, its busy handler polls and is not.
        self._turn = asyncio.Lock() if self.is_sqlite else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        async with ReadSession(self.engine) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """One transaction: commits when the block ends, rolls back when it raises. Never hold one across a network call."""
        async with self._turn or nullcontext(), WriteSession(self._writer, expire_on_commit=False) as session:
            async with session.begin():
                yield session
            callbacks = session.info.pop("after_commit", ())
        for callback in callbacks:
            await callback()

    async def close(self) -> None:
        await self.engine.dispose()


def async_url(url: str) -> str:
    """The user's address with our async drivers named in it."""
    for plain, driver in (
        ("sqlite:", "sqlite+aiosqlite:"),
        ("postgresql:", "postgresql+asyncpg:"),
        ("postgres:", "postgresql+asyncpg:"),
    ):
        if url.startswith(plain):
            return driver + url.removeprefix(plain)
    return url


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def _chunks(rows: Sequence[Mapping[str, Any]], size: int) -> Iterator[list[Mapping[str, Any]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def _teach_sqlite_transactions(engine: AsyncEngine) -> None:
    # sqlite3's own implicit BEGIN is deferred, and a deferred reader that later writes fails with SQLITE_BUSY
    # whatever the time-out. Writers begin IMMEDIATE. FULL: a published post must survive a power cut.
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("begin", "")
        connection.exec_driver_sql(f"BEGIN {mode}".strip())


def _notice_vanished_servers(engine: AsyncEngine) -> None:
    # A network that swallows packets says nothing, and the kernel would wait for a quarter of an hour or for ever.
    # Ours gives up after 20 s of silence; a statement may take as long as it likes while the other side lives.
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        wire = connection.driver_connection._transport.get_extra_info("socket")
        if wire is None or wire.family not in {socket.AF_INET, socket.AF_INET6}:
            return
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (
            ("TCP_KEEPIDLE", 10),
            ("TCP_KEEPINTVL", 5),
            ("TCP_KEEPCNT", 2),
            ("TCP_USER_TIMEOUT", 20_000),
        ):
            if hasattr(socket, name):
                wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
