"""Kota Bogor moves its voting day: every PPS, three posts each on three platforms."""

import time as clock
from datetime import date, time

from sqlmodel import select

from app.accounts.rules import Act
from app.content.drafts import Draft
from app.content.rules import LONG, SHORT
from app.posts.broadcasts import BroadcastInput
from app.posts.revision_views import RevisionView
from app.posts.rules import Anchor, Timing
from app.publishing.models import Delivery
from app.publishing.rules import State
from app.tahapan.service import StageEdit
from tests.support.cast import id_of
from tests.support.house import City

LATER: StageEdit = {"starts_on": date(2024, 12, 4), "ends_on": date(2024, 12, 4)}
TEXT = "{{ wilayah }}, ayo ke TPS {{ tanggal_pemungutan_suara }}, {{ hari_menuju }} hari lagi: {{ nama_unit }}."


async def _revise(city: City, days: StageEdit, *, dry_run: bool, who: str = "dewi") -> RevisionView:
    actor = city.people[who]
    page = await city.house.tahapan.list(limit=200, cursor=None)
    stage = next(row.id for row in page.rows if row.code == "PYL-07") or 0
    within = await city.house.units.elections(actor, Act.CALENDAR)
    return await city.house.revising.revise(actor, stage, days, reason="Susulan", dry_run=dry_run, within=within)


async def _template(city: City) -> int:

    texts = {("id", SHORT): TEXT, ("id", LONG): TEXT}
    draft = Draft(key=f"kota-{clock.monotonic_ns()}", title="Hari-H", stages=("*",), units=("pps",), texts=texts)
    return (await city.house.templates.add(city.people["dewi"], draft, unit_id=id_of(city.units["32.71"]))).id


async def test_the_whole_city_moves_in_one_go_and_back(city: City) -> None:
    template = await _template(city)
    for days in (3, 7, 14):
        timing = Timing(anchor=Anchor("PYL-07", "start", -days, time(9)))
        wanted = BroadcastInput(
            template, ("pps",), None, None, ("x", "facebook", "instagram"), timing, stagger_minutes=67
        )
        await city.house.broadcasts.create(city.people["dewi"], wanted)
    async with city.house.db.read() as session:
        before = {row.id: row for row in (await session.exec(select(Delivery))).all()}
    started = clock.monotonic()
    view = await _revise(city, LATER, dry_run=True)
    looked = clock.monotonic()
    view = await _revise(city, LATER, dry_run=False)
    took = f"looked at in {looked - started:.2f} s, moved in {clock.monotonic() - looked:.2f} s"
    print(f"\n{len(view.affected)} posts, {len(before)} deliveries: {took}")  # noqa: T201 - the one number this is about
    assert (len(view.affected), view.elsewhere) == (204, 0)
    assert not any(each.needs_review for each in view.affected)
    async with city.house.db.read() as session:
        after = {row.id: row for row in (await session.exec(select(Delivery))).all()}
    assert after.keys() == before.keys(), "the same rows, none new"
    assert {row.state for row in after.values()} == {State.DUE}
    assert all("4 Desember 2024" in row.message["text"] for row in after.values())
    assert all((after[i].due_at - before[i].due_at).days == 7 for i in before), "a stagger keeps its minutes"
    within = await city.house.units.elections(city.people["dewi"], Act.CALENDAR)
    await city.house.revising.undo(
        city.people["dewi"], view.revision_id or 0, reason="Batal", dry_run=False, within=within
    )
    async with city.house.db.read() as session:
        back = {row.id: row for row in (await session.exec(select(Delivery))).all()}
    assert all(back[i].message_hash == before[i].message_hash for i in before)
    assert all(back[i].due_at == before[i].due_at for i in before)
