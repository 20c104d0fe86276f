"""Moving one post to another minute: looked at first, carried out by the same rules as any edit, and taken back in one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.kit.errors import Conflict
from app.posts import moving_rules, rules
from app.posts.models import Post
from app.posts.moving_rules import After, Before
from app.posts.planning import Plan
from app.posts.rules import PostState, Route, Timing
from app.posts.service import PostInput, PostService, PostView, check_version, exemptions, input_of
from app.posts.writing import Common, Item
from app.tahapan.rules import Calendar

KEPT_AS = "moved"
"""Where a post keeps what it was before its last move, until anything else of it changes."""


@dataclass(frozen=True)
class Move:
    """What a move would do. `follows`: the name of the stage whose day it hangs on ('': a fixed minute)."""

    post: PostView
    zone: str
    unit_name: str
    due_at: datetime
    warnings: Sequence[str]
    follows: str


@dataclass(frozen=True)
class _Planned:
    post: Post
    wanted: PostInput
    plan: Plan
    common: Common
    route: Route | None
    zone: str
    unit_name: str
    calendar: Calendar


@dataclass
class MoveService:
    posts: PostService

    async def weigh(
        self, actor: Actor, post_id: int, at: datetime, *, keeps_stage: bool = True, version: int | None = None
    ) -> Move:
        """Writes nothing. Raises what `move` would raise."""
        found = await self._plan(actor, post_id, at, keeps_stage=keeps_stage, version=version)
        assert found.plan.due_at is not None
        warnings = moving_rules.warnings(*_ends(found), zone=found.zone, calendar=found.calendar)
        timing = Timing.from_json(found.post.timing)
        stage = found.calendar.find(timing.anchor.tahapan) if timing and timing.anchor else None
        post = await self.posts.get(actor, post_id)
        return Move(post, found.zone, found.unit_name, found.plan.due_at, warnings, stage.name if stage else "")

    async def move(
        self, actor: Actor, post_id: int, at: datetime, *, keeps_stage: bool = True, version: int | None = None
    ) -> PostView:
        """`version` None: whatever it is now. Conflict for what has left or is over, Stale for one that somebody changed meanwhile,

        BadInput for a minute that cannot be.
        """
        found = await self._plan(actor, post_id, at, keeps_stage=keeps_stage, version=version)
        return await self._put(actor, found, {KEPT_AS: {"timing": found.post.timing}})

    async def take_back(self, actor: Actor, post_id: int, *, version: int | None = None) -> PostView:
        """To the minute before its last move; Conflict where it was not moved, or has changed since."""
        post, _ = await self._open(actor, post_id, version)
        former = post.content.get(KEPT_AS, {}).get("timing")
        timing = Timing.from_json(former) if former else None
        if timing is None:
            raise Conflict("Unggahan ini sudah diubah lagi, jadi pemindahannya tidak dapat diurungkan.")
        return await self._put(actor, await self._decided(actor, post, timing), {})

    async def _plan(
        self, actor: Actor, post_id: int, at: datetime, *, keeps_stage: bool, version: int | None
    ) -> _Planned:
        post, _ = await self._open(actor, post_id, version)
        zone, _, calendar = await self._place(actor, post)
        timing = moving_rules.moved(
            Timing.from_json(post.timing), at, keeps_stage=keeps_stage, calendar=calendar, zone=zone
        )
        return await self._decided(actor, post, timing)

    async def _decided(self, actor: Actor, post: Post, timing: Timing) -> _Planned:
        wanted = replace(input_of(post), timing=timing)
        submit = post.state != PostState.DRAFT
        plan, common, route = await self.posts.decide(actor, wanted, submit=submit, exempt=exemptions(post))
        zone, name, calendar = await self._place(actor, post)
        return _Planned(post, wanted, plan, common, route, zone, name, calendar)

    async def _place(self, actor: Actor, post: Post) -> tuple[str, str, Calendar]:
        """Its unit's zone and name, and the calendar as it holds there."""
        async with self.posts.db.read() as session:
            paths = actor.paths(Act.READ)
            speaker = (await unit_store.speakers(session, [post.unit_id], paths=paths))[post.unit_id]
            calendar = await self.posts.tahapan.calendar(session, speaker.election_id)
        return speaker.timezone, speaker.name, calendar.local(speaker.wilayah_code)

    async def _open(self, actor: Actor, post_id: int, version: int | None) -> tuple[Post, str]:
        post, path = await self.posts.found(actor, post_id)
        actor.must(Act.WRITE, path)
        check_version(post, "*" if version is None else f'"{post_id}-{version}-"')
        if post.state not in rules.MAY_MOVE or post.due_at is None:
            raise Conflict("Unggahan ini sudah selesai, ditolak, atau dibatalkan, jadi tidak dapat dipindah.")
        return post, path

    async def _put(self, actor: Actor, found: _Planned, note: Mapping[str, Any]) -> PostView:
        item = Item(found.plan, found.route, found.wanted.media)
        await self.posts.put(actor, found.post, item, found.common, action="post.edit", note=note)
        return await self.posts.get(actor, found.post.id or 0)


def _ends(found: _Planned) -> tuple[Before, After]:
    post, plan = found.post, found.plan
    was = [variant["text"] for variant in post.content.get("variants", ())]
    before = Before(PostState(post.state), post.tahapan, was, post.due_at)
    assert plan.due_at is not None
    return before, After(plan.stage, [variant.text for variant in plan.variants], plan.due_at, found.route)
