"""Stages move back and forth, units are paused, workers claim, in whatever order: no day that is gone ever leaves."""

import asyncio
import shutil
from collections.abc import Awaitable
from datetime import date, time, timedelta
from pathlib import Path
from typing import TypeVar
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

from app.accounts.rules import Act
from app.content.values import write_date
from app.kit.errors import AppError
from app.platforms.contract import Published, TryLater, Unsure
from app.posts.models import Post, Revision
from app.posts.rules import Anchor, PostState, Timing
from app.posts.service import PostInput
from app.publishing import rules, store
from app.publishing.claims import Claim, load
from app.publishing.models import Delivery, Pause
from app.publishing.recording import Result
from app.publishing.rules import Next, Outcome, State, hash_of
from app.tahapan.service import StageEdit
from tests.conftest import NOW
from tests.posts.desk import VOTING
from tests.support.cast import Cast, id_of
from tests.support.databases import run_apart
from tests.support.house import add_template, cast_house, open_house, recorder_of, settings_for, still_at

T = TypeVar("T")
DAYS = (date(2024, 11, 27), date(2024, 12, 4), date(2024, 12, 11), date(2024, 11, 3))
WORKER = "w1"
HORIZON = timedelta(days=90)


class Prepared:
    folder: Path
    cast: Cast
    template: int
    stage: int
    claimed = 0
    revised = 0


class Moves(RuleBasedStateMachine):
    """Sari's posts of PPS Cilendek Barat, Dewi's calendar and pauses, one worker on X."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        path = Prepared.folder / f"{uuid4().hex}.db"
        shutil.copy(Prepared.folder / "cast.db", path)
        self.opened = open_house(settings_for(Prepared.folder, f"sqlite:///{path}"), still_at(NOW))
        self.house = self.loop.run_until_complete(self.opened.__aenter__())
        self.day = DAYS[0]
        self.claims: dict[int, Claim] = {}

    def teardown(self) -> None:
        self.loop.run_until_complete(self.opened.__aexit__(None, None, None))
        self.loop.close()

    def run(self, work: Awaitable[T]) -> T | None:
        async def attempt() -> T | None:
            try:
                return await work
            except AppError:
                return None

        return self.loop.run_until_complete(attempt())

    def all(self, table: type[T]) -> list[T]:
        async def read() -> list[T]:
            async with self.house.db.read() as session:
                return list((await session.exec(select(table))).all())

        return self.loop.run_until_complete(read())

    def within(self) -> set[int]:
        return {Prepared.cast.election_id}

    @initialize()
    def begin(self) -> None:
        self.write(own_words=False, days=7)
        self.write(own_words=True, days=7)

    @rule(own_words=st.booleans(), days=st.sampled_from([0, 7, 20]))
    def write(self, own_words: bool, days: int) -> None:
        anchor = Timing(anchor=Anchor("PYL-07", "start", -days, time(9)))
        text = f"Catat {write_date(self.day)}." if own_words else None
        template = None if own_words else Prepared.template
        wanted = PostInput(id_of(Prepared.cast.cilendek), text=text, template_id=template, timing=anchor)
        self.run(self.house.posts.create(Prepared.cast.sari, wanted))

    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        """Dewi reads: she approves nothing that names a day that is gone."""
        said = write_date(self.day)
        waiting = [
            row.id or 0
            for row in self.all(Post)
            if row.state == PostState.IN_REVIEW and all(said in v["text"] for v in row.content["variants"])
        ]
        if waiting:
            self.run(self.house.posts.approve(Prepared.cast.dewi, data.draw(st.sampled_from(waiting))))

    @rule(day=st.sampled_from(DAYS), by_patch=st.booleans())
    def move(self, day: date, by_patch: bool) -> None:
        days: StageEdit = {"starts_on": day, "ends_on": day}
        if by_patch:
            self.run(self.house.tahapan.edit(Prepared.stage, days, by="uji"))
        else:
            dewi = Prepared.cast.dewi
            view = self.run(
                self.house.revising.revise(dewi, Prepared.stage, days, reason="x", dry_run=False, within=self.within())
            )
            assert view is not None
        self.day = day
        Prepared.revised += 1

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        ids = [row.id or 0 for row in self.all(Revision) if row.undone_at is None]
        if not ids:
            return
        chosen = data.draw(st.sampled_from(ids))
        done = self.run(
            self.house.revising.undo(Prepared.cast.dewi, chosen, reason="x", dry_run=False, within=self.within())
        )
        if done:
            before = next(row.before for row in self.all(Revision) if row.id == chosen)
            self.day = date.fromisoformat(before.get("starts_on", self.day.isoformat()))

    @rule(whole=st.booleans())
    def pause(self, whole: bool) -> None:
        unit = Prepared.cast.kpu if whole else Prepared.cast.cilendek
        self.run(self.house.pauses.pause(Prepared.cast.dewi, id_of(unit), reason="Uji"))

    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        ids = [row.id or 0 for row in self.all(Pause) if row.ended_at is None]
        if ids:
            self.run(self.house.pauses.resume(Prepared.cast.dewi, data.draw(st.sampled_from(ids))))

    @rule(speaking=st.booleans())
    def claim(self, speaking: bool) -> None:
        """`speaking`: every pause has ended before; a worker that is always held has nothing to show."""
        for row in self.all(Pause) if speaking else ():
            if row.ended_at is None:
                self.run(self.house.pauses.resume(Prepared.cast.dewi, row.id or 0))

        async def take() -> list[Claim]:
            async with self.house.db.write() as session:
                rows = await store.claim_due(session, "practice:x", worker_id=WORKER, now=NOW, ahead=HORIZON, limit=3)
                return await load(session, rows, channels=self.house.channels, media=self.house.media)

        for claim in self.run(take()) or []:
            assert claim.problem is None
            assert write_date(self.day) in claim.message.text, "a day that is gone leaves"
            assert not [row for row in self.all(Pause) if row.ended_at is None], "a paused unit speaks"
            self.claims[claim.id] = claim
            Prepared.claimed += 1

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), how=st.sampled_from(["published", "later", "unsure"]))
    def record(self, data: st.DataObject, how: str) -> None:
        claim = self.claims.pop(data.draw(st.sampled_from(sorted(self.claims))))
        error = {"later": TryLater("Nanti.", code="x"), "unsure": Unsure("?", code="x")}.get(how)
        this = rules.Try(claim.attempt, 0, "", claim.valid_until, (timedelta(seconds=15),))
        step = rules.after_send(error, this, now=NOW) if error else Next(State.PUBLISHED, Outcome.PUBLISHED)
        out = None if error else Published(f"r{claim.id}", None, NOW)
        recorder = recorder_of(self.house, WORKER, NOW)
        self.run(recorder.write([Result(claim, "send", NOW, NOW, step, error, out)]))

    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        """Sari has looked: it is not out."""
        ids = [row.id or 0 for row in self.all(Delivery) if row.state == State.UNSURE and row.worker_id is None]
        if ids:
            which = data.draw(st.sampled_from(ids))
            self.run(self.house.publishing.resolve(Prepared.cast.sari, which, published=False))

    @invariant()
    def all_is_well(self) -> None:
        posts = {row.id: row for row in self.all(Post)}
        paused = any(row.ended_at is None for row in self.all(Pause))
        for row in self.all(Delivery):
            post, said = posts[row.post_id], write_date(self.day)
            if row.message:
                assert row.message_hash == hash_of(row.message)
            match State(row.state):
                case State.DUE:
                    assert not paused
                    assert post.state == PostState.SCHEDULED
                    assert said in row.message["text"]
                    assert row.due_at == post.due_at
                case State.WAITING if row.message:
                    assert paused, "held by nothing"
                    assert said in row.message["text"]
                case State.WAITING:
                    assert post.state == PostState.IN_REVIEW, "nobody will ever look at it"
                case State.STOPPED:
                    assert row.reason


async def _prepare(url: str) -> None:
    async with cast_house(settings_for(Prepared.folder, url), still_at(NOW)) as (house, cast):
        Prepared.cast, Prepared.template = cast, await add_template(house, cast, VOTING)
        page = await house.tahapan.list(limit=100, cursor=None)
        Prepared.stage = next(row.id or 0 for row in page.rows if row.code == "PYL-07")
        assert await house.units.elections(cast.dewi, Act.CALENDAR) == {cast.election_id}


@pytest.mark.deep
def test_in_any_order_no_day_that_is_gone_leaves_and_nothing_is_stuck(sqlite_template: Path, tmp_path: Path) -> None:
    Prepared.folder = tmp_path
    shutil.copy(sqlite_template, tmp_path / "cast.db")
    run_apart(_prepare(f"sqlite:///{tmp_path / 'cast.db'}"))
    run_state_machine_as_test(
        Moves,
        settings=settings(
            max_examples=14, stateful_step_count=30, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), derandomize=True,
            phases=[Phase.generate],
        ),
    )  # fmt: skip
    assert Prepared.claimed > 10, "the worker had hardly anything to do"
    assert Prepared.revised > 20, "the calendar hardly moved"
