"""The door to the calendar of an election."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from app.accounts.rules import Act
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, PageDep, Row, linked
from app.kit.paging import Page
from app.tahapan.rules import StageKind
from app.tahapan.service import StageEdit, Wanted

router = APIRouter(route_class=LimitedRoute, tags=["tahapan"])

TahapanId = Annotated[int, Path(ge=1, le=2**31 - 1)]

Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", examples=["KMP-05"])]
Name = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$", examples=["Debat publik kedua"])
]
Word = Annotated[
    str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$", examples=["kota_bogor"])
]
Text = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$", examples=["Pengumuman KPU Kota Bogor 12/2024"])]


class TahapanRow(Row):
    id: int = Field(examples=[55])
    code: str = Field(examples=["TNG-01"])
    name: str = Field(examples=["Masa tenang"])
    kind: str = Field(examples=["masa_tenang"])
    starts_on: date | None = Field(examples=["2024-11-24"])
    ends_on: date | None = Field(examples=["2024-11-26"])
    scope: str = Field(examples=["nasional"])
    source: str = Field(examples=["PKPU 2/2024"])
    certainty: str = Field(examples=["tinggi"])
    parent: str | None = Field(examples=[None])
    note: str = Field(examples=[""])
    election_id: int = Field(examples=[1])
    version: int = Field(examples=[1])


class TahapanList(BaseModel):
    data: list[TahapanRow]
    next: str | None = Field(examples=[None])


class NewTahapan(Body):
    code: Code
    name: Name
    kind: StageKind = StageKind.PERISTIWA
    starts_on: date | None = Field(None, examples=["2024-11-15"])
    ends_on: date | None = Field(None, examples=["2024-11-15"])
    scope: Word = "nasional"
    source: Text = ""
    certainty: Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")] = ""
    parent: Code | None = None
    note: Text = ""


class TahapanChange(Body):
    """Only what is sent changes; a day sent as null is forgotten."""

    name: Name = ""
    kind: StageKind = StageKind.PERISTIWA
    starts_on: date | None = Field(None, examples=["2024-11-16"])
    ends_on: date | None = Field(None, examples=["2024-11-16"])
    scope: Word = ""
    source: Text = ""
    certainty: Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")] = ""
    parent: Code | None = None
    note: Text = ""


@router.get("/tahapan", summary="Kalender tahapan")
async def list_tahapan(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    page: PageDep,
    election: Annotated[str | None, Query(max_length=60, pattern=r"^[^\x00]*$", description="Kode pemilihan.")] = None,
    kind: StageKind | None = None,
    q: Annotated[
        str | None, Query(max_length=100, pattern=r"^[^\x00]*$", description="Sebagian nama, atau awal kode.")
    ] = None,
    on: Annotated[date | None, Query(description="Hanya tahapan yang berlangsung pada hari ini.")] = None,
) -> TahapanList:
    elections = await house.units.elections(actor, Act.READ)
    wanted = Wanted(elections=elections, election=election, kind=kind, q=q, on=on)
    found = await house.tahapan.list(wanted, limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, Page[object](found.rows, found.next)))
    return TahapanList(data=[TahapanRow.model_validate(row) for row in found.rows], next=found.next)


@router.post("/tahapan", status_code=201, summary="Tambah tahapan")
async def add_tahapan(
    house: HouseDep,
    actor: ActorDep,
    body: NewTahapan,
    election: Annotated[
        str | None, Query(max_length=60, pattern=r"^[^\x00]*$", description="Kode pemilihan; tanpa ini yang terbaru.")
    ] = None,
) -> TahapanRow:
    actor.must(Act.CALENDAR)
    within = await house.units.elections(actor, Act.CALENDAR)
    fields = StageEdit(**body.model_dump(exclude={"code"}))  # type: ignore[typeddict-item]
    row = await house.tahapan.add(body.code, fields, by=actor.label, within=within, election=election)
    return TahapanRow.model_validate(row)


@router.patch("/tahapan/{tahapan_id}", summary="Ubah tahapan")
async def edit_tahapan(house: HouseDep, actor: ActorDep, tahapan_id: TahapanId, body: TahapanChange) -> TahapanRow:
    actor.must(Act.CALENDAR)
    within = await house.units.elections(actor, Act.CALENDAR)
    changes = StageEdit(**body.model_dump(exclude_unset=True))  # type: ignore[typeddict-item]
    return TahapanRow.model_validate(await house.tahapan.edit(tahapan_id, changes, by=actor.label, within=within))
