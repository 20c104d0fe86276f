"""The calendar of the election: what runs now, what is coming, where a date comes from, and its correction by the KPU."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.content.values import write_date
from app.kit.errors import AppError, BadInput, Problem, Stale
from app.tahapan.models import Tahapan
from app.tahapan.rules import Calendar, StageKind
from app.tahapan.service import StageEdit, Wanted
from app.web import words
from app.web.fields import by_field, clean, is_id, one
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.revising import check_page, past_changes, reason_in, touches
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_seen
from app.web.stage_dates import dates
from app.web.stage_form import LONGEST, MOVING, changes_in, typed

router = APIRouter(include_in_schema=False)

PAGE = 60
StageId = Annotated[int, Path(ge=1, lt=2**31)]
OTHER_DAYS = {StageKind.PSU: "Pemungutan suara ulang (PSU)", StageKind.PERISTIWA: "Susulan, lanjutan, atau lainnya"}


@dataclass(frozen=True)
class Band:
    """A stage in the list; `day` of `days` while it runs, `word` says how it stands today."""

    id: int
    code: str
    name: str
    kind: str
    dates: str
    word: str
    day: int
    days: int
    certainty: str
    source: str
    note: str

    @property
    def is_running(self) -> bool:
        return self.days > 0


@router.get("/tahapan")
async def list_stages(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    q: Annotated[str, Query(max_length=100)] = "",
    jenis: Annotated[str, Query(max_length=30)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    elections = await house.units.elections(actor, Act.READ)
    kind = jenis if jenis in set(StageKind) else None
    said = clean(q).strip()
    found = await house.tahapan.list(Wanted(elections=elections, kind=kind, q=said or None), limit=PAGE, cursor=cursor)
    today, frame = _today(house), await frame_for(house, actor)
    held = await house.tahapan.list(Wanted(elections=elections, on=today), limit=PAGE, cursor=None)
    kept = {"q": said, "jenis": kind or ""}
    return await page(
        request, house, actor, "tahapan.html", part="daftar", bands=[_band(row, today) for row in found.rows],
        running=[_band(row, today) for row in held.rows if _is_ours(row, frame.calendar)], frame=frame, kept=kept, is_filtered=any(kept.values()),
        is_first=cursor is None, today=write_date(today), may_edit=bool(actor.paths(Act.CALENDAR)),
        more="/tahapan?" + urlencode(kept | {"cursor": found.next}) if found.next else None,
    )  # fmt: skip


@router.get("/tahapan/{tahapan_id}")
async def show(request: Request, house: HouseDep, actor: VisitorDep, tahapan_id: StageId) -> Response:
    return await _show(request, house, actor, tahapan_id)


@router.post("/tahapan/{tahapan_id}")
async def save(request: Request, house: HouseDep, actor: VisitorDep, tahapan_id: StageId) -> Response:
    """What moves posts is shown first and done when it comes a second time with `terapkan`; the rest is done at once."""
    actor.must(Act.CALENDAR)
    form = await request.form()
    within = await house.units.elections(actor, Act.CALENDAR)
    try:
        row = await house.tahapan.get(tahapan_id, within=within)
        if one(form, "versi") != str(row.version):
            raise Stale("Tahapan ini baru saja diubah orang lain. Periksa isinya sekarang, lalu simpan lagi.")
        if one(form, "kembali"):
            return await _show(request, house, actor, tahapan_id, form=form)
        changes = changes_in(form, row)
        if not _moves(row, changes):
            await house.tahapan.edit(tahapan_id, changes, by=actor.label, within=within)
            return go(f"/tahapan/{tahapan_id}", note="tahapan")
        return await _revise(request, house, actor, row, changes, form)
    except AppError as error:
        return await _show(request, house, actor, tahapan_id, form=form, error=error)


@router.post("/tahapan/{tahapan_id}/wilayah")
async def add_override(request: Request, house: HouseDep, actor: VisitorDep, tahapan_id: StageId) -> Response:
    """Another date for one region: begun with the days as they are, so that the change itself is looked at first."""
    actor.must(Act.CALENDAR)
    form = await request.form()
    within = await house.units.elections(actor, Act.CALENDAR)
    base = await house.tahapan.get(tahapan_id, within=within)
    try:
        if not is_id(one(form, "unit")):
            raise BadInput("Pilih dulu wilayahnya.", Problem("unit", "Pilih wilayahnya."))
        unit = await house.units.get(actor, int(one(form, "unit")))
        fields = StageEdit(
            name=f"{base.name} ({unit.name})"[: LONGEST["name"]], kind=one(form, "jenis") if one(form, "jenis") in OTHER_DAYS else base.kind,
            starts_on=base.starts_on, ends_on=base.ends_on, scope=unit.wilayah_code, overrides=base.code,
        )  # fmt: skip
        row = await house.tahapan.add(f"{base.code}-{unit.wilayah_code}", fields, by=actor.label, within=within)
    except AppError as error:
        return await _show(request, house, actor, tahapan_id, error=error)
    return go(f"/tahapan/{row.id}", note="tahapan-wilayah")


async def _revise(
    request: Request, house: Kentongan, actor: Actor, row: Tahapan, changes: StageEdit, form: FormData
) -> Response:
    within, identity = await house.units.elections(actor, Act.CALENDAR), row.id or 0
    revising, error = house.revising, None
    view = await revising.revise(actor, identity, changes, reason="", dry_run=True, within=within)
    is_seen = bool(one(form, "terapkan")) or not touches(view)
    if is_seen:
        try:
            reason = reason_in(form) if touches(view) else one(form, "alasan").strip()
            await revising.revise(actor, identity, changes, reason=reason, dry_run=False, within=within)
            await house.ring("grow_series")
            return go(f"/tahapan/{identity}", note="tahapan-geser" if touches(view) else "tahapan")
        except BadInput as refused:
            error = refused
    after = dates(changes["starts_on"], changes["ends_on"])
    return await check_page(
        request, house, actor, row, view, action=f"/tahapan/{identity}", form=form, after=after, error=error
    )


def _moves(row: Tahapan, changes: StageEdit) -> bool:
    """Name, days, kind and place are what posts say and live by; source and note are not."""
    return any(name in changes and getattr(row, name) != changes[name] for name in MOVING)  # type: ignore[literal-required]


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    tahapan_id: int,
    *,
    form: FormData | None = None,
    error: AppError | None = None,
) -> Response:
    row = await house.tahapan.get(tahapan_id, within=await house.units.elections(actor, Act.READ))
    may_edit = row.election_id in await house.units.elections(actor, Act.CALENDAR)
    frame = await frame_for(house, actor)
    return await page(
        request, house, actor, "tahapan_satu.html", status=error.status if error else 200, row=row, frame=frame,
        band=_band(row, _today(house)), may_edit=may_edit, typed=typed(row, form), error=error.message if error else "",
        problems=by_field(error) if error else {}, past=await past_changes(house, actor, row, zone=frame.zone),
        kinds=list(words.STAGE_KINDS.items()), overrides=await _overrides(house, row), other_days=list(OTHER_DAYS.items()), regions=await units_seen(house, actor, Act.CALENDAR) if may_edit else (),
        stale=await house.corrections.stale(actor, tahapan_id), may_send=bool(actor.paths(Act.BROADCAST)),
    )  # fmt: skip


async def _overrides(house: Kentongan, row: Tahapan) -> list[Band]:
    wanted = Wanted(elections=[row.election_id], overrides=row.code)
    found = await house.tahapan.list(wanted, limit=100, cursor=None)
    return [_band(one_, _today(house)) for one_ in found.rows]


def _is_ours(row: Tahapan, calendar: Calendar | None) -> bool:
    """A repeat vote elsewhere is in the list, but does not run here."""
    found = calendar.find(row.code) if calendar else None
    return calendar is None or (found is not None and calendar.is_ours(found))


def _today(house: Kentongan) -> date:
    return house.clock.now().astimezone(ZoneInfo(house.settings.timezone)).date()


def _band(row: Tahapan, today: date) -> Band:
    start, end = row.starts_on, row.ends_on
    day = days = 0
    if start and end and start <= today <= end:
        day, days = (today - start).days + 1, (end - start).days + 1
    return Band(
        id=row.id or 0,
        code=row.code,
        name=row.name,
        kind=words.STAGE_KINDS.get(row.kind, row.kind),
        dates=dates(start, end),
        word=_word(start, end, today),
        day=day,
        days=days,
        certainty=row.certainty,
        source=row.source,
        note=row.note,
    )


def _word(start: date | None, end: date | None, today: date) -> str:
    if start and end and start <= today <= end:
        return "Berjalan"
    if end and end < today:
        return "Selesai"
    if start and start > today:
        return f"{(start - today).days} hari lagi"
    return ""
