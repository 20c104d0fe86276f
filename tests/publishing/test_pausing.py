"""Jeda semua: nothing of a unit and those beneath it leaves until somebody says so."""

from datetime import timedelta

import pytest

from app.kit.errors import Conflict, Forbidden, NotFound
from app.publishing import store
from app.publishing.rules import State
from tests.publishing.conftest import Town
from tests.support.cast import id_of
from tests.support.house import publish_until


async def test_what_is_queued_and_what_comes_later_waits_and_then_goes_on(town: Town) -> None:
    before = await town.post(["x"])
    pause, in_flight = await town.house.pauses.pause(town.cast.dewi, id_of(town.cast.kpu), reason="Tanggal berubah")
    after = await town.post(["facebook"])
    for post in (before, after):
        delivery = await town.one(post)
        assert (delivery.state, delivery.reason) == (State.WAITING, "Dijeda: Tanggal berubah")
    assert (pause.held, in_flight) == (1, 0)
    _pause, released = await town.house.pauses.resume(town.cast.dewi, pause.id or 0)
    assert released == 2
    await publish_until(town.house, lambda: town.is_in("published", before, after), "both go on")


async def test_a_claim_in_the_same_moment_takes_nothing_of_a_paused_unit(town: Town) -> None:
    post = await town.post(["x"])
    pause, _ = await town.house.pauses.pause(town.cast.dewi, id_of(town.cast.cilendek), reason="Uji")
    async with town.house.db.write() as session:
        values = {"state": State.DUE, "act_at": town.house.clock.now()}
        delivery = await town.one(post)
        await store.change_state(session, delivery.id, seen=[State.WAITING], values=values)
        claimed = await store.claim_due(
            session, "practice:x", worker_id="w", now=town.house.clock.now(), ahead=timedelta(0), limit=9
        )
    assert claimed == []
    await town.house.pauses.resume(town.cast.dewi, pause.id or 0)


async def test_only_who_may_broadcast_there_may_pause_and_only_once(town: Town) -> None:
    cilendek = id_of(town.cast.cilendek)
    with pytest.raises(Forbidden):
        await town.house.pauses.pause(town.cast.sari, cilendek, reason="x")
    with pytest.raises(NotFound):
        await town.house.pauses.pause(town.cast.citra, cilendek, reason="x")
    pause, _ = await town.house.pauses.pause(town.cast.budi, cilendek, reason="x")
    with pytest.raises(Conflict):
        await town.house.pauses.pause(town.cast.dewi, cilendek, reason="x")
    await town.house.pauses.resume(town.cast.budi, pause.id or 0)
    with pytest.raises(Conflict):
        await town.house.pauses.resume(town.cast.budi, pause.id or 0)
