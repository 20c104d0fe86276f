"""What of a stage is typed into a form, and the page on which a new one begins."""

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, Problem
from app.tahapan.models import Tahapan
from app.tahapan.rules import StageKind
from app.tahapan.service import StageEdit
from app.web import words
from app.web.fields import by_field, one
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

LONGEST = {"code": 40, "name": 200, "source": 1000, "certainty": 60, "note": 1000, "scope": 60, "parent": 40}
MOVING = ("name", "kind", "starts_on", "ends_on", "scope", "parent")
"""What posts say or live by: a change of these is looked at first."""
_FIELDS = {"nama": "name", "jenis": "kind", "wilayah": "scope", "induk": "parent", "sumber": "source", "kepastian": "certainty", "catatan": "note"}  # fmt: skip


@router.get("/tahapan/baru")
async def start(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    actor.must(Act.CALENDAR)
    blank = dict.fromkeys(("kode", "mulai", "selesai", *_FIELDS), "")
    return await _page(request, house, actor, blank | {"jenis": StageKind.PERISTIWA, "wilayah": "nasional"})


@router.post("/tahapan/baru")
async def add(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """The code makes it safe to send twice: the second finds it taken."""
    actor.must(Act.CALENDAR)
    form = await request.form()
    try:
        code, fields = one(form, "kode").strip(), changes_in(form)
        if not code or len(code) > LONGEST["code"] or not code.isprintable() or " " in code:
            raise BadInput("Isian tahapan belum benar.", Problem("code", "Isi kode tanpa spasi, misalnya KMP-09."))
        within = await house.units.elections(actor, Act.CALENDAR)
        row = await house.tahapan.add(code, fields, by=actor.label, within=within)
    except AppError as error:
        kept = {name: one(form, name) for name in ("kode", "mulai", "selesai", *_FIELDS)}
        return await _page(request, house, actor, kept, error=error)
    await house.ring("grow_series")
    return go(f"/tahapan/{row.id}", note="tahapan-baru")


async def _page(
    request: Request, house: Kentongan, actor: Actor, kept: Mapping[str, str], *, error: AppError | None = None
) -> Response:
    frame = await frame_for(house, actor)
    return await page(
        request, house, actor, "tahapan_baru.html", status=error.status if error else 200, frame=frame, typed=kept,
        kinds=list(words.STAGE_KINDS.items()), error=error.message if error else "", problems=by_field(error) if error else {},
    )  # fmt: skip


def typed(row: Tahapan, form: FormData | None) -> Mapping[str, str]:
    """What the form shows: as it was sent, else as it is kept."""
    days = {"mulai": row.starts_on, "selesai": row.ends_on}
    kept = {name: getattr(row, field) or "" for name, field in _FIELDS.items()}
    kept |= {name: day.isoformat() if day else "" for name, day in days.items()}
    return kept if form is None else {name: one(form, name) for name in kept}


def changes_in(form: FormData, row: Tahapan | None = None) -> StageEdit:
    """`row`: what stays where the form does not ask. Raises BadInput naming every field."""
    kept = typed(row, None) if row else {}
    said = {field: one(form, name, kept.get(name, "")).strip() for name, field in _FIELDS.items()}
    problems = [
        Problem(field, f"paling panjang {LONGEST[field]} huruf")
        for field, text in said.items()
        if len(text) > LONGEST.get(field, 60)
    ]
    if not said["name"]:
        problems.append(Problem("name", "Nama wajib diisi."))
    if said["kind"] not in set(StageKind):
        problems.append(Problem("kind", "Pilih jenisnya."))
    if not said["scope"]:
        problems.append(Problem("scope", "Isi nasional, atau kode wilayahnya."))
    if problems:
        raise BadInput("Isian tahapan belum benar.", *problems)
    return StageEdit(
        name=said["name"], kind=said["kind"], scope=said["scope"], parent=said["parent"] or None, source=said["source"],
        certainty=said["certainty"], note=said["note"],
        starts_on=_day(form, "mulai", "starts_on"), ends_on=_day(form, "selesai", "ends_on"),
    )  # fmt: skip


def _day(form: FormData, name: str, field: str) -> date | None:
    text = one(form, name).strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("Tanggalnya belum benar.", Problem(field, "Isi tanggal, atau kosongkan.")) from None
