"""A complaint on the screen: was it us, freeze the evidence, have it taken down, follow it, answer."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import FileResponse, Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.content.values import write_date
from app.evidence.complaints import Found, Match
from app.evidence.rules import Sought
from app.kit.errors import AppError, BadInput, Problem
from app.platforms.registry import TITLES
from app.web import words
from app.web.fields import by_field, clean, is_id, one, read_moment
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

PAGE = 20
ComplaintId = Annotated[int, Path(ge=1, lt=2**31)]
_ANSWERS = {"sent": "Dikirim oleh sistem ini", "not_sent": "Tidak dikirim oleh sistem ini"}
_FIELDS = {"url": "alamat", "text": "teks", "on": "tanggal", "deadline": "tenggat", "outcome": "jawaban"}


@router.get("/aduan")
async def list_complaints(
    request: Request, house: HouseDep, actor: VisitorDep, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    actor.must(Act.REVIEW)
    return await _list(request, house, actor, FormData(), cursor=cursor)


@router.post("/aduan/cari")
async def search(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """Answers with the page itself: what was pasted is too long for an address."""
    actor.must(Act.REVIEW)
    form = await request.form()
    try:
        found = await house.complaints.search(actor, _sought(form))
    except AppError as error:
        return await _list(request, house, actor, form, error=error)
    return await _list(request, house, actor, form, found=found)


@router.post("/aduan")
async def open_one(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    actor.must(Act.REVIEW)
    form = await request.form()
    chosen = [int(value) for value in form.getlist("kiriman") if isinstance(value, str) and is_id(value)]
    try:
        view = await house.complaints.open(actor, _sought(form), chosen, note=clean(one(form, "catatan")))
    except BadInput as error:
        return await _list(request, house, actor, form, error=error)
    return go(f"/aduan/{view.row.id}", note="aduan")


@router.get("/aduan/{complaint_id}")
async def show(request: Request, house: HouseDep, actor: VisitorDep, complaint_id: ComplaintId) -> Response:
    return await _show(request, house, actor, complaint_id)


@router.get("/aduan/{complaint_id}/bukti.zip")
async def take(
    house: HouseDep, actor: VisitorDep, complaint_id: ComplaintId, nomor: Annotated[int, Query(ge=0, le=1000)] = 0
) -> Response:
    path, name = await house.complaints.frozen(actor, complaint_id, nomor)
    return FileResponse(path, media_type="application/zip", filename=name, headers={"Cache-Control": "no-store"})


@router.post("/aduan/{complaint_id}/hapus")
async def withdraw(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    complaint_id: ComplaintId,
    alasan: Annotated[str, Form(max_length=1000)] = "",
    tenggat: Annotated[str, Form(max_length=30)] = "",
    semua: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    frame = await frame_for(house, actor)
    try:
        until = read_moment(tenggat, frame.zone, "tenggat") if tenggat else None
        await house.complaints.withdraw(
            actor, complaint_id, reason=clean(alasan), deadline=until, siblings=semua == "ya"
        )
    except AppError as error:
        return await _show(request, house, actor, complaint_id, error=error)
    return go(f"/aduan/{complaint_id}", note="aduan-hapus")


@router.post("/aduan/{complaint_id}/selesai")
async def close(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    complaint_id: ComplaintId,
    jawaban: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    try:
        await house.complaints.close(actor, complaint_id, outcome=clean(jawaban))
    except AppError as error:
        return await _show(request, house, actor, complaint_id, error=error)
    return go(f"/aduan/{complaint_id}", note="aduan-selesai")


def _sought(form: FormData) -> Sought:
    typed = one(form, "tanggal").strip()
    try:
        day = date.fromisoformat(typed) if typed else None
    except ValueError:
        raise BadInput("Tanggalnya belum benar.", Problem("on", "Isi tanggal terbitnya.")) from None
    if day is not None and not 1970 <= day.year < 2999:
        raise BadInput("Tanggalnya belum benar.", Problem("on", "Isi tanggal terbitnya."))
    return Sought(clean(one(form, "alamat")).strip(), clean(one(form, "teks")).strip(), day)


async def _list(
    request: Request,
    house: Kentongan,
    actor: Actor,
    form: FormData,
    *,
    cursor: str | None = None,
    found: Found | None = None,
    error: AppError | None = None,
) -> Response:
    frame = await frame_for(house, actor)
    kept = await house.complaints.list(actor, limit=PAGE, cursor=cursor)
    asked = {name: one(form, name) for name in ("alamat", "teks", "tanggal")}
    return await page(
        request, house, actor, "aduan.html", part="daftar", status=error.status if error else 200, frame=frame, asked=asked,
        found=found, matches=[_card(match, frame.zone) for match in found.matches] if found else [],
        complaints=[(row, words.moment(row.created_at, frame.zone), _ANSWERS[row.answer], _asked(row.asked)) for row in kept.rows],
        is_first=cursor is None, more=f"/aduan?cursor={kept.next}" if kept.next else None, answers=_ANSWERS,
        error=error.message if error else "", problems=_problems(error),
    )  # fmt: skip


async def _show(
    request: Request, house: Kentongan, actor: Actor, complaint_id: int, *, error: AppError | None = None
) -> Response:
    frame, view = await frame_for(house, actor), await house.complaints.get(actor, complaint_id)
    row, zone = view.row, frame.zone
    return await page(
        request, house, actor, "aduan_satu.html", status=error.status if error else 200, frame=frame, view=view, row=row,
        answer=_ANSWERS[row.answer], asked=_asked(row.asked), opened=words.moment(row.created_at, zone),
        deadline=words.moment(row.deadline, zone) if row.deadline else None, closed=words.moment(row.closed_at, zone) if row.closed_at else None,
        matches=[_card(match, zone) for match in view.deliveries],
        has_siblings=any(match.broadcast_id for match in view.deliveries), may_broadcast=bool(actor.paths(Act.BROADCAST)),
        error=error.message if error else "", problems=_problems(error),
    )  # fmt: skip


def _card(match: Match, zone: str) -> tuple[Match, words.Label, str, words.Moment | None, str]:
    when = words.moment(match.published_at, zone) if match.published_at else None
    share = f"{match.likeness * 100:.0f} % mirip" if match.likeness < 1 else "sama"
    return match, words.STATES[match.state], TITLES.get(match.platform, match.platform), when, share


def _asked(asked: dict[str, str]) -> str:
    day = f"tanggal {write_date(date.fromisoformat(asked['on']))}" if asked.get("on") else ""
    return "; ".join(part for part in (asked.get("url", ""), asked.get("text", "")[:200], day) if part)


def _problems(error: AppError | None) -> dict[str, str]:
    return {_FIELDS.get(name, name): said for name, said in by_field(error).items()} if error else {}
