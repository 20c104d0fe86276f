from collections.abc import AsyncIterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.accounts.loading import load_city
from app.accounts.models import Membership, User
from app.accounts.rules import Role
from app.accounts.service import PeopleService
from app.accounts.units import UnitService
from app.api import problems, tahapan, units, wilayah
from app.kit.db import Database
from app.tahapan.service import TahapanService
from app.wilayah.service import WilayahService


@pytest.fixture
async def house(db: Database, now: datetime) -> SimpleNamespace:
    """The services that these doors open onto, with Kota Bogor loaded."""
    await load_city(db, now=now)
    return SimpleNamespace(
        wilayah=WilayahService(db),
        tahapan=TahapanService(db, lambda: now),
        units=UnitService(db, lambda: now),
        people=PeopleService(db, lambda: now),
        db=db,
    )


async def _token(house: SimpleNamespace, now: datetime, unit_id: int, role: Role) -> str:
    async with house.db.write() as session:
        user = User(email=f"{role}{unit_id}@kpu.test", name="Dewi", created_at=now)
        session.add(user)
        await session.flush()
        assert user.id is not None
        session.add(Membership(user_id=user.id, unit_id=unit_id, role=role))
    token: str = await house.people.add_token(user_id=user.id, unit_id=unit_id, scopes=None, days=1)
    return token


@pytest.fixture
async def client(house: SimpleNamespace, now: datetime) -> AsyncIterator[httpx2.AsyncClient]:
    """Speaks as a reviewer of the KPU, which is unit 1."""
    app = FastAPI()
    app.state.house = house
    problems.install(app)
    for door in (wilayah, tahapan, units):
        app.include_router(door.router)
    headers = {"Authorization": f"Bearer {await _token(house, now, 1, Role.REVIEWER)}"}
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://ktg.test", headers=headers) as client:
        yield client


async def _data(client: httpx2.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


async def test_a_region_is_found_by_its_local_spelling(client: httpx2.AsyncClient) -> None:
    (found,) = await _data(client, "/wilayah?q=Margajaya")
    assert {name: found[name] for name in ("code", "name", "level", "parent")} == {
        "code": "32.71.04.1004",
        "name": "Marga jaya",
        "level": "kelurahan",
        "parent": "32.71.04",
    }


async def test_a_list_links_to_its_next_page(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/units?kind=ppk&limit=4")
    assert answer.links["next"]["url"].startswith("http://ktg.test/units?kind=ppk&limit=4&cursor=")
    rest = await client.get(answer.links["next"]["url"])
    assert [len(page.json()["data"]) for page in (answer, rest)] == [4, 2]
    assert rest.json()["next"] is None
    assert "link" not in rest.headers


async def test_a_unit_is_changed_and_says_what_it_inherits(client: httpx2.AsyncClient) -> None:
    (loji,) = await _data(client, "/units?q=loji&under=1")
    change = {"rw_count": 9, "variables": {"alamat": "Jalan Loji"}}
    answer = await client.patch(f"/units/{loji['id']}", json=change)
    assert answer.status_code == 200, answer.text
    (seen,) = await _data(client, "/units?q=loji")
    assert seen == answer.json() == loji | change | {"effective": loji["effective"] | change["variables"]}


WRONG: list[tuple[str, str, dict[str, Any] | None, int]] = [
    ("PATCH", "/units/2", {"rw_count": 41}, 422),
    ("PATCH", "/units/2", {"rw_cuont": 4}, 422),
    ("PATCH", "/units/99999", {"rw_count": 4}, 404),
    ("GET", "/units?under=99999", None, 404),
    ("GET", "/units?kind=dinas", None, 422),
    ("GET", "/units?cursor=abc", None, 422),
    ("GET", "/wilayah?q=%00", None, 422),
    ("GET", "/tahapan?cursor=abc", None, 422),
    ("POST", "/tahapan", {"code": "TNG-01", "name": "Masa tenang", "kind": "masa_tenang"}, 409),
    ("POST", "/tahapan", {"code": "BARU", "name": "Baru", "kind": "pesta"}, 422),
    ("POST", "/tahapan", {"code": "BARU", "name": "B", "starts_on": "2024-11-02", "ends_on": "2024-11-01"}, 422),
    ("PATCH", "/tahapan/99999", {"name": "x"}, 404),
    ("PATCH", "/tahapan/1", {"name": None}, 422),
]


async def test_a_wrong_request_is_answered_in_words(client: httpx2.AsyncClient) -> None:
    for method, path, body, status in WRONG:
        answer = await client.request(method, path, json=body)
        assert (path, answer.status_code) == (path, status), answer.text
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_stage_is_added_moved_and_shown(client: httpx2.AsyncClient) -> None:
    stage = {
        "code": "KMP-05",
        "name": "Debat kedua",
        "kind": "peristiwa",
        "starts_on": "2024-11-15",
        "ends_on": "2024-11-15",
    }
    added = await client.post("/tahapan", json=stage | {"scope": "kota_bogor", "parent": "PYL-06"})
    assert added.status_code == 201, added.text
    moved = await client.patch(f"/tahapan/{added.json()['id']}", json={"ends_on": "2024-11-16"})
    assert moved.json() == added.json() | {"ends_on": "2024-11-16", "version": 2}
    shown = {row["code"]: row for row in await _data(client, "/tahapan?limit=200")}
    assert len(shown) == 88
    assert shown["KMP-05"] == moved.json()
    assert shown["PRS-01"]["starts_on"] is None


async def test_a_ppk_reads_the_calendar_but_may_not_move_it(
    client: httpx2.AsyncClient, house: SimpleNamespace, now: datetime
) -> None:
    client.headers["Authorization"] = f"Bearer {await _token(house, now, 2, Role.ADMIN)}"
    assert len(await _data(client, "/tahapan?q=TNG")) == 1
    for method, path in (("POST", "/tahapan"), ("PATCH", "/tahapan/1")):
        answer = await client.request(
            method, path, json={"code": "X", "name": "X", "kind": "jam"} if method == "POST" else {}
        )
        assert answer.status_code == 403
    assert {row["kind"] for row in await _data(client, "/units?limit=200")} == {"ppk", "pps"}


async def test_nobody_unknown_comes_in(client: httpx2.AsyncClient) -> None:
    del client.headers["Authorization"]
    for path in ("/wilayah", "/tahapan", "/units"):
        assert (await client.get(path)).status_code == 401
