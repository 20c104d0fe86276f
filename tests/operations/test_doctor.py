from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.bootstrap import Kentongan, build
from app.operations.backup import backup
from app.operations.doctor import Level, examine
from app.settings import Settings
from tests.support.cast import Cast, id_of
from tests.support.house import cast_house, moved, publishing, still_at
from tests.support.wait import wait_until

HEALTHY = "http://127.0.0.1:9"


@pytest.fixture
async def house(settings: Settings, now: Any) -> AsyncIterator[tuple[Kentongan, Cast]]:
    async with cast_house(moved(settings, base_url=HEALTHY), still_at(now)) as (house, cast):
        yield house, cast


async def levels(house: Kentongan) -> dict[str, Level]:
    """The worst of each name."""
    found: dict[str, Level] = {}
    for one in await examine(house):
        assert one.mend or one.level is Level.OK, f"{one.name} says no remedy"
        order = [Level.OK, Level.WARN, Level.BROKEN]
        found[one.name] = max(found.get(one.name, Level.OK), one.level, key=order.index)
    return found


async def test_a_house_without_workers_and_redis_is_broken(house: tuple[Kentongan, Cast]) -> None:
    found = await levels(house[0])
    assert (found["pekerja"], found["Redis"], found["alamat umum"]) == (Level.BROKEN,) * 3
    assert found["basis data"] is Level.OK


async def test_a_working_worker_is_seen(house: tuple[Kentongan, Cast]) -> None:
    async with publishing(house[0]):

        async def is_seen() -> bool:
            return (await levels(house[0]))["pekerja"] is Level.OK

        await wait_until(is_seen, "its beat is seen")


async def test_what_is_held_is_broken_until_it_goes_on(house: tuple[Kentongan, Cast]) -> None:
    await house[0].holding.hold(reason="uji")
    assert (await levels(house[0]))["pengiriman"] is Level.BROKEN
    await house[0].holding.resume()
    assert "pengiriman" not in await levels(house[0])


async def test_in_production_a_day_without_a_backup_is_broken(house: tuple[Kentongan, Cast], tmp_path: Path) -> None:
    here, _cast = house
    assert (await levels(here))["cadangan"] is Level.WARN, "training needs none"
    strict = build(moved(here.settings, environment="production", clock="", secret_keys="x" * 40))
    assert (await levels(strict))["cadangan"] is Level.BROKEN
    assert (await levels(strict))["pengaturan"] is Level.BROKEN, "plain http in production"
    await backup(strict, tmp_path / "a.zip")
    assert (await levels(strict))["cadangan"] is Level.OK
    old = (strict.clock.now() - timedelta(hours=25)).strftime("%Y-%m-%d %H:%M:%S")
    async with strict.db.write() as session:
        await session.run(text(f"UPDATE operator_act SET at = '{old}'"))
    assert (await levels(strict))["cadangan"] is Level.BROKEN
    await strict.close()


async def test_a_lost_key_is_named(house: tuple[Kentongan, Cast]) -> None:
    here, cast = house
    await here.channels.add(
        cast.rina, unit_id=id_of(cast.cilendek), platform="x", environment="live", handle="a", credential="t"
    )
    assert (await levels(here))["akun"] is Level.OK
    other = build(moved(here.settings, secret_keys="another"))
    assert (await levels(other))["akun"] is Level.BROKEN
    await other.close()


async def test_a_database_that_is_away_or_old_is_said_and_nothing_else_guessed(settings: Settings) -> None:
    away = build(moved(settings, database_url="postgresql://nobody@127.0.0.1:9/nothing"))
    assert [one.level for one in await examine(away) if one.name == "basis data"] == [Level.BROKEN]
    await away.close()
    empty = build(moved(settings, database_url=f"sqlite:///{settings.data_dir / 'empty.db'}"))
    assert [one.mend for one in await examine(empty) if one.name == "basis data"] == ["Jalankan: kentongan migrate"]
    await empty.close()
