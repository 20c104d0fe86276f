"""From a failure to the notices of the right people, once each."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.accounts.rules import Act
from app.kit.errors import AppError, NotFound
from app.platforms.contract import NeedsReconnect, Refused, TryLater, Unsure
from app.publishing.rules import ASK_A_PERSON, Next, Outcome, State
from tests.notices.conftest import Place, together
from tests.posts.test_review import QUIET
from tests.support.house import channels_of
from workers import tasks
from workers.schedule import CRON

DEAD = NeedsReconnect("Kata sandi akun sudah diganti.", code="190/460")


async def test_three_deliveries_of_one_dead_channel_are_one_notice(place: Place) -> None:
    for _ in range(3):
        await place.post()
    found = await place.claim("x")
    await place.record(found[:2], DEAD)
    await place.record(found[2:], DEAD)
    handle = (await channels_of(place.house, place.cast, place.cast.cilendek))["x"].handle
    title = f"[Latihan] Akun X @{handle} perlu disambungkan ulang"
    assert await place.told() == {"sari": [title], "budi": [title], "rina": [title]}


async def test_a_channel_that_breaks_again_is_told_again(place: Place) -> None:
    await place.post()
    await place.fail("x", DEAD)
    broken = (await channels_of(place.house, place.cast, place.cast.cilendek))["x"]
    await place.house.channels.edit(place.cast.rina, broken.id or 0, state="connected")
    await place.fail("x", DEAD)
    assert {name: len(titles) for name, titles in (await place.told()).items()} == {"sari": 2, "budi": 2, "rina": 2}


async def test_a_refusal_reaches_sari_and_budi_and_nobody_else(place: Place) -> None:
    await place.post()
    await place.fail("x", Refused("Teks terlalu panjang.", code="too_long"))
    told = await place.told()
    title = "[Latihan] Unggahan PPS Cilendek Barat ditolak X"
    assert told == {"sari": [title], "budi": [title]}
    assert "Teks terlalu panjang." in (await place.notices())[0].body


async def test_weather_is_nobodys_business(place: Place) -> None:
    await place.post()
    await place.fail("x", TryLater("Nanti."))
    await place.fail("facebook", Unsure("Tidak ada jawaban."))
    assert await place.told() == {}


async def test_a_post_missed_everywhere_is_one_notice_that_names_every_platform(place: Place) -> None:
    post = await place.post()
    publisher = place.house.publisher()
    publisher.clock = replace(publisher.clock, offset=publisher.clock.offset + timedelta(days=30).total_seconds())
    await publisher._expire()
    assert set(await place.told()) == {"sari", "budi"}
    notices = await place.notices()
    assert [notice.link for notice in notices] == [f"/unggahan/{post.id}"] * 2
    assert all(name in notices[0].title for name in ("X", "Facebook", "Instagram"))


async def test_a_last_later_that_comes_too_late_is_told_as_missed(place: Place) -> None:
    await place.post()
    await place.fail("x", TryLater("Nanti.", after=timedelta(days=9)))
    assert await place.events() == ["delivery.missed"]


async def test_a_doubt_that_only_a_person_can_settle_is_told(place: Place) -> None:
    await place.post()
    await place.fail("x", Unsure("?"), step=Next(State.UNSURE, Outcome.UNSURE, None, ASK_A_PERSON))
    title = "[Latihan] Periksa apakah unggahan PPS Cilendek Barat sudah terbit di X"
    assert await place.told() == {"sari": [title], "budi": [title]}


async def test_a_doubt_that_waits_for_its_channel_is_told_by_the_channel_alone(place: Place) -> None:
    await place.post()
    step = Next(State.UNSURE, Outcome.RECONNECT, None, DEAD.message, hold_channel=True)
    await place.fail("x", DEAD, step=step)
    assert await place.events() == ["channel.needs_reconnect"]


async def test_a_result_that_was_fenced_off_tells_nothing(place: Place) -> None:
    await place.post()
    first = await place.claim("x")
    await place.record(first, Refused("Terlambat."), worker="somebody-else")
    assert await place.events() == []
    await place.record(first, Refused("Tidak."))
    await place.house.publishing.retry(place.cast.sari, first[0].id)
    await place.fail("x", Refused("Masih tidak."))
    await place.record(first, Refused("Terlambat."), worker="somebody-else")
    assert await place.events() == ["delivery.stopped"] * 2


async def test_the_same_failure_recorded_twice_is_told_once(place: Place) -> None:
    await place.post()
    found = await place.claim("x")
    await place.record(found, Refused("Tidak."))
    await place.told()
    await place.record(found, Refused("Tidak."))
    assert {name: len(titles) for name, titles in (await place.told()).items()} == {"sari": 1, "budi": 1}


async def test_two_racing_spreads_tell_everybody_once(place: Place) -> None:
    for _ in range(12):
        await place.post()
    await place.fail("x", Refused("Tidak."))
    service = place.house.notices
    made = await together(*(service.spread(limit=3) for _ in range(8)))
    while await service.spread(limit=3):
        pass
    assert sum(made) <= 24
    assert {name: len(titles) for name, titles in (await place.told()).items()} == {"sari": 12, "budi": 12}
    assert await place.events() == []


async def test_a_free_text_waits_for_budi_who_answers_sari(place: Place) -> None:
    post = await place.post(text="Posko kami buka.")
    assert await place.told() == {"budi": ["Unggahan PPS Cilendek Barat menunggu tinjauan Anda"]}
    await place.house.posts.reject(place.cast.budi, post.id, reason="Sebut jamnya")
    assert (await place.told())["sari"] == ["Unggahan PPS Cilendek Barat dikembalikan untuk diperbaiki"]
    assert "Sebut jamnya" in (await place.notices())[-1].body
    again = await place.house.posts.submit(place.cast.sari, post.id)
    await place.house.posts.approve(place.cast.budi, again.id)
    told = await place.told()
    assert (len(told["budi"]), told["sari"][1]) == (2, "Unggahan PPS Cilendek Barat disetujui")
    assert set(told) == {"sari", "budi"}


async def test_what_needs_the_kpu_waits_for_dewi_and_rina(place: Place) -> None:
    await place.post(text="Posko kami buka.", timing=QUIET)
    assert set(await place.told()) == {"dewi", "rina"}


async def test_an_edit_by_the_reviewer_is_shown_to_one_who_may_decide(place: Place) -> None:
    post = await place.post(text="Posko kami buka.")
    mine = await place.house.posts.edit(place.cast.budi, post.id, {"text": "Kata Budi."}, if_match=post.etag)
    await place.house.posts.edit(place.cast.sari, post.id, {"text": "Kata Sari."}, if_match=mine.etag)
    assert set(await place.told()) == {"budi", "dewi", "rina"}


async def test_a_refused_act_tells_nothing(place: Place) -> None:
    post = await place.post(text="Posko kami buka.")
    await place.told()
    with pytest.raises(AppError):
        await place.house.posts.approve(place.cast.sari, post.id)
    with pytest.raises(AppError):
        await place.house.posts.reject(place.cast.budi, post.id, reason="")
    assert await place.events() == []


async def test_nobody_who_has_left_is_told(place: Place) -> None:
    await place.post()
    await place.fail("x", Refused("Tidak."))
    async with place.house.db.write() as session:
        await session.run(text("UPDATE user_account SET is_active = false WHERE name = 'Budi'"))
    assert set(await place.told()) == {"sari", "dewi", "rina"}


async def test_a_kind_of_a_newer_version_does_not_stop_the_rest(place: Place) -> None:
    await place.post()
    await place.fail("x", Refused("Tidak."))
    async with place.house.db.write() as session:
        await session.run(
            text(
                "INSERT INTO outbox_event (at, kind, subject, unit_id, detail) SELECT at, 'bulan.purnama', subject, unit_id, detail FROM outbox_event"
            )
        )
    assert set(await place.told()) == {"sari", "budi"}
    assert await place.events() == []


async def test_everybody_reads_their_own_and_nothing_else(place: Place) -> None:
    for _ in range(3):
        await place.post()
    await place.fail("x", Refused("Tidak."))
    await place.told()
    service, sari, citra = place.house.notices, place.cast.sari, place.cast.citra
    first = await service.list(sari, limit=2)
    rest = await service.list(sari, limit=2, cursor=first.next)
    ids = [notice.id or 0 for notice in (*first.rows, *rest.rows)]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), rest.next) == (3, None)
    assert (await service.list(citra)).rows == []
    with pytest.raises(NotFound):
        await service.mark_read(citra, ids[0])
    read = await service.mark_read(sari, ids[0])
    assert read.read_at is not None
    assert (await service.mark_read(sari, ids[0])).read_at == read.read_at
    assert await service.unread_count(sari) == 2
    assert [notice.id for notice in (await service.list(sari, unread_only=True)).rows] == ids[1:]
    assert (await service.mark_all_read(sari), await service.unread_count(sari)) == (2, 0)
    assert await service.unread_count(place.cast.budi) == 3


async def test_a_token_narrowed_to_another_unit_does_not_read_them(place: Place) -> None:
    await place.post()
    await place.fail("x", Refused("Tidak."))
    await place.told()
    budi = place.cast.budi
    elsewhere = replace(budi, grants=place.cast.citra.grants, scopes=frozenset({Act.READ}))
    assert await place.house.notices.unread_count(budi) == 1
    assert await place.house.notices.unread_count(elsewhere) == 0
    assert (await place.house.notices.list(elsewhere)).rows == []
    assert await place.house.notices.mark_all_read(elsewhere) == 0
    with pytest.raises(NotFound):
        await place.house.notices.mark_read(elsewhere, (await place.notices())[0].id or 0)
    assert await place.house.notices.unread_count(replace(budi, scopes=frozenset({Act.WRITE}))) == 0


async def test_a_broken_channel_found_by_a_check_is_told_to_the_others(place: Place) -> None:
    channel = (await channels_of(place.house, place.cast, place.cast.cilendek))["x"]
    async with place.house.db.write() as session:
        sealed = channel.sealed
        await session.run(text("UPDATE channel SET sealed = 'rusak' WHERE id = :id"), {"id": channel.id})
    await place.house.channels.check(place.cast.rina, channel.id or 0)
    async with place.house.db.write() as session:
        await session.run(text("UPDATE channel SET sealed = :s WHERE id = :id"), {"id": channel.id, "s": sealed})
    assert set(await place.told()) == {"sari", "budi"}


async def test_the_workers_sweeps_do_it(place: Place) -> None:
    await place.post()
    await place.fail("x", Refused("Tidak."))
    for task in (tasks.spread_notices, tasks.send_notices):
        assert [job.coroutine for job in CRON].count(task) == 1
        await task({"house": place.house})
    assert await place.house.notices.unread_count(place.cast.sari) == 1
