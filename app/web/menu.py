"""The page of all doors, for those that find no place on a phone's bar."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.web.frame import frame_for
from app.web.render import page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)


@router.get("/lainnya")
async def show_menu(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    frame = await frame_for(house, actor)
    return await page(request, house, actor, "lainnya.html", frame=frame)
