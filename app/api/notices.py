"""The door to one's own notices, and to how one wants to hear."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, PageDep, Row, linked
from app.api.shapes import Id
from app.audit.events import EventKind
from app.kit.paging import Page

router = APIRouter(route_class=LimitedRoute, tags=["kabar"])


class NoticeRow(Row):
    id: int = Field(examples=[41])
    kind: EventKind = Field(examples=["delivery.stopped"])
    unit_id: int = Field(examples=[17])
    title: str = Field(examples=["Unggahan PPS Cilendek Barat ditolak X"])
    body: str = Field(examples=["Teks terlalu panjang. Buka unggahannya, perbaiki, lalu kirim ulang."])
    link: str = Field(examples=["/antrean/301"], description="Alamat halaman, di bawah alamat Kentongan.")
    created_at: datetime
    read_at: datetime | None


class NoticeList(Row):
    data: Sequence[NoticeRow]
    next: str | None = None
    unread: int = Field(examples=[3], description="Semua yang belum dibaca, bukan hanya di halaman ini.")


class ReadAll(BaseModel):
    read: int = Field(examples=[3], description="Berapa yang tadinya belum dibaca.")


class PreferencesRow(Row):
    mail: bool = Field(examples=[True])
    mail_address: str = Field(examples=["sari@contoh.go.id"], description="Alamat surel akun ini.")
    telegram: bool = Field(examples=[False])
    telegram_chat: str = Field(examples=["123456789"])
    push: bool = Field(
        examples=[False], description="Lewat notifikasi peramban yang didaftarkan di halaman Pengaturan kabar."
    )
    quiet_from: str = Field(examples=["22:00"], description="Mulai jam tenang; kosong: tidak ada jam tenang.")
    quiet_until: str = Field(examples=["05:00"])
    missing: Sequence[str] = Field(description="Yang belum disiapkan operator; kosong bila semua jalan terbuka.")


class PreferencesBody(Body):
    mail: bool = Field(True, examples=[True])
    telegram: bool = Field(False, examples=[True])
    telegram_chat: str = Field("", max_length=40, pattern=r"^[^\x00]*$", examples=["123456789"])
    quiet_from: str = Field("", max_length=5, pattern=r"^[^\x00]*$", examples=["22:00"])
    quiet_until: str = Field("", max_length=5, pattern=r"^[^\x00]*$", examples=["05:00"])


@router.get("/notices", summary="Kabar untuk saya")
async def list_notices(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    wanted: PageDep,
    unread: Annotated[bool, Query(description="Hanya yang belum dibaca.")] = False,
) -> NoticeList:
    page = await house.notices.list(actor, unread_only=unread, limit=wanted.limit, cursor=wanted.cursor)
    response.headers.update(linked(request, Page[object](page.rows, page.next)))
    rows = [NoticeRow.model_validate(row) for row in page.rows]
    return NoticeList(data=rows, next=page.next, unread=await house.notices.unread_count(actor))


@router.post("/notices/read-all", summary="Tandai semua sudah dibaca")
async def read_all(house: HouseDep, actor: ActorDep) -> ReadAll:
    return ReadAll(read=await house.notices.mark_all_read(actor))


@router.get("/notices/preferences", summary="Lewat mana saya ingin dikabari")
async def read_preferences(house: HouseDep, actor: ActorDep) -> PreferencesRow:
    return PreferencesRow.model_validate(await house.notices.preferences(actor))


@router.put("/notices/preferences", summary="Ubah lewat mana saya ingin dikabari")
async def write_preferences(house: HouseDep, actor: ActorDep, body: PreferencesBody) -> PreferencesRow:
    changed = await house.notices.set_preferences(
        actor,
        mail=body.mail,
        telegram=body.telegram,
        telegram_chat=body.telegram_chat,
        quiet=(body.quiet_from, body.quiet_until),
        zone=house.settings.timezone,
    )
    return PreferencesRow.model_validate(changed)


@router.post("/notices/{notice_id}/read", summary="Tandai sudah dibaca")
async def read_one(house: HouseDep, actor: ActorDep, notice_id: Id) -> NoticeRow:
    return NoticeRow.model_validate(await house.notices.mark_read(actor, notice_id))
