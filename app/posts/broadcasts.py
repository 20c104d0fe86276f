"""One template to many units: look first, then all of it in one go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.accounts import unit_store
from app.accounts.models import Unit
from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.accounts.speaker import Speaker
from app.audit.service import record, tell
from app.channels.models import Channel
from app.channels.rules import ways_of
from app.content import store as content_store
from app.content.alts import alt_in
from app.content.guard import Rules
from app.content.media import MediaService
from app.content.models import PostTemplate
from app.content.price import NOTHING
from app.content.rules import Texts
from app.kit.db import Database, ReadSession
from app.kit.errors import BadInput, Conflict, NotFound, Problem
from app.kit.paging import Page, cut
from app.platforms.contract import Adapter
from app.platforms.registry import TITLES
from app.posts import rules, store, voices
from app.posts.attaching import Attached
from app.posts.broadcast_views import BroadcastInput as BroadcastInput
from app.posts.broadcast_views import BroadcastView as BroadcastView
from app.posts.broadcast_views import Sample as Sample
from app.posts.broadcast_views import UnitProblem as UnitProblem
from app.posts.broadcast_views import problem_json, request_json
from app.posts.correcting import Corrected, channels_to_correct
from app.posts.models import Broadcast
from app.posts.planning import Plan, Planner, Source
from app.posts.postering import choose
from app.posts.rules import SUGGESTED, Answer
from app.posts.service import check_variables
from app.posts.telling import broadcast_review_wanted, suggested
from app.posts.writing import Common, Item, Writer
from app.publishing.service import PublishingService
from app.publishing.withdrawing import read_reason
from app.tahapan.service import TahapanService


@dataclass(frozen=True)
class Draft:
    """What would be written for one call: finished plans, and what stands in the way of the others."""

    root_id: int
    template: PostTemplate
    environment: str
    units: Sequence[Unit]
    items: Sequence[Item]
    problems: Sequence[UnitProblem]
    common: Common
    corrected: Sequence[Corrected] = ()


@dataclass
class BroadcastService:
    db: Database
    now: Callable[[], datetime]
    grace: timedelta
    adapters: Mapping[str, Adapter]
    guard: Rules
    tahapan: TahapanService
    media: MediaService
    publishing: PublishingService

    async def preview(self, actor: Actor, wanted: BroadcastInput) -> BroadcastView:
        """What would be created, with everything that stands in the way; writes nothing."""
        draft = await self.draft(actor, wanted)
        return _looked_at(draft)

    async def create(self, actor: Actor, wanted: BroadcastInput) -> BroadcastView:
        """All posts in one transaction. Units with problems are left out and named; none left is a BadInput."""
        draft = await self.draft(actor, wanted)
        if not draft.items:
            reasons = list(dict.fromkeys(problem.reason for problem in draft.problems))
            shown = " ".join(reasons[:3]) or "Tidak ada unit yang cocok dengan pilihan ini."
            raise BadInput(
                f"Siaran tidak dibuat. {shown}", *(Problem(f"unit.{p.unit_id}", p.reason) for p in draft.problems[:50])
            )
        row = Broadcast(
            unit_id=draft.root_id,
            template_id=wanted.template_id,
            mode=wanted.mode,
            environment=draft.environment,
            request=request_json(wanted),
            units=len(draft.items),
            posts=len(draft.items),
            deliveries=sum(len(item.plan.channels) for item in draft.items),
            problems=[problem_json(p) for p in draft.problems],
            deadline=wanted.deadline,
            corrects=wanted.corrects,
            created_by=actor.user_id,
            created_at=self.now(),
        )
        async with self.db.write() as session:
            await self.tahapan.must_still_be(session, draft.common.calendar)
            session.add(row)
            await session.flush()
            assert row.id is not None
            is_offered = wanted.mode == SUGGESTED
            # A suggestion waits on the unit's own desk: nothing is queued before somebody there has said yes.
            items = [replace(item, route=None) for item in draft.items] if is_offered else draft.items
            answer = Answer.WAITING if is_offered else Answer.NONE
            common = replace(draft.common, broadcast_id=row.id, answer=answer)
            ids = await Writer(self.media, self.publishing, self.adapters).insert(session, items, common)
            detail = {"template": draft.template.key, "units": row.units, "deliveries": row.deliveries}
            await record(
                session,
                at=self.now(),
                actor=actor.label,
                action="broadcast.create",
                subject=f"broadcast:{row.id}",
                detail=detail,
            )
            await tell(
                session,
                suggested(row, ids, items)
                if is_offered
                else broadcast_review_wanted(row, items, is_urgent=wanted.urgent),
                at=self.now(),
            )
        return await self.get(actor, row.id)

    async def get(self, actor: Actor, broadcast_id: int) -> BroadcastView:
        async with self.db.read() as session:
            row = await self._visible(session, actor, broadcast_id)
            return (await self._views(session, [row]))[0]

    async def list(self, actor: Actor, *, limit: int, cursor: str | None = None) -> Page[BroadcastView]:
        before = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await store.find_broadcasts(session, actor.paths(Act.READ), limit=limit + 1, before_id=before)
            page = cut(rows, limit, lambda row: [row.id])
            return Page(await self._views(session, page.rows), page.next)

    async def any(self) -> bool:
        """Has anything ever been broadcast here?"""
        async with self.db.read() as session:
            return bool(await store.find_broadcasts(session, ["/"], limit=1, before_id=None))

    async def cancel(self, actor: Actor, broadcast_id: int, *, reason: str = "") -> BroadcastView:
        """Stops everything of it that has not left."""
        said = reason.strip() or "Siaran dibatalkan."
        async with self.db.write() as session:
            row = await self._visible(session, actor, broadcast_id)
            unit = await unit_store.unit(session, row.unit_id, paths=actor.paths(Act.READ))
            actor.must(Act.BROADCAST, unit.path if unit else None)
            if not await store.close_broadcast(session, broadcast_id, now=self.now()):
                raise Conflict("Siaran ini sudah dibatalkan.")
            await store.hold_broadcast_posts(session, broadcast_id)
            count = await self.publishing.cancel(session, broadcast_id=broadcast_id, reason=said)
            await store.cancel_broadcast_posts(session, broadcast_id, now=self.now(), reason=said)
            detail = {"cancelled": count, "reason": said}
            await record(
                session,
                at=self.now(),
                actor=actor.label,
                action="broadcast.cancel",
                subject=f"broadcast:{broadcast_id}",
                detail=detail,
            )
        return await self.get(actor, broadcast_id)

    async def withdraw(self, actor: Actor, broadcast_id: int, *, reason: str) -> BroadcastView:
        """Takes down all of it that is out or may be, and stops what has not left. Raises BadInput, NotFound, Forbidden."""
        said, now = read_reason(reason), self.now()
        async with self.db.write() as session:
            row = await self._visible(session, actor, broadcast_id)
            unit = await unit_store.unit(session, row.unit_id, paths=actor.paths(Act.READ))
            actor.must(Act.BROADCAST, unit.path if unit else None)
            await store.close_broadcast(session, broadcast_id, now=now)
            await store.hold_broadcast_posts(session, broadcast_id)
            count = await self.publishing.cancel(session, broadcast_id=broadcast_id, reason=said)
            await store.cancel_broadcast_posts(session, broadcast_id, now=now, reason=said)
            asked = await self.publishing.want_down(session, broadcast_id, reason=said, asked_by=actor.user_id)
            detail = {"withdrawn": asked, "cancelled": count, "reason": said}
            subject = f"broadcast:{broadcast_id}"
            await record(
                session, at=now, actor=actor.label, action="broadcast.withdraw", subject=subject, detail=detail
            )
        return await self.get(actor, broadcast_id)

    async def draft(self, actor: Actor, wanted: BroadcastInput) -> Draft:
        """Reads and plans; writes nothing. Raises Forbidden, NotFound, BadInput."""
        actor.must(Act.BROADCAST)
        self._check_platforms(wanted.platforms)
        async with self.db.read() as session:
            exact = None
            if wanted.corrects:
                exact = await channels_to_correct(
                    session, actor, wanted.corrects, self.adapters, in_place=wanted.in_place
                )
                wanted = replace(wanted, under=None, unit_ids=exact.unit_ids)
            template = await content_store.visible_template(session, actor.paths(Act.READ), wanted.template_id)
            if template is None:
                raise NotFound("Templat ini tidak ada, atau bukan untuk unit Anda.")
            check_variables(wanted.variables, template.needs)
            texts = (await content_store.texts_of(session, [wanted.template_id]))[wanted.template_id]
            root, units = await self._units(session, actor, wanted, template)
            ids = [unit.id for unit in units if unit.id is not None]
            speakers = await unit_store.speakers(session, ids, paths=actor.paths(Act.BROADCAST)) if ids else {}
            channels = await store.open_channels(session, unit_ids=ids, platforms=wanted.platforms)
            media = await self.media.require_visible(session, actor, wanted.media)
            attached = Attached.of(wanted.media, media)
            calendar = await self.tahapan.calendar(session, template.election_id)
            poster = await choose(session, actor, wanted.poster, wanted.media, media)
        source = _untouched(template, texts, wanted.lang).choosing(self.adapters, wanted.options)
        environment = wanted.environment or (
            "live" if any(c.environment != "practice" for c in channels) else "practice"
        )
        source = replace(source, poster=poster)
        planner = Planner(
            source, calendar, self.adapters, self.guard, wanted.timing, wanted.variables, wanted.tahapan, self.grace, self.now(),
            attached=attached, valid_until=wanted.valid_until,
        )  # fmt: skip
        own: dict[int, list[Channel]] = {unit_id: [] for unit_id in ids}
        for channel in channels:
            if channel.environment in ways_of(environment) if exact is None else channel.id in exact:
                own[channel.unit_id].append(channel)
        chosen = [speakers[i] for i in ids if i in speakers]
        if why_not := voices.lacks_local_words(source, wanted.platforms, chosen):
            raise BadInput(why_not, Problem("template_id", why_not))
        items, problems = self._plan_all(actor, planner, chosen, own, wanted)
        async with self.db.read() as session:
            said = await voices.heard(session, [item.plan for item in items])
        items, repeated = voices.tell_apart(items, said)
        problems = [*problems, *(_problem(speaker, reason) for speaker, reason in repeated)]
        common = Common(
            source, wanted.timing, wanted.variables, wanted.tahapan, actor.user_id, self.now(), calendar,
            valid_until=wanted.valid_until, clip=attached.clip, is_urgent=wanted.urgent,
            alt_texts={media_id: alt_in(row, wanted.lang) for media_id, row in media.items()},
        )  # fmt: skip
        items = [exact.aim(item) for item in items] if exact else items
        corrected = [one for item in items for one in exact.of(item)] if exact else []
        return Draft(root, template, environment, units, items, problems, common, corrected)

    def _plan_all(
        self,
        actor: Actor,
        planner: Planner,
        speakers: Sequence[Speaker],
        channels: Mapping[int, Sequence[Channel]],
        wanted: BroadcastInput,
    ) -> tuple[Sequence[Item], Sequence[UnitProblem]]:
        items: list[Item] = []
        problems: list[UnitProblem] = []
        for index, speaker in enumerate(speakers):
            own = channels[speaker.unit_id]
            asked = () if wanted.corrects else dict.fromkeys(wanted.platforms)
            absent = [p for p in asked if p not in {channel.platform for channel in own}]
            problems += [
                _problem(speaker, f"Belum ada akun {TITLES.get(p, p)} yang tersambung.", "channels") for p in absent
            ]
            if not own:
                continue
            plan = planner.plan(speaker, own, later=rules.stagger(index, len(speakers), wanted.stagger_minutes))
            if plan.troubles:
                problems += [_problem(speaker, trouble.message, trouble.field) for trouble in plan.troubles]
                continue
            route = rules.route(actor, speaker.path, is_untouched=True, levels=plan.levels, sensitive=plan.sensitive)
            items.append(Item(plan, route, wanted.media))
        return items, problems

    async def _units(
        self, session: ReadSession, actor: Actor, wanted: BroadcastInput, template: PostTemplate
    ) -> tuple[int, Sequence[Unit]]:
        """The chosen units within the actor's reach, and the unit the broadcast belongs to."""
        paths = actor.paths(Act.BROADCAST)
        under = await unit_store.unit(session, wanted.under, paths=paths) if wanted.under is not None else None
        if wanted.under is not None and under is None:
            raise NotFound("Unit induk siaran ini tidak ada, atau di luar wilayah Anda.")
        kinds = wanted.kinds or template.units
        unfit = sorted(set(kinds) - set(template.units))
        if unfit:
            message = f"Templat “{template.title}” tidak dibuat untuk {', '.join(kind.upper() for kind in unfit)}."
            raise BadInput(message, Problem("select.kinds", message))
        found = await unit_store.speaking_in(
            session, paths, kinds=kinds, under_path=under.path if under else None, ids=wanted.unit_ids
        )
        found = [unit for unit in found if unit.election_id == template.election_id]
        if wanted.unit_ids and (foreign := sorted(set(wanted.unit_ids) - {unit.id for unit in found})):
            message = (
                f"Unit {', '.join(map(str, foreign))} tidak ada, di luar wilayah Anda, atau bukan jenis yang dipilih."
            )
            raise BadInput(message, Problem("select.unit_ids", message))
        return (under.id or 0) if under else _topmost(actor), found

    def _check_platforms(self, platforms: Sequence[str]) -> None:
        unknown = sorted(set(platforms) - set(self.adapters))
        if unknown or not platforms:
            known = ", ".join(sorted(self.adapters))
            message = (
                f"Platform tidak dikenal: {', '.join(unknown)}. Pilihan: {known}."
                if unknown
                else f"Pilih paling sedikit satu platform: {known}."
            )
            raise BadInput(message, Problem("platforms", message))

    async def _visible(self, session: ReadSession, actor: Actor, broadcast_id: int) -> Broadcast:
        row = await store.find_broadcast(session, actor.paths(Act.READ), broadcast_id)
        if row is None:
            raise NotFound("Siaran ini tidak ada, atau bukan dari unit Anda.")
        return row

    async def _views(self, session: ReadSession, rows: Sequence[Broadcast]) -> Sequence[BroadcastView]:
        ids = [row.id for row in rows if row.id is not None]
        states = await self.publishing.broadcast_states(session, ids)
        down = await self.publishing.taken_down(session, ids)
        waiting = await store.count_in_review(session, ids)
        titles = await content_store.titles(session, [row.template_id for row in rows])
        answers = await store.count_answers(session, [row.id or 0 for row in rows if row.mode == SUGGESTED])
        return [
            BroadcastView(
                row.id,
                row.template_id,
                titles.get(row.template_id, ""),
                row.mode,
                row.environment,
                row.units,
                row.posts,
                row.deliveries,
                waiting.get(row.id or 0, 0),
                states[row.id or 0],
                [UnitProblem(**problem) for problem in row.problems],
                deadline=row.deadline,
                created_at=row.created_at,
                cancelled_at=row.cancelled_at,
                withdrawal=down.get(row.id or 0),
                corrects=row.corrects,
                answers=answers.get(row.id or 0, {}),
                created_by=row.created_by,
                approved_by=row.approved_by,
                approved_at=row.approved_at,
            )
            for row in rows
        ]


def _topmost(actor: Actor) -> int:
    """The one unit above all that the actor may broadcast to; a broadcast is seen and stopped from there."""
    paths = actor.paths(Act.BROADCAST)
    tops = [
        path for path in dict.fromkeys(paths) if not any(path != other and path.startswith(other) for other in paths)
    ]
    if len(tops) != 1:
        message = "Anda bertugas di beberapa unit yang terpisah. Pilih unit induk siaran ini."
        raise BadInput(message, Problem("select.under", "pilih unit induknya"))
    return next(grant.unit_id for grant in actor.grants if grant.path == tops[0])


def _untouched(template: PostTemplate, texts: Texts, lang: str) -> Source:
    return Source(
        lang,
        texts,
        template_id=template.id,
        template_version=template.version,
        title=template.title,
        stages=template.stages,
        programme=template.programme,
        segment=template.segment,
        pillar=template.pillar,
    )


def _looked_at(draft: Draft) -> BroadcastView:
    deliveries = sum(len(item.plan.channels) for item in draft.items)
    waiting = sum(item.route is not None and item.route.reviewer is not rules.Reviewer.NOBODY for item in draft.items)
    samples = [sample for item in draft.items[:3] for sample in _samples(item.plan)]
    return BroadcastView(
        None,
        draft.template.id or 0,
        draft.template.title,
        "",
        draft.environment,
        len(draft.items),
        len(draft.items),
        deliveries,
        waiting,
        {},
        draft.problems,
        samples,
        price=sum((item.plan.price for item in draft.items), NOTHING),
        corrected=draft.corrected,
    )


def _samples(plan: Plan) -> list[Sample]:
    speaker = plan.speaker
    return [
        Sample(speaker.unit_id, speaker.name, v.platform, v.text, v.length, v.limit, plan.due_at) for v in plan.variants
    ]


def _problem(speaker: Speaker, reason: str, field: str = "") -> UnitProblem:
    return UnitProblem(speaker.unit_id, speaker.name, reason, field)
