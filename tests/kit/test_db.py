from datetime import datetime

import pytest
from sqlmodel import select

from app.kit.db import Database
from app.wilayah.models import Wilayah


async def test_a_rolled_back_write_leaves_nothing_and_tells_nobody(db: Database) -> None:
    told: list[int] = []

    async def tell() -> None:
        told.append(1)

    async def break_off() -> None:
        async with db.write() as session:
            session.add(Wilayah(code="32", name="Jawa Barat", level="provinsi"))
            session.after_commit(tell)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await break_off()
    async with db.read() as session:
        assert (await session.exec(select(Wilayah))).all() == []
    assert told == []


async def test_callbacks_run_after_the_row_is_durable(db: Database) -> None:
    seen: list[int] = []

    async def look() -> None:
        async with db.read() as session:
            seen.append(len((await session.exec(select(Wilayah))).all()))

    async with db.write() as session:
        await session.insert_many(
            Wilayah,
            [
                {
                    "code": "32",
                    "name": "Jawa Barat",
                    "level": "provinsi",
                    "alias": "",
                    "display": "",
                    "search": "",
                    "timezone": "",
                    "map_version": "",
                }
            ],
        )
        session.after_commit(look)
    assert seen == [1]


def test_a_naive_datetime_is_refused() -> None:
    from sqlalchemy.dialects import sqlite

    from app.kit.db import UtcDateTime

    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(datetime(2024, 11, 27), sqlite.dialect())  # noqa: DTZ001
