"""After sending: what is out with former days is found, told and corrected; what is open on a phone is called back."""

from collections.abc import AsyncIterator
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts.rules import Act
from app.kit.errors import Conflict
from app.posts.broadcasts import BroadcastInput
from app.posts.rules import Anchor, PostState, Timing
from app.posts.series import SeriesInput
from app.posts.series_rules import Schedule
from app.posts.service import PostView
from app.posts.store import PostFilter
from app.publishing.rules import State
from app.tahapan.service import StageEdit
from tests.posts.conftest import Place
from tests.posts.desk import Desk, open_desk
from tests.support.cast import id_of
from tests.support.house import add_template


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    async for one in open_desk(place):
        yield one


async def sent(desk: Desk, post: PostView, *, only: str | None = None) -> None:
    """As if a worker had sent it a moment ago."""
    house = desk.place.house
    at = house.clock.now() - timedelta(minutes=1)
    chosen = [d.id for d in post.deliveries if only in {None, d.platform}]
    statement = text(
        "UPDATE delivery SET state = 'published', last_sent_at = :at, published_at = :at, act_at = NULL WHERE id = :id"
    )
    async with house.db.write() as session:
        for identity in chosen:
            moment: Any = at.strftime("%Y-%m-%d %H:%M:%S.%f") if session.is_sqlite else at
            await session.run(statement, {"id": identity, "at": moment})
        if only is None:
            await session.run(text("UPDATE post SET state = 'done' WHERE id = :id"), {"id": post.id})


def correction(desk: Desk, template: int) -> BroadcastInput:
    at = Timing(at=desk.place.house.clock.now() + timedelta(minutes=5))
    return BroadcastInput(
        template, (), None, None, ("x", "facebook", "instagram"), at, tahapan="PYL-07",
        corrects=desk.stages["PYL-07"].id,
    )  # fmt: skip


async def test_a_correction_goes_to_exactly_the_channels_that_told_the_old_day(desk: Desk) -> None:
    house, cast = desk.place.house, desk.place.cast
    post = await desk.write()
    await desk.write("Posko kami buka setiap hari kerja.")
    await sent(desk, post, only="facebook")
    await desk.revise()
    stage = desk.stages["PYL-07"].id
    [stale] = await house.corrections.stale(cast.dewi, stage)
    assert (stale.platform, "27 November 2024" in stale.text) == ("facebook", True)
    template = await add_template(house, cast, "Ralat, warga {{ wilayah }}: {{ tahapan }} pada {{ tanggal_mulai }}.")
    made = await house.broadcasts.create(cast.dewi, correction(desk, template))
    assert (made.units, made.deliveries, list(made.problems)) == (1, 1, [])
    [only] = (await house.posts.list(cast.dewi, _of(made.id), limit=5)).rows
    assert [(d.channel_id, d.platform) for d in only.deliveries] == [(stale.channel_id, "facebook")]
    assert "4 Desember 2024" in only.deliveries[0].text
    assert list(await house.corrections.stale(cast.dewi, stage)) == []
    with pytest.raises(Conflict):
        await house.broadcasts.create(cast.dewi, correction(desk, template))
    await house.broadcasts.cancel(cast.dewi, made.id or 0)
    assert len(await house.corrections.stale(cast.dewi, stage)) == 1  # a correction that was stopped corrects nothing


def _of(broadcast_id: int | None) -> PostFilter:
    return PostFilter(broadcast_id=broadcast_id)


async def test_who_sees_nothing_of_a_unit_sees_nothing_of_its_stale_posts(desk: Desk) -> None:
    house, cast = desk.place.house, desk.place.cast
    await sent(desk, await desk.write())
    await desk.revise()
    assert list(await house.corrections.stale(cast.citra, desk.stages["PYL-07"].id)) == []


async def test_what_left_between_a_change_and_its_undoing_is_stale_afterwards(desk: Desk) -> None:
    house, cast = desk.place.house, desk.place.cast
    post = await desk.write()
    change = await desk.revise()
    await sent(desk, await desk.read(post))
    view = await desk.undo(change)
    assert [each.post_id for each in view.sent_stale] == [post.id]
    stale = await house.corrections.stale(cast.dewi, desk.stages["PYL-07"].id)
    assert {"4 Desember 2024" in each.text for each in stale} == {True}
    assert len(stale) == len(post.deliveries)


async def test_what_left_before_a_change_is_true_again_after_its_undoing(desk: Desk) -> None:
    house, cast = desk.place.house, desk.place.cast
    post = await desk.write()
    await sent(desk, post, only="facebook")
    view = await desk.undo(await desk.revise())
    assert list(view.sent_stale) == []
    assert list(await house.corrections.stale(cast.dewi, desk.stages["PYL-07"].id)) == []


async def test_an_open_hand_off_is_called_back(desk: Desk) -> None:
    house, cast = desk.place.house, desk.place.cast
    channel = await house.channels.add(
        cast.rina, unit_id=id_of(cast.cilendek), platform="facebook", environment="manual", handle="tangan.cilendek"
    )
    post = await desk.write(channels=[channel.id])
    assert {d.state for d in post.deliveries} == {State.MANUAL}
    await desk.revise()
    await house.notices.spread()
    [notice] = [n for n in (await house.notices.list(cast.sari)).rows if "Jangan terbitkan teks lama" in n.title]
    assert notice.link == "/tugas"
    assert "Pakai teks baru" in notice.body
    fresh = await desk.read(post)
    assert ({d.state for d in fresh.deliveries}, "4 Desember" in fresh.deliveries[0].text) == ({State.MANUAL}, True)
    await house.channels.close(cast.rina, channel.id or 0)


async def test_a_weekly_series_gets_the_weeks_by_which_its_stage_grows(desk: Desk) -> None:
    house, cast = desk.place.house, desk.place.cast
    template = await add_template(house, cast, "Halo warga {{ wilayah }}, ini {{ nama_unit }}.")
    weekly = Schedule("PYL-06", time(9), weekday=2)
    made = await house.series.create(cast.dewi, SeriesInput(template, weekly, ("x",), ("pps",)))
    assert await house.series.grow() == 0
    await desk.revise({"ends_on": date(2024, 12, 7)}, code="PYL-06")
    units = made.posts // len(made.steps)
    assert await house.series.grow() == 2 * units
    assert await house.series.grow() == 0
    grown = await house.series.get(cast.dewi, made.id or 0)
    assert [step.step for step in grown.steps if step.step not in {s.step for s in made.steps}] == ["P10", "P11"]


async def test_a_series_whose_maker_is_gone_says_so_and_stays(desk: Desk) -> None:
    house, cast = desk.place.house, desk.place.cast
    weekly = Schedule("PYL-06", time(9), weekday=2)
    made = await house.series.create(cast.budi, SeriesInput(desk.place.template, weekly, ("x",), ("pps",)))
    await house.people.set_active(cast.budi.user_id, active=False, by="uji")
    try:
        await desk.revise({"ends_on": date(2024, 12, 7)}, code="PYL-06")
        assert await house.series.grow() == 0
        assert "dinonaktifkan" in str((await house.series.get(cast.dewi, made.id or 0)).problems)
    finally:
        await house.people.set_active(cast.budi.user_id, active=True, by="uji")


async def test_a_stage_that_is_added_reaches_posts_that_speak_of_any_stage(desk: Desk) -> None:
    """A text that names the running stage names the new one, which stands before it."""
    house, cast = desk.place.house, desk.place.cast
    post = await desk.write(
        template="Kini: {{ tahapan }}, {{ wilayah }}.", timing=Timing(at=house.clock.now() + timedelta(days=1))
    )
    assert "Pelaksanaan kampanye" in post.deliveries[0].text
    within = await house.units.elections(cast.dewi, Act.CALENDAR)
    new: StageEdit = {
        "name": "Debat terbuka", "kind": "penyelenggaraan", "starts_on": date(2024, 11, 1), "ends_on": date(2024, 11, 4),
    }  # fmt: skip
    row = await house.tahapan.add("PYL-99", new, by="uji", within=within)
    try:
        fresh = await desk.read(post)
        assert "Debat terbuka" in fresh.deliveries[0].text
        assert fresh.state is PostState.SCHEDULED
        [change] = await house.revising.history(cast.dewi, row.id or 0, within=within, limit=5)
        with pytest.raises(Conflict):
            await house.revising.undo(cast.dewi, change.id or 0, reason="x", dry_run=True, within=within)
    finally:
        async with house.db.write() as session:
            await session.run(text("DELETE FROM revised_post"))
            await session.run(text("DELETE FROM revision"))
            await session.run(text("DELETE FROM tahapan WHERE code = 'PYL-99'"))


async def test_a_post_before_an_anchor_keeps_its_distance_through_it_all(desk: Desk) -> None:
    post = await desk.write(timing=Timing(anchor=Anchor("PYL-07", "start", -3, time(9))))
    await desk.undo(await desk.revise())
    assert (await desk.read(post)).due_at == post.due_at
