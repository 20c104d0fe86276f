"""Which text of a template serves a platform, and how long it is there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from app.content.languages import language_name
from app.content.sandbox import Missing, NotAllowed, RenderError, Unfit, compile_text, names
from app.platforms.contract import Limits

Texts = Mapping[tuple[str, str], str]
"""A template's words by (language, variant)."""
Rendered = tuple[str, tuple[str, ...], tuple[str, ...]]
"""The words, the missing names, the problems."""

LANGUAGES = {"id": "Bahasa Indonesia", "su": "Basa Sunda"}
SEGMENTS = ("umum", "pemula", "disabilitas", "perempuan")
SHORT, LONG, ALT = "short", "long", "alt"
# Platforms whose limit is near 280 to 500; everywhere else the long text reads better.
_SHORT_FIRST = frozenset({"x", "bluesky", "threads", "mastodon"})
_SEGMENT_OF = {"pemilih_pemula": "pemula", "aksesibilitas": "disabilitas"}


@dataclass(frozen=True)
class Composed:
    """What one unit would say. `missing` variables block; a preview shows them as `[isi: name]`.

    `problems` are sentences about values that cannot be used or a language the template does not have.
    """

    text: str
    alt_text: str
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not self.missing and not self.problems


@dataclass(frozen=True)
class Measured:
    """In the platform's own counting."""

    length: int
    limit: int

    @property
    def over(self) -> int:
        return max(0, self.length - self.limit)


class Ruler(Protocol):
    """The part of an adapter that counts."""

    limits: ClassVar[Limits]

    def length(self, text: str) -> int: ...


def pick_variant(texts: Texts, lang: str, platform: str) -> str | None:
    """The platform's own text, else the fitting of short and long, else the other; None: the language is not there.

    A Sundanese template often has only its short text, which then serves every platform; another language never does.
    """
    # A text written for X is short enough for everybody, so it comes last rather than nothing.
    order = (SHORT, LONG) if platform in _SHORT_FIRST else (LONG, SHORT)
    for variant in (platform, *order, "x"):
        if text := texts.get((lang, variant)):
            return text
    return None


def compose(
    texts: Texts, *, lang: str, platform: str, values: Mapping[str, object], done: dict[str, Rendered] | None = None
) -> Composed:
    """The text and the picture's description in one language for one platform.

    `done`: what was made of which source with these values before; platforms share most of it.
    """
    source = pick_variant(texts, lang, platform)
    if source is None:
        return Composed("", "", problems=(f"templat ini belum punya teks {language_name(lang)}",))
    done = {} if done is None else done
    described = texts.get((lang, ALT)) or texts.get(("id", ALT)) or ""
    for each in (source, described):
        if each not in done:
            done[each] = render_text(each, values)
    text, text_missing, text_problems = done[source]
    alt, alt_missing, alt_problems = done[described]
    missing = tuple(sorted({*text_missing, *alt_missing}))
    return Composed(text, alt, missing, (*text_problems, *alt_problems))


def measure(adapter: Ruler, text: str) -> Measured:
    return Measured(adapter.length(text), adapter.limits.text)


def too_long(platform: str, measured: Measured) -> str | None:
    """The sentence that names the platform and by how much, or None."""
    if not measured.over:
        return None
    return f"{platform}: {measured.length} dari {measured.limit} karakter, kelebihan {measured.over}"


def segment_of(pillar: str) -> str:
    """Whom a content pillar speaks to, unless the template says otherwise."""
    return _SEGMENT_OF.get(pillar, "umum")


def needs_of(texts: Texts) -> list[str]:
    """Every variable that any of the texts uses."""
    return sorted({name for text in texts.values() for name in names(text)})


def languages_of(variants: Iterable[tuple[str, str]]) -> list[str]:
    """Languages that have words, not only a picture's description; Indonesian first."""
    found = {lang for lang, variant in variants if variant != ALT}
    return sorted(found, key=lambda lang: (lang != "id", lang))


def render_text(source: str, values: Mapping[str, object]) -> Rendered:
    try:
        text = compile_text(source)
    except NotAllowed as error:
        return "", (), tuple(f"baris {problem.line}: {problem.reason}" for problem in error.problems)
    try:
        return text.render(values), (), ()
    except Missing as error:
        filled = {**values, **{name: f"[isi: {name}]" for name in error.names}}
        return _preview(source, filled), error.names, ()
    except Unfit as error:
        return "", (), (error.reason,)


def _preview(source: str, values: Mapping[str, object]) -> str:
    try:
        return compile_text(source).render(values)
    except RenderError:
        return ""
