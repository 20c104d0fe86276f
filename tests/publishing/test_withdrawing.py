"""What becomes of a post that is to be taken down: by the platform, later, or by a person."""

import pytest
from sqlalchemy import text

from app.kit.errors import BadInput, Conflict, Forbidden, NotFound
from app.posts.broadcasts import BroadcastInput
from app.posts.rules import Timing
from app.publishing.rules import State
from app.publishing.service import DeliveryView
from tests.publishing.conftest import Town
from tests.support.cast import id_of
from tests.support.house import publish_until, publishing
from tests.support.wait import wait_until

WHY = "Jam TPS keliru"


async def out(town: Town, *platforms: str) -> DeliveryView:
    """Sari's post, out on the first of these."""
    post = await town.post(platforms)
    await publish_until(town.house, lambda: town.is_in("published", post), "out")
    return next(one for one in await town.deliveries(post) if one.platform == platforms[0])


async def fresh(town: Town, delivery: DeliveryView) -> DeliveryView:
    return await town.house.publishing.get(town.cast.rina, delivery.id)


async def test_it_is_out_until_the_platform_says_it_is_gone(town: Town) -> None:
    delivery = await out(town, "facebook")
    wished = await town.house.withdrawing.withdraw(town.cast.sari, delivery.id, reason=f" {WHY} ")
    assert wished.state is State.PUBLISHED
    assert wished.withdrawal is not None
    assert (wished.withdrawal.reason, wished.withdrawal.by_hand) == (WHY, False)
    assert len(town.ledger()) == 1
    await publish_until(town.house, lambda: town.is_in("withdrawn", delivery.post_id), "taken down")
    after = await fresh(town, delivery)
    assert (after.reason, after.withdrawal, after.published_at) == (WHY, None, delivery.published_at)
    assert town.ledger() == []
    async with town.house.db.read() as session:
        acts = await session.rows(text("SELECT action, actor FROM audit_event WHERE subject = :s ORDER BY id").bindparams(s=f"delivery:{delivery.id}"))  # fmt: skip
        left = await session.rows(text("SELECT metrics_at FROM delivery WHERE id = :i").bindparams(i=delivery.id))
    assert [row["action"] for row in acts][-2:] == ["delivery.withdraw", "delivery.withdrawn"]
    assert left[0]["metrics_at"] is None


@pytest.mark.deep
@pytest.mark.parametrize(
    ("shared", "kind"),
    [("sqlite", "lost_answer"), ("sqlite", "http_503_html"), ("postgres", "lost_answer")],
    indirect=["shared"],
)
async def test_an_answer_that_never_came_is_asked_again(town: Town, kind: str) -> None:
    delivery = await out(town, "x")
    town.fault(kind, "x", operation="delete", count=2)
    await town.house.withdrawing.withdraw(town.cast.sari, delivery.id, reason=WHY)
    await publish_until(town.house, lambda: town.is_in("withdrawn", delivery.post_id), "taken down")
    assert town.ledger() == []


async def test_where_no_call_deletes_a_person_is_asked_and_believed(town: Town) -> None:
    delivery = await out(town, "instagram")
    house, sari = town.house, town.cast.sari
    await house.withdrawing.withdraw(sari, delivery.id, reason=WHY)
    assert await house.withdrawing.round() == 1
    view = await fresh(town, delivery)
    assert view.state is State.PUBLISHED
    assert view.withdrawal is not None
    assert view.withdrawal.by_hand
    async with house.db.read() as session:
        told = await session.rows(text("SELECT kind FROM outbox_event WHERE subject = :s").bindparams(s=f"delivery:{delivery.id}"))  # fmt: skip
    assert [row["kind"] for row in told] == ["delivery.take_down"]
    assert await house.withdrawing.round() == 0
    done = await house.withdrawing.settle(sari, delivery.id, removed=True)
    assert (done.state, done.reason) == (State.WITHDRAWN, WHY)
    with pytest.raises(Conflict, match="sudah dihapus"):
        await house.withdrawing.withdraw(sari, delivery.id, reason=WHY)


async def test_a_wish_may_be_taken_back_and_made_again(town: Town) -> None:
    delivery = await out(town, "instagram")
    house, sari = town.house, town.cast.sari
    await house.withdrawing.withdraw(sari, delivery.id, reason=WHY)
    with pytest.raises(Conflict, match="sudah diminta"):
        await house.withdrawing.withdraw(sari, delivery.id, reason=WHY)
    kept = await house.withdrawing.settle(sari, delivery.id, removed=False)
    assert (kept.state, kept.withdrawal) == (State.PUBLISHED, None)
    with pytest.raises(Conflict, match="tidak sedang"):
        await house.withdrawing.settle(sari, delivery.id, removed=True)
    await house.withdrawing.withdraw(sari, delivery.id, reason=WHY)


async def test_a_dead_channel_asks_a_person_and_once_connected_the_platform_again(town: Town) -> None:
    delivery = await out(town, "facebook")
    channel = await town.channel("facebook")
    town.fault("token_dead", "facebook", account=channel.handle)
    await town.house.withdrawing.withdraw(town.cast.sari, delivery.id, reason=WHY)
    await town.house.withdrawing.round()
    view = await fresh(town, delivery)
    assert view.withdrawal is not None
    assert view.withdrawal.by_hand
    assert (await town.channel("facebook")).state == "needs_reconnect"
    town.mend()
    token = {"access_token": f"sim_facebook_{channel.handle}"}
    await town.house.channels.edit(town.cast.rina, channel.id or 0, credential=token)
    await publish_until(town.house, lambda: town.is_in("withdrawn", delivery.post_id), "taken down")


async def test_only_its_writers_may_wish_it_and_never_without_a_reason(town: Town) -> None:
    delivery = await out(town, "x")
    service = town.house.withdrawing
    with pytest.raises(BadInput):
        await service.withdraw(town.cast.sari, delivery.id, reason=" ")
    with pytest.raises(NotFound):
        await service.withdraw(town.cast.citra, delivery.id, reason=WHY)
    with pytest.raises(Forbidden):
        await service.withdraw(town.cast.vino, delivery.id, reason=WHY)
    later = (await town.deliveries(await town.post(["x"], later=3600)))[0]
    with pytest.raises(Conflict, match="Batalkan saja"):
        await service.withdraw(town.cast.sari, later.id, reason=WHY)


async def test_a_broadcast_is_taken_down_and_what_has_not_left_is_stopped(town: Town) -> None:
    house, dewi = town.house, town.cast.dewi
    wanted = BroadcastInput(
        town.template, ("pps",), None, None, ("facebook", "instagram"), Timing(at=house.clock.now()), stagger_minutes=60
    )
    made = await house.broadcasts.create(dewi, wanted)
    identity = made.id or 0

    async def first_is_out() -> bool:
        return (await house.broadcasts.get(dewi, identity)).by_state.get("published", 0) >= 2

    await publish_until(house, first_is_out, "the first unit's two are out")
    view = await house.broadcasts.withdraw(dewi, identity, reason=WHY)
    assert view.cancelled_at is not None
    asked = view.withdrawal.asked if view.withdrawal else 0
    assert (view.by_state.get("cancelled", 0) + asked, view.by_state.get("due", 0)) == (made.deliveries, 0)

    async def is_settled() -> bool:
        taken = (await house.broadcasts.get(dewi, identity)).withdrawal
        return taken is not None and taken.down + taken.by_hand == taken.asked

    await publish_until(house, is_settled, "Facebook's are down, Instagram's wait for people")
    assert {entry["platform"] for entry in town.ledger()} == {"instagram"}


@pytest.mark.deep
async def test_what_was_under_way_is_taken_down_if_it_is_out_and_not_sent_again_if_it_is_not(town: Town) -> None:
    """Both lose their answer; the platform has one of them."""
    house, dewi, cast = town.house, town.cast.dewi, town.cast
    units = [id_of(cast.cilendek), id_of(cast.menteng)]
    town.fault("lost_answer", "facebook", account="pps.cilendekbarat", count=1)
    town.fault("reset", "facebook", account="pps.menteng", count=1)
    wanted = BroadcastInput(town.template, ("pps",), None, units, ("facebook",), Timing(at=house.clock.now()))
    identity = (await house.broadcasts.create(dewi, wanted)).id or 0

    async def states() -> dict[str, int]:
        return dict((await house.broadcasts.get(dewi, identity)).by_state)

    async def both_in_doubt() -> bool:
        return await states() == {"unsure": 2}

    async def both_settled() -> bool:
        return await states() == {"withdrawn": 1, "cancelled": 1}

    async with publishing(house):
        await wait_until(both_in_doubt, "both are in doubt")
        await house.broadcasts.withdraw(dewi, identity, reason=WHY)
        await wait_until(both_settled, "one is down, the other is never sent again", 20)
    assert town.ledger() == []
