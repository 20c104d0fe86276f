"""A broadcast: choose, look at what would happen to every unit, confirm, and watch it go out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.rules import MAY, Act, Actor, UnitKind
from app.bootstrap import Kentongan
from app.content.service import TemplateView
from app.kit.errors import AppError, BadInput, NotFound, Problem
from app.posts.broadcasts import BroadcastInput, BroadcastView, UnitProblem
from app.posts.postering import PosterWish
from app.publishing.rules import OPEN, State
from app.web import fields, words
from app.web.fields import When, by_field, is_id, many, numbers, one
from app.web.frame import Frame, frame_for
from app.web.library import designs_for, from_library, poster_of
from app.web.once import FIELD, once
from app.web.reach import Reach, read_reach
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.templates import choices

router = APIRouter(include_in_schema=False)

BroadcastId = Annotated[int, Path(ge=1, lt=2**31)]
_BUTTONS = ("kembali", "cari-pustaka")
LONGEST_STAGGER = 24 * 60
LATE_SHOWN = 10
CORRECTING = "ralat-jadwal"
"""The shipped template that says a stage has other days now."""


@dataclass(frozen=True)
class Correction:
    """A stage that was moved, and how many accounts still show its former days."""

    tahapan_id: int
    code: str
    name: str
    accounts: int
    units: int


@dataclass(frozen=True)
class Draft:
    """The form as it was filled in."""

    template: TemplateView
    lang: str
    kinds: Sequence[str]
    platforms: Sequence[str]
    given: Mapping[str, str]
    when: When
    stagger: str
    mode: str
    deadline: str
    until: str
    sent: Sequence[tuple[str, str]]
    correction: Correction | None = None
    in_place: bool = True
    urgent: bool = False
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    media: Sequence[int] = ()
    sought: str = ""
    poster: PosterWish | None = None
    reach: Reach = field(default_factory=Reach)


@dataclass(frozen=True)
class Bar:
    label: words.Label
    count: int


@dataclass(frozen=True)
class Trouble:
    """Units that share one reason, each with the page where it is mended; empty where there is none."""

    reason: str
    units: Sequence[tuple[str, str]]


@router.get("/siaran")
async def list_broadcasts(
    request: Request, house: HouseDep, actor: VisitorDep, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    found = await house.broadcasts.list(actor, limit=20, cursor=cursor)
    frame = await frame_for(house, actor)
    return await page(
        request, house, actor, "siaran.html", part="daftar", frame=frame, broadcasts=found.rows, is_first=cursor is None,
        more=f"/siaran?cursor={found.next}" if found.next else None, may_send=bool(actor.paths(Act.BROADCAST)),
    )  # fmt: skip


@router.get("/siaran/baru")
async def start(
    request: Request, house: HouseDep, actor: VisitorDep, templat: str = "", semua: str = "", koreksi: str = ""
) -> Response:
    actor.must(Act.BROADCAST)
    frame = await frame_for(house, actor)
    if koreksi and not templat:
        templat = await _fit_to_correct(house, actor)
    if templat:
        form = FormData({"templat": templat, "koreksi": koreksi})
        return await _form(request, house, actor, frame, await _draft(house, actor, frame, form))
    kept = f"koreksi={koreksi}&" if is_id(koreksi) else ""
    offered = await choices(house, actor, frame.calendar, kinds=("ppk", "pps", "kpu"), every=bool(semua))
    return await page(
        request, house, actor, "siaran_mulai.html", frame=frame, choices=offered, every=bool(semua), kept=kept
    )


async def _fit_to_correct(house: Kentongan, actor: Actor) -> str:
    """The template made for it, if it is there."""
    found = await house.templates.list(actor, limit=200, cursor=None)
    return next((str(row.id) for row in found.rows if row.key == CORRECTING), "")


async def _correction(house: Kentongan, actor: Actor, form: FormData) -> Correction | None:
    given = one(form, "koreksi")
    if not is_id(given):
        return None
    row = await house.tahapan.get(int(given), within=await house.units.elections(actor, Act.READ))
    stale = await house.corrections.stale(actor, int(given))
    accounts, units = {each.channel_id for each in stale}, {each.unit_id for each in stale}
    return Correction(int(given), row.code, row.name, len(accounts), len(units))


@router.post("/siaran/periksa")
async def check(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """The dry run: counts, samples, and what stands in the way; writes nothing."""
    frame = await frame_for(house, actor)
    form = await request.form()
    draft = await _draft(house, actor, frame, form)
    if any(one(form, name) for name in _BUTTONS):
        return await _form(request, house, actor, frame, draft)
    try:
        view = await house.broadcasts.preview(actor, _input(draft, frame))
    except AppError as error:
        return await _form(request, house, actor, frame, draft, error=error)
    return await page(
        request, house, actor, "siaran_periksa.html", frame=frame, draft=draft, view=view,
        troubles=_troubles(view.problems), samples=[(sample, _when(sample.due_at, frame)) for sample in view.samples],
    )  # fmt: skip


@router.post("/siaran")
async def create(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    frame = await frame_for(house, actor)
    form = await request.form()
    draft = await _draft(house, actor, frame, form)

    async def work() -> Response:
        try:
            view = await house.broadcasts.create(actor, _input(draft, frame))
        except AppError as error:
            return await _form(request, house, actor, frame, draft, error=error)
        return go(f"/siaran/{view.id}", note="siaran")

    return await once(request, house, actor, form, work)


@router.get("/siaran/{broadcast_id}")
async def show(request: Request, house: HouseDep, actor: VisitorDep, broadcast_id: BroadcastId) -> Response:
    return await _progress(request, house, actor, await house.broadcasts.get(actor, broadcast_id))


@router.get("/siaran/{broadcast_id}/unit")
async def list_units(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    broadcast_id: BroadcastId,
    terlambat: str = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Unit by unit; `terlambat`: only what should be out by now and is not."""
    view, frame = await house.broadcasts.get(actor, broadcast_id), await frame_for(house, actor)
    found = await house.answers.progress(actor, broadcast_id, late_only=bool(terlambat), limit=100, cursor=cursor)
    here = f"/siaran/{broadcast_id}/unit?{'terlambat=1&' if terlambat else ''}"
    return await page(
        request, house, actor, "siaran_unit.html", part="daftar", frame=frame, view=view, late_only=bool(terlambat),
        rows=[(row, words.PROGRESS[row.progress], _when(row.published_at or row.due_at, frame)) for row in found.rows],
        late=await house.answers.late_count(actor, broadcast_id), is_first=cursor is None,
        deadline=_when(view.deadline, frame), more=f"{here}cursor={found.next}" if found.next else None,
    )  # fmt: skip


@router.post("/siaran/{broadcast_id}/setujui")
async def approve(request: Request, house: HouseDep, actor: VisitorDep, broadcast_id: BroadcastId) -> Response:
    try:
        done = await house.approving.approve_broadcast(actor, broadcast_id)
    except AppError as error:
        view = await house.broadcasts.get(actor, broadcast_id)
        return await _progress(request, house, actor, view, status=error.status, problem=error.message)
    if done.refused:
        view = await house.broadcasts.get(actor, broadcast_id)
        said = f"{len(done.approved)} disetujui, {len(done.refused)} tidak: {done.refused[0].reason}"
        return await _progress(request, house, actor, view, status=409, problem=said)
    return go(f"/siaran/{broadcast_id}", note="siaran-setuju")


@router.post("/siaran/{broadcast_id}/batalkan")
async def cancel(request: Request, house: HouseDep, actor: VisitorDep, broadcast_id: BroadcastId) -> Response:
    try:
        await house.broadcasts.cancel(actor, broadcast_id, reason=f"Siaran dibatalkan oleh {actor.name}.")
    except AppError as error:
        view = await house.broadcasts.get(actor, broadcast_id)
        return await _progress(request, house, actor, view, status=error.status, problem=error.message)
    return go(f"/siaran/{broadcast_id}", note="siaran-batal")


@router.post("/siaran/{broadcast_id}/hapus")
async def withdraw(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    broadcast_id: BroadcastId,
    alasan: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    try:
        await house.broadcasts.withdraw(actor, broadcast_id, reason=alasan)
    except AppError as error:
        view = await house.broadcasts.get(actor, broadcast_id)
        return await _progress(request, house, actor, view, status=error.status, problem=error.message)
    return go(f"/siaran/{broadcast_id}", note="siaran-hapus")


async def _draft(house: Kentongan, actor: Actor, frame: Frame, form: FormData) -> Draft:
    actor.must(Act.BROADCAST)
    if not is_id(one(form, "templat")):
        raise NotFound("Pilih dulu templatnya.")
    template = await house.templates.get(actor, int(one(form, "templat")))
    is_fresh = "mode" not in form
    lang = one(form, "lang", "id")
    return Draft(
        template=template,
        lang=lang if lang in template.languages else template.languages[0],
        kinds=template.units if is_fresh else many(form, "jenis"),
        platforms=_usual(house) if is_fresh else many(form, "platform"),
        given=fields.variables(form),
        when=fields.when_of(form, now=house.clock.now(), zone=frame.zone),
        stagger=one(form, "jeda", "30"),
        mode=one(form, "mode", "mandatory"),
        deadline=one(form, "tenggat"),
        until=one(form, "batas"),
        sent=[
            (name, value)
            for name, value in form.multi_items()
            if isinstance(value, str) and name not in {*_BUTTONS, FIELD}
        ],
        correction=await _correction(house, actor, form),
        in_place=one(form, "cara", "sunting") != "baru",
        urgent=bool(one(form, "mendesak")),
        options=fields.options_of(form, house.platforms),
        media=list(dict.fromkeys(numbers(form, "media"))),
        sought=one(form, "pustaka"),
        poster=poster_of(form),
        reach=await read_reach(house, actor, form),
    )


def _usual(house: Kentongan) -> list[str]:
    """Where a template alone is enough; a platform that wants a picture or video of the unit's own is chosen by hand."""
    return [
        name
        for name, adapter in house.platforms.items()
        if not (adapter.limits.needs_media or getattr(adapter, "by_hand", False))
    ]


def _input(draft: Draft, frame: Frame) -> BroadcastInput:
    """Raises BadInput naming the field."""
    timing = fields.read_timing(draft.when, frame.zone)
    if timing is None:
        raise BadInput("Waktu terbit belum dipilih.", Problem("waktu", "Pilih waktu terbit."))
    if not is_id(draft.stagger) or int(draft.stagger) > LONGEST_STAGGER:
        raise BadInput("Jeda belum benar.", Problem("jeda", f"Isi angka 0 sampai {LONGEST_STAGGER} menit."))
    if not draft.kinds:
        raise BadInput("Belum ada jenis unit yang dipilih.", Problem("jenis", "Pilih paling sedikit satu."))
    return BroadcastInput(
        template_id=draft.template.id,
        kinds=draft.kinds,
        under=None,
        unit_ids=draft.reach.unit_ids(draft.kinds),
        platforms=draft.platforms,
        timing=timing,
        lang=draft.lang,
        mode=draft.mode if draft.mode in words.MODES else "mandatory",
        stagger_minutes=int(draft.stagger),
        variables=draft.given,
        deadline=fields.read_moment(draft.deadline, frame.zone, "tenggat") if draft.deadline else None,
        valid_until=fields.read_moment(draft.until, frame.zone, "batas") if draft.until else None,
        tahapan=draft.correction.code if draft.correction else None,
        corrects=draft.correction.tahapan_id if draft.correction else None,
        in_place=draft.in_place,
        urgent=draft.urgent,
        options=draft.options,
        media=draft.media,
        poster=draft.poster,
    )


async def _form(
    request: Request, house: Kentongan, actor: Actor, frame: Frame, draft: Draft, *, error: AppError | None = None
) -> Response:
    today = house.clock.now().astimezone(ZoneInfo(frame.zone)).date()
    attached, offered = await from_library(house, actor, draft.media, draft.sought, lang=draft.lang)
    return await page(
        request, house, actor, "siaran_baru.html", status=error.status if error else 200, frame=frame, draft=draft,
        platforms=tuple(house.platforms), stages=fields.stage_choices(frame.calendar, today),
        error=error.message if error else "", problems=by_field(error) if error else {},
        optional=fields.optional(house.platforms, house.platforms),
        attached=attached, offered=offered, designs=await designs_for(house, actor),
    )  # fmt: skip


async def _progress(
    request: Request, house: Kentongan, actor: Actor, view: BroadcastView, *, status: int = 200, problem: str = ""
) -> Response:
    frame = await frame_for(house, actor)
    facts = await progress_facts(house, actor, frame, view)
    is_open, taken, may_send = facts["is_open"], view.withdrawal, bool(actor.paths(Act.BROADCAST))
    return await page(
        request, house, actor, "siaran_satu.html", part="kemajuan", status=status, frame=frame, problem=problem, live=False,
        troubles=_troubles(view.problems), made=_when(view.created_at, frame), deadline=_when(view.deadline, frame),
        may_cancel=is_open and view.cancelled_at is None and may_send,
        may_approve=bool(view.in_review) and _may_approve(actor, view),
        may_withdraw=may_send and bool(view.by_state.get(State.PUBLISHED, 0) - (taken.asked - taken.down if taken else 0)),
        **facts,
    )  # fmt: skip


async def progress_facts(house: Kentongan, actor: Actor, frame: Frame, view: BroadcastView) -> dict[str, Any]:
    """What the block `kemajuan` shows; `is_open`: it can still change."""
    is_open = view.cancelled_at is None and any(view.by_state.get(state) for state in OPEN)
    taken = view.withdrawal
    is_coming_down = taken is not None and taken.down + taken.by_hand < taken.asked
    late = await house.answers.progress(actor, view.id or 0, late_only=True, limit=LATE_SHOWN, cursor=None)
    return {
        "view": view,
        "late": await house.answers.late_count(actor, view.id or 0),
        "late_units": [(row, words.PROGRESS[row.progress], _when(row.due_at, frame)) for row in late.rows],
        "answers": _answers(view),
        "bars": _bars(view),
        "ended": sum(count for state, count in view.by_state.items() if state not in OPEN),
        "is_open": is_open or is_coming_down,
    }


def _may_approve(actor: Actor, view: BroadcastView) -> bool:
    """As a whole only the KPU does, and not whoever made it; the service decides again."""
    is_kpu = any(grant.kind is UnitKind.KPU and Act.REVIEW in MAY[grant.role] for grant in actor.grants)
    return is_kpu and bool(actor.paths(Act.REVIEW)) and view.created_by != actor.user_id and view.cancelled_at is None


def _answers(view: BroadcastView) -> list[tuple[str, int]]:
    """In the order of an answer's life; only those that occur."""
    return [(word, view.answers[answer]) for answer, word in words.ANSWERS.items() if view.answers.get(answer)]


def _bars(view: BroadcastView) -> list[Bar]:
    """In the order of a delivery's life; only states that occur."""
    return [Bar(words.STATES[state], view.by_state[state]) for state in _ORDER if view.by_state.get(state)]


_ORDER = (
    State.PUBLISHED, State.SENDING, State.DUE, State.WAITING, State.MANUAL, State.UNSURE, State.STOPPED, State.MISSED,
    State.CANCELLED, State.WITHDRAWN,
)  # fmt: skip


def _troubles(problems: Sequence[UnitProblem]) -> list[Trouble]:
    by_reason: dict[str, list[tuple[str, str]]] = {}
    for problem in problems:
        by_reason.setdefault(problem.reason, []).append((problem.unit_name, mend_page(problem.unit_id, problem.field)))
    return [Trouble(reason, units) for reason, units in by_reason.items()]


def mend_page(unit_id: int, field: str) -> str:
    """Where what stands in a unit's way is mended; empty where nothing of the unit is at fault."""
    if field == "channels":
        return f"/akun/baru?unit={unit_id}"
    if field.startswith("variables."):
        name = field.removeprefix("variables.")
        return f"/unit/{unit_id}?isi={name}#isi-{name}"
    return f"/unit/{unit_id}" if field.startswith("text") else ""


def _when(at: datetime | None, frame: Frame) -> words.Moment | None:
    return words.moment(at, frame.zone) if at else None
