"""The calendar of posts: how many are due on each day or hour, the first few of each, and lists to page through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.rules import Act, Actor
from app.kit.db import Database, ReadSession
from app.kit.paging import Page, cut
from app.posts import board_store as store
from app.posts.board_store import DAY, HOUR, BoardFilter
from app.posts.rules import MAY_MOVE, PostState, Timing
from app.publishing.rules import OPEN, State
from app.publishing.service import place_of

LONGEST_TEXT = 90


@dataclass(frozen=True)
class Line:
    """One post as a line. `text` is shortened; `may_move`: this person may put it on another day, as far as a list can tell."""

    id: int
    version: int
    state: PostState
    due_at: datetime
    text: str
    unit_id: int
    unit_name: str
    timezone: str
    platforms: Sequence[str]
    states: Sequence[State]
    is_anchored: bool
    may_move: bool


@dataclass(frozen=True)
class Tally:
    posts: int = 0
    trouble: int = 0


@dataclass(frozen=True)
class Span:
    """A day (`2024-11-27`) or an hour (`2024-11-27 07`) of the asked zone; `lines` are its first few."""

    tally: Tally
    lines: Sequence[Line]


@dataclass
class BoardService:
    db: Database

    async def tallies(
        self, actor: Actor, wanted: BoardFilter, *, zone: str, by_hour: bool = False
    ) -> Mapping[str, Tally]:
        """Posts by day or hour of `zone` (IANA); spans without any are left out."""
        async with self.db.read() as session:
            return await _tallies(session, actor, wanted, zone, HOUR if by_hour else DAY)

    async def grid(
        self, actor: Actor, wanted: BoardFilter, *, zone: str, by_hour: bool, most: int
    ) -> Mapping[str, Span]:
        """The same with the first `most` posts of each span: three questions, however many posts there are."""
        length = HOUR if by_hour else DAY
        paths = actor.paths(Act.READ)
        async with self.db.read() as session:
            tallies = await _tallies(session, actor, wanted, zone, length)
            ids = await store.first_of_each(session, paths, wanted, zone=zone, length=length, most=most)
            lines = await _lines(session, actor, ids)
        found: dict[str, list[Line]] = {}
        for line in lines:
            found.setdefault(span_of(line.due_at, zone, length), []).append(line)
        return {key: Span(tally, found.get(key, ())) for key, tally in tallies.items()}

    async def list(self, actor: Actor, wanted: BoardFilter, *, limit: int, cursor: str | None = None) -> Page[Line]:
        """In the order of their minute."""
        after = place_of(cursor) if cursor is not None else None
        async with self.db.read() as session:
            ids = await store.page(session, actor.paths(Act.READ), wanted, limit=limit + 1, after=after)
            lines = await _lines(session, actor, ids)
        return cut(lines, limit, lambda line: [line.due_at.isoformat(), line.id])


def span_of(at: datetime, zone: str, length: int) -> str:
    """The key of the span in which a moment lies."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")[:length]


async def _tallies(session: ReadSession, actor: Actor, wanted: BoardFilter, zone: str, length: int) -> dict[str, Tally]:
    found = await store.count(session, actor.paths(Act.READ), wanted, zone=zone, length=length)
    return {key: Tally(*counts) for key, counts in sorted(found.items())}


async def _lines(session: ReadSession, actor: Actor, ids: Sequence[int]) -> list[Line]:
    rows, sent = await store.posts(session, ids), await store.deliveries(session, ids)
    return [_line(row, sent.get(row["id"], ()), actor.paths(Act.WRITE)) for row in rows]


def _line(row: Mapping[str, Any], sent: Sequence[tuple[str, State]], writes: tuple[str, ...]) -> Line:
    content, states = row["content"], [state for _, state in sent]
    variants = content.get("variants", ())
    text = (variants[0]["text"] if variants else content.get("text")) or ""
    timing, state = Timing.from_json(row["timing"]), PostState(row["state"])
    untouched = all(each in {State.WAITING, State.DUE, State.MANUAL} for each in states)
    return Line(
        row["id"], row["version"], state, row["due_at"], " ".join(text.split())[:LONGEST_TEXT], row["unit_id"],
        row["unit_name"], row["timezone"], list(dict.fromkeys(platform for platform, _ in sent)), states,
        is_anchored=timing is not None and timing.anchor is not None,
        may_move=bool(writes) and row["path"].startswith(writes) and state in MAY_MOVE and untouched,
    )  # fmt: skip


def is_over(line: Line) -> bool:
    """All its deliveries have ended; the sweep that writes it on the post comes a little later."""
    return bool(line.states) and all(state not in OPEN for state in line.states)
