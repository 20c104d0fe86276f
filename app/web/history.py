"""The audit record on the screen: what was done, by whom, when; and the evidence to take along."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from app.accounts.rules import Act, Actor, UnitKind
from app.bootstrap import Kentongan
from app.content.values import write_date
from app.evidence.history import EventView
from app.evidence.history_store import HistoryFilter
from app.evidence.packing import Pack
from app.kit.errors import AppError, BadInput, Problem
from app.web import act_words, words
from app.web.fields import by_field, is_id
from app.web.frame import Frame, frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_seen

router = APIRouter(include_in_schema=False)

PAGE = 40
Text = Annotated[str, Query(max_length=40)]


@dataclass(frozen=True)
class Line:
    """One act as a line."""

    when: words.Moment
    who: str
    what: str
    subject: str
    href: str
    unit: str
    reason: str
    seq: int | None


@dataclass(frozen=True)
class Asked:
    """As it stands in the address."""

    unit: str
    kind: str
    post: str
    first: str
    last: str

    @property
    def kept(self) -> dict[str, str]:
        said = {"unit": self.unit, "jenis": self.kind, "unggahan": self.post, "dari": self.first, "sampai": self.last}
        return {name: value for name, value in said.items() if value}


def _asked(unit: Text = "", jenis: Text = "", unggahan: Text = "", dari: Text = "", sampai: Text = "") -> Asked:
    """What cannot be meant is left out."""
    return Asked(
        unit if is_id(unit) else "",
        jenis if jenis in act_words.KINDS else "",
        unggahan if is_id(unggahan) else "",
        dari if _day(dari) else "",
        sampai if _day(sampai) else "",
    )


@router.get("/riwayat")
async def show_history(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit: Text = "",
    jenis: Text = "",
    unggahan: Text = "",
    dari: Text = "",
    sampai: Text = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    return await _show(request, house, actor, _asked(unit, jenis, unggahan, dari, sampai), cursor=cursor)


@router.get("/riwayat/bukti.zip")
async def take_period(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit: Text = "",
    dari: Text = "",
    sampai: Text = "",
) -> Response:
    asked, frame = _asked(unit=unit, dari=dari, sampai=sampai), await frame_for(house, actor)
    try:
        if not (asked.first and asked.last):
            raise BadInput("Pilih awal dan akhir periodenya.", Problem("dari", "Isi tanggalnya."))
        wanted = _filter(asked, frame)
        chosen = int(asked.unit) if asked.unit else None
        assert wanted.from_at is not None
        assert wanted.to_at is not None
        return as_file(await house.evidence.of_period(actor, wanted.from_at, wanted.to_at, unit_id=chosen))
    except BadInput as error:
        return await _show(request, house, actor, asked, error=error)


@router.get("/unggahan/{post_id}/bukti.zip")
async def take_post(house: HouseDep, actor: VisitorDep, post_id: Annotated[int, Path(ge=1, lt=2**31)]) -> Response:
    return as_file(await house.evidence.of_post(actor, post_id))


def as_file(pack: Pack) -> Response:
    """The ZIP, gone from here once it has been sent."""
    gone = BackgroundTask(pack.path.unlink, missing_ok=True)
    headers = {"Cache-Control": "no-store"}
    return FileResponse(pack.path, media_type="application/zip", filename=pack.name, headers=headers, background=gone)


@router.post("/riwayat/masa-simpan")
async def keep(
    request: Request, house: HouseDep, actor: VisitorDep, sampai: Annotated[str, Form(max_length=12)] = ""
) -> Response:
    actor.must(Act.MANAGE)
    try:
        if sampai and _day(sampai) is None:
            raise BadInput("Tanggalnya belum benar.", Problem("until", "Isi tanggalnya."))
        await house.keeping.keep_until(actor, actor.grants[0].unit_id, _day(sampai))
    except BadInput as error:
        return await _show(request, house, actor, _asked(), error=error)
    return go("/riwayat", note="masa-simpan")


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    asked: Asked,
    *,
    cursor: str | None = None,
    error: AppError | None = None,
) -> Response:
    frame = await frame_for(house, actor)
    wanted = _filter(asked, frame)
    if asked.unit:
        under = (await house.units.get(actor, int(asked.unit))).path
        wanted = HistoryFilter(under, None, wanted.action, None, wanted.post_id, wanted.from_at, wanted.to_at)
    found = await house.history.list(actor, wanted, limit=PAGE, cursor=cursor)
    home = actor.grants[0] if actor.grants else None
    until = await house.keeping.until(actor, home.unit_id) if home else None
    names = await house.people.names([row.actor for row in found.rows] + [row.subject for row in found.rows])
    return await page(
        request, house, actor, "riwayat.html", part="daftar", status=error.status if error else 200, frame=frame,
        acts=[_line(row, names, frame.zone) for row in found.rows], asked=asked, is_first=cursor is None, is_filtered=bool(asked.kept),
        more="/riwayat?" + urlencode(asked.kept | {"cursor": found.next}) if found.next else None,
        units=await units_seen(house, actor), chosen=int(asked.unit) if asked.unit else None, kinds=act_words.KINDS.items(),
        until=write_date(until, width="long") if until else "", until_day=until, may_keep=home is not None and home.kind is UnitKind.KPU and bool(actor.paths(Act.MANAGE)),
        may_export=bool(actor.paths(Act.REVIEW)), heads=list(await house.history.heads())[:3],
        error=error.message if error else "", problems=by_field(error) if error else {},
    )  # fmt: skip


def _filter(asked: Asked, frame: Frame) -> HistoryFilter:
    """Without the unit, which has to be looked up. Days are those of the visitor's zone."""
    first, last = _day(asked.first), _day(asked.last)
    return HistoryFilter(
        action=asked.kind or None,
        post_id=int(asked.post) if asked.post else None,
        from_at=_start(first, frame.zone) if first else None,
        to_at=_start(last + timedelta(days=1), frame.zone) if last else None,
    )


def _start(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year < 2999 else None


def _line(row: EventView, names: Mapping[str, str], zone: str) -> Line:
    kind, _, number = row.subject.partition(":")
    subject = names.get(row.subject) or f"{act_words.SUBJECTS.get(kind, kind)} {number}".strip()
    href = act_words.PAGES[kind] + number if kind in act_words.PAGES and is_id(number) else ""
    reason = row.detail.get("reason")
    return Line(
        words.moment_to_the_second(row.at, zone),
        names.get(row.actor) or act_words.ACTORS.get(row.actor.partition(":")[0], row.actor),
        act_words.ACTS.get(row.action, row.action),
        subject,
        href,
        row.unit_name,
        reason if isinstance(reason, str) else "",
        row.seq,
    )
