"""When numbers are read, and how they are added up; a number that is not offered stays unknown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# design.md, section 5. X: reads cost money and private numbers end after 30 days.
_LIVE = (HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY)
_X = (DAY, 7 * DAY, 29 * DAY)
# A training shows numbers at once.
_PRACTICE = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), *_LIVE)

NUMBERS = ("views", "reach", "reactions", "comments", "shares", "saves", "clicks", "followers")
SUMMED = NUMBERS[:-1]
"""Followers are an account's, not a post's: they are never added up over posts."""
COUNTED = ("posts", "published", "on_time", "failed", "missed")
INTERACTIONS = ("reactions", "comments", "shares", "saves")


def plan(platform: str, environment: str) -> tuple[timedelta, ...]:
    """Ages at which a post's numbers are read."""
    if environment == "practice":
        return _PRACTICE
    return _X if platform == "x" else _LIVE


def next_read(published_at: datetime, *, platform: str, environment: str, now: datetime) -> datetime | None:
    """The first planned moment after `now`; what was slept through is read once, not many times. None: never again."""
    return next((published_at + age for age in plan(platform, environment) if published_at + age > now), None)


def may_be_read(at: datetime, *, published_at: datetime, platform: str, environment: str) -> bool:
    """Whether a turn at this moment is for numbers; the one right after publishing only looks for an address and makes the plan."""
    return at >= published_at + plan(platform, environment)[0]


Readings = Mapping[datetime, Mapping[str, int | None]]
"""Numbers of one delivery by the moment they were read."""
Gains = dict[date, dict[str, int]]


def gains(readings: Readings, zone: ZoneInfo) -> Gains:
    """By day of `zone`, what each number grew by since it was last known; the first reading counts from 0. It may be negative."""
    known: dict[str, int] = {}
    found: Gains = {}
    for at in sorted(readings):
        for name in SUMMED:
            value = readings[at].get(name)
            if value is None:
                continue
            day = found.setdefault(at.astimezone(zone).date(), {})
            day[name] = day.get(name, 0) + value - known.get(name, 0)
            known[name] = value
    return found


def minus(after: Gains, before: Gains) -> Gains:
    """What must be added to `before` for it to be `after`; a number appears where either knows it."""
    found: Gains = {}
    for day in {*after, *before}:
        new, old = after.get(day, {}), before.get(day, {})
        found[day] = {name: new.get(name, 0) - old.get(name, 0) for name in {*new, *old}}
    return found


def latest(readings: Readings) -> dict[str, int | None]:
    """Each number as it was last known."""
    found: dict[str, int | None] = dict.fromkeys(NUMBERS)
    for at in sorted(readings):
        found |= {name: value for name in NUMBERS if (value := readings[at].get(name)) is not None}
    return found


def together(parts: Iterable[Gains]) -> Gains:
    found: Gains = {}
    for part in parts:
        for day, numbers in part.items():
            into = found.setdefault(day, {})
            for name, value in numbers.items():
                into[name] = into.get(name, 0) + value
    return found


FOLLOWERS_EVERY = {"x": 7}
"""Days between two readings of an account's followers. X bills each read of a user (platforms.md, November 2026); else daily."""
FOLLOWERS_AGAIN = HOUR
"""After which an account that did not answer is asked again on the same day."""


@dataclass(frozen=True)
class Row:
    """One group: what was planned, what came of it, and the sums. `engagement_rate` is a fraction, None where it cannot be known."""

    key: str
    label: str
    posts: int = 0
    published: int = 0
    on_time: int = 0
    failed: int = 0
    missed: int = 0
    views: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    clicks: int | None = None
    engagement_rate: float | None = None


def engagement_rate(interactions: int | None, reach: int | None) -> float | None:
    """(reactions + comments + shares + saves) / reach, both over the posts whose platform tells reach (domain.md, section 6)."""
    return None if interactions is None or not reach else interactions / reach
