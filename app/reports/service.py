"""Makes a recap: one object of everything a period came to, for one unit and those beneath it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts import unit_store
from app.accounts.models import Unit
from app.accounts.rules import Act, Actor
from app.activities import store as activity_store
from app.activities.service import Coverage as RwCoverage
from app.activities.service import coverage_of
from app.engagement import store as engagement_store
from app.engagement.grouping import NO_KECAMATAN, midnight, rows_of
from app.engagement.rules import Row
from app.engagement.store import Wanted
from app.kit.db import Database, ReadSession
from app.kit.errors import NotFound
from app.reports import rules, store, wording
from app.reports.rules import (
    Care,
    Coverage,
    Evidence,
    KecamatanRow,
    Kind,
    Period,
    Recap,
    Target,
    Trouble,
    UnitRow,
)
from app.tahapan.rules import Calendar
from app.tahapan.service import TahapanService
from app.wilayah.rules import ancestry

TOP = 10
_TOLD = {"penyelenggaraan", "subtahapan", "masa_tenang", "peristiwa"}
"""Kinds of stages that a head of a recap names; terms of office and deadlines would fill it."""
_KECAMATAN_DEPTH = 3


@dataclass(frozen=True)
class RecapWanted:
    """Which recap: `key` as in Period, None for the current one; `unit` None: everything in sight.

    `environment` None: live, or practice where no live channel is in sight.
    """

    kind: Kind = Kind.WEEKLY
    key: str | None = None
    unit: int | None = None
    environment: str | None = None


@dataclass(frozen=True)
class Ground:
    """What every part of one recap is asked of."""

    paths: Sequence[str]
    calendar: Calendar | None
    period: Period
    wanted: Wanted
    today: date


@dataclass
class RecapService:
    db: Database
    now: Callable[[], datetime]
    tahapan: TahapanService
    timezone: str

    async def make(self, actor: Actor, wanted: RecapWanted) -> Recap:
        """Raises BadInput for a period that is none, NotFound for a unit or a stage that is not there."""
        actor.must(Act.READ)
        async with self.db.read() as session:
            ground = await self.ground(session, actor, wanted)
            units = await store.units_in_sight(session, ground.paths, ground.wanted.environment)
            return await self._write(session, ground, units)

    async def ground(self, session: ReadSession, actor: Actor, wanted: RecapWanted) -> Ground:
        """Whose posts, of which days and accounts. Raises as `make` does."""
        unit = await self.unit_in_sight(session, actor, wanted.unit) if wanted.unit is not None else None
        paths: Sequence[str] = (unit.path,) if unit is not None else actor.paths(Act.READ)
        is_live = wanted.environment is None and await engagement_store.has_live(session, paths)
        environment = wanted.environment or ("live" if is_live else "practice")
        elections = sorted(await unit_store.election_ids(session, paths))
        calendar = await self.tahapan.calendar(session, elections[-1]) if elections else None
        today = self.now().astimezone(ZoneInfo(self.timezone)).date()
        period = _period(wanted, today, calendar)
        is_stage = period.kind is Kind.TAHAPAN
        asked = Wanted(
            "all",
            environment,
            None if is_stage else midnight(period.from_on, self.timezone),
            None if is_stage else midnight(period.to_on, self.timezone, days=1),
            period.key if is_stage else None,
        )
        return Ground(paths, calendar, period, asked, today)

    async def unit_in_sight(self, session: ReadSession, actor: Actor, unit_id: int) -> Unit:
        found = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
        if found is None:
            raise NotFound("Unit itu tidak ada, atau di luar wilayah Anda.")
        return found

    async def _write(self, session: ReadSession, ground: Ground, units: Sequence[Mapping[str, Any]]) -> Recap:
        period, wanted, calendar = ground.period, ground.wanted, ground.calendar
        found, total = await store.evidence(session, ground.paths, wanted)
        evidence = [_evidence(row) for row in found]
        covered = await coverage_of(session, ground.paths, today=ground.today, to_on=period.to_on)
        rows = await self._unit_rows(session, ground, units, covered)
        kecamatan = await self._kecamatan(session, ground, rows)
        groups = {
            key: await rows_of(session, ground.paths, replace(wanted, group_by=key)) for key in rules.GROUPS
        }  # fmt: skip
        voting_day = calendar.voting_day() if calendar else None
        home = top_of(units)
        return Recap(
            period=period,
            environment=wanted.environment,
            unit_id=home["id"] if home else None,
            unit=home["name"] if home else "Semua unit Anda",
            timezone=self.timezone,
            made_at=self.now(),
            fresh_at=await store.fresh_at(session, ground.paths, wanted),
            units=len(rows),
            active_units=sum(1 for row in rows if row.published),
            channels=sum(row.channels for row in rows),
            days_to_vote=(voting_day - ground.today).days if voting_day else None,
            stages=_running(calendar, period),
            totals=await self._totals(session, ground.paths, wanted),
            before=await self._before(session, ground),
            rows=rows,
            kecamatan=kecamatan,
            groups=groups,
            coverage=await self._coverage(session, ground, covered),
            care=Care(**await store.care(session, ground.paths, wanted)),
            silent=[row for row in rows if not row.published],
            troubles=await troubles(
                session,
                ground.paths,
                wanted.environment,
                [(row.unit_id, row.label) for row in rows if not row.channels],
            ),
            top=rules.by_engagement(evidence, most=TOP),
            to_answer=rules.by_comments(evidence, most=TOP),
            targets=await _targets(session, units),
            annex=evidence,
            annex_total=total,
            definitions=rules.DEFINITIONS,
        )

    async def _totals(self, session: ReadSession, paths: Sequence[str], wanted: Wanted) -> Row:
        found = await rows_of(session, paths, replace(wanted, group_by="all"))
        return found[0] if found else Row(key="", label="Semua")

    async def _before(self, session: ReadSession, ground: Ground) -> Row | None:
        """The totals of the period before; None for a stage."""
        if ground.period.previous is None:
            return None
        wanted = RecapWanted(ground.period.kind, ground.period.previous)
        period = _period(wanted, ground.today, ground.calendar)
        starts, ends = midnight(period.from_on, self.timezone), midnight(period.to_on, self.timezone, days=1)
        return await self._totals(session, ground.paths, replace(ground.wanted, from_at=starts, to_at=ends))

    async def _unit_rows(
        self, session: ReadSession, ground: Ground, units: Sequence[Mapping[str, Any]], covered: RwCoverage
    ) -> list[UnitRow]:
        counted = {
            row.key: row for row in await rows_of(session, ground.paths, replace(ground.wanted, group_by="unit"))
        }
        duty = await store.mandatory(session, ground.paths, ground.wanted)
        visited = {row.unit_id: len(row.visited) for row in covered.rows}
        rows = []
        for unit in units:
            base = counted.get(str(unit["id"])) or Row(key=str(unit["id"]), label=unit["name"])
            mandatory, done = duty.get(unit["id"], (0, 0))
            codes = ancestry(unit["wilayah_code"])
            rows.append(
                UnitRow(
                    **asdict(base),
                    unit_id=unit["id"],
                    kind=unit["kind"],
                    wilayah_code=unit["wilayah_code"],
                    kecamatan=codes[_KECAMATAN_DEPTH - 1] if len(codes) >= _KECAMATAN_DEPTH else "",
                    channels=unit["channels"],
                    mandatory=mandatory,
                    mandatory_done=done,
                    rw_visited=visited.get(unit["id"], 0),
                    rw_count=unit["rw_count"] if unit["kind"] == "pps" else None,
                )
            )
        return rows

    async def _kecamatan(self, session: ReadSession, ground: Ground, rows: Sequence[UnitRow]) -> list[KecamatanRow]:
        found = await rows_of(session, ground.paths, replace(ground.wanted, group_by="kecamatan"))
        shown = []
        for row in found:
            own = [
                unit for unit in rows if unit.kecamatan == row.key or (not unit.kecamatan and row.label == NO_KECAMATAN)
            ]
            shown.append(
                KecamatanRow(
                    **asdict(row),
                    units=len(own),
                    active=sum(1 for unit in own if unit.published),
                    mandatory=sum(unit.mandatory for unit in own),
                    mandatory_done=sum(unit.mandatory_done for unit in own),
                )
            )
        return shown

    async def _coverage(self, session: ReadSession, ground: Ground, covered: RwCoverage) -> Coverage:
        period = ground.period
        counted = await activity_store.counts(
            session, ground.paths, today=ground.today, from_on=period.from_on, to_on=period.to_on
        )
        came = [int(row["attendance"]) for row in counted.values() if row["attendance"] is not None]
        # Only a PPS has RW of its own.
        unknown = sum(1 for row in covered.rows if row.declared is None and row.wilayah_code.count(".") == 3)
        return Coverage(
            visited=covered.totals["visited"] or 0,
            activities=sum(int(row["held"]) for row in counted.values()),
            attendance=sum(came) if came else None,
            declared=covered.totals["declared"],
            expected=covered.expected,
            unknown_units=unknown,
        )


async def troubles(
    session: ReadSession, paths: Sequence[str], environment: str, without: Sequence[tuple[int, str]]
) -> list[Trouble]:
    """Channels that cannot speak, then the units (number and name) that have none."""
    silent = await store.silent_channels(session, paths, environment)
    told = [
        Trouble(
            row["unit_id"],
            row["unit"],
            row["platform"],
            row["handle"],
            row["state_reason"] or ("Dijeda." if row["state"] == "paused" else "Perlu dihubungkan ulang."),
        )
        for row in silent
    ]
    return [*told, *(Trouble(unit_id, name, "", "", "Belum ada akun.") for unit_id, name in without)]


def top_of(units: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The unit above all others in sight, where there is one."""
    top = min(units, key=lambda unit: len(unit["path"]), default=None)
    return top if top is not None and all(unit["path"].startswith(top["path"]) for unit in units) else None


def _period(wanted: RecapWanted, today: date, calendar: Calendar | None) -> Period:
    match wanted.kind:
        case Kind.WEEKLY:
            key, first, last = rules.read_week(wanted.key, today)
            return Period(wanted.kind, key, wording.week_name(key, first, last), first, last)
        case Kind.MONTHLY:
            key, first, last = rules.read_month(wanted.key, today)
            return Period(wanted.kind, key, wording.month_name(first), first, last)
    stage = calendar.find(wanted.key or "") if calendar else None
    if stage is None:
        raise NotFound("Tahapan itu tidak ada pada kalender pemilihan unit ini.")
    return Period(wanted.kind, stage.code, stage.name, stage.starts_on, stage.ends_on)


def _running(calendar: Calendar | None, period: Period) -> list[str]:
    """Names of our stages that run at any time of the period, in the order of their start."""
    if calendar is None or period.from_on is None or period.to_on is None:
        return []
    held = [
        stage
        for stage in calendar.stages.values()
        if stage.starts_on is not None
        and stage.ends_on is not None
        and stage.starts_on <= period.to_on
        and stage.ends_on >= period.from_on
        and calendar.is_ours(stage)
        and stage.kind in _TOLD
    ]
    return [stage.name for stage in sorted(held, key=lambda stage: (stage.starts_on or period.from_on, stage.code))]


async def _targets(session: ReadSession, units: Sequence[Mapping[str, Any]]) -> list[Target]:
    """Of the region of the topmost unit and those above it."""
    if not units:
        return []
    codes = ancestry(min((unit["wilayah_code"] for unit in units), key=len))
    return [Target(**row) for row in await store.targets(session, units[0]["election_id"], codes)]


def _evidence(row: Mapping[str, Any]) -> Evidence:
    message = row["message"] or {}
    pictures = message.get("pictures") or [{}]
    kept = {name: value for name, value in row.items() if name not in {"message", "message_hash", "gone"}}
    return Evidence(
        **kept,
        text=str(message.get("text", "")),
        text_hash=row["message_hash"],
        picture_id=pictures[0].get("media_id"),
        gone=bool(row["gone"]),
    )
