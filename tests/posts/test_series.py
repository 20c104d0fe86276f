"""One template around a stage: expanded, changed and stopped as one, and moved with its stage."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from sqlmodel import select

from app.kit.errors import BadInput, Conflict, Forbidden, NotFound
from app.posts.models import Post
from app.posts.restaging import AFTER_END
from app.posts.rules import PostState
from app.posts.series import SeriesInput, SeriesView
from app.posts.series_rules import Schedule
from app.publishing.models import Delivery
from app.publishing.rules import State
from tests.posts.conftest import Place
from tests.posts.desk import LATER, VOTING, Desk, open_desk
from tests.support.cast import id_of
from tests.support.house import add_template

COUNTDOWN = Schedule("PYL-07", time(9), days_before=(30, 14, 7, 3))
WEDNESDAYS = Schedule("PYL-06", time(9), weekday=2)


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    async for each in open_desk(place):
        yield each


async def make(desk: Desk, schedule: Schedule = COUNTDOWN, **more: Any) -> SeriesView:
    return await desk.place.house.series.create(desk.place.cast.dewi, await wanted(desk, schedule, **more))


async def wanted(desk: Desk, schedule: Schedule = COUNTDOWN, **more: Any) -> SeriesInput:
    template = await add_template(desk.place.house, desk.place.cast, VOTING)
    return replace(SeriesInput(template, schedule, ("x",), ("pps",), under=id_of(desk.place.cast.ppk_barat)), **more)


async def posts(desk: Desk, step: str | None = None) -> list[Post]:
    async with desk.place.house.db.read() as session:
        found = (await session.exec(select(Post))).all()
    return [row for row in found if row.series_id and step in {None, row.series_step}]


def states(view: SeriesView) -> dict[str, dict[str, int]]:
    return {step.step: dict(step.by_state) for step in view.steps}


async def test_every_day_that_is_still_ahead_becomes_a_post_for_every_unit(desk: Desk) -> None:
    view = await make(desk)
    assert states(view) == {"H-14": {"scheduled": 2}, "H-7": {"scheduled": 2}, "H-3": {"scheduled": 2}}
    assert [(problem["step"], problem["unit_id"]) for problem in view.problems] == [("H-30", None)]
    assert {row.due_at for row in await posts(desk, "H-7")} == {datetime(2024, 11, 20, 2, tzinfo=UTC)}


async def test_looking_first_writes_nothing(desk: Desk) -> None:
    view = await desk.place.house.series.preview(desk.place.cast.dewi, await wanted(desk))
    assert (view.id, view.posts, [step.step for step in view.steps]) == (None, 6, ["H-14", "H-7", "H-3"])
    assert await posts(desk) == []


async def test_a_series_moves_with_its_stage(desk: Desk) -> None:
    await make(desk)
    view = await desk.revise(LATER)
    assert len(view.affected) == 6
    assert not any(each.needs_review for each in view.affected)
    assert {row.due_at for row in await posts(desk, "H-7")} == {datetime(2024, 11, 27, 2, tzinfo=UTC)}


async def test_a_weekly_series_keeps_its_weekday_and_asks_about_weeks_after_the_end(desk: Desk) -> None:
    view = await make(desk, WEDNESDAYS)
    assert list(states(view)) == ["P7", "P8", "P9"], "the first six have passed"
    moved = await desk.revise({"starts_on": date(2024, 9, 27)}, code="PYL-06")
    assert {row.due_at for row in await posts(desk, "P7")} == {datetime(2024, 11, 13, 2, tzinfo=UTC)}
    asked = [each.post_id for each in moved.affected if AFTER_END in each.reasons]
    assert sorted(asked) == sorted(row.id or 0 for row in await posts(desk, "P9"))


async def test_an_edit_reaches_what_is_queued_and_leaves_what_has_left(desk: Desk) -> None:
    view = await make(desk)
    [gone, *_] = await posts(desk, "H-14")
    async with desk.place.house.db.write() as session:
        row = (await session.exec(select(Delivery).where(Delivery.post_id == gone.id))).one()
        row.state, row.attempt = State.PUBLISHED, 1
        session.add(row)
    later = replace(COUNTDOWN, time=time(16), days_before=(30, 14, 7, 1))
    changed = await desk.place.house.series.edit(desk.place.cast.dewi, view.id or 0, {"schedule": later})
    assert states(changed) == {
        "H-14": {"scheduled": 2},
        "H-7": {"scheduled": 2},
        "H-3": {"cancelled": 2},
        "H-1": {"scheduled": 2},
    }
    assert changed.kept == 1
    assert (await desk.place.house.posts.get(desk.place.cast.dewi, gone.id or 0)).due_at == gone.due_at
    for row in await posts(desk, "H-7"):
        assert row.due_at == datetime(2024, 11, 20, 9, tzinfo=UTC)
    for each in await posts(desk, "H-3"):
        deliveries = (await desk.place.house.posts.get(desk.place.cast.dewi, each.id or 0)).deliveries
        assert {delivery.state for delivery in deliveries} == {State.CANCELLED}


async def test_an_edit_leaves_what_a_unit_has_written_itself(desk: Desk) -> None:
    view = await make(desk)
    cast, house = desk.place.cast, desk.place.house
    mine = next(row for row in await posts(desk, "H-7") if row.unit_id == id_of(cast.cilendek))
    await house.posts.edit(cast.sari, mine.id or 0, {"text": "Ayo, warga Cilendek!"}, if_match="*")
    changed = await house.series.edit(cast.dewi, view.id or 0, {"schedule": replace(COUNTDOWN, time=time(16))})
    kept = await house.posts.get(cast.sari, mine.id or 0)
    assert (changed.kept, kept.text, kept.due_at) == (1, "Ayo, warga Cilendek!", mine.due_at)


async def test_an_edit_that_changes_nothing_leaves_every_post_as_it_is(desk: Desk) -> None:
    view = await make(desk)
    before = {row.id: row.version for row in await posts(desk)}
    await desk.place.house.series.edit(desk.place.cast.dewi, view.id or 0, {})
    assert {row.id: row.version for row in await posts(desk)} == before


async def test_what_a_unit_has_cancelled_does_not_come_back_but_a_day_dropped_and_named_again_does(desk: Desk) -> None:
    view = await make(desk)
    house, cast = desk.place.house, desk.place.cast
    mine = next(row for row in await posts(desk, "H-7") if row.unit_id == id_of(cast.cilendek))
    await house.posts.cancel(cast.sari, mine.id or 0)
    await house.series.edit(cast.dewi, view.id or 0, {"schedule": replace(COUNTDOWN, days_before=(14, 7))})
    again = await house.series.edit(cast.dewi, view.id or 0, {"schedule": COUNTDOWN})
    assert states(again)["H-7"] == {"cancelled": 1, "scheduled": 1}
    assert states(again)["H-3"] == {"cancelled": 2, "scheduled": 2}


async def test_stopping_a_series_stops_all_of_it_once(desk: Desk) -> None:
    view = await make(desk)
    house, cast = desk.place.house, desk.place.cast
    stopped = await house.series.cancel(cast.dewi, view.id or 0, reason="Ganti bahan")
    assert {state for by_state in states(stopped).values() for state in by_state} == {PostState.CANCELLED}
    for work in (house.series.cancel(cast.dewi, view.id or 0), house.series.edit(cast.dewi, view.id or 0, {})):
        with pytest.raises(Conflict):
            await work


async def test_budi_has_series_beneath_his_ppk_and_citra_sees_none_of_them(desk: Desk) -> None:
    house, cast = desk.place.house, desk.place.cast
    view = await house.series.create(cast.budi, await wanted(desk, under=None))
    assert view.unit_id == id_of(cast.ppk_barat)
    assert (await house.series.list(cast.citra, limit=9)).rows == []
    with pytest.raises(NotFound):
        await house.series.get(cast.citra, view.id or 0)
    with pytest.raises(Forbidden):
        await house.series.create(cast.sari, await wanted(desk))
    with pytest.raises(NotFound):
        await house.series.cancel(cast.sari, view.id or 0)


async def test_a_series_that_lies_wholly_in_the_past_is_refused(desk: Desk) -> None:
    with pytest.raises(BadInput, match="sudah lewat"):
        await make(desk, replace(COUNTDOWN, days_before=(60, 50)))
