"""The door to broadcasts: one template to many units."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.accounts.rules import UnitKind
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Moment, PageDep, Row, linked
from app.api.shapes import (
    AnId,
    Code,
    Environment,
    Id,
    Lang,
    Options,
    PosterBody,
    PriceRow,
    ReasonBody,
    TimingBody,
    Variables,
)
from app.posts.broadcasts import BroadcastInput, BroadcastView
from app.posts.progress_rules import Progress

router = APIRouter(tags=["siaran"], route_class=LimitedRoute)


class SelectBody(Body):
    """Which units: kinds beneath a unit, or named ones."""

    kinds: list[UnitKind] = Field(
        [], max_length=3, examples=[["ppk", "pps"]], description="Kosong: semua jenis yang dilayani templat."
    )
    under: AnId | None = Field(None, examples=[1])
    unit_ids: list[AnId] | None = Field(None, max_length=100_000)


class NewBroadcast(Body):
    template_id: AnId = Field(examples=[3])
    select: SelectBody = SelectBody(kinds=[], under=None, unit_ids=None)
    platforms: list[Annotated[str, Field(max_length=30)]] = Field(
        min_length=1, max_length=20, examples=[["x", "facebook", "instagram"]]
    )
    lang: Lang = "id"
    media: list[AnId] = Field([], max_length=20)
    poster: PosterBody | None = None
    timing: TimingBody
    mode: Literal["mandatory", "suggested"] = "mandatory"
    stagger_minutes: int = Field(0, ge=0, le=1440)
    deadline: Moment | None = None
    environment: Environment | None = Field(
        None, description="Kosong: live bila ada akun sungguhan, selain itu practice."
    )
    variables: Variables = {}
    tahapan: Code | None = None
    valid_until: Moment | None = None
    corrects: AnId | None = Field(
        None, description="Nomor tahapan: tepat ke akun yang telanjur memuat tanggal lamanya; select diabaikan."
    )
    in_place: bool = Field(True, description="Koreksi menyunting unggahan lama di tempat, bila platformnya bisa.")
    urgent: bool = Field(False, description="Mendesak: semua yang boleh menyetujui diberi tahu.")
    options: Options = {}
    dry_run: bool = False


class ProblemRow(Row):
    unit_id: int = Field(examples=[17])
    unit_name: str = Field(examples=["PPS Cilendek Barat"])
    reason: str = Field(examples=["Belum ada akun Instagram yang tersambung."])
    field: str = Field("", examples=["channels"], description="Yang menghalangi: channels, variables.<nama>, text, ...")


class SampleRow(Row):
    unit_id: int
    unit_name: str
    platform: str
    text: str
    length: int
    limit: int
    due_at: datetime | None


class TakenDownRow(Row):
    asked: int = Field(examples=[222], description="Kiriman yang diminta dihapus.")
    down: int = Field(examples=[148], description="Yang sudah dipastikan terhapus.")
    by_hand: int = Field(examples=[74], description="Yang menunggu dihapus sendiri oleh unitnya.")


class CorrectedRow(Row):
    delivery_id: int = Field(description="Kiriman yang memuat tanggal lama.")
    unit_id: int
    unit_name: str = Field(examples=["PPS Cilendek Barat"])
    channel_id: int
    platform: str = Field(examples=["facebook"])
    handle: str
    url: str | None
    in_place: bool = Field(description="true: unggahan lama disunting di tempat. false: terbit unggahan baru.")
    why: str = Field("", description="Mengapa tidak disunting di tempat.")


class BroadcastRow(Row):
    id: int | None = Field(examples=[4], description="null pada dry_run: belum ada yang dibuat.")
    template_id: int
    title: str
    mode: str
    environment: Environment
    units: int = Field(examples=[74])
    posts: int = Field(examples=[74])
    deliveries: int = Field(examples=[222])
    in_review: int = Field(description="Unggahan yang masih menunggu tinjauan.")
    by_state: dict[str, int] = Field(examples=[{"published": 222}])
    problems: list[ProblemRow] = Field(description="Pada dry_run: 200 yang pertama dari tiap jenis.")
    hindered: dict[str, int] = Field(
        {}, examples=[{"channels": 12}], description="Pada dry_run: jumlah halangan per jenis (`field` pada problems)."
    )
    samples: list[SampleRow] = []
    price: PriceRow = Field(description="Dihitung sebelum siaran dibuat (dry_run); sesudahnya lihat tiap unggahan.")
    deadline: datetime | None = None
    created_at: datetime | None = None
    cancelled_at: datetime | None = None
    withdrawal: TakenDownRow | None = Field(None, description="Kemajuan penarikan, bila siaran ini ditarik.")
    corrects: int | None = None
    corrected: list[CorrectedRow] = Field([], description="Pada dry_run sebuah koreksi: cara tiap akun dibetulkan.")
    answers: dict[str, int] = Field(
        {}, examples=[{"waiting": 60, "accepted": 6, "declined": 2}], description="Jawaban unit atas sebuah saran."
    )
    approved_by: int | None = Field(None, description="Peninjau yang menyetujui siaran ini sekaligus.")
    approved_at: datetime | None = None


class UnitProgressRow(Row):
    post_id: int
    unit_id: int
    unit_name: str = Field(examples=["PPS Cilendek Barat"])
    progress: Progress = Field(examples=["out"])
    is_late: bool
    out: int = Field(description="Kiriman yang sudah terbit.")
    wanted: int
    due_at: datetime | None
    published_at: datetime | None
    reason: str


class UnitProgressList(BaseModel):
    data: list[UnitProgressRow]
    next: str | None = None


class BroadcastList(BaseModel):
    data: list[BroadcastRow]
    next: str | None = None


def _input(body: NewBroadcast) -> BroadcastInput:
    given = body.model_dump(exclude={"select", "timing", "dry_run", "poster"})
    select = body.select
    return BroadcastInput(
        **given,
        kinds=select.kinds,
        under=select.under,
        unit_ids=select.unit_ids,
        timing=body.timing.as_timing(),
        poster=body.poster.as_wish() if body.poster else None,
    )


def _row(view: BroadcastView) -> BroadcastRow:
    return BroadcastRow.model_validate(view)


@router.get("/broadcasts", summary="Siaran, terbaru dulu")
async def list_broadcasts(
    request: Request, response: Response, house: HouseDep, actor: ActorDep, page: PageDep
) -> BroadcastList:
    found = await house.broadcasts.list(actor, limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, found))
    return BroadcastList(data=[_row(view) for view in found.rows], next=found.next)


@router.post("/broadcasts", status_code=201, summary="Siarkan; dengan dry_run hanya diperiksa")
async def create_broadcast(response: Response, house: HouseDep, actor: ActorDep, body: NewBroadcast) -> BroadcastRow:
    if body.dry_run:
        response.status_code = 200
        return _row(await house.broadcasts.preview(actor, _input(body)))
    view = await house.broadcasts.create(actor, _input(body))
    await house.ring("prepare_media")
    response.headers["Location"] = f"/api/v1/broadcasts/{view.id}"
    return _row(view)


@router.get("/broadcasts/{broadcast_id}", summary="Satu siaran dan kemajuannya")
async def read_broadcast(house: HouseDep, actor: ActorDep, broadcast_id: Id) -> BroadcastRow:
    return _row(await house.broadcasts.get(actor, broadcast_id))


@router.get(
    "/broadcasts/{broadcast_id}/units", summary="Kemajuan sebuah siaran unit demi unit; late: yang terlambat saja"
)
async def list_progress(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    broadcast_id: Id,
    page: PageDep,
    late: bool = False,
) -> UnitProgressList:
    found = await house.answers.progress(actor, broadcast_id, late_only=late, limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, found))
    return UnitProgressList(data=[UnitProgressRow.model_validate(row) for row in found.rows], next=found.next)


@router.post("/broadcasts/{broadcast_id}/cancel", summary="Batalkan yang belum dikirim")
async def cancel_broadcast(
    house: HouseDep, actor: ActorDep, broadcast_id: Id, body: ReasonBody | None = None
) -> BroadcastRow:
    return _row(await house.broadcasts.cancel(actor, broadcast_id, reason=body.reason if body else ""))


@router.post("/broadcasts/{broadcast_id}/withdraw", summary="Hapus di platform yang sudah terbit, batalkan sisanya")
async def withdraw_broadcast(house: HouseDep, actor: ActorDep, broadcast_id: Id, body: ReasonBody) -> BroadcastRow:
    return _row(await house.broadcasts.withdraw(actor, broadcast_id, reason=body.reason))
