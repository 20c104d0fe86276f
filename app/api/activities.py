"""The door to field programmes."""

from datetime import date, time
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field

from app.activities.rules import LONGEST, MOST_PEOPLE, MOST_RW, Said, State
from app.activities.service import ActivityView, PlanInput
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Moment, PageDep, Row, linked
from app.api.shapes import MAX_ID, AnId, Id, Lang

router = APIRouter(route_class=LimitedRoute, tags=["kegiatan"])

Programme = Annotated[str, Field(max_length=60, pattern=r"^[\w-]+$", examples=["sosialisasi_rw"])]
Rw = Annotated[int, Field(ge=1, le=MOST_RW, examples=[4])]
Place = Annotated[str, Field(max_length=LONGEST["place"], pattern=r"^[^\x00]*$", examples=["Balai warga RW 04"])]
School = Annotated[str, Field(max_length=LONGEST["school"], pattern=r"^[^\x00]*$", examples=[""])]
Note = Annotated[str, Field(max_length=LONGEST["note"], pattern=r"^[^\x00]*$", examples=[""])]
People = Annotated[int, Field(ge=0, le=MOST_PEOPLE, examples=[45])]
IfMatch = Annotated[str | None, Header(description="etag yang Anda baca; 412 bila sudah berubah.", max_length=100)]


class ActivityRow(Row):
    id: int = Field(examples=[7])
    unit_id: int = Field(examples=[17])
    unit: str = Field(examples=["PPS Cilendek Barat"])
    programme: str = Field(examples=["sosialisasi_rw"])
    rw: int | None = Field(examples=[4])
    school: str = Field(examples=[""])
    place: str = Field(examples=["Balai warga RW 04"])
    held_on: date = Field(examples=["2024-11-16"])
    attendance: int | None = Field(examples=[45], description="null: belum dihitung.")
    note: str = Field(examples=[""])
    invitation_id: int | None = Field(examples=[None], description="Unggahan yang mengundang.")
    post_id: int | None = Field(examples=[None], description="Unggahan dokumentasi.")
    state: State = Field(examples=["held"])
    lacks: list[str] = Field(examples=[[]], description="Yang masih kurang sesudah harinya lewat.")
    etag: str = Field(examples=['"a7-1"'])


class ActivityList(BaseModel):
    data: list[ActivityRow]
    next: str | None = None


class NewActivity(Body):
    unit_id: AnId = Field(examples=[17])
    programme: Programme
    held_on: date = Field(examples=["2024-11-16"])
    rw: Rw | None = None
    school: School = ""
    place: Place = ""
    attendance: People | None = Field(None, examples=[None])
    note: Note = ""
    post_id: AnId | None = None


class ActivityChange(Body):
    """Only what is sent changes; `cancelled` true ends it."""

    programme: Programme = ""
    held_on: date = Field(date(2024, 1, 1), examples=["2024-11-16"])
    rw: Rw | None = None
    school: School = ""
    place: Place = ""
    attendance: People | None = Field(None, examples=[45])
    note: Note = ""
    post_id: AnId | None = None
    cancelled: bool = Field(False, examples=[False])


class OwnBody(Body):
    rw: Rw | None = None
    school: School = ""
    place: Place = ""


class PlanBody(Body):
    """One programme for many units on one day."""

    programme: Programme
    held_on: date = Field(examples=["2024-11-16"])
    starts: time = Field(examples=["09:00"], description="Jam mulai setempat.")
    unit_ids: list[AnId] = Field(min_length=1, max_length=500, examples=[[17]])
    rw: Rw | None = None
    school: School = ""
    place: Place = ""
    each: dict[AnId, OwnBody] = Field({}, max_length=500, description="RW, sekolah, atau tempat satu unit.")
    lang: Lang = "id"
    template_id: AnId | None = None
    invite: bool = True
    invite_at: Moment | None = None


class PlannedRow(Row):
    unit_id: int = Field(examples=[17])
    unit: str = Field(examples=["PPS Cilendek Barat"])
    activity_id: int | None = Field(examples=[7])
    invitation_id: int | None = Field(examples=[75])
    documentation_id: int | None = Field(examples=[76])
    problem: str = Field(examples=[""])


class PlannedList(BaseModel):
    data: list[PlannedRow]


class ReachedRow(Row):
    unit_id: int = Field(examples=[17])
    unit: str = Field(examples=["PPS Cilendek Barat"])
    wilayah_code: str = Field(examples=["32.71.04.1008"])
    visited: list[int] = Field(examples=[[1, 4]])
    declared: int | None = Field(examples=[12], description="null: unit belum mengisi jumlah RW.")
    missing: list[int] = Field(examples=[[2, 3]])
    planned: int = Field(examples=[1])
    held: int = Field(examples=[2])
    attendance: int | None = Field(examples=[80])


class CoverageAnswer(Row):
    totals: dict[str, int | None] = Field(examples=[{"visited": 2, "declared": 12}])
    expected: int | None = Field(examples=[802], description="Jumlah RW menurut KPU.")
    rows: list[ReachedRow]


@router.get("/activities", summary="Kegiatan program, hari terbaru dulu")
async def list_activities(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    page: PageDep,
    unit: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    programme: Annotated[str | None, Query(max_length=60, pattern=r"^[\w-]+$")] = None,
    from_on: Annotated[date | None, Query(alias="from")] = None,
    to_on: Annotated[date | None, Query(alias="to")] = None,
) -> ActivityList:
    found = await house.activities.list(
        actor, unit=unit, programme=programme, from_on=from_on, to_on=to_on, limit=page.limit, cursor=page.cursor
    )
    response.headers.update(linked(request, found))
    return ActivityList(data=[ActivityRow.model_validate(view) for view in found.rows], next=found.next)


@router.get("/activities/coverage", summary="RW yang sudah dan belum didatangi")
async def coverage(
    house: HouseDep, actor: ActorDep, unit: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None
) -> CoverageAnswer:
    return CoverageAnswer.model_validate(await house.activities.coverage(actor, unit=unit))


@router.get("/activities/{activity_id}", summary="Satu kegiatan")
async def read_activity(response: Response, house: HouseDep, actor: ActorDep, activity_id: Id) -> ActivityRow:
    return _row(response, await house.activities.get(actor, activity_id))


@router.post("/activities", status_code=201, summary="Catat kegiatan")
async def add_activity(response: Response, house: HouseDep, actor: ActorDep, body: NewActivity) -> ActivityRow:
    view = await house.activities.create(actor, Said(**body.model_dump()))
    response.headers["Location"] = f"/api/v1/activities/{view.id}"
    return _row(response, view)


@router.post(
    "/activities/plan", status_code=201, summary="Rencanakan program: kegiatan, undangan, dan draf dokumentasi"
)
async def plan_activities(house: HouseDep, actor: ActorDep, body: PlanBody) -> PlannedList:
    given: dict[str, Any] = body.model_dump(exclude={"each"})
    each = {unit_id: own.model_dump(exclude_unset=True) for unit_id, own in body.each.items()}
    planned = await house.activities.plan(actor, PlanInput(**given, each=each))
    return PlannedList(data=[PlannedRow.model_validate(one) for one in planned])


@router.patch("/activities/{activity_id}", summary="Ubah kegiatan: hadirin, dokumentasi, atau batalkan")
async def edit_activity(
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    activity_id: Id,
    body: ActivityChange,
    if_match: IfMatch = None,
) -> ActivityRow:
    changes = body.model_dump(exclude_unset=True)
    return _row(response, await house.activities.edit(actor, activity_id, changes, if_match=if_match))


def _row(response: Response, view: ActivityView) -> ActivityRow:
    response.headers["ETag"] = view.etag
    return ActivityRow.model_validate(view)
