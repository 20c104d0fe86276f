"""From a free text to its last word: review, edits, cancelling, and who sees what."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import pytest

from app.kit.errors import AppError, BadInput, Conflict, Forbidden, NeedsVersion, NotFound, Stale
from app.posts.rules import PostState, Timing
from app.posts.service import PostView
from app.posts.store import PostFilter
from app.publishing import store as publishing_store
from app.publishing.models import Delivery
from app.publishing.rules import State, lane_of
from tests.posts.conftest import Place
from tests.posts.test_writing import SOON, in_, write
from tests.support.cast import id_of
from tests.support.house import channels_of

TEXT = "Posko kami buka setiap hari kerja."
QUIET = Timing(at=datetime(2024, 11, 25, 3, tzinfo=UTC))


async def free_text(place: Place, **more: object) -> PostView:
    post = await write(place, place.cast.sari, **{"text": TEXT, "timing": in_(place, SOON), **more})
    assert post.state is PostState.IN_REVIEW
    return post


async def claim_all(place: Place, platform: str) -> None:
    """What a worker does when the minute comes."""
    lane, now = lane_of(platform, "practice"), place.house.clock.now()
    async with place.house.db.write() as session:
        ahead = timedelta(days=40)
        rows = await publishing_store.claim_due(session, lane, worker_id="w", now=now, ahead=ahead, limit=50)
    assert rows


async def message_of(place: Place, delivery_id: int) -> Delivery:
    async with place.house.db.read() as session:
        return await session.get_one(Delivery, delivery_id)


async def test_saris_free_text_waits_for_budi_and_is_frozen_when_he_approves(place: Place) -> None:
    post = await free_text(place)
    assert {d.state for d in post.deliveries} == {State.WAITING}
    assert [(await message_of(place, d.id)).message for d in post.deliveries] == [{}, {}, {}]
    approved = await place.house.posts.approve(place.cast.budi, post.id)
    assert (approved.state, approved.approved_by) == (PostState.SCHEDULED, place.cast.budi.user_id)
    for delivery in approved.deliveries:
        row = await message_of(place, delivery.id)
        assert (row.state, row.message["text"], row.act_at) == (State.DUE, TEXT, post.due_at)
        assert row.message_hash


@pytest.mark.parametrize(("who", "kind"), [("sari", Forbidden), ("citra", NotFound), ("vino", Forbidden)])
async def test_who_may_not_approve(place: Place, who: str, kind: type[AppError]) -> None:
    post = await free_text(place)
    with pytest.raises(kind):
        await place.house.posts.approve(getattr(place.cast, who), post.id)
    assert (await place.house.posts.get(place.cast.sari, post.id)).state is PostState.IN_REVIEW


async def test_nobody_approves_what_they_wrote_themselves(place: Place) -> None:
    post = await write(place, place.cast.budi, text=TEXT, timing=in_(place, SOON))
    with pytest.raises(Forbidden, match="peninjau lain"):
        await place.house.posts.approve(place.cast.budi, post.id)
    assert (await place.house.posts.approve(place.cast.dewi, post.id)).state is PostState.SCHEDULED


async def test_a_reviewer_who_changed_the_words_needs_another_to_approve_them(place: Place) -> None:
    post = await free_text(place)
    mine = await place.house.posts.edit(place.cast.budi, post.id, {"text": "Kata Budi."}, if_match=post.etag)
    assert mine.state is PostState.IN_REVIEW
    with pytest.raises(Forbidden, match="peninjau lain"):
        await place.house.posts.approve(place.cast.budi, post.id)
    await place.house.posts.approve(place.cast.dewi, post.id)


@pytest.mark.parametrize(("text", "timing"), [("Rapat dihadiri PKS dan Golkar.", None), (TEXT, QUIET)])
async def test_what_needs_the_kpu_waits_for_dewi(place: Place, text: str, timing: Timing | None) -> None:
    post = await free_text(place, text=text, timing=timing or in_(place, SOON))
    with pytest.raises(Forbidden, match="KPU"):
        await place.house.posts.approve(place.cast.budi, post.id)
    assert (await place.house.posts.approve(place.cast.dewi, post.id)).state is PostState.SCHEDULED


async def test_an_edit_after_approval_goes_back_to_review(place: Place) -> None:
    post = await free_text(place)
    approved = await place.house.posts.approve(place.cast.budi, post.id)
    edited = await place.house.posts.edit(place.cast.sari, post.id, {"text": "Lain."}, if_match=approved.etag)
    assert (edited.state, edited.approved_by) == (PostState.IN_REVIEW, None)
    assert {d.state for d in edited.deliveries} == {State.WAITING}
    assert len(edited.deliveries) == 3


async def test_what_has_left_can_no_longer_be_changed_or_deleted(place: Place) -> None:
    post = await free_text(place)
    approved = await place.house.posts.approve(place.cast.budi, post.id)
    await claim_all(place, "x")
    with pytest.raises(Conflict, match="sudah dikirim"):
        await place.house.posts.edit(place.cast.sari, post.id, {"text": "Lain."}, if_match=approved.etag)
    with pytest.raises(Conflict, match="sudah dikirim"):
        await place.house.posts.delete(place.cast.sari, post.id, if_match=approved.etag)
    assert len((await place.house.posts.get(place.cast.sari, post.id)).deliveries) == 3


async def test_cancelling_stops_what_has_not_left_and_leaves_the_rest(place: Place) -> None:
    post = await write(place, place.cast.sari, template_id=place.template, timing=in_(place, SOON))
    await claim_all(place, "facebook")
    cancelled = await place.house.posts.cancel(place.cast.sari, post.id, reason="Keliru")
    assert (cancelled.state, cancelled.reason) == (PostState.CANCELLED, "Keliru")
    assert {d.platform: d.state for d in cancelled.deliveries} == {
        "x": State.CANCELLED,
        "facebook": State.SENDING,
        "instagram": State.CANCELLED,
    }
    with pytest.raises(Conflict):
        await place.house.posts.cancel(place.cast.sari, post.id)


async def test_a_rejection_needs_a_reason_and_leads_back_through_submit(place: Place) -> None:
    post = await free_text(place)
    with pytest.raises(BadInput, match="alasan"):
        await place.house.posts.reject(place.cast.budi, post.id, reason="  ")
    rejected = await place.house.posts.reject(place.cast.budi, post.id, reason="Jamnya salah")
    assert (rejected.state, rejected.reason, rejected.deliveries) == (PostState.REJECTED, "Jamnya salah", [])
    mended = await place.house.posts.edit(place.cast.sari, post.id, {"text": "Jam 9."}, if_match=rejected.etag)
    assert mended.state is PostState.DRAFT
    again = await place.house.posts.submit(place.cast.sari, post.id)
    assert (again.state, len(again.deliveries)) == (PostState.IN_REVIEW, 3)


async def test_a_draft_is_submitted_only_with_a_time(place: Place) -> None:
    post = await write(place, place.cast.sari, text=TEXT)
    with pytest.raises(BadInput, match="waktu terbit"):
        await place.house.posts.submit(place.cast.sari, post.id)
    timed = await place.house.posts.edit(place.cast.sari, post.id, {"timing": in_(place, SOON)}, if_match=post.etag)
    assert timed.state is PostState.IN_REVIEW
    with pytest.raises(Conflict):
        await place.house.posts.submit(place.cast.sari, post.id)


async def test_a_change_names_the_version_it_was_made_from(place: Place) -> None:
    post = await write(place, place.cast.sari, text=TEXT)
    edit = place.house.posts.edit
    with pytest.raises(NeedsVersion):
        await edit(place.cast.sari, post.id, {"text": "a"}, if_match=None)
    fresh = await edit(place.cast.sari, post.id, {"text": "b"}, if_match=post.etag)
    assert fresh.etag != post.etag
    with pytest.raises(Stale):
        await edit(place.cast.sari, post.id, {"text": "c"}, if_match=post.etag)
    for wrong, kind in ((None, NeedsVersion), (post.etag, Stale)):
        with pytest.raises(kind):
            await place.house.posts.delete(place.cast.sari, post.id, if_match=wrong)
    await place.house.posts.delete(place.cast.sari, post.id, if_match=fresh.etag)
    with pytest.raises(NotFound):
        await place.house.posts.get(place.cast.sari, post.id)


async def outcome(work: Awaitable[object]) -> str:
    try:
        await work
    except AppError as error:
        return error.kind
    return "ok"


async def test_of_two_racing_edits_one_wins(place: Place) -> None:
    post = await write(place, place.cast.sari, text=TEXT)
    edits = [
        place.house.posts.edit(place.cast.sari, post.id, {"text": text}, if_match=post.etag) for text in ("satu", "dua")
    ]
    assert sorted(await asyncio.gather(*map(outcome, edits))) == ["ok", "stale"]


async def test_of_two_racing_deletes_one_wins(place: Place) -> None:
    post = await write(place, place.cast.sari, text=TEXT)
    deletes = [place.house.posts.delete(place.cast.sari, post.id, if_match=post.etag) for _ in range(2)]
    found = sorted(await asyncio.gather(*map(outcome, deletes)))
    assert found[0] in {"not-found", "ok"}
    assert found.count("ok") == 1
    assert set(found) <= {"ok", "not-found", "stale"}


async def test_an_approval_and_an_edit_never_both_succeed(place: Place) -> None:
    post = await free_text(place)
    edit = place.house.posts.edit(place.cast.sari, post.id, {"text": "Lain."}, if_match=post.etag)
    found = await asyncio.gather(outcome(edit), outcome(place.house.posts.approve(place.cast.budi, post.id)))
    assert found.count("ok") >= 1
    fresh = await place.house.posts.get(place.cast.sari, post.id)
    for delivery in fresh.deliveries:
        row = await message_of(place, delivery.id)
        assert (row.state == State.DUE) == (fresh.state is PostState.SCHEDULED)
        assert row.message.get("text", TEXT) == TEXT


async def test_approval_respects_a_channel_that_is_paused_by_then(place: Place) -> None:
    post = await free_text(place)
    x_id = (await channels_of(place.house, place.cast, place.cast.cilendek))["x"].id or 0
    await place.house.channels.edit(place.cast.rina, x_id, state="paused")
    approved = await place.house.posts.approve(place.cast.budi, post.id)
    assert {d.platform: d.state for d in approved.deliveries}["x"] is State.WAITING
    await place.house.channels.edit(place.cast.rina, x_id, state="connected")
    fresh = await place.house.posts.get(place.cast.sari, post.id)
    assert {d.state for d in fresh.deliveries} == {State.DUE}


async def test_a_list_shows_ones_own_units_newest_first_and_pages(place: Place) -> None:
    made = [(await write(place, place.cast.sari, text=f"nomor {n}")).id for n in range(3)]
    other = await write(place, place.cast.citra, unit_id=id_of(place.cast.bantarjati), text="Utara")
    first = await place.house.posts.list(place.cast.sari, PostFilter(), limit=2)
    assert [post.id for post in first.rows] == made[:0:-1]
    rest = await place.house.posts.list(place.cast.sari, PostFilter(), limit=2, cursor=first.next)
    assert ([post.id for post in rest.rows], rest.next) == (made[:1], None)
    seen = await place.house.posts.list(place.cast.citra, PostFilter(), limit=10)
    assert [post.id for post in seen.rows] == [other.id]
    assert len((await place.house.posts.list(place.cast.dewi, PostFilter(), limit=10)).rows) == 4


async def test_a_post_is_done_when_nothing_of_it_is_open(place: Place) -> None:
    post = await write(place, place.cast.sari, template_id=place.template, timing=in_(place, timedelta()))
    assert await place.house.posts.close_finished() == 0
    for delivery in post.deliveries:
        await place.house.publishing.cancel_one(place.cast.sari, delivery.id, reason="x")
    assert (await place.house.posts.get(place.cast.sari, post.id)).state is PostState.DONE
    assert await place.house.posts.close_finished() == 1
    stored = await place.house.posts.list(place.cast.sari, PostFilter(state="done"), limit=10)
    assert [row.id for row in stored.rows] == [post.id]
