"""What every test may ask for: a real database of each kind, a real Redis, a clock that stands still."""

import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.kit.db import Database
from app.settings import Settings
from tests.support import servers
from tests.support.databases import Pool, fresh_database, run_apart
from tests.support.schema import create_schema

NOW = datetime(2024, 11, 1, 3, 0, tzinfo=UTC)
"""Friday 1 November 2024, 10.00 WIB: inside the campaign, 26 days before voting."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "template.db"
    run_apart(create_schema(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_pool() -> Iterator[Pool]:
    with servers.postgres() as url:
        yield Pool(url, ours=servers.OURS)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with the schema, once on SQLite and once on PostgreSQL."""
    with fresh_database(request, request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with servers.valkey() as url:
        yield url


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Without quotas: a suite asks more in a minute than any person."""
    return Settings(
        data_dir=tmp_path / "data", database_url=database_url, secret_keys="for-tests-only", rate_reads=0, rate_writes=0
    )
