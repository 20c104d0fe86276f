"""The door to pauses: everything of a unit and those beneath it waits."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Row
from app.api.shapes import AnId, Id, Reason

router = APIRouter(route_class=LimitedRoute, tags=["jeda"])


class PauseRow(Row):
    id: int = Field(examples=[3])
    unit_id: int = Field(examples=[1])
    reason: str = Field(examples=["Menunggu kepastian tanggal"])
    held: int = Field(examples=[222], description="Kiriman yang ditahan saat jeda dimulai.")
    created_at: datetime
    ended_at: datetime | None


class PauseAnswer(BaseModel):
    pause: PauseRow
    in_flight: int = Field(0, description="Sudah berangkat, tidak dapat ditahan lagi.")
    released: int = Field(0, description="Kiriman yang berjalan lagi.")


class PauseList(BaseModel):
    data: list[PauseRow]
    next: None = None


class NewPause(Body):
    under: AnId = Field(examples=[1])
    reason: Reason = Field(min_length=1, examples=["Menunggu kepastian tanggal"])


@router.get("/pauses", summary="Jeda di unit Anda dan di atasnya")
async def list_pauses(house: HouseDep, actor: ActorDep, running: bool = True) -> PauseList:
    return PauseList(data=[PauseRow.model_validate(row) for row in await house.pauses.list(actor, running=running)])


@router.post("/pauses", status_code=201, summary="Jeda semua: tahan yang belum dikirim dari unit ini dan di bawahnya")
async def begin_pause(house: HouseDep, actor: ActorDep, body: NewPause) -> PauseAnswer:
    row, in_flight = await house.pauses.pause(actor, body.under, reason=body.reason)
    return PauseAnswer(pause=PauseRow.model_validate(row), in_flight=in_flight)


@router.post("/pauses/{pause_id}/resume", summary="Akhiri jeda")
async def end_pause(house: HouseDep, actor: ActorDep, pause_id: Id) -> PauseAnswer:
    row, released = await house.pauses.resume(actor, pause_id)
    return PauseAnswer(pause=PauseRow.model_validate(row), released=released)
