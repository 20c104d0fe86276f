"""How people come in: one-time links and sessions."""

import asyncio

import pytest
from sqlmodel import select

from app.accounts.models import LoginLink, LoginSession
from app.accounts.rules import Act
from app.accounts.service import PeopleService
from app.kit.db import Database
from app.kit.errors import BadInput, NotFound, Unauthenticated
from tests.accounts.conftest import MovedClock
from tests.support.cast import Cast


async def test_sari_comes_in_with_her_link_and_is_sari(people: PeopleService, cast: Cast) -> None:
    secret = await people.make_link(cast.sari.user_id, purpose="login", hours=1)
    session = await people.use_link(secret, device="Chrome di Android")
    assert await people.actor_by_session(session) == cast.sari


async def test_a_link_opens_once(people: PeopleService, cast: Cast) -> None:
    secret = await people.make_link(cast.sari.user_id, purpose="login", hours=1)
    await people.use_link(secret, device="")
    with pytest.raises(Unauthenticated, match="sudah dipakai"):
        await people.use_link(secret, device="")
    with pytest.raises(Unauthenticated, match="sudah dipakai"):
        await people.peek_link(secret)


async def test_looking_at_a_link_consumes_nothing(people: PeopleService, cast: Cast) -> None:
    secret = await people.make_link(cast.sari.user_id, purpose="login", hours=1)
    assert [await people.peek_link(secret) for _ in range(3)] == ["Sari"] * 3
    assert await people.use_link(secret, device="")


async def test_two_racing_uses_of_one_link_give_one_session(people: PeopleService, cast: Cast, db: Database) -> None:
    secret = await people.make_link(cast.sari.user_id, purpose="login", hours=1)
    outcomes = await asyncio.gather(*(people.use_link(secret, device="") for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Unauthenticated) for outcome in outcomes) == 7
    async with db.read() as session:
        assert len((await session.exec(select(LoginSession))).all()) == 1


async def test_an_old_or_unknown_link_says_what_to_do(people: PeopleService, cast: Cast, clock: MovedClock) -> None:
    secret = await people.make_link(cast.sari.user_id, purpose="invite", hours=72)
    clock.move(hours=72)
    with pytest.raises(Unauthenticated, match=r"kedaluwarsa.*minta tautan baru"):
        await people.use_link(secret, device="")
    with pytest.raises(Unauthenticated, match=r"tidak dikenal.*minta tautan baru"):
        await people.use_link("tebakan", device="")


async def test_only_hashes_of_secrets_are_kept(people: PeopleService, cast: Cast, db: Database) -> None:
    secret = await people.make_link(cast.sari.user_id, purpose="login", hours=1)
    session_secret = await people.use_link(secret, device="x" * 500)
    async with db.read() as session:
        link, entry = (await session.exec(select(LoginLink))).one(), (await session.exec(select(LoginSession))).one()
    kept = repr((link, entry))
    assert secret not in kept
    assert session_secret not in kept
    assert len(entry.device) == 200


async def test_a_link_needs_a_person_and_a_future(people: PeopleService, cast: Cast) -> None:
    with pytest.raises(NotFound):
        await people.make_link(999, purpose="login", hours=1)
    with pytest.raises(BadInput):
        await people.make_link(cast.sari.user_id, purpose="login", hours=0)


async def test_a_session_ends_after_thirty_days_of_silence(
    people: PeopleService, cast: Cast, clock: MovedClock
) -> None:
    secret = await _enter(people, cast.sari.user_id)
    clock.move(days=29)
    assert await people.actor_by_session(secret)
    clock.move(days=29)
    assert await people.actor_by_session(secret), "being seen had made it slide"
    clock.move(days=30)
    with pytest.raises(Unauthenticated, match="Masuk lagi"):
        await people.actor_by_session(secret)


async def test_a_session_ends_after_ninety_days_however_often_it_is_seen(
    people: PeopleService, cast: Cast, clock: MovedClock
) -> None:
    secret = await _enter(people, cast.sari.user_id)
    for _ in range(4):
        clock.move(days=22)
        assert await people.actor_by_session(secret)
    clock.move(days=2)
    with pytest.raises(Unauthenticated, match="Masuk lagi"):
        await people.actor_by_session(secret)


async def test_being_seen_is_written_every_five_minutes(
    people: PeopleService, cast: Cast, clock: MovedClock, db: Database
) -> None:
    secret, start = await _enter(people, cast.sari.user_id), clock.at
    clock.move(minutes=4)
    await people.actor_by_session(secret)
    assert await _seen_at(db) == start
    clock.move(minutes=1)
    await people.actor_by_session(secret)
    assert await _seen_at(db) == clock.at


async def test_logging_out_ends_the_session_for_good(people: PeopleService, cast: Cast) -> None:
    secret, other = await _enter(people, cast.sari.user_id), await _enter(people, cast.sari.user_id)
    await people.end_session(secret)
    await people.end_session(secret)
    with pytest.raises(Unauthenticated):
        await people.actor_by_session(secret)
    assert await people.actor_by_session(other)


async def test_a_deactivated_person_is_out_everywhere_at_once(people: PeopleService, cast: Cast) -> None:
    sari, at = cast.sari.user_id, cast.cilendek.id
    assert at is not None
    session, link = await _enter(people, sari), await people.make_link(sari, purpose="login", hours=1)
    token = await people.add_token(user_id=sari, unit_id=at, scopes=[Act.READ], days=1)
    await people.set_active(sari, active=False, by="test")
    with pytest.raises(Unauthenticated, match="dinonaktifkan"):
        await people.use_link(link, device="")
    with pytest.raises(Unauthenticated):
        await people.actor_by_token(token)
    await people.set_active(sari, active=True, by="test")
    with pytest.raises(Unauthenticated):
        await people.actor_by_session(session)


async def _enter(people: PeopleService, user_id: int) -> str:
    return await people.use_link(await people.make_link(user_id, purpose="login", hours=1), device="")


async def _seen_at(db: Database) -> object:
    async with db.read() as session:
        return (await session.exec(select(LoginSession.seen_at))).one()
