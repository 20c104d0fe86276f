"""A hacked account, with an attacker who speaks straight to the platform."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import requests

from app.channels.models import Channel
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, Unauthenticated
from app.main import create_app
from app.platforms.connecting import Connector, Place
from app.platforms.contract import RecentPost, TellsRecent, TryLater
from app.publishing import takeover_rules
from app.publishing import takeover_store as store
from app.publishing.rules import State
from app.publishing.takeovers import Alarm, TakeoverService
from tests.conftest import NOW
from tests.publishing.conftest import Town
from tests.support.client import NOWHERE
from tests.support.databases import fresh_database
from tests.support.house import add_template, cast_house, channels_of, moved, serving, settings_for, ticking_from, wipe
from tests.support.wait import wait_until

FOREIGN = "Menangkan hadiah, klik di sini!"


@pytest.fixture(scope="module")
async def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder, clock = tmp_path_factory.mktemp("takeovers"), ticking_from(NOW, speed=30.0)
    with fresh_database(request, "sqlite", folder) as url:
        plain = moved(settings_for(folder, url), clock=clock, send_timeout=2.0)
        with serving(lambda address: create_app(moved(plain, base_url=address), redis_url=NOWHERE)) as address:
            async with cast_house(moved(plain, base_url=address), clock) as (house, cast):
                template = await add_template(house, cast, "Halo {{ wilayah }}, dari {{ nama_unit }}.")
                yield Town(house, cast, f"{address}/simulator", template)


@pytest.fixture
async def town(shared: Town) -> AsyncIterator[Town]:
    channel = await channel_of(shared)
    if not channel.sealed:
        key = {"access_token": f"sim_x_{channel.handle}"}
        await shared.house.channels.edit(shared.cast.rina, channel.id or 0, credential=key)
    yield shared
    await wipe(shared.house)
    shared.reset()


async def channel_of(town: Town) -> Channel:
    return (await channels_of(town.house, town.cast, town.cast.cilendek))["x"]


async def attack(town: Town, channel: Channel) -> None:
    """Straight on the platform; over when its lists, which lag, show it."""
    handle, text = channel.handle, FOREIGN
    key = {"Authorization": f"Bearer sim_x_{handle}"}
    address, words = f"{town.simulator}/x/2/tweets", {"text": text}
    answer = await asyncio.to_thread(requests.post, address, json=words, headers=key, timeout=5)
    assert answer.status_code == 201
    adapter, house, number = town.house.platforms["x"], town.house, channel.id or 0
    assert isinstance(adapter, TellsRecent)
    async with house.db.read() as session:
        account = (await house.channels.accounts_for(session, [number]))[number]

    async def is_listed() -> bool:
        return bool(await adapter.read_recent(account, NOW - timedelta(days=1)))

    await wait_until(is_listed, "the account's own list shows it")


async def test_one_alarm_silences_the_account_and_takes_everything_of_ours_away(town: Town) -> None:
    house, cast = town.house, town.cast
    channel = await channel_of(town)
    number = channel.id or 0
    alone = await town.post(("x",), later=7200)
    both = await town.post(("x", "facebook"), later=7200)
    await attack(town, channel)
    screen = await house.people.use_link(
        await house.people.make_link(cast.sari.user_id, purpose="login", hours=1), device="curian"
    )
    view = await house.takeovers.raise_alarm(cast.budi, number, Alarm(note="Ada unggahan aneh."))
    assert view.row is not None
    assert (view.channel.state, view.channel.sealed) == ("paused", "")
    assert [post.text for post in view.strange] == [FOREIGN]
    assert view.row.revoke_state == "done"
    with pytest.raises(Unauthenticated):
        await house.people.actor_by_session(screen)
    states = {(one.platform, one.state) for one in await town.deliveries(alone, both)}
    assert ("x", State.DUE) not in states
    assert ("x", State.MANUAL) in states, (
        "a post that is on the unit's other accounts already has no place but a person"
    )
    assert any(one.platform != "x" and one.state is State.DUE for one in await town.deliveries(alone)), (
        "it went elsewhere"
    )
    for way in (
        house.channels.edit(cast.rina, number, state="connected"),
        house.channels.close(cast.rina, number),
        house.takeovers.raise_alarm(cast.budi, number, Alarm()),
    ):
        with pytest.raises(Conflict):
            await way


async def test_a_stranger_neither_sees_the_alarm_nor_raises_it(town: Town) -> None:
    number = (await channel_of(town)).id or 0
    for refused, actor in ((NotFound, town.cast.citra), (Forbidden, town.cast.vino)):
        with pytest.raises(refused):
            await town.house.takeovers.raise_alarm(actor, number, Alarm())
    with pytest.raises(BadInput):
        await town.house.takeovers.raise_alarm(town.cast.budi, number, Alarm(people=[town.cast.rina.user_id]))


async def test_the_way_back_ticks_steps_and_lets_the_rest_go_on(town: Town) -> None:
    house, cast = town.house, town.cast
    number = (await channel_of(town)).id or 0
    waiting = await town.post(("x",), later=7200)
    await house.takeovers.raise_alarm(cast.sari, number, Alarm(to="hold", people=[]))
    assert await town.is_in("waiting", waiting)
    view = await house.takeovers.tick(cast.sari, number, "sandi", is_done=True)
    assert view.row is not None
    assert view.row.ticks["sandi"]["by"] == cast.sari.name
    assert view.row.deadline_at - view.row.reported_at == timedelta(hours=72)
    with pytest.raises(Forbidden):
        await house.takeovers.end(cast.sari, number)
    ended = await house.takeovers.end(cast.rina, number)
    assert (ended.is_open, ended.channel.state, ended.channel.hacked_at) == (False, "connected", None)
    assert await town.is_in("due", waiting)


async def test_what_a_stranger_said_is_never_counted_as_ours(town: Town) -> None:
    house, cast = town.house, town.cast
    channel = await channel_of(town)
    number = channel.id or 0
    task = await town.post(("x",), later=7200)
    await attack(town, channel)
    view = await house.takeovers.raise_alarm(cast.budi, number, Alarm(to="manual", people=[]))
    address, delivery = view.strange[0].url, (await town.one(task)).id
    async with house.db.write() as session:
        await store.keep_strange(
            session, view.strange[0].takeover_id, [RecentPost("7", "x", "https://x.com/a/status/7")]
        )
    for url in filter(None, (address, "https://x.com/a/status/7")):
        with pytest.raises(Conflict, match="diretas"):
            await house.publishing.resolve(cast.sari, delivery, published=True, url=url)
    await house.takeovers.judge(cast.sari, number, view.strange[0].id or 0, "ours")
    if address:
        await house.publishing.resolve(cast.sari, delivery, published=True, url=address)


@dataclass
class Stubborn:
    """A platform that is out for the first `fails` requests to forget us."""

    fails: int
    inner: Connector
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def revoke(self, _place: Place, _credential: object) -> None:
        self.asked.append("x")
        if len(self.asked) <= self.fails:
            raise TryLater("X sedang terganggu (503).", code="unreadable")


async def test_a_platform_that_is_out_is_asked_to_forget_us_again(town: Town) -> None:
    number = (await channel_of(town)).id or 0
    stubborn = Stubborn(1, town.house.connectors["x"])
    takeovers: TakeoverService = replace(town.house.takeovers, connectors={"x": stubborn})  # type: ignore[dict-item]
    view = await takeovers.raise_alarm(town.cast.budi, number, Alarm(people=[]))
    assert view.row is not None
    assert (view.row.revoke_state, view.row.said) == ("waiting", "X sedang terganggu (503). Dicoba lagi sendiri.")
    assert await takeovers.revoke_due() == 0, "not before its time"
    async with town.house.db.write() as session:
        row = await store.latest(session, number)
        assert row is not None
        row.revoke_at = town.house.clock.now()
        session.add(row)
    assert await takeovers.revoke_due() == 1
    done = (await takeovers.get(town.cast.budi, number)).row
    assert done is not None
    assert (done.revoke_state, done.sealed, done.revoke_at) == ("done", "", None)


def test_only_what_is_neither_ours_nor_on_its_way_nor_older_is_strange() -> None:
    old, new = NOW - timedelta(days=2), NOW
    recent = [
        RecentPost("1", "Kita", created_at=new), RecentPost("2", "Lama", created_at=old), RecentPost("3", "Asing", created_at=new),
        RecentPost("4", "Sedang  jalan", created_at=new), RecentPost("5", "", created_at=None), RecentPost("6", "Tugas", url="u"),
    ]  # fmt: skip
    found = takeover_rules.strangers(
        recent, since=NOW - timedelta(days=1), ours={"1", "u"}, on_the_way=["Sedang jalan"]
    )
    assert [post.remote_id for post in found] == ["3", "5"]
    assert takeover_rules.first_people([3, 5], connected_by=5) == [5]
    assert takeover_rules.first_people([3, 5], connected_by=9) == [3, 5]
