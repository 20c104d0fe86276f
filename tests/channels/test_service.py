"""Joining, mending and letting go of social accounts."""

import asyncio

import pytest
from sqlmodel import select

from app.channels.models import Channel
from app.channels.service import ChannelService
from app.kit.db import Database, WriteSession
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, Unavailable
from app.kit.seal import Seal
from app.platforms.contract import NeedsReconnect, TryLater
from tests.channels.conftest import PatientPlatform
from tests.support.cast import Cast, id_of


async def test_rina_joins_an_account_and_sari_sees_it(channels: ChannelService, cast: Cast) -> None:
    added = await join(channels, cast, handle="@pps.cilendekbarat")
    assert (added.handle, added.state, added.environment) == ("pps.cilendekbarat", "connected", "practice")
    assert [row.id for row in (await channels.list(cast.sari)).rows] == [added.id]
    assert (await channels.get(cast.budi, number(added))).handle == "pps.cilendekbarat"


async def test_citra_sees_nothing_of_bogor_barat(channels: ChannelService, cast: Cast) -> None:
    added = await join(channels, cast)
    assert (await channels.list(cast.citra)).rows == []
    assert (await channels.list(cast.citra, unit=cast.cilendek.id)).rows == []
    for refused in (channels.get, channels.close, channels.check):
        with pytest.raises(NotFound):
            await refused(cast.citra, number(added))
    with pytest.raises(NotFound):
        await channels.edit(cast.citra, number(added), state="paused")


async def test_who_sees_a_channel_may_still_not_touch_it(channels: ChannelService, cast: Cast) -> None:
    added = await join(channels, cast)
    for actor in (cast.sari, cast.budi, cast.dewi, cast.vino):
        with pytest.raises(Forbidden):
            await channels.edit(actor, number(added), state="paused")
        with pytest.raises(Forbidden):
            await channels.add(actor, unit_id=id_of(cast.cilendek), platform="x", environment="practice", handle="lain")


async def test_a_list_narrows_and_turns_its_pages(channels: ChannelService, cast: Cast) -> None:
    await join(channels, cast, platform="x")
    await join(channels, cast, platform="facebook")
    await join(channels, cast, platform="x", environment="live", credential="rahasia")
    await channels.add(cast.rina, unit_id=id_of(cast.kpu), platform="x", environment="manual", handle="kpu")
    first = await channels.list(cast.rina, limit=3)
    second = await channels.list(cast.rina, limit=3, cursor=first.next)
    assert (len(first.rows), len(second.rows), second.next) == (3, 1, None)
    assert len((await channels.list(cast.rina, platform="x")).rows) == 3
    assert len((await channels.list(cast.rina, environment="practice")).rows) == 2
    assert len((await channels.list(cast.rina, unit=cast.kpu.id)).rows) == 1


async def test_an_account_is_joined_once_however_it_is_spelled(channels: ChannelService, cast: Cast) -> None:
    await join(channels, cast, handle="pps.cilendek")
    with pytest.raises(Conflict, match="sudah tersambung"):
        await join(channels, cast, handle="@PPS.Cilendek")
    assert await join(channels, cast, handle="pps.cilendek", platform="facebook")


async def test_two_who_join_the_same_account_at_once_join_it_once(channels: ChannelService, cast: Cast) -> None:
    outcomes = await asyncio.gather(*(join(channels, cast) for _ in range(4)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Channel", "Conflict", "Conflict", "Conflict"]


async def test_a_bad_channel_is_refused_with_the_field_named(channels: ChannelService, cast: Cast) -> None:
    for wrong, field in (
        ({"platform": "friendster"}, "platform"),
        ({"environment": "mars"}, "environment"),
        ({"handle": "a b"}, "handle"),
        ({"environment": "live"}, "credential"),
        ({"base_url": "https://a.test"}, "base_url"),
    ):
        with pytest.raises(BadInput) as refusal:
            await join(channels, cast, **wrong)
        assert [problem.field for problem in refusal.value.problems] == [field]
    assert (await channels.list(cast.rina)).rows == []


async def test_practice_goes_to_the_simulator_and_live_to_the_platform(
    channels: ChannelService, cast: Cast, db: Database
) -> None:
    practice = number(await join(channels, cast))
    live = number(
        await join(channels, cast, environment="live", credential={"access_token": "rahasia", "account_id": "7"})
    )
    manual = number(await join(channels, cast, environment="manual"))
    async with db.read() as session:
        accounts = await channels.accounts_for(session, [practice, live, manual])
    assert accounts.keys() == {practice, live}
    assert accounts[practice].base_url == "http://practice.test/x"
    assert accounts[practice].credential == {"access_token": "sim_x_pps.cilendekbarat"}
    assert accounts[live].base_url == "http://live.test/x"
    assert accounts[live].credential == {"access_token": "rahasia", "account_id": "7"}


async def test_a_credential_sealed_with_a_lost_key_is_left_out(
    channels: ChannelService, cast: Cast, db: Database
) -> None:
    added = await join(channels, cast)
    channels.seal = Seal(("another-key",))
    async with db.read() as session:
        assert await channels.accounts_for(session, [number(added)]) == {}
    assert (await channels.check(cast.rina, number(added))).state == "needs_reconnect"


async def test_a_closed_channel_forgets_its_credential_and_keeps_its_row(
    channels: ChannelService, cast: Cast, db: Database
) -> None:
    added = await join(channels, cast)
    closed = await channels.close(cast.rina, number(added))
    assert (closed.state, closed.sealed) == ("closed", "")
    assert (await channels.close(cast.rina, number(added))).state == "closed"
    with pytest.raises(Conflict, match="sudah ditutup"):
        await channels.edit(cast.rina, number(added), state="connected")
    with pytest.raises(Conflict):
        await channels.check(cast.rina, number(added))
    async with db.read() as session:
        assert len((await session.exec(select(Channel))).all()) == 1
        assert await channels.accounts_for(session, [number(added)]) == {}


async def test_joining_a_closed_account_again_opens_the_same_channel(channels: ChannelService, cast: Cast) -> None:
    added = await join(channels, cast)
    await channels.close(cast.rina, number(added))
    again = await join(channels, cast)
    assert (again.id, again.state) == (added.id, "connected")
    assert again.sealed


async def test_a_renamed_practice_channel_speaks_with_its_new_name(
    channels: ChannelService, cast: Cast, db: Database
) -> None:
    added = await join(channels, cast)
    await channels.edit(cast.rina, number(added), handle="@pps.baru")
    async with db.read() as session:
        account = (await channels.accounts_for(session, [number(added)]))[number(added)]
    assert (account.handle, account.credential["access_token"]) == ("pps.baru", "sim_x_pps.baru")
    other = await join(channels, cast, handle="lain")
    with pytest.raises(Conflict):
        await channels.edit(cast.rina, number(other), handle="PPS.baru")


async def test_a_broken_channel_is_mended_by_a_new_credential(
    channels: ChannelService, cast: Cast, db: Database
) -> None:
    added = await join(channels, cast, environment="live", credential="lama")
    async with db.write() as session:
        assert await channels.needs_reconnect(session, number(added), "Token ditolak: access_token=lama&x=1")
        assert not await channels.needs_reconnect(session, number(added), "lagi")
    broken = await channels.get(cast.rina, number(added))
    assert (broken.state, broken.state_reason) == ("needs_reconnect", "Token ditolak: access_token=***&x=1")
    mended = await channels.edit(cast.rina, number(added), credential="baru")
    assert (mended.state, mended.state_reason) == ("connected", "")


async def test_a_paused_channel_is_not_broken_by_a_late_refusal(
    channels: ChannelService, cast: Cast, db: Database
) -> None:
    added = await join(channels, cast)
    await channels.edit(cast.rina, number(added), state="paused")
    async with db.write() as session:
        assert not await channels.needs_reconnect(session, number(added), "ditolak")
    assert (await channels.get(cast.rina, number(added))).state == "paused"


async def test_a_check_asks_the_platform_and_keeps_the_answer(
    channels: ChannelService, cast: Cast, platform: PatientPlatform
) -> None:
    added = await join(channels, cast)
    good = await channels.check(cast.rina, number(added))
    assert (good.state, good.checked_at) == ("connected", channels.now())
    assert platform.asked[0].credential == {"access_token": "sim_x_pps.cilendekbarat"}
    platform.answer = NeedsReconnect("Token sudah dicabut. Sambungkan ulang.")
    broken = await channels.check(cast.rina, number(added))
    assert (broken.state, broken.state_reason) == ("needs_reconnect", "Token sudah dicabut. Sambungkan ulang.")
    platform.answer = None
    assert (await channels.check(cast.rina, number(added))).state == "connected"


async def test_a_platform_that_cannot_answer_changes_nothing(
    channels: ChannelService, cast: Cast, platform: PatientPlatform
) -> None:
    added = await join(channels, cast)
    platform.answer = TryLater("sedang sibuk")
    with pytest.raises(Unavailable, match="Coba lagi nanti"):
        await channels.check(cast.rina, number(added))
    assert (await channels.get(cast.rina, number(added))).checked_at is None


async def test_an_answer_about_a_replaced_credential_is_forgotten(
    channels: ChannelService, cast: Cast, platform: PatientPlatform
) -> None:
    added = number(await join(channels, cast))
    platform.answer = NeedsReconnect("Token lama sudah dicabut.")
    platform.meanwhile = lambda: channels.edit(cast.rina, added, credential="sim_x_baru")
    assert (await channels.check(cast.rina, added)).state == "connected"


async def test_a_channel_closed_while_the_platform_was_asked_stays_closed(
    channels: ChannelService, cast: Cast, platform: PatientPlatform
) -> None:
    added = number(await join(channels, cast))
    platform.answer = NeedsReconnect("Token lama sudah dicabut.")
    platform.meanwhile = lambda: channels.close(cast.rina, added)
    assert (await channels.check(cast.rina, added)).state == "closed"


async def test_listeners_hear_every_change_inside_its_transaction(channels: ChannelService, cast: Cast) -> None:
    heard: list[tuple[int, str]] = []

    async def listen(session: WriteSession, channel_id: int, state: str) -> None:
        if len(heard) == 4:
            raise RuntimeError("the listener cannot cancel")
        heard.append((channel_id, state))

    channels.on_state.append(listen)
    added = number(await join(channels, cast))
    await channels.edit(cast.rina, added, state="paused")
    await channels.edit(cast.rina, added, credential="sim_x_lain")
    await channels.edit(cast.rina, added, state="connected")
    await channels.edit(cast.rina, added, state="paused")
    assert heard == [(added, "connected"), (added, "paused"), (added, "connected"), (added, "paused")]
    with pytest.raises(RuntimeError):
        await channels.close(cast.rina, added)
    assert (await channels.get(cast.rina, added)).state == "paused"


async def test_practice_channels_for_all_are_made_once(channels: ChannelService, cast: Cast, db: Database) -> None:
    units = [(id_of(cast.cilendek), "pps.cilendekbarat"), (id_of(cast.menteng), "pps.menteng")]
    async with db.write() as session:
        assert await channels.add_practice(session, units=units, platforms=["x", "facebook"]) == 4
        assert await channels.add_practice(session, units=units, platforms=["x", "facebook", "instagram"]) == 2
    rows = (await channels.list(cast.rina)).rows
    assert len(rows) == 6
    async with db.read() as session:
        accounts = await channels.accounts_for(session, [number(row) for row in rows])
    assert {account.credential["access_token"] for account in accounts.values()} >= {"sim_instagram_pps.menteng"}


def number(channel: Channel) -> int:
    assert channel.id is not None
    return channel.id


async def join(channels: ChannelService, cast: Cast, **given: object) -> Channel:
    wanted = {"unit_id": cast.cilendek.id, "platform": "x", "environment": "practice", "handle": "pps.cilendekbarat"}
    return await channels.add(cast.rina, **(wanted | given))  # type: ignore[arg-type]
