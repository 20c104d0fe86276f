"""How poster designs are listed, drawn up, tried for one unit, and drawn for the posts that use them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from app.accounts import unit_store
from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.content import poster_store as store
from app.content.filling import Filled, fill
from app.content.layers import Sheet, as_json, read_sheet
from app.content.media import MediaService
from app.content.models import PosterDesign, PosterVersion
from app.content.owning import must_keep, owner_of
from app.content.poster_draw import draw_sheet
from app.content.values import values_for
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Forbidden, NotFound, Problem
from app.kit.paging import Page, cut
from app.settings import ROOT
from app.tahapan.service import TahapanService

SHIPPED = ROOT / "data" / "poster_designs.yaml"
LONGEST_TITLE = 80
_NOT_FOUND = "Desain poster itu tidak ada, atau bukan untuk unit Anda."


@dataclass(frozen=True)
class DesignView:
    """A design in its newest version. `ask`: variables a unit or an author must provide; `may_edit` by whom it was asked for."""

    id: int
    key: str | None
    title: str
    unit_id: int | None
    version: int
    version_id: int
    sheet: Sheet
    is_archived: bool = False

    @property
    def body(self) -> dict[str, Any]:
        return as_json(self.sheet)


@dataclass(frozen=True)
class TryInput:
    """For whom, with which words and photo a design is tried. `at` None: now. `width` of the picture, 0: the sheet's own."""

    unit_id: int
    headline: str = ""
    photo: int | None = None
    at: datetime | None = None
    tahapan: str | None = None
    variables: Mapping[str, object] | None = None
    width: int = 0


@dataclass
class DesignService:
    db: Database
    now: Callable[[], datetime]
    tahapan: TahapanService
    media: MediaService

    async def list(
        self, actor: Actor, *, limit: int, cursor: str | None = None, archived: bool = False
    ) -> Page[DesignView]:
        """Shipped designs, the actor's units' own, and those of the units above."""
        after = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await store.find(session, actor.paths(Act.READ), limit=limit + 1, after=after, archived=archived)
            page = cut(rows, limit, lambda row: [row.id])
            found = await store.newest(session, [row.id or 0 for row in page.rows])
        return Page([_view(row, found[row.id or 0]) for row in page.rows], page.next)

    async def get(self, actor: Actor, design_id: int) -> DesignView:
        """Raises NotFound."""
        async with self.db.read() as session:
            row = await _visible(session, actor, design_id)
            return _view(row, (await store.newest(session, [design_id]))[design_id])

    async def add(self, actor: Actor, *, title: str, body: object, unit_id: int | None = None) -> DesignView:
        """A design of `unit_id` (None: the unit where the actor keeps templates) and those beneath. Raises BadInput, Forbidden, NotFound."""
        actor.must(Act.TEMPLATES)
        sheet, named = read_sheet(body), _title(title)
        async with self.db.write() as session:
            owner = await owner_of(session, actor, unit_id)
            row = PosterDesign(election_id=owner.election_id, unit_id=owner.id, title=named)
            return await self._save(session, actor, row, sheet, action="poster.add")

    async def edit(
        self,
        actor: Actor,
        design_id: int,
        *,
        title: str | None = None,
        body: object = None,
        is_archived: bool | None = None,
    ) -> DesignView:
        """What is None stays. Posts keep the version they were written with. Raises BadInput, Forbidden, NotFound, Stale."""
        async with self.db.write() as session:
            row = await _visible(session, actor, design_id, to_change=True)
            await must_keep(session, actor, owner_id=row.unit_id, election_id=row.election_id, what="Desain")
            before = (await store.newest(session, [design_id]))[design_id]
            sheet = read_sheet(body) if body is not None else read_sheet(before.body)
            row.title = _title(title) if title is not None else row.title
            if is_archived is not None:
                row.archived_at = (row.archived_at or self.now()) if is_archived else None
            row.version += as_json(sheet) != before.body
            return await self._save(session, actor, row, sheet, action="poster.edit", before=before)

    async def may_edit(self, actor: Actor, view: DesignView) -> bool:
        async with self.db.read() as session:
            row = await _visible(session, actor, view.id)
            try:
                await must_keep(session, actor, owner_id=row.unit_id, election_id=row.election_id)
            except Forbidden:
                return False
        return True

    async def load(self, file: Path = SHIPPED, election: str = "pilkada-2024") -> int:
        """The shipped designs; keeps what people edited. Answers how many are new or changed."""
        given = yaml.safe_load(await asyncio.to_thread(file.read_text, encoding="utf-8"))
        count = 0
        async with self.db.write() as session:
            owner = (await self.tahapan.election_by_code(session, election)).id or 0
            there = await store.by_keys(session, owner, list(given))
            for key, design in given.items():
                sheet, row = read_sheet(design["body"]), there.get(key)
                if row is not None and row.edited_at is not None:
                    continue
                before = (await store.newest(session, [row.id or 0]))[row.id or 0] if row else None
                if row and before and (row.title, before.body) == (design["title"], as_json(sheet)):
                    continue
                row = row or PosterDesign(election_id=owner, unit_id=None, key=key, title="", version=0)
                row.title, row.version = design["title"], row.version + 1
                await _write(session, row, sheet, now=self.now(), is_new=True)
                count += 1
        return count

    async def render(self, actor: Actor, sheet: Sheet, wanted: TryInput) -> tuple[bytes, Filled]:
        """How a design looks for one unit; gaps stand as `[isi: name]`. Raises NotFound."""
        at = wanted.at or self.now()
        async with self.db.read() as session:
            found = await unit_store.speakers(session, [wanted.unit_id], paths=actor.paths(Act.READ))
            if wanted.unit_id not in found:
                raise NotFound("Unit itu tidak ditemukan.")
            speaker = found[wanted.unit_id]
            calendar = await self.tahapan.calendar(session, speaker.election_id)
            if wanted.photo is not None:
                await self.media.require_visible(session, actor, [wanted.photo])
        on = at.astimezone(ZoneInfo(speaker.timezone)).date()
        stage = calendar.find(wanted.tahapan) if wanted.tahapan else calendar.stage_of(["*"], on)
        values = values_for(speaker, calendar, stage=stage, due_at=at, given=wanted.variables or {})
        filled = fill(sheet, values, wanted.headline or "Judul unggahan Anda")
        photo = await self.media.read_picture(wanted.photo) if wanted.photo and sheet.has_photo else None
        return await asyncio.to_thread(draw_sheet, sheet, filled.texts, photo, width=wanted.width), filled

    async def _save(
        self,
        session: WriteSession,
        actor: Actor,
        row: PosterDesign,
        sheet: Sheet,
        *,
        action: str,
        before: PosterVersion | None = None,
    ) -> DesignView:
        row.edited_at = self.now()
        version = await _write(
            session, row, sheet, now=self.now(), is_new=before is None or row.version != before.number, before=before
        )
        detail = {"title": row.title, "version": row.version, "archived": row.archived_at is not None}
        subject = f"poster:{row.id}"
        await record(session, at=self.now(), actor=actor.label, action=action, subject=subject, detail=detail)
        return _view(row, version)


async def _write(
    session: WriteSession,
    row: PosterDesign,
    sheet: Sheet,
    *,
    now: datetime,
    is_new: bool,
    before: PosterVersion | None = None,
) -> PosterVersion:
    session.add(row)
    await session.flush()
    if not is_new and before is not None:
        return before
    version = PosterVersion(design_id=row.id or 0, number=row.version, body=as_json(sheet), created_at=now)
    session.add(version)
    await session.flush()
    return version


async def _visible(session: ReadSession, actor: Actor, design_id: int, *, to_change: bool = False) -> PosterDesign:
    row = await store.visible(session, actor.paths(Act.READ), design_id, to_change=to_change)
    if row is None:
        raise NotFound(_NOT_FOUND)
    return row


def _title(title: str) -> str:
    if not title.strip() or len(title) > LONGEST_TITLE:
        message = f"Nama desain wajib diisi, paling panjang {LONGEST_TITLE} karakter."
        raise BadInput(message, Problem("title", message))
    return title.strip()


def _view(row: PosterDesign, version: PosterVersion) -> DesignView:
    sheet = read_sheet(version.body)
    return DesignView(
        row.id or 0, row.key, row.title, row.unit_id, row.version, version.id or 0, sheet, row.archived_at is not None
    )
