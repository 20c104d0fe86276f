"""Whatever people and workers do, in whatever order: what is sent is what was approved, and nothing gets stuck."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import select

from app.accounts.rules import Actor
from app.channels.models import Channel
from app.kit.errors import AppError
from app.platforms.contract import Published, PublishError, Refused, TryLater, Unsure
from app.posts.models import Post
from app.posts.rules import PostState, Timing
from app.posts.service import PostInput, PostView
from app.posts.watching import ReviewWatch
from app.publishing import rules as publishing_rules
from app.publishing import store
from app.publishing.claims import Claim, load
from app.publishing.models import Delivery, Pause
from app.publishing.recording import Result
from app.publishing.rules import Next, Outcome, State, hash_of
from tests.conftest import NOW
from tests.support.cast import Cast, id_of
from tests.support.databases import run_apart
from tests.support.house import add_template, cast_house, open_house, recorder_of, settings_for, still_at

T = TypeVar("T")
TEXTS = ("Posko buka.", "Rapat dihadiri PKS dan Golkar.", "Besok kerja bakti.", "Ayo coblos nomor 3!")
FAILURES: dict[str, Callable[[], PublishError]] = {
    "refused": lambda: Refused("Ditolak.", code="x"),
    "later": lambda: TryLater("Nanti.", code="x"),
    "unsure": lambda: Unsure("Tidak ada jawaban.", code="x"),
}
WORKER = "w1"
HORIZON = timedelta(days=60)

people = st.sampled_from(["sari", "budi", "dewi"])


class Prepared:
    """A database with the cast in it, copied for every example."""

    folder: Path
    cast: Cast
    template: int
    channels: dict[int, str]
    claimed = 0


class Lives(RuleBasedStateMachine):
    """Posts of PPS Cilendek Barat among Sari, Budi, Dewi and one worker."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        path = Prepared.folder / f"{uuid4().hex}.db"
        shutil.copy(Prepared.folder / "cast.db", path)
        self.opened = open_house(settings_for(Prepared.folder, f"sqlite:///{path}"), still_at(NOW))
        self.house = self.loop.run_until_complete(self.opened.__aenter__())
        self.approved: dict[tuple[int, str], str] = {}
        self.claims: dict[int, Claim] = {}

    def teardown(self) -> None:
        self.loop.run_until_complete(self.opened.__aexit__(None, None, None))
        self.loop.close()

    def run(self, work: Awaitable[T]) -> T | None:
        """What people are refused changes nothing; the invariants see to that."""

        async def attempt() -> T | None:
            try:
                return await work
            except AppError:
                return None

        return self.loop.run_until_complete(attempt())

    def who(self, name: str) -> Actor:
        actor: Actor = getattr(Prepared.cast, name)
        return actor

    def remember(self, post: PostView | None) -> None:
        """What a post reads at the moment it becomes due."""
        if post is not None and post.state is PostState.SCHEDULED:
            self.approved |= {(post.id, variant["platform"]): variant["text"] for variant in post.variants}

    def pick(self, data: st.DataObject, *states: PostState) -> PostView | None:
        from app.posts.store import PostFilter

        page = self.run(self.house.posts.list(self.who("rina"), PostFilter(), limit=50))
        found = [post for post in page.rows if not states or post.state in states] if page else []
        return data.draw(st.sampled_from(found)) if found else None

    @initialize()
    def begin(self) -> None:
        """One post that is due and one that waits for review: every step has something to do."""
        self.create("sari", None, 1)
        self.create("sari", TEXTS[0], 1)

    @rule(who=people, text=st.sampled_from([*TEXTS, None]), hours=st.sampled_from([1, 30, 24 * 24, None]))
    def create(self, who: str, text: str | None, hours: int | None) -> None:
        timing = None if hours is None else Timing(at=NOW + timedelta(hours=hours))
        template = None if text else Prepared.template
        wanted = PostInput(id_of(Prepared.cast.cilendek), text=text, template_id=template, timing=timing)
        self.remember(self.run(self.house.posts.create(self.who(who), wanted)))

    @rule(who=people, data=st.data(), text=st.sampled_from(TEXTS), retime=st.booleans())
    def edit(self, who: str, data: st.DataObject, text: str, retime: bool) -> None:
        if post := self.pick(data):
            changes: dict[str, Any] = {"text": text}
            if retime:
                changes = {"timing": Timing(at=NOW + timedelta(hours=3))}
            self.remember(self.run(self.house.posts.edit(self.who(who), post.id, changes, if_match=post.etag)))

    @rule(who=people, data=st.data())
    def submit(self, who: str, data: st.DataObject) -> None:
        if post := self.pick(data, PostState.DRAFT, PostState.REJECTED):
            self.remember(self.run(self.house.posts.submit(self.who(who), post.id)))

    @rule(who=people, data=st.data())
    def approve(self, who: str, data: st.DataObject) -> None:
        post = self.pick(data, PostState.IN_REVIEW)
        done = self.run(self.house.posts.approve(self.who(who), post.id)) if post else None
        if post and done:
            # What the reviewer saw, not what came back.
            self.approved |= {(post.id, variant["platform"]): variant["text"] for variant in post.variants}
            assert post.created_by != self.who(who).user_id

    @rule(data=st.data(), how=st.sampled_from(["reject", "cancel", "delete"]))
    def take_back(self, data: st.DataObject, how: str) -> None:
        if post := self.pick(data):
            posts = self.house.posts
            work: Awaitable[object] = (
                posts.delete(self.who("sari"), post.id, if_match=post.etag)
                if how == "delete"
                else posts.reject(self.who("budi"), post.id, reason="x")
                if how == "reject"
                else posts.cancel(self.who("sari"), post.id)
            )
            self.run(work)

    @rule(data=st.data(), how=st.sampled_from(["hold", "release"]))
    def hold(self, data: st.DataObject, how: str) -> None:
        if post := self.pick(data):
            talk, budi = self.house.discussing, self.who("budi")
            self.run(talk.hold(budi, post.id, reason="x") if how == "hold" else talk.release(budi, post.id))

    @rule(hours=st.sampled_from([0, 0.5, 2, 40]))
    def watch(self, hours: float) -> None:
        """The sweep over what waits, some time from now; what nobody approved by then is over."""
        self.run(ReviewWatch(self.house.db, lambda: NOW + timedelta(hours=hours)).watch())

    @rule(platform=st.sampled_from(["x", "facebook"]), state=st.sampled_from(["paused", "connected"]))
    def switch_channel(self, platform: str, state: str) -> None:
        channel_id = next(id_ for id_, name in Prepared.channels.items() if name == platform)
        self.run(self.house.channels.edit(self.who("rina"), channel_id, state=state))

    @rule()
    def claim(self) -> None:
        """The minute has come, on every lane at once."""

        async def take() -> list[Claim]:
            found: list[Claim] = []
            async with self.house.db.write() as session:
                for platform in Prepared.channels.values():
                    lane = publishing_rules.lane_of(platform, "practice")
                    rows = await store.claim_due(session, lane, worker_id=WORKER, now=NOW, ahead=HORIZON, limit=1)
                    found += await load(session, rows, channels=self.house.channels, media=self.house.media)
            return found

        for claim in self.run(take()) or []:
            assert claim.problem is None
            self.claims[claim.id] = claim
            Prepared.claimed += 1
            delivery = self.delivery(claim.id)
            assert claim.message.text == self.approved[delivery.post_id, claim.platform]

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), how=st.sampled_from(["published", *FAILURES]))
    def record(self, data: st.DataObject, how: str) -> None:
        claim = self.claims.pop(data.draw(st.sampled_from(sorted(self.claims))))
        error = FAILURES[how]() if how in FAILURES else None
        this = publishing_rules.Try(claim.attempt, claim.looks, "", claim.valid_until, (timedelta(seconds=15),))
        step = publishing_rules.after_send(error, this, now=NOW) if error else Next(State.PUBLISHED, Outcome.PUBLISHED)
        out = None if error else Published(f"r{claim.id}", None, NOW)
        recorder = recorder_of(self.house, WORKER, NOW)
        self.run(recorder.write([Result(claim, "send", NOW, NOW, step, error, out)]))

    @rule(data=st.data(), how=st.sampled_from(["retry", "yes", "no", "cancel"]))
    def decide(self, data: st.DataObject, how: str) -> None:
        ids = [
            row.id for row in self.deliveries() if row.state in {State.STOPPED, State.UNSURE, State.DUE, State.WAITING}
        ]
        if not ids:
            return
        which, service, sari = data.draw(st.sampled_from(ids)) or 0, self.house.publishing, self.who("sari")
        if how == "retry":
            self.run(service.retry(sari, which))
        elif how == "cancel":
            self.run(service.cancel_one(sari, which, reason="x"))
        else:
            self.run(service.resolve(sari, which, published=how == "yes"))

    @rule()
    def close(self) -> None:
        self.run(self.house.posts.close_finished())

    def deliveries(self) -> list[Delivery]:
        (rows,) = self._all(Delivery)
        return rows

    def delivery(self, delivery_id: int) -> Delivery:
        return next(row for row in self.deliveries() if row.id == delivery_id)

    def _all(self, *tables: type[Any]) -> list[list[Any]]:
        async def read() -> list[list[Any]]:
            async with self.house.db.read() as session:
                return [list((await session.exec(select(table))).all()) for table in tables]

        return self.loop.run_until_complete(read())

    @invariant()
    def all_is_well(self) -> None:
        """Read once, looked at in four ways."""
        rows, channels, deliveries, pauses = self._all(Post, Channel, Delivery, Pause)
        held = {row.post_id for row in pauses if row.ended_at is None}
        posts = {row.id: PostState(row.state) for row in rows}
        silent = {row.id for row in channels if row.state != "connected"}
        pairs = [(row.post_id, row.channel_id) for row in deliveries]
        assert len(pairs) == len(set(pairs)), "a post goes to a channel at most once"
        for row in deliveries:
            self.frozen_words_are_the_approved_ones(row)
            every_state_has_a_way_out(
                row, posts[row.post_id], is_silent=row.channel_id in silent or row.post_id in held
            )
            what_nobody_approved_is_not_on_its_way(row, posts[row.post_id])

    def frozen_words_are_the_approved_ones(self, row: Delivery) -> None:
        if row.message:
            assert row.message_hash == hash_of(row.message)
            assert row.message["text"] == self.approved[row.post_id, row.platform]


def every_state_has_a_way_out(row: Delivery, post: PostState, *, is_silent: bool) -> None:
    match State(row.state):
        case State.WAITING if not row.message:
            assert post is PostState.IN_REVIEW
        case State.WAITING:
            assert is_silent, "held, but its channel speaks and no reviewer holds it"
        case State.DUE:
            assert post is PostState.SCHEDULED
            assert not is_silent, "due, but its channel is silent or a reviewer holds it"
            assert row.act_at is not None
            assert row.act_at < row.valid_until
        case State.SENDING:
            assert row.worker_id == WORKER
        case State.UNSURE:
            assert row.act_at is not None


def what_nobody_approved_is_not_on_its_way(row: Delivery, post: PostState) -> None:
    if post in {PostState.DRAFT, PostState.REJECTED, PostState.IN_REVIEW}:
        assert row.state not in {State.DUE, State.SENDING, State.UNSURE, State.PUBLISHED}


async def _prepare(url: str) -> None:
    async with cast_house(settings_for(Prepared.folder, url), still_at(NOW)) as (house, cast):
        Prepared.cast, Prepared.template = cast, await add_template(house, cast, "Halo {{ nama_unit }}.")
        page = await house.channels.list(cast.rina, unit=id_of(cast.cilendek), limit=9)
        Prepared.channels = {channel.id or 0: channel.platform for channel in page.rows}


@pytest.mark.deep
def test_in_any_order_nothing_unapproved_is_sent_and_nothing_is_stuck(sqlite_template: Path, tmp_path: Path) -> None:
    Prepared.folder = tmp_path
    shutil.copy(sqlite_template, tmp_path / "cast.db")
    run_apart(_prepare(f"sqlite:///{tmp_path / 'cast.db'}"))
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=14, stateful_step_count=30, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), derandomize=True,
            phases=[Phase.generate],
        ),
    )  # fmt: skip
    assert Prepared.claimed > 10, "the worker had hardly anything to do"
