"""The door to the calendar of an election."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile

from app.accounts.rules import Act
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, PageDep, Row, linked
from app.api.forms import close_form, read_form
from app.kit.errors import BadInput, Problem
from app.kit.paging import Page
from app.kit.sheets import MAX_BYTES, MIME, too_large
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
    overrides: str | None = Field(None, description="Tahapan yang tanggalnya digantikan di wilayah `scope`.")
    election_id: int = Field(examples=[1])
    version: int = Field(examples=[1])


class TahapanList(BaseModel):
    data: list[TahapanRow]
    next: str | None = Field(examples=[None])


class DaysRow(BaseModel):
    starts_on: date | None
    ends_on: date | None


class StageChangeRow(BaseModel):
    code: str = Field(examples=["KMP-03"])
    name: str
    is_new: bool
    before: DaysRow
    after: DaysRow


class BroughtInRow(BaseModel):
    added: int = Field(examples=[1])
    changed: int = Field(examples=[3])
    applied: bool
    changes: list[StageChangeRow]


ElectionCode = Annotated[
    str | None, Query(max_length=60, pattern=r"^[^\x00]*$", description="Kode pemilihan; tanpa ini yang terbaru.")
]
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "XLSX atau CSV UTF-8, kolom seperti hasil ekspor.",
                        },
                        "dry_run": {"type": "boolean", "description": "Hanya diperiksa; tidak ada yang ditulis."},
                    },
                }
            }
        },
    }
}


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
    overrides: Code | None = Field(
        None,
        description="Kode tahapan yang tanggalnya digantikan di satu wilayah (PSU, susulan); scope: kode wilayahnya.",
    )


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


@router.get(
    "/tahapan/export", summary="Kalender sebagai CSV, dengan kolom yang dapat diimpor lagi", response_class=Response,
    responses={200: {"content": {MIME["csv"]: {"schema": {"type": "string", "format": "binary"}}}, "description": "Berkas"}},
)  # fmt: skip
async def export_calendar(house: HouseDep, actor: ActorDep, election: ElectionCode = None) -> Response:
    data = await house.calendars.export(within=await house.units.elections(actor, Act.READ), election=election)
    headers = {"Content-Disposition": 'attachment; filename="kalender.csv"', "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type=MIME["csv"], headers=headers)


@router.post(
    "/tahapan/import", summary="Impor kalender dari XLSX atau CSV; unggahan ikut bergeser", openapi_extra=_FORM
)
async def import_calendar(
    request: Request, house: HouseDep, actor: ActorDep, election: ElectionCode = None
) -> BroughtInRow:
    """Semua baris atau tidak sama sekali. Tahapan yang tidak disebut tetap seperti semula."""
    actor.must(Act.CALENDAR)
    fields = await read_form(request, most=MAX_BYTES, too_large=too_large, what="berkas")
    try:
        file = fields.get("file")
        if not isinstance(file, UploadFile):
            raise BadInput("Pilih berkas XLSX atau CSV kalendernya.", Problem("file", "wajib diisi"))
        data = await file.read()
    finally:
        await close_form(fields)
    is_look = str(fields.get("dry_run") or "").strip().lower() in {"1", "true", "ya", "on"}
    within = await house.units.elections(actor, Act.CALENDAR)
    done = await house.calendars.bring_in(data, by=actor.label, within=within, election=election, dry_run=is_look)
    if done.is_written:
        await house.ring("grow_series")
    return BroughtInRow(
        added=done.added, changed=done.changed, applied=done.is_written,
        changes=[
            StageChangeRow(code=one.code, name=one.name, is_new=one.was is None, before=_days(one.was), after=_days(one.will_be))
            for one in done.changes
        ],
    )  # fmt: skip


def _days(days: tuple[date | None, date | None] | None) -> DaysRow:
    starts_on, ends_on = days or (None, None)
    return DaysRow(starts_on=starts_on, ends_on=ends_on)


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
