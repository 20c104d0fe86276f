"""A stage moves in the very minute in which its posts leave: nothing goes out afterwards with a day that is gone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.platforms.contract import Published, PublishError, Refused, TryLater, Unsure
from app.posts.rules import Timing
from app.posts.service import PostView
from app.publishing import rules, store
from app.publishing.claims import Claim, load
from app.publishing.models import Delivery
from app.publishing.recording import Result
from app.publishing.rules import Next, Outcome, State
from app.publishing.service import DeliveryView
from tests.conftest import NOW
from tests.posts.conftest import Place
from tests.posts.desk import LATER, Desk, open_desk
from tests.support.house import recorder_of

WORKER = "w1"
SOON = Timing(at=NOW)


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    async for each in open_desk(place):
        yield each


async def claim(desk: Desk, lane: str = "practice:x", *, limit: int = 99) -> list[Claim]:
    house = desk.place.house
    async with house.db.write() as session:
        rows = await store.claim_due(session, lane, worker_id=WORKER, now=NOW, ahead=timedelta(seconds=1), limit=limit)
        return await load(session, rows, channels=house.channels, media=house.media)


async def come_back(desk: Desk, claim: Claim, error: PublishError | None) -> None:
    """What the platform answered, written down as a worker does."""
    house = desk.place.house
    this = rules.Try(claim.attempt, 0, "", claim.valid_until, (timedelta(seconds=15),))
    step = rules.after_send(error, this, now=NOW) if error else Next(State.PUBLISHED, Outcome.PUBLISHED)
    out = None if error else Published(f"r{claim.id}", None, NOW)
    await recorder_of(house, WORKER, NOW).write([Result(claim, "send", NOW, NOW, step, error, out)])


async def on_x(desk: Desk, post: PostView) -> DeliveryView:
    return next(each for each in (await desk.read(post)).deliveries if each.platform == "x")


async def test_what_a_worker_holds_is_left_to_it_and_told(desk: Desk) -> None:
    post = await desk.write(timing=SOON)
    [held] = await claim(desk)
    view = await desk.revise()
    assert [each.delivery_id for each in view.in_flight] == [held.id]
    assert [each.post_id for each in view.sent_stale] == [post.id]
    await come_back(desk, held, None)
    assert (await on_x(desk, post)).state is State.PUBLISHED


async def test_what_comes_back_unsent_goes_out_with_the_new_day(desk: Desk) -> None:
    post = await desk.write(timing=SOON)
    [held] = await claim(desk)
    await desk.revise()
    await come_back(desk, held, TryLater("Nanti.", code="x"))
    assert "4 Desember 2024" in (await on_x(desk, post)).text
    async with desk.place.house.db.write() as session:
        row = await session.get(Delivery, held.id)
        assert row is not None
        assert row.successor is None
        row.act_at = NOW
    [again] = await claim(desk)
    assert "4 Desember 2024" in again.message.text
    assert again.problem is None


async def test_own_words_that_come_back_unsent_stop_instead_of_going_out_stale(desk: Desk) -> None:
    post = await desk.approved("Ingat 27 November 2024.", timing=Timing(at=NOW))
    [held] = await claim(desk)
    await desk.revise()
    await come_back(desk, held, TryLater("Nanti.", code="x"))
    back = await on_x(desk, post)
    assert (back.state, back.text) == (State.STOPPED, "")
    assert "27/11/2024" in back.reason
    assert await claim(desk) == []


async def test_a_retry_after_a_refusal_sends_the_new_day(desk: Desk) -> None:
    post = await desk.write(timing=SOON)
    [held] = await claim(desk)
    await come_back(desk, held, Refused("Ditolak.", code="x"))
    await desk.revise()
    retried = await desk.place.house.publishing.retry(desk.place.cast.sari, held.id)
    assert retried.state is State.DUE
    assert "4 Desember 2024" in (await on_x(desk, post)).text


async def test_what_was_prepared_with_the_old_day_is_not_kept(desk: Desk) -> None:
    """The revision falls between reading a delivery for preparing and writing down its container."""
    await desk.write(timing=Timing(at=NOW + timedelta(hours=1)))
    house = desk.place.house
    async with house.db.read() as session:
        rows = await store.unprepared(session, now=NOW, before=NOW + timedelta(days=1), limit=9)
        [old] = await load(session, rows, channels=house.channels, media=house.media)
    await desk.revise()
    late = {"id": old.id, "attempt": old.attempt, "message_hash": old.message_hash, "prepared": {"container": "1"}}
    async with house.db.write() as session:
        await store.store_prepared(session, [late])
    async with house.db.read() as session:
        row = await session.get(Delivery, old.id)
        assert row is not None
        assert row.prepared == {}


async def test_however_they_interleave_each_claim_has_old_words_before_or_new_words_after(desk: Desk) -> None:
    """A worker claims one by one while the stage moves; what it claimed after the move is new, all of it."""
    posts = [await desk.write(timing=SOON) for _ in range(6)]
    taken: list[Claim] = []
    moved = asyncio.Event()

    async def work() -> None:
        while len(taken) < len(posts):
            was_moved = moved.is_set()
            found = await claim(desk, limit=1)
            assert not was_moved or all("4 Desember" in each.message.text for each in found)
            taken.extend(found)
            await asyncio.sleep(0)

    async def move() -> None:
        await desk.revise(LATER)
        moved.set()

    await asyncio.gather(work(), move())
    for each in taken:
        assert each.problem is None, "the words and their hash belong together"
        day = "27 November" if each.message.text.count("27 November") else "4 Desember"
        await come_back(desk, each, TryLater("Nanti.", code="x"))
        async with desk.place.house.db.read() as session:
            row = await session.get(Delivery, each.id)
        assert row is not None
        assert "4 Desember" in row.message["text"], f"claimed with {day}"


async def test_who_says_that_it_is_not_out_sends_the_new_day(desk: Desk) -> None:
    post = await desk.write(timing=SOON)
    [held] = await claim(desk)
    await come_back(desk, held, Unsure("Tidak ada jawaban.", code="x"))
    await desk.revise()
    assert "27 November" in (await on_x(desk, post)).text, "a look must ask for what may be out there"
    await desk.place.house.publishing.resolve(desk.place.cast.sari, held.id, published=False)
    again = await on_x(desk, post)
    assert again.state is State.DUE
    assert "4 Desember 2024" in again.text
