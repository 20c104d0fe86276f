"""When an account's own posts are read back, which of them are ours, and what mandatory broadcast the others say."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.content.similarity import measure, normalised

WINDOW = timedelta(days=7)
"""How far back an account is read: long enough to see edits. A billed platform is read from its last reading only."""
SETTLING = timedelta(minutes=10)
"""What is younger may still be on its way from us, or not be listed yet; a post that is not ours can wait so long."""
OVERLAP = timedelta(minutes=30)

_EVERY = {"practice": timedelta(minutes=15), "live": timedelta(hours=6)}
_BILLED_EVERY = timedelta(days=1)
AGAIN = timedelta(hours=1)
"""After a refusal that names no wait of its own."""

POST_PRICE_USD = {"x": Decimal("0.005")}
"""X bills each post that comes back (docs.x.com pricing, read 22 August 2026); the others do not."""
PAGE = 100
"""The most posts that one reading may bring, and so what must be left of the cap before it is made."""
FEW = 20
"""A shorter list is a whole one: every platform lists at least so many at once."""
DAILY = {"youtube": 2_000}
"""Readings a day of the whole installation. YouTube: 1 unit each of 10,000 that uploads and numbers need as well."""

LIKE = 0.6
"""From which share of common word pairs a post says a broadcast: units shorten and add their own place."""
SAME = 0.95
FROM, UNTIL = timedelta(days=2), timedelta(days=14)
"""How long before and after its minute a mandatory broadcast may be said by hand."""

_LINK = re.compile(r"https?://\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b(?:/\S*)?", re.IGNORECASE)
_SERVER = re.compile(r"(@[\w.-]+)@[\w.-]+")


@dataclass(frozen=True)
class Candidate:
    """A mandatory broadcast as one unit was to say it."""

    broadcast_id: int
    text: str
    due_at: datetime


def every(platform: str, environment: str) -> timedelta:
    """Time between two readings of one account."""
    if environment == "live" and platform in POST_PRICE_USD:
        return _BILLED_EVERY
    return _EVERY[environment]


def since(platform: str, environment: str, *, read_at: datetime | None, now: datetime) -> datetime:
    """From when on an account is read."""
    if environment == "live" and platform in POST_PRICE_USD:
        return max(now - WINDOW, read_at - OVERLAP if read_at else now - _BILLED_EVERY)
    return now - WINDOW


def may_pay(platform: str, environment: str, *, posts: int, cap_usd: Decimal) -> bool:
    """Whether one more reading fits the month's cap after `posts` billed ones; a cap of 0 leaves the platform unread."""
    price = POST_PRICE_USD.get(platform)
    return price is None or environment != "live" or (posts + PAGE) * price <= cap_usd


def month_of(at: datetime) -> str:
    return f"{at:%Y-%m}"


def bare(text: str) -> str:
    """The words that a platform leaves as they were: without links, which it shortens, and the servers of mentions."""
    return normalised(_LINK.sub(" ", _SERVER.sub(r"\1", text)))


def is_changed(sent: str, shown: str) -> bool:
    """Does the account show other words than were sent? A title before them or a cut at the end is the platform's own."""
    ours, theirs = bare(sent), bare(shown)
    return not (ours in theirs or (bool(theirs) and ours.startswith(theirs)))


def own(text: str, at: datetime, deliveries: Iterable[Mapping[str, object]], remote_id: str) -> int | None:
    """Which delivery of the account this is: by the platform's number, else by the same words near the same time."""
    close: list[int] = []
    for row in deliveries:
        identity = row["id"]
        assert isinstance(identity, int)
        if row["remote_id"] == remote_id:
            return identity
        moment = row["published_at"] or row["due_at"]
        assert isinstance(moment, datetime)
        if abs(moment - at) <= timedelta(days=1) and measure(bare(_text(row)), bare(text)) >= SAME:
            close.append(identity)
    return close[0] if close else None


def _text(row: Mapping[str, object]) -> str:
    message = row["message"]
    return str(message.get("text", "")) if isinstance(message, Mapping) else ""


def match(text: str, at: datetime, candidates: Sequence[Candidate]) -> tuple[int, float] | None:
    """The mandatory broadcast that is most alike in its time, and how much (0 to 1); None: it says none."""
    said = bare(text)
    near = [one for one in candidates if one.due_at - FROM <= at <= one.due_at + UNTIL]
    judged = [(measure(bare(one.text), said), one.broadcast_id) for one in near]
    best = max(judged, default=None)
    return (best[1], round(best[0], 3)) if best and best[0] >= LIKE else None
