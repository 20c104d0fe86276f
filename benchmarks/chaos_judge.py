"""Judges a storm: the simulator's ledger says what is public, the attempts how long a doubt lasted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from app.bootstrap import Kentongan
from app.publishing.models import Attempt, Delivery
from app.publishing.rules import OPEN, Outcome, State
from benchmarks.machine import say

LONGEST_DOUBT = 300.0
"""Seconds of simulated time within which whatever can be asked must be known."""
NOT_ASKED = ("telegram",)

_D = Delivery.__table__.c  # type: ignore[attr-defined]
_A = Attempt.__table__.c  # type: ignore[attr-defined]


class Fate(NamedTuple):
    """What became of one delivery. `doubts`: simulated seconds that each doubt about it lasted; `tries`: what was done when."""

    platform: str
    state: str
    doubts: Sequence[float]
    tries: Sequence[tuple[str, datetime]] = ()


async def fates(house: Kentongan) -> dict[str, Fate]:
    """By text."""
    async with house.db.read() as session:
        rows = (await session.run(select(_D.id, _D.message, _D.platform, _D.state))).all()
        query = select(_A.delivery_id, _A.outcome, _A.ended_at).order_by(_A.delivery_id, _A.n)
        tries: dict[int, list[tuple[str, datetime]]] = {}
        for identity, outcome, ended_at in (await session.run(query)).all():
            tries.setdefault(identity, []).append((outcome, ended_at))
    now = house.clock.now()
    return {
        row.message["text"]: Fate(
            row.platform,
            row.state,
            doubts_of(tries.get(row.id, ()), now if row.state == State.UNSURE else None),
            tries.get(row.id, ()),
        )
        for row in rows
    }


def doubts_of(tries: Iterable[tuple[str, datetime]], still: datetime | None) -> list[float]:
    """From each answer that left it open to the one that settled it; `still`: now, where it is in doubt to this moment.

    One that ends in a refusal of the account itself is left out: until somebody has mended that, nobody can ask.
    """
    found: list[float] = []
    since: datetime | None = None
    for outcome, at in tries:
        if outcome == Outcome.UNSURE:
            since = since or at
        elif outcome == Outcome.RECONNECT:
            since = None
        elif since is not None:
            found.append((at - since).total_seconds())
            since = None
    return [*found, (still - since).total_seconds()] if since and still else found


def judge(
    texts: dict[str, str],
    ledger: Sequence[dict[str, Any]],
    found: dict[str, Fate],
    *,
    seen: Counter[str],
    expected: Iterable[str],
    enough: int,
    verify: bool,
) -> dict[str, Any]:
    """The table and whether all that is required was so. `expected` faults must be in `seen`, `enough` deliveries on each platform."""
    out = Counter((post["platform"], _words(post)) for post in ledger)
    table = [_line(platform, texts, out, found) for platform in sorted(set(texts.values()))]
    _show(table)
    _show_late(found)
    silent = sorted(kind for kind in expected if not seen[kind])
    total = {name: sum(row[name] for row in table) for name in ("lost", "duplicates", "open", "late_doubts")}
    unsettled = sum(row["for_a_person"] for row in table if row["platform"] not in NOT_ASKED)
    is_whole = not silent and all(row["deliveries"] > enough for row in table)
    clean = not any(total.values()) and not unsettled
    return {
        "table": table, "fired": dict(seen), "never_fired": silent, **total, "unsettled": unsettled, "whole": is_whole,
        "ok": clean if verify else total["duplicates"] > 0,
    }  # fmt: skip


def _words(post: dict[str, Any]) -> str:
    """YouTube puts a title before the words."""
    text: str = post["text"]
    return text.rpartition("\n\n")[2]


def _line(
    platform: str, texts: dict[str, str], out: Counter[tuple[str, str]], found: dict[str, Fate]
) -> dict[str, Any]:
    own = [text for text, where in texts.items() if where == platform]
    states = Counter(found[text].state for text in own)
    doubts = [seconds for text in own for seconds in found[text].doubts]
    asked = platform not in NOT_ASKED
    person = states[State.UNSURE]
    return {
        "platform": platform, "deliveries": len(own), "published": states[State.PUBLISHED], "for_a_person": person,
        "open": sum(states[state] for state in OPEN) - person,
        "lost": sum(not out[platform, text] and found[text].state not in OPEN for text in own),
        "duplicates": sum(out[platform, text] - 1 for text in own if out[platform, text] > 1),
        "doubts": len(doubts), "longest_doubt_s": round(max(doubts, default=0.0)) if asked else None,
        "late_doubts": sum(seconds > LONGEST_DOUBT for seconds in doubts) if asked else 0,
    }  # fmt: skip


def _show(table: Sequence[dict[str, Any]]) -> None:
    say("  platform    deliveries  published  for a person  open  lost  duplicates  doubts  longest (s)")
    line = "  {platform:<12}{deliveries:>9}{published:>11}{for_a_person:>14}{open:>6}{lost:>6}{duplicates:>12}{doubts:>8}{longest:>13}"
    for row in table:
        longest = row["longest_doubt_s"]
        say(line.format(**row, longest="not asked" if longest is None else longest))


def _show_late(found: dict[str, Fate]) -> None:
    """The whole story of what was in doubt for too long."""
    for text, fate in found.items():
        if fate.platform not in NOT_ASKED and max(fate.doubts, default=0.0) > LONGEST_DOUBT:
            story = ", ".join(f"{at:%H:%M:%S} {outcome}" for outcome, at in fate.tries)
            say(f"  in doubt for too long: {fate.platform} {text.partition(' untuk')[0]}: {story}")
