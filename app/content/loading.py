"""How a file of templates comes into the database: all of it is checked first, then all or nothing comes in."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from app.audit.service import record
from app.content import store
from app.content.drafts import Draft, Known, problems_of
from app.content.languages import INDONESIAN
from app.content.models import PostTemplate
from app.content.rules import ALT, LONG, SHORT, needs_of, segment_of
from app.kit.db import Database, WriteSession
from app.kit.errors import BadInput, Problem
from app.platforms.registry import PLATFORMS
from app.settings import ROOT
from app.tahapan.service import TahapanService

SHIPPED = ROOT / "data" / "templates.yaml"
_LOADER = "sistem"
# What the file calls its variants, and what the table does.
_VARIANTS = {"x": SHORT, "long": LONG}
_TOLD = 4


@dataclass(frozen=True)
class LoadReport:
    """`templates`: how many the file holds; `kept`: those left alone because a person edited them."""

    templates: int = 0
    added: int = 0
    changed: int = 0
    kept: int = 0

    @property
    def is_unchanged(self) -> bool:
        return not self.added and not self.changed


@dataclass(frozen=True)
class _Entry:
    """One template of the file; `line` is where it starts, `lines` where each of its keys stands (from 1)."""

    line: int
    lines: Mapping[str, int]
    draft: Draft
    needs: tuple[str, ...]


async def load_templates(
    db: Database, file: Path = SHIPPED, *, now: datetime, election: str = "pilkada-2024"
) -> LoadReport:
    """Adds and updates templates by their key. A second run changes nothing, and what a person edited stays.

    Raises BadInput naming each template and line that is wrong, and then loads nothing, and NotFound for an unknown
    election.
    """
    entries = await asyncio.to_thread(_read, file)
    tahapan = TahapanService(db, lambda: now)
    async with db.write() as session:
        home = await tahapan.election_by_code(session, election)
        assert home.id is not None
        calendar = await tahapan.calendar(session, home.id)
        _refuse(file.name, [found for entry in entries for found in _wrong(entry, Known(calendar.stages, PLATFORMS))])
        report = await _merge(session, home.id, entries)
        if not report.is_unchanged:
            detail = {"file": file.name, "added": report.added, "changed": report.changed, "kept": report.kept}
            await record(
                session, at=now, actor=_LOADER, action="template.load", subject=f"election:{home.id}", detail=detail
            )
    return report


async def _merge(session: WriteSession, election_id: int, entries: Sequence[_Entry]) -> LoadReport:
    existing = await store.by_keys(session, election_id, [entry.draft.key for entry in entries])
    texts = await store.texts_of(session, [row.id for row in existing.values() if row.id])
    added = changed = kept = 0
    for entry in entries:
        row = existing.get(entry.draft.key)
        if row is not None and (row.edited_at is not None or row.unit_id is not None):
            kept += 1
            continue
        if row is None:
            row = PostTemplate(election_id=election_id, key=entry.draft.key, title="")
            added += 1
        elif not _differs(row, entry.draft) and texts[row.id or 0] == entry.draft.texts:
            continue
        else:
            row.version += 1
            changed += 1
        await _write(session, row, entry.draft)
    return LoadReport(len(entries), added, changed, kept)


async def _write(session: WriteSession, row: PostTemplate, draft: Draft) -> None:
    for name, value in _values(draft).items():
        setattr(row, name, value)
    session.add(row)
    await session.flush()
    assert row.id is not None
    # Only Indonesian was written by those who read it; every other language waits for a native reader.
    await store.set_texts(session, row.id, draft.texts, needs_reader={lang for lang, _ in draft.texts} - {INDONESIAN})


def _values(draft: Draft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "stages": list(draft.stages),
        "units": list(draft.units),
        "needs": needs_of(draft.texts),
        "pillar": draft.pillar,
        "programme": draft.programme,
        "segment": draft.segment or segment_of(draft.pillar),
    }


def _differs(row: PostTemplate, draft: Draft) -> bool:
    return any(getattr(row, name) != value for name, value in _values(draft).items())


def _read(file: Path) -> list[_Entry]:
    try:
        tree = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"Berkas {file} tidak dapat dibaca.", Problem(file.name, "tidak dapat dibaca")) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"baris {mark.line + 1}" if mark else "berkas"
        raise BadInput(
            f"{file.name} {where}: bukan YAML yang sah.", Problem(file.name, f"{where}: bukan YAML")
        ) from error
    rows = data.get("templates") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not rows:
        raise BadInput(
            f"{file.name}: daftar 'templates' tidak ada.", Problem(file.name, "daftar 'templates' tidak ada")
        )
    assert tree is not None
    nodes = _child(tree, "templates").value
    found = [_entry(row, node) for row, node in zip(rows, nodes, strict=True)]
    _refuse(file.name, [*_shapes(found), *_twice([entry for entry in found if isinstance(entry, _Entry)])])
    return [entry for entry in found if isinstance(entry, _Entry)]


def _entry(row: Any, node: yaml.Node) -> _Entry | Problem:
    line = node.start_mark.line + 1
    if not isinstance(row, dict) or not isinstance(row.get("key"), str):
        return Problem(str(line), f"baris {line}: templat tanpa key")
    try:
        texts = dict(_texts(row))
        draft = Draft(
            key=row["key"], title=_word(row, "title"),
            stages=_words(row, "stages"), units=_words(row, "units"), texts=texts,
            pillar=_word(row, "pillar"), programme=_word(row, "programme"), segment=_word(row, "segment"),
        )  # fmt: skip
        return _Entry(line, _lines(node), draft, _words(row, "needs"))
    except TypeError as error:
        return Problem(str(line), f"baris {line} ({row['key']}): {error}")


def _texts(row: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    if alt := _word(row, "image_alt"):
        yield ("id", ALT), alt
    # A key of two letters is a language; an unknown one is then refused by its name.
    for lang in (key for key in row if len(str(key)) == 2):
        if not isinstance(row[lang], dict):
            raise TypeError(f"{lang} harus berisi varian dan teksnya")
        for variant in row[lang]:
            yield (lang, _VARIANTS.get(variant, variant)), _word(row[lang], variant).strip()


def _word(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name, "")
    if not isinstance(value, str):
        raise TypeError(f"{name} harus teks")
    return value


def _words(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise TypeError(f"{name} harus daftar kata")
    return tuple(value)


def _shapes(found: Sequence[_Entry | Problem]) -> Iterator[Problem]:
    yield from (entry for entry in found if isinstance(entry, Problem))


def _twice(entries: Sequence[_Entry]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for entry in entries:
        if (first := seen.setdefault(entry.draft.key, entry.line)) != entry.line:
            yield Problem(
                str(entry.line), f"baris {entry.line} ({entry.draft.key}): kunci sudah dipakai di baris {first}"
            )


def _wrong(entry: _Entry, known: Known) -> Iterator[Problem]:
    """Everything wrong with one template, with the line of the part it stands in."""
    for problem in problems_of(entry.draft, known):
        line = entry.lines.get(problem.field, entry.line)
        yield Problem(
            f"{line}:{problem.field}", f"baris {line} ({entry.draft.key}, {problem.field}): {problem.message}"
        )
    # A Sundanese day is made from the same date, so a form that asks for the date has asked for both.
    asked = {*entry.needs, *(f"{name}_su" for name in entry.needs)}
    if forgotten := [name for name in needs_of(entry.draft.texts) if name not in asked]:
        line = entry.lines.get("needs", entry.line)
        yield Problem(f"{line}:needs", f"baris {line} ({entry.draft.key}): needs belum menyebut {', '.join(forgotten)}")


def _lines(node: yaml.Node) -> dict[str, int]:
    """Where each key of a template stands, texts by the same path that problems are named with."""
    lines: dict[str, int] = {}
    for key, value in node.value:
        lines[key.value] = key.start_mark.line + 1
        if isinstance(value, yaml.MappingNode):
            for variant, _ in value.value:
                place = _VARIANTS.get(variant.value, variant.value)
                lines[f"texts.{key.value}.{place}"] = variant.start_mark.line + 1
    if "image_alt" in lines:
        lines[f"texts.id.{ALT}"] = lines["image_alt"]
    return lines


def _child(node: yaml.Node, name: str) -> yaml.Node:
    found: yaml.Node = next(value for key, value in node.value if key.value == name)
    return found


def _refuse(file: str, problems: Sequence[Problem]) -> None:
    if not problems:
        return
    said = "; ".join(problem.message for problem in problems[:_TOLD])
    more = f"; dan {len(problems) - _TOLD} lagi" if len(problems) > _TOLD else ""
    named = [Problem(f"{file}:{problem.field}", problem.message) for problem in problems]
    raise BadInput(f"{file} belum dapat dimuat, tidak ada yang diubah. {said}{more}", *named)
