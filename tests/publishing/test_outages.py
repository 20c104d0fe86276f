"""A platform that is out: one incident for all, nothing twice, nothing lost, let go little by little."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlmodel import col

from app.channels.models import Channel
from app.platforms.contract import NeedsReconnect, Refused, TryLater, Unsure
from app.platforms.registry import build_adapters
from app.posts.rules import Timing
from app.posts.service import PostInput
from app.publishing import diverting, outages, store
from app.publishing.breaker import Breaker
from app.publishing.incidents import IncidentView
from app.publishing.models import Delivery, Incident
from tests.conftest import NOW
from tests.publishing.conftest import Town
from tests.support.cast import id_of
from tests.support.house import channels_of, publishing
from tests.support.wait import wait_until


async def _everywhere(town: Town, platform: str) -> list[int]:
    """A post of every unit, due now."""
    cast, found = town.cast, []
    for unit in (cast.kpu, cast.ppk_barat, cast.ppk_utara, cast.cilendek, cast.menteng, cast.bantarjati):
        channel = (await channels_of(town.house, cast, unit))[platform].id or 0
        timing = Timing(at=town.house.clock.now())
        wanted = PostInput(id_of(unit), template_id=town.template, channels=[channel], timing=timing)
        found.append((await town.house.posts.create(cast.rina, wanted)).id)
    return found


async def _running(town: Town) -> Sequence[IncidentView]:
    return await town.house.incidents.running(town.cast.rina)


async def _ended(town: Town) -> bool:
    return [one.ended_at is not None for one in await town.house.incidents.list(town.cast.rina, running=False)] == [
        True
    ]


async def _outage(town: Town, platform: str) -> int:
    breaker = Breaker(town.house.db, town.house.clock, town.house.platforms, town.house.channels)
    channel = await town.channel(platform)
    async with town.house.db.write() as session:
        await breaker.on_outage(session, platform, "practice", [channel.id or 0], "401")
    [incident] = await _running(town)
    return incident.id


@pytest.mark.deep
@pytest.mark.parametrize("kind", ["http_503_html", "token_dead"])
async def test_an_outage_is_one_incident_and_all_goes_out_once_afterwards(town: Town, kind: str) -> None:
    town.fault(kind, "facebook", operation="any")
    before = {one.id for one in (await town.house.notices.list(town.cast.rina)).rows}
    posts, other = await _everywhere(town, "facebook"), await town.post(["instagram"])
    async with publishing(town.house), publishing(town.house):
        await wait_until(lambda: _running(town), "the outage is seen", 30)
        await wait_until(lambda: town.is_in("published", other), "the other platform goes on")
        [incident] = await _running(town)
        assert (incident.platform, incident.accounts, incident.held <= 6) == ("facebook", 6, True)
        await town.house.notices.spread()
        told = [one.title for one in (await town.house.notices.list(town.cast.rina)).rows if one.id not in before]
        assert told == ["[Latihan] Facebook sedang terganggu"]
        town.mend()
        await wait_until(lambda: town.is_in("published", *posts), "all are out once it answers again", 60)
        await wait_until(lambda: _ended(town), "the incident is over", 30)
    assert len(town.ledger("facebook")) == 6
    assert not await _running(town)
    async with town.house.db.read() as session:
        broken = (await session.run(text("SELECT count(*) FROM channel WHERE state <> 'connected'"))).scalar_one()
        late = "SELECT count(*) FROM delivery WHERE incident_id IS NOT NULL AND platform = 'facebook'"
        assert (broken, (await session.run(text(late))).scalar_one()) == (0, 6)


async def test_a_reviewer_takes_what_is_held_to_another_platform_or_to_hands(town: Town) -> None:
    post, waits = await town.post(["x"]), await town.post(["facebook"])
    incident = await _outage(town, "x")
    done = await town.house.incidents.divert(town.cast.rina, incident, to="facebook")
    assert (done.moved, done.left) == (1, 0)
    states = {one.platform: one.state for one in await town.deliveries(post)}
    assert states == {"x": "cancelled", "facebook": "due"}
    second = await town.post(["x"])
    assert (await town.house.incidents.divert(town.cast.rina, incident, to="manual")).moved == 1
    assert (await town.one(second)).state == "manual"
    assert (await town.one(waits)).state == "due"
    async with publishing(town.house):
        await wait_until(lambda: town.ledger("facebook"), "out on the other platform")
    assert town.ledger("x") == []


async def test_a_token_that_ended_meanwhile_does_not_speak_for_the_platform(town: Town) -> None:
    """Refused for its own sake, it would keep the platform out for ever; it is renewed, and asked again soon."""
    await _outage(town, "x")
    past = town.house.clock.now() - timedelta(hours=1)
    async with town.house.db.write() as session:
        await session.run(update(Channel).where(Channel.platform == "x").values(token_ends_at=past))  # type: ignore[arg-type]
        await session.run(update(Incident).values(probe_at=past))
    breaker = Breaker(town.house.db, town.house.clock, town.house.platforms, town.house.channels)
    await breaker.round()
    async with town.house.db.read() as session:
        [(probes, recovers_at)] = (await session.run(select(col(Incident.probes), col(Incident.recovers_at)))).all()
        renewing = select(func.count()).where(
            col(Channel.platform) == "x", col(Channel.check_at) <= town.house.clock.now()
        )
        asked = (await session.run(renewing)).scalar_one()
    assert (probes, recovers_at, asked) == (0, None, 3)


async def test_a_doubt_is_looked_up_although_the_platform_takes_nothing(town: Town) -> None:
    """What went out just before an outage is mostly still shown: the unit need not wait for its end to know."""
    post = await town.post(["x"])
    await _outage(town, "x")
    now = town.house.clock.now()
    async with town.house.db.write() as session:
        await session.run(update(Delivery).where(col(Delivery.post_id) == post).values(state="unsure", act_at=now))
    async with town.house.db.write() as session:
        usual = await store.claim_unsure(session, worker_id="w", now=now, limit=9)
        out = await store.claim_unsure(session, worker_id="w", now=now, limit=9, out=True)
    assert (usual, [row["post_id"] for row in out]) == ([], [post])


@given(st.text(max_size=400), st.integers(0, 12))
def test_only_what_fits_as_it_is_goes_to_another_platform(said: str, pictures: int) -> None:
    adapters = build_adapters(timeout=1, now=lambda: NOW)
    message = {"text": said, "pictures": [{"media_id": 1, "alt_text": ""}] * pictures, "options": {}}
    for adapter in adapters.values():
        if diverting.fits(adapter, message):
            assert adapter.length(said) <= adapter.limits.text
            assert pictures <= adapter.limits.images
            assert pictures or not (adapter.limits.needs_image or adapter.limits.needs_video)
    assert not diverting.fits(adapters["youtube"], message)


def test_what_may_be_the_platforms_fault() -> None:
    assert outages.is_sign(Unsure("?", http_status=503))
    assert outages.is_sign(NeedsReconnect("?", http_status=401))
    assert outages.is_sign(TryLater("?", code="unreachable"))
    assert not outages.is_sign(Refused("?"))
    assert not outages.is_sign(NeedsReconnect("?", code="190/460", http_status=400))
    assert not outages.is_sign(TryLater("?", http_status=429))
    assert not outages.is_outage(channels=4, bad=9, good=0)
    assert not outages.is_outage(channels=9, bad=9, good=9)


def test_turns_grow_only_after_the_first_has_arrived() -> None:
    turns, most = [], 2
    while most is not None:
        turns.append(most)
        most = outages.next_turn(most)  # type: ignore[assignment]
    assert (outages.next_turn(1), turns) == (1, [2, 4, 8, 16, 32, 64])
