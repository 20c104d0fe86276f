"""The door to joining accounts: a consent begun here is given in a browser, by the same person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Row
from app.channels.connecting import Returned, Way
from app.channels.rules import Environment

router = APIRouter(route_class=LimitedRoute, tags=["akun"])

ConnectionId = Annotated[int, Path(ge=1, lt=2**31)]
AnId = Annotated[int, Field(ge=1, lt=2**31, examples=[17])]


class ChoiceRow(Row):
    account_id: str = Field(examples=["102938"])
    handle: str = Field(examples=["pps.cilendekbarat"])
    name: str
    problem: str = Field(description="Kosong: boleh dipilih. Terisi: mengapa tidak.")


class ConnectionRow(Row):
    id: int | None = Field(description="null bila akun langsung tersambung dengan rahasia yang dikirim.")
    unit_id: int
    platform: str = Field(examples=["x"])
    environment: Environment
    stage: str = Field(description="asked, choosing, done, atau failed.", examples=["asked"])
    channel_id: int | None = Field(description="Akun yang tersambung, bila stage done.")
    authorize_url: str | None = Field(description="Buka di peramban tempat Anda masuk Kentongan.")
    reason: str
    remedy: str
    code: str = Field(examples=["denied"])
    choices: Sequence[ChoiceRow] = ()
    expires_at: datetime | None


class NewConnection(Body):
    unit_id: AnId
    platform: str = Field(examples=["x"])
    environment: Environment = Field(Environment.LIVE, examples=["practice"])
    base_url: str = Field("", max_length=300, description="Peladen akun, untuk Mastodon.")
    channel_id: AnId | None = Field(None, description="Isi untuk menyambungkan ulang akun ini.")
    identifier: str = Field("", max_length=200, description="Bluesky: nama lengkap akun. Telegram: @saluran.")
    secret: str = Field(
        "",
        max_length=4000,
        description="Bluesky: kata sandi aplikasi. Telegram: token bot. Disegel; tidak dapat dibaca lagi.",
        json_schema_extra={"writeOnly": True},
    )


class Back(Body):
    state: str = Field(max_length=500, examples=["..."])
    code: str = Field("", max_length=4000)
    error: str = Field("", max_length=200)


class Chosen(Body):
    account_id: str = Field(max_length=200, examples=["102938"])


@router.post("/channels/connect", status_code=201, summary="Mulai menyambungkan akun lewat platformnya")
async def begin_connection(house: HouseDep, actor: ActorDep, body: NewConnection) -> ConnectionRow:
    if body.identifier or body.secret:
        channel = await house.connecting.open_with(
            actor, unit_id=body.unit_id, platform=body.platform, environment=body.environment,
            identifier=body.identifier, secret=body.secret, channel_id=body.channel_id,
        )  # fmt: skip
        return ConnectionRow(
            id=None, unit_id=channel.unit_id, platform=channel.platform, environment=Environment(channel.environment),
            stage="done", channel_id=channel.id, authorize_url=None, reason="", remedy="", code="", expires_at=None,
        )  # fmt: skip
    way = await house.connecting.begin(
        actor, unit_id=body.unit_id, platform=body.platform, environment=body.environment, base_url=body.base_url,
        channel_id=body.channel_id,
    )  # fmt: skip
    return _row(way)


@router.post("/channels/connect/return", summary="Serahkan kode yang dikirim platform ke alamat balik")
async def end_connection(house: HouseDep, actor: ActorDep, body: Back) -> ConnectionRow:
    return _row(await house.connecting.come_back(actor, Returned(body.state, body.code, body.error)))


@router.get("/channels/connect/{connection_id}", summary="Sampai mana penyambungan Anda")
async def read_connection(house: HouseDep, actor: ActorDep, connection_id: ConnectionId) -> ConnectionRow:
    return _row(await house.connecting.get(actor, connection_id))


@router.post(
    "/channels/connect/{connection_id}/choose", summary="Pilih satu dari beberapa akun, misalnya Halaman Facebook"
)
async def choose_account(house: HouseDep, actor: ActorDep, connection_id: ConnectionId, body: Chosen) -> ConnectionRow:
    return _row(await house.connecting.choose(actor, connection_id, body.account_id))


def _row(way: Way) -> ConnectionRow:
    row = ConnectionRow.model_validate(way)
    row.authorize_url = way.authorize_url or None
    return row
