"""The door to webhooks: other systems hear of deliveries, as Standard Webhooks says."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, PageDep, Row, linked
from app.api.shapes import AnId, Id
from app.kit.paging import Page
from app.webhooks.rules import HookEvent, HookState

router = APIRouter(route_class=LimitedRoute, tags=["webhook"])


class WebhookRow(Row):
    id: int = Field(examples=[2])
    unit_id: int = Field(examples=[1])
    url: str = Field(examples=["https://data.contoh.go.id/kentongan"])
    events: list[HookEvent]
    is_on: bool
    reason: str = Field(description="Mengapa dimatikan; kosong bila hidup.")
    created_at: datetime


class NewWebhookRow(WebhookRow):
    secret: str = Field(description="Untuk memeriksa tanda tangan; hanya ditampilkan sekali.", examples=["whsec_..."])


class WebhookList(BaseModel):
    data: list[WebhookRow]
    next: None = None


class NewWebhook(Body):
    unit_id: AnId = Field(examples=[1], description="Unit ini dan semua di bawahnya.")
    url: str = Field(max_length=500, examples=["https://data.contoh.go.id/kentongan"])
    events: list[HookEvent] = Field(min_length=1, max_length=10, examples=[["delivery.published"]])


class SendingRow(Row):
    id: int
    kind: HookEvent
    body: dict[str, Any]
    state: HookState
    attempts: int
    act_at: datetime = Field(description="Percobaan berikutnya, selama state waiting.")
    http_status: int | None
    error: str
    created_at: datetime
    ended_at: datetime | None


class SendingList(BaseModel):
    data: list[SendingRow]
    next: str | None = None


@router.get("/webhooks", summary="Webhook unit yang Anda kelola")
async def list_webhooks(house: HouseDep, actor: ActorDep) -> WebhookList:
    return WebhookList(data=[WebhookRow.model_validate(row) for row, _ in await house.webhooks.list(actor)])


@router.post("/webhooks", status_code=201, summary="Daftarkan alamat yang dikabari; rahasianya tampil sekali")
async def create_webhook(house: HouseDep, actor: ActorDep, body: NewWebhook) -> NewWebhookRow:
    row, secret = await house.webhooks.create(actor, body.unit_id, body.url, body.events)
    return NewWebhookRow(**WebhookRow.model_validate(row).model_dump(), secret=secret)


@router.delete("/webhooks/{webhook_id}", status_code=204, summary="Hapus webhook beserta catatannya")
async def remove_webhook(house: HouseDep, actor: ActorDep, webhook_id: Id) -> Response:
    await house.webhooks.remove(actor, webhook_id)
    return Response(status_code=204)


@router.get("/webhooks/{webhook_id}/deliveries", summary="Catatan pengiriman sebuah webhook, terbaru dulu")
async def webhook_log(
    request: Request, response: Response, house: HouseDep, actor: ActorDep, webhook_id: Id, page: PageDep
) -> SendingList:
    found = await house.webhooks.log_of(actor, webhook_id, limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, Page[object](found.rows, found.next)))
    return SendingList(data=[SendingRow.model_validate(row) for row in found.rows], next=found.next)
