"""How scripts come in."""

from pathlib import Path

import pytest
from sqlmodel import select

from app.accounts.models import ApiToken
from app.accounts.rules import Act, Actor
from app.accounts.service import PeopleService
from app.kit.db import Database
from app.kit.errors import BadInput, Forbidden, NotFound, Unauthenticated
from tests.accounts.conftest import MovedClock
from tests.support.cast import Cast, id_of


async def test_rinas_token_for_bogor_barat_reaches_bogor_barat_only(people: PeopleService, cast: Cast) -> None:
    barat = id_of(cast.ppk_barat)
    token = await people.add_token(user_id=cast.rina.user_id, unit_id=barat, scopes=None, days=30)
    actor = await people.actor_by_token(token)
    assert actor.may(Act.WRITE, cast.cilendek.path)
    assert not actor.may(Act.READ, cast.bantarjati.path)
    assert not actor.may(Act.READ, cast.kpu.path)


async def test_scopes_narrow_what_the_person_may(people: PeopleService, cast: Cast) -> None:
    token = await people.add_token(user_id=cast.rina.user_id, unit_id=id_of(cast.kpu), scopes=[Act.READ], days=30)
    actor = await people.actor_by_token(token)
    assert actor.paths(Act.READ) == (cast.kpu.path,)
    assert actor.paths(Act.WRITE) == ()


async def test_saris_token_cannot_be_for_another_unit(people: PeopleService, cast: Cast) -> None:
    for unit in (cast.menteng, cast.ppk_barat, cast.bantarjati):
        with pytest.raises(BadInput, match="Sari bertugas"):
            await people.add_token(user_id=cast.sari.user_id, unit_id=id_of(unit), scopes=None, days=1)


async def test_a_wrong_checksum_never_reaches_the_database(tmp_path: Path, clock: MovedClock) -> None:
    nowhere = Database(f"sqlite:///{tmp_path}/missing/folder.db")
    with pytest.raises(Unauthenticated, match="utuh"):
        await PeopleService(nowhere, clock).actor_by_token("ktg_" + "A" * 38)
    await nowhere.close()


async def test_an_expired_token_opens_nothing(people: PeopleService, cast: Cast, clock: MovedClock) -> None:
    token = await people.add_token(user_id=cast.sari.user_id, unit_id=id_of(cast.cilendek), scopes=None, days=2)
    clock.move(days=2, seconds=-1)
    assert await people.actor_by_token(token)
    clock.move(seconds=1)
    with pytest.raises(Unauthenticated, match="Buat token baru"):
        await people.actor_by_token(token)


async def test_a_revoked_token_opens_nothing(people: PeopleService, cast: Cast) -> None:
    token, view = await people.issue_token(cast.rina, unit_id=id_of(cast.kpu), scopes=None, days=2, name="rekap")
    assert await people.actor_by_token(token)
    await people.revoke_token(cast.rina, view.id)
    with pytest.raises(Unauthenticated):
        await people.actor_by_token(token)


async def test_a_list_shows_hints_and_never_tokens(people: PeopleService, cast: Cast, db: Database) -> None:
    token, _view = await people.issue_token(cast.rina, unit_id=id_of(cast.kpu), scopes=[Act.READ], days=2, name="rekap")
    page = await people.list_tokens(cast.rina)
    assert [(row.name, row.hint, row.scopes) for row in page.rows] == [("rekap", token[:8], ("read",))]
    async with db.read() as session:
        assert token not in repr((await session.exec(select(ApiToken))).all())
    assert token not in repr(page)


async def test_citra_neither_sees_nor_revokes_rinas_token(people: PeopleService, cast: Cast) -> None:
    _token, view = await people.issue_token(cast.rina, unit_id=id_of(cast.ppk_utara), scopes=None, days=2)
    assert (await people.list_tokens(cast.citra)).rows == []
    with pytest.raises(NotFound):
        await people.revoke_token(cast.citra, view.id)


async def test_only_who_manages_a_unit_makes_tokens_there(people: PeopleService, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        await people.issue_token(cast.vino, unit_id=id_of(cast.kpu), scopes=None, days=2)
    with pytest.raises(NotFound):
        await people.issue_token(cast.citra, unit_id=id_of(cast.cilendek), scopes=None, days=2)


async def test_a_token_makes_no_wider_token(people: PeopleService, cast: Cast) -> None:
    narrow = Actor(cast.rina.user_id, "Rina", cast.rina.grants, frozenset({Act.MANAGE}))
    with pytest.raises(Forbidden):
        await people.issue_token(narrow, unit_id=id_of(cast.kpu), scopes=[Act.WRITE], days=2)
    token, _view = await people.issue_token(narrow, unit_id=id_of(cast.kpu), scopes=None, days=2)
    assert (await people.actor_by_token(token)).scopes == frozenset({Act.MANAGE})


async def test_use_of_a_token_is_noted_every_five_minutes(
    people: PeopleService, cast: Cast, clock: MovedClock, db: Database
) -> None:
    token, first = (
        await people.add_token(user_id=cast.sari.user_id, unit_id=id_of(cast.cilendek), scopes=None, days=9),
        clock.at,
    )
    await people.actor_by_token(token)
    clock.move(minutes=4)
    await people.actor_by_token(token)
    assert await _seen_at(db) == first
    clock.move(minutes=1)
    await people.actor_by_token(token)
    assert await _seen_at(db) == clock.at


async def _seen_at(db: Database) -> object:
    async with db.read() as session:
        return (await session.exec(select(ApiToken.seen_at))).one()
