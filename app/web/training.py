"""A training in a hall: the trainer's classes, board and printed QR codes; a trainee's way in and their steps."""

from typing import Annotated
from urllib.parse import urlsplit

import segno
from fastapi import APIRouter, Form, Path, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app.accounts.rules import Act, Actor, ProveFirst, UnitKind
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, Problem
from app.reports.writers.pdf import compile_pdf, printable
from app.training.rules import STEPS
from app.training.service import ClassView, Ticket
from app.web import words
from app.web.fields import by_field, clean, is_id
from app.web.frame import frame_for
from app.web.login import refuse
from app.web.render import bare_page, go, page
from app.web.sessions import HouseDep, VisitorDep, remember
from app.web.sight import units_seen

router = APIRouter(include_in_schema=False)

ClassId = Annotated[int, Path(ge=1, lt=2**31)]
_LONGEST_LINK = 120


@router.get("/latihan")
async def show(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """A trainee's steps; for everybody else the classes they may hold."""
    found = await house.training.exercise(actor)
    if found is None:
        return await _classes(request, house, actor)
    frame = await frame_for(house, actor)
    step = next((one for one in found.row.steps if one.key not in found.row.done), None)
    return await page(
        request, house, actor, "latihan_langkah.html", part="langkah", frame=frame, view=found.view, row=found.row, next_step=step,
    )  # fmt: skip


@router.post("/latihan")
async def begin(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit: Annotated[str, Form(max_length=12)] = "",
    nama: Annotated[str, Form(max_length=300)] = "",
    jam: Annotated[str, Form(max_length=4)] = "12",
) -> Response:
    actor.must(Act.MANAGE)
    try:
        if not is_id(unit):
            raise BadInput("Pilih unit kelas ini.", Problem("unit_id", "Pilih unitnya."))
        hours = int(jam) if jam.isascii() and jam.isdigit() else 0
        view = await house.training.begin(actor, unit_id=int(unit), name=clean(nama), hours=hours)
    except ProveFirst:
        raise
    except AppError as error:
        return await _classes(request, house, actor, unit=unit, name=nama, hours=jam, error=error)
    return go(f"/latihan/{view.id}", note="kelas")


@router.get("/latihan/masuk/{secret}")
async def show_way_in(
    request: Request, house: HouseDep, secret: Annotated[str, Path(max_length=_LONGEST_LINK)]
) -> Response:
    """Only looks: a chat app that fetches the address lets nobody in."""
    try:
        view, unit = await house.training.look(secret)
    except AppError as error:
        return await refuse(request, house, error.message)
    return bare_page(request, "latihan_masuk.html", view=view, unit=unit, secret=secret)


@router.post("/latihan/masuk/{secret}")
async def enter(request: Request, house: HouseDep, secret: Annotated[str, Path(max_length=_LONGEST_LINK)]) -> Response:
    """A right link is never counted nor refused for its number: a whole hall shares one address."""
    try:
        session = await house.training.join(secret, device=request.headers.get("user-agent", ""))
    except AppError as error:
        return await refuse(request, house, error.message)
    response = go("/latihan")
    remember(response, house.settings, session)
    return response


@router.post("/latihan/langkah/{step}")
async def tick(house: HouseDep, actor: VisitorDep, step: Annotated[str, Path(max_length=20)]) -> Response:
    await house.training.tick(actor, step)
    return go("/latihan")


@router.get("/latihan/{class_id}")
async def show_board(request: Request, house: HouseDep, actor: VisitorDep, class_id: ClassId) -> Response:
    board = await house.training.board(actor, class_id)
    frame = await frame_for(house, actor)
    groups = [(kind, STEPS[kind], [row for row in board.rows if row.kind is kind]) for kind in UnitKind]
    return await page(
        request, house, actor, "latihan_kelas.html", part="papan", frame=frame, view=board.view, board=board,
        groups=[group for group in groups if group[2]], ends=words.moment(board.view.ends_at, frame.zone), is_local=_is_local(house),
    )  # fmt: skip


@router.post("/latihan/{class_id}/ulang")
async def reset(request: Request, house: HouseDep, actor: VisitorDep, class_id: ClassId) -> Response:
    emptied = await house.training.reset(actor, class_id)
    return go(f"/latihan/{class_id}", note="kelas-ulang" if emptied.is_wall_clear else "kelas-ulang-dinding")


@router.post("/latihan/{class_id}/selesai")
async def close(house: HouseDep, actor: VisitorDep, class_id: ClassId) -> Response:
    await house.training.close(actor, class_id)
    return go(f"/latihan/{class_id}", note="kelas-selesai")


@router.get("/latihan/{class_id}/qr")
async def show_sheet(request: Request, house: HouseDep, actor: VisitorDep, class_id: ClassId) -> Response:
    tickets = await house.training.sheet(actor, class_id)
    codes = [(one.unit_name, _address(house, one), _code(house, one).svg_data_uri(scale=4, border=4, dark="#000", light="#fff")) for one in tickets]  # fmt: skip
    board = await house.training.board(actor, class_id)
    frame = await frame_for(house, actor)
    return await page(
        request, house, actor, "latihan_qr.html", frame=frame, view=board.view, codes=codes,
        ends=words.moment(board.view.ends_at, frame.zone), is_local=_is_local(house),
    )  # fmt: skip


@router.get("/latihan/{class_id}/qr.pdf")
async def send_sheet(house: HouseDep, actor: VisitorDep, class_id: ClassId) -> Response:
    tickets = await house.training.sheet(actor, class_id)
    board = await house.training.board(actor, class_id)
    zone = next(
        (one.timezone for one in await units_seen(house, actor) if one.id == board.view.unit_id),
        house.settings.timezone,
    )
    facts = {
        "name": printable(board.view.name),
        "ends": words.moment(board.view.ends_at, zone).text,
        "tickets": [
            {"unit": printable(one.unit_name), "address": _address(house, one), "code": _code(house, one).svg_inline(border=4, light="#fff")}
            for one in tickets
        ],
    }  # fmt: skip
    content = await run_in_threadpool(compile_pdf, "kartu_latihan.typ", facts)
    headers = {
        "Content-Disposition": f'attachment; filename="kode-qr-kelas-{class_id}.pdf"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/pdf", headers=headers)


async def _classes(
    request: Request,
    house: Kentongan,
    actor: Actor,
    *,
    unit: str = "",
    name: str = "",
    hours: str = "12",
    error: AppError | None = None,
) -> Response:
    frame = await frame_for(house, actor)
    classes = [(one, words.moment(one.ends_at, frame.zone), _state(one)) for one in await house.training.list(actor)]
    units = [one for one in await units_seen(house, actor, Act.MANAGE) if one.kind != UnitKind.PPS]
    chosen = int(unit) if is_id(unit) else (units[0].id if len(units) == 1 or (not error and units) else None)
    return await page(
        request, house, actor, "latihan.html", status=error.status if error else 200, frame=frame, classes=classes, units=units,
        chosen=chosen, name=name, hours=hours, error=error.message if error else "", problems=by_field(error) if error else {},
        is_local=_is_local(house),
    )  # fmt: skip


def _state(view: ClassView) -> str:
    return "berjalan" if view.is_open else "selesai"


def _address(house: Kentongan, ticket: Ticket) -> str:
    return f"{house.settings.base_url}{ticket.path}"


def _code(house: Kentongan, ticket: Ticket) -> segno.QRCode:
    return segno.make_qr(_address(house, ticket), error="m")


def _is_local(house: Kentongan) -> bool:
    """Whether the address in the codes leads to this machine alone."""
    return urlsplit(house.settings.base_url).hostname in {"127.0.0.1", "localhost", "::1"}
