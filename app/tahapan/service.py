"""Reads calendars, changes single stages, and loads those of a file without undoing a person's edits."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, TypedDict

from app.audit import service as audit
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, NotFound, Problem
from app.kit.paging import Page, cut, decode
from app.kit.tabular import Merged
from app.tahapan import store
from app.tahapan.models import Election, Tahapan
from app.tahapan.reading import REGION, ElectionFile, StageFile, StageRow, shifted
from app.tahapan.rules import Calendar, ElectionFacts, Stage

Wanted = store.Wanted


class StageEdit(TypedDict, total=False):
    """What of a stage is to change; a day given as None is forgotten."""

    name: str
    kind: str
    starts_on: date | None
    ends_on: date | None
    scope: str
    source: str
    certainty: str
    parent: str | None
    note: str
    overrides: str | None


@dataclass(frozen=True)
class Moved:
    """A stage that has just been added or changed: its row, the whole calendar before and after, and whose deed it was."""

    row: Tahapan
    before: Calendar
    after: Calendar
    by: str


Hook = Callable[[WriteSession, Moved], Awaitable[None]]


@dataclass
class TahapanService:
    """`on_moved` runs inside the transaction that changes a stage: what hangs on the calendar moves with it, or nothing does."""

    db: Database
    now: Callable[[], datetime]
    on_moved: list[Hook] = field(default_factory=list)

    async def list(self, wanted: Wanted = store.Wanted(), *, limit: int, cursor: str | None) -> Page[Tahapan]:
        """By first known day; stages without any day come last."""
        after = _place(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await store.list_stages(session, wanted, limit=limit, after=after)
        return cut(rows, limit, lambda row: [store.first_day(row).isoformat(), row.id])

    async def get(self, tahapan_id: int, *, within: Collection[int] | None = None) -> Tahapan:
        """`within`: ids of the elections the caller may see, None for all; raises NotFound."""
        async with self.db.read() as session:
            return await _get(session, tahapan_id, within)

    async def add(
        self, code: str, fields: StageEdit, *, by: str, within: Collection[int], election: str | None = None
    ) -> Tahapan:
        """A new stage of `election` (a code; else the newest `within`); `fields` needs name and kind.

        Raises NotFound, BadInput (an end before its start, an unknown parent), Conflict (the code is taken).
        """
        async with self.db.write() as session:
            home = await self.home(session, election, within)
            assert home.id is not None
            must_be_open(home)
            await store.lock_election(session, home.id, to_change=True)
            before = await self.calendar(session, home.id)
            if await store.stage_by_code(session, home.id, code):
                raise Conflict(
                    f'Kode tahapan "{code}" sudah dipakai. Pilih kode lain.', Problem("code", "sudah dipakai")
                )
            await _check(session, home.id, code, fields)
            must_override(before, fields)
            row = Tahapan(election_id=home.id, code=code, edited_at=self.now(), **fields)
            if row.overrides is None:
                await _widen(session, home, row.scope)
            session.add(row)
            await session.flush()
            await self._note(session, row, by=by, action="tahapan.add", changes=dict(fields))
            await self._tell(session, Moved(row, before, await self.calendar(session, home.id), by))
        return row

    async def edit(
        self, tahapan_id: int, changes: StageEdit, *, by: str, within: Collection[int] | None = None
    ) -> Tahapan:
        """Raises NotFound, BadInput (an end before its start, an unknown parent). Later loads keep the row."""
        async with self.db.write() as session:
            before = await self._calendar_of(session, tahapan_id, within)
            row = await self.edit_in(session, tahapan_id, changes, by=by, within=within)
            after = await self.calendar(session, row.election_id)
            if after.stamp != before.stamp:
                await self._tell(session, Moved(row, before, after, by))
            return row

    async def edit_in(
        self,
        session: WriteSession,
        tahapan_id: int,
        changes: StageEdit,
        *,
        by: str,
        within: Collection[int] | None = None,
    ) -> Tahapan:
        """As `edit`, inside the caller's transaction (a revision moves posts together with the stage)."""
        await self.hold(session, tahapan_id, within=within)
        row = await _get(session, tahapan_id, within)
        after: StageEdit = {"starts_on": row.starts_on, "ends_on": row.ends_on, **changes}
        await _check(session, row.election_id, row.code, after)
        real = {name: value for name, value in changes.items() if getattr(row, name) != value}
        if not real:
            return row
        for name, value in real.items():
            setattr(row, name, value)
        row.edited_at, row.version = self.now(), row.version + 1
        session.add(row)
        await session.flush()
        await self._note(session, row, by=by, action="tahapan.edit", changes=real)
        return row

    async def election(self, session: ReadSession, election_id: int) -> Election:
        found = await store.election(session, election_id)
        if found is None:
            raise NotFound("Pemilihan itu tidak ditemukan.")
        return found

    async def calendar(self, session: ReadSession, election_id: int) -> Calendar:
        """The election and all its stages, read afresh in two queries."""
        election = await self.election(session, election_id)
        rows = await store.stages_of(session, election_id)
        stages = {row.code: stage(row) for row in rows}
        return Calendar(facts(election), stages, frozenset(election.scopes), sum(row.version for row in rows))

    async def preview(
        self, session: ReadSession, tahapan_id: int, changes: StageEdit, *, within: Collection[int] | None = None
    ) -> tuple[Tahapan, Calendar, Calendar]:
        """The stage, and its calendar as it is and as it would be. Raises as `edit` does; writes nothing."""
        row = await _get(session, tahapan_id, within)
        fields: StageEdit = {"starts_on": row.starts_on, "ends_on": row.ends_on, **changes}
        await _check(session, row.election_id, row.code, fields)
        before = await self.calendar(session, row.election_id)
        shown = {name: value for name, value in changes.items() if name in Stage.__dataclass_fields__}
        return row, before, before.with_stage(replace(before.stages[row.code], **shown))  # type: ignore[arg-type]

    async def hold(self, session: WriteSession, tahapan_id: int, *, within: Collection[int] | None = None) -> None:
        """Nobody else changes this stage's calendar, nor writes a post planned on it, until this transaction ends."""
        row = await _get(session, tahapan_id, within)
        await store.lock_election(session, row.election_id, to_change=True)
        must_be_open(await self.election(session, row.election_id))
        await session.refresh(row)

    async def _calendar_of(self, session: WriteSession, tahapan_id: int, within: Collection[int] | None) -> Calendar:
        await self.hold(session, tahapan_id, within=within)
        return await self.calendar(session, (await _get(session, tahapan_id, within)).election_id)

    async def must_still_be(self, session: WriteSession, calendar: Calendar) -> None:
        """What was planned on this calendar may be written; Conflict if a stage has changed since. Holds the calendar still."""
        await store.lock_election(session, calendar.election.id, to_change=False)
        if await store.stamp(session, calendar.election.id) != calendar.stamp:
            raise Conflict("Kalender tahapan baru saja berubah. Ulangi, agar tanggalnya benar.")

    async def load_election(
        self, file: ElectionFile, *, session: WriteSession, shift_weeks: int
    ) -> tuple[Election, Merged]:
        """Adds or updates the election; one that is there keeps the shift it was first loaded with."""
        values = {
            name: getattr(file, name)
            for name in ("name", "voting_stage", "quiet_stage", "embargo_stage", "opens", "closes", "variables")
        }
        row = await store.election_by_code(session, file.code)
        if row is None:
            row = Election(code=file.code, shifted_weeks=shift_weeks, scopes=file.scopes, **values)
            session.add(row)
            await session.flush()
            return row, Merged(added=1)
        # Scopes that people added with stages of their own stay.
        values["scopes"] = [*file.scopes, *(scope for scope in row.scopes if scope not in file.scopes)]
        return row, Merged(changed=int(_differs(row, values)))

    async def load_stages(
        self, file: StageFile, *, session: WriteSession, election: Election, by: str, by_hand: bool = False
    ) -> Merged:
        """Adds and updates stages, moved by the election's shift; those a person edited stay as they are.

        `by_hand`: a person brings the file, so that it counts like their edits.
        """
        assert election.id is not None
        must_be_open(election)
        await store.lock_election(session, election.id, to_change=True)
        before = await self.calendar(session, election.id)
        existing = {row.code: row for row in await store.stages_of(session, election.id)}
        file.unknown_parents(existing)
        file.findings.refuse()
        new: list[dict[str, Any]] = []
        changed, kept, at = 0, 0, self.now() if by_hand else None
        for line in file.rows:
            values = _values(line, election.shifted_weeks)
            row = existing.get(line.code)
            if row is None:
                new.append({"election_id": election.id, "code": line.code, "edited_at": at, "version": 1, **values})
            elif row.edited_at is not None and not by_hand:
                kept += any(getattr(row, name) != value for name, value in values.items())
            elif _differs(row, values):
                row.version, row.edited_at = row.version + 1, at
                changed += 1
        await session.flush()
        await session.insert_many(Tahapan, new)
        if existing and (new or changed):
            await self._tell_each(session, before, election.id, by)
        return Merged(len(new), changed, kept)

    async def _tell_each(self, session: WriteSession, before: Calendar, election_id: int, by: str) -> None:
        """One stage after the other, so that each change can be seen, and taken back, by itself."""
        for row in await store.stages_of(session, election_id):
            after = before.with_stage(stage(row))
            if before.find(row.code) != after.stages[row.code]:
                await self._tell(session, Moved(row, before, after, by))
            before = after

    async def _tell(self, session: WriteSession, moved: Moved) -> None:
        for hook in self.on_moved:
            await hook(session, moved)

    async def election_by_code(self, session: ReadSession, code: str) -> Election:
        found = await store.election_by_code(session, code)
        if found is None:
            raise NotFound(f'Pemilihan "{code}" belum dimuat. Muat dulu data kotanya.')
        return found

    async def home(self, session: ReadSession, code: str | None, within: Collection[int]) -> Election:
        """The election of this code, else the newest that is not over, among those `within`; raises NotFound."""
        for row in sorted(await store.elections(session), key=lambda one: one.archived_at is not None):
            if row.id in within and code in {None, row.code}:
                return row
        raise NotFound("Pemilihan itu tidak ditemukan.")

    async def _note(
        self, session: WriteSession, row: Tahapan, *, by: str, action: str, changes: Mapping[str, Any]
    ) -> None:
        detail = {"code": row.code} | {
            name: value.isoformat() if isinstance(value, date) else value for name, value in changes.items()
        }
        await audit.record(session, at=self.now(), actor=by, action=action, subject=f"tahapan:{row.id}", detail=detail)


def must_be_open(row: Election) -> None:
    """Raises Conflict for a calendar that is over."""
    if row.archived_at is not None:
        raise Conflict(f"Kalender {row.name} sudah diarsipkan, jadi hanya dapat dibaca.")


def facts(row: Election) -> ElectionFacts:
    assert row.id is not None
    return ElectionFacts(
        id=row.id,
        code=row.code,
        name=row.name,
        voting_stage=row.voting_stage,
        quiet_stage=row.quiet_stage,
        embargo_stage=row.embargo_stage,
        opens=time.fromisoformat(row.opens),
        closes=time.fromisoformat(row.closes),
        variables={name: str(value) for name, value in row.variables.items()},
        shifted_weeks=row.shifted_weeks,
    )


def stage(row: Tahapan) -> Stage:
    return Stage(
        row.code,
        row.name,
        row.kind,
        row.starts_on,
        row.ends_on,
        scope=row.scope,
        parent=row.parent,
        overrides=row.overrides,
    )


async def _get(session: ReadSession, tahapan_id: int, within: Collection[int] | None) -> Tahapan:
    row = await store.stage(session, tahapan_id, within)
    if row is None:
        raise NotFound("Tahapan itu tidak ditemukan.")
    return row


async def _check(session: ReadSession, election_id: int, code: str, fields: StageEdit) -> None:
    starts_on, ends_on, parent = fields.get("starts_on"), fields.get("ends_on"), fields.get("parent")
    if starts_on and ends_on and ends_on < starts_on:
        raise BadInput("Tanggal selesai mendahului tanggal mulai.", Problem("ends_on", f"mendahului {starts_on}"))
    if parent and (parent == code or await store.stage_by_code(session, election_id, parent) is None):
        raise BadInput(f'Tahapan induk "{parent}" tidak ada.', Problem("parent", "tidak ada"))


def must_override(calendar: Calendar, fields: StageEdit) -> None:
    """Raises BadInput for an override of nothing, of another override, or without a region."""
    target = fields.get("overrides")
    if target is None:
        return
    base = calendar.find(target)
    if base is None or base.overrides is not None:
        raise BadInput(
            f'Tahapan "{target}" tidak ada, atau sendiri pengganti.', Problem("overrides", "tidak dapat digantikan")
        )
    if not REGION.fullmatch(fields.get("scope", "")):
        message = "Isi scope dengan kode wilayah tempat tanggal ini berlaku, misalnya 32.71.04."
        raise BadInput(message, Problem("scope", message))


async def _widen(session: WriteSession, election: Election, scope: str) -> None:
    """A scope that no stage had before is a part of this installation: the person who names it speaks from here."""
    assert election.id is not None
    used = {row.scope for row in await store.stages_of(session, election.id)}
    if election.scopes and scope not in used | set(election.scopes):
        election.scopes = [*election.scopes, scope]
        session.add(election)


def _values(line: StageRow, weeks: int) -> dict[str, Any]:
    return {
        "name": line.name,
        "kind": line.kind.value,
        "starts_on": shifted(line.starts_on, weeks),
        "ends_on": shifted(line.ends_on, weeks),
        "scope": line.scope,
        "source": line.source,
        "certainty": line.certainty,
        "parent": line.parent,
        "note": line.note,
        "overrides": line.overrides,
    }


def _differs(row: Election | Tahapan, values: Mapping[str, Any]) -> bool:
    """Sets what differs, and says whether anything did."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)


def _place(cursor: str) -> tuple[date, int]:
    day, row_id = decode(cursor, length=2)
    try:
        found = date.fromisoformat(str(day))
    except ValueError:
        found = None
    if found is None or not isinstance(row_id, int) or row_id >= 2**31:
        raise BadInput(
            "Penanda halaman tidak dikenal. Mulai lagi dari halaman pertama.", Problem("cursor", "tidak dikenal")
        )
    return found, row_id
