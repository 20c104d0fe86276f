"""Decides how far one unit has come with a broadcast, and whether that is late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.posts.rules import Answer, PostState

ON_TIME = timedelta(seconds=60)


class Progress(StrEnum):
    ASKED = "asked"  # a suggestion without an answer
    DECLINED = "declined"
    REVIEW = "review"
    AHEAD = "ahead"  # queued; its minute, or its person, has still to come
    PARTLY = "partly"
    OUT = "out"
    NOT_OUT = "not_out"  # refused, missed or stopped, and nothing more will happen by itself
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Part:
    """`wanted`: deliveries it has; `out`: how many of them are public; `open`: how many may still become so."""

    state: str
    answer: str
    wanted: int
    out: int
    open: int
    due_at: datetime | None
    published_at: datetime | None


def progress_of(part: Part) -> Progress:
    if part.answer == Answer.DECLINED:
        return Progress.DECLINED
    if part.wanted and part.out == part.wanted:
        return Progress.OUT
    if part.out:
        return Progress.PARTLY
    if part.state == PostState.CANCELLED:
        return Progress.CANCELLED
    if part.answer == Answer.WAITING:
        return Progress.ASKED
    if part.state in {PostState.IN_REVIEW, PostState.REJECTED, PostState.DRAFT}:
        return Progress.REVIEW
    return Progress.AHEAD if part.open else Progress.NOT_OUT


def is_late(part: Part, *, deadline: datetime | None, now: datetime) -> bool:
    """Not wholly out by the deadline; without one, a minute after its own time."""
    if progress_of(part) in {Progress.DECLINED, Progress.CANCELLED}:
        return False
    until = deadline or (part.due_at + ON_TIME if part.due_at else None)
    if until is None:
        return False
    if progress_of(part) is Progress.OUT and part.published_at is not None:
        return part.published_at > until
    return now > until
