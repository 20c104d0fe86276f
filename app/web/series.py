"""A series: one template around a stage, again and again; looked at first, changed and stopped as one."""

from collections.abc import Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError, NotFound
from app.posts.rules import PostState
from app.posts.series import SeriesView
from app.posts.series_rules import WEEKDAYS
from app.web import fields, series_form, words
from app.web.broadcast import Trouble, mend_page
from app.web.fields import by_field, clean, is_id, one
from app.web.frame import Frame, frame_for
from app.web.library import designs_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.templates import choices

router = APIRouter(include_in_schema=False)

SeriesId = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("/seri")
async def list_series(
    request: Request, house: HouseDep, actor: VisitorDep, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    found = await house.series.list(actor, limit=20, cursor=cursor)
    frame = await frame_for(house, actor)
    return await page(
        request, house, actor, "seri.html", part="daftar", frame=frame, is_first=cursor is None,
        series=[(view, _pattern(view, frame), words.moment(view.created_at, frame.zone)) for view in found.rows if view.created_at],
        more=f"/seri?cursor={found.next}" if found.next else None, may_make=bool(actor.paths(Act.BROADCAST)),
    )  # fmt: skip


@router.get("/seri/baru")
async def start(request: Request, house: HouseDep, actor: VisitorDep, templat: str = "", semua: str = "") -> Response:
    actor.must(Act.BROADCAST)
    frame = await frame_for(house, actor)
    if templat:
        return await _form(request, house, actor, frame, await _typed(house, actor, FormData({"templat": templat})))
    offered = await choices(house, actor, frame.calendar, kinds=("ppk", "pps", "kpu"), every=bool(semua))
    return await page(request, house, actor, "seri_mulai.html", frame=frame, choices=offered, every=bool(semua))


@router.post("/seri/periksa")
async def check(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """The dry run: every moment with its posts, and what stands in the way; writes nothing."""
    frame, form = await frame_for(house, actor), await request.form()
    typed = await _typed(house, actor, form)
    if one(form, "kembali"):
        return await _form(request, house, actor, frame, typed)
    try:
        view = await house.series.preview(actor, series_form.wanted(typed))
    except AppError as error:
        return await _form(request, house, actor, frame, typed, error=error)
    return await page(
        request, house, actor, "seri_periksa.html", frame=frame, typed=typed, view=view, pattern=_pattern(view, frame),
        steps=_steps(view, frame), troubles=_troubles(view),
    )  # fmt: skip


@router.post("/seri")
async def create(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    frame = await frame_for(house, actor)
    typed = await _typed(house, actor, await request.form())
    try:
        view = await house.series.create(actor, series_form.wanted(typed))
    except AppError as error:
        return await _form(request, house, actor, frame, typed, error=error)
    return go(f"/seri/{view.id}", note="seri")


@router.get("/seri/{series_id}")
async def show(request: Request, house: HouseDep, actor: VisitorDep, series_id: SeriesId) -> Response:
    return await _show(request, house, actor, await house.series.get(actor, series_id))


@router.get("/seri/{series_id}/ubah")
async def show_form(request: Request, house: HouseDep, actor: VisitorDep, series_id: SeriesId) -> Response:
    view = await house.series.get(actor, series_id)
    actor.must(Act.BROADCAST, (await house.units.get(actor, view.unit_id)).path)
    template = await house.templates.get(actor, view.template_id)
    frame = await frame_for(house, actor)
    return await _form(request, house, actor, frame, series_form.of_series(view, template), series_id=series_id)


@router.post("/seri/{series_id}/ubah")
async def edit(request: Request, house: HouseDep, actor: VisitorDep, series_id: SeriesId) -> Response:
    view = await house.series.get(actor, series_id)
    actor.must(Act.BROADCAST, (await house.units.get(actor, view.unit_id)).path)
    template = await house.templates.get(actor, view.template_id)
    typed = series_form.read(await request.form(), template, tuple(house.platforms))
    try:
        changed = await house.series.edit(actor, series_id, _changes(series_form.wanted(typed)))
    except AppError as error:
        frame = await frame_for(house, actor)
        return await _form(request, house, actor, frame, typed, series_id=series_id, error=error)
    return go(f"/seri/{series_id}" + (f"?dibiarkan={changed.kept}" if changed.kept else ""), note="seri-ubah")


@router.post("/seri/{series_id}/hentikan")
async def stop(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    series_id: SeriesId,
    alasan: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    try:
        await house.series.cancel(actor, series_id, reason=clean(alasan))
    except AppError as error:
        view = await house.series.get(actor, series_id)
        return await _show(request, house, actor, view, status=error.status, problem=error.message)
    return go(f"/seri/{series_id}", note="seri-henti")


async def _typed(house: Kentongan, actor: Actor, form: FormData) -> series_form.Form:
    actor.must(Act.BROADCAST)
    if not is_id(one(form, "templat")):
        raise NotFound("Pilih dulu templatnya.")
    template = await house.templates.get(actor, int(one(form, "templat")))
    return series_form.read(form, template, tuple(house.platforms))


async def _form(
    request: Request,
    house: Kentongan,
    actor: Actor,
    frame: Frame,
    typed: series_form.Form,
    *,
    series_id: int | None = None,
    error: AppError | None = None,
) -> Response:
    today = house.clock.now().astimezone(ZoneInfo(frame.zone)).date()
    problems = by_field(error) if error else {}
    return await page(
        request, house, actor, "seri_baru.html", status=error.status if error else 200, frame=frame, draft=typed,
        platforms=tuple(house.platforms), stages=fields.stage_choices(frame.calendar, today), weekdays=WEEKDAYS,
        designs=await designs_for(house, actor), series_id=series_id, error=error.message if error else "", problems=problems,
    )  # fmt: skip


async def _show(
    request: Request, house: Kentongan, actor: Actor, view: SeriesView, *, status: int = 200, problem: str = ""
) -> Response:
    frame = await frame_for(house, actor)
    unit = await house.units.get(actor, view.unit_id)
    kept = request.query_params.get("dibiarkan", "")
    return await page(
        request, house, actor, "seri_satu.html", status=status, frame=frame, view=view, problem=problem, unit=unit,
        pattern=_pattern(view, frame), steps=_steps(view, frame), troubles=_troubles(view),
        made=words.moment(view.created_at, frame.zone) if view.created_at else None, kept=int(kept) if is_id(kept) else 0,
        may_change=view.cancelled_at is None and actor.may(Act.BROADCAST, unit.path),
    )  # fmt: skip


def _changes(wanted: Any) -> dict[str, Any]:
    names = ("schedule", "platforms", "kinds", "lang", "stagger_minutes", "variables", "poster")
    return {name: getattr(wanted, name) for name in names}


def _pattern(view: SeriesView, frame: Frame) -> str:
    """`H-7, H-3, H-1 sebelum mulai Pelaksanaan kampanye`, or `setiap Senin selama ...`."""
    schedule = view.request["schedule"]
    stage = frame.calendar.find(schedule["tahapan"]) if frame.calendar else None
    name = stage.name if stage else schedule["tahapan"]
    clock = schedule["time"].replace(":", ".")
    if schedule["weekday"] is not None:
        return f"setiap {WEEKDAYS[schedule['weekday']].capitalize()} pukul {clock} selama “{name}”"
    days = ", ".join("H" if n == 0 else f"H-{n}" if n > 0 else f"H+{-n}" for n in schedule["days_before"])
    edge = "mulainya" if schedule["edge"] == "start" else "selesainya"
    return f"{days} dari {edge} “{name}”, pukul {clock}"


def _steps(view: SeriesView, frame: Frame) -> list[tuple[str, words.Moment | None, list[tuple[words.Label, int]]]]:
    return [
        (
            _step(step.step),
            words.moment(step.due_at, frame.zone) if step.due_at else None,
            [(words.POST_STATES[PostState(state)], count) for state, count in sorted(step.by_state.items())],
        )
        for step in view.steps
    ]


def _step(name: str) -> str:
    return f"Pekan {name[1:]}" if name.startswith("P") else name


def _troubles(view: SeriesView) -> Sequence[Trouble]:
    """Units that share one reason; what concerns a whole moment is named by that."""
    found: dict[str, dict[str, str]] = {}
    for problem in view.problems:
        who = problem["unit_name"] or _step(problem["step"])
        href = mend_page(problem["unit_id"], problem.get("field", "")) if problem["unit_id"] else ""
        found.setdefault(problem["reason"], {})[who] = href
    return [Trouble(reason, list(places.items())) for reason, places in found.items()]
