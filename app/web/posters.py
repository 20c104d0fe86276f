"""Poster designs: a gallery, and an editor that is a form, with the poster beside it as it would look."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.content.designs import DesignView, TryInput
from app.content.layers import MOST_LAYERS, Sheet, as_json, read_sheet
from app.kit.errors import AppError, BadInput
from app.web.fields import is_id, one
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

SMALL, LARGE = 300, 540
SAMPLE = "Cek nama Anda di daftar pemilih"
KINDS = {"text": "Kotak teks", "rect": "Persegi", "photo": "Foto unggahan"}
NUMBERS = ("x", "y", "w", "h", "radius", "most", "least")
DesignId = Annotated[int, Path(ge=1, lt=2**31)]
_NEW: dict[str, dict[str, Any]] = {
    "text": {"kind": "text", "x": 84, "y": 600, "w": 912, "h": 160, "text": "Tulisan baru", "fill": "#1F1D26", "most": 64, "least": 36},
    "rect": {"kind": "rect", "x": 84, "y": 560, "w": 912, "h": 12, "fill": "#5B3F8C", "radius": 0},
    "photo": {"kind": "photo", "x": 0, "y": 0, "w": 1080, "h": 700, "fill": "#5B3F8C"},
}  # fmt: skip
_BLANK = {"title": "", "paper": "#F4F2EE", "width": 1080, "height": 1350, "layers": [
    {"kind": "text", "x": 84, "y": 200, "w": 912, "h": 600, "text": "{{ judul }}", "fill": "#1F1D26", "most": 120, "least": 44},
    {"kind": "text", "x": 84, "y": 1180, "w": 912, "h": 90, "text": "{{ nama_unit }}", "fill": "#5B3F8C", "most": 44, "least": 30},
]}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """A poster as it would be; `picture` a data address, empty where the design cannot be drawn."""

    picture: str
    alt: str = ""
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class Card:
    design: DesignView
    look: Look


@dataclass(frozen=True)
class Typed:
    """The form as it was filled in: `body` as JSON, whatever is wrong with it."""

    title: str
    body: Mapping[str, Any]
    unit: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)


async def draw(house: Kentongan, actor: Actor, sheet: Sheet, wanted: TryInput) -> Look:
    """The poster of one unit as the page shows it."""
    picture, filled = await house.designs.render(actor, sheet, wanted)
    missing = [f"Isian {name} belum ada di unit ini." for name in filled.missing]
    address = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
    return Look(address, "Poster bertuliskan: " + ". ".join(filter(None, filled.texts)), [*missing, *filled.problems])


@router.get("/poster")
async def list_designs(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    unit = await _sample_unit(house, actor)
    found = await house.designs.list(actor, limit=50)
    cards = [
        Card(view, await draw(house, actor, view.sheet, TryInput(unit, SAMPLE, width=SMALL)) if unit else Look(""))
        for view in found.rows
    ]
    return await page(request, house, actor, "poster.html", cards=cards, may_add=bool(actor.paths(Act.TEMPLATES)))


@router.get("/poster/baru")
async def start(request: Request, house: HouseDep, actor: VisitorDep, dari: str = "") -> Response:
    """`dari`: the design to begin with."""
    actor.must(Act.TEMPLATES)
    typed = Typed("", _BLANK)
    if is_id(dari):
        view = await house.designs.get(actor, int(dari))
        typed = Typed(f"{view.title} (salinan)", view.body)
    return await _form(request, house, actor, None, typed)


@router.get("/poster/{design_id}")
async def show_design(request: Request, house: HouseDep, actor: VisitorDep, design_id: DesignId) -> Response:
    view = await house.designs.get(actor, design_id)
    return await _form(request, house, actor, view, Typed(view.title, view.body))


@router.post("/poster/pratinjau")
async def preview(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """Writes nothing. htmx takes the poster alone; a plain form gets itself back, with the layer that was asked for."""
    actor.must(Act.TEMPLATES)
    form = await request.form()
    design = one(form, "desain")
    view = await house.designs.get(actor, int(design)) if is_id(design) else None
    return await _form(request, house, actor, view, _typed(form), part="pratinjau")


@router.post("/poster")
async def add(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    typed = _typed(await request.form())
    unit = int(typed.unit) if is_id(typed.unit) else None
    try:
        view = await house.designs.add(actor, title=typed.title, body=typed.body, unit_id=unit)
    except BadInput as error:
        return await _form(request, house, actor, None, typed, error=error)
    return go(f"/poster/{view.id}", note="poster")


@router.post("/poster/{design_id}")
async def edit(request: Request, house: HouseDep, actor: VisitorDep, design_id: DesignId) -> Response:
    typed = _typed(await request.form())
    view = await house.designs.get(actor, design_id)
    try:
        await house.designs.edit(actor, design_id, title=typed.title, body=typed.body)
    except AppError as error:
        return await _form(request, house, actor, view, typed, error=error)
    return go(f"/poster/{design_id}", note="poster")


@router.post("/poster/{design_id}/arsipkan")
async def archive(house: HouseDep, actor: VisitorDep, design_id: DesignId) -> Response:
    view = await house.designs.get(actor, design_id)
    await house.designs.edit(actor, design_id, is_archived=not view.is_archived)
    return go(f"/poster/{design_id}", note="poster-arsip" if not view.is_archived else "poster-kembali")


async def _sample_unit(house: Kentongan, actor: Actor) -> int:
    return actor.grants[0].unit_id if actor.grants else 0


def _typed(form: FormData) -> Typed:
    """Layers in the order of their number, without those to be taken away; what is no number stays as it was typed."""
    count = min(int(number), MOST_LAYERS + 1) if is_id(number := one(form, "lapisan")) else 0
    rows = []
    for n in range(count):
        if one(form, f"l{n}-hapus"):
            continue
        row = {
            name: value
            for name in (*NUMBERS, "kind", "fill", "text", "weight", "align")
            if (value := one(form, f"l{n}-{name}"))
        }
        place = one(form, f"l{n}-urut")
        rows.append((int(place) if is_id(place) else n, {name: _number(name, value) for name, value in row.items()}))
    layers = [row for _, row in sorted(rows, key=lambda each: each[0])]
    if (kind := one(form, "tambah")) in _NEW:
        layers.append(_NEW[kind])
    body = {
        "width": 1080,
        "height": _number("h", one(form, "tinggi", "1350") or "1350"),
        "paper": one(form, "kertas", "#F4F2EE"),
        "layers": layers,
    }
    return Typed(one(form, "judul"), body, one(form, "unit"))


def _number(name: str, value: str) -> int | str:
    return int(value) if name in NUMBERS and is_id(value) else value


async def _form(
    request: Request,
    house: Kentongan,
    actor: Actor,
    view: DesignView | None,
    typed: Typed,
    *,
    error: AppError | None = None,
    part: str | None = None,
) -> Response:
    unit = await _sample_unit(house, actor)
    look, problems = Look(""), dict[str, str]()
    try:
        sheet = read_sheet(typed.body)
        look = await draw(house, actor, sheet, TryInput(unit, SAMPLE, width=LARGE))
        body: Mapping[str, Any] = as_json(sheet)
    except BadInput as wrong:
        problems = {problem.field: problem.message for problem in wrong.problems}
        look, body = Look("", problems=_said(wrong)), typed.body
    if error is not None:
        problems |= {problem.field: problem.message for problem in error.problems}
    may_edit = bool(actor.paths(Act.TEMPLATES)) and (view is None or await house.designs.may_edit(actor, view))
    return await page(
        request, house, actor, "poster_satu.html", status=error.status if error else 200, part=part, view=view,
        typed=typed, body=body, look=look, problems=problems, kinds=KINDS, may_edit=may_edit,
        may_copy=bool(actor.paths(Act.TEMPLATES)), error=error.message if error else "",
    )  # fmt: skip


def _said(error: BadInput) -> list[str]:
    """Problems by the number people see at a layer."""
    found = []
    for problem in error.problems:
        head, _, rest = problem.field.partition(".")
        number = rest.partition(".")[0]
        place = f"Lapisan {int(number) + 1}: " if head == "layers" and number.isdecimal() else ""
        found.append(f"{place}{problem.message}.")
    return found
