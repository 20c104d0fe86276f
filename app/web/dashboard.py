"""The first page: how far it is to voting day, what goes out next, what waits for a person, and today in numbers."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.publishing.read_store import Filter
from app.publishing.rules import State
from app.web import words
from app.web.cards import cards_for
from app.web.frame import frame_for
from app.web.queue import TABS
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

SHOWN = 5
_ATTENTION = TABS[0].states


@dataclass(frozen=True)
class Fact:
    value: int
    word: str
    href: str


@router.get("/")
async def home() -> Response:
    return go("/dasbor")


@router.get("/dasbor")
async def show_dashboard(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    frame = await frame_for(house, actor)
    upcoming = await house.publishing.list(actor, Filter(states=(State.DUE, State.SENDING)), limit=SHOWN)
    waiting = await house.publishing.list(actor, Filter(states=_ATTENTION), limit=SHOWN, newest_first=True)
    counts = await house.publishing.counts(actor, Filter())
    return await page(
        request, house, actor, "dasbor.html", frame=frame,
        upcoming=await cards_for(house, actor, upcoming.rows), waiting=await cards_for(house, actor, waiting.rows),
        short=await house.deputies.short_of_approvers(actor.paths(Act.MANAGE)), needs=_needs(counts), today=await _today(house, actor, frame.zone), is_new=not counts,
    )  # fmt: skip


def _needs(counts: dict[str, int]) -> list[Fact]:
    """Only what is there: an empty list means nobody has to do anything."""
    href = "/antrean?tab=perhatian"
    facts = [Fact(counts.get(state, 0), words.STATES[state].word, href) for state in _ATTENTION]
    facts.append(Fact(counts.get(State.WAITING, 0), "Menunggu", "/antrean?tab=menunggu"))
    return [fact for fact in facts if fact.value]


async def _today(house: Kentongan, actor: Actor, zone: str) -> list[Fact]:
    """Deliveries promised for today in `zone`: what is due before tomorrow, less what was due before today."""
    local = house.clock.now().astimezone(ZoneInfo(zone))
    midnight = datetime.combine(local.date(), time(), ZoneInfo(zone))
    until = Counter(await house.publishing.counts(actor, Filter(due_before=midnight + timedelta(days=1))))
    until.subtract(await house.publishing.counts(actor, Filter(due_before=midnight)))
    out = until[State.PUBLISHED] + until[State.WITHDRAWN]
    ahead = until[State.DUE] + until[State.SENDING] + until[State.WAITING]
    stuck = sum(until[state] for state in _ATTENTION) + await house.publishing.count_tasks(actor, Filter())
    return [
        Fact(out, "terbit", "/antrean?tab=terbit"),
        Fact(ahead, "masih akan terbit", "/antrean?tab=terjadwal"),
        Fact(stuck, "perlu perhatian", "/antrean?tab=perhatian"),
    ]
