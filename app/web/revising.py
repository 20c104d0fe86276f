"""A stage is about to move: what that does to every post not yet sent, to be looked at before it is done, and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, Problem
from app.posts.models import Revision
from app.posts.revision_views import Affected, RevisionView, SentStale
from app.tahapan.models import Tahapan
from app.web import words
from app.web.differences import Sides, compare
from app.web.fields import by_field, one
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.stage_dates import dates, day_of
from app.web.words import Moment

router = APIRouter(include_in_schema=False)

COMPARED = 2000
"""Differences found word by word; beyond it, posts are bunched by how far they move alone."""
HISTORY = 10
RevisionId = Annotated[int, Path(ge=1, lt=2**31)]


@dataclass(frozen=True)
class Place:
    """A post as a link with its unit's name."""

    post_id: int
    unit: str


@dataclass(frozen=True)
class Alike:
    """Posts that change in the same way; `sides` is the first one's text, None where no word changes."""

    places: Sequence[Place]
    sides: Sides | None
    text: str
    before: Moment | None
    after: Moment | None
    reasons: Sequence[str]

    @property
    def has_moved(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Told:
    """What has left and is no longer true, once for each text."""

    text: str
    places: Sequence[Place]


@dataclass(frozen=True)
class Past:
    """A change of this stage that was made; `may_undo`: nobody has changed it since."""

    id: int
    when: Moment
    by: str
    reason: str
    before: str
    after: str
    is_undoing: bool
    is_undone: bool
    may_undo: bool


@router.get("/tahapan/perubahan/{revision_id}")
async def look_back(request: Request, house: HouseDep, actor: VisitorDep, revision_id: RevisionId) -> Response:
    """What taking this change back would do."""
    return await _undo_page(request, house, actor, revision_id)


@router.post("/tahapan/perubahan/{revision_id}")
async def undo(request: Request, house: HouseDep, actor: VisitorDep, revision_id: RevisionId) -> Response:
    form = await request.form()
    within = await house.units.elections(actor, Act.CALENDAR)
    revision = await house.revising.get(actor, revision_id, within=within)
    try:
        await house.revising.undo(actor, revision_id, reason=reason_in(form), dry_run=False, within=within)
    except BadInput as error:
        return await _undo_page(request, house, actor, revision_id, error=error)
    return go(f"/tahapan/{revision.tahapan_id}", note="tahapan-batal")


async def _undo_page(
    request: Request, house: Kentongan, actor: Actor, revision_id: int, *, error: AppError | None = None
) -> Response:
    within = await house.units.elections(actor, Act.CALENDAR)
    revision = await house.revising.get(actor, revision_id, within=within)
    view = await house.revising.undo(actor, revision_id, reason="", dry_run=True, within=within)
    row = await house.tahapan.get(revision.tahapan_id, within=within)
    action = f"/tahapan/perubahan/{revision_id}"
    return await check_page(request, house, actor, row, view, action=action, is_undo=True, error=error)


async def check_page(
    request: Request,
    house: Kentongan,
    actor: Actor,
    row: Tahapan,
    view: RevisionView,
    *,
    action: str,
    form: FormData | None = None,
    after: str = "",
    is_undo: bool = False,
    error: AppError | None = None,
) -> Response:
    """The difference, with one button that applies it; `form` is sent along again as it was."""
    frame = await frame_for(house, actor)
    asks, stays = ([each for each in view.affected if each.needs_review is wanted] for wanted in (True, False))
    kept = [(k, v) for k, v in form.multi_items() if isinstance(v, str) and k not in _OWN] if form else []
    return await page(
        request, house, actor, "tahapan_periksa.html", status=error.status if error else 200, frame=frame, row=row, view=view,
        before=dates(row.starts_on, row.ends_on), after=after, action=action, is_undo=is_undo, kept=kept,
        asks=bunched(asks, frame.zone), stays=bunched(stays, frame.zone), asks_count=len(asks), stays_count=len(stays),
        told=_told(view.sent_stale), reason=one(form, "alasan") if form else "", error=error.message if error else "",
        problems=by_field(error) if error else {},
    )  # fmt: skip


_OWN = {"terapkan", "kembali", "alasan"}


def touches(view: RevisionView) -> bool:
    return bool(view.affected or view.sent_stale or view.in_flight or view.elsewhere)


def reason_in(form: FormData) -> str:
    """Raises BadInput without one: it stands in the record and in everybody's notice."""
    reason = one(form, "alasan").strip()
    if not reason or len(reason) > 1000:
        raise BadInput("Tulis alasan perubahannya.", Problem("reason", "Wajib diisi, paling panjang 1.000 huruf."))
    return reason


def bunched(affected: Sequence[Affected], zone: str) -> list[Alike]:
    """By the words that change, how far the minute moves, and why a person must look."""
    found: dict[object, list[tuple[Affected, Sides | None]]] = {}
    for index, each in enumerate(affected):
        sides = _sides(each) if index < COMPARED else None
        changed = [[p.text for p in side if p.is_changed] for side in (sides.before, sides.after)] if sides else None
        found.setdefault(repr((changed, _shift(each), each.reasons)), []).append((each, sides))
    return [_alike(group, zone) for group in found.values()]


def _alike(group: Sequence[tuple[Affected, Sides | None]], zone: str) -> Alike:
    first, sides = group[0]
    before, after = (words.moment(at, zone) if at else None for at in (first.before.due_at, first.after.due_at))
    places = [Place(each.post_id, each.unit_name) for each, _ in group]
    return Alike(places, sides, first.after.text or first.before.text or "", before, after, first.reasons)


def _sides(each: Affected) -> Sides | None:
    sides = compare(each.before.text or "", each.after.text or "")
    return None if sides.is_same else sides


def _shift(each: Affected) -> timedelta | None:
    before, after = each.before.due_at, each.after.due_at
    return after - before if before and after else None


def _told(stale: Sequence[SentStale]) -> list[Told]:
    found: dict[str, list[Place]] = {}
    for each in stale:
        found.setdefault(each.text or "", []).append(Place(each.post_id, each.unit_name))
    return [Told(text, places) for text, places in found.items()]


async def past_changes(house: Kentongan, actor: Actor, row: Tahapan, *, zone: str) -> list[Past]:
    """The newest first, with the names of who made them."""
    within = await house.units.elections(actor, Act.READ)
    rows = await house.revising.history(actor, row.id or 0, within=within, limit=HISTORY)
    names = await house.people.names(revision.by for revision in rows)
    may = row.election_id in await house.units.elections(actor, Act.CALENDAR)
    return [_past(one_, names, zone, may_undo=may and _still_holds(one_, row)) for one_ in rows]


def _past(revision: Revision, names: dict[str, str], zone: str, *, may_undo: bool) -> Past:
    return Past(
        revision.id or 0,
        words.moment(revision.created_at, zone),
        names.get(revision.by, revision.by),
        revision.reason,
        _said(revision.before),
        _said(revision.after),
        revision.undoes is not None,
        revision.undone_at is not None,
        may_undo and revision.undone_at is None,
    )


def _still_holds(revision: Revision, row: Tahapan) -> bool:
    """As `ReviseService.undo` decides: nobody has changed the stage since."""
    now = {name: getattr(row, name) for name in revision.after}
    plain = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in now.items()}
    return bool(revision.after) and plain == revision.after


def _said(fields: dict[str, str | None]) -> str:
    """`mulai 27 November 2024, selesai 27 November 2024`: only what was changed."""
    said = [f"{_EDGES[name]} {day_of(fields[name])}" for name in _EDGES if name in fields]
    if "name" in fields:
        said.append(f"nama “{fields['name']}”")
    return ", ".join(said)


_EDGES = {"starts_on": "mulai", "ends_on": "selesai"}
