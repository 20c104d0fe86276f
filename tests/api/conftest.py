"""One web process for a module, on each database; what a test wrote is gone for the next."""

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from tests.conftest import NOW
from tests.support.client import Site, open_site
from tests.support.databases import fresh_database
from tests.support.house import add_template, settings_for, still_at, wipe


@pytest.fixture(scope="module", autouse=True)
def _short_logs() -> Iterator[None]:
    """The default renderer draws every frame with its locals: half a minute for one traceback."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def shared_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with fresh_database(request, request.param, folder) as url:
        async with open_site(settings_for(folder, url), still_at(NOW)) as site:
            yield site


@pytest.fixture(scope="module")
async def template(shared_site: Site) -> int:
    """Names the unit, needs nothing from a person, serves every stage."""
    return await add_template(shared_site.house, shared_site.cast, "Halo warga {{ wilayah }}, ini {{ nama_unit }}.")


@pytest.fixture
async def site(shared_site: Site) -> AsyncIterator[Site]:
    yield shared_site
    await wipe(shared_site.house)
