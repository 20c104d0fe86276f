"""Everything of a unit and those beneath it waits, from one page, and goes on from the same page."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, Problem
from app.web import words
from app.web.fields import by_field, clean, is_id
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_seen

router = APIRouter(include_in_schema=False)

PauseId = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("/jeda")
async def list_pauses(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    return await _show(request, house, actor)


@router.post("/jeda")
async def begin(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit: Annotated[str, Form(max_length=12)] = "",
    alasan: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    actor.must(Act.BROADCAST)
    reason = clean(alasan)
    try:
        if not is_id(unit):
            raise BadInput("Pilih unit yang dijeda.", Problem("unit", "Pilih unitnya."))
        await house.pauses.pause(actor, int(unit), reason=reason)
    except AppError as error:
        return await _show(request, house, actor, chosen=unit, reason=reason, error=error)
    return go("/jeda", note="jeda-semua")


@router.post("/jeda/{pause_id}/lanjut")
async def end(request: Request, house: HouseDep, actor: VisitorDep, pause_id: PauseId) -> Response:
    try:
        await house.pauses.resume(actor, pause_id)
    except AppError as error:
        if error.status == 404:
            raise
        return await _show(request, house, actor, error=error)
    return go("/jeda", note="jeda-selesai")


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    *,
    chosen: str = "",
    reason: str = "",
    error: AppError | None = None,
) -> Response:
    frame = await frame_for(house, actor)
    units = await units_seen(house, actor, Act.BROADCAST)
    paused = {pause.unit_id for pause in frame.pauses}
    return await page(
        request, house, actor, "jeda.html", status=error.status if error else 200, frame=frame,
        units=[unit for unit in units if unit.id not in paused], chosen=int(chosen) if is_id(chosen) else None,
        reason=reason, error=error.message if error else "", problems=by_field(error) if error else {},
        pauses=[(pause, words.moment(pause.created_at, frame.zone)) for pause in frame.pauses],
    )  # fmt: skip
