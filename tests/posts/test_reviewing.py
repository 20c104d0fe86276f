"""A post that waits: people are reminded, others are asked, and what nobody approves is missed and says so."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.event import listen, remove
from sqlmodel import col, select

from app.accounts.rules import Actor
from app.audit.models import OutboxEvent
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound
from app.posts.broadcasts import BroadcastInput, BroadcastView
from app.posts.review_rules import UNAPPROVED, RemarkKind
from app.posts.rules import PostState, Reviewer, Timing
from app.posts.service import PostView
from app.posts.store import PostFilter
from app.posts.watching import ReviewWatch
from app.publishing.rules import State
from tests.conftest import NOW
from tests.posts.conftest import Place
from tests.posts.test_review import claim_all, free_text
from tests.posts.test_writing import in_, write
from tests.support.cast import id_of

QUIET = Timing(at=datetime(2024, 11, 25, 3, tzinfo=UTC))


async def watch(place: Place, hours: float) -> int:
    """A sweep so many hours from now."""
    return await ReviewWatch(place.house.db, lambda: NOW + timedelta(hours=hours)).watch()


async def waiting(place: Place, hours: float = 24) -> PostView:
    return await free_text(place, timing=in_(place, timedelta(hours=hours)))


async def told(place: Place) -> list[OutboxEvent]:
    """What has been told, oldest first; nothing of it is told again."""
    async with place.house.db.read() as session:
        found = list((await session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id)))).all())
    await place.house.notices.spread()
    return [one for one in found if one.taken_at is None]


async def steps(place: Place, hours: Sequence[float]) -> list[str]:
    """Kinds told by sweeps at these hours."""
    await told(place)
    for each in hours:
        await watch(place, each)
    return [one.kind for one in await told(place)]


async def test_waiting_is_told_step_by_step_and_each_step_once(place: Place) -> None:
    post = await waiting(place)
    assert await steps(place, [0.01, 5.9]) == []
    assert await steps(place, [6.1, 6.2]) == ["post.reminded"]
    assert await steps(place, [12.1, 13]) == ["post.escalated"]
    assert await steps(place, [23.6, 23.7]) == ["post.escalated"]
    await place.house.posts.approve(place.cast.budi, post.id)
    assert await steps(place, [24.1, 30]) == []
    assert (await place.house.posts.get(place.cast.sari, post.id)).state is PostState.SCHEDULED


async def test_what_nobody_approved_in_time_is_missed_and_says_so(place: Place) -> None:
    post = await waiting(place)
    assert (await steps(place, [0.01, 24.1]))[-1] == "post.lapsed"
    left = await place.house.posts.get(place.cast.sari, post.id)
    assert (left.state, {d.state for d in left.deliveries}) == (PostState.REJECTED, {State.MISSED})
    assert {d.reason for d in left.deliveries} == {UNAPPROVED}
    assert "Pilih waktu lain" in left.reason
    with pytest.raises(Conflict, match="belum pernah disetujui"):
        await place.house.publishing.retry(place.cast.sari, left.deliveries[0].id)
    again = {"timing": in_(place, timedelta(hours=30))}
    new = await place.house.posts.edit(place.cast.sari, post.id, again, if_match=left.etag)
    assert (new.state, {d.state for d in new.deliveries}) == (PostState.IN_REVIEW, {State.WAITING})


async def test_a_new_minute_begins_waiting_anew(place: Place) -> None:
    post = await waiting(place)
    assert await steps(place, [0.01, 12.1]) == ["post.escalated"]
    later = {"timing": in_(place, timedelta(hours=72))}
    await place.house.posts.edit(place.cast.sari, post.id, later, if_match="*")
    assert await steps(place, [12.2, 17]) == []
    assert await steps(place, [18.1]) == ["post.reminded"]


async def test_what_comes_late_may_still_be_read_for_an_hour(place: Place) -> None:
    post = await waiting(place, 0)
    await steps(place, [0.01, 0.9])
    assert (await place.house.posts.get(place.cast.sari, post.id)).state is PostState.IN_REVIEW
    assert await steps(place, [1.1]) == ["post.lapsed"]


async def broadcast(place: Place, **more: Any) -> BroadcastView:
    """Of Budi's in masa tenang, so that the KPU has to read it."""
    wanted = BroadcastInput(place.template, ("pps",), None, None, ("x",), QUIET, **more)
    return await place.house.broadcasts.create(place.cast.budi, wanted)


async def posts_of(place: Place, view: BroadcastView) -> Sequence[PostView]:
    return (await place.house.posts.list(place.cast.dewi, PostFilter(broadcast_id=view.id), limit=9)).rows


async def test_a_broadcast_is_told_of_once_however_many_units_it_has(place: Place) -> None:
    view = await broadcast(place)
    days = (QUIET.at - NOW).total_seconds() / 3600 if QUIET.at else 0
    await steps(place, [0.01])
    await watch(place, days * 0.6)
    [event] = await told(place)
    assert (event.kind, event.subject, event.detail["count"]) == ("post.escalated", f"broadcast:{view.id}", 2)


async def test_an_approved_broadcast_covers_its_untouched_copies(place: Place) -> None:
    view = await broadcast(place)
    first = (await posts_of(place, view))[0]
    await place.house.posts.edit(place.cast.budi, first.id, {"text": "Kata kami."}, if_match="*")
    refusals: list[tuple[Actor, type[Exception]]] = [
        (place.cast.budi, Forbidden), (place.cast.sari, NotFound), (place.cast.vino, Forbidden),
    ]  # fmt: skip
    for actor, refusal in refusals:
        with pytest.raises(refusal):
            await place.house.approving.approve_broadcast(actor, view.id or 0)
    done = await place.house.approving.approve_broadcast(place.cast.dewi, view.id or 0)
    assert (len(done.approved), done.refused) == (1, [])
    states = {post.id: post.state for post in await posts_of(place, view)}
    assert states.pop(first.id) is PostState.IN_REVIEW
    assert set(states.values()) == {PostState.SCHEDULED}
    assert (await place.house.broadcasts.get(place.cast.dewi, view.id or 0)).approved_by == place.cast.dewi.user_id


async def test_a_suggestion_of_an_approved_broadcast_is_taken_over_without_another_review(place: Place) -> None:
    view = await broadcast(place, mode="suggested")
    mine, other = [p for p in await posts_of(place, view) if p.unit_id == id_of(place.cast.cilendek)] * 2
    before = await place.house.posts.submit(place.cast.sari, mine.id)
    assert (before.state, before.needs) == (PostState.IN_REVIEW, Reviewer.KPU)
    await place.house.approving.approve_broadcast(place.cast.dewi, view.id or 0)
    assert (await place.house.posts.get(place.cast.sari, other.id)).state is PostState.SCHEDULED
    menteng = next(p for p in await posts_of(place, view) if p.unit_id == id_of(place.cast.menteng))
    taken = await place.house.posts.submit(place.cast.budi, menteng.id)
    assert (taken.state, taken.reason) == (PostState.SCHEDULED, "Disetujui bersama siarannya")


async def test_many_are_approved_at_once_and_each_refusal_is_named(place: Place) -> None:
    one, two = (
        await waiting(place),
        await write(place, place.cast.budi, text="Posko.", timing=in_(place, timedelta(hours=3))),
    )
    done = await place.house.approving.approve(place.cast.budi, [one.id, two.id, one.id, 999])
    assert done.approved == [one.id]
    assert [refusal.post_id for refusal in done.refused] == [two.id, 999]
    assert "peninjau lain" in done.refused[0].reason


async def test_what_is_urgent_says_so_to_everybody_who_may_approve(place: Place) -> None:
    await told(place)
    post = await free_text(place, urgent=True)
    [event] = [one for one in await told(place) if one.kind == "post.in_review"]
    assert (event.detail["urgent"], post.urgent) == (True, True)
    titles = [notice.title for notice in (await place.house.notices.list(place.cast.dewi)).rows]
    assert titles[0] == "[Mendesak] Unggahan PPS Cilendek Barat menunggu tinjauan Anda"


async def test_a_question_goes_to_the_author_and_the_answer_back(place: Place) -> None:
    post, say = await waiting(place), place.house.discussing.say
    await told(place)
    asked = await say(place.cast.budi, post.id, " Jam berapa? ", kind=RemarkKind.QUESTION)
    assert (asked.is_asked, asked.remarks[0].text, asked.remarks[0].name) == (True, "Jam berapa?", "Budi")
    assert (await told(place))[0].detail["to"] == [place.cast.sari.user_id]
    answered = await say(place.cast.sari, post.id, "Pukul sembilan.")
    assert (answered.is_asked, len(answered.remarks)) == (False, 2)
    assert (await told(place))[0].detail["to"] == [place.cast.budi.user_id]
    with pytest.raises(Forbidden):
        await say(place.cast.sari, post.id, "Boleh?", kind=RemarkKind.QUESTION)
    for actor, refusal in ((place.cast.citra, NotFound), (place.cast.vino, Forbidden)):
        with pytest.raises(refusal):
            await say(actor, post.id, "Halo")
    with pytest.raises(BadInput):
        await say(place.cast.sari, post.id, "  ")
    await place.house.posts.delete(place.cast.sari, post.id, if_match="*")


async def test_what_a_reviewer_holds_does_not_leave_and_goes_on_afterwards(place: Place) -> None:
    post = await waiting(place, 3)
    other = await free_text(place, text="Posko kami buka juga.", timing=in_(place, timedelta(hours=3)))
    for one in (post, other):
        await place.house.posts.approve(place.cast.budi, one.id)
    with pytest.raises(Forbidden):
        await place.house.discussing.hold(place.cast.sari, post.id, reason="Jangan.")
    await place.house.discussing.hold(place.cast.budi, post.id, reason="Tunggu surat.")
    held = await place.house.posts.get(place.cast.sari, post.id)
    assert {(d.state, d.reason) for d in held.deliveries} == {(State.WAITING, "Ditahan peninjau: Tunggu surat.")}
    # A channel that works again, or a pause that ends, does not let it go.
    pause, _ = await place.house.pauses.pause(place.cast.dewi, post.unit_id, reason="Semua.")
    await place.house.pauses.resume(place.cast.dewi, pause.id or 0)
    await claim_all(place, "x")
    assert {d.state for d in (await place.house.posts.get(place.cast.sari, post.id)).deliveries} == {State.WAITING}
    await place.house.discussing.release(place.cast.budi, post.id)
    released = await place.house.posts.get(place.cast.sari, post.id)
    assert {(d.state, d.reason) for d in released.deliveries} == {(State.DUE, "")}
    with pytest.raises(Conflict):
        await place.house.discussing.release(place.cast.budi, post.id)


async def test_what_is_held_and_written_anew_stays_held(place: Place) -> None:
    post = await waiting(place)
    await place.house.discussing.hold(place.cast.budi, post.id, reason="Tunggu.")
    await place.house.posts.edit(place.cast.sari, post.id, {"text": "Posko buka."}, if_match="*")
    approved = await place.house.posts.approve(place.cast.budi, post.id)
    assert {d.state for d in approved.deliveries} == {State.WAITING}
    assert (await place.house.discussing.read(place.cast.sari, post.id)).hold == "Tunggu."


async def test_a_broadcast_is_approved_by_as_many_statements_however_many_copies_it_has(place: Place) -> None:
    view = await broadcast(place)
    seen: list[str] = []
    engine = place.house.db.engine.sync_engine

    def spy(*given: Any) -> None:
        seen.append(given[2])

    listen(engine, "before_cursor_execute", spy)
    try:
        done = await place.house.approving.approve_broadcast(place.cast.dewi, view.id or 0)
    finally:
        remove(engine, "before_cursor_execute", spy)
    assert len(done.approved) == 2
    written = [
        one for one in seen if one.startswith(("UPDATE post ", "UPDATE delivery SET message", "INSERT INTO audit"))
    ]
    # One for the posts, one for their deliveries, one for their acts; and the act of the broadcast itself.
    assert len(written) <= 4
    posts = await posts_of(place, view)
    assert {d.state for post in posts for d in post.deliveries} == {State.DUE}
    async with place.house.db.read() as session:
        acts = await session.rows(text("SELECT subject FROM audit_event WHERE action = 'post.approve'"))
        frozen = await session.rows(text("SELECT message, message_hash FROM delivery"))
    assert {act["subject"] for act in acts} >= {f"post:{post.id}" for post in posts}
    assert all(one["message_hash"] for one in frozen)
    about = {"post.approved": f"broadcast:{view.id}"}
    [event] = [one for one in await told(place) if about.get(one.kind) == one.subject]
    assert event.detail["count"] == 2
