"""Tokens renewed before they die, once, whoever else tries; what a person must do is said in time."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import update
from sqlmodel import col, select

from app.audit.models import OutboxEvent
from app.channels.models import Channel
from app.channels.rules import needs_renewal, should_warn
from app.settings import Settings
from tests.channels.test_connecting import HANDLE, Door
from tests.conftest import NOW
from tests.support.house import cast_house, moved, open_house, serving_simulator, ticking_from


@pytest.fixture
async def door(settings: Settings, tmp_path: Path) -> AsyncIterator[Door]:
    clock = ticking_from(NOW)
    with serving_simulator(tmp_path / "sim", clock=clock) as address:
        async with cast_house(moved(settings, simulator_url=address), clock) as (house, cast):
            yield Door(house, cast, address)


async def joined(door: Door, platform: str = "x", **more: str) -> Channel:
    return await door.channel(await door.answer(await door.begin(platform), **more))


async def change(door: Door, channel: Channel, **values: object) -> None:
    async with door.house.db.write() as session:
        await session.run(update(Channel).where(col(Channel.id) == channel.id).values(**values))


async def read(door: Door, channel: Channel) -> Channel:
    return await door.house.channels.get(door.cast.rina, channel.id or 0)


async def told(door: Door) -> list[str]:
    async with door.house.db.read() as session:
        return [event.kind for event in (await session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id)))).all()]


def renewals(door: Door) -> int:
    counts = requests.get(f"{door.simulator}/_sim/requests", {"platform": "x"}, timeout=5).json()
    return sum(row["count"] for row in counts if row["endpoint"] == "POST /2/oauth2/token")


def end_tokens(folder: Path) -> None:
    """On the platform's side all access tokens are over."""
    with sqlite3.connect(folder / "sim" / "simulator.db") as ledger:
        for key, body in ledger.execute("SELECT remote_id, body FROM objects WHERE kind='oauth_token'").fetchall():
            ended = json.dumps({**json.loads(body), "ends_at": 0})
            ledger.execute("UPDATE objects SET body=? WHERE remote_id=?", (ended, key))
    ledger.close()


async def test_two_houses_spend_a_refresh_token_once(door: Door, settings: Settings, tmp_path: Path) -> None:
    channel = await joined(door)
    now = door.house.clock.now()
    await change(door, channel, token_ends_at=now, check_at=now)
    async with open_house(moved(settings, simulator_url=door.simulator), str(door.house.clock)) as other:
        turns = await asyncio.gather(*(house.keeper.keep_due() for house in (door.house, other) for _ in range(2)))
    assert sum(turns) == 1
    assert renewals(door) == 2, "the consent's own and one renewal"
    end_tokens(tmp_path)
    fresh = await read(door, channel)
    assert fresh.state == "connected"
    assert fresh.token_ends_at is not None
    await change(door, channel, token_ends_at=now, check_at=now)
    await door.house.keeper.keep_due()
    assert (await door.house.channels.check(door.cast.rina, channel.id or 0)).state == "connected", "the family lives"


async def test_a_holder_that_died_is_replaced_only_after_its_lease(door: Door) -> None:
    channel, now = await joined(door), door.house.clock.now()
    await change(
        door, channel, token_ends_at=now, check_at=now, tended_by="dead", tending_ends_at=now + timedelta(minutes=3)
    )
    assert await door.house.keeper.keep_due() == 0
    await change(door, channel, tending_ends_at=now - timedelta(seconds=1))
    assert await door.house.keeper.keep_due() == 1
    assert renewals(door) == 2


async def test_a_refresh_token_that_is_dead_holds_the_channel_and_is_told_once(door: Door) -> None:
    channel, now = await joined(door), door.house.clock.now()
    async with door.house.db.read() as session:
        sealed = (await session.exec(select(Channel.sealed).where(Channel.id == channel.id))).one()
    spent = {**door.house.seal.open(sealed), "refresh_token": "simr_x_unknown"}
    await change(door, channel, sealed=door.house.seal.seal(spent), token_ends_at=now, check_at=now)
    await door.house.keeper.keep_due()
    broken = await read(door, channel)
    assert (broken.state, broken.check_at) == ("needs_reconnect", None)
    assert "Hubungkan ulang X" in broken.state_reason
    assert (await told(door)).count("channel.needs_reconnect") == 1
    await door.house.keeper.keep_due()
    again = await door.channel(await door.answer(await door.begin("x", channel_id=channel.id)))
    assert (again.id, again.state) == (channel.id, "connected")


async def test_a_lost_answer_is_tried_again_and_a_new_credential_wins(door: Door) -> None:
    channel, now = await joined(door), door.house.clock.now()
    door.fault("http_503_html", "x", count=1, operation="refresh")
    await change(door, channel, token_ends_at=now, check_at=now)
    await door.house.keeper.keep_due()
    later = await read(door, channel)
    assert later.state == "connected"
    assert later.check_at is not None
    assert later.check_at > now
    assert later.tended_by == ""
    assert await door.house.channels.edit(door.cast.rina, channel.id or 0, credential=f"sim_x_{HANDLE}")
    assert (await read(door, channel)).token_ends_at is None


async def test_many_refused_at_once_are_an_outage_and_one_alone_is_not(door: Door) -> None:
    channels = [await joined(door, "threads", handle=f"pps.nomor{number}") for number in range(6)]
    now = door.house.clock.now()
    door.fault("token_dead", "threads")
    heard: list[int] = []

    async def listen(session: object, platform: str, environment: str, ids: object, said: str) -> None:
        heard.append(len(list(ids)))  # type: ignore[call-overload]

    door.house.keeper.on_outage.append(listen)
    for channel in channels:
        await change(door, channel, check_at=now)
    await door.house.keeper.keep_due()
    assert heard == [6]
    assert {(await read(door, channel)).state for channel in channels} == {"connected"}
    await change(door, channels[0], check_at=now)
    await door.house.keeper.keep_due()
    assert (await read(door, channels[0])).state == "needs_reconnect"
    assert (await told(door)).count("channel.needs_reconnect") == 1


async def test_a_warning_comes_before_only_a_person_can_help(door: Door) -> None:
    channel, now = await joined(door, "facebook"), door.house.clock.now()
    assert channel.expires_at is not None
    await change(door, channel, expires_at=now + timedelta(days=6), check_at=now)
    await door.house.keeper.keep_due()
    await change(door, channel, check_at=now)
    await door.house.keeper.keep_due()
    assert await told(door) == ["channel.expiring"]
    assert await door.house.notices.spread() > 0
    page = await door.house.notices.list(door.cast.rina)
    assert "segera berakhir" in page.rows[0].title
    assert page.rows[0].link == f"/akun/{channel.id}"


def test_when_a_token_is_renewed() -> None:
    day = timedelta(days=1)
    assert needs_renewal(now=NOW, token_ends_at=NOW + timedelta(minutes=20), renewed_at=NOW)
    assert not needs_renewal(now=NOW, token_ends_at=NOW + timedelta(hours=2), renewed_at=None)
    assert not needs_renewal(now=NOW, token_ends_at=NOW + 53 * day, renewed_at=NOW - 6 * day)
    assert needs_renewal(now=NOW, token_ends_at=NOW + 52 * day, renewed_at=NOW - 7 * day)
    assert not needs_renewal(now=NOW, token_ends_at=None, renewed_at=None)


def test_a_warning_comes_twice_at_most() -> None:
    ends = NOW + timedelta(days=7)
    assert not should_warn(now=NOW - timedelta(hours=1), expires_at=ends, warned_at=None)
    assert should_warn(now=NOW, expires_at=ends, warned_at=None)
    assert not should_warn(now=NOW + timedelta(days=2), expires_at=ends, warned_at=NOW)
    assert should_warn(now=NOW + timedelta(days=6), expires_at=ends, warned_at=NOW)
    assert not should_warn(now=NOW, expires_at=None, warned_at=None)
