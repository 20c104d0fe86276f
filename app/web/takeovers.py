"""A hacked account: one button, then the way back step by step."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.rules import Actor, ProveFirst
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, Problem
from app.publishing.takeover_rules import NOTIFICATION, RECOVERY, SAFE
from app.publishing.takeovers import Alarm, TakeoverView
from app.web.channels import ChannelId, account
from app.web.fields import by_field, clean, is_id, many, one
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep, cookie_name
from app.web.words import Moment, moment

router = APIRouter(include_in_schema=False)

PostId = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("/akun/{channel_id}/diretas")
async def show(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    return await _show(request, house, actor, channel_id)


@router.post("/akun/{channel_id}/diretas")
async def raise_alarm(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    form = await request.form()
    channel = await house.channels.get(actor, channel_id)
    unit = await house.units.get(actor, channel.unit_id)
    try:
        alarm = Alarm(
            _since(one(form, "sejak"), unit.timezone), [int(text) for text in many(form, "orang") if is_id(text)],
            one(form, "ke", SAFE), clean(one(form, "catatan")), request.cookies.get(cookie_name(house.settings), ""),
        )  # fmt: skip
        await house.takeovers.raise_alarm(actor, channel_id, alarm)
    except ProveFirst:
        raise
    except AppError as error:
        if error.status in {403, 404}:
            raise
        return await _show(request, house, actor, channel_id, error=error, form=form)
    return go(f"/akun/{channel_id}/diretas", note="diretas")


@router.post("/akun/{channel_id}/diretas/baca")
async def look_again(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    return await _act(request, house, actor, channel_id, house.takeovers.look_again(actor, channel_id))


@router.post("/akun/{channel_id}/diretas/langkah")
async def tick(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    form = await request.form()
    work = house.takeovers.tick(actor, channel_id, one(form, "langkah"), is_done=one(form, "selesai") == "1")
    return await _act(request, house, actor, channel_id, work)


@router.post("/akun/{channel_id}/diretas/asing/{post_id}")
async def judge(
    request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId, post_id: PostId
) -> Response:
    form = await request.form()
    work = house.takeovers.judge(actor, channel_id, post_id, one(form, "tanda"))
    return await _act(request, house, actor, channel_id, work)


@router.post("/akun/{channel_id}/aman")
async def end(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    try:
        await house.takeovers.end(actor, channel_id)
    except ProveFirst:
        raise
    except AppError as error:
        if error.status in {403, 404}:
            raise
        return await _show(request, house, actor, channel_id, error=error)
    return go(f"/akun/{channel_id}", note="aman")


async def _act(
    request: Request, house: Kentongan, actor: Actor, channel_id: int, work: Awaitable[TakeoverView]
) -> Response:
    try:
        await work
    except AppError as error:
        if error.status in {403, 404}:
            raise
        return await _show(request, house, actor, channel_id, error=error)
    return go(f"/akun/{channel_id}/diretas")


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    channel_id: int,
    *,
    error: AppError | None = None,
    form: FormData | None = None,
) -> Response:
    view = await house.takeovers.get(actor, channel_id)
    unit = await house.units.get(actor, view.channel.unit_id)
    row, zone = view.row, unit.timezone
    times: dict[str, Moment | None] = {}
    if row is not None:
        named = ("since_at", "reported_at", "deadline_at", "looked_at", "revoke_at", "ended_at")
        times = {name: moment(at, zone) if (at := getattr(row, name)) else None for name in named}
    names = dict(view.persons)
    return await page(
        request, house, actor, "akun_diretas.html", status=error.status if error else 200, view=view, row=row, unit=unit,
        account=account(view.channel, unit), times=times, recovery=RECOVERY, notification=NOTIFICATION,
        strange=[(post, moment(post.created_at, zone) if post.created_at else None) for post in view.strange],
        locked_out=[names.get(user_id, "seorang anggota") for user_id in (row.people if row else ())],
        targets=house.takeovers.targets(view.channel), chosen=_kept(view, form), given=form or {},
        is_late=bool(row and house.clock.now() > row.deadline_at),
        error=error.message if error else "", problems=by_field(error) if error else {},
    )  # fmt: skip


def _kept(view: TakeoverView, form: FormData | None) -> list[int]:
    """Whose boxes are ticked."""
    return [int(text) for text in many(form, "orang") if is_id(text)] if form is not None else list(view.suggested)


def _since(text: str, zone: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise BadInput("Isi tanggal dan jamnya.", Problem("since", "tanggal dan jam")) from None
