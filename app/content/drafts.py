"""What a template must be before it is saved, whether a person or a file brings it."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from app.accounts.rules import UnitKind
from app.content.languages import is_language
from app.content.rules import ALT, LONG, SEGMENTS, SHORT, Texts, languages_of
from app.content.sandbox import check
from app.kit.errors import Problem
from app.tahapan.rules import ANY_STAGE

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{1,79}", re.ASCII)
_WORD = re.compile(r"[a-z0-9_]{0,60}", re.ASCII)
LONGEST_TITLE = 160


@dataclass(frozen=True)
class Draft:
    """A whole template. `segment` '' means: the one its pillar speaks to."""

    key: str
    title: str
    stages: tuple[str, ...]
    units: tuple[str, ...]
    texts: Texts
    pillar: str = ""
    programme: str = ""
    segment: str = ""


@dataclass(frozen=True)
class Change:
    """What of a template is to change; None: stays. In `texts` a None takes that text away."""

    title: str | None = None
    stages: tuple[str, ...] | None = None
    units: tuple[str, ...] | None = None
    texts: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    pillar: str | None = None
    programme: str | None = None
    segment: str | None = None


@dataclass(frozen=True)
class Known:
    """What a template may refer to: the calendar's stage codes and the platforms with variants of their own."""

    stages: Collection[str]
    platforms: Collection[str]


def problems_of(draft: Draft, known: Known) -> list[Problem]:
    """Everything that keeps this template from being saved."""
    return [*_head(draft, known), *_texts(draft.texts, known)]


def texts_from(nested: Mapping[str, Mapping[str, str | None]]) -> dict[tuple[str, str], str | None]:
    """`{lang: {variant: text}}` as callers write it, flat."""
    return {(lang, variant): text for lang, variants in nested.items() for variant, text in variants.items()}


def nested(texts: Texts) -> dict[str, dict[str, str]]:
    """The other way round."""
    found: dict[str, dict[str, str]] = {}
    for (lang, variant), text in texts.items():
        found.setdefault(lang, {})[variant] = text
    return found


def _head(draft: Draft, known: Known) -> Iterator[Problem]:
    if not _KEY.fullmatch(draft.key):
        yield Problem("key", "huruf kecil, angka, dan tanda hubung saja, misalnya gerebek-pasar")
    if not draft.title.strip() or len(draft.title) > LONGEST_TITLE:
        yield Problem("title", f"wajib diisi, paling panjang {LONGEST_TITLE} karakter")
    unknown = [code for code in draft.stages if code != ANY_STAGE and code not in known.stages]
    if unknown:
        yield Problem("stages", f"kode tahapan tidak ada di kalender: {', '.join(unknown)}")
    if not draft.stages:
        yield Problem("stages", "sebut paling sedikit satu tahapan, atau * untuk semua")
    kinds = [kind.value for kind in UnitKind]
    if not draft.units or any(kind not in kinds for kind in draft.units):
        yield Problem("units", f"pilih dari {', '.join(kinds)}")
    if draft.segment and draft.segment not in SEGMENTS:
        yield Problem("segment", f"pilih dari {', '.join(SEGMENTS)}")
    for name, word in (("pillar", draft.pillar), ("programme", draft.programme)):
        if not _WORD.fullmatch(word):
            yield Problem(name, "huruf kecil, angka, dan garis bawah saja")


def _texts(texts: Texts, known: Known) -> Iterator[Problem]:
    variants = (SHORT, LONG, ALT, *known.platforms)
    if not languages_of(texts):
        yield Problem("texts", f"tulis paling sedikit satu teks, misalnya id.{SHORT}")
    for (lang, variant), text in texts.items():
        where = f"texts.{lang}.{variant}"
        if not is_language(lang):
            yield Problem(where, f'bahasa "{lang}" tidak dikenal; pakai kode ISO 639, misalnya id, su, jv')
        elif variant not in variants:
            yield Problem(where, f'varian "{variant}" tidak dikenal; pilih dari {", ".join(dict.fromkeys(variants))}')
        elif not text.strip():
            yield Problem(where, "teksnya masih kosong")
        else:
            yield from (Problem(where, f"baris {found.line}: {found.reason}") for found in check(text))
