"""A stage moves, and everything not yet sent moves with it."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from app.accounts.rules import Act, Actor
from app.kit.errors import Conflict, Forbidden
from app.posts.revision_views import RevisionView
from app.posts.rules import Anchor, PostState, Timing
from app.posts.service import PostInput, PostView
from app.publishing.rules import State
from tests.posts.conftest import Place
from tests.support.cast import id_of
from tests.support.house import add_template

WEEK_BEFORE = Timing(anchor=Anchor("PYL-07", "start", -7, time(9)))
MOVED: Any = {"starts_on": date(2024, 12, 4), "ends_on": date(2024, 12, 4)}


@pytest.fixture
async def voting(place: Place) -> Any:
    """The voting stage's number; its days are given back afterwards."""
    elections = await place.house.units.elections(place.cast.dewi, Act.CALENDAR)
    async with place.house.db.read() as session:
        calendar = await place.house.tahapan.calendar(session, place.cast.election_id)
    page = await place.house.tahapan.list(limit=100, cursor=None)
    row = next(row for row in page.rows if row.code == "PYL-07")
    yield row.id
    stage = calendar.stages["PYL-07"]
    days: Any = {"starts_on": stage.starts_on, "ends_on": stage.ends_on}
    await place.house.tahapan.edit(row.id or 0, days, by="uji", within=elections)


async def write(place: Place, **more: Any) -> PostView:
    template = await add_template(place.house, place.cast, "Ayo ke TPS {{ tanggal_pemungutan_suara }}, {{ wilayah }}.")
    wanted = PostInput(id_of(place.cast.cilendek), **{"template_id": template, "timing": WEEK_BEFORE, **more})
    return await place.house.posts.create(place.cast.sari, wanted)


async def revise(place: Place, who: Actor, stage: int, *, dry_run: bool) -> RevisionView:
    within = await place.house.units.elections(who, Act.CALENDAR)
    return await place.house.revising.revise(who, stage, MOVED, reason="Susulan", dry_run=dry_run, within=within)


async def test_a_dry_run_shows_before_and_after_and_changes_nothing(place: Place, voting: int) -> None:
    post = await write(place)
    view = await revise(place, place.cast.dewi, voting, dry_run=True)
    [affected] = [each for each in view.affected if each.post_id == post.id]
    assert not view.applied
    assert "27 November 2024" in (affected.before.text or "")
    assert "4 Desember 2024" in (affected.after.text or "")
    assert affected.after.due_at == (affected.before.due_at or place.house.clock.now()) + timedelta(days=7)
    assert not affected.needs_review
    assert (await place.house.posts.get(place.cast.sari, post.id)).due_at == post.due_at


async def test_an_untouched_template_is_written_anew_and_stays_approved(place: Place, voting: int) -> None:
    post = await write(place)
    assert (await revise(place, place.cast.dewi, voting, dry_run=False)).applied
    fresh = await place.house.posts.get(place.cast.sari, post.id)
    assert fresh.state is PostState.SCHEDULED
    assert {delivery.state for delivery in fresh.deliveries} == {State.DUE}
    assert all("4 Desember 2024" in delivery.text for delivery in fresh.deliveries)
    assert all(delivery.due_at == fresh.due_at for delivery in fresh.deliveries)


async def test_words_written_by_hand_go_back_to_review(place: Place, voting: int) -> None:
    post = await write(place, template_id=None, text="Posko kami buka seminggu sebelum hari itu.")
    await place.house.posts.approve(place.cast.budi, post.id)
    await revise(place, place.cast.dewi, voting, dry_run=False)
    fresh = await place.house.posts.get(place.cast.sari, post.id)
    assert fresh.state is PostState.IN_REVIEW
    assert {delivery.state for delivery in fresh.deliveries} == {State.WAITING}


async def test_undo_gives_back_what_was(place: Place, voting: int) -> None:
    post = await write(place)
    done = await revise(place, place.cast.dewi, voting, dry_run=False)
    within = await place.house.units.elections(place.cast.dewi, Act.CALENDAR)
    revising = place.house.revising
    assert done.revision_id is not None
    await revising.undo(place.cast.dewi, done.revision_id, reason="Batal", dry_run=False, within=within)
    fresh = await place.house.posts.get(place.cast.sari, post.id)
    assert fresh.due_at == post.due_at
    assert all("27 November 2024" in delivery.text for delivery in fresh.deliveries)
    with pytest.raises(Conflict):
        await revising.undo(place.cast.dewi, done.revision_id, reason="Lagi", dry_run=False, within=within)


async def test_only_a_kpu_may_move_a_stage(place: Place, voting: int) -> None:
    for who in (place.cast.sari, place.cast.budi, place.cast.vino):
        with pytest.raises(Forbidden):
            await revise(place, who, voting, dry_run=True)
