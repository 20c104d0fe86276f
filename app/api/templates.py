"""The door to templates: list, write, and try them for one unit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from app.accounts.variables import VariableKind, kind_of
from app.api.deps import ActorDep, Body, HouseDep, IfNoneMatch, LimitedRoute, Moment, PageDep, Row, linked, unchanged
from app.api.guard import Finding
from app.content.drafts import Change, Draft, nested, texts_from
from app.content.service import RenderInput, TemplateView
from app.content.store import Wanted
from app.kit.paging import Page

router = APIRouter(route_class=LimitedRoute, tags=["templat"])

TemplateId = Annotated[int, Path(ge=1, lt=2**31)]
Word = Annotated[str, Field(max_length=80)]
Text = Annotated[str, Field(max_length=20_000)]
Value = Annotated[str, Field(max_length=2000)] | Annotated[int, Field(ge=-(10**9), le=10**9)]
_TEXTS = [{"id": {"short": "Halo, warga {{ wilayah }}!", "alt": "Anggota {{ nama_unit }} melambai."}}]
_ABOUT_TEXTS = "Bahasa, lalu varian: short, long, alt, atau nama platform."


class TemplateRow(Row):
    id: int = Field(examples=[3])
    key: str = Field(examples=["ketuk-pintu"])
    title: str = Field(examples=["Ketuk Pintu Pemilih"])
    stages: list[str] = Field(examples=[["PRG-02"]], description="Kode tahapan; * untuk semua.")
    units: list[str] = Field(examples=[["ppk", "pps"]])
    languages: list[str] = Field(examples=[["id", "su"]])
    needs: list[str] = Field(examples=[["nama_unit", "tanggal_kegiatan"]], description="Semua variabel yang dipakai.")
    ask: list[str] = Field(examples=[["tanggal_kegiatan"]], description="Variabel yang perlu diisi orang.")
    kinds: dict[str, VariableKind] = Field(
        examples=[{"tanggal_kegiatan": "date"}], description="Jenis isian yang diminta."
    )
    needs_reader: list[str] = Field(examples=[["su"]], description="Bahasa yang belum dibaca penutur aslinya.")
    pillar: str = Field(examples=["program"])
    programme: str = Field(examples=["ketuk_pintu_pemilih"])
    segment: str = Field(examples=["umum"])
    unit_id: int | None = Field(examples=[None], description="Pemilik; null: bawaan, untuk semua unit.")
    version: int = Field(examples=[1])
    texts: dict[str, dict[str, str]] = Field(examples=_TEXTS, description=_ABOUT_TEXTS)
    etag: str = Field(examples=['"t3-1"'], description="Untuk If-Match dan If-None-Match.")


class TemplateList(Row):
    data: Sequence[TemplateRow]
    next: str | None = Field(None, examples=[None])


class NewTemplate(Body):
    key: Word = Field(examples=["senam-pagi"])
    title: str = Field(max_length=160, examples=["Senam pagi bersama warga"])
    stages: list[Word] = Field(max_length=100, examples=[["PYL-06"]])
    units: list[Word] = Field(max_length=3, examples=[["ppk", "pps"]])
    texts: dict[str, dict[str, Text]] = Field(examples=_TEXTS, description=_ABOUT_TEXTS)
    pillar: Word = Field("", examples=["program"])
    programme: Word = Field("", examples=["senam"])
    segment: Word = Field("", examples=["umum"], description="Kosong: menurut pillar.")
    unit_id: int | None = Field(None, ge=1, lt=2**31, examples=[5], description="Unit pemilik; kosong: unit Anda.")


class TemplateChange(Body):
    """Only what is sent changes. `texts` are merged: a variant sent as null is taken away."""

    title: str | None = Field(None, max_length=160, examples=["Ketuk Pintu"])
    stages: list[Word] | None = Field(None, max_length=100, examples=[["PRG-02"]])
    units: list[Word] | None = Field(None, max_length=3, examples=[["pps"]])
    texts: dict[str, dict[str, Text | None]] = Field({}, examples=_TEXTS, description=_ABOUT_TEXTS)
    pillar: Word | None = Field(None, examples=["program"])
    programme: Word | None = Field(None, examples=["ketuk_pintu_pemilih"])
    segment: Word | None = Field(None, examples=["pemula"])


class TemplateVersionRow(Row):
    number: int = Field(examples=[2])
    title: str
    texts: dict[str, dict[str, str]] = Field(examples=_TEXTS, description=_ABOUT_TEXTS)
    by: str = Field(description="Kosong: seperti dimuat.")
    created_at: datetime


class TemplateVersionList(BaseModel):
    data: list[TemplateVersionRow]


class ConfirmBody(Body):
    lang: str = Field(pattern=r"^[a-z]{2,3}$", examples=["su"])


class RenderWanted(Body):
    unit_id: int = Field(ge=1, lt=2**31, examples=[17])
    platform: str = Field(max_length=30, examples=["x"])
    lang: str = Field("id", max_length=8, examples=["id"])
    at: Moment | None = Field(None, examples=["2024-11-20T07:00:00+07:00"], description="Kosong: sekarang.")
    variables: dict[Word, Value] = Field({}, examples=[{"tanggal_kegiatan": "2024-11-21"}])
    tahapan: str | None = Field(None, max_length=40, examples=["PRG-02"], description="Kosong: yang berlaku hari itu.")


class RenderedText(Row):
    text: str = Field(examples=["Permisi! Kamis, 21 November 2024, PPS Cilendek Barat mengetuk pintu warga ..."])
    alt_text: str = Field(examples=["Dua petugas PPS Cilendek Barat mengetuk pintu rumah warga."])
    length: int = Field(examples=[171], description="Menurut hitungan platform itu sendiri.")
    limit: int = Field(examples=[280])
    missing: list[str] = Field(examples=[[]], description="Variabel yang belum ada isinya.")
    problems: list[str] = Field(examples=[[]], description="Isian yang ada tetapi tidak dapat dipakai.")
    guard: list[Finding]
    tahapan: str | None = Field(examples=["PRG-02"])


@router.get("/templates", summary="Daftar templat")
async def list_templates(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    page: PageDep,
    q: Annotated[str | None, Query(max_length=100, description="Judul atau kunci.")] = None,
    stage: Annotated[str | None, Query(max_length=40, description="Termasuk yang untuk semua tahapan.")] = None,
    kind: Annotated[str | None, Query(max_length=10, description="Untuk jenis unit ini.")] = None,
    lang: Annotated[str | None, Query(max_length=8)] = None,
    segment: Annotated[str | None, Query(max_length=20)] = None,
) -> TemplateList:
    wanted = Wanted(q=q, stage=stage, unit_kind=kind, lang=lang, segment=segment)
    found = await house.templates.list(actor, wanted, limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, Page[object](found.rows, found.next)))
    return TemplateList(data=[_row(view) for view in found.rows], next=found.next)


@router.post("/templates", status_code=201, summary="Buat templat")
async def add_template(response: Response, house: HouseDep, actor: ActorDep, body: NewTemplate) -> TemplateRow:
    draft = Draft(
        key=body.key, title=body.title, stages=tuple(body.stages), units=tuple(body.units),
        texts={place: text for place, text in texts_from(body.texts).items() if text is not None},
        pillar=body.pillar, programme=body.programme, segment=body.segment,
    )  # fmt: skip
    view = await house.templates.add(actor, draft, unit_id=body.unit_id)
    response.headers["Location"] = f"/api/v1/templates/{view.id}"
    return _row(view, response)


@router.get("/templates/{template_id}", summary="Satu templat", response_model=TemplateRow)
async def get_template(
    response: Response, house: HouseDep, actor: ActorDep, template_id: TemplateId, if_none_match: IfNoneMatch = None
) -> TemplateRow | Response:
    view = await house.templates.get(actor, template_id)
    return unchanged(if_none_match, view.etag) or _row(view, response)


@router.patch("/templates/{template_id}", summary="Ubah templat")
async def edit_template(
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    template_id: TemplateId,
    body: TemplateChange,
    if_match: Annotated[
        str | None, Header(description="etag dari jawaban sebelumnya; boleh kosong.", max_length=1000)
    ] = None,
) -> TemplateRow:
    change = Change(
        title=body.title,
        stages=None if body.stages is None else tuple(body.stages),
        units=None if body.units is None else tuple(body.units),
        texts=texts_from(body.texts),
        pillar=body.pillar,
        programme=body.programme,
        segment=body.segment,
    )
    return _row(await house.templates.edit(actor, template_id, change, if_match=if_match), response)


@router.get("/templates/{template_id}/versions", summary="Versi-versi templat, terbaru dulu")
async def list_versions(house: HouseDep, actor: ActorDep, template_id: TemplateId) -> TemplateVersionList:
    """Kosong bila belum pernah diubah."""
    rows = await house.template_desk.versions(actor, template_id)
    return TemplateVersionList(data=[TemplateVersionRow.model_validate(row) for row in rows])


@router.post("/templates/{template_id}/confirm", summary="Nyatakan teks dalam satu bahasa sudah dibaca penutur aslinya")
async def confirm_template(
    response: Response, house: HouseDep, actor: ActorDep, template_id: TemplateId, body: ConfirmBody
) -> TemplateRow:
    return _row(await house.templates.confirm(actor, template_id, body.lang), response)


@router.post("/templates/{template_id}/render", summary="Coba templat untuk satu unit")
async def render_template(
    house: HouseDep, actor: ActorDep, template_id: TemplateId, body: RenderWanted
) -> RenderedText:
    wanted = RenderInput(
        unit_id=body.unit_id,
        platform=body.platform,
        lang=body.lang,
        at=body.at,
        variables=body.variables,
        tahapan=body.tahapan,
    )
    return RenderedText.model_validate(await house.templates.render(actor, template_id, wanted))


def _row(view: TemplateView, response: Response | None = None) -> TemplateRow:
    if response is not None:
        response.headers["ETag"] = view.etag
    kinds = {name: kind_of(name) for name in view.ask}
    return TemplateRow.model_validate({**vars(view), "etag": view.etag, "texts": nested(view.texts), "kinds": kinds})
