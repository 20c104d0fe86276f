"""A correction changes what is out where the platform lets it, once, and the record says with which bytes."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from app.accounts.rules import Act
from app.posts.broadcasts import BroadcastInput, BroadcastView
from app.posts.rules import Timing
from app.posts.service import PostInput
from app.publishing.read_store import Filter
from app.publishing.service import DeliveryView
from tests.publishing.conftest import Town
from tests.support.cast import id_of
from tests.support.house import add_template, publish_until

pytestmark = pytest.mark.parametrize("shared", ["sqlite"], indirect=True, scope="module")
LATER = date(2024, 12, 4)


async def stale(town: Town, *platforms: str) -> tuple[int, int]:
    """Sari's post with a day that has moved since it went out; and the stage."""
    template = await add_template(town.house, town.cast, "Ayo ke TPS {{ tanggal_pemungutan_suara }}, {{ wilayah }}.")
    channels = [(await town.channel(name)).id or 0 for name in platforms]
    wanted = PostInput(
        id_of(town.cast.cilendek), template_id=template, channels=channels, timing=Timing(at=town.house.clock.now())
    )
    post = (await town.house.posts.create(town.cast.sari, wanted)).id
    await publish_until(town.house, lambda: town.is_in("published", post), "out with the former day")
    within = await town.house.units.elections(town.cast.dewi, Act.CALENDAR)
    async with town.house.db.read() as session:
        [row] = await session.rows(text("SELECT id FROM tahapan WHERE code = 'PYL-07'"))
    await town.house.revising.revise(
        town.cast.dewi,
        row["id"],
        {"starts_on": LATER, "ends_on": LATER},
        reason="Susulan",
        dry_run=False,
        within=within,
    )
    return post, row["id"]


async def correct(town: Town, stage: int) -> tuple[BroadcastView, BroadcastView]:
    """Looked at first, then done."""
    template = await add_template(town.house, town.cast, "Ralat {{ wilayah }}: {{ tanggal_pemungutan_suara }}.")
    at = Timing(at=town.house.clock.now() + timedelta(seconds=5))
    wanted = BroadcastInput(
        template, (), None, None, ("x", "facebook"), at, tahapan="PYL-07", corrects=stage, stagger_minutes=0
    )
    return await town.house.broadcasts.preview(town.cast.dewi, wanted), await town.house.broadcasts.create(
        town.cast.dewi, wanted
    )


async def of_broadcast(town: Town, made: BroadcastView) -> list[DeliveryView]:
    return list((await town.house.publishing.list(town.cast.rina, Filter(broadcast_id=made.id), limit=9)).rows)


async def is_out(town: Town, made: BroadcastView) -> bool:
    return {one.state for one in await of_broadcast(town, made)} == {"published"}


@pytest.mark.deep
async def test_where_it_can_the_old_post_is_edited_and_elsewhere_a_new_one_is_made(town: Town) -> None:
    post, stage = await stale(town, "facebook", "x")
    seen, made = await correct(town, stage)
    assert {one.platform: (one.in_place, one.why) for one in seen.corrected} == {
        "facebook": (True, ""), "x": (False, "Platform ini tidak dapat menyunting."),
    }  # fmt: skip
    town.fault("http_503_html", "facebook", operation="edit", count=1)
    await publish_until(town.house, lambda: is_out(town, made), "corrected")
    before = {one.platform: one for one in await town.deliveries(post)}
    after = {one.platform: one for one in await of_broadcast(town, made)}
    [page_post] = town.ledger("facebook")
    assert (page_post["remote_id"], "4 Desember 2024" in str(page_post["text"])) == (before["facebook"].remote_id, True)
    assert len(town.ledger("x")) == 2
    assert (after["facebook"].in_place, after["facebook"].remote_id) == (True, before["facebook"].remote_id)
    assert after["x"].remote_id != before["x"].remote_id
    old = await town.house.publishing.get(town.cast.sari, before["facebook"].id)
    assert old.edited_by == after["facebook"].id
    await judge_record(town, after["facebook"].id)
    assert list(await town.house.corrections.stale(town.cast.dewi, stage)) == []
    await town.house.withdrawing.withdraw(town.cast.dewi, after["facebook"].id, reason="Keliru")
    await publish_until(town.house, lambda: _gone(town, before["facebook"].id), "both are down")
    assert town.ledger("facebook") == []


async def judge_record(town: Town, delivery: int) -> None:
    """The bytes that were approved are the ones the record names, and no number is asked for twice."""
    async with town.house.db.read() as session:
        [event] = await session.rows(text("SELECT detail FROM audit_event WHERE action = 'delivery.edited'"))
        [row] = await session.rows(
            text("SELECT message_hash, metrics_at, attempt FROM delivery WHERE id = :i").bindparams(i=delivery)
        )
    assert row["message_hash"] in str(event["detail"])
    assert (row["metrics_at"], row["attempt"]) == (None, 2)


async def _gone(town: Town, delivery: int) -> bool:
    return (await town.house.publishing.get(town.cast.dewi, delivery)).state == "withdrawn"
