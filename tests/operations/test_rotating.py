from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from app.bootstrap import Kentongan, build
from app.kit.errors import Conflict
from app.kit.seal import Seal, keys_in
from app.operations.rotating import rotate
from app.settings import Settings
from tests.support.cast import Cast, id_of
from tests.support.house import cast_house, moved, still_at

SECRET = "burung-kenari-4711"


@pytest.fixture
async def house(settings: Settings, now: Any) -> AsyncIterator[tuple[Kentongan, Cast]]:
    """Its key lies in the data folder, as on a single machine."""
    async with cast_house(moved(settings, secret_keys=""), still_at(now)) as (house, cast):
        await house.channels.add(
            cast.rina, unit_id=id_of(cast.cilendek), platform="x", environment="live", handle="a", credential=SECRET
        )
        yield house, cast


async def seals(house: Kentongan) -> list[str]:
    async with house.db.read() as session:
        return list((await session.run(text("SELECT sealed FROM channel WHERE sealed <> ''"))).scalars())


async def test_a_key_is_changed_in_two_steps_and_nothing_is_lost(house: tuple[Kentongan, Cast]) -> None:
    here, _cast = house
    old = keys_in(here.settings.data_dir)
    assert "Kunci baru" in (await rotate(here, drop_old=False))[0]
    new = keys_in(here.settings.data_dir)
    assert new[1:] == old
    restarted = build(here.settings)
    assert "disegel ulang" in (await rotate(restarted, drop_old=False))[0]
    assert all(Seal(new[:1]).opens(each) and not Seal(old).opens(each) for each in await seals(restarted))
    await rotate(restarted, drop_old=True)
    assert keys_in(here.settings.data_dir) == new[:1]
    last = build(here.settings)
    assert SECRET in [last.seal.open(each).get("access_token") for each in await seals(last)]
    await restarted.close()
    await last.close()


async def test_nothing_is_sealed_with_a_key_that_a_running_worker_cannot_know(house: tuple[Kentongan, Cast]) -> None:
    here, _cast = house
    before = await seals(here)
    publisher = here.publisher()
    await publisher._beat(here.clock.now())
    await rotate(here, drop_old=False)
    restarted = build(moved(here.settings, clock=""))
    async with here.db.write() as session:
        await session.run(
            text("UPDATE operator_act SET at = :at").bindparams(at="2099-01-01 00:00:00")
            if here.db.is_sqlite
            else text("UPDATE operator_act SET at = '2099-01-01'")
        )
        await session.run(text("UPDATE worker_beat SET beat_at = '2098-01-01'"))
    with pytest.raises(Conflict):
        await rotate(restarted, drop_old=False)
    assert await seals(here) == before
    await restarted.close()


async def test_keys_of_the_environment_are_the_operators_to_change(house: tuple[Kentongan, Cast]) -> None:
    here, _cast = house
    key = keys_in(here.settings.data_dir)[0]
    given = build(moved(here.settings, secret_keys=f"fresh,{key}"))
    assert "disegel ulang" in (await rotate(given, drop_old=False))[0]
    assert all(Seal(("fresh",)).opens(each) for each in await seals(here))
    assert "KENTONGAN_SECRET_KEYS" in (await rotate(given, drop_old=False))[1]
    await given.close()
