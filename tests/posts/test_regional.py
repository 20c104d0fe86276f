"""A stage with other days in one region: only those who speak there say so, and their posts move with it."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts.rules import Act
from app.kit.errors import BadInput, Conflict
from app.posts.rules import PostState
from app.posts.service import PostInput, PostView
from app.tahapan.models import Tahapan
from app.tahapan.service import StageEdit
from tests.conftest import NOW
from tests.posts.conftest import PLAIN, Place
from tests.posts.desk import LATER, VOTING, Desk, before_voting, open_desk
from tests.support.cast import id_of
from tests.support.databases import fresh_database
from tests.support.house import add_template, cast_house, settings_for, still_at

SUSULAN = date(2024, 12, 11)


@pytest.fixture(scope="module")
async def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """On SQLite alone: nothing is asked of the database here that revisions do not ask on both."""
    folder = tmp_path_factory.mktemp("regional")
    with fresh_database(request, "sqlite", folder) as url:
        async with cast_house(settings_for(folder, url), still_at(NOW)) as (house, cast):
            yield Place(house, cast, await add_template(house, cast, PLAIN))


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    async for one in open_desk(place):
        yield one
    async with place.house.db.write() as session:
        await session.run(text("DELETE FROM revised_post"))
        await session.run(text("DELETE FROM revision"))
        await session.run(text("DELETE FROM tahapan WHERE overrides IS NOT NULL"))


async def override(desk: Desk, scope: str = "32.71.04.1008", **more: Any) -> Tahapan:
    cast, tahapan = desk.place.cast, desk.place.house.tahapan
    fields: StageEdit = {
        "name": "Pemungutan suara susulan", "kind": "psu", "scope": scope, "overrides": "PYL-07", "starts_on": SUSULAN,
        "ends_on": SUSULAN, **more,
    }  # fmt: skip
    within = await desk.place.house.units.elections(cast.dewi, Act.CALENDAR)
    return await tahapan.add(f"SUSULAN-{scope}", fields, by=cast.dewi.label, within=within)


async def of_menteng(desk: Desk) -> PostView:
    cast, house = desk.place.cast, desk.place.house
    template = await add_template(house, cast, VOTING)
    wanted = PostInput(id_of(cast.menteng), template_id=template, timing=before_voting(7))
    return await house.posts.create(cast.budi, wanted)


async def test_posts_of_that_region_alone_move_and_say_the_other_day(desk: Desk) -> None:
    ours, theirs = await desk.write(), await of_menteng(desk)
    await override(desk)
    after, other = await desk.read(ours), await desk.place.house.posts.get(desk.place.cast.dewi, theirs.id)
    assert (after.state, "11 Desember 2024" in after.variants[0]["text"]) == (PostState.SCHEDULED, True)
    assert (after.due_at or SUSULAN) > (ours.due_at or SUSULAN)  # type: ignore[operator]
    assert (other.due_at, other.variants) == (theirs.due_at, theirs.variants)


async def test_what_is_written_afterwards_speaks_of_the_regions_own_day(desk: Desk) -> None:
    await override(desk, "32.71.04")
    assert "11 Desember 2024" in (await desk.write()).variants[0]["text"]
    findings = await desk.place.house.guard.check(
        desk.place.cast.sari, text="Ayo ke TPS, Rabu 11 Desember 2024.", unit_id=id_of(desk.place.cast.cilendek)
    )
    assert not [one for one in findings if one.level == "block"]


async def test_a_move_of_the_stage_itself_leaves_the_region_alone(desk: Desk) -> None:
    await override(desk)
    ours, theirs = await desk.write(), await of_menteng(desk)
    view = await desk.revise(LATER)
    assert [each.post_id for each in view.affected] == [theirs.id]
    assert (await desk.read(ours)).due_at == ours.due_at


async def test_the_regions_day_is_moved_like_any_other_and_taken_back(desk: Desk) -> None:
    row = await override(desk)
    ours = await desk.write()
    dewi, house = desk.place.cast.dewi, desk.place.house
    within = await house.units.elections(dewi, Act.CALENDAR)
    days: StageEdit = {"starts_on": date(2024, 12, 15), "ends_on": date(2024, 12, 15)}
    view = await house.revising.revise(dewi, row.id or 0, days, reason="Banjir", dry_run=False, within=within)
    assert [each.post_id for each in view.affected] == [ours.id]
    assert "15 Desember 2024" in (await desk.read(ours)).variants[0]["text"]
    await desk.undo(view)
    assert (await desk.read(ours)).variants == ours.variants


async def test_the_narrowest_region_wins(desk: Desk) -> None:
    await override(desk, "32.71.04", starts_on=date(2024, 12, 8), ends_on=date(2024, 12, 8))
    await override(desk)
    assert "11 Desember 2024" in (await desk.write()).variants[0]["text"]
    assert "8 Desember 2024" in (await of_menteng(desk)).variants[0]["text"]


@pytest.mark.parametrize("more", [{"overrides": "TIDAK-ADA"}, {"scope": "kota_bogor"}])
async def test_an_override_needs_a_stage_and_a_region(desk: Desk, more: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        await override(desk, **more)  # type: ignore[arg-type]


async def test_one_region_has_one_override_of_a_code(desk: Desk) -> None:
    await override(desk)
    with pytest.raises(Conflict):
        await override(desk)


async def test_a_calendar_goes_out_and_comes_back_as_it_was(desk: Desk) -> None:
    house, dewi = desk.place.house, desk.place.cast.dewi
    await override(desk)
    within = await house.units.elections(dewi, Act.CALENDAR)
    table = await house.calendars.export(within=within)
    same = await house.calendars.bring_in(table, by=dewi.label, within=within, dry_run=False)
    assert (same.added, same.changed, list(same.changes)) == (0, 0, [])


async def test_an_imported_calendar_is_looked_at_first_and_moves_posts(desk: Desk) -> None:
    house, dewi, post = desk.place.house, desk.place.cast.dewi, await desk.write()
    within = await house.units.elections(dewi, Act.CALENDAR)
    table = (await house.calendars.export(within=within)).replace(b"2024-11-27", b"2024-12-04")
    look = await house.calendars.bring_in(table, by=dewi.label, within=within, dry_run=True)
    assert [(one.code, one.will_be[0]) for one in look.changes] == [("PYL-07", date(2024, 12, 4))]
    assert (await desk.read(post)).due_at == post.due_at
    done = await house.calendars.bring_in(table, by=dewi.label, within=within, dry_run=False)
    assert (done.changed, done.is_written) == (1, True)
    assert "4 Desember 2024" in (await desk.read(post)).variants[0]["text"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (b"code,name_id\nA,B\n", "kolom ini tidak ada"),
        (b"code,name_id,kind,start,end,source,certainty,parent,scope,note\nA,B,aneh,,,,,,nasional,\n", "tidak dikenal"),
        (b"code,name_id,kind,start,end,source,certainty,parent,scope,note\nA,=1+1,psu,,,,,,nasional,\n", "rumus"),
    ],
)
async def test_a_bad_table_is_refused_by_cell(desk: Desk, table: bytes, said: str) -> None:
    house, dewi = desk.place.house, desk.place.cast.dewi
    within = await house.units.elections(dewi, Act.CALENDAR)
    with pytest.raises(BadInput, match=said):
        await house.calendars.bring_in(table, by=dewi.label, within=within, dry_run=False)
