"""Who is here and who may say so."""

import pytest
from sqlmodel import select

from app.accounts.rules import Act, Actor, Grant, Role, UnitKind
from app.accounts.service import PeopleService
from app.audit.models import AuditEvent
from app.kit.db import Database
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound
from tests.support.cast import Cast, id_of


@pytest.fixture
def asep(cast: Cast) -> Actor:
    """Admin of PPK Bogor Barat alone."""
    return Actor(
        cast.budi.user_id, "Asep", (Grant(id_of(cast.ppk_barat), UnitKind.PPK, cast.ppk_barat.path, Role.ADMIN),)
    )


async def test_each_of_the_cast_is_in_the_database_as_in_the_test(people: PeopleService, cast: Cast) -> None:
    for actor in (cast.sari, cast.budi, cast.citra, cast.dewi, cast.rina, cast.vino):
        assert await people.actor_of(actor.user_id) == actor


async def test_budi_sees_saris_unit_and_citra_does_not(cast: Cast) -> None:
    assert cast.budi.may(Act.REVIEW, cast.cilendek.path)
    assert cast.sari.may(Act.WRITE, cast.cilendek.path)
    assert not cast.sari.may(Act.REVIEW, cast.cilendek.path)
    assert not cast.citra.may(Act.READ, cast.cilendek.path)


async def test_adding_somebody_twice_adds_them_once(people: PeopleService, cast: Cast) -> None:
    unit = id_of(cast.menteng)
    first = await people.add_user(email=" Tuti@KPU.test", name="Tuti", unit_id=unit, role="viewer", by="cli")
    again = await people.add_user(email="tuti@kpu.test", name="Tuti", unit_id=unit, role="editor", by="cli")
    assert first.id == again.id
    assert [(grant.unit_id, grant.role) for grant in (await people.actor_of(id_of(again))).grants] == [(unit, "editor")]
    assert await people.find_user_by_email("TUTI@kpu.test") is not None


async def test_a_person_may_serve_in_two_units(people: PeopleService, cast: Cast) -> None:
    await people.add_user(email="sari@kpu.test", name="Sari", unit_id=id_of(cast.bantarjati), role="viewer", by="cli")
    actor = await people.actor_of(cast.sari.user_id)
    assert actor.may(Act.WRITE, cast.cilendek.path)
    assert actor.may(Act.READ, cast.bantarjati.path)
    assert not actor.may(Act.WRITE, cast.bantarjati.path)


@pytest.mark.parametrize(
    ("email", "name", "role"),
    [("bukan surel", "A", "editor"), ("a@kpu.test", " ", "editor"), ("a@kpu.test", "A", "bos")],
)
async def test_nonsense_is_refused_and_nothing_is_kept(
    people: PeopleService, cast: Cast, email: str, name: str, role: str
) -> None:
    with pytest.raises(BadInput):
        await people.add_user(email=email, name=name, unit_id=id_of(cast.kpu), role=role, by="cli")
    assert await people.find_user_by_email("a@kpu.test") is None


async def test_a_role_needs_a_unit_that_exists(people: PeopleService, cast: Cast) -> None:
    with pytest.raises(BadInput, match="Unit 999 tidak ada"):
        await people.add_user(email="a@kpu.test", name="A", unit_id=999, role="editor", by="cli")


async def test_the_record_says_who_gave_which_role(people: PeopleService, cast: Cast, db: Database) -> None:
    user = await people.add_user(
        email="t@kpu.test", name="Tuti", unit_id=id_of(cast.menteng), role="editor", by="cli:root"
    )
    async with db.read() as session:
        event = (await session.exec(select(AuditEvent))).one()
    assert (event.actor, event.action, event.subject) == ("cli:root", "user.grant", f"user:{user.id}")
    assert event.detail == {"unit_id": cast.menteng.id, "role": "editor"}


async def test_an_empty_house_knows_it_is_empty(people: PeopleService) -> None:
    assert not await people.any_user()
    assert await people.first_admin() is None


async def test_the_first_admin_is_the_one_at_the_root(people: PeopleService, cast: Cast) -> None:
    await people.add_user(email="sari@kpu.test", name="Sari", unit_id=id_of(cast.cilendek), role="admin", by="cli")
    first = await people.first_admin()
    assert first is not None
    assert first.name == "Rina"
    assert await people.any_user()


async def test_an_admin_invites_beneath_their_unit_with_a_working_link(
    people: PeopleService, cast: Cast, asep: Actor
) -> None:
    invited = await people.invite(asep, email="t@kpu.test", name="Tuti", unit_id=id_of(cast.menteng), role="editor")
    assert invited.link is not None
    session = await people.use_link(invited.link, device="")
    assert (await people.actor_by_session(session)).may(Act.WRITE, cast.menteng.path)


async def test_inviting_the_kpus_admin_does_not_make_one_the_kpus_admin(
    people: PeopleService, cast: Cast, asep: Actor
) -> None:
    invited = await people.invite(asep, email="rina@kpu.test", name="Siapa", unit_id=id_of(cast.menteng), role="viewer")
    assert invited.link is None
    assert invited.person.name == "Rina"
    assert [held.unit_id for held in invited.person.memberships] == [cast.menteng.id]


async def test_only_admins_invite_and_only_where_they_reign(people: PeopleService, cast: Cast, asep: Actor) -> None:
    for actor, unit, refusal in (
        (cast.sari, cast.cilendek, Forbidden),
        (cast.dewi, cast.kpu, Forbidden),
        (asep, cast.bantarjati, NotFound),
        (asep, cast.kpu, NotFound),
    ):
        with pytest.raises(refusal):
            await people.invite(actor, email="t@kpu.test", name="Tuti", unit_id=id_of(unit), role="viewer")


async def test_a_token_that_only_manages_makes_no_writers(people: PeopleService, cast: Cast) -> None:
    narrow = Actor(cast.rina.user_id, "Rina", cast.rina.grants, frozenset({Act.MANAGE}))
    with pytest.raises(Forbidden):
        await people.invite(narrow, email="t@kpu.test", name="Tuti", unit_id=id_of(cast.menteng), role="editor")
    assert await people.find_user_by_email("t@kpu.test") is None


async def test_a_deactivated_person_gets_no_new_role(people: PeopleService, cast: Cast) -> None:
    await people.set_active(cast.sari.user_id, active=False, by="cli")
    with pytest.raises(Conflict, match="dinonaktifkan"):
        await people.add_user(email="sari@kpu.test", name="Sari", unit_id=id_of(cast.menteng), role="editor", by="cli")
    with pytest.raises(NotFound):
        await people.actor_of(cast.sari.user_id)


async def test_an_admin_lists_their_own_people_page_by_page(people: PeopleService, cast: Cast, asep: Actor) -> None:
    first = await people.list_users(asep, limit=1)
    second = await people.list_users(asep, limit=1, cursor=first.next)
    assert [person.name for person in (*first.rows, *second.rows)] == ["Sari", "Budi"]
    assert second.next is None
    assert [person.name for person in (await people.list_users(cast.rina)).rows] == [
        "Sari",
        "Budi",
        "Citra",
        "Dewi",
        "Rina",
        "Vino",
    ]
    with pytest.raises(Forbidden):
        await people.list_users(cast.citra)


async def test_me_tells_who_and_where(people: PeopleService, cast: Cast) -> None:
    me = await people.me(cast.sari)
    assert (me.user.name, me.user.email) == ("Sari", "sari@kpu.test")
    assert [(grant.unit_id, grant.role) for grant in me.memberships] == [(cast.cilendek.id, "editor")]
