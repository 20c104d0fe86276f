"""A person's own notices, and how that person wants to hear of them."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError
from app.web import words
from app.web.fields import by_field, clean
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep, local_path

router = APIRouter(include_in_schema=False)

PAGE = 20
Clock = Annotated[str, Form(max_length=5)]
Key = Annotated[str, Form(max_length=2000)]
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
    tenang_dari: Clock = "",
    tenang_sampai: Clock = "",
) -> Response:
    quiet, zone = (clean(tenang_dari), clean(tenang_sampai)), (await frame_for(house, actor)).zone
    try:
        await house.notices.set_preferences(
            actor, mail=bool(surel), telegram=bool(telegram), telegram_chat=clean(chat), quiet=quiet, zone=zone
        )
        await house.recap_mail.set_wish(actor, weekly=bool(rekap))
    except AppError as error:
        typed = (bool(surel), bool(telegram), clean(chat), *quiet)
        return await _preferences(request, house, actor, error=error, typed=typed)
    return go("/kabar/pengaturan", note="tersimpan-atur")


@router.post("/kabar/perangkat")
async def add_device(
    request: Request, house: HouseDep, actor: VisitorDep, alamat: Key = "", kunci: Key = "", rahasia: Key = ""
) -> Response:
    """What the browser answered when it was asked for an address of this device."""
    name = words.device(request.headers.get("user-agent", ""))
    try:
        await house.push.add(actor, endpoint=alamat, p256dh=kunci, auth=rahasia, name=name)
    except AppError as error:
        return await _preferences(request, house, actor, error=error)
    return go("/kabar/pengaturan", note="tersimpan-atur")


@router.post("/kabar/perangkat/{device_id}/hapus")
async def remove_device(house: HouseDep, actor: VisitorDep, device_id: NoticeId) -> Response:
    await house.push.remove(actor, device_id)
    return go("/kabar/pengaturan", note="tersimpan-atur")


async def _preferences(
    request: Request,
    house: Kentongan,
    actor: Actor,
    *,
    error: AppError | None = None,
    typed: tuple[bool, bool, str, str, str] | None = None,
) -> Response:
    kept = await house.notices.preferences(actor)
    kept_now = (kept.mail, kept.telegram, kept.telegram_chat, kept.quiet_from, kept.quiet_until)
    mail, telegram, chat, quiet_from, quiet_until = typed or kept_now
    devices = [(one, words.moment(one.created_at, house.settings.timezone)) for one in await house.push.devices(actor)]
    return await page(
        request, house, actor, "kabar_pengaturan.html", status=error.status if error else 200, kept=kept, mail=mail,
        recap=await house.recap_mail.wish(actor),
        may_mend=bool(actor.paths(Act.MANAGE)),
        quiet_from=quiet_from, quiet_until=quiet_until, devices=devices, push_key=house.push.public_key, telegram=telegram, chat=chat, problems=by_field(error) if error else {}, error=error.message if error else "",
    )  # fmt: skip
