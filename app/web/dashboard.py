"""The first page, and the one tap that publishes what lies ready on it."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.content.values import write_date
from app.kit.errors import AppError
from app.posts.rules import PostState
from app.publishing.read_store import Filter
from app.publishing.rules import State
from app.web import today
from app.web.cards import cards_for
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.today import ATTENTION, SHOWN

router = APIRouter(include_in_schema=False)

UnitId = Annotated[int, Path(ge=1, lt=2**31)]
Number = Annotated[int, Form(ge=1, lt=2**31)]
_PREVIEW_KEPT = "private, max-age=86400"


@router.get("/")
async def home() -> Response:
    return go("/dasbor")


@router.get("/dasbor")
async def show_dashboard(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    return await _show(request, house, actor)


@router.post("/dasbor/terbitkan")
async def publish_ready(
    request: Request, house: HouseDep, actor: VisitorDep, unit: Number, templat: Number
) -> Response:
    try:
        post = await house.suggesting.take(actor, unit, templat)
    except AppError as error:
        return await _show(request, house, actor, error=error)
    note = "diajukan" if post.state is PostState.IN_REVIEW else "dijadwalkan"
    return go(f"/unggahan/{post.id}", note=note)


@router.get("/poster/{unit_id}.webp")
async def show_poster(
    house: HouseDep, actor: VisitorDep, unit_id: UnitId, judul: Annotated[str, Query(max_length=240)]
) -> Response:
    """The poster a unit's post would carry, small."""
    data, _alt = await house.media.poster_preview(actor, unit_id, judul)
    return Response(data, media_type="image/webp", headers={"Cache-Control": _PREVIEW_KEPT})


async def _show(request: Request, house: Kentongan, actor: Actor, *, error: AppError | None = None) -> Response:
    frame = await frame_for(house, actor)
    upcoming = await house.publishing.list(actor, Filter(states=(State.DUE, State.SENDING)), limit=SHOWN)
    waiting = await house.publishing.list(actor, Filter(states=ATTENTION), limit=SHOWN, newest_first=True)
    counts = await house.publishing.counts(actor, Filter())
    out, gaps = await today.month_gaps(house, actor, frame.zone)
    return await page(
        request, house, actor, "dasbor.html", status=error.status if error else 200, frame=frame,
        error=error.message if error else "", date=write_date(house.clock.now().astimezone(frame.tz).date()),
        ready=await today.ready(house, actor, frame), needs=today.needs(counts), facts=await today.day(house, actor, frame.zone),
        upcoming=await cards_for(house, actor, upcoming.rows), waiting=await cards_for(house, actor, waiting.rows),
        reviews=await today.in_review(house, actor), silence=await today.silence(house, actor, frame.zone), out=out, gaps=gaps,
        short=await house.deputies.short_of_approvers(actor.paths(Act.MANAGE)),
        may_write=bool(actor.paths(Act.WRITE)),
    )  # fmt: skip
