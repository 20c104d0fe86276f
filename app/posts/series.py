"""One template around a stage, again and again: expanded to ordinary posts, changed and stopped as one."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.audit.service import record, tell
from app.content import store as content_store
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import AppError, BadInput, Conflict, NotFound
from app.kit.paging import Page, cut
from app.platforms.contract import Adapter
from app.posts import rules, series_store, store
from app.posts.broadcasts import BroadcastInput, BroadcastService, Draft
from app.posts.models import Post, Series
from app.posts.postering import PosterWish
from app.posts.rules import PostState, Timing
from app.posts.series_rules import Schedule, Step, steps_of
from app.posts.telling import series_review_wanted
from app.posts.writing import Common, Item, Writer, poster_spec_of
from app.publishing.renewing import Standing, standing_of
from app.tahapan.service import TahapanService

OVER = "Seri ini sudah dihentikan."
DROPPED = "Tidak lagi bagian dari serinya."


@dataclass(frozen=True)
class SeriesInput:
    """Who says what, around which stage. `environment` None: as in a broadcast."""

    template_id: int
    schedule: Schedule
    platforms: Sequence[str]
    kinds: Sequence[str] = ()
    under: int | None = None
    unit_ids: Sequence[int] | None = None
    lang: str = "id"
    stagger_minutes: int = 0
    media: Sequence[int] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    environment: str | None = None
    poster: PosterWish | None = None

    def at(self, step: Step) -> BroadcastInput:
        return BroadcastInput(
            self.template_id, self.kinds, self.under, self.unit_ids, self.platforms, step.timing, self.lang,
            stagger_minutes=self.stagger_minutes, media=self.media, variables=self.variables,
            environment=self.environment, poster=self.poster,
        )  # fmt: skip


@dataclass(frozen=True)
class StepView:
    """One moment of a series: its first minute, and its posts by state."""

    step: str
    due_at: datetime | None
    by_state: Mapping[str, int]


@dataclass(frozen=True)
class SeriesView:
    """`id` None: only looked at. `kept`: posts that an edit left alone, because a person has written in them or they have left."""

    id: int | None
    unit_id: int
    template_id: int
    title: str
    environment: str
    request: Mapping[str, Any]
    posts: int
    steps: Sequence[StepView]
    problems: Sequence[Mapping[str, Any]]
    kept: int = 0
    created_at: datetime | None = None
    cancelled_at: datetime | None = None


Drafts = Sequence[tuple[Step, Draft]]
Problems = list[dict[str, Any]]


@dataclass
class SeriesService:
    db: Database
    now: Callable[[], datetime]
    adapters: Mapping[str, Adapter]
    tahapan: TahapanService
    broadcasts: BroadcastService
    actor_of: Callable[[int], Awaitable[Actor]]

    @property
    def writer(self) -> Writer:
        return Writer(self.broadcasts.media, self.broadcasts.publishing, self.adapters)

    async def preview(self, actor: Actor, wanted: SeriesInput) -> SeriesView:
        drafts, problems = await self._drafts(actor, wanted)
        template = drafts[0][1].template
        steps = [
            StepView(step.name, min((i.plan.due_at for i in draft.items if i.plan.due_at), default=None), {})
            for step, draft in drafts
        ]
        return SeriesView(
            None, drafts[0][1].root_id, wanted.template_id, template.title, drafts[0][1].environment,
            _request(wanted), sum(len(draft.items) for _, draft in drafts), steps, problems,
        )  # fmt: skip

    async def create(self, actor: Actor, wanted: SeriesInput) -> SeriesView:
        """All posts of all moments in one transaction. Moments that have passed and units with problems are left out and named."""
        drafts, problems = await self._drafts(actor, wanted)
        now, first = self.now(), drafts[0][1]
        row = Series(
            unit_id=first.root_id, template_id=wanted.template_id, environment=first.environment,
            request=_request(wanted), problems=problems, steps=[step.name for step, _ in drafts],
            stamp=first.common.calendar.stamp, created_by=actor.user_id, created_at=now, updated_at=now,
        )  # fmt: skip
        async with self.db.write() as session:
            await self.tahapan.must_still_be(session, first.common.calendar)
            session.add(row)
            await session.flush()
            assert row.id is not None
            for step, draft in drafts:
                await self._insert(session, draft, draft.items, step, row.id)
            posts = sum(len(draft.items) for _, draft in drafts)
            await self._note(session, actor, "series.create", row.id, {"posts": posts, "template": first.template.key})
        return await self.get(actor, row.id)

    async def edit(self, actor: Actor, series_id: int, changes: Mapping[str, Any]) -> SeriesView:
        """Reaches what is queued and not sent. What a person has changed, cancelled or what has left stays as it is."""
        async with self.db.read() as session:
            row = await self._owned(session, actor, series_id)
        wanted = replace(_input(row), **changes)
        drafts, problems = await self._drafts(actor, wanted)
        async with self.db.write() as session:
            await self.tahapan.must_still_be(session, drafts[0][1].common.calendar)
            fresh = await self._owned(session, actor, series_id, to_change=True)
            if fresh.version != row.version:
                raise Conflict("Seri ini baru saja diubah orang lain. Muat ulang, lalu ulangi.")
            unplanned = {str(p["step"]) for p in problems if p["unit_id"] is None}
            kept = await self._reconcile(session, series_id, drafts, unplanned)
            values = {
                "request": _request(wanted),
                "template_id": wanted.template_id,
                "problems": problems,
                "steps": [step.name for step, _ in drafts],
                "stamp": drafts[0][1].common.calendar.stamp,
                "updated_at": self.now(),
            }
            await series_store.change(session, series_id, values)
            await self._note(session, actor, "series.edit", series_id, {"kept": kept, "changed": sorted(changes)})
        return replace(await self.get(actor, series_id), kept=kept)

    async def grow(self) -> int:
        """New moments of series whose calendar has changed since they were last expanded, in the name of who made them.

        Answers how many posts were made. Any number of workers may.
        """
        async with self.db.read() as session:
            rows = await series_store.outgrown(session)
        return sum([await self._grow_one(row) for row in rows])

    async def _grow_one(self, row: Series) -> int:
        wanted, series_id = _input(row), row.id or 0
        drafts: Drafts = []
        try:
            actor = await self.actor_of(row.created_by or 0)
            drafts, problems = await self._drafts(actor, wanted, without=row.steps)
        except AppError as error:
            problems = [{"step": "", "unit_id": None, "unit_name": "", "reason": error.message}]
        async with self.db.write() as session:
            election_id = await series_store.election_of(session, series_id)
            calendar = await self.tahapan.calendar(session, election_id)
            if any(draft.common.calendar.stamp != calendar.stamp for _, draft in drafts):
                return 0
            fresh = await series_store.find_series(session, ["/"], series_id, to_change=True)
            if fresh is None or fresh[0].version != row.version:
                return 0
            for step, draft in drafts:
                await self._insert(session, draft, draft.items, step, series_id)
            steps, posts = [step.name for step, _ in drafts], sum(len(draft.items) for _, draft in drafts)
            values = {
                "steps": [*row.steps, *steps],
                "stamp": calendar.stamp,
                "problems": [*row.problems, *(each for each in problems if each not in row.problems)],
            }
            await series_store.change(session, series_id, values)
            if steps:
                detail = {"steps": steps, "posts": posts}
                subject = f"series:{series_id}"
                await record(
                    session, at=self.now(), actor="sistem", action="series.grow", subject=subject, detail=detail
                )
        return posts

    async def cancel(self, actor: Actor, series_id: int, *, reason: str = "") -> SeriesView:
        """Stops everything of it that has not left."""
        said = reason.strip() or "Seri dihentikan."
        async with self.db.write() as session:
            await self._owned(session, actor, series_id, to_change=True)
            posts = await series_store.posts_of(session, series_id, lock=True)
            standing = await standing_of(session, [post.id or 0 for post in posts], lock=True)
            await self._cancel(session, posts, standing, said)
            await series_store.change(session, series_id, {"cancelled_at": self.now(), "updated_at": self.now()})
            await self._note(session, actor, "series.cancel", series_id, {"reason": said})
        return await self.get(actor, series_id)

    async def get(self, actor: Actor, series_id: int) -> SeriesView:
        async with self.db.read() as session:
            found = await series_store.find_series(session, actor.paths(Act.READ), series_id)
            if found is None:
                raise NotFound("Seri ini tidak ada, atau bukan dari unit Anda.")
            return (await _views(session, [found[0]]))[0]

    async def list(self, actor: Actor, *, limit: int, cursor: str | None = None) -> Page[SeriesView]:
        before = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await series_store.list_series(session, actor.paths(Act.READ), limit=limit + 1, before_id=before)
            page = cut(rows, limit, lambda row: [row.id])
            return Page(await _views(session, page.rows), page.next)

    async def _drafts(
        self, actor: Actor, wanted: SeriesInput, *, without: Collection[str] | None = None
    ) -> tuple[Drafts, Problems]:
        """`without`: moments it has already; then nothing new is no error."""
        actor.must(Act.BROADCAST)
        async with self.db.read() as session:
            template = await content_store.visible_template(session, actor.paths(Act.READ), wanted.template_id)
            if template is None:
                raise NotFound("Templat ini tidak ada, atau bukan untuk unit Anda.")
            calendar = await self.tahapan.calendar(session, template.election_id)
        drafts: list[tuple[Step, Draft]] = []
        problems: Problems = []
        for step in steps_of(wanted.schedule, calendar):
            if without is not None and step.name in without:
                continue
            try:
                draft = await self.broadcasts.draft(actor, wanted.at(step))
            except BadInput as error:
                problems.append({"step": step.name, "unit_id": None, "unit_name": "", "reason": error.message})
                continue
            drafts.append((step, draft))
            problems += [
                {
                    "step": step.name,
                    "unit_id": p.unit_id,
                    "unit_name": p.unit_name,
                    "reason": p.reason,
                    "field": p.field,
                }
                for p in draft.problems
            ]
        if without is not None:
            return [(step, draft) for step, draft in drafts if draft.items], problems
        if not any(draft.items for _, draft in drafts):
            said = " ".join(list(dict.fromkeys(str(p["reason"]) for p in problems))[:3])
            raise BadInput(f"Seri tidak dibuat. {said or 'Tidak ada unit yang cocok dengan pilihan ini.'}")
        return drafts, problems

    async def _insert(
        self, session: WriteSession, draft: Draft, items: Sequence[Item], step: Step, series_id: int
    ) -> None:
        if not items:
            return
        ids = await self.writer.insert(session, items, _common(draft, step, series_id))
        await tell(session, series_review_wanted(ids, items, draft.common.created_by), at=self.now())

    async def _reconcile(
        self, session: WriteSession, series_id: int, drafts: Drafts, unplanned: Collection[str]
    ) -> int:
        """What is there becomes what is wanted; answers how many posts were left alone.

        Moments that cannot be planned (`unplanned`) have passed: what is still on its way there goes on.
        """
        posts = await series_store.posts_of(session, series_id, lock=True)
        standing = await standing_of(session, [post.id or 0 for post in posts], lock=True)
        there = {
            (post.unit_id, post.series_step): post
            for post in posts
            if post.series_step not in unplanned and (post.state != PostState.CANCELLED or post.reason != DROPPED)
        }
        kept = 0
        for step, draft in drafts:
            new = [item for item in draft.items if (item.plan.speaker.unit_id, step.name) not in there]
            await self._insert(session, draft, new, step, series_id)
            for item in draft.items:
                post = there.pop((item.plan.speaker.unit_id, step.name), None)
                if post is None or post.state not in rules.MAY_EDIT:
                    continue
                if _is_with_a_person(post) or not _is_untried(standing[post.id or 0]):
                    kept += 1
                elif not _says_the_same(post, item, poster_spec_of(item, draft.common)):
                    await self._rewrite(session, post, item, _common(draft, step, series_id))
        surplus = [post for post in there.values() if post.state in rules.MAY_CANCEL]
        mine = [post for post in surplus if not _is_with_a_person(post)]
        await self._cancel(session, mine, standing, DROPPED)
        return kept + len(surplus) - len(mine)

    async def _rewrite(self, session: WriteSession, post: Post, item: Item, common: Common) -> None:
        post_id = post.id or 0
        await self.broadcasts.publishing.take_out(session, post_id)
        poster = await self.writer.attach(session, item, common, before=post)
        row = self.writer.post_row(item, common, poster)
        keys = {"unit_id", "broadcast_id", "created_at", "created_by", "version"}
        values = {name: value for name, value in row.items() if name not in keys}
        await store.change_post(session, post_id, version=post.version, values=values)
        new = self.writer.deliveries(post_id, item, row["content"], common)
        await self.broadcasts.publishing.enqueue(session, new)
        before = series_review_wanted([post_id], [item], common.created_by)
        await tell(session, before if post.state != PostState.IN_REVIEW else [], at=self.now())

    async def _cancel(
        self, session: WriteSession, posts: Sequence[Post], standing: Mapping[int, Sequence[Standing]], reason: str
    ) -> None:
        """A post of which something has left ends by itself; what has not left of it is stopped all the same."""
        ids = [post.id or 0 for post in posts if post.state in rules.MAY_CANCEL]
        await self.broadcasts.publishing.cancel(session, post_ids=ids, reason=reason)
        whole = [identity for identity in ids if all(each.may_leave for each in standing[identity])]
        await series_store.cancel_posts(session, whole, now=self.now(), reason=reason)

    async def _owned(self, session: ReadSession, actor: Actor, series_id: int, *, to_change: bool = False) -> Series:
        """Raises NotFound, Forbidden, Conflict once it was stopped."""
        found = await series_store.find_series(session, actor.paths(Act.READ), series_id, to_change=to_change)
        if found is None:
            raise NotFound("Seri ini tidak ada, atau bukan dari unit Anda.")
        row, path = found
        actor.must(Act.BROADCAST, path)
        if row.cancelled_at is not None:
            raise Conflict(OVER)
        return row

    async def _note(
        self, session: WriteSession, actor: Actor, action: str, series_id: int, detail: Mapping[str, Any]
    ) -> None:
        subject = f"series:{series_id}"
        await record(session, at=self.now(), actor=actor.label, action=action, subject=subject, detail=detail)


def _common(draft: Draft, step: Step, series_id: int) -> Common:
    return replace(draft.common, series_id=series_id, series_step=step.name)


def _is_with_a_person(post: Post) -> bool:
    """A unit has written its own words, or taken it back to its desk."""
    is_own = post.content.get("text") is not None or post.content.get("overrides") or post.content.get("edited_by")
    return bool(is_own) or post.state in rules.MAY_SUBMIT


def _is_untried(standing: Sequence[Standing]) -> bool:
    return all(each.attempt == 0 and each.may_leave for each in standing)


def _says_the_same(post: Post, item: Item, spec: Mapping[str, Any] | None) -> bool:
    """Same words in the same places at the same minute: an approval it has stays."""
    plan, content = item.plan, post.content
    stored = {v["platform"]: (v["text"], v.get("alt_text", "")) for v in content.get("variants", ())}
    return (
        stored == {v.platform: (v.text, v.alt_text) for v in plan.variants}
        and post.due_at == plan.due_at
        and post.valid_until == plan.valid_until
        and list(content.get("channels", ())) == [channel.id for channel in plan.channels]
        and list(content.get("media", ())) == list(item.media)
        and content.get("poster_spec") == spec
        and Timing.from_json(post.timing) is not None
    )


async def _views(session: ReadSession, rows: Sequence[Series]) -> list[SeriesView]:
    counted = await series_store.count(session, [row.id or 0 for row in rows])
    titles = await content_store.titles(session, [row.template_id for row in rows])
    return [_view(row, titles.get(row.template_id, ""), counted) for row in rows]


def _view(row: Series, title: str, counted: Sequence[tuple[int, str, str, int, datetime | None]]) -> SeriesView:
    steps: dict[str, StepView] = {}
    for series_id, name, state, count, due_at in counted:
        if series_id != row.id:
            continue
        seen = steps.get(name, StepView(name, None, {}))
        first = min((at for at in (seen.due_at, due_at) if at is not None), default=None)
        steps[name] = StepView(name, first, {**seen.by_state, state: count})
    in_order = sorted(steps.values(), key=lambda step: (step.due_at is None, step.due_at, step.step))
    posts = sum(sum(step.by_state.values()) for step in in_order)
    return SeriesView(
        row.id, row.unit_id, row.template_id, title, row.environment, row.request, posts, in_order, row.problems,
        created_at=row.created_at, cancelled_at=row.cancelled_at,
    )  # fmt: skip


def _request(wanted: SeriesInput) -> dict[str, Any]:
    return {
        "template_id": wanted.template_id,
        "schedule": wanted.schedule.as_json(),
        "platforms": list(wanted.platforms),
        "kinds": list(wanted.kinds),
        "under": wanted.under,
        "unit_ids": list(wanted.unit_ids) if wanted.unit_ids else None,
        "lang": wanted.lang,
        "stagger_minutes": wanted.stagger_minutes,
        "media": list(wanted.media),
        "poster": asdict(wanted.poster) if wanted.poster else None,
        "variables": dict(wanted.variables),
        "environment": wanted.environment,
    }


def _input(row: Series) -> SeriesInput:
    stored = {**row.request, "schedule": Schedule.from_json(row.request["schedule"])}
    # An edit must not wander from practice to live because a channel was joined meanwhile.
    poster = PosterWish.from_request(stored.get("poster"))
    return SeriesInput(**{**stored, "environment": stored["environment"] or row.environment, "poster": poster})
