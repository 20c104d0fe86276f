"""How many posts may still leave in a span of time; pure. Uses are kept in slots, and a slot counts until its youngest use is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.platforms.contract import Pace, Scope
from app.publishing.rules import PRACTICE_LANE, SLOW_LANE

SLOTS = 12
"""Parts of a window that uses are kept by: fewer forget later, more make a longer row."""
EVERYWHERE = "*"
"""The budget of the whole installation."""

Uses = Mapping[str, int]
"""How many left in the slot that began at that unix second."""


@dataclass(frozen=True)
class Budget:
    """One pace that several channels share, named by `key`."""

    key: str
    pace: Pace


def budgets_of(lane: str, paces: Sequence[Pace], everywhere: Pace | None) -> list[Budget]:
    """What a send of this lane spends from besides its channel's own, in the order in which they are locked."""
    where = lane.removesuffix(SLOW_LANE)
    shared = [Budget(f"{where}/{_seconds(pace)}", pace) for pace in paces if pace.scope is not Scope.CHANNEL]
    # A training never eats into what the real installation may send.
    whole = f"{PRACTICE_LANE}{EVERYWHERE}" if lane.startswith(PRACTICE_LANE) else EVERYWHERE
    return sorted(shared + ([Budget(whole, everywhere)] if everywhere else []), key=lambda budget: budget.key)


def _seconds(pace: Pace) -> int:
    return round(pace.window.total_seconds())


def _width(pace: Pace) -> float:
    return pace.window.total_seconds() / SLOTS


def living(uses: Uses, pace: Pace, *, now: datetime, slack: timedelta) -> dict[str, int]:
    """Those that still count. `slack`: how much later than its claim the platform may count a send."""
    oldest = (now - pace.window - slack).timestamp() - _width(pace)
    return {slot: count for slot, count in uses.items() if float(slot) > oldest}


def room_in(uses: Uses, pace: Pace, *, now: datetime, slack: timedelta) -> int:
    return max(0, pace.posts - sum(living(uses, pace, now=now, slack=slack).values()))


def opens_at(uses: Uses, pace: Pace, *, now: datetime, slack: timedelta) -> datetime:
    """When the next one may leave; now, where there is room."""
    alive = living(uses, pace, now=now, slack=slack)
    total = sum(alive.values())
    for slot in sorted(alive, key=float):
        if total < pace.posts:
            break
        total -= alive[slot]
        end = datetime.fromtimestamp(float(slot) + _width(pace), UTC) + pace.window + slack
        if total < pace.posts:
            return max(end, now)
    return now


def spent(uses: Uses, pace: Pace, count: int, *, now: datetime, slack: timedelta) -> dict[str, int]:
    alive = living(uses, pace, now=now, slack=slack)
    width = _width(pace)
    slot = repr(now.timestamp() // width * width)
    return {**alive, slot: alive.get(slot, 0) + count}


def channel_room(
    sent_at: Sequence[datetime], paces: Sequence[Pace], *, now: datetime, slack: timedelta
) -> tuple[int, datetime]:
    """How many more one channel may send, its sends being at `sent_at`; and when one more may follow after all of those."""
    left, opens = None, now
    for pace in paces:
        counted = sorted(at for at in sent_at if at > now - pace.window - slack)
        room = max(0, pace.posts - len(counted))
        left = room if left is None else min(left, room)
        if room == 0:
            opens = max(opens, counted[len(counted) - pace.posts] + pace.window + slack)
    return (len(sent_at) if left is None else left), opens


def of_channel(paces: Sequence[Pace]) -> list[Pace]:
    return [pace for pace in paces if pace.scope is Scope.CHANNEL]


def is_near(count: int, paces: Sequence[Pace]) -> bool:
    """From an eighth of a pace on a channel is counted under a lock; before, so many at one moment cannot be."""
    return any(count > pace.posts // 8 for pace in paces)


def say(pace: Pace, title: str) -> str:
    whose = {Scope.CHANNEL: "satu akun", Scope.APP: "semua akun di sini", Scope.PLATFORM: "seluruh sistem ini"}[
        pace.scope
    ]
    minutes = round(pace.window.total_seconds() / 60)
    span = f"{minutes // 60} jam" if minutes >= 120 and minutes % 60 == 0 else f"{minutes} menit"
    what = f"Batas laju {title}" if title else "Batas laju sistem"
    return f"{what}: {pace.posts} kiriman per {span} untuk {whose}. Dilanjutkan otomatis begitu terbuka lagi."
