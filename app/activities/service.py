"""Field programmes: plan them, say what came of them, and see which RW nobody has reached yet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts import unit_store
from app.accounts.models import Unit
from app.accounts.rules import Act, Actor, UnitKind
from app.activities import rules, store
from app.activities.models import Activity
from app.activities.rules import Reached, Said, State
from app.activities.store import Filter
from app.audit.service import record
from app.content.service import TemplateService, TemplateView
from app.content.values import write_date, zone_name
from app.kit.db import Database, ReadSession
from app.kit.errors import AppError, BadInput, Conflict, NotFound, Problem, Stale
from app.kit.paging import Page, cut, decode
from app.kit.versions import ANY, tags_in
from app.posts.programmes import programme_name
from app.posts.rules import Timing
from app.posts.service import PostInput, PostService

EXPECTED_RW = "jumlah_rw_kota"
"""Variable of the KPU's unit: how many RW it has announced in all (Kota Bogor: 802)."""
INVITE_AT = time(16)
"""An invitation goes out on the afternoon before, where nobody says when."""
SOONEST = timedelta(minutes=15)
AT_ONCE = 500
_GONE = "Kegiatan ini tidak ada, atau bukan dari unit Anda."


@dataclass(frozen=True)
class ActivityView:
    """An activity as people see it. `lacks`: what is missing once its day has passed."""

    id: int
    unit_id: int
    unit: str
    programme: str
    rw: int | None
    school: str
    place: str
    held_on: date
    attendance: int | None
    note: str
    invitation_id: int | None
    post_id: int | None
    state: State
    lacks: Sequence[str]
    may_edit: bool
    etag: str


@dataclass(frozen=True)
class Coverage:
    """RW reached, by unit and together. `expected`: what the KPU has announced for the whole city; None: it has not."""

    rows: Sequence[Reached]
    totals: Mapping[str, int | None]
    expected: int | None


@dataclass(frozen=True)
class PlanInput:
    """One programme for many units on one day. `each` may say RW, school or place of single units.

    `invite_at` None: the afternoon before. `template_id` None: the first template of the programme that fits the unit.
    """

    programme: str
    held_on: date
    starts: time
    unit_ids: Sequence[int]
    place: str = ""
    school: str = ""
    rw: int | None = None
    each: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    lang: str = "id"
    template_id: int | None = None
    invite: bool = True
    invite_at: datetime | None = None


@dataclass(frozen=True)
class Planned:
    """What came of one unit: `problem` says why there is no activity, or why there is no invitation."""

    unit_id: int
    unit: str
    activity_id: int | None = None
    invitation_id: int | None = None
    documentation_id: int | None = None
    problem: str = ""


@dataclass
class ActivityService:
    db: Database
    now: Callable[[], datetime]
    posts: PostService
    templates: TemplateService

    async def create(self, actor: Actor, said: Said) -> ActivityView:
        """Raises NotFound, Forbidden, BadInput naming every field that is wrong."""
        async with self.db.read() as session:
            unit = await self._unit(session, actor, said.unit_id)
            actor.must(Act.WRITE, unit.path)
            await self._check(session, said, unit)
        row = self._row(said, actor.user_id)
        async with self.db.write() as session:
            session.add(row)
            await session.flush()
            await self._audit(session, actor, "activity.create", row.id, said.programme)
        return self._view(actor, row, unit)

    async def edit(
        self, actor: Actor, activity_id: int, changes: Mapping[str, Any], *, if_match: str | None = None
    ) -> ActivityView:
        """`changes` are fields of Said, or `cancelled` true. Raises Stale where `if_match` names another version."""
        async with self.db.write() as session:
            row, unit = await self._found(session, actor, activity_id)
            actor.must(Act.WRITE, unit.path)
            if if_match is not None and not {ANY, etag_of(row)} & set(tags_in(if_match)):
                raise Stale("Kegiatan ini baru saja diubah orang lain. Muat ulang, lalu ulangi.")
            if row.cancelled_at is not None:
                raise Conflict("Kegiatan ini sudah dibatalkan, jadi tidak dapat diubah.")
            fields = {name: value for name, value in changes.items() if name != "cancelled"}
            said = replace(_said(row), **fields)
            await self._check(session, said, unit)
            values: dict[str, Any] = {**fields, "updated_at": self.now()}
            if changes.get("cancelled"):
                values["cancelled_at"] = self.now()
            if not await store.change(session, activity_id, version=row.version, values=values):
                raise Stale("Kegiatan ini baru saja diubah orang lain. Muat ulang, lalu ulangi.")
            action = "activity.cancel" if changes.get("cancelled") else "activity.edit"
            await self._audit(session, actor, action, activity_id, said.programme)
            await session.refresh(row)
        return self._view(actor, row, unit)

    async def get(self, actor: Actor, activity_id: int) -> ActivityView:
        async with self.db.read() as session:
            row, unit = await self._found(session, actor, activity_id)
        return self._view(actor, row, unit)

    async def list(
        self,
        actor: Actor,
        *,
        unit: int | None = None,
        programme: str | None = None,
        from_on: date | None = None,
        to_on: date | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[ActivityView]:
        """Latest day first; `unit`: that one and all beneath it."""
        before = _place(cursor) if cursor else None
        async with self.db.read() as session:
            under = (await self._unit(session, actor, unit)).path if unit is not None else None
            wanted = Filter(under, programme, from_on, to_on)
            rows = await store.find_many(session, actor.paths(Act.READ), wanted, limit=limit + 1, before=before)
        found = cut(rows, limit, lambda pair: [pair[0].held_on.isoformat(), pair[0].id])
        return Page([self._view(actor, row, of) for row, of in found.rows], found.next)

    async def coverage(self, actor: Actor, *, unit: int | None = None) -> Coverage:
        """Every PPS in sight, those without any activity too, and what the KPU expects in all."""
        async with self.db.read() as session:
            paths = actor.paths(Act.READ) if unit is None else ((await self._unit(session, actor, unit)).path,)
            return await coverage_of(session, paths, today=self._today())

    async def plan(self, actor: Actor, wanted: PlanInput) -> Sequence[Planned]:
        """For each unit: the activity, its invitation, and a draft of its documentation.

        What stands in one unit's way is told beside its name and stops no other. Raises BadInput, Forbidden.
        """
        actor.must(Act.WRITE)
        if not wanted.unit_ids or len(wanted.unit_ids) > AT_ONCE:
            raise BadInput("Pilih unitnya.", Problem("unit_ids", f"Pilih 1 sampai {AT_ONCE} unit."))
        return [await self._plan_one(actor, wanted, unit_id) for unit_id in dict.fromkeys(wanted.unit_ids)]

    async def _plan_one(self, actor: Actor, wanted: PlanInput, unit_id: int) -> Planned:
        own = wanted.each.get(unit_id, {})
        said = Said(
            unit_id,
            wanted.programme,
            wanted.held_on,
            own.get("rw", wanted.rw),
            str(own.get("school") or wanted.school),
            str(own.get("place") or wanted.place),
        )
        name = str(unit_id)
        try:
            async with self.db.read() as session:
                unit = await self._unit(session, actor, unit_id)
            name = unit.name
            view = await self.create(actor, said)
        except AppError as error:
            return Planned(unit_id, name, problem=" ".join(p.message for p in error.problems) or error.message)
        done = Planned(unit_id, name, view.id)
        try:
            invitation = await self._invite(actor, said, unit, wanted) if wanted.invite else None
            text = rules.documentation(said, unit.name, write_date(said.held_on))
            shown = await self.posts.create(actor, PostInput(unit_id, text=text, programme=said.programme))
            done = replace(done, invitation_id=invitation, documentation_id=shown.id)
        except AppError as error:
            done = replace(done, problem=f"Kegiatan tercatat, tetapi undangannya belum dibuat: {error.message}")
        if done.invitation_id is not None:
            async with self.db.write() as session:
                values = {"invitation_id": done.invitation_id, "updated_at": self.now()}
                await store.change(session, view.id, version=1, values=values)
        return done

    async def _invite(self, actor: Actor, said: Said, unit: Unit, wanted: PlanInput) -> int:
        template = await self._template(actor, wanted, unit)
        zone = ZoneInfo(unit.timezone)
        due = wanted.invite_at or datetime.combine(said.held_on - timedelta(days=1), INVITE_AT, zone)
        known = rules.variables_of(said, at=f"{wanted.starts:%H.%M} {zone_name(unit.timezone)}")
        post = PostInput(
            said.unit_id,
            template_id=template.id,
            lang=wanted.lang,
            timing=Timing(at=max(due, self.now() + SOONEST)),
            variables={name: value for name, value in known.items() if name in template.needs},
            valid_until=datetime.combine(said.held_on, wanted.starts, zone),
        )
        return (await self.posts.create(actor, post)).id

    async def _template(self, actor: Actor, wanted: PlanInput, unit: Unit) -> TemplateView:
        if wanted.template_id is not None:
            return await self.templates.get(actor, wanted.template_id)
        found = await self.templates.list(actor, limit=200, cursor=None)
        for row in found.rows:
            if row.programme == wanted.programme and unit.kind in row.units:
                return row
        raise BadInput(f"Belum ada templat {programme_name(wanted.programme)} untuk {unit.kind.upper()}.")

    async def _unit(self, session: ReadSession, actor: Actor, unit_id: int) -> Unit:
        unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
        if unit is None:
            raise NotFound("Unit itu tidak ada, atau di luar wilayah Anda.")
        return unit

    async def _found(self, session: ReadSession, actor: Actor, activity_id: int) -> tuple[Activity, Unit]:
        found = await store.find(session, actor.paths(Act.READ), activity_id)
        if found is None:
            raise NotFound(_GONE)
        return found

    async def _check(self, session: ReadSession, said: Said, unit: Unit) -> None:
        problems = rules.problems_of(said, kind=unit.kind, rw_count=unit.rw_count, today=self._today(unit.timezone))
        if said.post_id is not None and not await store.is_post_of(session, said.unit_id, said.post_id):
            problems.append(Problem("post_id", "Unggahan dokumentasi itu bukan dari unit ini."))
        if problems:
            raise BadInput(" ".join(problem.message for problem in problems[:4]), *problems)

    def _row(self, said: Said, user_id: int) -> Activity:
        now = self.now()
        return Activity(**said.__dict__, created_by=user_id, created_at=now, updated_at=now)

    async def _audit(self, session: Any, actor: Actor, action: str, activity_id: int | None, programme: str) -> None:
        subject = f"activity:{activity_id}"
        detail = {"programme": programme}
        await record(session, at=self.now(), actor=actor.label, action=action, subject=subject, detail=detail)

    def _today(self, zone: str = "Asia/Jakarta") -> date:
        return self.now().astimezone(ZoneInfo(zone)).date()

    def _view(self, actor: Actor, row: Activity, unit: Unit) -> ActivityView:
        proof: dict[str, Any] = {"held_on": row.held_on, "attendance": row.attendance, "post_id": row.post_id}
        today, is_cancelled = self._today(unit.timezone), row.cancelled_at is not None
        shown: dict[str, Any] = {
            name: getattr(row, name)
            for name in ("unit_id", "programme", "rw", "school", "place", "note", "invitation_id")
        }
        return ActivityView(
            **shown,
            **proof,
            id=row.id or 0,
            unit=unit.name,
            state=rules.state_of(**proof, is_cancelled=is_cancelled, today=today),
            lacks=[] if is_cancelled else rules.lacks(**proof, today=today),
            may_edit=not is_cancelled and actor.may(Act.WRITE, unit.path),
            etag=etag_of(row),
        )


async def coverage_of(
    session: ReadSession, paths: Sequence[str], *, today: date, to_on: date | None = None
) -> Coverage:
    """RW reached up to a day, for rooms that bring a session of their own."""
    units = await unit_store.units_in(session, paths)
    seen = await store.visited(session, paths, today=today, to_on=to_on)
    counted = await store.counts(session, paths, today=today, to_on=to_on)
    rows = [_reached(unit, seen, counted) for unit in units if unit.kind == UnitKind.PPS or unit.id in counted]
    top = next((unit.id for unit in units if unit.kind == UnitKind.KPU and unit.id is not None), None)
    values = await unit_store.speakers(session, [top], paths=paths) if top is not None else {}
    said = values[top].variables.get(EXPECTED_RW, "") if top in values else ""
    return Coverage(rows, rules.together(rows), int(said) if said.isdecimal() and len(said) < 7 else None)


def _reached(unit: Unit, seen: Mapping[int, Sequence[int]], counted: Mapping[int, Mapping[str, Any]]) -> Reached:
    identity = unit.id or 0
    count = counted.get(identity, {"held": 0, "planned": 0, "attendance": None})
    came = count["attendance"]
    return Reached(
        identity,
        unit.name,
        unit.wilayah_code,
        seen.get(identity, ()) if unit.kind == UnitKind.PPS else (),
        unit.rw_count if unit.kind == UnitKind.PPS else None,
        int(count["planned"]),
        int(count["held"]),
        None if came is None else int(came),
    )


def etag_of(row: Activity) -> str:
    return f'"a{row.id}-{row.version}"'


def _said(row: Activity) -> Said:
    return Said(**{name: getattr(row, name) for name in Said.__dataclass_fields__})


def _place(cursor: str) -> tuple[date, int]:
    day, row_id = decode(cursor, length=2)
    try:
        return date.fromisoformat(str(day)), int(str(row_id))
    except ValueError:
        raise BadInput(
            "Penanda halaman tidak dikenal. Mulai lagi dari halaman pertama.", Problem("cursor", "tidak dikenal")
        ) from None
