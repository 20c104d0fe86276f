"""Outages of platforms: since when, what they hold, and where it may go instead."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError
from app.publishing.diverting import Diverted
from app.web import words
from app.web.frame import frame_for
from app.web.render import page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

IncidentId = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("/gangguan")
async def list_incidents(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    frame = await frame_for(house, actor)
    rows = await house.incidents.list(actor, running=False)
    shown = [(row, words.moment(row.began_at, frame.zone)) for row in rows]
    return await page(request, house, actor, "gangguan.html", frame=frame, incidents=shown)


@router.get("/gangguan/{incident_id}")
async def show(request: Request, house: HouseDep, actor: VisitorDep, incident_id: IncidentId) -> Response:
    return await _show(request, house, actor, incident_id)


@router.post("/gangguan/{incident_id}/alihkan")
async def divert(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    incident_id: IncidentId,
    ke: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    try:
        done = await house.incidents.divert(actor, incident_id, to=ke)
    except AppError as error:
        if error.status in {403, 404}:
            raise
        return await _show(request, house, actor, incident_id, error=error)
    return await _show(request, house, actor, incident_id, done=done)


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    incident_id: int,
    *,
    done: Diverted | None = None,
    error: AppError | None = None,
) -> Response:
    view = await house.incidents.get(actor, incident_id)
    frame = await frame_for(house, actor)
    times = {
        name: words.moment(at, frame.zone) if (at := getattr(view, name)) else None
        for name in ("began_at", "probe_at", "recovers_at", "ended_at")
    }
    return await page(
        request, house, actor, "gangguan_satu.html", status=error.status if error else 200, frame=frame, incident=view,
        times=times, targets=house.incidents.targets(view), done=done, error=error.message if error else "",
    )  # fmt: skip
