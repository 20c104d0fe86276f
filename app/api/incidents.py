"""The door to outages of platforms, and to taking what they hold elsewhere."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Row
from app.api.shapes import Id

router = APIRouter(route_class=LimitedRoute, tags=["gangguan"])


class IncidentRow(Row):
    id: int = Field(examples=[2])
    platform: str = Field(examples=["x"])
    environment: str = Field(examples=["live"])
    reason: str
    began_at: datetime
    probe_at: datetime | None = Field(description="Kapan platform ditanya lagi; null begitu ia menjawab.")
    recovers_at: datetime | None = Field(description="Sejak kapan kiriman dilepas sedikit demi sedikit.")
    ended_at: datetime | None
    accounts: int = Field(description="Akun unit Anda di platform ini.", examples=[74])
    held: int = Field(description="Kiriman unit Anda yang tertahan atau jatuh waktu dalam satu jam.", examples=[70])
    late: int = Field(description="Kiriman yang terlambat karenanya; tidak dihitung dalam kepatuhan.")
    may_divert: bool


class IncidentList(BaseModel):
    data: list[IncidentRow]
    next: None = None


class Divert(Body):
    to: str = Field(max_length=20, examples=["manual"], description="`manual`, atau platform lain.")


class Diverted(Row):
    moved: int = Field(examples=[68])
    left: int = Field(
        examples=[2], description="Tetap tertahan: unitnya tidak punya akun di sana, atau isinya tidak muat."
    )


@router.get("/incidents", summary="Gangguan platform")
async def list_incidents(house: HouseDep, actor: ActorDep, running: bool = True) -> IncidentList:
    rows = await house.incidents.list(actor, running=running)
    return IncidentList(data=[IncidentRow.model_validate(row) for row in rows])


@router.get("/incidents/{incident_id}", summary="Satu gangguan platform")
async def read_incident(house: HouseDep, actor: ActorDep, incident_id: Id) -> IncidentRow:
    return IncidentRow.model_validate(await house.incidents.get(actor, incident_id))


@router.post("/incidents/{incident_id}/divert", summary="Alihkan kiriman yang tertahan gangguan")
async def divert(house: HouseDep, actor: ActorDep, incident_id: Id, body: Divert) -> Diverted:
    return Diverted.model_validate(await house.incidents.divert(actor, incident_id, to=body.to))
