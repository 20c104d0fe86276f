"""What the guard speaks of: levels, findings, the facts of one unit at one moment, and rules as data."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import NamedTuple

from app.content.links import Hosts
from app.content.sought import Sought


class Level(StrEnum):
    BLOCK = "block"
    REVIEW = "review"
    REMIND = "remind"


STRICTNESS = (Level.REMIND, Level.REVIEW, Level.BLOCK)


@dataclass(frozen=True)
class Finding:
    """One rule hit; `span` are character offsets (start, end) in the text that was checked.

    `title` is the rule's name for people and `basis` its legal ground; `rule` is for programs alone.
    `exempt` is the reason for which a reviewer let it pass; then it holds nothing back.
    """

    rule: str
    level: Level
    reason: str
    span: tuple[int, int]
    title: str = ""
    basis: str = ""
    exempt: str = ""

    @property
    def counts(self) -> bool:
        return not self.exempt

    def as_json(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "level": str(self.level),
            "reason": self.reason,
            "span": list(self.span),
            "title": self.title,
            "basis": self.basis,
            "exempt": self.exempt,
        }

    @property
    def sentence(self) -> str:
        """What a person reads where there is room for one line."""
        return f"{self.title}: {self.reason}" if self.title and self.title not in self.reason else self.reason


@dataclass(frozen=True)
class StageDays:
    """A stage by the words people use for it, and its days where the unit speaks."""

    words: re.Pattern[str]
    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class GuardFacts:
    """What is true for one unit at the moment its text goes out.

    `voting_days`: every right day to name (empty: unknown, nothing is compared). `zone`: WIB, WITA or WIT.
    `embargo_until`: before it no quick count; None: not known, so the embargo holds. `names`: every candidate;
    `pairs` the same names pair by pair. `parties` matches party names, each in a group `p<number>`; `party_unless`
    by that group what in a sentence shows that no party is meant.
    `hosts`, `contacts` (digits only) are this election's and this unit's own, beside those of the rules.
    """

    at: datetime
    on: date
    voting_days: frozenset[date] = frozenset()
    opens: time | None = None
    closes: time | None = None
    zone: str = ""
    is_quiet: bool = False
    embargo_until: datetime | None = None
    names: tuple[str, ...] = ()
    pairs: tuple[tuple[str, ...], ...] = ()
    parties: Sought | None = None
    party_unless: tuple[tuple[str, re.Pattern[str]], ...] = ()
    stages: tuple[StageDays, ...] = ()
    hosts: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()


class Hit(NamedTuple):
    """Where; and where it differs from the rule's own: the sentence and the level."""

    start: int
    end: int
    reason: str = ""
    level: Level | None = None


@dataclass(frozen=True)
class Rule:
    id: str
    level: Level
    reason: str
    title: str = ""
    basis: str = ""
    when: str = ""
    pattern: Sought | None = None
    unless: re.Pattern[str] | None = None
    function: str = ""


@dataclass(frozen=True)
class Rules:
    """The rules of one file; `examples` are its own test sentences: text, rules that must hit, phase."""

    rules: tuple[Rule, ...]
    hosts: Hosts
    examples: tuple[tuple[str, frozenset[str], str], ...] = field(default=(), repr=False)
