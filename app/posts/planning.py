"""Turns a source and a unit into a finished plan: texts per platform, findings, problems. Writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.speaker import Speaker
from app.accounts.variables import problems_in
from app.channels.models import Channel
from app.content import rules as content_rules
from app.content.filling import DesignChoice, Filled, fill
from app.content.guard import Finding, Rules, check_text
from app.content.guard_exemptions import let_pass
from app.content.guard_service import facts_for
from app.content.price import Price, price_of
from app.content.rules import Texts
from app.content.values import values_for
from app.kit.errors import BadInput, Problem
from app.platforms.contract import Adapter
from app.platforms.options import Chosen, read_options, written
from app.platforms.registry import TITLES
from app.posts import attaching, rules
from app.posts.attaching import NOTHING, Attached
from app.posts.postering import takes_poster
from app.posts.rules import Timing
from app.tahapan.rules import Calendar, Stage


@dataclass(frozen=True)
class Source:
    """Where the words come from: a template's texts, or free text. `overrides` replace them for one platform.

    `stages`, `programme`, `segment`, `pillar` are the template's, or what the author chose.
    """

    lang: str
    texts: Texts = field(default_factory=dict)
    text: str | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    template_id: int | None = None
    template_version: int | None = None
    title: str = ""
    stages: Sequence[str] = ()
    programme: str = ""
    segment: str = "umum"
    pillar: str = ""
    options: Chosen = field(default_factory=dict)
    written: Sequence[str] = ()
    """What of the options are words of the author's own."""
    poster: DesignChoice | None = None

    @property
    def is_untouched(self) -> bool:
        is_own_headline = self.poster is not None and bool(self.poster.headline)
        is_own = self.text is not None or bool(self.overrides or self.written) or is_own_headline
        return self.template_id is not None and not is_own

    def choosing(self, adapters: Mapping[str, Adapter], given: Mapping[str, object]) -> "Source":
        """With what an author chose on each platform; raises BadInput."""
        return self.keeping(adapters, read_options(adapters, given))

    def keeping(self, adapters: Mapping[str, Adapter], chosen: Chosen) -> "Source":
        """With what was read before."""
        return replace(self, options=chosen, written=written(adapters, chosen))


@dataclass(frozen=True)
class Variant:
    """One platform's text. `length` and `limit` in the platform's own counting."""

    platform: str
    text: str
    length: int
    limit: int
    alt_text: str = ""


@dataclass(frozen=True)
class Trouble:
    """Something that blocks: where in the input, and what to do."""

    field: str
    message: str


@dataclass(frozen=True)
class Plan:
    """One unit's post as it would be. `troubles` block scheduling; findings of level `block` are among them."""

    speaker: Speaker
    channels: Sequence[Channel]
    variants: Sequence[Variant]
    findings: Sequence[Finding]
    troubles: Sequence[Trouble]
    missing: Sequence[str]
    due_at: datetime | None
    valid_until: datetime | None
    stage: Stage | None
    sensitive: str | None
    poster: Filled | None = None

    @property
    def levels(self) -> set[str]:
        """What the guard asks for, without what a reviewer let pass."""
        return {str(found.level) for found in self.findings if found.counts}

    @property
    def price(self) -> Price:
        """What its live deliveries cost on platforms that bill by the post."""
        texts = {variant.platform: variant.text for variant in self.variants}
        return price_of((c.platform, c.environment, texts[c.platform]) for c in self.channels)

    def text_for(self, platform: str) -> Variant:
        return next(variant for variant in self.variants if variant.platform == platform)


@dataclass(frozen=True)
class Planner:
    """What all units of one call share, so that a broadcast asks for it once. `exempt`: findings a reviewer let pass."""

    source: Source
    calendar: Calendar
    adapters: Mapping[str, Adapter]
    guard: Rules
    timing: Timing | None
    given: Mapping[str, Any]
    tahapan: str | None
    grace: timedelta
    now: datetime
    attached: Attached = NOTHING
    valid_until: datetime | None = None
    exempt: Sequence[Mapping[str, Any]] = ()

    def plan(self, speaker: Speaker, channels: Sequence[Channel], *, later: timedelta = timedelta()) -> Plan:
        """One unit's plan, `later` after the common moment. BadInput where not even a moment can be found."""
        due, calendar = None, self.calendar.local(speaker.wilayah_code)
        if self.timing is not None:
            due = rules.due_at(self.timing, calendar, speaker.timezone) + later
            rules.check_due(due, now=self.now)
        spoken_at = due or self.now
        stage = rules.stage_for(
            given=self.tahapan,
            timing=self.timing,
            template_stages=self.source.stages,
            calendar=calendar,
            due=spoken_at,
            zone=speaker.timezone,
        )
        values = values_for(speaker, calendar, stage=stage, due_at=spoken_at, given=self.given)
        troubles = [Trouble("media", said)] if (said := attaching.mixed(self.attached)) else []
        troubles += [Trouble(one.field, f"Isian {one.field[10:]}: {one.message}.") for one in problems_in(self.given)]
        troubles += _after_their_term(channels, due, speaker.timezone)
        missing: dict[str, None] = {}
        done: dict[str, content_rules.Rendered] = {}
        variants = [
            self._variant(platform, values, done, troubles, missing)
            for platform in dict.fromkeys(c.platform for c in channels)
        ]
        poster = self._poster(values, variants, troubles, missing)
        findings = self._findings(variants, speaker, spoken_at, poster)
        troubles += [Trouble("text", found.sentence) for found in findings if found.level == "block" and found.counts]
        return Plan(
            speaker,
            channels,
            variants,
            findings,
            troubles,
            tuple(missing),
            due,
            self._valid_until(due, stage, speaker.timezone),
            stage,
            rules.is_sensitive(calendar, due, speaker.timezone) if due else None,
            poster,
        )

    def _poster(
        self,
        values: Mapping[str, object],
        variants: Sequence[Variant],
        troubles: list[Trouble],
        missing: dict[str, None],
    ) -> Filled | None:
        chosen = self.source.poster
        if chosen is None:
            return None
        # A date in a poster is said in the language of the post.
        twins = {
            name: values[f"{name}_{self.source.lang}"] for name in values if f"{name}_{self.source.lang}" in values
        }
        filled = fill(chosen.sheet, {**values, **twins}, headline_of(self.source, variants))
        for name in filled.missing:
            if name not in missing:
                missing[name] = None
                troubles.append(Trouble(f"variables.{name}", f"Isian “{name}” untuk poster belum ada di unit ini."))
        troubles += [Trouble("poster", problem) for problem in filled.problems]
        return filled

    def _valid_until(self, due: datetime | None, stage: Stage | None, zone: str) -> datetime | None:
        if due is None:
            return None
        end = self.calendar.end_of(stage, zone) if stage else None
        return rules.valid_until(due, stage_end=end, grace=self.grace, given=self.valid_until)

    def _variant(
        self,
        platform: str,
        values: Mapping[str, object],
        done: dict[str, content_rules.Rendered],
        troubles: list[Trouble],
        missing: dict[str, None],
    ) -> Variant:
        adapter, source = self.adapters[platform], self.source
        name, alt_text = TITLES.get(platform, platform), ""
        if platform in source.overrides:
            text = source.overrides[platform]
        elif source.text is not None:
            text = source.text
        else:
            composed = content_rules.compose(
                source.texts, lang=source.lang, platform=platform, values=values, done=done
            )
            text, alt_text = composed.text, composed.alt_text
            for variable in composed.missing:
                if variable not in missing:
                    missing[variable] = None
                    troubles.append(Trouble(f"variables.{variable}", f"Isian “{variable}” belum ada untuk unit ini."))
            troubles += [Trouble("template_id", problem) for problem in composed.problems]
        is_drawn = source.poster is not None and takes_poster(adapter.limits)
        length, limit = adapter.length(text), adapter.limits.text_with(self.attached.shown or int(is_drawn))
        if length > limit:
            troubles.append(
                Trouble(
                    f"text.{platform}",
                    f"Teks untuk {name} terlalu panjang: {length} dari {limit}, kelebihan {length - limit}.",
                )
            )
        if not text.strip() and not missing:
            troubles.append(Trouble(f"text.{platform}", f"Teks untuk {name} masih kosong."))
        troubles += [Trouble("media", said) for said in attaching.troubles(adapter.limits, name, self.attached)]
        return Variant(platform, text, length, limit, alt_text)

    def _findings(
        self, variants: Sequence[Variant], speaker: Speaker, spoken_at: datetime, poster: Filled | None
    ) -> list[Finding]:
        """Each text once: platforms often share one, and a finding need not be read three times."""
        facts = facts_for(speaker, self.calendar, spoken_at)
        found: dict[tuple[str, str, bool], Finding] = {}
        said = [*(variant.text for variant in variants), *self.source.written, *([poster.said] if poster else [])]
        for text in dict.fromkeys(said):
            for finding in let_pass(check_text(self.guard, text, facts), text, self.exempt):
                found.setdefault((finding.rule, finding.reason, finding.counts), finding)
        return list(found.values())


def _after_their_term(channels: Sequence[Channel], due: datetime | None, zone: str) -> list[Trouble]:
    """Accounts that will be closed by then."""
    if due is None:
        return []
    day = due.astimezone(ZoneInfo(zone)).date()
    over = [one for one in channels if one.ends_on is not None and one.ends_on < day]
    said = "Masa pakai akun {name} {handle} berakhir {day}, sebelum unggahan ini terbit."
    return [
        Trouble("channels", said.format(
            name=TITLES.get(one.platform, one.platform), handle=one.handle, day=f"{one.ends_on:%d/%m/%Y}"
        ))
        for one in over
    ]  # fmt: skip


def headline_of(source: Source, variants: Sequence[Variant]) -> str:
    """What a poster says: what was written for it, the template's title, or the first sentence of a free text."""
    if source.poster is not None and source.poster.headline:
        return source.poster.headline
    if source.title:
        return source.title
    text = variants[0].text.strip() if variants else (source.text or "").strip()
    return text.split("\n", 1)[0].split(". ", 1)[0][:90]


def refuse(plan: Plan) -> None:
    """BadInput with everything that blocks, if anything does."""
    if plan.troubles:
        problems = [Problem(trouble.field, trouble.message) for trouble in plan.troubles]
        raise BadInput(" ".join(trouble.message for trouble in plan.troubles[:4]), *problems)
