"""Brings a database's schema to the newest revision."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from app.kit.db import Database
from app.settings import ROOT


def config(connection: Connection | None = None) -> Config:
    found = Config(str(ROOT / "alembic.ini"))
    found.set_main_option("script_location", str(Path(ROOT) / "migrations"))
    found.attributes["connection"] = connection
    return found


async def migrate(db: Database) -> None:
    """From wherever it is to the head, in one transaction; safe to run twice, also at the same time."""
    async with db.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(config(sync), "head"))


def head_revision() -> str:
    """The schema that this version of the program works with."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


async def is_current(db: Database) -> bool:
    async with db.engine.connect() as connection:
        found = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    return found == head_revision()
