"""A script with nothing but a token speaks to the whole city, waits, and reads what the public sees."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.main import create_app
from tests.conftest import NOW
from tests.support.client import NOWHERE
from tests.support.databases import fresh_database
from tests.support.house import City, city_house, moved, publishing, serving, settings_for, ticking_from
from tests.support.wait import wait_until

ALL = ["x", "facebook", "instagram"]


@dataclass
class Running:
    city: City
    script: httpx2.AsyncClient
    simulator: httpx2.AsyncClient

    async def get(self, path: str) -> Any:
        answer = await self.script.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def running(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    """The web process with its simulator in a thread, one publisher here: as two processes would stand."""
    with fresh_database(request, "sqlite", tmp_path) as url:
        clock, plain = ticking_from(NOW), settings_for(tmp_path, url)
        made = lambda address: create_app(moved(plain, clock=clock, base_url=address), redis_url=NOWHERE)  # noqa: E731
        with serving(made) as address:
            async with (
                city_house(moved(plain, base_url=address), clock) as city,
                httpx2.AsyncClient(
                    base_url=f"{address}/api/v1",
                    headers={"Authorization": f"Bearer {city.practice.token}"},
                    timeout=30,
                ) as script,
                httpx2.AsyncClient(base_url=f"{address}/simulator", timeout=30) as simulator,
                publishing(city.house),
            ):
                yield Running(city, script, simulator)


@pytest.mark.deep
async def test_one_call_puts_one_correct_local_text_on_every_channel_of_the_city(running: Running) -> None:
    templates = (await running.get("/templates?limit=200&stage=PYL-06&kind=pps"))["data"]
    template = next(
        t for t in templates if not t["ask"] and "nama_unit" in t["texts"]["id"]["short"] and "ppk" in t["units"]
    )
    at = (running.city.house.clock.now() + timedelta(seconds=2)).isoformat()
    wish = {"template_id": template["id"], "select": {"kinds": ["ppk", "pps"]}, "platforms": ALL, "timing": {"at": at}}
    answer = await running.script.post("/broadcasts", json=wish)
    assert answer.status_code == 201, answer.text
    broadcast = answer.json()
    assert (broadcast["units"], broadcast["deliveries"], broadcast["problems"]) == (74, 222, [])

    async def all_out() -> bool:
        return bool((await running.get(f"/broadcasts/{broadcast['id']}"))["by_state"] == {"published": 222})

    await wait_until(all_out, "222 deliveries published", 60)
    await _judge(running, template["id"], at)
    rows = (await running.get("/engagement?group_by=kecamatan"))["data"]
    assert len(rows) == 6
    assert sum(row["published"] for row in rows) == sum(row["on_time"] for row in rows) == 222


async def _judge(running: Running, template_id: int, at: str) -> None:
    """The ledger has exactly what rendering the template for that unit and platform says, once each."""
    ledger = (await running.simulator.get("/_sim/posts")).json()
    seen = Counter((post["platform"], post["account"]) for post in ledger)
    assert len(seen) == 222
    assert set(seen.values()) == {1}
    said = {(post["platform"], post["account"]): post["text"] for post in ledger}
    cursor, channels = "", []
    while cursor is not None:
        page = await running.get(f"/channels?limit=200{f'&cursor={cursor}' if cursor else ''}")
        channels, cursor = channels + page["data"], page["next"]
    names = {unit.id: unit.name for unit in running.city.units.values()}
    for channel in channels:
        if names[channel["unit_id"]].startswith("KPU"):
            continue
        wanted = {"unit_id": channel["unit_id"], "platform": channel["platform"], "at": at}
        rendered = (await running.script.post(f"/templates/{template_id}/render", json=wanted)).json()
        assert said[channel["platform"], channel["handle"]] == rendered["text"]
        if channel["platform"] == "x":
            assert names[channel["unit_id"]] in rendered["text"]
