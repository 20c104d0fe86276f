"""The doors of people and channels as a script meets them."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI

from app.api import channels as channels_door
from app.api import me as me_door
from app.api import problems
from app.api.deps import SESSION_COOKIE
from app.bootstrap import Kentongan, build
from app.kit.db import Database
from app.settings import Settings
from tests.support.cast import Cast, id_of

CANARY = "burung-kenari-4711"


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[Kentongan]:
    built = build(settings)
    yield built
    await built.close()


@pytest.fixture
async def client(house: Kentongan, db: Database, cast: Cast) -> AsyncIterator[httpx2.AsyncClient]:
    """Comes with the token of Rina, the KPU's admin."""
    app = FastAPI()
    app.state.house = house
    problems.install(app)
    app.include_router(me_door.router)
    app.include_router(channels_door.router)
    token = await house.people.add_token(user_id=cast.rina.user_id, unit_id=id_of(cast.kpu), scopes=None, days=1)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=bearer(token)) as opened:
        yield opened


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def wanted(cast: Cast, **given: object) -> dict[str, object]:
    plain = {"unit_id": cast.cilendek.id, "platform": "x", "environment": "practice", "handle": "@pps.cilendekbarat"}
    return plain | given


async def test_me_is_who_the_token_says(client: httpx2.AsyncClient, cast: Cast) -> None:
    answer = (await client.get("/me")).json()
    assert answer["user"] == {"id": cast.rina.user_id, "name": "Rina", "email": "rina@kpu.test"}
    assert answer["memberships"] == [{"unit_id": cast.kpu.id, "role": "admin"}]


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer ktg_salah"}, {"Authorization": ""}, {"Cookie": f"{SESSION_COOKIE}=x"}]
)
async def test_who_cannot_prove_it_stays_outside(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    client.headers.pop("Authorization")
    answer = await client.get("/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_session_cookie_opens_the_same_door(client: httpx2.AsyncClient, house: Kentongan, cast: Cast) -> None:
    link = await house.people.make_link(cast.sari.user_id, purpose="login", hours=1)
    client.headers.pop("Authorization")
    client.cookies.set(SESSION_COOKIE, await house.people.use_link(link, device=""))
    assert (await client.get("/me")).json()["user"]["name"] == "Sari"


async def test_a_channel_lives_from_joining_to_closing(client: httpx2.AsyncClient, cast: Cast) -> None:
    joined = await client.post("/channels", json=wanted(cast))
    assert (joined.status_code, joined.json()["handle"], joined.json()["state"]) == (
        201,
        "pps.cilendekbarat",
        "connected",
    )
    where = f"/channels/{joined.json()['id']}"
    assert (await client.patch(where, json={"state": "paused"})).json()["state"] == "paused"
    assert (await client.post("/channels", json=wanted(cast))).status_code == 409
    assert (await client.delete(where)).json()["state"] == "closed"
    assert (await client.patch(where, json={"state": "connected"})).status_code == 409
    assert [row["state"] for row in (await client.get("/channels")).json()["data"]] == ["closed"]


async def test_no_answer_carries_a_credential(client: httpx2.AsyncClient, cast: Cast) -> None:
    answers = [
        await client.post("/channels", json=wanted(cast, environment="live", credential={"access_token": CANARY})),
        await client.post("/channels", json=wanted(cast, environment="live", credential=CANARY)),
        await client.post("/channels", json=wanted(cast, environment="manual", handle="b", credential=CANARY)),
        await client.post("/channels", json=wanted(cast, credential=[CANARY])),
        await client.patch("/channels/1", json={"credential": CANARY, "state": CANARY}),
        await client.get("/channels"),
        await client.get("/channels/1"),
    ]
    assert [answer.status_code for answer in answers] == [201, 409, 422, 422, 422, 200, 200]
    for answer in answers:
        assert CANARY not in answer.text
        assert "sealed" not in answer.text


async def test_a_list_says_where_it_goes_on(client: httpx2.AsyncClient, cast: Cast) -> None:
    for platform in ("x", "facebook", "instagram"):
        await client.post("/channels", json=wanted(cast, platform=platform))
    first = await client.get("/channels", params={"limit": 2, "unit": cast.cilendek.id, "environment": "practice"})
    assert len(first.json()["data"]) == 2
    second = await client.get(first.headers["link"].split(">")[0].removeprefix("<"))
    assert [row["platform"] for row in second.json()["data"]] == ["instagram"]
    assert second.json()["next"] is None
    assert "link" not in second.headers


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "cursor=xx", "unit=99999999999", "environment=mars", "platform=%00"]
)
async def test_a_malformed_question_is_refused(client: httpx2.AsyncClient, query: str) -> None:
    assert (await client.get(f"/channels?{query}")).status_code == 422


async def test_an_invited_person_is_told_of_once(client: httpx2.AsyncClient, house: Kentongan, cast: Cast) -> None:
    body = {"email": "tuti@kpu.test", "name": "Tuti", "unit_id": cast.menteng.id, "role": "editor"}
    answer = await client.post("/users", json=body)
    assert answer.status_code == 201
    prefix, _, secret = answer.json()["link"].rpartition("/")
    assert prefix == f"{house.settings.base_url}/masuk"
    assert await house.people.peek_link(secret) == "Tuti"
    people = (await client.get("/users")).json()["data"]
    assert people[-1]["memberships"] == [{"unit_id": cast.menteng.id, "role": "editor"}]
    assert secret not in str(people)


async def test_a_token_is_shown_once_works_and_ends(client: httpx2.AsyncClient, cast: Cast) -> None:
    made = await client.post(
        "/tokens", json={"unit_id": cast.ppk_barat.id, "scopes": ["read"], "days": 7, "name": "rekap"}
    )
    assert made.status_code == 201
    token, number = made.json()["token"], made.json()["id"]
    assert (await client.get("/me", headers=bearer(token))).json()["memberships"] == [
        {"unit_id": cast.ppk_barat.id, "role": "admin"}
    ]
    assert (await client.post("/channels", json=wanted(cast), headers=bearer(token))).status_code == 403
    listed = await client.get("/tokens")
    assert token not in listed.text
    assert token[:8] in listed.text
    assert (await client.delete(f"/tokens/{number}")).status_code == 204
    assert (await client.get("/me", headers=bearer(token))).status_code == 401
