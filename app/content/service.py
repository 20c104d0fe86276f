"""How templates are listed, written and rendered for one unit."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError

from app.accounts import unit_store
from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.accounts.speaker import Speaker
from app.accounts.variables import unfit
from app.audit.service import record
from app.content import store
from app.content.drafts import Change, Draft, Known, problems_of
from app.content.guard import Finding, Rules, check_text
from app.content.guard_service import facts_for
from app.content.languages import INDONESIAN
from app.content.loading import SHIPPED, LoadReport, load_templates
from app.content.models import PostTemplate
from app.content.owning import must_keep, owner_of
from app.content.rules import Ruler, Texts, compose, languages_of, measure, needs_of, segment_of
from app.content.store import Wanted
from app.content.values import to_ask, values_for
from app.content.version_store import keep_version
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, NotFound, Problem, Stale
from app.kit.paging import Page, cut
from app.kit.versions import names
from app.tahapan.rules import Calendar, Stage
from app.tahapan.service import TahapanService

_NOT_FOUND = "Templat itu tidak ada, atau bukan untuk unit Anda."


@dataclass(frozen=True)
class TemplateView:
    """A template with its words. `ask`: variables that a person must fill in; `needs_reader`: languages that no native speaker has read."""

    id: int
    key: str
    title: str
    stages: list[str]
    units: list[str]
    needs: list[str]
    ask: list[str]
    pillar: str
    programme: str
    segment: str
    unit_id: int | None
    version: int
    languages: list[str]
    texts: Texts
    needs_reader: Sequence[str] = ()

    @property
    def etag(self) -> str:
        return f'"{"-".join([f"t{self.id}", str(self.version), *self.needs_reader])}"'


@dataclass(frozen=True)
class RenderInput:
    """For whom, where and when a template is tried. `at` None: now; `tahapan` None: the stage of that day."""

    unit_id: int
    platform: str
    lang: str = "id"
    at: datetime | None = None
    variables: Mapping[str, object] | None = None
    tahapan: str | None = None


@dataclass(frozen=True)
class Rendered:
    """`length` and `limit` are in the platform's own counting; `missing` variables stand in `text` as `[isi: name]`."""

    text: str
    alt_text: str
    length: int
    limit: int
    missing: tuple[str, ...]
    problems: tuple[str, ...]
    guard: tuple[Finding, ...]
    tahapan: str | None


@dataclass
class TemplateService:
    db: Database
    now: Callable[[], datetime]
    tahapan: TahapanService
    platforms: Mapping[str, Ruler]
    guard: Rules

    async def load(self, file: Path = SHIPPED, election: str = "pilkada-2024") -> LoadReport:
        """Idempotent; keeps what people edited. Raises BadInput naming template and line, and then loads nothing."""
        return await load_templates(self.db, file, election=election, now=self.now())

    async def list(
        self, actor: Actor, wanted: Wanted = Wanted(), *, limit: int, cursor: str | None
    ) -> Page[TemplateView]:
        """Shipped templates, the actor's units' own, and those of the units above."""
        after = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await store.list_templates(session, actor.paths(Act.READ), wanted, limit=limit, after=after)
            page = cut(rows, limit, lambda row: [row.id])
            ids = [row.id for row in page.rows if row.id]
            texts, unread = await store.texts_of(session, ids), await store.unread_of(session, ids)
        return Page([_view(row, texts[row.id or 0], unread[row.id or 0]) for row in page.rows], page.next)

    async def get(self, actor: Actor, template_id: int) -> TemplateView:
        """Raises NotFound."""
        async with self.db.read() as session:
            row = await _visible(session, actor, template_id)
            unread = (await store.unread_of(session, [template_id]))[template_id]
            return _view(row, (await store.texts_of(session, [template_id]))[template_id], unread)

    async def confirm(self, actor: Actor, template_id: int, lang: str) -> TemplateView:
        """A person who speaks it has read the words in this language. Raises NotFound, Forbidden, Conflict where none waited."""
        actor.must(Act.TEMPLATES)
        async with self.db.write() as session:
            row = await _visible(session, actor, template_id, to_change=True)
            if not await store.mark_read(session, template_id, lang):
                raise Conflict("Tidak ada teks dalam bahasa ini yang menunggu dibaca penutur asli.")
            detail = {"key": row.key, "lang": lang}
            await record(
                session,
                at=self.now(),
                actor=actor.label,
                action="template.confirm",
                subject=f"template:{template_id}",
                detail=detail,
            )
        return await self.get(actor, template_id)

    async def add(self, actor: Actor, draft: Draft, *, unit_id: int | None = None) -> TemplateView:
        """A template of `unit_id` (None: the unit where the actor keeps templates) and those beneath.

        Raises BadInput with line and reason for what the sandbox refuses, Forbidden, NotFound, Conflict (a taken key).
        """
        actor.must(Act.TEMPLATES)
        try:
            async with self.db.write() as session:
                owner = await owner_of(session, actor, unit_id)
                await self.check(session, draft, owner.election_id)
                if await store.by_keys(session, owner.election_id, [draft.key]):
                    raise _taken(draft.key)
                row = PostTemplate(election_id=owner.election_id, unit_id=owner.id, key=draft.key, title="")
                unread = {lang for lang, _ in draft.texts} - {INDONESIAN}
                return await self._save(session, actor, row, draft, action="template.add", unread=unread)
        except IntegrityError as error:  # somebody else took the key in the same moment
            raise _taken(draft.key) from error

    async def edit(
        self, actor: Actor, template_id: int, change: Change, *, if_match: str | None = None
    ) -> TemplateView:
        """Raises NotFound, Forbidden, BadInput, Stale. The template then survives every later load.

        `if_match` None: whatever stands there now is changed.
        """
        async with self.db.write() as session:
            row = await _visible(session, actor, template_id, to_change=True)
            await must_keep(session, actor, owner_id=row.unit_id, election_id=row.election_id)
            texts = (await store.texts_of(session, [template_id]))[template_id]
            waiting = (await store.unread_of(session, [template_id]))[template_id]
            if if_match is not None and not names(if_match, _view(row, texts, waiting).etag):
                raise Stale("Templat ini sudah diubah sejak Anda membacanya. Muat ulang, lalu ulangi.")
            before = _draft(row, texts)
            after = _changed(before, change)
            if after == before:
                return _view(row, texts, waiting)
            await self.check(session, after, row.election_id)
            await keep_version(session, row, before, by="", at=row.edited_at or self.now())
            row.version += 1
            unread = {*waiting, *_rewritten(before, after)}
            return await self._save(session, actor, row, after, action="template.edit", unread=unread)

    async def render(self, actor: Actor, template_id: int, wanted: RenderInput) -> Rendered:
        """What one unit would say with this template.

        Raises NotFound, and BadInput for an unknown platform, language or stage.
        """
        ruler = self.platforms.get(wanted.platform)
        if ruler is None:
            raise _unknown("platform", wanted.platform, self.platforms)
        async with self.db.read() as session:
            row = await _visible(session, actor, template_id)
            texts = (await store.texts_of(session, [template_id]))[template_id]
            found = await unit_store.speakers(session, [wanted.unit_id], paths=actor.paths(Act.READ))
            if wanted.unit_id not in found:
                raise NotFound("Unit itu tidak ditemukan.")
            speaker = found[wanted.unit_id]
            calendar = await self.tahapan.calendar(session, speaker.election_id)
        if wanted.lang not in languages_of(texts):
            raise _unknown("lang", wanted.lang, languages_of(texts))
        return self.rendered(row, texts, wanted, speaker=speaker, calendar=calendar)

    def rendered(
        self, row: PostTemplate, texts: Texts, wanted: RenderInput, *, speaker: Speaker, calendar: Calendar
    ) -> Rendered:
        """As `render`, for a template and a unit that have been read already."""
        at, ruler = wanted.at or self.now(), self.platforms[wanted.platform]
        stage = _stage(row, wanted, calendar, speaker=speaker, at=at)
        values = values_for(speaker, calendar, stage=stage, due_at=at, given=wanted.variables or {})
        composed = compose(texts, lang=wanted.lang, platform=wanted.platform, values=values)
        measured = measure(ruler, composed.text)
        return Rendered(
            text=composed.text,
            alt_text=composed.alt_text,
            length=measured.length,
            limit=measured.limit,
            missing=composed.missing,
            problems=(*composed.problems, *_unfit(wanted.variables or {})),
            guard=tuple(check_text(self.guard, composed.text, facts_for(speaker, calendar, at))),
            tahapan=stage.code if stage else None,
        )

    async def check(self, session: ReadSession, draft: Draft, election_id: int) -> None:
        """Raises BadInput naming everything that keeps it from being saved."""
        calendar = await self.tahapan.calendar(session, election_id)
        if problems := problems_of(draft, Known(calendar.stages, self.platforms)):
            said = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:4])
            raise BadInput(f"Templat belum dapat disimpan. {said}", *problems)

    async def _save(
        self,
        session: WriteSession,
        actor: Actor,
        row: PostTemplate,
        draft: Draft,
        *,
        action: str,
        unread: Collection[str],
    ) -> TemplateView:
        row.title, row.pillar, row.programme = draft.title.strip(), draft.pillar, draft.programme
        row.stages, row.units, row.needs = list(draft.stages), list(draft.units), needs_of(draft.texts)
        row.segment = draft.segment or segment_of(draft.pillar)
        row.edited_at = self.now()
        session.add(row)
        await session.flush()
        assert row.id is not None
        await store.set_texts(session, row.id, draft.texts, needs_reader=unread)
        await keep_version(session, row, draft, by=actor.label, at=self.now())
        detail = {"key": row.key, "version": row.version}
        await record(
            session, at=self.now(), actor=actor.label, action=action, subject=f"template:{row.id}", detail=detail
        )
        return _view(row, draft.texts, sorted({lang for lang, _ in draft.texts} & set(unread)))


def _unfit(given: Mapping[str, object]) -> list[str]:
    return [f"{name}: {said}" for name, value in given.items() if (said := unfit(name, value))]


def _rewritten(before: Draft, after: Draft) -> set[str]:
    """Languages other than Indonesian whose words have changed: somebody who speaks them must read them again."""
    changed = {place for place, text in after.texts.items() if before.texts.get(place) != text}
    return {lang for lang, _ in changed} - {INDONESIAN}


async def _visible(session: ReadSession, actor: Actor, template_id: int, *, to_change: bool = False) -> PostTemplate:
    row = await store.visible_template(session, actor.paths(Act.READ), template_id, to_change=to_change)
    if row is None:
        raise NotFound(_NOT_FOUND)
    return row


def _stage(
    row: PostTemplate, wanted: RenderInput, calendar: Calendar, *, speaker: Speaker, at: datetime
) -> Stage | None:
    calendar = calendar.local(speaker.wilayah_code)
    if wanted.tahapan is None:
        return calendar.stage_of(row.stages, at.astimezone(ZoneInfo(speaker.timezone)).date())
    stage = calendar.find(wanted.tahapan)
    if stage is None:
        message = f'Tahapan "{wanted.tahapan}" tidak ada di kalender.'
        raise BadInput(message, Problem("tahapan", "tidak ada di kalender"))
    return stage


def _unknown(name: str, value: str, known: Mapping[str, object] | list[str]) -> BadInput:
    said = {"platform": "Platform", "lang": "Bahasa"}[name]
    message = f'{said} "{value[:40]}" tidak ada untuk templat ini. Yang ada: {", ".join(known)}.'
    return BadInput(message, Problem(name, "tidak ada"))


def _taken(key: str) -> Conflict:
    return Conflict(f'Kunci "{key}" sudah dipakai templat lain. Pilih kunci lain.', Problem("key", "sudah dipakai"))


def _draft(row: PostTemplate, texts: Texts) -> Draft:
    return Draft(
        row.key, row.title, tuple(row.stages), tuple(row.units), texts,
        pillar=row.pillar, programme=row.programme, segment=row.segment,
    )  # fmt: skip


def _changed(before: Draft, change: Change) -> Draft:
    given = {
        name: value
        for name in ("title", "stages", "units", "pillar", "programme", "segment")
        if (value := getattr(change, name)) is not None
    }
    texts = {**before.texts, **change.texts}
    return replace(before, texts={place: text for place, text in texts.items() if text is not None}, **given)


def _view(row: PostTemplate, texts: Texts, unread: Sequence[str] = ()) -> TemplateView:
    assert row.id is not None
    return TemplateView(
        id=row.id,
        key=row.key,
        title=row.title,
        stages=list(row.stages),
        units=list(row.units),
        needs=list(row.needs),
        ask=to_ask(row.needs),
        pillar=row.pillar,
        programme=row.programme,
        segment=row.segment,
        unit_id=row.unit_id,
        version=row.version,
        languages=languages_of(texts),
        texts=texts,
        needs_reader=tuple(unread),
    )
