"""Every query on templates and their texts; who may see which is inside each of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, delete, false, or_, select, update
from sqlalchemy.orm import Mapped
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.accounts.speaker import lineage
from app.accounts.unit_store import in_scope
from app.content.models import PostTemplate, TemplateText
from app.content.rules import Texts
from app.kit.db import ReadSession, WriteSession


@dataclass(frozen=True)
class Wanted:
    """Which templates of a list. `stage`, `unit_kind`: those meant for it; `lang`: those with words in it."""

    q: str | None = None
    stage: str | None = None
    unit_kind: str | None = None
    lang: str | None = None
    segment: str | None = None


def ours_or_above(paths: Sequence[str], owner: Mapped[int] | Mapped[int | None]) -> ColumnElement[bool]:
    """Owned at or beneath any of `paths`, or by a unit above: what a KPU makes serves its whole tree.

    No paths: nothing.
    """
    if not paths:
        return false()
    above = {ancestor for path in paths for ancestor in lineage(path)}
    return or_(owner.in_(above), owner.in_(select(col(Unit.id)).where(in_scope(paths))))


def _visible(paths: Sequence[str]) -> ColumnElement[bool]:
    own = select(col(Unit.election_id)).where(in_scope(paths))
    shipped = and_(col(PostTemplate.unit_id).is_(None), col(PostTemplate.election_id).in_(own))
    return or_(shipped, ours_or_above(paths, col(PostTemplate.unit_id)))


async def visible_template(
    session: ReadSession, paths: Sequence[str], template_id: int, *, to_change: bool = False
) -> PostTemplate | None:
    """`to_change`: of two who change it at once the second waits, and reads what the first has written."""
    found = select_rows(PostTemplate).where(PostTemplate.id == template_id, _visible(paths))
    if to_change:
        found = found.with_for_update()
    return (await session.exec(found)).one_or_none()


async def list_templates(
    session: ReadSession, paths: Sequence[str], wanted: Wanted, *, limit: int, after: int | None
) -> Sequence[PostTemplate]:
    """Up to `limit` + 1 templates in the order they came in."""
    found = select_rows(PostTemplate).where(_visible(paths)).order_by(col(PostTemplate.id)).limit(limit + 1)
    if after is not None:
        found = found.where(col(PostTemplate.id) > after)
    if wanted.q:
        found = found.where(
            or_(
                col(PostTemplate.title).icontains(wanted.q, autoescape=True),
                col(PostTemplate.key).icontains(wanted.q, autoescape=True),
            )
        )
    if wanted.stage:
        found = found.where(or_(holds(col(PostTemplate.stages), wanted.stage), holds(col(PostTemplate.stages), "*")))
    if wanted.unit_kind:
        found = found.where(holds(col(PostTemplate.units), wanted.unit_kind))
    if wanted.segment:
        found = found.where(PostTemplate.segment == wanted.segment)
    if wanted.lang:
        speaking = select(col(TemplateText.template_id)).where(
            col(TemplateText.lang) == wanted.lang, col(TemplateText.variant) != "alt"
        )
        found = found.where(col(PostTemplate.id).in_(speaking))
    return (await session.exec(found)).all()


async def texts_of(session: ReadSession, template_ids: Collection[int]) -> dict[int, Texts]:
    """Each template's words by (language, variant); a template without any is there with nothing."""
    found: dict[int, dict[tuple[str, str], str]] = {template_id: {} for template_id in template_ids}
    for row in await text_rows(session, template_ids):
        found[row.template_id][row.lang, row.variant] = row.text
    return dict(found)


async def unread_of(session: ReadSession, template_ids: Collection[int]) -> dict[int, list[str]]:
    """By template, the languages that no native speaker has read yet."""
    query = select(col(TemplateText.template_id), col(TemplateText.lang)).distinct()
    query = query.where(col(TemplateText.template_id).in_(template_ids), col(TemplateText.needs_reader))
    found: dict[int, list[str]] = {template_id: [] for template_id in template_ids}
    for row in (await session.run(query.order_by(col(TemplateText.lang)))).all():
        found[row[0]].append(row[1])
    return found


async def mark_read(session: WriteSession, template_id: int, lang: str) -> bool:
    """False where nothing in this language waited."""
    statement = update(TemplateText).where(
        col(TemplateText.template_id) == template_id, col(TemplateText.lang) == lang, col(TemplateText.needs_reader)
    )
    return (await session.run(statement.values(needs_reader=False))).rowcount > 0


async def titles(session: ReadSession, template_ids: Collection[int]) -> dict[int, str]:
    """Of templates that the caller has come upon through something it may see."""
    query = select(col(PostTemplate.id), col(PostTemplate.title)).where(col(PostTemplate.id).in_(template_ids))
    return {row.id: row.title for row in await session.run(query)}


async def text_rows(session: ReadSession, template_ids: Collection[int]) -> Sequence[TemplateText]:
    rows = (
        select_rows(TemplateText).where(col(TemplateText.template_id).in_(template_ids)).order_by(col(TemplateText.id))
    )
    return (await session.exec(rows)).all()


async def by_keys(session: ReadSession, election_id: int, keys: Collection[str]) -> dict[str, PostTemplate]:
    """Of every scope: for loading, and to see whether a key is taken."""
    rows = select_rows(PostTemplate).where(PostTemplate.election_id == election_id, col(PostTemplate.key).in_(keys))
    return {row.key: row for row in (await session.exec(rows)).all()}


async def set_texts(
    session: WriteSession, template_id: int, texts: Texts, *, needs_reader: Collection[str] = ()
) -> None:
    """Puts `texts` in the place of all the template has. Those in a language of `needs_reader` wait for a native speaker."""
    await session.run(delete(TemplateText).where(col(TemplateText.template_id) == template_id))
    rows: list[Mapping[str, Any]] = [
        {
            "template_id": template_id,
            "lang": lang,
            "variant": variant,
            "text": text,
            "needs_reader": lang in needs_reader,
        }
        for (lang, variant), text in texts.items()
    ]
    await session.insert_many(TemplateText, rows)


def holds(column: Mapped[list[str]], word: str) -> ColumnElement[bool]:
    """Is `word` in this JSON list of words? Both databases keep such a list as text that can be searched."""
    return cast(column, String).contains(f'"{word}"', autoescape=True)
