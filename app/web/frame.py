"""What stands around every page: who is here, which doors are open to them, and what must be said wherever they are."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.content.values import write_date
from app.tahapan.rules import Calendar
from app.web import words


@dataclass(frozen=True)
class Door:
    """One entry of the menu."""

    path: str
    name: str
    icon: str


@dataclass(frozen=True)
class Countdown:
    """Days until voting day; `days` below 0 once it has passed."""

    days: int
    day: str
    election: str
    quiet: bool


@dataclass(frozen=True)
class Frame:
    name: str
    role: str
    unit: str
    zone: str
    doors: tuple[Door, ...]
    training: str | None
    is_practice: bool
    wall: str
    countdown: Countdown | None
    calendar: Calendar | None


async def frame_for(house: Kentongan, actor: Actor) -> Frame:
    """Reads afresh each time: a moved calendar must show on the next page."""
    settings = house.settings
    home = await house.units.get(actor, actor.grants[0].unit_id) if actor.grants else None
    calendar = None
    if home is not None:
        async with house.db.read() as session:
            calendar = await house.tahapan.calendar(session, home.election_id)
    live = await house.channels.list(actor, environment="live", limit=1)
    zone = home.timezone if home else settings.timezone
    today = house.clock.now().astimezone(ZoneInfo(zone)).date()
    return Frame(
        name=actor.name,
        role=words.ROLES[actor.grants[0].role] if home else "Belum punya peran",
        unit=home.name if home else "",
        zone=zone,
        doors=doors_for(actor),
        training=_training(calendar),
        is_practice=not live.rows,
        wall=f"{settings.simulator}/_sim/wall",
        countdown=_countdown(calendar, today),
        calendar=calendar,
    )


def doors_for(actor: Actor) -> tuple[Door, ...]:
    doors = [Door("/dasbor", "Dasbor", "dasbor"), Door("/antrean", "Antrean", "antrean")]
    if actor.paths(Act.WRITE):
        doors.append(Door("/tulis", "Tulis", "tulis"))
    if actor.paths(Act.BROADCAST):
        doors.append(Door("/siaran", "Siaran", "siaran"))
    return tuple(doors)


def _training(calendar: Calendar | None) -> str | None:
    if calendar is None or not calendar.election.shifted_weeks:
        return None
    day = calendar.voting_day()
    year = calendar.election.code.rpartition("-")[2]
    moved = f"kalender {year} digeser {calendar.election.shifted_weeks} pekan"
    voting = f"; hari pemungutan suara di sini: {write_date(day)}" if day else ""
    return f"Mode latihan: {moved}{voting}."


def _countdown(calendar: Calendar | None, today: date) -> Countdown | None:
    day = calendar.voting_day() if calendar else None
    if calendar is None or day is None:
        return None
    return Countdown((day - today).days, write_date(day), calendar.election.name, calendar.is_quiet(today))
