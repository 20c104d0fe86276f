"""A house that stands at 1 November 2024, 10.00 WIB, with the cast in it; one for a module, emptied of posts after each test."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from app.bootstrap import Kentongan
from tests.conftest import NOW
from tests.support.cast import Cast
from tests.support.databases import fresh_database
from tests.support.house import City, add_template, cast_house, city_house, settings_for, still_at, wipe

PLAIN = "Halo warga {{ wilayah }}, ini {{ nama_unit }}."


@dataclass(frozen=True)
class Place:
    house: Kentongan
    cast: Cast
    template: int
    """Every platform, every stage; its text names the unit and needs nothing from a person."""


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    folder = tmp_path_factory.mktemp("posts")
    with fresh_database(request, request.param, folder) as url:
        async with cast_house(settings_for(folder, url), still_at(NOW)) as (house, cast):
            yield Place(house, cast, await add_template(house, cast, PLAIN))


@pytest.fixture
async def place(shared: Place) -> AsyncIterator[Place]:
    yield shared
    await wipe(shared.house)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def shared_city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    folder = tmp_path_factory.mktemp("city")
    with fresh_database(request, request.param, folder) as url:
        async with city_house(settings_for(folder, url), still_at(NOW)) as city:
            yield city


@pytest.fixture
async def city(shared_city: City) -> AsyncIterator[City]:
    yield shared_city
    await wipe(shared_city.house)
