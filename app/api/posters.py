"""The door to poster designs: list, draw up, and try them for one unit."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Moment, PageDep, Row, linked
from app.api.shapes import AnId, Variables
from app.content.designs import DesignView, TryInput
from app.kit.paging import Page

router = APIRouter(route_class=LimitedRoute, tags=["poster"])

DesignId = Annotated[int, Path(ge=1, lt=2**31)]
_BODY: dict[str, Any] = {
    "width": 1080,
    "height": 1350,
    "paper": "#F4F2EE",
    "layers": [
        {"kind": "photo", "x": 0, "y": 0, "w": 1080, "h": 700, "fill": "#5B3F8C"},
        {"kind": "rect", "x": 84, "y": 740, "w": 120, "h": 10, "fill": "#5B3F8C", "radius": 0},
        {"kind": "text", "x": 84, "y": 800, "w": 912, "h": 400, "text": "{{ judul }}", "fill": "#1F1D26", "most": 96, "least": 40},
    ],
}  # fmt: skip
_ABOUT_BODY = (
    "Lapisan dari bawah ke atas: photo (paling banyak satu), rect, text. Ukuran dalam piksel. Teks memakai variabel templat, "
    "dan judul. Kontras teks dengan latarnya paling sedikit 4,5; teks tidak boleh langsung di atas foto."
)


class DesignRow(Row):
    id: int = Field(examples=[2])
    key: str | None = Field(examples=["foto-atas"], description="Hanya yang bawaan.")
    title: str = Field(examples=["Foto di atas, judul di bawah"])
    unit_id: int | None = Field(examples=[None], description="Pemilik; null: bawaan, untuk semua unit.")
    version: int = Field(examples=[1])
    needs: list[str] = Field(examples=[["judul", "nama_unit"]], description="Variabel yang dipakai tulisannya.")
    is_archived: bool = Field(examples=[False])
    body: dict[str, Any] = Field(examples=[_BODY], description=_ABOUT_BODY)


class DesignList(Row):
    data: Sequence[DesignRow]
    next: str | None = Field(None, examples=[None])


class NewDesign(Body):
    title: str = Field(max_length=200, examples=["Foto dan judul"])
    body: dict[str, Any] = Field(examples=[_BODY], description=_ABOUT_BODY)
    unit_id: AnId | None = Field(None, examples=[5], description="Unit pemilik; kosong: unit Anda.")


class DesignChange(Body):
    """Only what is sent changes. Posts keep the version they were written with."""

    title: str | None = Field(None, max_length=200)
    body: dict[str, Any] | None = Field(None, description=_ABOUT_BODY)
    is_archived: bool | None = Field(None, description="true: tidak ditawarkan lagi; poster yang ada tetap.")


class TryBody(Body):
    unit_id: AnId = Field(examples=[17])
    headline: str = Field("", max_length=160, examples=["Cek nama Anda"])
    media_id: AnId | None = Field(None, description="Foto dari pustaka.")
    at: Moment | None = Field(None, description="Kosong: sekarang.")
    tahapan: str | None = Field(None, max_length=40)
    variables: Variables = {}


@router.get("/posters", summary="Desain poster")
async def list_designs(
    request: Request, response: Response, house: HouseDep, actor: ActorDep, page: PageDep, archived: bool = False
) -> DesignList:
    found = await house.designs.list(actor, limit=page.limit, cursor=page.cursor, archived=archived)
    response.headers.update(linked(request, Page[object](found.rows, found.next)))
    return DesignList(data=[_row(view) for view in found.rows], next=found.next)


@router.post("/posters", status_code=201, summary="Buat desain poster")
async def add_design(response: Response, house: HouseDep, actor: ActorDep, body: NewDesign) -> DesignRow:
    view = await house.designs.add(actor, title=body.title, body=body.body, unit_id=body.unit_id)
    response.headers["Location"] = f"/api/v1/posters/{view.id}"
    return _row(view)


@router.get("/posters/{design_id}", summary="Satu desain poster")
async def get_design(house: HouseDep, actor: ActorDep, design_id: DesignId) -> DesignRow:
    return _row(await house.designs.get(actor, design_id))


@router.patch("/posters/{design_id}", summary="Ubah atau arsipkan desain poster")
async def edit_design(house: HouseDep, actor: ActorDep, design_id: DesignId, body: DesignChange) -> DesignRow:
    view = await house.designs.edit(actor, design_id, title=body.title, body=body.body, is_archived=body.is_archived)
    return _row(view)


@router.post(
    "/posters/{design_id}/render",
    summary="Coba desain untuk satu unit: gambar JPEG",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "Poster unit itu."}},
)
async def render_design(house: HouseDep, actor: ActorDep, design_id: DesignId, body: TryBody) -> Response:
    view = await house.designs.get(actor, design_id)
    wanted = TryInput(body.unit_id, body.headline, body.media_id, body.at, body.tahapan, body.variables)
    picture, _filled = await house.designs.render(actor, view.sheet, wanted)
    return Response(picture, media_type="image/jpeg", headers={"X-Content-Type-Options": "nosniff"})


def _row(view: DesignView) -> DesignRow:
    return DesignRow.model_validate({**vars(view), "needs": view.sheet.needs, "body": view.body})
