"""What becomes of a delivery when the platform answers well, badly, late or not at all."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.publishing import adopt_store, store
from app.publishing.claims import load
from app.publishing.models import Delivery
from app.publishing.publisher import Publisher
from app.publishing.rules import TOO_LATE, State
from tests.publishing.conftest import PLATFORMS, Town
from tests.support.house import publish_until, publishing
from tests.support.wait import wait_until


async def test_it_goes_out_at_its_minute_with_picture_and_alternative_text(town: Town) -> None:
    post = await town.post(later=30)
    await publish_until(town.house, lambda: town.is_in("published", post), "all three are out")
    deliveries = await town.deliveries(post)
    assert all(delivery.late_seconds is not None and delivery.late_seconds >= 0 for delivery in deliveries)
    ledger = {entry["platform"]: entry for entry in town.ledger()}
    assert set(ledger) == set(PLATFORMS)
    assert {entry["text"] for entry in ledger.values()} == {"Halo Kelurahan Cilendek Barat, dari PPS Cilendek Barat."}
    assert "PPS Cilendek Barat" in str(ledger["instagram"]["alt_texts"])


@pytest.mark.parametrize("kind", ["lost_answer", "empty_200", "truncated_json"])
async def test_a_lost_answer_is_looked_up_not_sent_twice(town: Town, kind: str) -> None:
    town.fault(kind, count=3)
    post = await town.post()
    await publish_until(town.house, lambda: town.is_in("published", post), "all found")
    assert len(town.ledger()) == 3
    for delivery in await town.deliveries(post):
        assert (delivery.attempts[0].kind, delivery.attempts[0].outcome) == ("send", "unsure")
        assert delivery.attempts[-1].kind == "look"
        assert delivery.remote_id


@pytest.mark.deep
@pytest.mark.parametrize(
    ("shared", "kind"),
    [("sqlite", "http_503_html"), ("sqlite", "http_502_html"), ("sqlite", "reset"), ("postgres", "reset")],
    indirect=["shared"],
)
async def test_what_never_arrived_is_sent_again_after_the_last_empty_look(town: Town, kind: str) -> None:
    town.fault(kind, count=3)
    post = await town.post()
    await publish_until(town.house, lambda: town.is_in("published", post), "all out")
    assert len(town.ledger()) == 3
    for delivery in await town.deliveries(post):
        assert [attempt.kind for attempt in delivery.attempts].count("send") == 2


@pytest.mark.parametrize("shared", ["postgres"], indirect=True)
async def test_too_fast_for_the_platform_waits_until_its_reset(town: Town) -> None:
    town.fault("rate_limited", "x", count=1, seconds=40)
    post = await town.post(["x"])
    await publish_until(town.house, lambda: town.is_in("published", post), "out after the wait")
    first, *_ = (await town.one(post)).attempts
    assert first.outcome == "later"
    assert len(town.ledger("x")) == 1


@pytest.mark.parametrize("shared", ["postgres"], indirect=True)
async def test_a_dead_token_holds_the_channel_and_reconnecting_lets_it_go_on(town: Town) -> None:
    channel = await town.channel("facebook")
    town.fault("token_dead", "facebook", account=channel.handle)
    first, later = await town.post(["facebook"]), await town.post(["facebook"], later=3600)
    other = await town.post(["x"])
    async with publishing(town.house):
        await wait_until(lambda: town.is_in("waiting", first, later), "the channel's queue holds")
        await wait_until(lambda: town.is_in("published", other), "the other platform goes on")
        await wait_until(lambda: _state_is(town, "facebook", "needs_reconnect"), "a second question settles it")
        town.mend()
        token = {"access_token": f"sim_facebook_{channel.handle}"}
        await town.house.channels.edit(town.cast.rina, channel.id or 0, credential=token)
        await wait_until(lambda: town.is_in("published", first), "out once reconnected")
    assert (await town.one(later)).state is State.DUE


async def test_what_could_not_go_in_time_is_missed_and_says_so(town: Town) -> None:
    town.fault("rate_limited", "x", seconds=600)
    post = await town.post(["x"], valid=120)
    await publish_until(town.house, lambda: town.is_in("missed", post), "missed")
    assert TOO_LATE in (await town.one(post)).reason
    assert town.ledger() == []


async def test_words_changed_after_approval_are_not_sent(town: Town) -> None:
    post = await town.post(["x"], later=30)
    async with town.house.db.write() as session:
        row = (await session.exec(select(Delivery).where(col(Delivery.post_id) == post))).one()
        row.message = {**row.message, "text": "Pilih nomor satu"}
        session.add(row)
    await publish_until(town.house, lambda: town.is_in("stopped", post), "stopped")
    assert town.ledger() == []


async def test_an_expired_container_is_made_anew(town: Town) -> None:
    town.fault("container_expired", "instagram", count=1)
    post = await town.post(["instagram"])
    await publish_until(town.house, lambda: town.is_in("published", post), "out with a new container")
    assert len(town.ledger("instagram")) == 1


async def test_a_platform_out_of_credit_stops_its_lane_and_no_other(town: Town) -> None:
    town.fault("credits_depleted", "x", count=1)
    first, second = await town.post(["x"]), await town.post(["facebook"])
    async with publishing(town.house):
        await wait_until(lambda: _paused(town), "the lane is paused")
        await wait_until(lambda: town.is_in("published", second), "Facebook goes on")
        assert await _paused(town) == {"practice:x", "practice:x:video"}
    assert (await town.one(first)).state is State.DUE
    assert town.ledger("x") == []


async def test_what_is_prepared_does_not_stand_before_what_is_not(town: Town) -> None:
    for _ in range(3):
        await town.post(["instagram"], later=600)
    publisher = town.house.publisher()
    ahead = [await publisher.prepare_ahead(within=timedelta(minutes=15), limit=1) for _ in range(4)]
    assert ahead == [1, 1, 1, 0]


@pytest.mark.deep
async def test_a_lane_with_more_than_its_slots_is_emptied_while_another_gets_its_turn(town: Town) -> None:
    many = [await town.post(["facebook"], later=5) for _ in range(90)]
    other = await town.post(["x"], later=6)
    async with publishing(town.house):
        await wait_until(lambda: town.is_in("published", *many, other), "all out", 60)
    assert len(town.ledger("facebook")) == 90
    for delivery in await town.deliveries(*many):
        # A worker on a busy machine that could not beat hands back; that try sent nothing.
        assert [attempt.outcome for attempt in delivery.attempts if attempt.outcome != "later"] == ["published"]


async def _paused(town: Town) -> set[str]:
    async with town.house.db.read() as session:
        return await store.paused_lanes(session, now=town.house.clock.now())


@pytest.mark.deep
async def test_two_workers_send_each_delivery_once(town: Town) -> None:
    posts = [await town.post(["facebook"], later=20) for _ in range(40)]
    async with publishing(town.house), publishing(town.house):
        await wait_until(lambda: town.is_in("published", *posts), "all out")
    assert len(town.ledger("facebook")) == 40
    assert all(len(delivery.attempts) == 1 for delivery in await town.deliveries(*posts))


async def test_a_result_of_a_try_that_lost_its_row_changes_nothing(town: Town) -> None:
    """A worker taken for dead comes back with a refusal after its adopter has put the delivery in doubt."""
    post = await town.post(["x"])
    now = town.house.clock.now()
    async with town.house.db.write() as session:
        [row] = await store.claim_due(session, "practice:x", worker_id="slow", now=now, ahead=timedelta(0), limit=9)
        await adopt_store.adopt(
            session, [{**row, "worker_id": "slow", "state": State.UNSURE, "act_at": now, "reason": ""}]
        )
        late = {
            "id": row["id"], "attempt": row["attempt"], "worker_id": "slow", "forget": False, "state": State.STOPPED, "act_at": None,
            "reason": "", "code": "", "looks": 0, "remote_id": None, "url": None, "published_at": None, "metrics_at": None,
        }  # fmt: skip
        await store.record_results(session, [late])
    assert (await town.one(post)).state is State.UNSURE


async def test_a_worker_that_cannot_beat_hands_back_instead_of_sending(town: Town) -> None:
    class Mute(Publisher):
        may_send = False  # type: ignore[assignment]

    post = await town.post(["x"])
    house = town.house
    mute = Mute(
        house.db, house.clock, house.platforms, house.channels, house.media, house.publisher().pacer, house.breaker()
    )
    async with house.db.write() as session:
        rows = await store.claim_due(
            session, "practice:x", worker_id=mute.worker_id, now=house.clock.now(), ahead=timedelta(0), limit=9
        )
    async with house.db.read() as session:
        [claim] = await load(session, rows, channels=house.channels, media=house.media)
    await mute._send(claim)
    assert (await town.one(post)).state is State.DUE
    assert town.ledger() == []


async def test_stopping_a_worker_leaves_nothing_in_its_hands(town: Town) -> None:
    town.fault("slow", "facebook", count=5, seconds=20)
    posts = [await town.post(["facebook"]) for _ in range(5)]
    publisher = town.house.publisher()
    running = asyncio.create_task(publisher.run())

    async def some_leave() -> bool:
        return any(delivery.state is State.SENDING for delivery in await town.deliveries(*posts))

    await wait_until(some_leave, "some are in flight")
    publisher.stop()
    await running
    assert all(delivery.state in {State.PUBLISHED, State.DUE} for delivery in await town.deliveries(*posts))
    async with town.house.db.read() as session:
        assert await store.newest_beat(session) is None


@pytest.mark.deep
async def test_the_same_words_twice_are_two_posts_not_one_found_twice(town: Town) -> None:
    """The first answer arrives, the second is lost: the look must not take the first post for the second."""
    first = await town.post(["facebook"])
    await publish_until(town.house, lambda: town.is_in("published", first), "the first is out")
    town.fault("http_503_html", "facebook", count=1)
    second = await town.post(["facebook"])
    await publish_until(town.house, lambda: town.is_in("published", second), "the second is out too")
    assert len(town.ledger("facebook")) == 2
    assert (await town.one(first)).remote_id != (await town.one(second)).remote_id


async def test_two_lost_answers_with_the_same_words_find_two_posts(town: Town) -> None:
    town.fault("lost_answer", "facebook", count=2)
    posts = [await town.post(["facebook"]), await town.post(["facebook"])]
    await publish_until(town.house, lambda: town.is_in("published", *posts), "both found")
    assert len(town.ledger("facebook")) == 2
    assert len({(await town.one(post)).remote_id for post in posts}) == 2


async def _state_is(town: Town, platform: str, state: str) -> bool:
    return (await town.channel(platform)).state == state
