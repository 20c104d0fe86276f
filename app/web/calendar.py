"""What goes out on which day: a list by day for phones, with the month in front of it where there is room."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.models import Unit
from app.accounts.people import narrow
from app.accounts.rules import Actor, Grant, Role, UnitKind
from app.bootstrap import Kentongan
from app.channels.rules import Environment
from app.content.values import write_date
from app.kit.paging import encode
from app.publishing.read_store import Filter
from app.publishing.rules import State
from app.publishing.service import DeliveryView
from app.tahapan.rules import Calendar
from app.web import words
from app.web.agenda import Count, first_of_next, stages_between, weeks
from app.web.fields import is_id
from app.web.frame import Frame, frame_for
from app.web.render import page, wants_part
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_seen
from app.web.words import Label

router = APIRouter(include_in_schema=False)

WINDOW = timedelta(days=7)
PAGE = 60
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
Text = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True)
class Entry:
    """One delivery as a line."""

    id: int
    clock: str
    unit: str
    platform: str
    text: str
    label: Label


@dataclass(frozen=True)
class AgendaDay:
    title: str
    stages: Sequence[str]
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Asked:
    """`unit` None: all in sight."""

    first: date
    unit: Unit | None
    platform: str
    state: str

    def href(self, **other: str) -> str:
        kept = {"tanggal": self.first.isoformat(), "unit": str(self.unit.id) if self.unit else ""}
        kept |= {"platform": self.platform, "keadaan": self.state} | other
        return "/kalender?" + urlencode({name: value for name, value in kept.items() if value})


@router.get("/kalender")
async def show_calendar(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    tanggal: Text = "",
    unit: Text = "",
    platform: Text = "",
    keadaan: Text = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    frame = await frame_for(house, actor)
    today = house.clock.now().astimezone(ZoneInfo(frame.zone)).date()
    asked = Asked(
        _day(tanggal, today),
        await house.units.get(actor, int(unit)) if is_id(unit) else None,
        platform if platform in house.platforms else "",
        keadaan if keadaan in set(State) else "",
    )
    found, following = await _window(house, actor, asked, frame.zone, cursor)
    is_part = wants_part(request)
    month = asked.first.replace(day=1)
    return await page(
        request, house, actor, "kalender.html", part="daftar", frame=frame, asked=asked, is_first=cursor is None,
        days=_agenda(found, asked, frame, is_whole=cursor is None and following is None),
        more=asked.href(cursor=following) if following else None,
        before=asked.href(tanggal=(asked.first - WINDOW).isoformat()), after=asked.href(tanggal=(asked.first + WINDOW).isoformat()),
        now=asked.href(tanggal=today.isoformat()), platforms=[(name, words.platform_name(name)) for name in house.platforms],
        states=[(state.value, words.STATES[state].word) for state in State], is_filtered=bool(asked.unit or platform or keadaan),
        month=str(format_date(month, "MMMM y", locale="id")), past=asked.href(tanggal=(month - timedelta(days=1)).replace(day=1).isoformat()),
        future=asked.href(tanggal=first_of_next(month).isoformat()), units=() if is_part else await units_seen(house, actor),
        weeks=() if is_part else weeks(month, today, await _counts(house, actor, asked, month), frame.calendar),
    )  # fmt: skip


def _day(text: str, otherwise: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return min(max(day, EARLIEST), LATEST)


async def _window(
    house: Kentongan, actor: Actor, asked: Asked, zone: str, cursor: str | None
) -> tuple[Sequence[DeliveryView], str | None]:
    """Deliveries of seven days, by their minute, and where to go on."""
    start = datetime.combine(asked.first, time(), ZoneInfo(zone))
    wanted = Filter(
        states=(asked.state,) if asked.state else (),
        under=asked.unit.path if asked.unit else None,
        platform=asked.platform or None,
        due_before=start + WINDOW,
    )
    # The list goes on after the last row seen: number 0 at the window's start stands before all of its rows.
    after = cursor or encode([start.isoformat(), 0])
    found = await house.publishing.list(actor, wanted, limit=PAGE, cursor=after)
    return found.rows, found.next


def _agenda(found: Sequence[DeliveryView], asked: Asked, frame: Frame, *, is_whole: bool) -> list[AgendaDay]:
    """By the days of the visitor's own zone; days without posts show where a stage begins or ends, if all is known."""
    zone = ZoneInfo(frame.zone)
    by_day = {
        day: [_entry(view) for view in views]
        for day, views in groupby(found, key=lambda view: view.due_at.astimezone(zone).date())
    }
    days = {asked.first + timedelta(days=n): () for n in range(WINDOW.days)} if is_whole else {}
    shown = []
    for day in sorted({*by_day, *days}):
        stages = _stages(frame.calendar, day)
        if by_day.get(day) or stages:
            shown.append(AgendaDay(write_date(day), stages, by_day.get(day, [])))
    return shown


def _stages(calendar: Calendar | None, day: date) -> list[str]:
    """Each with how it stands on that day."""
    named = []
    for stage in stages_between(calendar, day, day):
        mark = "mulai" if stage.starts_on == day else "selesai" if stage.ends_on == day else ""
        named.append(stage.name if stage.starts_on == stage.ends_on or not mark else f"{stage.name} ({mark})")
    return named


def _entry(view: DeliveryView) -> Entry:
    clock = words.clock(view.due_at, view.timezone)
    label = words.state_label(view.state, view.reason)
    return Entry(
        view.id, clock, view.unit_name, words.platform_name(view.platform), " ".join(view.text.split())[:90], label
    )


async def _counts(house: Kentongan, actor: Actor, asked: Asked, month: date) -> Mapping[date, Count]:
    """Of the month, over all platforms and kinds of account; `asked.unit` narrows it."""
    seen = actor
    if asked.unit is not None:
        here = Grant(asked.unit.id or 0, UnitKind(asked.unit.kind), asked.unit.path, Role.VIEWER)
        seen = Actor(actor.user_id, actor.name, narrow(actor.grants, here))
    posts: Counter[str] = Counter()
    trouble: Counter[str] = Counter()
    for environment in Environment:
        last = first_of_next(month) - timedelta(days=1)
        _, rows = await house.engagement.grouped(
            seen, group_by="day", from_on=month, to_on=last, environment=environment
        )
        posts.update({row.key: row.posts for row in rows})
        trouble.update({row.key: row.failed + row.missed for row in rows})
    return {date.fromisoformat(key): Count(count, trouble[key]) for key, count in posts.items()}
