"""Puts up what a measurement needs and takes it down again: databases, processes, and a queue that is due at one second."""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import psutil

from app.accounts import unit_store
from app.bootstrap import Kentongan, build
from app.channels.models import Channel
from app.content.models import Media
from app.migrate import migrate
from app.posts.models import Post
from app.posts.rules import PostState
from app.practice import load_reference
from app.publishing.models import Delivery
from app.publishing.rules import Frozen, State, hash_of
from app.settings import Settings
from benchmarks.machine import PYTHON
from tests.support import servers
from tests.support.processes import free_port
from tests.support.wait import wait_until

VALID = timedelta(hours=6)
KEYS = "for-benchmarks-only"
"""What credentials are sealed with here, in this process and in those it starts."""


def start(*arguments: str, environment: dict[str, str] | None = None, quiet: bool = False) -> "subprocess.Popen[bytes]":
    """`python -m ...` beside us, with these variables on top of our own."""
    whole, output = {**os.environ, **(environment or {})}, subprocess.DEVNULL if quiet else None
    return subprocess.Popen([PYTHON, "-m", *arguments], env=whole, stdout=output, start_new_session=True)


@contextmanager
def database_server(kind: str) -> Iterator[str]:
    """An address with `{db}` in it."""
    if kind == "postgres":
        with servers.postgres() as url:
            yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="ktgb"))
    try:
        yield f"sqlite:///{folder}/{{db}}.db"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def fresh_database(server: str) -> AsyncIterator[str]:
    """A new database with the schema in it; dropped at the end."""
    name = f"b{uuid4().hex}"
    if server.startswith("postgres"):
        await _admin(server, f"CREATE DATABASE {name}")
    try:
        yield server.format(db=name)
    finally:
        if server.startswith("postgres"):
            await _admin(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _admin(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server.format(db="postgres"))
    await connection.execute(statement)
    await connection.close()


@asynccontextmanager
async def open_house(database_url: str, folder: Path, **more: str) -> AsyncIterator[Kentongan]:
    house = build(Settings(data_dir=folder, database_url=database_url, secret_keys=KEYS, **more))  # type: ignore[arg-type]
    try:
        await migrate(house.db)
        yield house
    finally:
        await house.close()


@dataclass(frozen=True)
class StandInProcess:
    """The stand-in platform while it runs."""

    base: str
    process: psutil.Process

    async def counted(self, *, reset: bool = False) -> dict[str, int]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.base}/{'_reset' if reset else '_counts'}") as answer,
        ):
            found: dict[str, int] = await answer.json()
            return found


@asynccontextmanager
async def stand_in(delay_ms: float) -> AsyncIterator[StandInProcess]:
    port = free_port()
    child = start("benchmarks.standin", str(port), str(delay_ms))
    here = StandInProcess(f"http://127.0.0.1:{port}", psutil.Process(child.pid))

    async def answers() -> bool:
        with suppress(aiohttp.ClientError):
            await here.counted()
            return True
        return False

    try:
        await wait_until(answers, "the stand-in answers")
        yield here
    finally:
        child.terminate()
        child.wait()


async def run_child(module: str, *arguments: object) -> dict[str, Any]:
    """Runs `python -m module` to its end; answers the JSON object on its last line."""
    child = await asyncio.create_subprocess_exec(PYTHON, "-m", module, *map(str, arguments), stdout=subprocess.PIPE)
    output, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"{module} failed")
    found: dict[str, Any] = json.loads(output.decode().splitlines()[-1])
    return found


async def fill(house: Kentongan, platform: str, count: int) -> list[dict[str, Any]]:
    """Accounts, pictures and posts for `count` deliveries; answers the delivery rows, not yet due.

    Credentials hold what a connect flow stores, so no account is asked who it is; Instagram's containers stand ready.
    """
    now = house.clock.now()
    await load_reference(house, shifted=False)
    async with house.db.write() as session:
        units = await unit_store.units_in(session, ["/"])
        owners = [units[number % len(units)].id or 0 for number in range(count)]
        channels = [_channel(house, platform, owner, number) for number, owner in enumerate(owners)]
        channel_ids = await session.insert_returning_ids(Channel, channels)
        has_picture = platform == "instagram"
        pictures = [picture_row(owner, number, now) for number, owner in enumerate(owners)] if has_picture else []
        media_ids = await session.insert_returning_ids(Media, pictures)
        post_ids = await session.insert_returning_ids(Post, [post_row(owner, now) for owner in owners])
    rows = []
    for number, owner in enumerate(owners):
        shown = [{"media_id": media_ids[number], "alt_text": ""}] if has_picture else []
        body = Frozen(f"Kabar ke-{number} dari unit {owner}: cek nama Anda di daftar pemilih.", shown).body()
        prepared = {"container": str(17_900_000_000_000 + number)} if has_picture else {}
        rows.append(
            Delivery(
                post_id=post_ids[number], channel_id=channel_ids[number], unit_id=owner, platform=platform, lane=platform,
                environment="live", state=State.DUE, due_at=now, act_at=now, valid_until=now + VALID, message=body,
                message_hash=hash_of(body), wants_prepare=has_picture, prepared=prepared,
            ).model_dump(exclude={"id"})
        )  # fmt: skip
    return rows


def _channel(house: Kentongan, platform: str, unit_id: int, number: int) -> dict[str, Any]:
    secret = {"access_token": f"bench_{platform}_{number:06}", "account_id": str(17_841_400_000_000 + number)}
    row = Channel(
        unit_id=unit_id, platform=platform, environment="live", handle=f"unit.{number}", sealed=house.seal.seal(secret),
        created_at=house.clock.now(),
    )  # fmt: skip
    return row.model_dump(exclude={"id"})


def picture_row(unit_id: int, number: int, now: datetime) -> dict[str, Any]:
    spec = {"headline": f"Kabar ke-{number}", "unit_name": f"Unit {unit_id}", "footer": "Kota Bogor", "theme": "batu"}
    row = Media(unit_id=unit_id, kind="poster", alt_text="Poster", spec=spec, created_at=now)
    return row.model_dump(exclude={"id"})


def post_row(unit_id: int, now: datetime) -> dict[str, Any]:
    row = Post(unit_id=unit_id, state=PostState.SCHEDULED, created_at=now, updated_at=now, due_at=now)
    return row.model_dump(exclude={"id"})


async def queue(house: Kentongan, rows: list[dict[str, Any]], due_at: datetime) -> None:
    """All of it due at one moment."""
    async with house.db.write() as session:
        await session.insert_many(Delivery, [{**row, "due_at": due_at, "act_at": due_at} for row in rows])
