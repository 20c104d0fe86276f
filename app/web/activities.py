"""Field programmes on the screen: what was done in which RW, what is planned, what is missing, and planning for many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor, UnitKind
from app.activities.rules import Said, State
from app.activities.service import ActivityView, Coverage, PlanInput, Planned
from app.bootstrap import Kentongan
from app.content.values import write_date
from app.kit.errors import AppError, BadInput, Problem
from app.posts.programmes import PROGRAMMES, programme_name
from app.reports.wording import number, of
from app.web.fields import by_field, is_id, one
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_seen
from app.web.words import Label

router = APIRouter(include_in_schema=False)

ActivityId = Annotated[int, Path(ge=1, lt=2**31)]
PAGE = 30
STATES = {
    State.PLANNED: Label("Direncanakan", "jam"),
    State.HELD: Label("Terlaksana", "terbit", "good"),
    State.CANCELLED: Label("Dibatalkan", "batal", "faint"),
}


@dataclass(frozen=True)
class Shown:
    """One activity in a list."""

    view: ActivityView
    programme: str
    day: str
    where: str
    label: Label


@router.get("/kegiatan")
async def list_activities(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit: Annotated[str, Query(max_length=10)] = "",
    program: Annotated[str, Query(max_length=60)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    chosen = int(unit) if is_id(unit) else None
    programme = program if program in PROGRAMMES else None
    found = await house.activities.list(actor, unit=chosen, programme=programme, limit=PAGE, cursor=cursor)
    covered = await house.activities.coverage(actor, unit=chosen)
    units = await house.units.list(actor, limit=500, cursor=None)
    kept = {"unit": unit if chosen else "", "program": programme or ""}
    return await page(
        request, house, actor, "kegiatan.html", part="daftar", rows=[_shown(view) for view in found.rows], units=units.rows, chosen=chosen,
        programmes=PROGRAMMES, programme=programme or "", totals=_totals(covered), covered=_covered(covered),
        may_write=bool(actor.paths(Act.WRITE)), is_first=cursor is None,
        more="/kegiatan?" + urlencode(kept | {"cursor": found.next}) if found.next else None,
    )  # fmt: skip


@router.get("/kegiatan/baru")
async def start(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    actor.must(Act.WRITE)
    return await _form(request, house, actor)


@router.post("/kegiatan")
async def plan(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """What has been held is recorded; what lies ahead gets its invitation and its draft of a documentation too."""
    actor.must(Act.WRITE)
    form = await request.form()
    units = await units_seen(house, actor, Act.WRITE)
    try:
        chosen = _units(form, units)
        held_on, attendance = _day(form), _people(form)
        if len(chosen) == 1 and (attendance is not None or held_on <= _today(house, chosen[0])):
            view = await house.activities.create(actor, _said(form, chosen[0].id or 0, held_on, attendance))
            return go(f"/kegiatan/{view.id}", note="kegiatan")
        planned = await house.activities.plan(actor, _plan(form, [unit.id or 0 for unit in chosen], held_on))
    except AppError as error:
        return await _form(request, house, actor, form=form, error=error)
    if len(planned) == 1 and not planned[0].problem:
        return go(f"/kegiatan/{planned[0].activity_id}", note="kegiatan")
    return await page(request, house, actor, "kegiatan_hasil.html", planned=planned, made=_made(planned))


@router.get("/kegiatan/{activity_id}")
async def show(request: Request, house: HouseDep, actor: VisitorDep, activity_id: ActivityId) -> Response:
    return await _show(request, house, actor, activity_id)


@router.post("/kegiatan/{activity_id}")
async def save(request: Request, house: HouseDep, actor: VisitorDep, activity_id: ActivityId) -> Response:
    form = await request.form()
    view = await house.activities.get(actor, activity_id)
    try:
        post = one(form, "dokumentasi").strip()
        if post and not is_id(post):
            raise BadInput("Nomor unggahannya belum benar.", Problem("post_id", "Isi nomor unggahan dokumentasi."))
        said = _said(form, view.unit_id, _day(form), _people(form))
        changes = {name: getattr(said, name) for name in ("held_on", "rw", "school", "place", "attendance", "note")} | {
            "post_id": int(post) if post else None
        }
        await house.activities.edit(actor, activity_id, changes, if_match=one(form, "versi") or None)
    except AppError as error:
        return await _show(request, house, actor, activity_id, form=form, error=error)
    return go(f"/kegiatan/{activity_id}", note="kegiatan")


@router.post("/kegiatan/{activity_id}/batalkan")
async def cancel(house: HouseDep, actor: VisitorDep, activity_id: ActivityId) -> Response:
    await house.activities.edit(actor, activity_id, {"cancelled": True})
    return go(f"/kegiatan/{activity_id}", note="kegiatan-batal")


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    activity_id: int,
    *,
    form: FormData | None = None,
    error: AppError | None = None,
) -> Response:
    view = await house.activities.get(actor, activity_id)
    typed = {
        "tanggal": view.held_on.isoformat(),
        "rw": "" if view.rw is None else str(view.rw),
        "sekolah": view.school,
        "tempat": view.place,
        "hadirin": "" if view.attendance is None else str(view.attendance),
        "dokumentasi": "" if view.post_id is None else str(view.post_id),
        "catatan": view.note,
    }
    if form is not None:
        typed = {name: one(form, name) for name in typed}
    return await page(
        request, house, actor, "kegiatan_satu.html", status=error.status if error else 200, row=_shown(view),
        typed=typed, error=error.message if error else "", problems=_problems(error),
    )  # fmt: skip


async def _form(
    request: Request, house: Kentongan, actor: Actor, *, form: FormData | None = None, error: AppError | None = None
) -> Response:
    units = await units_seen(house, actor, Act.WRITE)
    names = (
        "program",
        "unit",
        "serentak",
        "tanggal",
        "jam",
        "rw",
        "sekolah",
        "tempat",
        "hadirin",
        "catatan",
        "tanpa-undangan",
    )
    typed = {name: one(form, name) if form else "" for name in names}  # fmt: skip
    typed["jam"] = typed["jam"] or "09:00"
    return await page(
        request, house, actor, "kegiatan_baru.html", status=error.status if error else 200, units=units, typed=typed,
        chosen=int(typed["unit"]) if is_id(typed["unit"]) else None, programmes=PROGRAMMES,
        is_many=any(unit.kind != UnitKind.PPS for unit in units), error=error.message if error else "",
        problems=_problems(error),
    )  # fmt: skip


def _problems(error: AppError | None) -> Mapping[str, str]:
    """By the names of our own fields."""
    ours = {
        "programme": "program",
        "held_on": "tanggal",
        "school": "sekolah",
        "place": "tempat",
        "attendance": "hadirin",
    }
    ours |= {"post_id": "dokumentasi", "unit_ids": "unit"}
    return {ours.get(name, name): said for name, said in by_field(error).items()} if error else {}


def _units(form: FormData, units: Sequence[Unit]) -> Sequence[Unit]:
    """The chosen unit, or every PPS at or beneath it."""
    chosen = next((unit for unit in units if str(unit.id) == one(form, "unit")), None)
    if chosen is None:
        raise BadInput("Pilih unitnya.", Problem("unit_ids", "Pilih unitnya."))
    if not one(form, "serentak"):
        return [chosen]
    found = [unit for unit in units if unit.kind == UnitKind.PPS and unit.path.startswith(chosen.path)]
    if not found:
        raise BadInput("Tidak ada PPS di bawah unit ini.", Problem("unit_ids", "Tidak ada PPS di bawah unit ini."))
    return found


def _day(form: FormData) -> date:
    try:
        return date.fromisoformat(one(form, "tanggal").strip())
    except ValueError:
        raise BadInput("Isi tanggal kegiatan.", Problem("held_on", "Isi tanggal kegiatan.")) from None


def _number(form: FormData, name: str, field: str) -> int | None:
    text = one(form, name).strip()
    if not text:
        return None
    if not is_id(text):
        raise BadInput("Angkanya belum benar.", Problem(field, "Isi angka."))
    return int(text)


def _people(form: FormData) -> int | None:
    return _number(form, "hadirin", "attendance")


def _said(form: FormData, unit_id: int, held_on: date, attendance: int | None) -> Said:
    return Said(
        unit_id,
        one(form, "program"),
        held_on,
        _number(form, "rw", "rw"),
        one(form, "sekolah").strip(),
        one(form, "tempat").strip(),
        attendance,
        one(form, "catatan").strip(),
    )


def _plan(form: FormData, unit_ids: Sequence[int], held_on: date) -> PlanInput:
    try:
        starts = time.fromisoformat(one(form, "jam", "09:00"))
    except ValueError:
        raise BadInput("Jamnya belum benar.", Problem("jam", "Isi jamnya, misalnya 09.00.")) from None
    return PlanInput(
        programme=one(form, "program"),
        held_on=held_on,
        starts=starts.replace(tzinfo=None),
        unit_ids=unit_ids,
        rw=_number(form, "rw", "rw"),
        school=one(form, "sekolah").strip(),
        place=one(form, "tempat").strip(),
        invite=not one(form, "tanpa-undangan"),
    )


def _made(planned: Sequence[Planned]) -> Mapping[str, int]:
    return {
        "kegiatan": sum(1 for one_of in planned if one_of.activity_id),
        "undangan": sum(1 for one_of in planned if one_of.invitation_id),
    }


def _today(house: Kentongan, unit: Unit) -> date:
    return house.clock.now().astimezone(ZoneInfo(unit.timezone)).date()


def _shown(view: ActivityView) -> Shown:
    where = [f"RW {view.rw:02}" if view.rw is not None else "", view.school, view.place]
    said = ", ".join(part for part in where if part)
    return Shown(view, programme_name(view.programme), write_date(view.held_on), said, STATES[view.state])


def _totals(covered: Coverage) -> Sequence[tuple[str, str]]:
    total = covered.totals
    told = [("RW didatangi", of(total["visited"], total["declared"]))]
    if covered.expected is not None:
        told.append(("RW menurut KPU", number(covered.expected)))
    return [
        *told,
        ("Terlaksana", number(total["held"])),
        ("Direncanakan", number(total["planned"])),
        ("Hadirin", number(total["attendance"])),
    ]


def _covered(covered: Coverage) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "unit_id": row.unit_id,
            "unit": row.unit,
            "visited": of(len(row.visited), row.declared),
            "missing": ", ".join(f"{rw:02}" for rw in row.missing),
            "is_told": row.declared is not None,
            "held": number(row.held),
            "planned": number(row.planned),
            "attendance": number(row.attendance),
        }
        for row in covered.rows
    ]
