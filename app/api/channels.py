"""The door to social accounts: a credential may come in here, and never goes out."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, PageDep, Row, linked
from app.api.terms import TermBody
from app.channels.rules import Environment, State
from app.kit.errors import BadInput, Problem
from app.kit.paging import Page

router = APIRouter(route_class=LimitedRoute, tags=["akun"])

ChannelId = Annotated[int, Path(ge=1, lt=2**31)]

Credential = Annotated[
    dict[str, str] | str,
    Field(
        description="Token akses, atau isian seperti access_token dan account_id. Disegel; tidak dapat dibaca lagi.",
        json_schema_extra={"writeOnly": True},
        examples=["..."],
    ),
]


class ChannelRow(Row):
    id: int = Field(examples=[12])
    unit_id: int = Field(examples=[17])
    platform: str = Field(examples=["instagram"])
    environment: Environment = Field(examples=["practice"])
    handle: str = Field(examples=["pps.cilendekbarat"])
    state: State = Field(examples=["connected"])
    state_reason: str = Field(examples=[""], description="Mengapa akun perlu disambungkan ulang.")
    hacked_at: datetime | None = Field(description="Sejak kapan ditandai diretas; null: tidak.")
    base_url: str
    created_at: datetime
    checked_at: datetime | None
    ends_on: date | None = Field(None, description="Hari terakhir masa pakai; sesudahnya akun ditutup.")
    expires_at: datetime | None = Field(
        description="Sesudah itu hanya orang yang dapat menyambungkan ulang; null: tidak diketahui."
    )


class ChannelList(Row):
    data: Sequence[ChannelRow]
    next: str | None = None


class NewChannel(Body):
    unit_id: int = Field(ge=1, lt=2**31, examples=[17])
    platform: str = Field(examples=["instagram"])
    environment: Environment = Field(examples=["practice"])
    handle: str = Field(examples=["pps.cilendekbarat"])
    credential: Credential | None = None
    base_url: str = ""


class ChannelEdit(Body):
    handle: str | None = None
    credential: Credential | None = None
    state: str | None = Field(None, examples=["paused"], description="connected atau paused.")
    environment: Literal["live", "manual"] | None = Field(
        None,
        description="Ganti cara terbit akun sungguhan: otomatis atau unggah sendiri; antrean dan riwayatnya tetap.",
    )


@router.get("/channels", summary="Akun media sosial")
async def list_channels(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    wanted: PageDep,
    unit: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    platform: Annotated[str | None, Query(pattern="^[a-z0-9_]{1,30}$")] = None,
    environment: Environment | None = None,
) -> ChannelList:
    page = await house.channels.list(
        actor, unit=unit, platform=platform, environment=environment, limit=wanted.limit, cursor=wanted.cursor
    )
    response.headers.update(linked(request, Page[object](page.rows, page.next)))
    return ChannelList(data=[ChannelRow.model_validate(row) for row in page.rows], next=page.next)


@router.post("/channels", status_code=201, summary="Sambungkan akun")
async def add_channel(house: HouseDep, actor: ActorDep, body: NewChannel) -> ChannelRow:
    channel = await house.channels.add(
        actor,
        unit_id=body.unit_id,
        platform=body.platform,
        environment=body.environment,
        handle=body.handle,
        credential=body.credential,
        base_url=body.base_url,
    )
    return ChannelRow.model_validate(channel)


@router.get("/channels/{channel_id}", summary="Satu akun")
async def read_channel(house: HouseDep, actor: ActorDep, channel_id: ChannelId) -> ChannelRow:
    return ChannelRow.model_validate(await house.channels.get(actor, channel_id))


@router.patch("/channels/{channel_id}", summary="Ubah, jeda, lanjutkan, atau ganti kredensial")
async def edit_channel(house: HouseDep, actor: ActorDep, channel_id: ChannelId, body: ChannelEdit) -> ChannelRow:
    if body.environment is not None:
        if body.handle is not None or body.state is not None:
            raise BadInput("Ganti cara terbit dulu, lalu ubah yang lain.", Problem("environment", "kirim sendiri"))
        channel = await house.switching.switch(
            actor, channel_id, environment=body.environment, credential=body.credential
        )
        return ChannelRow.model_validate(channel)
    channel = await house.channels.edit(
        actor, channel_id, handle=body.handle, credential=body.credential, state=body.state
    )
    return ChannelRow.model_validate(channel)


@router.put("/channels/{channel_id}/term", summary="Hari terakhir masa pakai akun")
async def set_channel_term(house: HouseDep, actor: ActorDep, channel_id: ChannelId, body: TermBody) -> ChannelRow:
    return ChannelRow.model_validate(await house.endings.set_channel_term(actor, channel_id, body.ends_on))


@router.delete("/channels/{channel_id}", summary="Tutup akun; riwayatnya tetap ada")
async def close_channel(house: HouseDep, actor: ActorDep, channel_id: ChannelId) -> ChannelRow:
    return ChannelRow.model_validate(await house.channels.close(actor, channel_id))


@router.post("/channels/{channel_id}/check", summary="Tanya platform apakah akun masih tersambung")
async def check_channel(house: HouseDep, actor: ActorDep, channel_id: ChannelId) -> ChannelRow:
    return ChannelRow.model_validate(await house.channels.check(actor, channel_id))
