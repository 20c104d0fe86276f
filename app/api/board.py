"""The door to the calendar: how many posts are due on each day."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.deps import ActorDep, HouseDep, LimitedRoute, Row
from app.api.shapes import MAX_ID
from app.kit.errors import BadInput, Problem
from app.posts.board_store import BoardFilter
from app.posts.rules import PostState
from app.publishing.rules import State

router = APIRouter(tags=["unggahan"], route_class=LimitedRoute)

LONGEST = timedelta(days=366)
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


class DayRow(Row):
    on: date
    posts: int = Field(examples=[135])
    trouble: int = Field(description="Di antaranya: gagal, kedaluwarsa, atau belum pasti.", examples=[2])


class DayList(Row):
    data: list[DayRow]
    timezone: str = Field(examples=["Asia/Jakarta"])


@router.get("/calendar", summary="Unggahan per hari")
async def count_days(
    house: HouseDep,
    actor: ActorDep,
    from_on: Annotated[date, Query(alias="from", ge=EARLIEST, le=LATEST, examples=["2024-11-01"])],
    to_on: Annotated[date, Query(alias="to", ge=EARLIEST, le=LATEST, examples=["2024-11-30"])],
    unit: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="Unit ini dan yang di bawahnya; hari dihitung di zonanya.")
    ] = None,
    platform: Annotated[str | None, Query(pattern="^[a-z0-9_]{1,30}$")] = None,
    state: PostState | State | None = None,
    segment: Annotated[str | None, Query(pattern="^[a-z0-9_]{1,30}$")] = None,
) -> DayList:
    """Days without posts are left out, and so is what was cancelled, unless `state` asks for it."""
    if not timedelta(0) <= to_on - from_on <= LONGEST:
        raise BadInput("Rentangnya paling lama setahun, dari awal ke akhir.", Problem("to", "paling lama setahun"))
    top = await house.units.get(actor, unit) if unit else None
    zone = top.timezone if top else house.settings.timezone
    start, end = (datetime.combine(day, time(), ZoneInfo(zone)) for day in (from_on, to_on + timedelta(days=1)))
    wanted = BoardFilter(start, end, top.path if top else None, platform, state, segment)
    found = await house.board.tallies(actor, wanted, zone=zone)
    rows = [DayRow(on=date.fromisoformat(key), posts=each.posts, trouble=each.trouble) for key, each in found.items()]
    return DayList(data=rows, timezone=zone)
