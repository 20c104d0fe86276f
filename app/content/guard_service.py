"""What the guard must know of a unit and its calendar, and the guard as a question anybody may ask about a text."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.accounts.speaker import Speaker
from app.content import hours
from app.content.guard import Finding, GuardFacts, Level, Rules, check_text, load_rules
from app.content.guard_names import pairs_in, words_of
from app.content.guard_types import StageDays
from app.content.links import host_of
from app.content.rules import Ruler, measure, too_long
from app.content.values import CANDIDATES, zone_name
from app.kit.db import Database
from app.kit.errors import BadInput, NotFound, Problem
from app.settings import ROOT
from app.tahapan.rules import Calendar, StageKind
from app.tahapan.service import TahapanService

SHIPPED = ROOT / "data" / "guard_rules.yaml"
LONGEST_TEXT = 70_000
# PKPU 9/2022 art. 19: quick counts at the earliest two hours after voting ends in the western zone, wherever one is.
EMBARGO_LASTS = timedelta(hours=2)
WESTERN = ZoneInfo("Asia/Jakarta")
TOO_LONG = "panjang_teks"
VOTING_DAY = "tanggal_pemungutan_suara"
# Variables of a unit that hold its official telephone number.
_CONTACT = re.compile(r"(?:kontak|telepon|telp|wa|whatsapp)")


@lru_cache(maxsize=1)
def shipped_rules() -> Rules:
    return load_rules(SHIPPED)


def facts_for(speaker: Speaker, calendar: Calendar, due_at: datetime) -> GuardFacts:
    """What is true for this unit when a text leaves at `due_at`."""
    calendar = calendar.local(speaker.wilayah_code)
    election, words = calendar.election, words_of(calendar.election.code)
    on = due_at.astimezone(ZoneInfo(speaker.timezone)).date()
    pairs = pairs_in(election.variables.get(CANDIDATES, ""))
    opens, closes = hours.range_in(speaker.variables.get("jam_tps", "")) or (election.opens, election.closes)
    return GuardFacts(
        at=due_at,
        on=on,
        voting_days=_voting_days(speaker, calendar),
        opens=opens,
        closes=closes,
        zone=zone_name(speaker.timezone),
        is_quiet=calendar.is_quiet(on),
        embargo_until=_embargo_until(calendar),
        names=tuple(name for pair in pairs for name in pair),
        pairs=pairs,
        parties=words.parties,
        party_unless=words.unless,
        stages=_stages(calendar, words.stages),
        hosts=frozenset(host_of(value) for value in election.variables.values() if "." in value and " " not in value),
        contacts=frozenset(
            re.sub(r"\D", "", value) for name, value in speaker.variables.items() if _CONTACT.match(name)
        ),
    )


def _voting_days(speaker: Speaker, calendar: Calendar) -> frozenset[date]:
    """The calendar's day, or the one this unit (or one above it) was given; and repeat votes that hold here.

    Empty while the calendar has no voting day: then nothing is compared.
    """
    voting_on = _iso_day(speaker.variables.get(VOTING_DAY)) or calendar.voting_day()
    if voting_on is None:
        return frozenset()
    repeats = (stage for stage in calendar.stages.values() if stage.kind == StageKind.PSU)
    days = (stage.starts_on for stage in repeats if calendar.is_ours(stage) or stage.is_home_of(speaker.wilayah_code))
    return frozenset({voting_on, *(day for day in days if day)})


def _stages(calendar: Calendar, words: Sequence[tuple[str, re.Pattern[str]]]) -> tuple[StageDays, ...]:
    """By the first of the codes; the days of the others are right too."""
    found = []
    for codes, pattern in words:
        stages = [stage for code in codes.split() if (stage := calendar.find(code))]
        days = [day for stage in stages for day in (stage.starts_on, stage.ends_on) if day]
        if stages and len(days) == 2 * len(stages):
            found.append(StageDays(pattern, stages[0].name, min(days), max(days)))
    return tuple(found)


@dataclass
class GuardService:
    """`platforms` tells how a text is counted where a platform is named."""

    db: Database
    tahapan: TahapanService
    rules: Rules
    now: Callable[[], datetime]
    platforms: Mapping[str, Ruler] = field(default_factory=dict)

    async def check(
        self, actor: Actor, *, text: str, unit_id: int, at: datetime | None = None, platform: str | None = None
    ) -> list[Finding]:
        """Every rule the text breaks if this unit says it at `at` (else now). Raises NotFound, BadInput."""
        if len(text) > LONGEST_TEXT:
            raise BadInput(f"Teks lebih panjang dari {LONGEST_TEXT} karakter.", Problem("text", "terlalu panjang"))
        if platform is not None and platform not in self.platforms:
            known = ", ".join(self.platforms)
            message = f'Platform "{platform}" tidak dikenal. Yang ada: {known}.'
            raise BadInput(message, Problem("platform", "tidak dikenal"))
        async with self.db.read() as session:
            found = await unit_store.speakers(session, [unit_id], paths=actor.paths(Act.READ))
            if unit_id not in found:
                raise NotFound("Unit itu tidak ditemukan.")
            speaker = found[unit_id]
            calendar = await self.tahapan.calendar(session, speaker.election_id)
        findings = check_text(self.rules, text, facts_for(speaker, calendar, at or self.now()))
        if platform and (said := too_long(platform, measure(self.platforms[platform], text))):
            findings.append(
                Finding(TOO_LONG, Level.BLOCK, f"Terlalu panjang untuk {said}", (0, len(text)), "Teks terlalu panjang")
            )
        return findings


def _embargo_until(calendar: Calendar) -> datetime | None:
    stage = calendar.find(calendar.election.embargo_stage)
    last_on = stage.ends_on if stage and stage.ends_on else calendar.voting_day()
    if last_on is None:
        return None
    return datetime.combine(last_on, calendar.election.closes, WESTERN) + EMBARGO_LASTS


def _iso_day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value.strip()) if value else None
    except ValueError:
        return None
