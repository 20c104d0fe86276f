"""A POST that is sent again: carried out once, answered alike, whatever happens to the answers on their way."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import httpx2
import pytest
from PIL import Image
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from app.accounts.idempotency import Call, IdempotencyService, Turn
from app.api.idempotency import Idempotency
from app.main import API
from tests.support.cast import id_of
from tests.support.client import Site

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def body(site: Site, words: str = "Posko kami buka.") -> dict[str, Any]:
    return {"unit_id": id_of(site.cast.cilendek), "text": words}


def keyed(key: str = KEY, **more: str) -> dict[str, str]:
    return {"Idempotency-Key": key, **more}


async def count(site: Site, table: str) -> int:
    async with site.house.db.read() as session:
        found: int = (await session.run(text(f"SELECT count(*) FROM {table}"))).scalar_one()
        return found


@pytest.fixture(autouse=True)
async def _no_calls_kept(site: Site) -> AsyncIterator[None]:
    yield
    async with site.house.db.write() as session:
        await session.run(text("DELETE FROM idempotent_call"))


async def test_a_repeated_post_is_written_once_and_answered_alike(site: Site) -> None:
    first = await site.ask("sari", "POST", "/posts", json=body(site), headers=keyed())
    again = await site.ask("sari", "POST", "/posts", json=body(site), headers=keyed())
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    for name in ("etag", "location", "content-type", "content-length"):
        assert first.headers[name] == again.headers[name]
    assert await count(site, "post") == 1
    assert (await site.ask("sari", "POST", "/posts", json=body(site), headers=keyed("lain"))).json() != first.json()


async def test_two_racing_posts_with_one_key_are_one_post(site: Site) -> None:
    asked = [site.ask("sari", "POST", "/posts", json=body(site), headers=keyed()) for _ in range(6)]
    answers = await asyncio.gather(*asked)
    assert await count(site, "post") == 1
    for answer in answers:
        if answer.status_code == 409:
            assert (answer.headers["retry-after"], answer.json()["type"]) == ("1", "urn:kentongan:still-running")
        else:
            assert answer.status_code == 201
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1


async def test_a_key_stands_for_one_body_and_one_query(site: Site) -> None:
    await site.ask("sari", "POST", "/posts", json=body(site), headers=keyed())
    other = await site.ask("sari", "POST", "/posts", json=body(site, "Lain."), headers=keyed())
    assert other.status_code == 422
    assert other.headers["content-type"] == "application/problem+json"
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"
    queried = await site.ask("sari", "POST", "/posts?a=1", json=body(site), headers=keyed())
    assert queried.status_code == 422
    assert await count(site, "post") == 1


async def test_a_key_belongs_to_one_token_and_one_address(site: Site) -> None:
    mine = await site.ask("sari", "POST", "/posts", json=body(site), headers=keyed())
    theirs = await site.ask("budi", "POST", "/posts", json=body(site), headers=keyed())
    assert mine.json()["id"] != theirs.json()["id"]
    elsewhere = await site.ask("sari", "POST", f"/posts/{mine.json()['id']}/cancel", headers=keyed())
    assert elsewhere.status_code == 200


async def test_a_refusal_is_repeated_too(site: Site) -> None:
    for expected in (None, "true"):
        answer = await site.ask("sari", "POST", "/posts", json={"unit_id": 999_999, "text": "a"}, headers=keyed())
        assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (404, expected)


async def test_an_upload_is_known_again_though_its_boundary_is_another(site: Site) -> None:
    out = BytesIO()
    Image.new("RGB", (30, 20), "purple").save(out, "PNG")
    ids = set()
    for boundary in ("satu", "dua"):
        headers = keyed(**{"Content-Type": f"multipart/form-data; boundary={boundary}"})
        form = {"file": ("a.png", out.getvalue(), "image/png")}
        answer = await site.ask(
            "sari", "POST", "/media", files=form, data={"alt_text": "Petugas di pasar."}, headers=headers
        )
        assert answer.status_code == 201, answer.text
        ids.add(answer.json()["id"])
    assert len(ids) == 1
    assert await count(site, "media") == 1


async def test_a_call_that_never_ended_is_not_done_again_behind_its_senders_back(site: Site) -> None:
    house = site.house
    token_hash = hashlib.sha256(site.tokens["sari"].encode()).hexdigest()
    content = b'{"unit_id": 1}'
    digest = hashlib.sha256(b"\napplication/json\n" + content).hexdigest()
    begun = await house.idempotency.begin(Call(site.cast.sari.user_id, token_hash, f"POST {API}/posts", KEY, digest))
    assert isinstance(begun, Turn)
    headers = keyed(**{"Content-Type": "application/json"})
    running = await site.ask("sari", "POST", "/posts", content=content, headers=headers)
    assert (running.status_code, running.headers["retry-after"]) == (409, "1")
    long_ago = house.clock.now() - timedelta(hours=1)
    async with house.db.write() as session:
        await session.run(text("UPDATE idempotent_call SET started_at = :at"), {"at": _as_kept(site, long_ago)})
    lost = await site.ask("sari", "POST", "/posts", content=content, headers=headers)
    assert (lost.status_code, lost.json()["type"]) == (409, "urn:kentongan:interrupted")
    assert "retry-after" not in lost.headers
    assert "kunci baru" in lost.json()["detail"]


def _as_kept(site: Site, moment: Any) -> Any:
    return moment.replace(tzinfo=None).isoformat(" ") if site.house.db.is_sqlite else moment


async def test_a_failure_of_ours_is_not_kept(site: Site) -> None:
    tries = 0

    async def shaky(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal tries
        tries += 1
        assert await Request(scope, receive).body() == b"halo"
        if tries == 2:
            raise RuntimeError("a bug")
        await JSONResponse({"tries": tries}, 503 if tries == 1 else 201)(scope, receive, send)

    door = Idempotency(shaky, house=site.house, prefix=API)
    transport = httpx2.ASGITransport(app=door, raise_app_exceptions=False)
    headers = keyed(Authorization=f"Bearer {site.tokens['sari']}")
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        answers = [await client.post(f"{API}/posts", content=b"halo", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 500, 201, 201]
    assert answers[3].json() == {"tries": 3}


async def test_a_secret_in_an_answer_is_repeated_but_not_kept_in_the_open(site: Site) -> None:
    wanted = {"unit_id": id_of(site.cast.kpu), "days": 1}
    asked = [await site.ask("rina", "POST", "/tokens", json=wanted, headers=keyed()) for _ in range(2)]
    token = asked[0].json()["token"]
    assert asked[1].json()["token"] == token
    async with site.house.db.read() as session:
        kept = (await session.run(text("SELECT sealed_body, headers FROM idempotent_call"))).all()
    assert len(kept) == 1
    assert token not in str(kept)


@pytest.mark.parametrize("key", ["", "a" * 256, "kunci\x01", "künci"])
async def test_a_key_that_cannot_be_one_is_refused(site: Site, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = await site.ask("sari", "POST", "/posts", json=body(site), headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert await count(site, "post") == 0


async def test_nobody_leaves_anything_behind(site: Site) -> None:
    assert (await site.ask("nobody", "POST", "/posts", json=body(site), headers=keyed())).status_code == 401
    assert await count(site, "idempotent_call") == 0


async def test_reading_needs_no_key_and_keeps_none(site: Site) -> None:
    assert (await site.ask("sari", "GET", "/posts", headers=keyed())).status_code == 200
    assert await count(site, "idempotent_call") == 0


async def test_after_a_day_a_key_is_new_again_and_the_sweep_forgets_it(site: Site) -> None:
    now = site.house.clock.now()
    call = Call(site.cast.sari.user_id, "h" * 64, "POST /x", KEY, "b" * 64)

    def at(hours: float) -> IdempotencyService:
        return IdempotencyService(
            site.house.db, site.house.seal, lambda: now + timedelta(hours=hours), timedelta(minutes=10)
        )

    assert isinstance(await at(0).begin(call), Turn)
    assert await at(23.9).sweep() == 0
    assert isinstance(await at(24).begin(call), Turn)
    assert await at(48).sweep() == 1
    assert await count(site, "idempotent_call") == 0
