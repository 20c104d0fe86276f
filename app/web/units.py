"""A unit's own data: what it is called, its zone, and the values its texts use, with where each comes from."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor, Role, UnitKind
from app.accounts.variables import VariableKind, kind_of
from app.bootstrap import Kentongan
from app.content.values import zone_name
from app.kit.errors import AppError, BadInput, Conflict, Problem
from app.web import words
from app.web.fields import VARIABLE, by_field, clean, is_id, one
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.templates import variable_example, variable_name

router = APIRouter(include_in_schema=False)

PAGE = 40
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")
# What every unit may tell about itself once, instead of in every post.
USUAL = ("alamat", "jumlah_tps")
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")
UnitId = Annotated[int, Path(ge=1, lt=2**31)]


@dataclass(frozen=True)
class Value:
    """One variable of a unit. `inherited`: what it says without a value of its own, as far as that can be seen."""

    name: str
    label: str
    own: str
    inherited: str
    example: str
    kind: VariableKind


@router.get("/unit")
async def list_units(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    q: Annotated[str, Query(max_length=100)] = "",
    jenis: Annotated[str, Query(max_length=5)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Who sees one unit only is led to it."""
    kind = UnitKind(jenis) if jenis in set(UnitKind) else None
    said = clean(q).strip()
    found = await house.units.list(actor, kind=kind, q=said or None, limit=PAGE, cursor=cursor)
    if len(found.rows) == 1 and not said and kind is None and cursor is None:
        return go(f"/unit/{found.rows[0].id}")
    return await page(
        request, house, actor, "unit.html", part="daftar", units=found.rows, q=said, kind=kind or "", is_first=cursor is None,
        is_filtered=bool(said or kind), more=_href(said, kind, found.next) if found.next else None,
    )  # fmt: skip


@router.get("/unit/{unit_id}")
async def show(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit_id: UnitId,
    isi: Annotated[str, Query(max_length=40, pattern=r"^[a-z0-9_]*$")] = "",
) -> Response:
    """`isi`: a variable that a text has asked for and that the unit has never had."""
    return await _show(request, house, actor, unit_id, asked=isi)


@router.post("/unit/{unit_id}")
async def save(request: Request, house: HouseDep, actor: VisitorDep, unit_id: UnitId) -> Response:
    form = await request.form()
    unit = await house.units.get(actor, unit_id)
    try:
        await house.units.edit(
            actor, unit_id, name=one(form, "nama"), timezone=one(form, "zona", unit.timezone),
            rw_count=_count(one(form, "rw").strip()), variables=_variables(form, unit.variables),
        )  # fmt: skip
    except AppError as error:
        return await _show(request, house, actor, unit_id, form=form, error=error)
    return go(f"/unit/{unit_id}", note="unit")


@router.post("/unit/{unit_id}/masa")
async def set_term(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit_id: UnitId,
    akhir: Annotated[str, Form(max_length=12)] = "",
) -> Response:
    try:
        await house.terms.set_unit_term(actor, unit_id, day_in(akhir))
    except BadInput as error:
        return await _show(request, house, actor, unit_id, error=error)
    return go(f"/unit/{unit_id}", note="masa")


@router.post("/unit/{unit_id}/serah-terima")
async def hand_over(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit_id: UnitId,
    surel: Annotated[str, Form(max_length=300)] = "",
    orang: Annotated[str, Form(max_length=300)] = "",
    peran: Annotated[str, Form(max_length=20)] = "admin",
    alasan: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Answers with the page itself: the link is shown this once."""
    try:
        done = await house.terms.hand_over(
            actor, unit_id, email=clean(surel), name=clean(orang), role=clean(peran), reason=clean(alasan)
        )
    except (BadInput, Conflict) as error:
        return await _show(request, house, actor, unit_id, error=error)
    secret = done.invited.link
    return await _show(
        request, house, actor, unit_id, link=f"{house.settings.base_url}/masuk/{secret}" if secret else ""
    )


@router.post("/unit/{unit_id}/arsip")
async def archive(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit_id: UnitId,
    alasan: Annotated[str, Form(max_length=500)] = "",
    yakin: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    try:
        if yakin != "ya":
            raise BadInput("Centang dulu bahwa masa tugasnya sudah berakhir.")
        await house.terms.archive(actor, unit_id, reason=clean(alasan))
    except BadInput as error:
        return await _show(request, house, actor, unit_id, error=error)
    return go(f"/unit/{unit_id}", note="arsip")


def day_in(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise BadInput("Tanggalnya belum benar.", Problem("ends_on", "Isi tanggalnya.")) from None


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    unit_id: int,
    *,
    link: str = "",
    form: FormData | None = None,
    error: AppError | None = None,
    asked: str = "",
) -> Response:
    unit = await house.units.get(actor, unit_id)
    found = await house.units.list(actor, limit=2, cursor=None)
    form = form if form is not None else _as_form(unit)
    return await page(
        request, house, actor, "unit_satu.html", status=error.status if error else 200, unit=unit,
        values=await _values(house, actor, unit, form, asked), may_edit=actor.may(Act.WRITE, unit.path),
        has_more=len(found.rows) > 1, name=one(form, "nama"), zone=one(form, "zona"), rw=one(form, "rw"),
        new_name=one(form, "baru-nama"), new_value=one(form, "baru-nilai"), zones=_zones(unit.timezone),
        reviewers=await house.deputies.reviewers(actor, unit_id), link=link, past=await _past(house, actor, unit),
        may_manage=actor.may(Act.MANAGE, unit.path), roles=[(role.value, words.ROLES[role]) for role in Role],
        kind=words.KINDS.get(unit.kind, unit.kind), error=error.message if error else "",
        problems=by_field(error) if error else {},
    )  # fmt: skip


async def _past(house: Kentongan, actor: Actor, unit: Unit) -> list[tuple[str, str, str, str]]:
    """Name, role, until when and why, of those who served before."""
    rows = await house.terms.past(actor, unit.id or 0)
    names = await house.people.names([f"user:{row.user_id}" for row in rows])
    zone = ZoneInfo(unit.timezone)
    return [
        (
            names.get(f"user:{row.user_id}", ""),
            words.ROLES[Role(row.role)],
            f"{row.ended_at.astimezone(zone):%d/%m/%Y}",
            row.reason,
        )
        for row in rows
    ]


def _as_form(unit: Unit) -> FormData:
    kept = {VARIABLE + name: str(value) for name, value in unit.variables.items()}
    rw = "" if unit.rw_count is None else str(unit.rw_count)
    return FormData(kept | {"nama": unit.name, "zona": unit.timezone, "rw": rw})


async def _values(house: Kentongan, actor: Actor, unit: Unit, form: FormData, asked: str) -> list[Value]:
    """Own ones are seen through: without them the unit says what the unit above it says, if that is in sight."""
    effective = (await house.units.values(actor, [unit.id or 0])).get(unit.id or 0, {})
    above: Mapping[str, str] = {}
    if unit.parent_id is not None:
        above = (await house.units.values(actor, [unit.parent_id])).get(unit.parent_id, {})
    names = dict.fromkeys([*sorted(effective), *USUAL, *([asked] if asked else [])])
    shown = []
    for name in names:
        inherited = above.get(name, "") if name in unit.variables else effective.get(name, "")
        shown.append(
            Value(
                name, variable_name(name), one(form, VARIABLE + name), inherited, variable_example(name), kind_of(name)
            )
        )
    return shown


def _variables(form: FormData, own: Mapping[str, object]) -> dict[str, str | None]:
    """An emptied field is inherited again; a new name is written the way texts use it."""
    found: dict[str, str | None] = {}
    for field in form:
        if field.startswith(VARIABLE):
            name, value = field.removeprefix(VARIABLE), one(form, field).strip()
            if value or name in own:
                found[name] = value or None
    label, value = one(form, "baru-nama").strip(), one(form, "baru-nilai").strip()
    if label and value:
        found[_NOT_A_NAME.sub("_", label.lower()).strip("_")[:40]] = value
    return found


def _count(text: str) -> int | None:
    if not text:
        return None
    if not is_id(text):
        raise BadInput("Jumlah RW belum benar.", Problem("rw_count", "isi dengan angka"))
    return int(text)


def _href(said: str, kind: UnitKind | None, cursor: str) -> str:
    return "/unit?" + urlencode({"q": said, "jenis": kind or "", "cursor": cursor})


def _zones(current: str) -> Sequence[tuple[str, str]]:
    return [(zone, f"{zone_name(zone)} ({zone.partition('/')[2]})") for zone in dict.fromkeys([*ZONES, current])]
