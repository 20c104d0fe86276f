"""The calendar as a feed that calendar programs read (RFC 5545): stages as whole days, posts and broadcasts at their minute."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.kit import ical
from app.publishing.read_store import Filter
from app.publishing.service import DeliveryView
from app.tahapan.rules import Calendar
from app.web import words
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

BEHIND, AHEAD = timedelta(days=30), timedelta(days=180)
MOST = 5000
"""Deliveries in one feed; the nearest come first."""
_LENGTH = timedelta(minutes=15)
_PAGE = 500


@dataclass(frozen=True)
class Said:
    """One line of the calendar: a post of one unit, or a broadcast of many. `key` stays the same however often it moves."""

    key: str
    path: str
    deliveries: Sequence[DeliveryView]


@router.get("/umpan/{secret}.ics")
async def read_feed(house: HouseDep, secret: Annotated[str, Path(max_length=100)]) -> Response:
    actor = await house.calendar_keys.reader(secret)
    now = house.clock.now()
    wanted = Filter(due_from=now - BEHIND, due_before=now + AHEAD)
    rows: list[DeliveryView] = []
    cursor: str | None = None
    while len(rows) < MOST:
        found = await house.publishing.list(actor, wanted, limit=_PAGE, cursor=cursor)
        rows += found.rows
        cursor = found.next
        if cursor is None:
            break
    home = await house.units.get(actor, actor.grants[0].unit_id) if actor.grants else None
    calendar = None
    if home is not None:
        async with house.db.read() as session:
            calendar = await house.tahapan.calendar(session, home.election_id)
    name = f"Kentongan: {home.name}" if home else "Kentongan"
    body = write_feed(name, said_in(rows), calendar, base_url=house.settings.base_url, now=now)
    headers = {
        "Cache-Control": "private, max-age=300",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/kalender/umpan")
async def show_address(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    return await page(request, house, actor, "kalender_umpan.html", made_at=await _made(house, actor), address="")


@router.post("/kalender/umpan")
async def make_address(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """The one answer that shows the address."""
    secret = await house.calendar_keys.make(actor)
    address = f"{house.settings.base_url}/umpan/{secret}.ics"
    return await page(request, house, actor, "kalender_umpan.html", made_at=await _made(house, actor), address=address)


@router.post("/kalender/umpan/cabut")
async def end_address(house: HouseDep, actor: VisitorDep) -> Response:
    await house.calendar_keys.revoke(actor)
    return go("/kalender/umpan", note="umpan-cabut")


async def _made(house: Kentongan, actor: Actor) -> words.Moment | None:
    made = await house.calendar_keys.made_at(actor)
    return words.moment(made, house.settings.timezone) if made else None


def said_in(rows: Iterable[DeliveryView]) -> list[Said]:
    """Deliveries of one broadcast together, else those of one post."""
    found: dict[str, list[DeliveryView]] = {}
    for row in rows:
        found.setdefault(f"siaran-{row.broadcast_id}" if row.broadcast_id else f"unggahan-{row.post_id}", []).append(
            row
        )
    return [Said(key, f"/{key.replace('-', '/')}", together) for key, together in found.items()]


def write_feed(name: str, said: Iterable[Said], calendar: Calendar | None, *, base_url: str, now: datetime) -> bytes:
    host = urlsplit(base_url).hostname or "kentongan"
    feed = ical.calendar(name)
    for stage in calendar.stages.values() if calendar else ():
        if calendar and calendar.is_ours(stage) and (opens_on := stage.starts_on):
            uid, summary = f"tahapan-{stage.code}@{host}", f"Tahapan: {stage.name}"
            feed.add_component(ical.whole_days(uid, summary, opens_on, stage.ends_on or opens_on, now))
    for one in said:
        first = one.deliveries[0]
        units = dict.fromkeys(row.unit_name for row in one.deliveries)
        whose = first.unit_name if len(units) == 1 else f"{len(units)} unit"
        event = ical.event(f"{one.key}@{host}", f"{whose}: {_shown(' '.join(first.text.split()), 80)}", now)
        event.add("dtstart", min(row.due_at for row in one.deliveries))
        event.add("dtend", max(row.due_at for row in one.deliveries) + _LENGTH)
        event.add("url", base_url + one.path)
        event.add("description", f"{_states(one.deliveries)}\n\n{_shown(first.text, 1000)}")
        feed.add_component(event)
    return bytes(feed.to_ical())


def _states(rows: Sequence[DeliveryView]) -> str:
    """`X: Terbit 68, Terjadwal 6` for each platform."""
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        of = counts.setdefault(words.platform_name(row.platform), {})
        state = words.STATES[row.state].word
        of[state] = of.get(state, 0) + 1
    many = len(rows) > len(counts)
    return "\n".join(
        f"{name}: " + ", ".join(f"{state} {count}" if many else state for state, count in of.items())
        for name, of in counts.items()
    )


def _shown(text: str, most: int) -> str:
    # Control characters have no place in a calendar file, and some programs stop reading at one.
    plain = "".join(letter for letter in text if letter == "\n" or letter.isprintable())
    return plain if len(plain) <= most else plain[: most - 1] + "…"
