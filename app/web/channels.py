"""Joined accounts: how each stands, and what a manager may do to one."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor, ProveFirst
from app.bootstrap import Kentongan
from app.channels.models import Channel
from app.channels.rules import Environment, State
from app.kit.errors import AppError, BadInput, Conflict, NotFound
from app.web import words
from app.web.connecting import Recipe, guide, recipe
from app.web.fields import by_field, is_id, one
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_by_id, units_seen
from app.web.units import day_in
from app.web.words import Label, Moment, moment

router = APIRouter(include_in_schema=False)

PAGE = 30
ChannelId = Annotated[int, Path(ge=1, lt=2**31)]
LONGEST_PASTE = 9000


@dataclass(frozen=True)
class Account:
    """A channel as a card."""

    id: int
    unit: str
    platform: str
    handle: str
    label: Label
    environment: str
    reason: str
    checked: Moment | None


def account(channel: Channel, unit: Unit) -> Account:
    return Account(
        id=channel.id or 0,
        unit=unit.name,
        platform=words.platform_name(channel.platform),
        handle=channel.handle,
        label=words.HACKED if channel.hacked_at else words.CHANNEL_STATES[State(channel.state)],
        environment=words.ENVIRONMENTS[channel.environment],
        reason=channel.state_reason,
        checked=moment(channel.checked_at, unit.timezone) if channel.checked_at else None,
    )


@router.get("/akun")
async def list_channels(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit: Annotated[str, Query(max_length=12)] = "",
    platform: Annotated[str, Query(max_length=20)] = "",
    lingkungan: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    chosen = int(unit) if is_id(unit) else None
    kept = {
        "unit": str(chosen or ""),
        "platform": platform if platform in house.platforms else "",
        "lingkungan": lingkungan if lingkungan in set(Environment) else "",
    }
    found = await house.channels.list(
        actor, unit=chosen, platform=kept["platform"] or None, environment=kept["lingkungan"] or None, limit=PAGE,
        cursor=cursor,
    )  # fmt: skip
    units = await units_by_id(house, actor, [channel.unit_id for channel in found.rows])
    return await page(
        request, house, actor, "akun.html", part="daftar",
        accounts=[account(channel, units[channel.unit_id]) for channel in found.rows], units=await units_seen(house, actor),
        chosen=chosen, kept=kept, platforms=_platforms(house), is_filtered=any(kept.values()), is_first=cursor is None,
        more=_href(kept, found.next) if found.next else None, may_connect=bool(actor.paths(Act.MANAGE)),
    )  # fmt: skip


@router.get("/akun/baru")
async def start(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit: str = "",
    platform: str = "",
    akun: str = "",
    lingkungan: str = "live",
) -> Response:
    """First which platform, then what that platform needs; `akun` is one that is to be joined again."""
    actor.must(Act.MANAGE)
    given = {"unit": unit, "platform": platform, "akun": akun, "lingkungan": lingkungan}
    return await connect_form(request, house, actor, FormData(given))


@router.post("/akun")
async def connect(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    async with request.form(max_part_size=LONGEST_PASTE * 4) as form:
        if not is_id(one(form, "unit")):
            raise NotFound("Pilih dulu unitnya.")
        unit = await house.units.get(actor, int(one(form, "unit")))
        try:
            channel = await house.channels.add(
                actor, unit_id=unit.id or 0, platform=one(form, "platform"), environment=one(form, "lingkungan"),
                handle=one(form, "nama"), credential=_credential(form), base_url=one(form, "peladen").strip(),
            )  # fmt: skip
        except ProveFirst:
            raise
        except AppError as error:
            return await connect_form(request, house, actor, form, error=error)
    return go(f"/akun/{channel.id}", note="hubung")


@router.get("/akun/{channel_id}")
async def show(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    return await _show(request, house, actor, channel_id)


@router.post("/akun/{channel_id}/jeda")
async def pause(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    work = house.channels.edit(actor, channel_id, state=State.PAUSED)
    return await _act(request, house, actor, channel_id, work, note="jeda")


@router.post("/akun/{channel_id}/lanjut")
async def resume(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    work = house.channels.edit(actor, channel_id, state=State.CONNECTED)
    return await _act(request, house, actor, channel_id, work, note="lanjut")


@router.post("/akun/{channel_id}/cara")
async def switch(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    """From publishing by itself to a person's task, or back."""
    form = await request.form()
    work = house.switching.switch(actor, channel_id, environment=one(form, "lingkungan", Environment.MANUAL))
    return await _act(request, house, actor, channel_id, work, note="cara")


@router.post("/akun/{channel_id}/tutup")
async def close(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    return await _act(request, house, actor, channel_id, house.channels.close(actor, channel_id), note="tutup")


@router.post("/akun/{channel_id}/kredensial")
async def renew(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    async with request.form(max_part_size=LONGEST_PASTE * 4) as form:
        given = _credential(form) or {"access_token": ""}
    work = house.channels.edit(actor, channel_id, credential=given)
    return await _act(request, house, actor, channel_id, work, note="hubung-ulang")


@router.post("/akun/{channel_id}/cek")
async def check(request: Request, house: HouseDep, actor: VisitorDep, channel_id: ChannelId) -> Response:
    try:
        channel = await house.channels.check(actor, channel_id)
    except AppError as error:
        return await _show(request, house, actor, channel_id, error=error)
    note = "cek-gagal" if channel.state == State.NEEDS_RECONNECT else "cek"
    return go(f"/akun/{channel_id}", note=note)


async def _act(
    request: Request, house: Kentongan, actor: Actor, channel_id: int, work: Awaitable[Channel], *, note: str
) -> Response:
    try:
        await work
    except ProveFirst:
        raise
    except AppError as error:
        return await _show(request, house, actor, channel_id, error=error)
    return go(f"/akun/{channel_id}", note=note)


@router.post("/akun/{channel_id}/masa")
async def set_term(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    channel_id: ChannelId,
    akhir: Annotated[str, Form(max_length=12)] = "",
) -> Response:
    try:
        await house.endings.set_channel_term(actor, channel_id, day_in(akhir))
    except (BadInput, Conflict) as error:
        return await _show(request, house, actor, channel_id, error=error)
    return go(f"/akun/{channel_id}", note="masa")


async def _show(
    request: Request, house: Kentongan, actor: Actor, channel_id: int, *, error: AppError | None = None
) -> Response:
    channel = await house.channels.get(actor, channel_id)
    unit = await house.units.get(actor, channel.unit_id)
    manages, is_open = actor.may(Act.MANAGE, unit.path), channel.state != State.CLOSED
    has_credential = channel.environment == Environment.LIVE
    return await page(
        request, house, actor, "akun_satu.html", status=error.status if error else 200, account=account(channel, unit),
        may_alarm=actor.may(Act.WRITE, unit.path) and is_open,
        channel=channel, unit=unit, joined=moment(channel.created_at, unit.timezone), may_act=manages and is_open,
        is_paused=channel.state == State.PAUSED, is_manual=channel.environment == Environment.MANUAL,
        recipe=recipe(channel.platform) if has_credential else None,
        guide=guide(channel.platform), can_go_live=bool(channel.sealed),
        joined_as=Environment.LIVE if channel.environment == Environment.MANUAL else channel.environment,
        problems=by_field(error) if error else {},
        expires=moment(channel.expires_at, unit.timezone) if channel.expires_at else None, error=error.message if error else "",
    )  # fmt: skip


async def connect_form(
    request: Request, house: Kentongan, actor: Actor, form: FormData, *, error: AppError | None = None
) -> Response:
    platform = one(form, "platform")
    needed: Recipe | None = recipe(platform) if platform in house.platforms else None
    units = await units_seen(house, actor, Act.MANAGE)
    chosen = one(form, "unit")
    known = one(form, "akun")
    own_server = bool(needed and getattr(house.platforms[platform], "own_server", False))
    return await page(
        request, house, actor, "akun_baru.html", status=error.status if error else 200, units=units,
        chosen=int(chosen) if is_id(chosen) else None, platform=platform, platforms=_platforms(house), recipe=needed,
        own_server=own_server, is_by_hand=getattr(house.platforms.get(platform), "by_hand", False), environment=one(form, "lingkungan", Environment.LIVE), handle=one(form, "nama"),
        base_url=one(form, "peladen"), guide=guide(platform), missing=house.connecting.missing(platform),
        channel_id=int(known) if is_id(known) else None, given=_plain(form, needed), error=error.message if error else "",
        problems=by_field(error) if error else {},
    )  # fmt: skip


def _credential(form: FormData) -> dict[str, str] | None:
    """Fields named `kunci-<name>`; None when all are empty."""
    found = {name.removeprefix("kunci-"): one(form, name).strip() for name in form if name.startswith("kunci-")}
    return {name: value for name, value in found.items() if value} or None


def _plain(form: FormData, needed: Recipe | None) -> Mapping[str, str]:
    """What may be shown again after a mistake."""
    fields = needed.fields if needed else ()
    return {field.name: one(form, f"kunci-{field.name}") for field in fields if not field.is_secret}


def _platforms(house: Kentongan) -> list[tuple[str, str]]:
    return [(name, words.platform_name(name)) for name in house.platforms]


def _href(kept: Mapping[str, str], cursor: str) -> str:
    return "/akun?" + urlencode({name: value for name, value in (dict(kept) | {"cursor": cursor}).items() if value})
