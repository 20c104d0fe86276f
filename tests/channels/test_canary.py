"""A secret that is easy to find is posted; afterwards it must be nowhere but inside the seal."""

import logging
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from app.channels.service import ChannelService
from app.kit import logs
from app.kit.db import Database
from app.kit.errors import AppError
from app.platforms.contract import NeedsReconnect, TryLater
from tests.channels.conftest import PatientPlatform
from tests.support.cast import Cast, id_of

CANARY = "burung-kenari-4711"


async def test_a_posted_credential_is_nowhere_to_be_read(
    channels: ChannelService,
    cast: Cast,
    db: Database,
    platform: PatientPlatform,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    said = await _live_through_everything(channels, cast, platform)
    said += await _everything_stored(db)
    shown = capfd.readouterr()
    assert CANARY not in "".join(said) + shown.out + shown.err + caplog.text
    assert not [path.name for path in _files_of(db) if CANARY.encode() in path.read_bytes()]


async def test_the_search_would_find_the_canary(db: Database, cast: Cast) -> None:
    """The test above is worth something only if it looks where things are kept."""
    async with db.write() as session:
        unit = await session.get_one(type(cast.kpu), id_of(cast.kpu))
        unit.variables = {"rahasia": CANARY}
        session.add(unit)
    assert CANARY in "".join(await _everything_stored(db))
    assert not db.is_sqlite or [path for path in _files_of(db) if CANARY.encode() in path.read_bytes()]


async def _live_through_everything(channels: ChannelService, cast: Cast, platform: PatientPlatform) -> list[str]:
    unit = id_of(cast.cilendek)
    channel = await channels.add(
        cast.rina, unit_id=unit, platform="x", environment="live", handle="a", credential={"access_token": CANARY}
    )
    assert channel.id is not None
    said = [repr(channel), repr(await channels.list(cast.rina)), repr(await channels.get(cast.sari, channel.id))]
    said.append(repr(await channels.edit(cast.rina, channel.id, credential=f"{CANARY}-2")))
    platform.answer = NeedsReconnect(f"Ditolak: access_token={CANARY}-2")
    said.append(repr(await channels.check(cast.rina, channel.id)))
    platform.answer = TryLater(f"Bearer {CANARY}-2 terlalu sering")
    for wrong in (
        channels.check(cast.rina, channel.id),
        channels.add(cast.rina, unit_id=unit, platform="x", environment="live", handle="A", credential=CANARY),
        channels.add(cast.rina, unit_id=unit, platform="x", environment="manual", handle="b", credential=CANARY),
        channels.edit(cast.rina, channel.id, credential={"token": CANARY}),
    ):
        with pytest.raises(AppError) as refusal:
            await wrong
        said.append(repr(refusal.value) + repr(refusal.value.problems))
    logs.logger("test").warning("still readable", platform="x")
    return said


async def _everything_stored(db: Database) -> list[str]:
    async with db.read() as session:
        return [repr((await session.run(select(table))).all()) for table in SQLModel.metadata.sorted_tables]


def _files_of(db: Database) -> list[Path]:
    name = db.url.database or ""
    return [path for path in Path(name).parent.glob(f"{Path(name).name}*") if path.is_file()] if db.is_sqlite else []
