"""Puts the schema into an empty database, as `kentongan migrate` does."""

from app.kit.db import Database
from app.tables import metadata


async def create_schema(url: str) -> None:
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await database.close()
