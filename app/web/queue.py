"""The queue: what goes out, what went out, and what waits for a person."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request, UploadFile
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, Problem
from app.publishing.bulk import MOST, Dealt, Deed
from app.publishing.read_store import Filter
from app.publishing.rules import State
from app.publishing.service import DeliveryView
from app.web import words
from app.web.cards import cards_for, safe_url
from app.web.fields import is_id
from app.web.render import go, page, wants_part
from app.web.sessions import HouseDep, VisitorDep, local_path

router = APIRouter(include_in_schema=False)

PAGE = 20
DeliveryId = Annotated[int, Path(ge=1, lt=2**31)]


@dataclass(frozen=True)
class Tab:
    key: str
    name: str
    states: tuple[State, ...]
    empty: str
    newest_first: bool = True
    or_tasks: bool = False


TABS = (
    Tab(
        "perhatian",
        "Perlu perhatian",
        (State.STOPPED, State.UNSURE, State.MISSED, State.MANUAL),
        "Tidak ada yang perlu perhatian. Semua berjalan.",
        or_tasks=True,
    ),
    Tab("menunggu", "Menunggu", (State.WAITING,), "Tidak ada yang menunggu tinjauan atau akun.", newest_first=False),
    Tab("terjadwal", "Terjadwal", (State.DUE, State.SENDING), "Antrean kosong.", newest_first=False),
    Tab("terbit", "Terbit", (State.PUBLISHED, State.WITHDRAWN), "Belum ada unggahan yang terbit."),
    Tab("semua", "Semua", (), "Antrean kosong."),
)
BY_KEY = {tab.key: tab for tab in TABS}


@dataclass(frozen=True)
class ShownTab:
    name: str
    href: str
    count: int
    is_current: bool


@router.get("/antrean")
async def show_queue(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    tab: str = "",
    unit: Annotated[str, Query(max_length=12)] = "",
    platform: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    return await _queue(request, house, actor, tab=tab, unit=unit, platform=platform, cursor=cursor)


@router.post("/antrean/massal")
async def deal_with_many(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    aksi: Annotated[str, Form(pattern="^(retry|published|not_published|semua)$")],
    kiriman: Annotated[list[int] | None, Form(max_length=MOST)] = None,
    unit: Annotated[str, Form(max_length=12)] = "",
    platform: Annotated[str, Form(max_length=20)] = "",
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Each on its own; `semua` takes what failed, as far as the filter reaches."""
    chosen = kiriman or []
    if aksi == "semua":
        wanted = replace(await _wanted(house, actor, unit, platform), states=(State.STOPPED,))
        chosen = [view.id for view in (await house.publishing.list(actor, wanted, limit=MOST)).rows]
    dealt = await house.bulk.deal(actor, chosen, Deed.RETRY if aksi == "semua" else Deed(aksi))
    if not dealt.refused:
        return go(local_path(back, "/antrean"), note="massal" if dealt.done else "massal-kosong")
    return await _queue(
        request, house, actor, tab=TABS[0].key, unit=unit, platform=platform, status=409, dealt=dealt
    )  # fmt: skip


async def _wanted(house: Kentongan, actor: Actor, unit: str, platform: str) -> Filter:
    wanted = Filter(platform=platform if platform in house.platforms else None)
    if not is_id(unit):
        return wanted
    return replace(wanted, under=(await house.units.get(actor, int(unit))).path)


async def _queue(
    request: Request, house: Kentongan, actor: Actor, *, tab: str, unit: str, platform: str, cursor: str | None = None,
    status: int = 200, dealt: Dealt | None = None,
) -> Response:  # fmt: skip
    wanted = await _wanted(house, actor, unit, platform)
    counts = await house.publishing.counts(actor, wanted)
    tasks = await house.publishing.count_tasks(actor, wanted)
    current = BY_KEY.get(tab) or _first(counts, tasks)
    kept = {"unit": unit if is_id(unit) else "", "platform": wanted.platform or ""}
    found = await house.publishing.list(
        actor,
        replace(wanted, states=current.states, or_tasks=current.or_tasks),
        limit=PAGE,
        cursor=cursor,
        newest_first=current.newest_first,
    )
    units = await house.units.list(actor, limit=500, cursor=None) if not wants_part(request) else None
    return await page(
        request, house, actor, "antrean.html", part="daftar", status=status,
        done=len(dealt.done) if dealt else 0, refused=dealt.refused if dealt else (), failed=counts.get(State.STOPPED, 0),
        may_bulk=current.or_tasks and bool(found.rows) and bool(actor.paths(Act.WRITE)),
        tabs=[ShownTab(one.name, _href(one.key, kept), _count(one, counts, tasks), one is current) for one in TABS],
        tab=current, kept=kept, is_filtered=any(kept.values()), is_first=cursor is None,
        cards=await cards_for(house, actor, found.rows), units=units.rows if units else (), platforms=tuple(house.platforms),
        more=_href(current.key, kept | {"cursor": found.next}) if found.next else None,
        here=_href(current.key, kept),
    )  # fmt: skip


@router.get("/antrean/{delivery_id}")
async def show_delivery(request: Request, house: HouseDep, actor: VisitorDep, delivery_id: DeliveryId) -> Response:
    return await _detail(request, house, actor, await house.publishing.get(actor, delivery_id))


@router.post("/antrean/{delivery_id}/coba-lagi")
async def retry(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    delivery_id: DeliveryId,
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    try:
        await house.publishing.retry(actor, delivery_id)
    except AppError as error:
        return await _refused(request, house, actor, delivery_id, error)
    return await _done(request, house, actor, delivery_id, back=back, note="coba")


@router.post("/antrean/{delivery_id}/putuskan")
async def resolve(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    delivery_id: DeliveryId,
    terbit: Annotated[str, Form(pattern="^(ya|tidak)$")],
    url: Annotated[str, Form(max_length=1000)] = "",
    back: Annotated[str, Form(max_length=500)] = "",
    bukti: UploadFile | None = None,
) -> Response:
    address = url.strip() or None
    try:
        if address and not safe_url(address):
            raise BadInput("Alamat unggahan harus diawali https://", Problem("url", "diawali https://"))
        proof_id = await _keep_proof(house, actor, delivery_id, bukti)
        await house.publishing.resolve(actor, delivery_id, published=terbit == "ya", url=address, proof_id=proof_id)
    except AppError as error:
        return await _refused(request, house, actor, delivery_id, error)
    return await _done(request, house, actor, delivery_id, back=back, note="sudah" if terbit == "ya" else "belum")


async def _keep_proof(house: Kentongan, actor: Actor, delivery_id: int, file: UploadFile | None) -> int | None:
    """The screenshot of whoever published by hand, kept among the unit's pictures."""
    if file is None or not file.filename:
        return None
    view = await house.publishing.get(actor, delivery_id)
    said = f"Bukti unggahan {view.unit_name} di {words.platform_name(view.platform)}."
    return (await house.media.keep(actor, unit_id=view.unit_id, file=file.file, alt_text=said)).id


@router.post("/antrean/{delivery_id}/batalkan")
async def cancel(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    delivery_id: DeliveryId,
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    try:
        await house.publishing.cancel_one(actor, delivery_id, reason=f"Dibatalkan oleh {actor.name}.")
    except AppError as error:
        return await _refused(request, house, actor, delivery_id, error)
    return await _done(request, house, actor, delivery_id, back=back, note="batal")


@router.post("/antrean/{delivery_id}/hapus")
async def withdraw(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    delivery_id: DeliveryId,
    alasan: Annotated[str, Form(max_length=1000)] = "",
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    try:
        await house.withdrawing.withdraw(actor, delivery_id, reason=alasan)
    except AppError as error:
        return await _refused(request, house, actor, delivery_id, error)
    return await _done(request, house, actor, delivery_id, back=back, note="hapus")


@router.post("/antrean/{delivery_id}/terhapus")
async def settle(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    delivery_id: DeliveryId,
    terhapus: Annotated[str, Form(pattern="^(ya|tidak)$")],
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    try:
        await house.withdrawing.settle(actor, delivery_id, removed=terhapus == "ya")
    except AppError as error:
        return await _refused(request, house, actor, delivery_id, error)
    return await _done(
        request, house, actor, delivery_id, back=back, note="terhapus" if terhapus == "ya" else "biarkan"
    )


async def _done(
    request: Request, house: Kentongan, actor: Actor, delivery_id: int, *, back: str, note: str
) -> Response:
    if not wants_part(request):
        return go(local_path(back, f"/antrean/{delivery_id}"), note=note)
    return await _detail(request, house, actor, await house.publishing.get(actor, delivery_id))


async def _refused(request: Request, house: Kentongan, actor: Actor, delivery_id: int, error: AppError) -> Response:
    """The card as it stands now, with the reason; one that is not visible raises NotFound here."""
    view = await house.publishing.get(actor, delivery_id)
    return await _detail(request, house, actor, view, status=error.status, problem=error.message)


async def _detail(
    request: Request, house: Kentongan, actor: Actor, view: DeliveryView, *, status: int = 200, problem: str = ""
) -> Response:
    return await page(
        request, house, actor, "antrean_satu.html", part="kartu", status=status, view=view,
        card=(await cards_for(house, actor, [view]))[0], problem=problem, here=f"/antrean/{view.id}",
    )  # fmt: skip


def _first(counts: Mapping[str, int], tasks: int) -> Tab:
    """What needs a person comes first; else what goes out next."""
    return TABS[0] if _count(TABS[0], counts, tasks) else BY_KEY["terjadwal"]


def _count(tab: Tab, counts: Mapping[str, int], tasks: int) -> int:
    return sum(counts.get(state, 0) for state in tab.states or counts) + (tasks if tab.or_tasks else 0)


def _href(tab: str, kept: Mapping[str, str | None]) -> str:
    return "/antrean?" + urlencode({"tab": tab} | {name: value for name, value in kept.items() if value})
