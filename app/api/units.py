"""The door to the bodies that speak."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from app.accounts.rules import UnitKind
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, PageDep, Row, linked
from app.kit.paging import Page

router = APIRouter(route_class=LimitedRoute, tags=["units"])

MAX_ID = 2**31 - 1
UnitId = Annotated[int, Path(ge=1, le=MAX_ID)]


class UnitRow(Row):
    id: int = Field(examples=[17])
    kind: UnitKind = Field(examples=["pps"])
    name: str = Field(examples=["PPS Cilendek Barat"])
    wilayah_code: str = Field(examples=["32.71.04.1008"])
    parent_id: int | None = Field(examples=[5])
    election_id: int = Field(examples=[1])
    timezone: str = Field(examples=["Asia/Jakarta"])
    rw_count: int | None = Field(examples=[12])
    ends_on: date | None = Field(None, examples=["2025-01-27"], description="Hari terakhir masa tugas.")
    archived_at: datetime | None = Field(None, description="Masa tugasnya berakhir: hanya dapat dibaca.")
    variables: dict[str, str] = Field(
        examples=[{"alamat": "Kantor Kelurahan Cilendek Barat"}], description="Milik unit ini."
    )
    effective: dict[str, str] = Field(
        {}, examples=[{"alamat": "Kantor Kelurahan Cilendek Barat"}], description="Termasuk yang diwarisi dari atas."
    )


class UnitList(BaseModel):
    data: list[UnitRow]
    next: str | None = Field(examples=[None])


class UnitChange(Body):
    """Only what is sent changes; a variable sent as null is inherited again."""

    name: str | None = Field(None, max_length=120, examples=["PPS Margajaya"])
    timezone: str | None = Field(None, max_length=60, examples=["Asia/Jakarta"])
    rw_count: int | None = Field(None, examples=[12], description="1 sampai 40.")
    variables: dict[str, str | None] | None = Field(None, examples=[{"alamat": "Kantor Kelurahan Margajaya"}])


@router.get("/units", summary="Daftar unit")
async def list_units(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    page: PageDep,
    kind: UnitKind | None = None,
    under: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Unit ini dan semua di bawahnya.")] = None,
    q: Annotated[
        str | None, Query(max_length=100, pattern=r"^[^\x00]*$", description="Nama unit atau wilayah; spasi diabaikan.")
    ] = None,
) -> UnitList:
    found = await house.units.list(actor, kind=kind, under=under, q=q, limit=page.limit, cursor=page.cursor)
    values = await house.units.values(actor, [row.id for row in found.rows if row.id is not None])
    response.headers.update(linked(request, Page[object](found.rows, found.next)))
    rows = [
        UnitRow.model_validate(row).model_copy(update={"effective": values.get(row.id or 0, {})}) for row in found.rows
    ]
    return UnitList(data=rows, next=found.next)


class PublicRow(Row):
    id: int
    name: str
    wilayah_code: str = Field(examples=["32.71.04.1008"], description="Halamannya ada di /warga/ diikuti kode ini.")
    is_on: bool


class PublicList(BaseModel):
    data: list[PublicRow]
    next: None = None


class PublicSwitch(Body):
    on: bool
    with_below: bool = Field(False, description="Juga semua unit di bawahnya.")


@router.put("/units/{unit_id}/public", summary="Buka atau tutup halaman warga; hanya KPU")
async def switch_public(house: HouseDep, actor: ActorDep, unit_id: UnitId, body: PublicSwitch) -> PublicList:
    rows = await house.public_pages.switch(actor, unit_id, on=body.on, with_below=body.with_below)
    return PublicList(data=[PublicRow.model_validate(row) for row in rows])


@router.get("/units/{unit_id}", summary="Satu unit")
async def get_unit(house: HouseDep, actor: ActorDep, unit_id: UnitId) -> UnitRow:
    row = UnitRow.model_validate(await house.units.get(actor, unit_id))
    values = await house.units.values(actor, [unit_id])
    return row.model_copy(update={"effective": values[unit_id]})


@router.patch("/units/{unit_id}", summary="Ubah unit")
async def edit_unit(house: HouseDep, actor: ActorDep, unit_id: UnitId, body: UnitChange) -> UnitRow:
    row = UnitRow.model_validate(
        await house.units.edit(
            actor, unit_id, name=body.name, timezone=body.timezone, rw_count=body.rw_count, variables=body.variables
        )
    )
    values = await house.units.values(actor, [unit_id])
    return row.model_copy(update={"effective": values[unit_id]})
