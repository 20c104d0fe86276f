"""The door to terms: until when a body and its people serve, who takes over, and the end."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Row
from app.api.shapes import Id, Reason
from app.api.units import UnitRow

router = APIRouter(route_class=LimitedRoute, tags=["units"])


class TermBody(Body):
    ends_on: date | None = Field(examples=["2025-01-27"], description="Hari terakhir; null: belum diketahui.")


class HandOverBody(Body):
    email: Annotated[str, Field(max_length=300)] = Field(examples=["ketua.baru@contoh.go.id"])
    name: Annotated[str, Field(max_length=300)] = Field(examples=["Ketua Baru"])
    role: Annotated[str, Field(max_length=20)] = Field("admin", examples=["admin"])
    reason: Reason = Field(min_length=1, examples=["SK 12/2024"])


class HandOverAnswer(BaseModel):
    user_id: int
    link: str | None = Field(description="Tautan sekali pakai; hanya tampil di sini.")
    ended: int = Field(description="Peran yang berakhir.")
    channels: int = Field(description="Akun yang menunggu dicek pengurus baru.")


class ArchiveBody(Body):
    reason: Reason = Field(min_length=1, examples=["PPS dibubarkan"])


class ArchiveAnswer(BaseModel):
    units: int = Field(description="Berapa unit yang diarsipkan, dengan semua di bawahnya.")


class PastRow(Row):
    user_id: int
    role: str
    reason: str
    ended_at: datetime


class PastList(BaseModel):
    data: list[PastRow]
    next: None = None


@router.put("/units/{unit_id}/term", summary="Hari terakhir masa tugas unit")
async def set_unit_term(house: HouseDep, actor: ActorDep, unit_id: Id, body: TermBody) -> UnitRow:
    return UnitRow.model_validate(await house.terms.set_unit_term(actor, unit_id, body.ends_on))


@router.post("/units/{unit_id}/hand-over", summary="Serah terima kepada pengurus baru")
async def hand_over(house: HouseDep, actor: ActorDep, unit_id: Id, body: HandOverBody) -> HandOverAnswer:
    done = await house.terms.hand_over(
        actor, unit_id, email=body.email, name=body.name, role=body.role, reason=body.reason
    )
    link = f"{house.settings.base_url}/masuk/{done.invited.link}" if done.invited.link else None
    return HandOverAnswer(user_id=done.invited.person.id, link=link, ended=done.ended, channels=done.channels)


@router.post("/units/{unit_id}/archive", summary="Arsipkan unit yang masa tugasnya berakhir, beserta semua di bawahnya")
async def archive_unit(house: HouseDep, actor: ActorDep, unit_id: Id, body: ArchiveBody) -> ArchiveAnswer:
    return ArchiveAnswer(units=await house.terms.archive(actor, unit_id, reason=body.reason))


@router.get("/units/{unit_id}/past-people", summary="Yang pernah bertugas di unit ini")
async def past_people(house: HouseDep, actor: ActorDep, unit_id: Id) -> PastList:
    return PastList(data=[PastRow.model_validate(row) for row in await house.terms.past(actor, unit_id)])


@router.put("/units/{unit_id}/people/{user_id}/term", status_code=204, summary="Hari terakhir tugas seseorang")
async def set_role_term(house: HouseDep, actor: ActorDep, unit_id: Id, user_id: Id, body: TermBody) -> Response:
    await house.terms.set_role_term(actor, unit_id, user_id, body.ends_on)
    return Response(status_code=204)


@router.delete("/units/{unit_id}/people/{user_id}", status_code=204, summary="Akhiri tugas seseorang sekarang")
async def end_role(house: HouseDep, actor: ActorDep, unit_id: Id, user_id: Id) -> Response:
    await house.terms.end_role(actor, unit_id, user_id)
    return Response(status_code=204)
