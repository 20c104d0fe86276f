"""Templates before they are saved: how they would read, what the guard finds; and how they read before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.content import store
from app.content.drafts import Draft
from app.content.models import PostTemplate
from app.content.owning import must_keep, owner_of
from app.content.rules import ALT, LONG, SHORT, languages_of
from app.content.service import Rendered, RenderInput, TemplateService
from app.content.version_store import versions_of
from app.kit.errors import AppError, NotFound

MOST_VERSIONS = 50
_SHOWN_BY = {SHORT: "x", LONG: "facebook"}
"""A platform that says the short and the long text."""


@dataclass(frozen=True)
class Tried:
    """One language on one platform, as one unit would say it."""

    lang: str
    platform: str
    rendered: Rendered


@dataclass(frozen=True)
class Version:
    """`by` empty: as it was loaded. `texts` by language and variant."""

    number: int
    title: str
    texts: dict[str, dict[str, str]]
    by: str
    created_at: datetime


@dataclass(frozen=True)
class TemplateDesk:
    templates: TemplateService

    async def may_keep(self, actor: Actor, template_id: int) -> bool:
        """May this person change it? Raises NotFound."""
        view = await self.templates.get(actor, template_id)
        async with self.templates.db.read() as session:
            row = await store.visible_template(session, actor.paths(Act.READ), view.id)
            try:
                await must_keep(session, actor, owner_id=view.unit_id, election_id=row.election_id if row else 0)
            except AppError:
                return False
        return True

    async def versions(self, actor: Actor, template_id: int) -> Sequence[Version]:
        """Newest first; none of a template that nobody has changed. Raises NotFound."""
        await self.templates.get(actor, template_id)
        async with self.templates.db.read() as session:
            rows = await versions_of(session, template_id, limit=MOST_VERSIONS)
        return [Version(row.number, row.body["title"], row.body["texts"], row.by, row.created_at) for row in rows]

    async def try_out(self, actor: Actor, draft: Draft, unit_id: int | None) -> Sequence[Tried]:
        """Writes nothing. `unit_id` None: a unit that it is for. Raises Forbidden, NotFound, BadInput as saving would."""
        actor.must(Act.TEMPLATES)
        async with self.templates.db.read() as session:
            owner = await owner_of(session, actor, None)
            await self.templates.check(session, draft, owner.election_id)
            paths = actor.paths(Act.READ)
            if unit_id is None:
                units = await unit_store.speaking_ids(session, paths, owner.election_id, kinds=draft.units)
                unit_id = next(iter(units), owner.id)
            found = await unit_store.speakers(session, [unit_id or 0], paths=paths)
            if unit_id not in found:
                raise NotFound("Unit itu tidak ditemukan.")
            speaker = found[unit_id]
            calendar = await self.templates.tahapan.calendar(session, speaker.election_id)
        row = PostTemplate(
            election_id=owner.election_id, key=draft.key, title=draft.title, stages=list(draft.stages), units=[]
        )
        return [
            Tried(lang, platform, self.templates.rendered(
                row, draft.texts, RenderInput(unit_id, platform, lang), speaker=speaker, calendar=calendar
            ))
            for lang in languages_of(draft.texts)
            for platform in dict.fromkeys(
                _SHOWN_BY.get(variant, variant) for each, variant in draft.texts if each == lang and variant != ALT
            )
            if platform in self.templates.platforms
        ]  # fmt: skip
