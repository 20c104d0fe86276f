"""The door to deliveries: what goes out, what went wrong, and what a person may do about it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Moment, PageDep, Row, linked
from app.api.shapes import MAX_ID, AnId, DeliveryRow, Environment, Id, ReasonBody
from app.publishing.bulk import MOST, Deed
from app.publishing.read_store import Filter
from app.publishing.rules import State

router = APIRouter(tags=["antrean"], route_class=LimitedRoute)


class DeliveryList(BaseModel):
    data: list[DeliveryRow]
    next: str | None = None


class ResolveBody(Body):
    published: bool = Field(examples=[True])
    proof_id: AnId | None = Field(None, description="Tangkapan layar sebagai bukti: nomor dari POST /media.")
    url: str | None = Field(
        None, max_length=500, pattern=r"^https?://[^\s\x00]+$", examples=["https://www.facebook.com/1_2"]
    )


class RemovedBody(Body):
    removed: bool = Field(
        examples=[True], description="true: sudah tidak ada di platform; false: permintaan hapus dicabut."
    )


@router.get("/deliveries", summary="Kiriman menurut waktunya")
async def list_deliveries(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    page: PageDep,
    state: Annotated[list[State] | None, Query()] = None,
    unit: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    platform: Annotated[str | None, Query(pattern="^[a-z0-9_]{1,30}$")] = None,
    environment: Environment | None = None,
    due_before: Moment | None = None,
    post: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    broadcast: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> DeliveryList:
    wanted = Filter(
        states=tuple(state or ()),
        unit_id=unit,
        platform=platform,
        environment=environment,
        due_before=due_before,
        post_ids=[post] if post else None,
        broadcast_id=broadcast,
    )
    found = await house.publishing.list(actor, wanted, limit=page.limit, cursor=page.cursor, with_attempts=True)
    response.headers.update(linked(request, found))
    return DeliveryList(data=[DeliveryRow.model_validate(view) for view in found.rows], next=found.next)


class BulkBody(Body):
    delivery_ids: list[AnId] = Field(min_length=1, max_length=MOST, examples=[[311, 312]])
    action: Deed = Field(
        examples=["retry"], description="retry; atau, sesudah dilihat sendiri, published atau not_published."
    )


class RefusedRow(Row):
    delivery_id: int
    reason: str


class DealtRow(Row):
    done: list[int] = Field(examples=[[311]])
    refused: list[RefusedRow]


@router.post("/deliveries/bulk", summary="Banyak kiriman sekaligus: kirim lagi, atau pastikan")
async def deal_with_many(house: HouseDep, actor: ActorDep, body: BulkBody) -> DealtRow:
    return DealtRow.model_validate(await house.bulk.deal(actor, body.delivery_ids, body.action))


@router.get("/deliveries/{delivery_id}", summary="Satu kiriman dengan semua percobaannya")
async def read_delivery(house: HouseDep, actor: ActorDep, delivery_id: Id) -> DeliveryRow:
    return DeliveryRow.model_validate(await house.publishing.get(actor, delivery_id))


@router.post("/deliveries/{delivery_id}/retry", summary="Kirim lagi yang gagal atau terlewat")
async def retry_delivery(house: HouseDep, actor: ActorDep, delivery_id: Id) -> DeliveryRow:
    return DeliveryRow.model_validate(await house.publishing.retry(actor, delivery_id))


@router.post("/deliveries/{delivery_id}/resolve", summary="Pastikan: sudah terbit, atau belum")
async def resolve_delivery(house: HouseDep, actor: ActorDep, delivery_id: Id, body: ResolveBody) -> DeliveryRow:
    if body.proof_id is not None:
        await house.media.get(actor, body.proof_id)
    view = await house.publishing.resolve(
        actor, delivery_id, published=body.published, url=body.url, proof_id=body.proof_id
    )
    return DeliveryRow.model_validate(view)


@router.post("/deliveries/{delivery_id}/withdraw", summary="Hapus di platform yang sudah terbit")
async def withdraw_delivery(house: HouseDep, actor: ActorDep, delivery_id: Id, body: ReasonBody) -> DeliveryRow:
    return DeliveryRow.model_validate(await house.withdrawing.withdraw(actor, delivery_id, reason=body.reason))


@router.post("/deliveries/{delivery_id}/withdraw/resolve", summary="Pastikan: sudah dihapus, atau dibiarkan terbit")
async def resolve_withdrawal(house: HouseDep, actor: ActorDep, delivery_id: Id, body: RemovedBody) -> DeliveryRow:
    return DeliveryRow.model_validate(await house.withdrawing.settle(actor, delivery_id, removed=body.removed))


@router.post("/deliveries/{delivery_id}/cancel", summary="Batalkan satu kiriman")
async def cancel_delivery(
    house: HouseDep, actor: ActorDep, delivery_id: Id, body: ReasonBody | None = None
) -> DeliveryRow:
    reason = (body.reason.strip() if body else "") or "Dibatalkan."
    return DeliveryRow.model_validate(await house.publishing.cancel_one(actor, delivery_id, reason=reason))
