"""The door to elections: whose calendars there are, until when, and the end of one."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, HouseDep, LimitedRoute, Row
from app.api.shapes import Id
from app.api.terms import ArchiveAnswer, ArchiveBody, TermBody

router = APIRouter(route_class=LimitedRoute, tags=["tahapan"])


class ElectionRow(Row):
    id: int = Field(examples=[1])
    code: str = Field(examples=["pilkada-2024"])
    name: str = Field(examples=["Pilkada Serentak 2024"])
    ends_on: date | None = Field(examples=["2025-02-28"], description="Hari terakhir kalendernya.")
    archived_at: datetime | None = Field(description="Sudah berakhir: hanya dapat dibaca.")
    evidence_ends_on: date | None = Field(description="Hari terakhir bukti disimpan; null: tanpa batas.")


class ElectionList(BaseModel):
    data: list[ElectionRow]
    next: None = None


@router.get("/elections", summary="Pemilihan yang terlihat, terbaru dulu; juga yang sudah diarsipkan")
async def list_elections(house: HouseDep, actor: ActorDep) -> ElectionList:
    return ElectionList(data=[ElectionRow.model_validate(row) for row in await house.endings.calendars(actor)])


@router.put("/elections/{election_id}/term", summary="Hari terakhir kalender sebuah pemilihan")
async def set_calendar_term(house: HouseDep, actor: ActorDep, election_id: Id, body: TermBody) -> ElectionRow:
    return ElectionRow.model_validate(await house.endings.set_calendar_term(actor, election_id, body.ends_on))


@router.post(
    "/elections/{election_id}/archive", summary="Arsipkan pemilihan: kalender dan semua unitnya hanya dapat dibaca"
)
async def archive_election(house: HouseDep, actor: ActorDep, election_id: Id, body: ArchiveBody) -> ArchiveAnswer:
    return ArchiveAnswer(units=await house.endings.archive_calendar(actor, election_id, reason=body.reason))
