"""The door through which a stage is moved together with every post that hangs on it."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import Field

from app.accounts.rules import Act
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Row
from app.api.shapes import Id, Reason
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
    return RevisionRow.model_validate(view)


@router.post("/revisions/{revision_id}/undo", summary="Batalkan perubahan tahapan")
async def undo_revision(house: HouseDep, actor: ActorDep, revision_id: Id, body: UndoBody) -> RevisionRow:
    within = await house.units.elections(actor, Act.CALENDAR)
    view = await house.revising.undo(actor, revision_id, reason=body.reason, dry_run=body.dry_run, within=within)
    return RevisionRow.model_validate(view)
