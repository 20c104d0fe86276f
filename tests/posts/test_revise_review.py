"""Who must look again when a stage has moved, and who need not."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlmodel import select

from app.accounts.rules import Actor, Grant, Role, UnitKind
from app.audit.models import AuditEvent, OutboxEvent
from app.kit.errors import Conflict, Forbidden
from app.posts.models import Post
from app.posts.restaging import GUARDED, PAST, PICTURE
from app.posts.revision_views import Affected, RevisionView
from app.posts.rules import PostState, Timing
from app.posts.service import PostInput
from app.publishing.models import Delivery
from app.publishing.rules import State
from tests.conftest import NOW
from tests.posts.conftest import Place
from tests.posts.desk import LATER, Desk, before_voting, open_desk
from tests.support.cast import id_of
from tests.support.house import add_template


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    async for each in open_desk(place):
        yield each


def only(view: RevisionView) -> Affected:
    [affected] = view.affected
    return affected


async def test_own_words_that_name_the_old_day_go_back_even_if_their_minute_stays(desk: Desk) -> None:
    fixed = Timing(at=NOW + timedelta(days=3))
    naming = await desk.approved("Ingat hari Rabu, 27 November 2024.", timing=fixed)
    silent = await desk.approved("Posko kami buka setiap hari.", timing=fixed)
    view = await desk.revise()
    assert [each.post_id for each in view.affected] == [naming.id]
    assert "27/11/2024" in only(view).reasons[0]
    back = await desk.read(naming)
    assert (back.state, back.approved_by) == (PostState.IN_REVIEW, None)
    assert {(d.state, d.text) for d in back.deliveries} == {(State.WAITING, "")}
    assert (await desk.read(silent)).state is PostState.SCHEDULED


async def test_a_day_given_by_hand_to_a_template_is_asked_about(desk: Desk) -> None:
    given = {"tanggal_acara": "2024-11-27"}
    post = await desk.write(template="Acara {{ tanggal_acara }} di {{ wilayah }}.", variables=given)
    view = await desk.revise()
    assert only(view).needs_review
    assert (await desk.read(post)).state is PostState.IN_REVIEW


async def test_a_picture_of_ones_own_is_asked_whether_it_shows_the_old_day(desk: Desk) -> None:
    out = BytesIO()
    Image.new("RGB", (40, 40), "purple").save(out, "PNG")
    place = desk.place
    media = await place.house.media.upload(
        place.cast.sari, unit_id=id_of(place.cast.cilendek), data=out.getvalue(), alt_text="Poster."
    )
    post = await desk.write(template="Halo {{ wilayah }}.", media=[media.id], timing=before_voting(7))
    view = await desk.revise()
    assert PICTURE in only(view).reasons
    assert PICTURE in (await desk.read(post)).reason


async def test_a_minute_that_has_passed_by_the_new_calendar_is_never_sent_silently(desk: Desk) -> None:
    post = await desk.write()
    view = await desk.revise({"starts_on": date(2024, 11, 6), "ends_on": date(2024, 11, 6)})
    assert PAST in only(view).reasons
    back = await desk.read(post)
    assert back.state is PostState.IN_REVIEW
    assert {d.state for d in back.deliveries} == {State.WAITING}


async def test_a_day_that_is_no_longer_known_holds_the_post_until_there_is_one(desk: Desk) -> None:
    post = await desk.write()
    view = await desk.revise({"starts_on": None, "ends_on": None})
    assert only(view).after.due_at is None
    assert "belum ditetapkan" in only(view).reasons[0]
    with pytest.raises(Conflict):
        await desk.place.house.posts.approve(desk.place.cast.dewi, post.id)
    await desk.revise(LATER)
    fresh = await desk.read(post)
    assert fresh.due_at == (post.due_at or NOW) + timedelta(days=7)
    done = await desk.place.house.posts.approve(desk.place.cast.dewi, post.id)
    assert {d.state for d in done.deliveries} == {State.DUE}
    assert all("4 Desember 2024" in d.text for d in done.deliveries)


async def test_what_falls_into_masa_tenang_because_that_moved_is_looked_at_by_the_kpu(desk: Desk) -> None:
    post = await desk.write(template="Halo {{ wilayah }}.", timing=Timing(at=NOW + timedelta(days=19)))
    view = await desk.revise({"starts_on": date(2024, 11, 18)}, code="TNG-01")
    assert "Terbit pada masa tenang" in only(view).reasons
    assert (await desk.read(post)).state is PostState.IN_REVIEW
    with pytest.raises(Forbidden, match="KPU"):
        await desk.place.house.posts.approve(desk.place.cast.budi, post.id)


async def test_a_draft_is_written_anew_and_stays_a_draft(desk: Desk) -> None:
    draft = await desk.write(timing=None)
    view = await desk.revise()
    assert (only(view).state, only(view).needs_review) == (PostState.DRAFT, False)
    assert "4 Desember 2024" in (await desk.read(draft)).variants[0]["text"]


async def test_what_waits_for_review_is_read_with_the_new_day_and_goes_on_waiting(desk: Desk) -> None:
    post = await desk.write("Posko buka.")
    view = await desk.revise()
    assert only(view).needs_review
    back = await desk.read(post)
    assert (back.state, back.due_at) == (PostState.IN_REVIEW, (post.due_at or NOW) + timedelta(days=7))
    assert {d.due_at for d in back.deliveries} == {back.due_at}


async def test_what_has_left_is_told_to_be_stale_and_undo_takes_that_back(desk: Desk) -> None:
    post = await desk.write()
    place = desk.place
    for delivery in post.deliveries[:1]:
        async with place.house.db.write() as session:
            row = (await session.exec(select(Delivery).where(Delivery.id == delivery.id))).one()
            row.state, row.published_at = State.PUBLISHED, NOW
            session.add(row)
    view = await desk.revise()
    assert [each.post_id for each in view.sent_stale] == [post.id]
    texts = {d.id: d.text for d in (await desk.read(post)).deliveries}
    assert "27 November" in texts[post.deliveries[0].id]
    assert all("4 Desember" in texts[d.id] for d in post.deliveries[1:])
    assert await stale_posts(desk) == [post.id]
    await desk.undo(view)
    assert await stale_posts(desk) == []


async def stale_posts(desk: Desk) -> list[int | None]:
    async with desk.place.house.db.read() as session:
        return [row.id for row in (await session.exec(select(Post))).all() if row.stale_at]


async def test_undo_approves_again_exactly_what_was_approved(desk: Desk) -> None:
    post = await desk.approved("Posko kami buka.")
    view = await desk.revise()
    assert (await desk.read(post)).state is PostState.IN_REVIEW
    await desk.undo(view)
    back = await desk.read(post)
    assert (back.state, back.due_at, back.approved_by) == (PostState.SCHEDULED, post.due_at, post.approved_by)
    assert [(d.id, d.text, d.due_at, d.state) for d in back.deliveries] == [
        (d.id, d.text, d.due_at, d.state) for d in post.deliveries
    ]


async def test_undo_leaves_to_its_author_what_was_changed_meanwhile(desk: Desk) -> None:
    post = await desk.write()
    view = await desk.revise()
    posts, sari = desk.place.house.posts, desk.place.cast.sari
    await posts.edit(sari, post.id, {"text": "Kata saya sendiri."}, if_match="*")
    await desk.undo(view)
    back = await desk.read(post)
    assert (back.text, back.state, back.due_at) == ("Kata saya sendiri.", PostState.IN_REVIEW, post.due_at)


async def test_undo_is_refused_once_the_stage_has_moved_on(desk: Desk) -> None:
    view = await desk.revise()
    await desk.revise({"starts_on": date(2024, 12, 11), "ends_on": date(2024, 12, 11)})
    with pytest.raises(Conflict, match="sudah diubah lagi"):
        await desk.undo(view)


async def test_an_edit_of_the_stage_by_any_other_way_moves_posts_too(desk: Desk) -> None:
    post = await desk.write()
    await desk.place.house.tahapan.edit(desk.stages["PYL-07"].id, LATER, by="user:4")
    assert all("4 Desember 2024" in d.text for d in (await desk.read(post)).deliveries)


async def test_a_post_planned_on_the_calendar_of_a_moment_ago_is_not_written(desk: Desk) -> None:
    place = desk.place
    async with place.house.db.read() as session:
        old = await place.house.tahapan.calendar(session, place.cast.election_id)
    await desk.revise()
    with pytest.raises(Conflict, match="Kalender"):
        async with place.house.db.write() as session:
            await place.house.tahapan.must_still_be(session, old)


async def test_a_revision_is_on_the_record_and_reviewers_hear_of_what_went_back(desk: Desk) -> None:
    post = await desk.approved("Posko kami buka.")
    view = await desk.revise()
    async with desk.place.house.db.read() as session:
        acts = [row for row in (await session.exec(select(AuditEvent))).all() if row.action == "tahapan.revise"]
        told = [row for row in (await session.exec(select(OutboxEvent))).all() if row.subject == f"post:{post.id}"]
    assert acts[-1].subject == f"revision:{view.revision_id}"
    assert acts[-1].detail["to_review"] == 1
    assert told[-1].kind == "post.in_review"
    assert told[-1].detail["authors"] == [desk.place.cast.sari.user_id]


async def test_a_guard_that_asks_for_a_look_after_the_move_is_heard(desk: Desk) -> None:
    post = await desk.approved("Rapat dihadiri PKS dan Golkar.", timing=Timing(at=NOW + timedelta(days=19)))
    view = await desk.revise({"starts_on": date(2024, 11, 18)}, code="TNG-01")
    assert {GUARDED, "Terbit pada masa tenang"} & set(only(view).reasons)
    assert (await desk.read(post)).state is PostState.IN_REVIEW


async def test_what_an_undo_approves_again_still_waits_for_a_pause(desk: Desk) -> None:
    post = await desk.approved("Posko kami buka.")
    view = await desk.revise()
    cast, pauses = desk.place.cast, desk.place.house.pauses
    pause, _ = await pauses.pause(cast.dewi, id_of(cast.ppk_barat), reason="Tenang dulu")
    await desk.undo(view)
    assert {(d.state, d.reason) for d in (await desk.read(post)).deliveries} == {(State.WAITING, "Dijeda: Tenang dulu")}
    await pauses.resume(cast.dewi, pause.id or 0)
    assert {d.state for d in (await desk.read(post)).deliveries} == {State.DUE}


async def test_who_moves_a_common_stage_sees_only_posts_in_sight_and_how_many_more_there_are(desk: Desk) -> None:
    """A KPU of one city in an election of many: the calendar is common, the posts are not all in sight."""
    await desk.write()
    cast = desk.place.cast
    far = Grant(id_of(cast.ppk_utara), UnitKind.KPU, cast.ppk_utara.path, Role.REVIEWER)
    other = Actor(cast.citra.user_id, "Citra", (far,))
    view = await desk.place.house.revising.revise(
        other, desk.stages["PYL-07"].id, LATER, reason="x", dry_run=True, within={cast.election_id}
    )
    assert (view.affected, view.elsewhere) == ([], 1)


async def test_what_a_reviewer_let_pass_stays_let_pass_when_the_stage_moves(desk: Desk) -> None:
    place, text = desk.place, "Tulis ke posko@contoh.example atau telepon 0812 3456 7890."
    made = await add_template(place.house, place.cast, text + " {{ wilayah }}")
    given = PostInput(id_of(place.cast.cilendek), template_id=made, timing=before_voting(7))
    post = await place.house.posts.create(place.cast.sari, given)
    await place.house.posts.exempting.exempt(place.cast.dewi, post.id, rule="G07_telepon", reason="Nomor resmi")
    await place.house.posts.approve(place.cast.dewi, post.id)
    await desk.revise()
    moved = await desk.read(post)
    assert moved.state is PostState.SCHEDULED
    assert {found["rule"]: found["exempt"] for found in moved.guard}["G07_telepon"] == "Nomor resmi"
