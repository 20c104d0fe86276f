"""Decides when a reviewer is reminded, when others are asked instead, and when waiting is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

LATEST_ESCALATION = timedelta(hours=2)
"""Before its minute: somebody else must still have time to read it."""
LAST_CALL = timedelta(minutes=30)
LEAST_TIME = timedelta(hours=1)
"""What is handed in shortly before its minute may still be read for so long, and goes out late."""

UNAPPROVED = "Tidak disetujui sampai waktu terbitnya."


class Step(IntEnum):
    """How far waiting has come; each is reached once."""

    NONE = 0
    REMIND = 1  # the same reviewers again
    ESCALATE = 2  # their deputies and those above
    LAST_CALL = 3  # everybody who may approve it
    LAPSE = 4  # over: it is missed


class RemarkKind(StrEnum):
    COMMENT = "comment"
    QUESTION = "question"


@dataclass(frozen=True)
class Wait:
    asked_at: datetime
    due_at: datetime
    valid_until: datetime

    @property
    def lapses_at(self) -> datetime:
        """Its minute; an hour after it was handed in where that is later; never past its limit."""
        return min(self.valid_until, max(self.due_at, self.asked_at + LEAST_TIME))

    @property
    def escalates_at(self) -> datetime:
        """Half of the time there was, and latest two hours before its minute; at once where less is left."""
        half = self.asked_at + (self.due_at - self.asked_at) / 2
        return max(self.asked_at, min(half, self.due_at - LATEST_ESCALATION))

    @property
    def steps(self) -> list[tuple[Step, datetime]]:
        """In their order; a reminder that others would overtake is left out."""
        remind_at, last_at = self.asked_at + (self.due_at - self.asked_at) / 4, self.due_at - LAST_CALL
        found = [(Step.ESCALATE, self.escalates_at), (Step.LAPSE, self.lapses_at)]
        if last_at > self.escalates_at:
            found.insert(1, (Step.LAST_CALL, last_at))
        return [(Step.REMIND, remind_at), *found] if self.asked_at < remind_at < self.escalates_at else found

    def following(self, done: Step) -> tuple[Step, datetime]:
        """The next step after `done`; the last one stays the last."""
        return next(((step, at) for step, at in self.steps if step > done), self.steps[-1])

    def reached(self, done: Step, now: datetime) -> Step:
        """The furthest step whose time has come: what was slept through is told once. `done` where none is new."""
        return max([step for step, at in self.steps if at <= now and step > done], default=done)
