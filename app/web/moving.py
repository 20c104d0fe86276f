"""Moving a post to another day or hour: by a form, or by dragging it on the calendar; what it costs is said first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, Problem
from app.posts.moving import Move
from app.posts.service import PostView
from app.web import words
from app.web.fields import by_field, is_id, read_moment
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

PostId = Annotated[int, Path(ge=1, lt=2**31)]
Word = Annotated[str, Form(max_length=20)]
Back = Annotated[str, Form(max_length=300)]


@dataclass(frozen=True)
class Wish:
    """Where to: `waktu` on the unit's own clock; or `hari`, and perhaps `jam`, of a square on the visitor's calendar."""

    waktu: str
    hari: str
    jam: str
    leaves_stage: bool
    back: str

    def at(self, post: PostView, unit_zone: str, own_zone: str) -> datetime:
        """BadInput for what is no moment."""
        if not self.hari:
            return read_moment(self.waktu, unit_zone, "waktu")
        try:
            day = date.fromisoformat(self.hari)
        except ValueError:
            raise BadInput("Harinya belum benar.", Problem("waktu", "Isi tanggal dan jamnya.")) from None
        here = ZoneInfo(own_zone)
        was = post.due_at.astimezone(here).timetz() if post.due_at else time(tzinfo=here)
        hour = int(self.jam) if is_id(self.jam) and int(self.jam) < 24 else was.hour
        return datetime.combine(day, time(hour, was.minute), here)


@router.get("/unggahan/{post_id}/pindah")
async def ask(request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId) -> Response:
    post = await house.posts.get(actor, post_id)
    actor.must(Act.WRITE, (await house.units.get(actor, post.unit_id)).path)
    return await _form(request, house, actor, post, {})


@router.post("/unggahan/{post_id}/pindah")
async def move(
    request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId, waktu: Word = "", hari: Word = "", jam: Word = "",
    lepas: Word = "", versi: Word = "", yakin: Word = "", kembali: Back = "",
) -> Response:  # fmt: skip
    """What the mover must agree to first comes back as a question."""
    post = await house.posts.get(actor, post_id)
    wish = Wish(waktu, hari, jam, bool(lepas), kembali if kembali.startswith("/kalender") else "")
    typed = {"waktu": waktu, "lepas": lepas, "kembali": wish.back}
    try:
        unit, frame = await house.units.get(actor, post.unit_id), await frame_for(house, actor)
        at = wish.at(post, unit.timezone, frame.zone)
        typed["waktu"] = f"{at.astimezone(ZoneInfo(unit.timezone)):%Y-%m-%dT%H:%M}"
        version, keeps = int(versi) if is_id(versi) else None, not wish.leaves_stage
        found = await house.moving.weigh(actor, post_id, at, keeps_stage=keeps, version=version)
        if found.warnings and not yakin:
            return await _form(request, house, actor, post, typed, found=found)
        await house.moving.move(actor, post_id, at, keeps_stage=keeps, version=version)
    except AppError as error:
        return await _form(request, house, actor, await house.posts.get(actor, post_id), typed, error=error)
    return _done(post_id, wish.back, "pindah")


@router.post("/unggahan/{post_id}/pindah/urung")
async def take_back(
    request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId, kembali: Back = ""
) -> Response:
    try:
        await house.moving.take_back(actor, post_id)
    except AppError as error:
        return await _form(request, house, actor, await house.posts.get(actor, post_id), {}, error=error)
    return go(kembali if kembali.startswith("/kalender") else f"/unggahan/{post_id}", note="pindah-urung")


def _done(post_id: int, back: str, note: str) -> Response:
    where = back or f"/unggahan/{post_id}"
    return go(f"{where}{'&' if '?' in where else '?'}pindah={post_id}", note=note)


async def _form(
    request: Request, house: Kentongan, actor: Actor, post: PostView, typed: Mapping[str, str], *,
    found: Move | None = None, error: AppError | None = None,
) -> Response:  # fmt: skip
    unit = await house.units.get(actor, post.unit_id)
    local = post.due_at.astimezone(ZoneInfo(unit.timezone)) if post.due_at else None
    return await page(
        request, house, actor, "pindah.html", status=error.status if error else 200, post=post, unit=unit,
        version=post.etag.split("-")[1], when=words.moment(post.due_at, unit.timezone) if post.due_at else None,
        then=words.moment(found.due_at, unit.timezone) if found else None, warnings=found.warnings if found else (),
        waktu=typed.get("waktu") or (f"{local:%Y-%m-%dT%H:%M}" if local else ""), back=typed.get("kembali", ""),
        is_anchored="anchor" in post.timing, leaves=bool(typed.get("lepas")),
        error=error.message if error else "", problems=by_field(error) if error else {},
    )  # fmt: skip
