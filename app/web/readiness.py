"""The page that says which platforms are ready, and by when the others must be asked."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.content.values import write_date
from app.operations.readiness import readiness
from app.web.frame import frame_for
from app.web.render import page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)


@router.get("/kesiapan")
async def show_readiness(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    rows = await readiness(house, actor)
    frame = await frame_for(house, actor)
    today = house.clock.now().astimezone(frame.tz).date()
    platforms = [
        {
            "row": one,
            "is_late": one.begin_by is not None and one.begin_by < today and not (one.accounts and one.published),
            "begin_by": write_date(one.begin_by) if one.begin_by and one.weeks else "",
        }
        for one in rows
    ]
    return await page(request, house, actor, "kesiapan.html", frame=frame, platforms=platforms)
