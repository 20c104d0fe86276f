"""Joining accounts through the platforms' own pages: the simulator shows them, a person presses a button."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from app.bootstrap import Kentongan
from app.channels.connecting import Returned, Way
from app.channels.models import Channel
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound
from app.platforms.connecting import Way as ConnectWay
from app.platforms.registry import PLATFORMS, build_connectors
from app.settings import Settings
from tests.conftest import NOW
from tests.support.cast import Cast, id_of
from tests.support.house import cast_house, moved, serving_simulator, ticking_from

HANDLE = "pps.cilendek"
CONSENTS = [
    name for name, each in build_connectors(timeout=1, now=datetime.now).items() if each.way is ConnectWay.CONSENT
]


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    path = tmp_path / "kentongan.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
async def door(settings: Settings, tmp_path: Path) -> AsyncIterator["Door"]:
    clock = ticking_from(NOW)
    with serving_simulator(tmp_path / "sim", clock=clock) as address:
        async with cast_house(moved(settings, simulator_url=address), clock) as (house, cast):
            yield Door(house, cast, address)


class Door:
    def __init__(self, house: Kentongan, cast: Cast, simulator: str) -> None:
        self.house, self.cast, self.simulator = house, cast, simulator

    async def begin(self, platform: str, **more: object) -> Way:
        given = {"unit_id": id_of(self.cast.cilendek), "environment": "practice", **more}
        return await self.house.connecting.begin(self.cast.rina, platform=platform, **given)  # type: ignore[arg-type]

    async def answer(self, way: Way, **form: str | list[str]) -> Way:
        """The person reads the page, presses Izinkan (or Tolak), and is sent back."""
        return await self.house.connecting.come_back(self.cast.rina, await self.press(way, **form))

    async def press(self, way: Way, **form: str | list[str]) -> Returned:
        def visit() -> Returned:
            page = requests.get(way.authorize_url, timeout=5)
            assert page.status_code == 200, page.text
            scopes = re.findall(r'name="scope" value="([^"]+)"', page.text)
            given = {"answer": "allow", "handle": HANDLE, "pages": HANDLE, "scope": scopes, **form}
            answer = requests.post(way.authorize_url, data=given, timeout=5, allow_redirects=False)
            back = urlsplit(answer.headers["location"])
            assert back.path == "/akun/hubungkan/kembali"
            query = dict(parse_qsl(back.query))
            return Returned(query["state"], query.get("code", ""), query.get("error", ""))

        return await asyncio.to_thread(visit)

    async def channel(self, way: Way) -> Channel:
        assert way.stage == "done", (way.reason, way.remedy)
        return await self.house.channels.get(self.cast.rina, way.channel_id or 0)

    def fault(self, kind: str, platform: str, **more: object) -> None:
        order = {"platform": platform, "kind": kind, **more}
        assert requests.post(f"{self.simulator}/_sim/faults", json=order, timeout=5).status_code == 201


@pytest.mark.parametrize("platform", CONSENTS)
async def test_a_member_joins_an_account_and_it_speaks(door: Door, platform: str) -> None:
    channel = await door.channel(await door.answer(await door.begin(platform)))
    assert (channel.handle, channel.state, channel.unit_id) == (HANDLE, "connected", door.cast.cilendek.id)
    assert channel.account_id
    checked = await door.house.channels.check(door.cast.rina, channel.id or 0)
    assert (checked.state, checked.state_reason) == ("connected", "")


async def test_the_state_is_one_persons_once_and_for_a_while(door: Door) -> None:
    back = await door.press(await door.begin("x"))
    connecting = door.house.connecting
    with pytest.raises(Conflict, match="orang lain"):
        await connecting.come_back(door.cast.dewi, back)
    assert (await connecting.come_back(door.cast.rina, back)).stage == "done"
    again = await connecting.come_back(door.cast.rina, back)
    assert again.stage == "done", "a page loaded twice joins nothing twice"
    late = await door.press(await door.begin("x"))
    connecting.now = lambda: NOW + timedelta(minutes=16)
    with pytest.raises(Conflict, match="kedaluwarsa"):
        await connecting.come_back(door.cast.rina, late)


async def test_two_answers_of_one_state_spend_the_code_once(door: Door) -> None:
    back = await door.press(await door.begin("x"))
    outcomes = await asyncio.gather(
        *(door.house.connecting.come_back(door.cast.rina, back) for _ in range(3)), return_exceptions=True
    )
    joined = [each for each in outcomes if isinstance(each, Way) and each.stage == "done"]
    assert len(joined) == 1 or all(isinstance(each, Way | Conflict) for each in outcomes)
    assert not [each for each in outcomes if isinstance(each, Way) and each.stage == "failed"]


async def test_a_denied_consent_a_missing_scope_and_a_missing_page_are_named(door: Door) -> None:
    denied = await door.answer(await door.begin("x"), answer="deny")
    assert (denied.stage, denied.code) == ("failed", "denied")
    assert "Izinkan" in denied.remedy
    narrow = await door.answer(await door.begin("x"), scope=["tweet.read", "users.read"])
    assert narrow.code == "scope_missing"
    assert "media.write, offline.access, tweet.write" in narrow.reason
    no_page = await door.answer(await door.begin("facebook"), pages="")
    assert no_page.code == "no_page"
    reader = await door.answer(await door.begin("facebook"), pages=f"{HANDLE}:analis")
    assert reader.stage == "failed"
    assert "belum boleh membuat kiriman" in reader.reason
    assert (await door.house.channels.list(door.cast.rina, unit=door.cast.cilendek.id, environment="live")).rows == []


async def test_a_page_is_chosen_among_several(door: Door) -> None:
    way = await door.answer(await door.begin("facebook"), pages="pps.cilendek pps.cilendek.dua baca:analis")
    assert way.stage == "choosing"
    assert [bool(choice.problem) for choice in way.choices] == [False, False, True]
    connecting = door.house.connecting
    with pytest.raises(NotFound):
        await connecting.choose(door.cast.dewi, way.id, way.choices[0].account_id)
    with pytest.raises(BadInput):
        await connecting.choose(door.cast.rina, way.id, way.choices[2].account_id)
    chosen = await connecting.choose(door.cast.rina, way.id, way.choices[1].account_id)
    assert (await door.channel(chosen)).handle == "pps.cilendek.dua"
    with pytest.raises(Conflict):
        await connecting.choose(door.cast.rina, way.id, way.choices[0].account_id)


async def test_reconnecting_keeps_the_channel_and_refuses_another_account(door: Door) -> None:
    first = await door.channel(await door.answer(await door.begin("x")))
    async with door.house.db.write() as session:
        await door.house.channels.needs_reconnect(session, first.id or 0, "dicabut")
    wrong = await door.answer(await door.begin("x", channel_id=first.id), handle="pribadi.saya")
    assert wrong.stage == "failed"
    assert "@pribadi.saya" in wrong.reason
    assert f"@{HANDLE}" in wrong.reason
    assert (await door.house.channels.get(door.cast.rina, first.id or 0)).state == "needs_reconnect"
    again = await door.channel(await door.answer(await door.begin("x", channel_id=first.id)))
    assert (again.id, again.state, again.state_reason) == (first.id, "connected", "")
    without_asking = await door.channel(await door.answer(await door.begin("x")))
    assert without_asking.id == first.id, "joining the same account anew mends it"


async def test_an_account_of_another_unit_is_not_taken_over(door: Door) -> None:
    await door.channel(await door.answer(await door.begin("x")))
    taken = await door.answer(await door.begin("x", unit_id=id_of(door.cast.menteng)))
    assert taken.stage == "failed"
    assert "akun unit lain" in taken.reason


async def test_who_may_not_manage_is_stopped_before_the_platform_is_asked(door: Door) -> None:
    for actor, kind in ((door.cast.sari, Forbidden), (door.cast.citra, NotFound)):
        with pytest.raises(kind):
            await door.house.connecting.begin(
                actor, unit_id=id_of(door.cast.cilendek), platform="x", environment="practice"
            )


async def test_a_live_account_without_an_app_says_what_the_operator_must_set(door: Door) -> None:
    with pytest.raises(Conflict, match="KENTONGAN_X_CLIENT_ID dan KENTONGAN_X_CLIENT_SECRET"):
        await door.begin("x", environment="live")
    assert door.house.connecting.missing("facebook") == ("KENTONGAN_META_APP_ID", "KENTONGAN_META_APP_SECRET")


async def test_a_lost_token_answer_says_to_try_again(door: Door) -> None:
    door.fault("lost_answer", "x", count=1, operation="refresh")
    lost = await door.answer(await door.begin("x"))
    assert lost.stage == "failed"
    assert "mulai lagi" in lost.remedy


@pytest.mark.parametrize("platform", ["bluesky", "telegram"])
async def test_a_secret_opens_an_account_or_says_why_not(door: Door, platform: str) -> None:
    given = {
        "unit_id": id_of(door.cast.cilendek), "platform": platform, "environment": "practice", "identifier": f"@{HANDLE}",
    }  # fmt: skip
    with pytest.raises(Conflict) as refusal:
        await door.house.connecting.open_with(door.cast.rina, secret="salah-sekali-salah", **given)  # type: ignore[arg-type]
    assert "salah-sekali" not in str(refusal.value)
    channel = await door.house.connecting.open_with(door.cast.rina, secret=f"sim_{platform}_{HANDLE}", **given)  # type: ignore[arg-type]
    assert (channel.handle, channel.state) == (HANDLE, "connected")
    assert (await door.house.channels.check(door.cast.rina, channel.id or 0)).state == "connected"


def test_every_platform_has_a_way_in() -> None:
    assert set(build_connectors(timeout=1, now=datetime.now)) == set(PLATFORMS)
