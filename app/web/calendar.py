"""What goes out on which day: a list by day for phones; where there is room, a month or a week on which posts can be moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.models import Unit
from app.accounts.rules import Actor, UnitKind
from app.bootstrap import Kentongan
from app.content.values import write_date
from app.posts.board import Line, is_over
from app.posts.board_store import TROUBLE, BoardFilter
from app.posts.rules import PostState
from app.publishing.rules import State
from app.tahapan.rules import Calendar
from app.web import words
from app.web.agenda import Entry, first_of_next, hours, stages_between, week, weeks
from app.web.fields import is_id
from app.web.frame import Frame, frame_for
from app.web.render import page, wants_part
from app.web.sessions import HouseDep, VisitorDep
from app.web.words import Label

router = APIRouter(include_in_schema=False)

WINDOW, DAY = timedelta(days=7), timedelta(days=1)
PAGE = 50
PER_DAY, PER_HOUR = 3, 2
"""Posts shown in one square; the rest is counted and paged through."""
MOST_UNITS = 200
NO_GRID: dict[str, Any] = {"weeks": (), "hours": (), "head": "", "past": "", "future": ""}
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
Text = Annotated[str, Query(max_length=20)]
STATES = [(state.value, words.POST_STATES[state].word) for state in (
    PostState.DRAFT, PostState.IN_REVIEW, PostState.REJECTED, PostState.SCHEDULED, PostState.DONE, PostState.CANCELLED,
)] + [(state.value, words.STATES[state].word) for state in (State.PUBLISHED, State.UNSURE, State.STOPPED, State.MISSED, State.MANUAL)]  # fmt: skip


@dataclass(frozen=True)
class AgendaDay:
    title: str
    stages: Sequence[str]
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Areas:
    """Kecamatan and kelurahan to choose from, and what was chosen. `unit` None: all in sight."""

    districts: Sequence[Unit]
    villages: Sequence[Unit]
    district: Unit | None
    unit: Unit | None


@dataclass(frozen=True)
class Asked:
    first: date
    view: str
    areas: Areas
    platform: str
    state: str
    segment: str

    @property
    def is_filtered(self) -> bool:
        return bool(self.areas.unit or self.platform or self.state or self.segment)

    @property
    def step(self) -> timedelta:
        return DAY if self.view == "hari" else WINDOW

    @property
    def kept(self) -> dict[str, str]:
        """What every address of this calendar says beside its day."""
        unit, district = self.areas.unit, self.areas.district
        said = {
            "tampil": "" if self.view == "bulan" else self.view,
            "kecamatan": str(district.id) if district else "",
            "unit": str(unit.id) if unit and unit is not district else "",
            "platform": self.platform, "keadaan": self.state, "segmen": self.segment,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value}

    def href(self, **other: str) -> str:
        said = {"tanggal": self.first.isoformat()} | self.kept | other
        return "/kalender?" + urlencode({name: value for name, value in said.items() if value})

    def filter(self, start: datetime, end: datetime) -> BoardFilter:
        unit = self.areas.unit
        return BoardFilter(
            start, end, unit.path if unit else None, self.platform or None, self.state or None, self.segment or None
        )


@router.get("/kalender")
async def show_calendar(
    request: Request, house: HouseDep, actor: VisitorDep, tanggal: Text = "", tampil: Text = "", kecamatan: Text = "",
    kelurahan: Text = "", unit: Text = "", platform: Text = "", keadaan: Text = "", segmen: Text = "", pindah: Text = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:  # fmt: skip
    frame = await frame_for(house, actor)
    today = house.clock.now().astimezone(frame.tz).date()
    asked = Asked(
        _day(tanggal, today),
        tampil if tampil in {"pekan", "hari"} else "bulan",
        await _areas(house, actor, kecamatan, kelurahan or unit),
        platform if platform in house.platforms else "",
        keadaan if keadaan in dict(STATES) else "",
        segmen if segmen in words.SEGMENTS else "",
    )
    start = _midnight(asked.first, frame)
    wanted = asked.filter(start, _midnight(asked.first + asked.step, frame))
    found = await house.board.list(actor, wanted, limit=PAGE, cursor=cursor)
    grid = {} if wants_part(request) else await _grid(house, actor, asked, frame, today)
    return await page(
        request, house, actor, "kalender.html", part="daftar", frame=frame, asked=asked, is_first=cursor is None,
        days=_agenda(found.rows, asked, frame, is_whole=cursor is None and found.next is None),
        more=asked.href(cursor=found.next) if found.next else None,
        before=asked.href(tanggal=(asked.first - asked.step).isoformat()), after=asked.href(tanggal=(asked.first + asked.step).isoformat()),
        now=asked.href(tanggal=today.isoformat()), platforms=[(name, words.platform_name(name)) for name in house.platforms],
        states=STATES, segments=list(words.SEGMENTS.items()), moved=int(pindah) if is_id(pindah) else None,
        title=write_date(asked.first), **(NO_GRID | grid),
    )  # fmt: skip


async def _areas(house: Kentongan, actor: Actor, kecamatan: str, unit: str) -> Areas:
    """A kelurahan that lies elsewhere than the chosen kecamatan is let go: the form was sent with a former choice."""
    districts = (await house.units.list(actor, kind=UnitKind.PPK, limit=MOST_UNITS, cursor=None)).rows
    district = await house.units.get(actor, int(kecamatan)) if is_id(kecamatan) else None
    chosen = await house.units.get(actor, int(unit)) if is_id(unit) else None
    if chosen and district and not chosen.path.startswith(district.path):
        chosen = None
    top = district.id if district else None
    villages = (await house.units.list(actor, kind=UnitKind.PPS, under=top, limit=MOST_UNITS, cursor=None)).rows
    return Areas(districts, villages, district, chosen or district)


async def _grid(house: Kentongan, actor: Actor, asked: Asked, frame: Frame, today: date) -> dict[str, Any]:
    """A month by days, or a week by hours; nothing where a single day is asked for."""
    if asked.view == "hari":
        return {}
    by_hour = asked.view == "pekan"
    month = asked.first.replace(day=1)
    if by_hour:
        first = asked.first - timedelta(days=asked.first.weekday())
        last, step, head = first + WINDOW, WINDOW, f"{write_date(first)} sampai {write_date(first + WINDOW - DAY)}"
    else:
        first, last = month - timedelta(days=month.weekday()), first_of_next(month)
        last += timedelta(days=-last.weekday() % 7)
        step, head = DAY, str(format_date(month, "MMMM y", locale="id"))
    wanted = asked.filter(_midnight(first, frame), _midnight(last, frame))
    most = PER_HOUR if by_hour else PER_DAY
    spans = await house.board.grid(actor, wanted, zone=frame.zone, by_hour=by_hour, most=most)
    shown = {key: (span.tally, [_entry(line, frame) for line in span.lines]) for key, span in spans.items()}
    past, future = (first - step, first + step) if by_hour else (month - DAY, last)
    if not by_hour:
        past, future = past.replace(day=1), first_of_next(month)
    found = {
        "head": head,
        "past": asked.href(tanggal=past.isoformat()),
        "future": asked.href(tanggal=future.isoformat()),
    }
    if by_hour:
        return {**found, "weeks": [week(first, today, {}, frame.calendar)], "hours": hours(first, shown)}
    return {**found, "weeks": weeks(month, today, shown, frame.calendar)}


def _midnight(day: date, frame: Frame) -> datetime:
    return datetime.combine(day, time(), frame.tz)


def _day(text: str, otherwise: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return min(max(day, EARLIEST), LATEST)


def _agenda(found: Sequence[Line], asked: Asked, frame: Frame, *, is_whole: bool) -> list[AgendaDay]:
    """By the days of the visitor's own zone; days without posts show where a stage begins or ends, if all is known."""
    by_day = {
        day: [_entry(line, frame) for line in lines]
        for day, lines in groupby(found, key=lambda line: line.due_at.astimezone(frame.tz).date())
    }
    days = {asked.first + timedelta(days=n): () for n in range(asked.step.days)} if is_whole else {}
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


def _entry(line: Line, frame: Frame) -> Entry:
    platforms = ", ".join(map(words.platform_name, line.platforms))
    here = line.due_at.astimezone(ZoneInfo(frame.zone))
    return Entry(
        line.id, line.version, words.clock(line.due_at, line.timezone), f"{here:%H.%M}", line.unit_name, platforms,
        line.text, _label(line), line.may_move,
    )  # fmt: skip


def _label(line: Line) -> Label:
    """What is wrong with any of its deliveries comes first."""
    for state in (*TROUBLE, State.MANUAL):
        if state in line.states:
            return words.STATES[state]
    if (line.state is PostState.SCHEDULED and is_over(line)) or line.state is PostState.DONE:
        return words.STATES[State.PUBLISHED] if State.PUBLISHED in line.states else words.POST_STATES[PostState.DONE]
    return words.POST_STATES[line.state]
