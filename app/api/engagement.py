"""The door to numbers."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, HouseDep, LimitedRoute, Row
from app.api.shapes import MAX_ID, Environment, Id
from app.reports.overview import OverviewWanted
from app.reports.overview_rules import Overview

router = APIRouter(route_class=LimitedRoute, tags=["interaksi"])

Number = Annotated[int | None, Field(description="null: platform tidak menyediakannya, atau belum ada data.")]
GroupBy = Literal[
    "unit", "kecamatan", "platform", "tahapan", "programme", "segment", "lang", "kind", "content", "day", "hour"
]  # fmt: skip


class Numbers(Row):
    views: Number = None
    reach: Number = None
    reactions: Number = None
    comments: Number = None
    shares: Number = None
    saves: Number = None
    clicks: Number = None
    followers: Number = None


class SnapshotRow(Numbers):
    taken_at: datetime


class ChannelMetrics(Row):
    delivery_id: int
    channel_id: int
    platform: str = Field(examples=["instagram"])
    handle: str
    state: str
    url: str | None
    taken_at: datetime | None = Field(description="null: belum pernah dibaca.")
    gone: bool = Field(description="Sudah tidak ada di platform; angka terakhir tetap disimpan.")
    latest: Numbers
    history: list[SnapshotRow]


class PostMetrics(BaseModel):
    post_id: int
    data: list[ChannelMetrics]


class GroupRow(Row):
    key: str = Field(examples=["32.71.04"])
    label: str = Field(examples=["Bogor Barat"])
    posts: int
    published: int
    on_time: int = Field(description="Terbit paling lambat 60 detik sesudah waktunya.")
    failed: int
    missed: int
    views: Number
    reach: Number = Field(description="Jumlah jangkauan per unggahan, bukan jumlah orang.")
    reactions: Number
    comments: Number
    shares: Number
    saves: Number
    clicks: Number
    engagement_rate: float | None = Field(
        description="(reaksi + komentar + dibagikan + disimpan) / jangkauan, dari unggahan yang jangkauannya diketahui."
    )


class Engagement(BaseModel):
    environment: Environment
    group_by: GroupBy
    data: list[GroupRow]
    next: None = None


@router.get("/posts/{post_id}/metrics", summary="Angka sebuah unggahan: terbaru dan riwayatnya")
async def post_metrics(house: HouseDep, actor: ActorDep, post_id: Id) -> PostMetrics:
    found = await house.engagement.of_post(actor, post_id)
    rows = [
        ChannelMetrics(
            **{
                name: getattr(one, name)
                for name in ("delivery_id", "channel_id", "platform", "handle", "state", "url", "taken_at", "gone")
            },
            latest=Numbers.model_validate(one.numbers, from_attributes=False),
            history=[SnapshotRow.model_validate(snapshot) for snapshot in one.history],
        )
        for one in found
    ]
    return PostMetrics(post_id=post_id, data=rows)


@router.get("/engagement/overview", summary="Dasbor satu unit dan yang di bawahnya untuk rentang hari mana pun")
async def overview(
    house: HouseDep,
    actor: ActorDep,
    from_on: Annotated[date | None, Query(alias="from", description="Kosong: 28 hari sampai `to`.")] = None,
    to_on: Annotated[date | None, Query(alias="to", description="Kosong: hari ini.")] = None,
    unit: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Unit ini dan semua di bawahnya.")] = None,
    environment: Annotated[Environment | None, Query(description="Seperti pada /engagement.")] = None,
) -> Overview:
    return await house.overviews.make(actor, OverviewWanted(from_on, to_on, unit, environment))


@router.get("/engagement", summary="Angka dikelompokkan; latihan tidak pernah dicampur dengan akun sungguhan")
async def engagement(
    house: HouseDep,
    actor: ActorDep,
    group_by: GroupBy = "unit",
    from_on: Annotated[date | None, Query(alias="from")] = None,
    to_on: Annotated[date | None, Query(alias="to")] = None,
    environment: Annotated[
        Environment | None,
        Query(description="Kosong: live; bila belum ada akun sungguhan: practice. Jawaban menyebut yang dipakai."),
    ] = None,
) -> Engagement:
    chosen, rows = await house.engagement.grouped(
        actor, group_by=group_by, from_on=from_on, to_on=to_on, environment=environment
    )
    return Engagement(environment=chosen, group_by=group_by, data=[GroupRow.model_validate(row) for row in rows])
