"""A worker that loses its delivery on the way to the platform does not send it; one that took it unknowingly gives it back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from app.kit.db import Database, WriteSession
from app.publishing import adopt_store, store
from app.publishing.claims import Claim, load
from app.publishing.publisher import Publisher
from app.publishing.rules import State
from tests.publishing.conftest import Town
from tests.support.house import publish_until


@dataclass
class Fading(Publisher):
    """May send as often as `answers` says, from then on no more: it falls silent on the way."""

    answers: list[bool] = field(default_factory=list)

    @property
    def may_send(self) -> bool:
        return self.answers.pop(0) if self.answers else False


def _worker(town: Town, *answers: bool) -> Publisher:
    house = town.house
    own = house.publisher()
    return Fading(
        house.db, house.clock, house.platforms, house.channels, house.media, own.pacer, own.breaker, answers=list(answers)
    )  # fmt: skip


async def _take(town: Town, worker: Publisher, lane: str) -> Claim:
    house = town.house
    async with house.db.write() as session:
        rows = await store.claim_due(
            session, lane, worker_id=worker.worker_id, now=house.clock.now(), ahead=timedelta(0), limit=9
        )
        [claim] = await load(session, rows, channels=house.channels, media=house.media)
    return claim


async def _adopt(town: Town, claim: Claim, worker: Publisher) -> None:
    row = {"id": claim.id, "attempt": claim.attempt, "worker_id": worker.worker_id, "reason": ""}
    async with town.house.db.write() as session:
        await adopt_store.adopt(session, [{**row, "state": State.UNSURE, "act_at": claim.act_at}])


async def test_what_was_adopted_before_its_container_was_written_down_is_not_sent(town: Town) -> None:
    """The look asks by the container; a post made from one that nobody wrote down would be sent again."""
    post = await town.post(["instagram"])
    worker = _worker(town, *[True] * 99)
    claim = await _take(town, worker, "practice:instagram")
    await _adopt(town, claim, worker)
    await worker._send(claim)
    assert ((await town.one(post)).state, town.ledger()) == (State.UNSURE, [])


async def test_a_worker_that_falls_silent_on_the_way_to_the_platform_hands_back(town: Town) -> None:
    for platform in ("x", "facebook", "instagram"):
        post = await town.post([platform])
        worker = _worker(town, True)  # when the send begins; not when the request that makes the post would leave
        await worker._send(await _take(town, worker, f"practice:{platform}"))
        assert ((await town.one(post)).state, town.ledger()) == (State.DUE, []), platform


class Forgetful(Database):
    """Its next transaction is carried out, and its answer is lost, while `loses` is set."""

    loses = False

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        async with super().write() as session:
            yield session
        if self.loses:
            self.loses = False
            raise ConnectionResetError


@pytest.fixture
async def forgetful(town: Town) -> AsyncIterator[tuple[Publisher, Forgetful]]:
    house, db = town.house, Forgetful(town.house.settings.database)
    own = house.publisher()
    yield Publisher(db, house.clock, house.platforms, house.channels, house.media, own.pacer, own.breaker), db
    await db.close()


async def test_a_claim_whose_answer_was_lost_is_given_back_and_sent(
    town: Town, forgetful: tuple[Publisher, Forgetful]
) -> None:
    """The commit was carried out, its answer never came: the worker lives on and must not sit on what it does not know of."""
    post = await town.post(["x"])
    worker, db = forgetful
    db.loses = True
    with suppress(ConnectionResetError):
        await worker._claim("practice:x")
    assert (await town.one(post)).state is State.SENDING
    await worker._adopt()
    assert (await town.one(post)).state is State.DUE
    await publish_until(town.house, lambda: town.is_in("published", post), "it is out")
    assert len(town.ledger()) == 1


async def test_what_is_on_its_way_is_not_given_back_with_a_lost_claim(
    town: Town, forgetful: tuple[Publisher, Forgetful]
) -> None:
    town.fault("slow", "facebook", count=1, seconds=1)
    sending, lost = await town.post(["facebook"]), await town.post(["x"])
    worker, db = forgetful
    await worker._claim("practice:facebook")
    db.loses = True
    with suppress(ConnectionResetError):
        await worker._claim("practice:x")
    await worker._adopt()
    assert ((await town.one(sending)).state, (await town.one(lost)).state) == (State.SENDING, State.DUE)
    await worker._drain()
    assert ((await town.one(sending)).state, len(town.ledger())) == (State.PUBLISHED, 1)
