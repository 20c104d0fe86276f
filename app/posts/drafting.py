"""What a broadcast would say: its units planned part by part, so that the whole country fits into memory."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.accounts.speaker import Speaker
from app.channels.models import Channel
from app.channels.rules import ways_of
from app.content import store as content_store
from app.content.alts import alt_in
from app.content.guard import Rules
from app.content.media import MediaService
from app.content.models import PostTemplate
from app.content.rules import Texts
from app.kit.db import Database, ReadSession
from app.kit.errors import BadInput, NotFound, Problem
from app.platforms.contract import Adapter
from app.platforms.registry import TITLES
from app.posts import rules, store, voices
from app.posts.attaching import Attached
from app.posts.broadcast_views import BroadcastInput, UnitProblem
from app.posts.correcting import Corrected, Targets, channels_to_correct
from app.posts.planning import Planner, Source
from app.posts.postering import choose
from app.posts.service import check_variables
from app.posts.writing import Common, Item
from app.tahapan.service import TahapanService

PART = 1_000
"""Units planned at a time: some 10 MB of plans."""


@dataclass(frozen=True)
class Draft:
    """What would be written for one call: finished plans, and what stands in the way of the others."""

    root_id: int
    template: PostTemplate
    environment: str
    items: Sequence[Item]
    problems: Sequence[UnitProblem]
    common: Common
    corrected: Sequence[Corrected] = ()


@dataclass(frozen=True)
class Scene:
    """What all units of one broadcast share; `ids` are the units, in the order of the tree."""

    wanted: BroadcastInput
    root_id: int
    template: PostTemplate
    environment: str
    ids: Sequence[int]
    planner: Planner
    common: Common
    exact: Targets | None


@dataclass(frozen=True)
class Drafter:
    db: Database
    now: Callable[[], datetime]
    grace: timedelta
    adapters: Mapping[str, Adapter]
    guard: Rules
    tahapan: TahapanService
    media: MediaService
    part: int = PART

    async def draft(self, actor: Actor, wanted: BroadcastInput) -> Draft:
        """All of it at once, to be written. Raises Forbidden, NotFound, BadInput."""
        scene = await self.scene(actor, wanted)
        items: Sequence[Item] = []
        problems: list[UnitProblem] = []
        async for planned, found in self.parts(actor, scene):
            items, problems = [*items, *planned], [*problems, *found]
        async with self.db.read() as session:
            said = await voices.heard(session, [item.plan for item in items])
        items, repeated = voices.tell_apart(items, said)
        problems += [UnitProblem(speaker.unit_id, speaker.name, reason) for speaker, reason in repeated]
        exact = scene.exact
        items = [exact.aim(item) for item in items] if exact else items
        corrected = [one for item in items for one in exact.of(item)] if exact else []
        return Draft(scene.root_id, scene.template, scene.environment, items, problems, scene.common, corrected)

    async def scene(self, actor: Actor, wanted: BroadcastInput) -> Scene:
        """Raises Forbidden, NotFound, BadInput."""
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
            root, ids = await self._units(session, actor, wanted, template)
            ways = (wanted.environment and {wanted.environment}) or await self._ways(session, ids, wanted)
            media = await self.media.require_visible(session, actor, wanted.media)
            attached = Attached.of(wanted.media, media)
            calendar = await self.tahapan.calendar(session, template.election_id)
            poster = await choose(session, actor, wanted.poster, wanted.media, media)
        source = _untouched(template, texts, wanted.lang).choosing(self.adapters, wanted.options)
        source = replace(source, poster=poster)
        planner = Planner(
            source, calendar, self.adapters, self.guard, wanted.timing, wanted.variables, wanted.tahapan, self.grace, self.now(),
            attached=attached, valid_until=wanted.valid_until,
        )  # fmt: skip
        common = Common(
            source, wanted.timing, wanted.variables, wanted.tahapan, actor.user_id, self.now(), calendar,
            valid_until=wanted.valid_until, clip=attached.clip, is_urgent=wanted.urgent,
            alt_texts={media_id: alt_in(row, wanted.lang) for media_id, row in media.items()},
        )  # fmt: skip
        environment = wanted.environment or ("live" if ways - {"practice"} else "practice")
        return Scene(wanted, root, template, environment, ids, planner, common, exact)

    async def parts(self, actor: Actor, scene: Scene) -> AsyncIterator[tuple[list[Item], list[UnitProblem]]]:
        """Plans of a part of the units at a time, and what stands in the way of the others. Raises BadInput."""
        paths, wanted = actor.paths(Act.BROADCAST), scene.wanted
        for start in range(0, len(scene.ids), self.part):
            ids = scene.ids[start : start + self.part]
            async with self.db.read() as session:
                speakers = await unit_store.speakers(session, ids, paths=paths)
                channels = await store.open_channels(session, unit_ids=ids, platforms=wanted.platforms)
            own: dict[int, list[Channel]] = {unit_id: [] for unit_id in ids}
            for channel in channels:
                if (
                    channel.environment in ways_of(scene.environment)
                    if scene.exact is None
                    else channel.id in scene.exact
                ):
                    own[channel.unit_id].append(channel)
            chosen = [speakers[i] for i in ids if i in speakers]
            if not start and (why_not := voices.lacks_local_words(scene.planner.source, wanted.platforms, chosen)):
                raise BadInput(why_not, Problem("template_id", why_not))
            yield _plan_part(actor, scene, chosen, own, start)

    async def _ways(self, session: ReadSession, ids: Sequence[int], wanted: BroadcastInput) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(ids), self.part):
            part = ids[start : start + self.part]
            found |= await store.environments_of(session, unit_ids=part, platforms=wanted.platforms)
        return found

    async def _units(
        self, session: ReadSession, actor: Actor, wanted: BroadcastInput, template: PostTemplate
    ) -> tuple[int, Sequence[int]]:
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
        found = await unit_store.speaking_ids(
            session, paths, template.election_id, kinds=kinds, under_path=under.path if under else None, ids=wanted.unit_ids
        )  # fmt: skip
        if wanted.unit_ids and (foreign := sorted(set(wanted.unit_ids) - set(found))):
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


def _plan_part(
    actor: Actor, scene: Scene, speakers: Sequence[Speaker], channels: Mapping[int, Sequence[Channel]], start: int
) -> tuple[list[Item], list[UnitProblem]]:
    """`start`: the place of the first of them among all units."""
    wanted, items, problems = scene.wanted, [], []
    for index, speaker in enumerate(speakers, start):
        own = channels[speaker.unit_id]
        asked = () if wanted.corrects else dict.fromkeys(wanted.platforms)
        absent = [p for p in asked if p not in {channel.platform for channel in own}]
        problems += [
            _problem(speaker, f"Belum ada akun {TITLES.get(p, p)} yang tersambung.", "channels") for p in absent
        ]
        if not own:
            continue
        later = rules.stagger(index, len(scene.ids), wanted.stagger_minutes)
        plan = scene.planner.plan(speaker, own, later=later)
        if plan.troubles:
            problems += [_problem(speaker, trouble.message, trouble.field) for trouble in plan.troubles]
            continue
        route = rules.route(actor, speaker.path, is_untouched=True, levels=plan.levels, sensitive=plan.sensitive)
        items.append(Item(plan, route, wanted.media))
    return items, problems


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


def _problem(speaker: Speaker, reason: str, field: str = "") -> UnitProblem:
    return UnitProblem(speaker.unit_id, speaker.name, reason, field)
