"""Joining an account step by step: what to prepare, off to the platform and back, which of several, and what went wrong."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from app.accounts.rules import Actor, ProveFirst
from app.bootstrap import Kentongan
from app.channels.connecting import Returned, Way
from app.kit.errors import AppError, NotFound
from app.web import words
from app.web.channels import connect_form
from app.web.connecting import guide
from app.web.fields import is_id, one
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

WayId = Annotated[int, Path(ge=1, lt=2**31)]
LONGEST_PASTE = 9000


@router.post("/akun/hubungkan")
async def begin(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    async with request.form(max_part_size=LONGEST_PASTE) as form:
        if not is_id(one(form, "unit")):
            raise NotFound("Pilih dulu unitnya.")
        channel = one(form, "akun")
        common: dict[str, Any] = {
            "unit_id": int(one(form, "unit")), "platform": one(form, "platform"),
            "environment": one(form, "lingkungan", "live"), "channel_id": int(channel) if is_id(channel) else None,
        }  # fmt: skip
        try:
            if "rahasia" in form:
                opened = await house.connecting.open_with(
                    actor, identifier=one(form, "nama"), secret=one(form, "rahasia"), **common
                )
                return go(f"/akun/{opened.id}", note="hubung")
            way = await house.connecting.begin(actor, base_url=one(form, "peladen").strip(), **common)
        except ProveFirst:
            raise
        except AppError as error:
            return await connect_form(request, house, actor, form, error=error)
    return go(f"/akun/hubungkan/{way.id}")


@router.get("/akun/hubungkan/kembali")
async def come_back(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Where platforms send people back to. Leads on at once, so that the code does not stay in the address bar."""
    try:
        way = await house.connecting.come_back(actor, Returned(state, code, error))
    except AppError as refused:
        return await page(
            request, house, actor, "hubungkan.html", status=refused.status, way=None, reason=refused.message,
            platform="", guide=None,
        )  # fmt: skip
    return go(f"/akun/hubungkan/{way.id}")


@router.get("/akun/hubungkan/{way_id}")
async def show(request: Request, house: HouseDep, actor: VisitorDep, way_id: WayId) -> Response:
    return await _show(request, house, actor, await house.connecting.get(actor, way_id))


@router.post("/akun/hubungkan/{way_id}/pilih")
async def choose(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    way_id: WayId,
    akun: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    try:
        way = await house.connecting.choose(actor, way_id, akun)
    except AppError as error:
        way = await house.connecting.get(actor, way_id)
        return await _show(request, house, actor, way, error=error)
    return go(f"/akun/hubungkan/{way.id}")


async def _show(
    request: Request, house: Kentongan, actor: Actor, way: Way, *, error: AppError | None = None
) -> Response:
    if way.stage == "done":
        return go(f"/akun/{way.channel_id}", note="hubung")
    return await page(
        request, house, actor, "hubungkan.html", status=error.status if error else 200, way=way,
        reason=error.message if error else "", platform=words.platform_name(way.platform), guide=guide(way.platform),
    )  # fmt: skip
