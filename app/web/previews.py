"""How a text would look on each platform, counted as the platform counts, with what the guard says about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode

from app.accounts.models import Unit
from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.content.guard import Finding
from app.content.price import price_of
from app.content.service import RenderInput
from app.kit.errors import BadInput
from app.posts.rules import due_at
from app.tahapan.rules import Calendar
from app.web import words
from app.web.fields import When, read_timing
from app.web.templates import variable_name
from app.web.words import Label, Moment, moment

TEXT_SHOWN = 60


@dataclass(frozen=True)
class Speaker:
    """Whose name stands over a post."""

    name: str
    handle: str


@dataclass(frozen=True)
class Picture:
    url: str
    alt: str


@dataclass(frozen=True)
class Wanted:
    """`template_id` None or a `text` of one's own: that text serves every platform.

    `speakers` by platform; `picture`: the first attached one; `headline` is what a poster would say.
    """

    unit: Unit
    template_id: int | None
    text: str
    lang: str
    given: Mapping[str, str]
    platforms: Sequence[str]
    when: When
    live: Sequence[str] = ()
    """Platforms of `platforms` where a live channel speaks: some bill by the post."""
    speakers: Mapping[str, Speaker] = field(default_factory=dict)
    picture: Picture | None = None
    headline: str = ""


@dataclass(frozen=True)
class Preview:
    """`length` and `limit` in the platform's own counting; `key` is the platform's name in the program."""

    key: str
    text: str
    length: int
    limit: int
    speaker: Speaker | None = None
    picture: Picture | None = None

    @property
    def platform(self) -> str:
        return words.platform_name(self.key)

    @property
    def over(self) -> int:
        return max(0, self.length - self.limit)


@dataclass(frozen=True)
class Warned:
    """A finding of the guard; `quote` is the place it means."""

    label: Label
    reason: str
    quote: str
    blocks: bool


@dataclass(frozen=True)
class Look:
    """`due` None: no moment yet, or `due_problem` says why."""

    previews: Sequence[Preview]
    warnings: Sequence[Warned]
    missing: Sequence[str]
    due: Moment | None
    due_problem: str
    price: str = ""
    due_at: datetime | None = None

    @property
    def longest(self) -> str:
        return max((preview.text for preview in self.previews), key=len, default="")


async def look(house: Kentongan, actor: Actor, calendar: Calendar | None, wanted: Wanted) -> Look:
    due, problem = _due(calendar, wanted, house.clock.now())
    previews: list[Preview] = []
    missing: dict[str, None] = {}
    texts: dict[str, str] = {}
    findings: dict[tuple[str, str], tuple[Finding, str]] = {}
    for platform in wanted.platforms:
        preview, gaps, found = await _one(house, actor, wanted, platform, due)
        shown = wanted.picture or _poster(house, wanted, platform, preview.text)
        previews.append(replace(preview, speaker=wanted.speakers.get(platform), picture=shown))
        texts[platform] = preview.text
        missing |= dict.fromkeys(gaps)
        for finding in found if not gaps else ():  # a gap would be reported twice, and its text is not the real one
            findings.setdefault((finding.rule, finding.reason), (finding, preview.text))
    return Look(
        previews,
        [_warned(finding, text) for finding, text in findings.values()],
        [variable_name(name) for name in missing],
        moment(due, wanted.unit.timezone) if due else None,
        problem,
        price_of((name, "live", texts[name]) for name in wanted.live if name in texts).sentence,
        due,
    )


async def _one(
    house: Kentongan, actor: Actor, wanted: Wanted, platform: str, due: datetime | None
) -> tuple[Preview, Sequence[str], Sequence[Finding]]:
    unit_id = wanted.unit.id or 0
    if wanted.template_id is None or wanted.text:
        adapter = house.platforms[platform]
        found = await house.guard.check(actor, text=wanted.text, unit_id=unit_id, at=due) if wanted.text else []
        return Preview(platform, wanted.text, adapter.length(wanted.text), adapter.limits.text), (), found
    stage = wanted.when.stage if due and wanted.when.mode == "tahapan" else ""
    asked = RenderInput(unit_id, platform, wanted.lang, due, wanted.given, stage or None)
    rendered = await house.templates.render(actor, wanted.template_id, asked)
    return Preview(platform, rendered.text, rendered.length, rendered.limit), rendered.missing, rendered.guard


def _poster(house: Kentongan, wanted: Wanted, platform: str, text: str) -> Picture | None:
    """The poster that a platform gets which takes no post without a picture."""
    if not house.platforms[platform].limits.needs_image:
        return None
    headline = wanted.headline or headline_of(text)
    if not headline:
        return None
    return poster_picture(wanted.unit, headline)


def headline_of(text: str) -> str:
    """As the poster will have it: the first sentence."""
    return text.strip().split("\n", 1)[0].split(". ", 1)[0][:90]


def poster_picture(unit: Unit, headline: str) -> Picture:
    return Picture(f"/poster/{unit.id}.webp?{urlencode({'judul': headline})}", f"Poster {unit.name}: {headline}")


def _due(calendar: Calendar | None, wanted: Wanted, now: datetime) -> tuple[datetime | None, str]:
    try:
        timing = read_timing(wanted.when, wanted.unit.timezone, now=now)
        if timing is None or calendar is None:
            return None, ""
        return due_at(timing, calendar, wanted.unit.timezone), ""
    except BadInput as error:
        return None, error.message


def _warned(finding: Finding, text: str) -> Warned:
    start, end = finding.span
    return Warned(words.LEVELS[finding.level], finding.sentence, text[start:end][:TEXT_SHOWN], finding.level == "block")
