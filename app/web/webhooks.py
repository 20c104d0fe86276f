"""Other systems that hear of deliveries: who, what, and whether it reached them."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from app.accounts.rules import Act, Actor, ProveFirst
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, Problem
from app.web import words
from app.web.fields import by_field, is_id
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_seen
from app.web.words import Label
from app.webhooks.rules import HookEvent, HookState

router = APIRouter(include_in_schema=False)

HookId = Annotated[int, Path(ge=1, lt=2**31)]
EVENTS = {
    HookEvent.PUBLISHED: "Terbit",
    HookEvent.FAILED: "Gagal atau kedaluwarsa",
    HookEvent.UNSURE: "Belum pasti, perlu orang",
    HookEvent.METRICS: "Angka dibaca",
}
STATES = {
    HookState.WAITING: Label("Menunggu dikirim", "jam"),
    HookState.SENT: Label("Sampai", "terbit", "good"),
    HookState.FAILED: Label("Tidak sampai", "gagal", "loud"),
}


@router.get("/webhook")
async def list_webhooks(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    return await _show(request, house, actor)


@router.post("/webhook")
async def create(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit: Annotated[str, Form(max_length=12)] = "",
    alamat: Annotated[str, Form(max_length=500)] = "",
    peristiwa: Annotated[list[str], Form(max_length=10)] = [],  # noqa: B006
) -> Response:
    """The secret is shown on the very answer, and never again."""
    actor.must(Act.MANAGE)
    said = {"unit": unit, "alamat": alamat, "peristiwa": peristiwa}
    try:
        if not is_id(unit):
            raise BadInput("Pilih unitnya.", Problem("unit_id", "Pilih unitnya."))
        _, secret = await house.webhooks.create(actor, int(unit), alamat, peristiwa)
    except ProveFirst:
        raise
    except AppError as error:
        return await _show(request, house, actor, said=said, error=error)
    return await _show(request, house, actor, secret=secret)


@router.post("/webhook/{hook_id}/hapus")
async def remove(house: HouseDep, actor: VisitorDep, hook_id: HookId) -> Response:
    await house.webhooks.remove(actor, hook_id)
    return go("/webhook", note="webhook-hapus")


@router.get("/webhook/{hook_id}")
async def show_log(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    hook_id: HookId,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    found = await house.webhooks.log_of(actor, hook_id, cursor=cursor)
    frame = await frame_for(house, actor)
    rows = [
        (row, STATES[HookState(row.state)], EVENTS[HookEvent(row.kind)], words.moment(row.created_at, frame.zone))
        for row in found.rows
    ]
    more = f"/webhook/{hook_id}?cursor={found.next}" if found.next else None
    return await page(request, house, actor, "webhook_satu.html", frame=frame, rows=rows, more=more)


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    *,
    said: Mapping[str, object] | None = None,
    secret: str = "",
    error: AppError | None = None,
) -> Response:
    frame, given = await frame_for(house, actor), said or {}
    hooks = [
        (row, name, ", ".join(EVENTS[HookEvent(event)].lower() for event in row.events))
        for row, name in await house.webhooks.list(actor)
    ]
    chosen = str(given.get("unit", ""))
    return await page(
        request, house, actor, "webhook.html", status=error.status if error else 200, frame=frame, hooks=hooks, events=EVENTS,
        units=await units_seen(house, actor, Act.MANAGE), chosen=int(chosen) if is_id(chosen) else None, address=given.get("alamat", ""),
        picked=given.get("peristiwa", ["delivery.published"]), secret=secret, error=error.message if error else "",
        problems=by_field(error) if error else {},
    )  # fmt: skip
