"""The door to the audit record and to evidence that can be taken along."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Moment, PageDep, Row, linked
from app.api.shapes import MAX_ID, Id
from app.evidence.history_store import HistoryFilter
from app.evidence.packing import Pack
from app.kit.paging import Page

router = APIRouter(route_class=LimitedRoute, tags=["riwayat"])

ZIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "ZIP dengan pemeriksanya", "content": {"application/zip": {}}}
}
Word = Annotated[str | None, Query(max_length=80, pattern=r"^[\w.:-]+$")]


class EventRow(Row):
    id: int = Field(examples=[812])
    at: datetime
    actor: str = Field(examples=["user:3"])
    action: str = Field(examples=["post.approve"])
    subject: str = Field(examples=["post:75"])
    unit_id: int = Field(examples=[17])
    unit_name: str = Field(examples=["PPS Cilendek Barat"])
    detail: dict[str, Any] = Field(examples=[{"reason": ""}])
    seq: int | None = Field(examples=[790], description="Nomor dalam rantai; null: belum disegel.")
    hash: str | None


class EventList(BaseModel):
    data: list[EventRow]
    next: str | None = None


class HeadRow(Row):
    ended_on: date = Field(examples=["2024-11-20"])
    seq: int = Field(examples=[790])
    hash: str
    at: datetime


class HeadList(BaseModel):
    data: list[HeadRow]
    next: None = None


def as_file(pack: Pack) -> Response:
    """The ZIP, gone from here once it has been sent."""
    headers = {"Cache-Control": "no-store", "X-Content-SHA256": pack.sha256}
    gone = BackgroundTask(pack.path.unlink, missing_ok=True)
    return FileResponse(pack.path, media_type="application/zip", filename=pack.name, headers=headers, background=gone)


@router.get("/audit", summary="Jejak audit, yang terbaru dulu")
async def list_events(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    page: PageDep,
    unit: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Unit ini dan semua di bawahnya.")] = None,
    by: Annotated[Word, Query(alias="actor", examples=["user:3"])] = None,
    action: Annotated[Word, Query(description="Satu tindakan, atau awalannya: `post.`.")] = None,
    subject: Annotated[Word, Query(examples=["post:75"])] = None,
    post: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Satu unggahan beserta kirimannya.")] = None,
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
) -> EventList:
    under = (await house.units.get(actor, unit)).path if unit is not None else None
    wanted = HistoryFilter(under, by, action, subject, post, since, until)
    found = await house.history.list(actor, wanted, limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, Page[object](found.rows, found.next)))
    return EventList(data=[EventRow.model_validate(row) for row in found.rows], next=found.next)


@router.get("/audit/heads", summary="Kepala rantai harian, untuk dicocokkan kemudian")
async def list_heads(house: HouseDep, actor: ActorDep) -> HeadList:
    return HeadList(data=[HeadRow.model_validate(row) for row in await house.history.heads()])


class RetentionBody(Body):
    until: date | None = Field(examples=["2029-12-31"], description="Hari terakhir; null: tanpa batas.")


class RetentionAnswer(BaseModel):
    until: date | None


@router.get("/units/{unit_id}/evidence-retention", summary="Sampai kapan bukti pemilihan unit ini disimpan")
async def read_retention(house: HouseDep, actor: ActorDep, unit_id: Id) -> RetentionAnswer:
    return RetentionAnswer(until=await house.keeping.until(actor, unit_id))


@router.put("/units/{unit_id}/evidence-retention", summary="Atur masa simpan bukti; hanya di KPU")
async def set_retention(house: HouseDep, actor: ActorDep, unit_id: Id, body: RetentionBody) -> RetentionAnswer:
    return RetentionAnswer(until=await house.keeping.keep_until(actor, unit_id, body.until))


@router.get("/audit/export", summary="Bukti satu periode sebagai ZIP", response_class=FileResponse, responses=ZIP)
async def export_period(
    house: HouseDep,
    actor: ActorDep,
    since: Annotated[Moment, Query(alias="from")],
    until: Annotated[Moment, Query(alias="to")],
    unit: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Unit ini dan semua di bawahnya.")] = None,
) -> Response:
    return as_file(await house.evidence.of_period(actor, since, until, unit_id=unit))


@router.get(
    "/posts/{post_id}/evidence", summary="Bukti satu unggahan sebagai ZIP", response_class=FileResponse, responses=ZIP
)
async def export_post(house: HouseDep, actor: ActorDep, post_id: Id) -> Response:
    return as_file(await house.evidence.of_post(actor, post_id))
