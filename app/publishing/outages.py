"""Tells an outage of a platform from the trouble of one account, and how it is let go again; pure."""

from datetime import timedelta

from app.channels.rules import may_be_outage
from app.platforms.contract import NeedsReconnect, PublishError, TryLater, Unsure
from app.publishing.rules import DUPLICATE, PRACTICE_LANE, SLOW_LANE

CHANNELS = 5
"""So many channels of a platform failing within WINDOW are an outage, where more than half of what was tried failed."""
WINDOW = 120.0
"""Real seconds."""
TURN = 3.0
"""Real seconds between two turns of a platform that comes back."""
LET_GO = 64
"""A turn of so many is no brake any more."""

_ASK_FIRST, _ASK_SELDOM = timedelta(seconds=30), timedelta(minutes=5)


def is_sign(error: PublishError | None) -> bool:
    """Could this be the platform's fault? A time-out, a reset, a 5xx, an answer of nonsense, a bare 401."""
    match error:
        case NeedsReconnect():
            return may_be_outage(error)
        case Unsure():
            return error.code != DUPLICATE
        case TryLater():
            return error.code == "unreachable" or (error.http_status or 0) >= 500
        case _:
            return False


def is_outage(*, channels: int, bad: int, good: int) -> bool:
    """`channels`: different ones that failed lately, over all workers; `bad` and `good`: what this worker saw."""
    return channels >= CHANNELS and bad > good


def ask_again(probes: int) -> timedelta:
    """30 s, 1 min, 2 min ... at most 5 minutes."""
    return min(_ASK_FIRST * (1 << min(probes, 8)), _ASK_SELDOM)


def next_turn(most: int) -> int | None:
    """How many may leave after a turn of `most`; None: all. One stays one until it is seen to arrive."""
    if most <= 1:
        return 1
    return None if 2 * most > LET_GO else 2 * most


def side_of(lane: str) -> tuple[str, str]:
    """Platform and environment."""
    name = lane.removesuffix(SLOW_LANE)
    return (name.removeprefix(PRACTICE_LANE), "practice") if name.startswith(PRACTICE_LANE) else (name, "live")


def say(title: str) -> str:
    return f"{title} sedang terganggu. Kiriman ditahan dan dilanjutkan otomatis begitu {title} pulih."
