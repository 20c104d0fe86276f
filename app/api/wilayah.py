"""The door to the tree of regions."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, HouseDep, LimitedRoute, PageDep, Row, linked
from app.kit.paging import Page

router = APIRouter(route_class=LimitedRoute, tags=["wilayah"])


class WilayahRow(Row):
    code: str = Field(examples=["32.71.04.1004"])
    name: str = Field(examples=["Marga jaya"], description="Nama resmi dalam peta wilayah.")
    level: str = Field(examples=["kelurahan"])
    parent: str | None = Field(examples=["32.71.04"])
    display: str = Field(
        examples=["Margajaya"], description="Ejaan yang disarankan; kosong bila sama dengan nama resmi."
    )
    alias: str = Field(examples=["Margajaya"])
    timezone: str = Field(examples=["Asia/Jakarta"])


class WilayahList(BaseModel):
    data: list[WilayahRow]
    next: str | None = Field(examples=[None])


@router.get("/wilayah", summary="Cari wilayah")
async def list_wilayah(
    request: Request,
    response: Response,
    house: HouseDep,
    _actor: ActorDep,
    page: PageDep,
    parent: Annotated[
        str | None, Query(max_length=20, pattern=r"^[^\x00]*$", description="Kode induk; hanya anak langsungnya.")
    ] = None,
    q: Annotated[
        str | None,
        Query(max_length=100, pattern=r"^[^\x00]*$", description="Nama, ejaan lain atau kode; spasi diabaikan."),
    ] = None,
) -> WilayahList:
    found = await house.wilayah.search(parent=parent, q=q, limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, Page[object](found.rows, found.next)))
    return WilayahList(data=[WilayahRow.model_validate(row) for row in found.rows], next=found.next)
