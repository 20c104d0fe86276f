"""What leaves stays within what platforms allow, whoever sends it; the simulator's ledger is the judge."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.contract import Pace, Room, Scope
from app.publishing import pace_store, paces
from app.publishing.publisher import Publisher
from tests.conftest import NOW
from tests.publishing.conftest import Town
from tests.support.house import publish_until, publishing
from tests.support.wait import wait_until

HOUR = timedelta(hours=1)


def _paced(monkeypatch: pytest.MonkeyPatch, town: Town, platform: str, *allowed: Pace) -> None:
    """As if the platform allowed no more; it is our own count that is tried, so the simulator keeps none."""
    adapter = town.house.platforms[platform]
    monkeypatch.setattr(type(adapter), "limits", replace(adapter.limits, paces=allowed))
    town.fault("limits_off", platform)


async def test_two_workers_never_exceed_what_the_app_may(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    _paced(monkeypatch, town, "facebook", Pace(7, 24 * HOUR, Scope.APP))
    posts = [await town.post(["facebook"], later=5) for _ in range(20)]
    other = await town.post(["x"], later=6)
    async with publishing(town.house), publishing(town.house):
        await wait_until(lambda: len(town.ledger("facebook")) == 7, "as many as may")
        await wait_until(lambda: town.is_in("published", other), "the other platform goes on")
    assert len(town.ledger("facebook")) == 7
    waiting = [one for one in await town.deliveries(*posts) if one.state == "due"]
    assert len(waiting) == 13


@pytest.mark.deep
async def test_a_channel_at_its_limit_waits_and_goes_on_when_it_opens(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    _paced(monkeypatch, town, "facebook", Pace(3, timedelta(seconds=60)))
    posts = [await town.post(["facebook"], later=1) for _ in range(5)]
    async with publishing(town.house), publishing(town.house):
        await wait_until(lambda: len(town.ledger("facebook")) == 3, "the first three are out")
        await wait_until(lambda: _parked(town, posts), "the others are parked")
        said = [one for one in await town.deliveries(*posts) if one.state == "due"]
        assert all(one.reason.startswith("Batas laju Facebook: 3 kiriman per 1 menit untuk satu akun") for one in said)
        await wait_until(lambda: town.is_in("published", *posts), "the rest follows", 30)
    assert len(town.ledger("facebook")) == 5
    assert all([attempt.outcome for attempt in one.attempts] == ["published"] for one in await town.deliveries(*posts))


async def test_the_operators_own_pace_counts_all_platforms_together(town: Town) -> None:
    posts = [await town.post(["facebook", "instagram"], later=1) for _ in range(3)]
    publisher = town.house.publisher()
    publisher = replace(publisher, pacer=replace(publisher.pacer, everywhere=Pace(4, HOUR, Scope.PLATFORM)))
    await _run_until(publisher, lambda: len(town.ledger()) == 4)
    assert len(town.ledger()) == 4
    assert len(await town.deliveries(*posts)) == 6


async def test_what_the_platform_says_is_left_counts_too(town: Town) -> None:
    pacer = town.house.publisher().pacer
    until = town.house.clock.now() + 5 * HOUR
    async with town.house.db.write() as session:
        await pacer.hear(session, "x", [(1, Room(Scope.APP, 3, until))])
        taken = await pacer.take(session, "x", 32)
        await pacer.spend(session, taken, taken.room)
        assert taken.room == 3
        assert (await pacer.take(session, "x", 32)).room == 0
        rows = await pace_store.lock(session, ["x/86400"])
        assert rows["x/86400"].told == 0


async def test_a_channel_without_room_by_the_platforms_own_word_waits_for_its_reset(town: Town) -> None:
    first, second = await town.post(["x"]), await town.post(["x"], later=3600)
    channel, until = await town.channel("x"), town.house.clock.now() + 2 * HOUR
    async with town.house.db.write() as session:
        await town.house.publisher().pacer.hear(
            session, "practice:x", [(channel.id or 0, Room(Scope.CHANNEL, 0, until))]
        )
    assert {one.act_at for one in await town.deliveries(first, second)} == {until}


async def test_x_tells_how_much_is_left(town: Town) -> None:
    post = await town.post(["x"])
    await publish_until(town.house, lambda: town.is_in("published", post), "out")
    async with town.house.db.write() as session:
        rows = await pace_store.lock(session, ["practice:x/86400"])
    assert sum(rows["practice:x/86400"].uses.values()) == 1


@given(st.lists(st.tuples(st.floats(0, 400), st.integers(1, 9)), max_size=60), st.integers(1, 12))
def test_no_span_of_a_window_ever_holds_more_than_the_pace(wishes: list[tuple[float, int]], most: int) -> None:
    pace, slack = Pace(most, timedelta(minutes=2), Scope.APP), timedelta(seconds=5)
    uses: dict[str, int] = {}
    at, gone = NOW, []
    for pause, wanted in wishes:
        at += timedelta(seconds=pause)
        count = min(wanted, paces.room_in(uses, pace, now=at, slack=slack))
        if count == 0:
            opens_at = paces.opens_at(uses, pace, now=at, slack=slack)
            assert at < opens_at <= at + pace.window + slack + timedelta(seconds=11)
            assert paces.room_in(uses, pace, now=opens_at, slack=slack) > 0
        uses = paces.spent(uses, pace, count, now=at, slack=slack)
        gone += [at] * count
    for start in gone:
        assert sum(start <= one <= start + pace.window for one in gone) <= most
    assert len(uses) <= paces.SLOTS + 3


async def _parked(town: Town, posts: list[int]) -> bool:
    due = [one for one in await town.deliveries(*posts) if one.state == "due"]
    return len(due) == 2 and all(one.reason for one in due)


async def _run_until(publisher: Publisher, reached: Callable[[], object]) -> None:
    running = asyncio.create_task(publisher.run())
    await wait_until(reached, "reached")
    publisher.stop()
    await running
