"""Activities on both databases: whose they are, what they prove, and a programme for many units at once."""

from datetime import date, time
from typing import Any

import pytest

from app.activities.rules import Said, State
from app.activities.service import PlanInput
from app.content.drafts import Draft
from app.content.rules import SHORT
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, Stale
from app.posts.service import PostInput
from tests.engagement.conftest import Place
from tests.support.cast import id_of

TODAY = date(2024, 11, 1)
SOON = date(2024, 11, 16)


def said(place: Place, unit: str = "cilendek", **more: Any) -> Said:
    return Said(**{"unit_id": id_of(getattr(place.cast, unit)), "programme": "sosialisasi_rw", "held_on": TODAY, "rw": 4, **more})  # fmt: skip


async def test_what_was_held_is_counted_and_what_is_missing_is_told(place: Place) -> None:
    activities, cast = place.house.activities, place.cast
    view = await activities.create(cast.sari, said(place))
    assert (view.state, view.lacks, view.unit) == (State.PLANNED, ["jumlah hadirin", "unggahan dokumentasi"], "PPS Cilendek Barat")  # fmt: skip
    post = await place.house.posts.create(cast.sari, PostInput(view.unit_id, text="Tadi di RW 04."))
    view = await activities.edit(cast.sari, view.id, {"attendance": 45, "post_id": post.id}, if_match=view.etag)
    assert (view.state, view.lacks, view.attendance) == (State.HELD, [], 45)


async def test_a_stranger_sees_nothing_and_a_viewer_changes_nothing(place: Place) -> None:
    activities, cast = place.house.activities, place.cast
    view = await activities.create(cast.sari, said(place))
    assert (await activities.list(cast.citra)).rows == []
    assert {row.unit for row in (await activities.coverage(cast.citra)).rows} == {"PPS Bantarjati"}
    for doing in (activities.get(cast.citra, view.id), activities.edit(cast.citra, view.id, {"rw": 5}), activities.create(cast.citra, said(place))):  # fmt: skip
        with pytest.raises((NotFound, Forbidden)):
            await doing
    with pytest.raises(Forbidden):
        await activities.edit(cast.vino, view.id, {"rw": 5})


async def test_two_editors_do_not_overwrite_each_other(place: Place) -> None:
    activities, cast = place.house.activities, place.cast
    view = await activities.create(cast.sari, said(place))
    await activities.edit(cast.budi, view.id, {"note": "Budi"}, if_match=view.etag)
    with pytest.raises(Stale):
        await activities.edit(cast.sari, view.id, {"note": "Sari"}, if_match=view.etag)
    await activities.edit(cast.sari, view.id, {"cancelled": True})
    with pytest.raises(Conflict):
        await activities.edit(cast.sari, view.id, {"note": "lagi"})


async def test_a_post_of_another_unit_is_no_proof(place: Place) -> None:
    cast = place.cast
    foreign = await place.house.posts.create(cast.budi, PostInput(id_of(cast.menteng), text="Menteng."))
    with pytest.raises(BadInput, match="bukan dari unit ini"):
        await place.house.activities.create(cast.sari, said(place, post_id=foreign.id))


async def test_an_rw_visited_twice_is_one_rw(place: Place) -> None:
    activities, cast = place.house.activities, place.cast
    await place.house.units.edit(cast.rina, id_of(cast.cilendek), rw_count=6)
    for number in (4, 4, 2):
        await activities.create(cast.sari, said(place, rw=number, attendance=10))
    await activities.create(cast.sari, said(place, rw=1, held_on=SOON))
    cancelled = await activities.create(cast.sari, said(place, rw=3, attendance=9))
    await activities.edit(cast.sari, cancelled.id, {"cancelled": True})
    (row,) = (await activities.coverage(cast.sari)).rows
    assert (row.visited, row.missing, row.held, row.planned, row.attendance) == ([2, 4], [1, 3, 5, 6], 3, 1, 30)


async def test_the_list_goes_on_from_its_cursor_without_gaps(place: Place) -> None:
    activities, cast = place.house.activities, place.cast
    made = [(await activities.create(cast.sari, said(place, rw=n))).id for n in (1, 2, 3)]
    first = await activities.list(cast.dewi, limit=2)
    rest = await activities.list(cast.dewi, limit=2, cursor=first.next)
    assert [row.id for row in (*first.rows, *rest.rows)] == made[::-1]
    assert rest.next is None
    with pytest.raises(BadInput):
        await activities.list(cast.dewi, cursor="xx")


async def test_a_programme_for_many_units_makes_activity_invitation_and_documentation(place: Place) -> None:
    house, cast = place.house, place.cast
    words = "Warga RW {{ rw }} {{ kelurahan }}, hadir ya di {{ tempat_kegiatan }} {{ tanggal_kegiatan }} {{ waktu_kegiatan }}."
    draft = Draft("rw-uji", "Sosialisasi RW", ("*",), ("pps",), {("id", SHORT): words}, programme="sosialisasi_rw")
    template = await house.templates.add(cast.dewi, draft, unit_id=id_of(cast.kpu))
    units = [id_of(cast.cilendek), id_of(cast.menteng), id_of(cast.ppk_barat)]
    wanted = PlanInput("sosialisasi_rw", SOON, time(9), units, place="Balai warga", rw=7, each={units[1]: {"rw": 9}}, template_id=template.id)  # fmt: skip
    planned = await house.activities.plan(cast.dewi, wanted)
    fine, other, ppk = planned
    assert (fine.problem, other.problem) == ("", "")
    assert ppk.problem.startswith("Kegiatan tercatat, tetapi undangannya belum dibuat")
    invitation = await house.posts.get(cast.sari, fine.invitation_id or 0)
    assert "RW 07 Cilendek Barat" in invitation.variants[0]["text"]
    assert "pukul 09.00 WIB" in invitation.variants[0]["text"]
    assert invitation.due_at is not None
    assert invitation.due_at.isoformat() == "2024-11-15T09:00:00+00:00", "the afternoon before, in WIB"
    shown = await house.posts.get(cast.sari, fine.documentation_id or 0)
    assert (shown.state, shown.programme) == ("draft", "sosialisasi_rw")
    kept = await house.activities.get(cast.sari, fine.activity_id or 0)
    assert (kept.invitation_id, kept.state, kept.rw) == (fine.invitation_id, State.PLANNED, 7)
    assert (await house.activities.get(cast.dewi, other.activity_id or 0)).rw == 9


async def test_one_units_mistake_does_not_stop_the_others(place: Place) -> None:
    house, cast = place.house, place.cast
    await house.units.edit(cast.rina, id_of(cast.menteng), rw_count=3)
    units = [id_of(cast.menteng), id_of(cast.cilendek)]
    planned = await house.activities.plan(
        cast.dewi, PlanInput("sosialisasi_rw", SOON, time(9), units, rw=7, invite=False)
    )
    assert ("RW 7 tidak ada" in planned[0].problem, planned[0].activity_id) == (True, None)
    assert (planned[1].problem, planned[1].invitation_id) == ("", None)
    with pytest.raises(Forbidden):
        await house.activities.plan(cast.vino, PlanInput("sosialisasi_rw", SOON, time(9), units))
