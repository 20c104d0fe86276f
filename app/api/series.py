"""The door to series: one template around a stage, again and again."""

from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, model_validator

from app.api.broadcasts import SelectBody
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, PageDep, Row, linked
from app.api.shapes import AnId, Code, Environment, Id, Lang, PosterBody, ReasonBody, Variables
from app.posts.series import SeriesInput, SeriesView
from app.posts.series_rules import WEEKDAYS, Schedule

router = APIRouter(tags=["seri"], route_class=LimitedRoute)

Platforms = Annotated[list[Annotated[str, Field(max_length=30)]], Field(min_length=1, max_length=20, examples=[["x"]])]


class ScheduleBody(Body):
    """Either `days_before` (H-n; negative: after) an edge of the stage, or every `weekday` while it lasts."""

    tahapan: Code = Field(examples=["PYL-07"])
    time: str = Field(pattern=r"^([01]\d|2[0-3])[:.][0-5]\d$", examples=["09:00"])
    edge: Literal["start", "end"] = "start"
    days_before: list[Annotated[int, Field(ge=-400, le=400)]] = Field([], max_length=60, examples=[[30, 14, 7, 3, 1]])
    weekday: Literal["senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu"] | None = None
    until_on: date | None = Field(None, description="Hari terakhir seri ini.")

    @model_validator(mode="after")
    def _one_of_them(self) -> "ScheduleBody":
        if bool(self.days_before) == (self.weekday is not None):
            raise ValueError("isi salah satu: days_before atau weekday")
        return self

    def as_schedule(self) -> Schedule:
        weekday = None if self.weekday is None else WEEKDAYS.index(self.weekday)
        at = time.fromisoformat(self.time.replace(".", ":"))
        return Schedule(self.tahapan, at, self.edge, tuple(self.days_before), weekday, self.until_on)


class NewSeries(Body):
    template_id: AnId = Field(examples=[3])
    schedule: ScheduleBody
    select: SelectBody = SelectBody(kinds=[], under=None, unit_ids=None)
    platforms: Platforms
    lang: Lang = "id"
    media: list[AnId] = Field([], max_length=20)
    poster: PosterBody | None = None
    stagger_minutes: int = Field(0, ge=0, le=1440)
    variables: Variables = {}
    environment: Environment | None = None
    dry_run: bool = False


class SeriesChange(Body):
    """Only what is sent changes."""

    template_id: AnId | None = None
    schedule: ScheduleBody | None = None
    platforms: Platforms | None = None
    lang: Lang | None = None
    media: list[AnId] | None = Field(None, max_length=20)
    poster: PosterBody | None = None
    stagger_minutes: int | None = Field(None, ge=0, le=1440)
    variables: Variables | None = None


class StepRow(Row):
    step: str = Field(examples=["H-7"])
    due_at: datetime | None = Field(description="Menit pertama dari unggahannya.")
    by_state: dict[str, int] = Field(examples=[{"scheduled": 68}])


class SeriesProblem(Row):
    step: str = Field(examples=["H-30"])
    unit_id: int | None
    unit_name: str
    reason: str = Field(examples=["Waktu terbit sudah lewat. Pilih waktu yang akan datang."])


class SeriesRow(Row):
    id: int | None = Field(examples=[2], description="null pada dry_run.")
    unit_id: int
    template_id: int
    title: str
    environment: Environment
    request: dict[str, Any]
    posts: int = Field(examples=[340])
    steps: list[StepRow]
    problems: list[SeriesProblem]
    kept: int = Field(
        description="Yang dibiarkan sebuah perubahan: sudah ditulis unitnya sendiri, atau sudah berangkat."
    )
    created_at: datetime | None
    cancelled_at: datetime | None


class SeriesList(BaseModel):
    data: list[SeriesRow]
    next: str | None = None


def _row(view: SeriesView) -> SeriesRow:
    return SeriesRow.model_validate(view)


@router.get("/series", summary="Seri, terbaru dulu")
async def list_series(
    request: Request, response: Response, house: HouseDep, actor: ActorDep, page: PageDep
) -> SeriesList:
    found = await house.series.list(actor, limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, found))
    return SeriesList(data=[_row(view) for view in found.rows], next=found.next)


@router.post("/series", status_code=201, summary="Buat seri: H-n, atau setiap minggu; dengan dry_run hanya diperiksa")
async def create_series(response: Response, house: HouseDep, actor: ActorDep, body: NewSeries) -> SeriesRow:
    given = body.model_dump(exclude={"select", "schedule", "dry_run", "poster"})
    select = body.select
    wanted = SeriesInput(
        **given,
        kinds=select.kinds,
        under=select.under,
        unit_ids=select.unit_ids,
        schedule=body.schedule.as_schedule(),
        poster=body.poster.as_wish() if body.poster else None,
    )
    if body.dry_run:
        response.status_code = 200
        return _row(await house.series.preview(actor, wanted))
    view = await house.series.create(actor, wanted)
    response.headers["Location"] = f"/api/v1/series/{view.id}"
    return _row(view)


@router.get("/series/{series_id}", summary="Satu seri dan kemajuannya")
async def read_series(house: HouseDep, actor: ActorDep, series_id: Id) -> SeriesRow:
    return _row(await house.series.get(actor, series_id))


@router.patch("/series/{series_id}", summary="Ubah seri; sampai ke yang sudah antre dan belum dikirim")
async def edit_series(house: HouseDep, actor: ActorDep, series_id: Id, body: SeriesChange) -> SeriesRow:
    changes = body.model_dump(exclude_none=True, exclude={"schedule", "poster"})
    if body.schedule is not None:
        changes["schedule"] = body.schedule.as_schedule()
    if "poster" in body.model_fields_set:
        changes["poster"] = body.poster.as_wish() if body.poster else None
    return _row(await house.series.edit(actor, series_id, changes))


@router.post("/series/{series_id}/cancel", summary="Hentikan seri")
async def cancel_series(house: HouseDep, actor: ActorDep, series_id: Id, body: ReasonBody | None = None) -> SeriesRow:
    return _row(await house.series.cancel(actor, series_id, reason=body.reason if body else ""))
