"""Elections and their calendars: until when each holds, and the end of one; another beside it goes on."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from app.accounts.rules import Actor, ProveFirst
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, Forbidden, NotFound
from app.web.fields import by_field, clean
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.units import day_in

router = APIRouter(include_in_schema=False)

ElectionId = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("/pemilihan")
async def list_elections(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    return await _show(request, house, actor)


@router.post("/pemilihan/{election_id}/masa")
async def set_term(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    election_id: ElectionId,
    akhir: Annotated[str, Form(max_length=12)] = "",
) -> Response:
    try:
        await house.endings.set_calendar_term(actor, election_id, day_in(akhir))
    except (ProveFirst, NotFound, Forbidden):
        raise
    except AppError as error:
        return await _show(request, house, actor, error=error, about=election_id)
    return go("/pemilihan", note="masa-kalender")


@router.post("/pemilihan/{election_id}/arsip")
async def archive(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    election_id: ElectionId,
    alasan: Annotated[str, Form(max_length=500)] = "",
    yakin: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    try:
        if yakin != "ya" and await house.endings.may_end(actor, election_id):
            raise BadInput("Centang dulu bahwa pemilihannya sudah berakhir.")
        await house.endings.archive_calendar(actor, election_id, reason=clean(alasan))
    except (ProveFirst, NotFound, Forbidden):
        raise
    except AppError as error:
        return await _show(request, house, actor, error=error, about=election_id)
    return go("/pemilihan", note="arsip-kalender")


async def _show(
    request: Request, house: Kentongan, actor: Actor, *, error: AppError | None = None, about: int = 0
) -> Response:
    rows = await house.endings.calendars(actor)
    shown = [(row, row.archived_at is None and await house.endings.may_end(actor, row.id or 0)) for row in rows]
    return await page(
        request, house, actor, "pemilihan.html", status=error.status if error else 200, frame=await frame_for(house, actor),
        rows=shown, about=about, error=error.message if error else "", problems=by_field(error) if error else {},
    )  # fmt: skip
