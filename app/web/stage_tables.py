"""The calendar by the table: taken out, changed, looked at, and brought in again."""

import base64

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError
from app.kit.sheets import MAX_BYTES
from app.tahapan.exchange import MAX_ROWS, BroughtIn
from app.web.exchange import download, file_in
from app.web.fields import one
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.stage_dates import dates

router = APIRouter(include_in_schema=False)  # before the stages' own: /tahapan/impor is no number of a stage


@router.get("/tahapan/unduh")
async def export(house: HouseDep, actor: VisitorDep) -> Response:
    within = await house.units.elections(actor, Act.READ)
    return download(await house.calendars.export(within=within), "kalender", "csv")


@router.get("/tahapan/impor")
async def show(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    actor.must(Act.CALENDAR)
    return await _show(request, house, actor)


@router.post("/tahapan/impor")
async def bring_in(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """First looked at; the file then travels in the page, so that nobody has to choose it twice."""
    actor.must(Act.CALENDAR)
    within = await house.units.elections(actor, Act.CALENDAR)
    async with request.form(max_part_size=MAX_BYTES * 2, max_files=1) as form:
        try:
            data, name = await file_in(form)
            is_look = one(form, "langkah") != "impor"
            done = await house.calendars.bring_in(data, by=actor.label, within=within, dry_run=is_look)
        except AppError as error:
            return await _show(request, house, actor, error=error)
    if done.is_written:
        await house.ring("grow_series")
        return go("/tahapan", note="kalender-impor")
    return await _show(request, house, actor, done=done, data=data, name=name)


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    *,
    done: BroughtIn | None = None,
    data: bytes = b"",
    name: str = "",
    error: AppError | None = None,
) -> Response:
    frame = await frame_for(house, actor)
    changes = (
        [(each, dates(*each.was) if each.was else "", dates(*each.will_be)) for each in done.changes] if done else []
    )
    return await page(
        request, house, actor, "tahapan_impor.html", status=error.status if error else 200, frame=frame, done=done,
        changes=changes, carried=base64.b64encode(data).decode() if done and done.changes else "", name=name,
        error=error.message if error else "", problems=[problem.message for problem in error.problems] if error else (),
        weeks=frame.calendar.election.shifted_weeks if frame.calendar else 0, most=MAX_ROWS,
    )  # fmt: skip
