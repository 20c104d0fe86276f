"""The web process answering in the test's own loop: everybody of the cast at the API's door with a token."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from fastapi import FastAPI

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.main import API, create_app
from app.settings import Settings
from tests.support.cast import Cast, make_cast
from tests.support.house import add_channels, moved

NOWHERE = "unix:///nowhere.sock"
"""No Redis: rings are lost, which loses nothing."""


@dataclass
class Site:
    app: FastAPI
    house: Kentongan
    cast: Cast
    client: httpx2.AsyncClient
    tokens: dict[str, str]

    async def ask(self, who: str, method: str, path: str, **options: Any) -> httpx2.Response:
        """One call of the API as one of the cast; "nobody" brings no token."""
        headers = dict(options.pop("headers", {}))
        if who in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return await self.client.request(method, f"{API}{path}", headers=headers, **options)

    async def get(self, who: str, path: str) -> dict[str, Any]:
        """A good answer's body."""
        answer = await self.ask(who, "GET", path)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


async def token_for(house: Kentongan, actor: Actor) -> str:
    token: str = await house.people.add_token(
        user_id=actor.user_id, unit_id=actor.grants[0].unit_id, scopes=None, days=1
    )
    return token


async def tokens_for(house: Kentongan, actors: Mapping[str, Actor]) -> dict[str, str]:
    return {name: await token_for(house, actor) for name, actor in actors.items()}


@asynccontextmanager
async def open_site(settings: Settings, clock: str) -> AsyncIterator[Site]:
    app = create_app(moved(settings, clock=clock), redis_url=NOWHERE)
    house: Kentongan = app.state.house
    cast = await make_cast(house.db, house.clock.now())
    await add_channels(house, [cast.kpu, cast.ppk_barat, cast.ppk_utara, cast.cilendek, cast.menteng, cast.bantarjati])
    people = {name: getattr(cast, name) for name in ("sari", "budi", "citra", "dewi", "rina", "vino")}
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    client = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
    async with app.router.lifespan_context(app), client:
        yield Site(app, house, cast, client, await tokens_for(house, people))
