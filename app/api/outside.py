"""The door to what accounts show that was not made here, and to ours that were changed or deleted there."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Moment, PageDep, Row, linked
from app.api.shapes import MAX_ID, AnId, Environment
from app.engagement.outside import Seen

router = APIRouter(route_class=LimitedRoute, tags=["laporan"])


class SeenRow(Row):
    id: int = Field(examples=[5])
    unit_id: int = Field(examples=[17])
    unit: str = Field(examples=["PPS Cilendek Barat"])
    channel_id: int = Field(examples=[33])
    platform: str = Field(examples=["facebook"])
    environment: str = Field(examples=["live"])
    handle: str = Field(examples=["pps.cilendekbarat"])
    text: str = Field(examples=["Rabu, 27 November 2024: hari pemungutan suara."])
    url: str | None
    posted_at: Moment
    seen_at: Moment = Field(description="Pertama kali terbaca.")
    changed_at: Moment | None = Field(description="Sejak kapan isinya bukan yang dikirim (atau yang pertama terbaca).")
    gone_at: Moment | None
    gone: bool = Field(description="Tidak tampak lagi di akunnya.")
    delivery_id: int | None = Field(description="null: dibuat di luar Kentongan.")
    sent: str | None = Field(description="Teks yang dikirim; null untuk yang dibuat di luar.")
    broadcast_id: int | None = Field(description="Siaran wajib yang sama isinya.")
    broadcast: str | None
    likeness: float | None = Field(description="Kemiripan dengan siaran itu, 0 sampai 1.")
    findings: list[dict[str, Any]]
    is_blocked: bool


class SeenList(BaseModel):
    data: list[SeenRow]
    next: str | None = None


class ReadNow(Body):
    unit_id: AnId = Field(examples=[17])


class ReadNowRow(BaseModel):
    channels: int = Field(examples=[4], description="Akun yang dibaca ulang pada putaran berikutnya.")


@router.get("/reports/outside", summary="Unggahan di luar Kentongan; juga yang diubah atau dihapus di akunnya")
async def list_outside(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    page: PageDep,
    kind: Seen = Seen.OUTSIDE,
    unit: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    environment: Environment | None = None,
) -> SeenList:
    found = await house.elsewhere.list(
        actor, kind, unit=unit, environment=environment, limit=page.limit, cursor=page.cursor
    )
    response.headers.update(linked(request, found))
    return SeenList(data=[SeenRow.model_validate(view) for view in found.rows], next=found.next)


@router.post("/reports/outside/read", summary="Baca ulang akun unit ini dan yang di bawahnya sekarang")
async def read_now(house: HouseDep, actor: ActorDep, body: ReadNow) -> ReadNowRow:
    return ReadNowRow(channels=await house.elsewhere.read_now(actor, body.unit_id))
