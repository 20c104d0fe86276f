"""What every command of `kentongan` shares: its settings, a house to work in, and how it speaks."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from app.accounts import unit_store
from app.bootstrap import Kentongan, build
from app.kit.logs import configure
from app.migrate import migrate
from app.settings import Settings

Answer = TypeVar("Answer")


def say(text: str) -> None:
    """Plain, whole lines, at once: scripts read them."""
    print(text, flush=True)  # noqa: T201 - a command's output is its purpose


def read_settings(**overrides: Any) -> Settings:
    settings = Settings(**overrides)
    configure(level=settings.log_level)
    return settings


def in_house(
    work: Callable[[Kentongan], Awaitable[Answer]], settings: Settings | None = None, *, migrated: bool = True
) -> Answer:
    """Run `work` in a house of its own, on a schema that is up to date unless `migrated` is off."""

    async def run_in_house() -> Answer:
        house = build(settings or read_settings())
        try:
            if migrated:
                await migrate(house.db)
            return await work(house)
        finally:
            await house.close()

    return run(run_in_house())


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    return uvloop.run(work)


def must_exist(file: Path) -> None:
    if not file.is_file():
        raise RuntimeError(f"Berkas {file} tidak ada.")


async def unit_id_of(house: Kentongan, text: str) -> int:
    """By region code, else by number."""
    async with house.db.read() as session:
        found = await unit_store.unit_by_wilayah(session, text, paths=["/"])
        if found is None and text.isdigit():
            found = await unit_store.unit(session, int(text), paths=["/"])
    if found is None or found.id is None:
        raise RuntimeError(
            f"Unit {text} tidak ada. Lihat kode wilayahnya dengan GET /api/v1/units, atau muat dulu: kentongan load kota-bogor."
        )
    return found.id
