"""The door through which a stage is moved together with every post that hangs on it."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.accounts.rules import Act
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Row
from app.api.shapes import Environment, Id, Reason
from app.tahapan.service import StageEdit

router = APIRouter(route_class=LimitedRoute, tags=["tahapan"])


class SaidRow(Row):
    due_at: datetime | None
    text: str | None


class AffectedRow(Row):
    post_id: int = Field(examples=[75])
    unit_id: int = Field(examples=[17])
    unit_name: str = Field(examples=["PPS Cilendek Barat"])
    state: str = Field(examples=["scheduled"], description="Keadaannya sesudah perubahan.")
    before: SaidRow
    after: SaidRow
    needs_review: bool
    reasons: list[str]


class StaleRow(Row):
    post_id: int
    unit_id: int
    unit_name: str
    text: str | None
    due_at: datetime | None


class InFlightRow(Row):
    delivery_id: int
    post_id: int
    unit_id: int
    platform: str


class RevisionRow(Row):
    affected: list[AffectedRow]
    sent_stale: list[StaleRow] = Field(description="Sudah terbit dan kini tidak benar lagi.")
    in_flight: list[InFlightRow] = Field(description="Sedang dikirim saat itu; dibiarkan.")
    applied: bool
    elsewhere: int = Field(description="Unggahan lain yang berubah, di luar yang boleh Anda lihat.")
    revision_id: int | None


class StaleDeliveryRow(Row):
    delivery_id: int = Field(examples=[301])
    post_id: int
    unit_id: int
    unit_name: str = Field(examples=["PPS Cilendek Barat"])
    channel_id: int
    platform: str = Field(examples=["facebook"])
    environment: Environment
    handle: str
    text: str
    url: str | None
    published_at: datetime | None


class StaleList(BaseModel):
    data: list[StaleDeliveryRow]
    next: None = None


class PastRow(Row):
    id: int = Field(examples=[2])
    before: dict[str, str | None] = Field(examples=[{"starts_on": "2024-11-27"}])
    after: dict[str, str | None] = Field(examples=[{"starts_on": "2024-12-04"}])
    reason: str
    by: str = Field(examples=["user:4"])
    created_at: datetime
    undoes: int | None = Field(description="Perubahan yang dibatalkan oleh yang ini.")
    undone_at: datetime | None


class PastList(BaseModel):
    data: list[PastRow]
    next: None = None


class ReviseBody(Body):
    starts_on: date | None = Field(None, examples=["2024-11-27"])
    ends_on: date | None = Field(None, examples=["2024-11-27"])
    reason: Reason = Field(min_length=1, examples=["Pemungutan suara susulan"])
    dry_run: bool = False


class UndoBody(Body):
    reason: Reason = Field(min_length=1, examples=["Keputusan dibatalkan"])
    dry_run: bool = False


@router.post("/tahapan/{tahapan_id}/revise", summary="Geser tahapan beserta semua unggahan yang belum dikirim")
async def revise_tahapan(house: HouseDep, actor: ActorDep, tahapan_id: Id, body: ReviseBody) -> RevisionRow:
    within = await house.units.elections(actor, Act.CALENDAR)
    days: StageEdit = {}
    if "starts_on" in body.model_fields_set:
        days["starts_on"] = body.starts_on
    if "ends_on" in body.model_fields_set:
        days["ends_on"] = body.ends_on
    view = await house.revising.revise(actor, tahapan_id, days, reason=body.reason, dry_run=body.dry_run, within=within)
    if view.applied:
        await house.ring("grow_series")
    return RevisionRow.model_validate(view)


@router.get("/tahapan/{tahapan_id}/revisions", summary="Perubahan sebuah tahapan, terbaru dulu")
async def list_revisions(house: HouseDep, actor: ActorDep, tahapan_id: Id) -> PastList:
    within = await house.units.elections(actor, Act.READ)
    rows = await house.revising.history(actor, tahapan_id, within=within, limit=100)
    return PastList(data=[PastRow.model_validate(row) for row in rows])


@router.get("/tahapan/{tahapan_id}/stale", summary="Yang telanjur terbit dengan tanggal lama dan belum dikoreksi")
async def list_stale(house: HouseDep, actor: ActorDep, tahapan_id: Id) -> StaleList:
    await house.tahapan.get(tahapan_id, within=await house.units.elections(actor, Act.READ))
    rows = await house.corrections.stale(actor, tahapan_id)
    return StaleList(data=[StaleDeliveryRow.model_validate(row) for row in rows])


@router.post("/revisions/{revision_id}/undo", summary="Batalkan perubahan tahapan")
async def undo_revision(house: HouseDep, actor: ActorDep, revision_id: Id, body: UndoBody) -> RevisionRow:
    within = await house.units.elections(actor, Act.CALENDAR)
    view = await house.revising.undo(actor, revision_id, reason=body.reason, dry_run=body.dry_run, within=within)
    return RevisionRow.model_validate(view)
