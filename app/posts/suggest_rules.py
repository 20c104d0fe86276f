"""Decides what a unit is offered to publish today, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST = 3
RESTS = timedelta(days=14)
"""A template that a unit has used is not offered again for so long."""
MORNING, EVENING = time(7), time(20)
"""Between these hours, in the unit's zone, what is offered may go out at once; a committee does not speak at night."""
_ALWAYS = timedelta(days=3650)


@dataclass(frozen=True)
class Candidate:
    """A template whose stage is running. `lasts` None: it fits any day; `used_at`: when the unit last said it."""

    template_id: int
    pillar: str
    lasts: timedelta | None
    asks: bool
    used_at: datetime | None


def pick(candidates: Sequence[Candidate], *, now: datetime) -> list[int]:
    """Template ids, the most pressing first: what soon ends, needs nothing filled in, and was said longest ago.

    The first ones are of different pillars, so that a day is not all of one kind.
    """
    rested = [one for one in candidates if one.used_at is None or now - one.used_at >= RESTS]
    ordered = sorted(rested, key=_rank)
    first: dict[str, int] = {}
    for one in ordered:
        first.setdefault(one.pillar, one.template_id)
    others = [one.template_id for one in ordered if one.template_id not in first.values()]
    return [*first.values(), *others]


def _rank(one: Candidate) -> tuple[bool, timedelta, float, int]:
    used = one.used_at.timestamp() if one.used_at else 0.0
    return one.asks, one.lasts or _ALWAYS, used, one.template_id


def next_moment(now: datetime, zone: str) -> datetime:
    """Now, or the next morning hour if it is night in `zone`."""
    local = now.astimezone(ZoneInfo(zone))
    if MORNING <= local.time() < EVENING:
        return now
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, ZoneInfo(zone))
