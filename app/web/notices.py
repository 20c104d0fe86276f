"""A person's own notices, and how that person wants to hear of them."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError
from app.web.fields import by_field, clean
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep, local_path

router = APIRouter(include_in_schema=False)

PAGE = 20
NoticeId = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("/kabar")
async def list_notices(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    belum: str = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    found = await house.notices.list(actor, unread_only=bool(belum), limit=PAGE, cursor=cursor)
    frame = await frame_for(house, actor)
    here = "/kabar?belum=1" if belum else "/kabar"
    mark = "&" if belum else "?"
    return await page(
        request, house, actor, "kabar.html", part="daftar", frame=frame, zone=frame.zone, notices=found.rows,
        only_unread=bool(belum), is_first=cursor is None, here=here,
        more=f"{here}{mark}cursor={found.next}" if found.next else None,
    )  # fmt: skip


@router.post("/kabar/baca-semua")
async def read_all(house: HouseDep, actor: VisitorDep) -> Response:
    await house.notices.mark_all_read(actor)
    return go("/kabar", note="dibaca")


@router.post("/kabar/{notice_id}/baca")
async def read_one(
    house: HouseDep,
    actor: VisitorDep,
    notice_id: NoticeId,
    buka: Annotated[str, Form(max_length=5)] = "",
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """`buka`: go on to what the notice is about."""
    notice = await house.notices.mark_read(actor, notice_id)
    return go(local_path(notice.link, "/kabar")) if buka else go(local_path(back, "/kabar"), note="dibaca")


@router.get("/kabar/pengaturan")
async def show_preferences(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    return await _preferences(request, house, actor)


@router.post("/kabar/pengaturan")
async def save_preferences(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    surel: Annotated[str, Form(max_length=5)] = "",
    telegram: Annotated[str, Form(max_length=5)] = "",
    chat: Annotated[str, Form(max_length=100)] = "",
    rekap: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    try:
        await house.recap_mail.set_wish(actor, weekly=bool(rekap))
        await house.notices.set_preferences(actor, mail=bool(surel), telegram=bool(telegram), telegram_chat=clean(chat))
    except AppError as error:
        return await _preferences(request, house, actor, error=error, typed=(bool(surel), bool(telegram), clean(chat)))
    return go("/kabar/pengaturan", note="tersimpan-atur")


async def _preferences(
    request: Request,
    house: Kentongan,
    actor: Actor,
    *,
    error: AppError | None = None,
    typed: tuple[bool, bool, str] | None = None,
) -> Response:
    kept = await house.notices.preferences(actor)
    mail, telegram, chat = typed or (kept.mail, kept.telegram, kept.telegram_chat)
    return await page(
        request, house, actor, "kabar_pengaturan.html", status=error.status if error else 200, kept=kept, mail=mail,
        recap=await house.recap_mail.wish(actor),
        may_mend=bool(actor.paths(Act.MANAGE)),
        telegram=telegram, chat=chat, problems=by_field(error) if error else {}, error=error.message if error else "",
    )  # fmt: skip
