"""What a person may see and change of the bodies that speak, and how a whole city of them comes into being."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import available_timezones

from app.accounts import unit_store as store
from app.accounts.models import KindDefault, Unit
from app.accounts.rules import Act, Actor, UnitKind
from app.accounts.unit_file import UnitFile, UnitPlan
from app.accounts.variables import problems_in
from app.audit import service as audit
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, NotFound, Problem
from app.kit.paging import Page, cut, decode
from app.kit.tabular import Merged
from app.wilayah.rules import depth, is_code

MAX_RW = 40
_VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_LONGEST_VALUE = 500


@dataclass
class UnitService:
    db: Database
    now: Callable[[], datetime]

    async def list(
        self,
        actor: Actor,
        *,
        kind: UnitKind | None = None,
        under: int | None = None,
        q: str | None = None,
        limit: int,
        cursor: str | None,
    ) -> Page[Unit]:
        """Units the actor sees, in the order of the tree. `under`: that unit and all beneath it, or NotFound."""
        after = _place(cursor) if cursor else None
        paths = actor.paths(Act.READ)
        async with self.db.read() as session:
            top = (await _get(session, under, paths)).path if under is not None else None
            wanted = store.Wanted(kind=kind, under_path=top, q=q)
            rows = await store.list_units(session, paths, wanted, limit=limit, after=after)
        return cut(rows, limit, lambda row: [row.wilayah_code, row.id])

    async def get(self, actor: Actor, unit_id: int) -> Unit:
        """Raises NotFound for a unit the actor may not see."""
        async with self.db.read() as session:
            return await _get(session, unit_id, actor.paths(Act.READ))

    async def values(self, actor: Actor, unit_ids: Sequence[int]) -> dict[int, Mapping[str, str]]:
        """The effective variables of each unit the actor sees: its own and what it inherits."""
        async with self.db.read() as session:
            found = await store.speakers(session, unit_ids, paths=actor.paths(Act.READ))
        return {unit_id: speaker.variables for unit_id, speaker in found.items()}

    async def elections(self, actor: Actor, act: Act) -> set[int]:
        """Ids of the elections in which the actor may `act` anywhere."""
        async with self.db.read() as session:
            return await store.election_ids(session, actor.paths(act))

    async def edit(
        self,
        actor: Actor,
        unit_id: int,
        *,
        name: str | None = None,
        timezone: str | None = None,
        rw_count: int | None = None,
        variables: Mapping[str, str | None] | None = None,
    ) -> Unit:
        """Changes what is given; in `variables` a None takes the unit's own value away, so that it inherits again.

        Raises NotFound, Forbidden, BadInput. The unit then survives every later load.
        """
        given = {"name": name and name.strip(), "timezone": timezone, "rw_count": rw_count}
        changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
        _check(changes, variables or {})
        async with self.db.write() as session:
            row = await _get(session, unit_id, actor.paths(Act.READ))
            actor.must(Act.WRITE, row.path)
            if variables:
                changes["variables"] = _merged(row.variables, variables)
            real = {field: value for field, value in changes.items() if getattr(row, field) != value}
            if not real:
                return row
            for field, value in real.items():
                setattr(row, field, value)
            row.edited_at = self.now()
            session.add(row)
            await audit.record(
                session, at=self.now(), actor=actor.label, action="unit.edit", subject=f"unit:{unit_id}", detail=real
            )
        return row

    async def load(
        self, file: UnitFile, plans: Sequence[UnitPlan], *, session: WriteSession, election_id: int
    ) -> Merged:
        """Adds and updates one election's units and kinds' defaults; those a person edited stay as they are."""
        merged = await _load_defaults(file, session, election_id)
        existing = await store.of_election(session, election_id)
        paths = {row.wilayah_code: row.path for row in existing.values()}
        ids = {row.wilayah_code: row.id for row in existing.values()}
        for _, storey in groupby(plans, key=lambda plan: depth(plan.wilayah_code)):
            fresh = []
            for plan in storey:
                row = existing.get((plan.kind.value, plan.wilayah_code))
                if row is None:
                    fresh.append(plan)
                else:
                    merged += _update(row, plan)
            rows = [_row(plan, election_id, ids) for plan in fresh]
            above = [paths[plan.parent] if plan.parent else "/" for plan in fresh]
            for plan, path in zip(fresh, await store.insert_units(session, rows, above), strict=True):
                paths[plan.wilayah_code] = path
                ids[plan.wilayah_code] = int(path.rstrip("/").rpartition("/")[2])
            merged += Merged(added=len(fresh))
        return merged


async def _get(session: ReadSession, unit_id: int, paths: Sequence[str]) -> Unit:
    row = await store.unit(session, unit_id, paths=paths)
    if row is None:
        raise NotFound("Unit itu tidak ditemukan.")
    return row


async def _load_defaults(file: UnitFile, session: WriteSession, election_id: int) -> Merged:
    existing = await store.kind_defaults(session, election_id)
    added = changed = kept = 0
    for kind, rule in file.kinds.items():
        row, variables = existing.get(kind.value), dict(rule.variables)
        if row is None:
            session.add(KindDefault(election_id=election_id, kind=kind.value, variables=variables))
            added += 1
        elif row.variables != variables:
            kept += row.edited_at is not None
            changed += row.edited_at is None
            row.variables = row.variables if row.edited_at else variables
    await session.flush()
    return Merged(added, changed, kept)


def _update(row: Unit, plan: UnitPlan) -> Merged:
    if (row.name, row.timezone) == (plan.name, plan.timezone):
        return Merged()
    if row.edited_at is not None:
        return Merged(kept=1)
    row.name, row.timezone = plan.name, plan.timezone
    return Merged(changed=1)


def _row(plan: UnitPlan, election_id: int, ids: Mapping[str, int | None]) -> dict[str, Any]:
    return {
        "election_id": election_id,
        "kind": plan.kind.value,
        "name": plan.name,
        "wilayah_code": plan.wilayah_code,
        "parent_id": ids[plan.parent] if plan.parent else None,
        "path": "",
        "timezone": plan.timezone,
        "rw_count": None,
        "variables": {},
        "edited_at": None,
    }


def _check(changes: Mapping[str, Any], variables: Mapping[str, str | None]) -> None:
    problems = []
    if "name" in changes and not (1 <= len(changes["name"]) <= 120 and changes["name"].isprintable()):
        problems.append(Problem("name", "wajib diisi, paling panjang 120 huruf"))
    if "timezone" in changes and changes["timezone"] not in available_timezones():
        problems.append(Problem("timezone", "zona waktu tidak dikenal; contoh: Asia/Jakarta"))
    if "rw_count" in changes and not 1 <= changes["rw_count"] <= MAX_RW:
        problems.append(Problem("rw_count", f"harus antara 1 dan {MAX_RW}"))
    problems += _variable_problems(variables)
    if problems:
        told = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
        raise BadInput(f"Data unit belum benar. {told}", *problems)


def _variable_problems(variables: Mapping[str, str | None]) -> Collection[Problem]:
    problems = []
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name):
            problems.append(Problem(f"variables.{name[:60]}", "pakai huruf kecil, angka dan garis bawah saja"))
        elif value is not None and (len(value) > _LONGEST_VALUE or "\x00" in value):
            problems.append(Problem(f"variables.{name}", f"paling panjang {_LONGEST_VALUE} huruf"))
    return [*problems, *problems_in({name: value for name, value in variables.items() if value is not None})]


def _merged(before: Mapping[str, Any], given: Mapping[str, str | None]) -> dict[str, Any]:
    after = {**before, **given}
    return {name: value for name, value in after.items() if value is not None}


def _place(cursor: str) -> tuple[str, int]:
    code, row_id = decode(cursor, length=2)
    if not is_code(str(code)) or not isinstance(row_id, int) or row_id >= 2**31:
        raise BadInput(
            "Penanda halaman tidak dikenal. Mulai lagi dari halaman pertama.", Problem("cursor", "tidak dikenal")
        )
    return str(code), row_id
