"""What a unit could publish today: ready texts of the running stages, already speaking as that unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.accounts.speaker import Speaker
from app.channels.models import Channel
from app.content import store as content_store
from app.content.models import PostTemplate
from app.content.rules import Texts, languages_of
from app.content.values import to_ask
from app.kit.errors import Conflict, NotFound
from app.posts import rules, store, suggest_rules
from app.posts.planning import Plan, Planner, Source
from app.posts.rules import Reviewer, Timing
from app.posts.service import PostInput, PostService, PostView
from app.posts.suggest_rules import Candidate
from app.tahapan.rules import ANY_STAGE, Calendar

MOST_TEMPLATES = 200
GONE = "Saran ini sudah dipakai atau sudah lewat masanya. Muat ulang halamannya."


@dataclass(frozen=True)
class Suggestion:
    """One ready post. `reviewer` says who must look at it first; `missing` are variables a person must fill in."""

    template_id: int
    title: str
    stage: str
    text: str
    platforms: Sequence[str]
    missing: Sequence[str]
    reviewer: Reviewer
    at: datetime
    is_now: bool


@dataclass(frozen=True)
class _Desk:
    """What lies on the table of one unit; `rows` in the order in which they are offered."""

    speaker: Speaker
    calendar: Calendar
    channels: Sequence[Channel]
    rows: Sequence[PostTemplate]
    texts: Mapping[int, Texts]
    at: datetime


@dataclass(frozen=True)
class SuggestService:
    """Reads templates, calendar and what the unit has said; what is taken becomes an ordinary post."""

    posts: PostService

    async def today(self, actor: Actor, unit_id: int) -> list[Suggestion]:
        """At most three, none of which the guard would stop. Raises NotFound and Forbidden as writing would."""
        now = self.posts.now()
        desk = await self._look(actor, unit_id, now=now)
        found: list[Suggestion] = []
        for row in desk.rows if desk.channels else ():
            plan = self._plan(desk, row, now=now)
            if plan.variants and all(trouble.field.startswith("variables.") for trouble in plan.troubles):
                found.append(_suggestion(actor, row, plan, at=desk.at, now=now))
            if len(found) == suggest_rules.MOST:
                break
        return found

    async def take(self, actor: Actor, unit_id: int, template_id: int) -> PostView:
        """Publish one of today's suggestions; Conflict if it is none any more, so that a second tap posts nothing twice."""
        offered = {one.template_id: one for one in await self.today(actor, unit_id)}
        if template_id not in offered:
            raise Conflict(GONE)
        return await self.posts.create(
            actor, PostInput(unit_id, template_id=template_id, timing=Timing(at=offered[template_id].at))
        )

    async def _look(self, actor: Actor, unit_id: int, *, now: datetime) -> _Desk:
        """Everything that is needed, read at one moment."""
        async with self.posts.db.read() as session:
            speaker = (await unit_store.speakers(session, [unit_id], paths=actor.paths(Act.READ))).get(unit_id)
            if speaker is None:
                raise NotFound("Unit ini tidak ada, atau di luar wilayah tugas Anda.")
            actor.must(Act.WRITE, speaker.path)
            calendar = await self.posts.tahapan.calendar(session, speaker.election_id)
            wanted = content_store.Wanted(unit_kind=speaker.kind)
            rows = await content_store.list_templates(
                session, actor.paths(Act.READ), wanted, limit=MOST_TEMPLATES, after=None
            )
            used = await store.templates_used(session, unit_id, since=now - suggest_rules.RESTS)
            at = suggest_rules.next_moment(now, speaker.timezone)
            order = suggest_rules.pick(_candidates(rows, calendar, used, speaker, at), now=now)
            by_id = {row.id: row for row in rows}
            return _Desk(
                speaker,
                calendar,
                await self.posts.default_channels(session, unit_id),
                [by_id[template_id] for template_id in order],
                await content_store.texts_of(session, order),
                at,
            )

    def _plan(self, desk: _Desk, row: PostTemplate, *, now: datetime) -> Plan:
        texts, posts = desk.texts[row.id or 0], self.posts
        source = Source(
            languages_of(texts)[0], texts, template_id=row.id, title=row.title, stages=row.stages, pillar=row.pillar
        )
        planner = Planner(
            source, desk.calendar, posts.adapters, posts.guard, Timing(at=desk.at), {}, None, posts.grace, now
        )
        return planner.plan(desk.speaker, desk.channels)


def _candidates(
    rows: Sequence[PostTemplate], calendar: Calendar, used: Mapping[int, datetime], speaker: Speaker, at: datetime
) -> list[Candidate]:
    """Those whose stage holds on the day they would go out."""
    day = at.astimezone(ZoneInfo(speaker.timezone)).date()
    found = []
    for row in rows:
        stage = calendar.stage_of(row.stages, day)
        if stage is None or row.id is None:
            continue
        is_bound = stage.starts_on is not None and stage.ends_on is not None and ANY_STAGE not in row.stages
        lasts = stage.ends_on - stage.starts_on if is_bound and stage.starts_on and stage.ends_on else None
        asks = bool(to_ask(row.needs, speaker.variables))
        found.append(Candidate(row.id, row.pillar, lasts, asks, used.get(row.id)))
    return found


def _suggestion(actor: Actor, row: PostTemplate, plan: Plan, *, at: datetime, now: datetime) -> Suggestion:
    route = rules.route(actor, plan.speaker.path, is_untouched=True, levels=plan.levels, sensitive=plan.sensitive)
    return Suggestion(
        template_id=row.id or 0,
        title=row.title,
        stage=plan.stage.name if plan.stage else "",
        text=max((variant.text for variant in plan.variants), key=len),
        platforms=[variant.platform for variant in plan.variants],
        missing=plan.missing,
        reviewer=route.reviewer,
        at=at,
        is_now=at - now < timedelta(minutes=1),
    )
