"""Puts the schema into an empty database, as `kentongan migrate` does."""

from app.kit.db import Database
from app.migrate import migrate


async def create_schema(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()
