"""Which templates are offered to a person, and which of their gaps must be filled by hand."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.accounts import unit_store
from app.accounts.models import Unit
from app.accounts.rules import Act, Actor
from app.accounts.speaker import Speaker
from app.accounts.variables import VariableKind, kind_of
from app.bootstrap import Kentongan
from app.content.languages import language_name
from app.content.rules import compose, pick_variant
from app.content.service import TemplateView
from app.content.values import values_for
from app.tahapan.rules import Calendar, Stage
from app.web import words

# What a form calls the variables of the shipped templates; others keep their own name.
_NAMES = {
    "rw": "Nomor RW",
    "tanggal_kegiatan": "Tanggal kegiatan",
    "waktu_kegiatan": "Waktu kegiatan",
    "tempat_kegiatan": "Tempat kegiatan",
    "nama_pasar": "Nama pasar",
    "nama_sekolah": "Nama sekolah",
    "jumlah_tps": "Jumlah TPS",
    "alamat": "Alamat sekretariat",
}
_EXAMPLES = {
    "rw": "05",
    "waktu_kegiatan": "09.00 WIB",
    "tempat_kegiatan": "Balai RW 05, bukan alamat rumah warga",
    "nama_pasar": "Pasar Merdeka",
    "nama_sekolah": "SMAN 7 Bogor",
}

_INPUTS = {
    VariableKind.DATE: ' type="date"',
    VariableKind.NUMBER: ' inputmode="numeric"',
    VariableKind.URL: ' inputmode="url"',
    VariableKind.PHONE: ' inputmode="tel"',
}

_OTHER_BRANCH = re.compile(r"\{%-?\s*el.*?\{%-?\s*endif\s*-?%\}", re.DOTALL)
_TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_GAP = re.compile(r"\{\{.*?\}\}", re.DOTALL)


_ASKED = re.compile(r"\[isi: \w+\]")


@dataclass(frozen=True)
class Voice:
    """Who speaks in a gallery, and when."""

    speaker: Speaker
    calendar: Calendar
    now: datetime


@dataclass(frozen=True)
class Choice:
    """A template as it is offered; `stage` is the one it fits today, None if none."""

    id: int
    title: str
    excerpt: str
    stage: str | None
    languages: str


@dataclass(frozen=True)
class Sieve:
    """What somebody looks for in a gallery; empty fields let everything pass."""

    q: str = ""
    stage: str = ""
    segment: str = ""
    programme: str = ""

    @property
    def is_used(self) -> bool:
        return bool(self.q or self.stage or self.segment or self.programme)

    def lets_pass(self, row: TemplateView) -> bool:
        is_found = self.q.casefold() in f"{row.title} {' '.join(row.texts.values())}".casefold()
        is_staged = not self.stage or self.stage in row.stages
        return is_found and is_staged and self.segment in {"", row.segment} and self.programme in {"", row.programme}


@dataclass(frozen=True)
class Sieves:
    """What the gallery of one kind of unit can be narrowed to: value and word."""

    stages: Sequence[tuple[str, str]]
    segments: Sequence[tuple[str, str]]
    programmes: Sequence[tuple[str, str]]


def variable_name(name: str) -> str:
    return _NAMES.get(name, name.replace("_", " ").capitalize())


def variable_input(name: str) -> Markup:
    """The attributes of an input that takes such a value: our own words, so no template has to trust them."""
    return Markup(_INPUTS.get(kind_of(name), ""))


def variable_example(name: str) -> str:
    return _EXAMPLES.get(name, "")


async def choices(
    house: Kentongan,
    actor: Actor,
    calendar: Calendar | None,
    *,
    kinds: Collection[str],
    every: bool,
    unit: Unit | None = None,
    sieve: Sieve = Sieve(),
) -> Sequence[Choice]:
    """Those for one of `kinds` whose stage is running; `every`: the others too, after them.

    `unit`: their texts speak as that unit would today.
    """
    voice = await _voice(house, actor, calendar, unit) if unit and calendar else None
    found = await house.templates.list(actor, limit=200, cursor=None)
    today = house.clock.now().astimezone(ZoneInfo(house.settings.timezone)).date()
    offered = [
        _choice(row, calendar, today, voice)
        for row in found.rows
        if set(row.units) & set(kinds) and sieve.lets_pass(row)
    ]
    fitting = [choice for choice in offered if choice.stage]
    return [*fitting, *(choice for choice in offered if not choice.stage)] if every or not fitting else fitting


async def sieves(house: Kentongan, actor: Actor, calendar: Calendar | None, kind: str) -> Sieves:
    """Only what leads to at least one template."""
    rows = [row for row in (await house.templates.list(actor, limit=200, cursor=None)).rows if kind in row.units]
    codes = dict.fromkeys(code for row in rows for code in row.stages)
    stages = [(code, stage.name) for code in codes if calendar and (stage := calendar.find(code))]
    return Sieves(
        stages,
        [(name, words.SEGMENTS.get(name, name)) for name in sorted({row.segment for row in rows})],
        [(name, name.replace("_", " ").capitalize()) for name in sorted({row.programme for row in rows} - {""})],
    )


def _choice(row: TemplateView, calendar: Calendar | None, today: date, voice: Voice | None) -> Choice:
    stage = calendar.stage_of(row.stages, today) if calendar else None
    languages = " · ".join(language_name(lang) for lang in row.languages)
    return Choice(row.id, row.title, _excerpt(row, stage, voice), stage.name if stage else None, languages)


async def _voice(house: Kentongan, actor: Actor, calendar: Calendar, unit: Unit) -> Voice | None:
    """Read once for a whole gallery: to render each template by itself would ask the database for all of it each time."""
    assert unit.id is not None
    async with house.db.read() as session:
        found = await unit_store.speakers(session, [unit.id], paths=actor.paths(Act.READ))
    return Voice(found[unit.id], calendar, house.clock.now()) if unit.id in found else None


def _excerpt(row: TemplateView, stage: Stage | None, voice: Voice | None) -> str:
    if not row.languages:
        return ""
    lang = row.languages[0]
    if voice is not None:
        values = values_for(voice.speaker, voice.calendar, stage=stage, due_at=voice.now, given={})
        if text := compose(row.texts, lang=lang, platform="x", values=values).text:
            return " ".join(_ASKED.sub("…", text).split())
    return readable(pick_variant(row.texts, lang, "x") or "")


def readable(text: str) -> str:
    """A template's text without its machinery: of several branches the first, and `{{ rw }}` becomes …"""
    plain = _GAP.sub("…", _TAG.sub("", _OTHER_BRANCH.sub("", text)))
    return " ".join(plain.split())


async def ask_for(house: Kentongan, actor: Actor, template: TemplateView, unit: Unit) -> Sequence[str]:
    """What this unit has to be asked: not what it inherits or what the calendar knows."""
    assert unit.id is not None
    known = (await house.units.values(actor, [unit.id])).get(unit.id, {})
    return [name for name in template.ask if name not in known]
