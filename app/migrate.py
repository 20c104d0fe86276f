"""Brings a database's schema to the newest revision. Alembic is imported where it is used: few processes migrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from app.kit.db import Database
from app.settings import ROOT

if TYPE_CHECKING:
    from alembic.config import Config


def config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    found = Config(str(ROOT / "alembic.ini"))
    found.set_main_option("script_location", str(Path(ROOT) / "migrations"))
    found.attributes["connection"] = connection
    return found


async def migrate(db: Database) -> None:
    """From wherever it is to the head, in one transaction; safe to run twice, also at the same time."""
    from alembic import command

    async with db.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(config(sync), "head"))


def head_revision() -> str:
    """The schema that this version of the program works with."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config()).get_current_head() or ""


async def is_current(db: Database) -> bool:
    from alembic.migration import MigrationContext

    async with db.engine.connect() as connection:
        found = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    return found == head_revision()
