"""Which stage of an election's calendar holds on which day; pure, so that the same day always gives the same answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

ANY_STAGE = "*"
AHEAD_DAYS = 30
"""A training calendar is moved so that voting day lies at most this many days ahead, and less than a week under it."""


class StageKind(StrEnum):
    PERSIAPAN = "persiapan"
    PENYELENGGARAAN = "penyelenggaraan"
    SUBTAHAPAN = "subtahapan"
    MASA_KERJA = "masa_kerja"
    MASA_TENANG = "masa_tenang"
    PERISTIWA = "peristiwa"
    TENGGAT = "tenggat"
    JAM = "jam"
    EMBARGO = "embargo"
    PROGRAM = "program"
    PSU = "psu"
    PILKADA_ULANG = "pilkada_ulang"


# Where several stages hold on one day, a text speaks of the first of these; every other kind comes after them.
_RANK = {StageKind.PENYELENGGARAAN: 0, StageKind.SUBTAHAPAN: 1, StageKind.PERSIAPAN: 2}


@dataclass(frozen=True)
class ElectionFacts:
    """`opens`, `closes`: voting hours in each polling station's own zone."""

    id: int
    code: str
    name: str
    voting_stage: str
    quiet_stage: str
    embargo_stage: str
    opens: time
    closes: time
    variables: Mapping[str, str] = field(default_factory=dict)
    shifted_weeks: int = 0


@dataclass(frozen=True)
class Stage:
    """Either day may be unknown; a child may lie outside its parent."""

    code: str
    name: str
    kind: str
    starts_on: date | None
    ends_on: date | None
    scope: str = "nasional"
    parent: str | None = None
    overrides: str | None = None

    def is_home_of(self, wilayah_code: str) -> bool:
        """Does it hold in one region alone, named by its code, and is this the region or one beneath it?"""
        return self.scope[:1].isdigit() and f"{wilayah_code}.".startswith(f"{self.scope}.")

    def holds_on(self, day: date) -> bool:
        """False while either day is unknown."""
        return self.starts_on is not None and self.ends_on is not None and self.starts_on <= day <= self.ends_on


@dataclass(frozen=True)
class Calendar:
    """One election and its stages by code. `scopes`: where this installation speaks; empty: everywhere.

    Stages of other scopes (a repeat vote in another province) can be found by code, but never hold here. A stage may have other
    days in one region (PSU, pemungutan suara susulan): ask `local` for a unit's own calendar before asking it for days.
    `stamp` grows with every change of any stage: two calendars of one election with the same stamp are the same.
    """

    election: ElectionFacts
    stages: Mapping[str, Stage]
    scopes: frozenset[str] = frozenset()
    stamp: int = 0

    def with_stage(self, stage: Stage) -> "Calendar":
        """The same calendar with this stage in the place of its own of that code."""
        return replace(self, stages={**self.stages, stage.code: stage})

    def local(self, wilayah_code: str) -> "Calendar":
        """As it holds in this region: where a stage is overridden, it has the days of the narrowest override."""
        if not self._overrides:
            return self
        found = {
            one.overrides: replace(self.stages[one.overrides], starts_on=one.starts_on, ends_on=one.ends_on)
            for one in self._overrides
            if one.overrides and one.is_home_of(wilayah_code)
        }
        return replace(self, stages={**self.stages, **found}) if found else self

    @cached_property
    def _overrides(self) -> Sequence[Stage]:
        """The narrowest last."""
        found = [stage for stage in self.stages.values() if stage.overrides in self.stages]
        return sorted(found, key=lambda stage: (len(stage.scope), stage.code))

    def find(self, code: str) -> Stage | None:
        return self.stages.get(code)

    def voting_day(self) -> date | None:
        stage = self.find(self.election.voting_stage)
        return (stage.starts_on or stage.ends_on) if stage else None

    def is_quiet(self, day: date) -> bool:
        stage = self.find(self.election.quiet_stage)
        return stage is not None and stage.holds_on(day)

    def stage_of(self, codes: Sequence[str], day: date) -> Stage | None:
        """The stage a text with these `codes` speaks of on `day`; `*` among them means every stage of the calendar."""
        asked = (tuple(codes), day)
        if asked not in self._answered:
            self._answered[asked] = self._stage_of(codes, day)
        return self._answered[asked]

    @cached_property
    def _answered(self) -> dict[tuple[tuple[str, ...], date], Stage | None]:
        """Kept, because a broadcast asks the same for each of its units."""
        return {}

    def _stage_of(self, codes: Sequence[str], day: date) -> Stage | None:
        named = self.stages if ANY_STAGE in codes else dict.fromkeys(codes)
        holding = [
            stage for code in named if (stage := self.find(code)) and stage.holds_on(day) and self.is_ours(stage)
        ]
        return min(holding, key=_precedence, default=None)

    def is_ours(self, stage: Stage) -> bool:
        return stage.overrides is None and (not self.scopes or stage.scope in self.scopes)

    def end_of(self, stage: Stage, zone: str) -> datetime | None:
        """Midnight after the stage's last day in `zone` (an IANA name), in UTC; None while that day is unknown."""
        if stage.ends_on is None:
            return None
        midnight = datetime.combine(stage.ends_on + timedelta(days=1), time(), ZoneInfo(zone))
        return midnight.astimezone(UTC)


def weeks_until_about_a_month(voting_day: date, today: date) -> int:
    """Whole weeks by which a past voting day moves to lie 24 to 30 days ahead; 0 if it is still ahead."""
    if voting_day > today:
        return 0
    return ((today - voting_day).days + AHEAD_DAYS) // 7


def _precedence(stage: Stage) -> tuple[int, int, str]:
    rank = _RANK.get(StageKind(stage.kind), len(_RANK)) if stage.kind in set(StageKind) else len(_RANK)
    started = stage.starts_on.toordinal() if stage.starts_on else 0
    return rank, -started, stage.code
