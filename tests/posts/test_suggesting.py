"""A suggestion is the unit's to take, to change or to leave; and who is late can be told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts.rules import Actor
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound
from app.posts.broadcasts import BroadcastInput, BroadcastView
from app.posts.progress_rules import Part, Progress, is_late, progress_of
from app.posts.rules import Answer, PostState, Timing
from app.posts.service import PostView
from app.posts.store import PostFilter
from tests.posts.conftest import Place
from tests.support.cast import id_of

AT = datetime(2024, 11, 1, 9, tzinfo=UTC)
PART: dict[str, Any] = {"state": "scheduled", "answer": "", "wanted": 2, "out": 0, "open": 2, "due_at": AT, "published_at": None}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, Progress.AHEAD),
        ({"out": 1, "open": 1}, Progress.PARTLY),
        ({"out": 2, "open": 0, "published_at": AT}, Progress.OUT),
        ({"open": 0}, Progress.NOT_OUT),
        ({"state": "in_review"}, Progress.REVIEW),
        ({"state": "draft", "answer": "waiting", "wanted": 0, "open": 0}, Progress.ASKED),
        ({"state": "cancelled", "answer": "declined", "wanted": 0, "open": 0}, Progress.DECLINED),
        ({"state": "cancelled", "open": 0}, Progress.CANCELLED),
    ],
)
def test_how_far_a_unit_has_come(given: dict[str, Any], found: Progress) -> None:
    assert progress_of(Part(**PART | given)) is found


@pytest.mark.parametrize(
    ("given", "deadline", "minutes", "late"),
    [
        ({}, None, 0, False),
        ({}, None, 2, True),
        ({}, AT + timedelta(hours=1), 59, False),
        ({}, AT + timedelta(hours=1), 61, True),
        ({"out": 2, "open": 0, "published_at": AT + timedelta(minutes=30)}, AT + timedelta(hours=1), 90, False),
        ({"out": 2, "open": 0, "published_at": AT + timedelta(minutes=70)}, AT + timedelta(hours=1), 90, True),
        ({"state": "cancelled", "answer": "declined"}, None, 90, False),
    ],
)
def test_what_is_late(given: dict[str, Any], deadline: datetime | None, minutes: int, late: bool) -> None:
    assert is_late(Part(**PART | given), deadline=deadline, now=AT + timedelta(minutes=minutes)) is late


async def suggest(place: Place, *, hours: int = 3, **more: Any) -> BroadcastView:
    at = Timing(at=place.house.clock.now() + timedelta(hours=hours))
    wanted = BroadcastInput(place.template, ("pps",), None, None, ("x",), at, mode="suggested", **more)
    return await place.house.broadcasts.create(place.cast.dewi, wanted)


async def saris(place: Place, view: BroadcastView) -> PostView:
    wanted = PostFilter(broadcast_id=view.id, unit_id=id_of(place.cast.cilendek))
    return (await place.house.posts.list(place.cast.dewi, wanted, limit=1)).rows[0]


async def test_nothing_of_a_suggestion_is_queued_before_the_unit_says_yes(place: Place) -> None:
    view = await suggest(place)
    assert (view.posts, view.by_state, view.answers) == (3, {}, {"waiting": 3})
    post = await saris(place, view)
    assert (post.state, post.deliveries, post.answer) == (PostState.DRAFT, [], Answer.WAITING)
    await place.house.notices.spread()
    titles = [notice.title for notice in (await place.house.notices.list(place.cast.sari)).rows]
    assert titles[0] == "Saran unggahan untuk PPS Cilendek Barat"


async def test_a_suggestion_taken_as_it_is_goes_out_without_review(place: Place) -> None:
    view = await suggest(place)
    post = await place.house.posts.submit(place.cast.sari, (await saris(place, view)).id)
    assert (post.state, post.answer, len(post.deliveries)) == (PostState.SCHEDULED, Answer.ACCEPTED, 1)
    assert (await place.house.broadcasts.get(place.cast.dewi, view.id or 0)).answers == {"waiting": 2, "accepted": 1}


async def test_a_suggestion_in_ones_own_words_is_reviewed_first(place: Place) -> None:
    asked = await saris(place, await suggest(place))
    changes = {"text": "Halo warga Cilendek Barat, posko kami buka.", "timing": Timing.from_json(asked.timing)}
    post = await place.house.posts.edit(place.cast.sari, asked.id, changes, if_match=asked.etag)
    assert (post.state, post.answer) == (PostState.IN_REVIEW, Answer.ADAPTED)


async def test_a_suggestion_is_declined_once_and_with_a_reason(place: Place) -> None:
    view = await suggest(place)
    house, cast, asked = place.house, place.cast, await saris(place, view)
    with pytest.raises(BadInput):
        await house.answers.decline(cast.sari, asked.id, reason=" ")
    who: tuple[tuple[Actor, type[Exception]], ...] = ((cast.citra, NotFound), (cast.vino, Forbidden))
    for actor, refusal in who:
        with pytest.raises(refusal):
            await house.answers.decline(actor, asked.id, reason="x")
    await house.answers.decline(cast.sari, asked.id, reason="Kegiatannya batal.")
    with pytest.raises(Conflict):
        await house.answers.decline(cast.sari, asked.id, reason="Lagi.")
    rows = (await house.answers.progress(cast.dewi, view.id or 0, limit=9)).rows
    [row] = [row for row in rows if row.post_id == asked.id]
    assert (row.progress, row.reason, row.is_late) == (Progress.DECLINED, "Kegiatannya batal.", False)


async def test_a_cancelled_suggestion_can_no_longer_be_taken(place: Place) -> None:
    view = await suggest(place)
    await place.house.broadcasts.cancel(place.cast.dewi, view.id or 0)
    post = await saris(place, view)
    assert post.state is PostState.CANCELLED
    with pytest.raises(Conflict):
        await place.house.posts.submit(place.cast.sari, post.id)


async def test_the_late_list_names_who_is_not_out_by_the_deadline(place: Place) -> None:
    house, cast = place.house, place.cast
    view = await suggest(place, deadline=house.clock.now() - timedelta(minutes=5))
    first = await saris(place, view)
    await house.posts.submit(cast.sari, first.id)
    async with house.db.write() as session:
        at: Any = house.clock.now() - timedelta(minutes=9)
        at = at.strftime("%Y-%m-%d %H:%M:%S.%f") if session.is_sqlite else at
        await session.run(
            text("UPDATE delivery SET state = 'published', published_at = :at WHERE post_id = :id"),
            {"at": at, "id": first.id},
        )
    late = (await house.answers.progress(cast.dewi, view.id or 0, late_only=True, limit=9)).rows
    assert sorted(row.unit_name for row in late) == ["PPS Bantarjati", "PPS Menteng"]
    assert {row.progress for row in late} == {Progress.ASKED}
    assert await house.answers.late_count(cast.dewi, view.id or 0) == 2
    everybody = (await house.answers.progress(cast.dewi, view.id or 0, limit=2)).rows
    assert len(everybody) == 2
