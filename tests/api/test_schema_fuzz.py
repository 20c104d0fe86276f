"""Whatever the schema allows, and a little that it does not, is answered as the schema says; never with a crash."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.main import API, create_app
from app.settings import Settings
from tests.conftest import NOW
from tests.support.cast import make_cast
from tests.support.client import NOWHERE, token_for
from tests.support.databases import fresh_database, run_apart
from tests.support.house import add_channels, add_template, moved, open_house, serving, settings_for, still_at

pytestmark = pytest.mark.deep

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)

ACCEPTED = {
    "GET /readyz": "503 is its honest answer while no worker is alive, and nobody is in this test",
    # Uploads are read as a stream by hand; what a multipart body may be is tested in test_content.py.
    "POST /api/v1/media": "its form is described by hand, and schemathesis sends files that are no pictures: 415 is meant",
}


@pytest.fixture(scope="module")
def token(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a running web process with the cast in it, and the KPU admin's token.

    On PostgreSQL, which refuses more than SQLite: NUL, whole numbers beyond its columns, naive moments.
    """
    folder = tmp_path_factory.mktemp("fuzz")
    secrets: list[str] = []
    with fresh_database(request, "postgres", folder) as url:
        plain = moved(settings_for(folder, url), clock=still_at(NOW))
        run_apart(_furnish(plain, secrets))
        with serving(lambda _address: create_app(plain, redis_url=NOWHERE)) as address:
            yield address, secrets[0]


async def _furnish(plain: Settings, secrets: list[str]) -> None:
    async with open_house(plain, plain.clock) as house:
        cast = await make_cast(house.db, house.clock.now())
        await add_channels(house, [cast.cilendek, cast.menteng])
        await add_template(house, cast, "Halo warga {{ wilayah }}.")
        secrets.append(await token_for(house, cast.rina))


def test_the_api_answers_as_it_says(token: tuple[str, str]) -> None:
    address, secret = token
    headers = {"Authorization": f"Bearer {secret}"}
    schema = schemathesis.openapi.from_url(f"{address}{API}/openapi.json", headers=headers)
    found = {}
    for operation in (result.ok() for result in schema.get_all_operations()):
        if operation.label not in ACCEPTED:
            found[operation.label] = _said(operation, headers)
    assert len(found) > 40
    assert {label: said for label, said in found.items() if said} == {}


def _said(operation: schemathesis.APIOperation, headers: dict[str, str]) -> str:
    """What is wrong with the answers of one call; empty where nothing is."""

    @given(case=operation.as_strategy())
    @settings(
        max_examples=5, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    def answers_as_described(case: schemathesis.Case) -> None:
        case.validate_response(case.call(headers=headers), checks=list(CHECKS))

    try:
        answers_as_described()
    except FailureGroup as group:
        return "; ".join(f"{failure.title}: {failure.message}" for failure in group.exceptions)[:2000]
    return ""
