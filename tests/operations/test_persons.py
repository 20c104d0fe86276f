import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import yaml

from app.accounts.models import User
from app.audit.events import Event, EventKind
from app.audit.sealing import seal_pending, verify
from app.audit.service import forget_told, tell
from app.bootstrap import Kentongan
from app.kit.errors import Conflict, Unauthenticated
from app.operations import person_store, store
from app.operations.figures import figures
from app.operations.persons import erase_person, export_person
from app.settings import ROOT, Settings
from app.tables import metadata
from tests.support.cast import Cast, id_of
from tests.support.house import cast_house, still_at


@pytest.fixture
async def house(settings: Settings, now: Any) -> AsyncIterator[tuple[Kentongan, Cast]]:
    async with cast_house(settings, still_at(now)) as (house, cast):
        yield house, cast


async def user(house: Kentongan, cast: Cast, name: str) -> User:
    found = await house.people.find_user_by_email(cast.users[name].email)
    assert found is not None
    return found


async def test_a_person_is_handed_out_and_forgotten_and_the_chain_stays_whole(house: tuple[Kentongan, Cast]) -> None:
    here, cast = house
    link = await here.people.make_link(cast.sari.user_id, purpose="login", hours=1)
    session = await here.people.use_link(link, device="Ponsel Sari")
    await here.security.set_password(await here.people.actor_by_session(session), session, "pohon biru sungai tenang")
    await seal_pending(here.db)
    sari = await user(here, cast, "sari")
    given = json.dumps(await export_person(here, sari), default=str)
    assert all(word in given for word in (sari.email, "Ponsel Sari", "session.start"))
    assert "argon2" not in given
    assert await erase_person(here, sari) >= 3
    kept = ""
    async with here.db.read() as reading:
        for table in metadata.sorted_tables:
            async for part in store.rows_of(reading, table):
                kept += repr(list(part))
    assert sari.email not in kept
    assert "Ponsel Sari" not in kept
    with pytest.raises(Unauthenticated):
        await here.people.actor_by_session(session)
    await seal_pending(here.db)
    assert (await verify(here.db)).broken_at is None


async def test_the_last_admin_cannot_be_erased(house: tuple[Kentongan, Cast]) -> None:
    here, cast = house
    with pytest.raises(Conflict):
        await erase_person(here, await user(here, cast, "rina"))


def test_every_table_that_names_a_person_is_looked_through() -> None:
    own, made = {table.name for table in person_store.own_tables()}, {table.name for table, _ in person_store.made_by()}
    assert {"membership", "login_session", "api_token", "factor", "notice"} <= own
    assert "post" in made


async def test_what_was_told_long_ago_leaves_the_outbox(house: tuple[Kentongan, Cast]) -> None:
    here, cast = house
    now = here.clock.now()
    async with here.db.write() as session:
        await tell(
            session, [Event(EventKind.POST_APPROVED, f"post:{n}", id_of(cast.cilendek)) for n in range(3)], at=now
        )
    await here.notices.spread()
    assert await forget_told(here.db, now=now + timedelta(days=29)) == 0
    assert await forget_told(here.db, now=now + timedelta(days=31)) == 3


async def test_every_alarm_and_panel_watches_a_figure_that_exists(house: tuple[Kentongan, Cast]) -> None:
    names = {figure.name for figure in await figures(house[0])} | {"up"}
    rules = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"][0]["rules"]
    panels = json.loads((ROOT / "deploy" / "grafana.json").read_text())["panels"]
    asked = [rule["expr"] for rule in rules] + [panel["targets"][0]["expr"] for panel in panels]
    for expression in asked:
        assert any(name in expression for name in names), expression
    watched = " ".join(asked)
    assert [name for name in names - {"up"} if name not in watched] == []
