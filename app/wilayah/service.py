"""Looks regions up, and brings those of a file into the database without disturbing what is there."""

from dataclasses import dataclass
from typing import Any

from app.kit.db import Database, WriteSession
from app.kit.errors import BadInput, Problem
from app.kit.paging import Page, cut, decode
from app.kit.tabular import Merged
from app.wilayah import store
from app.wilayah.models import Wilayah
from app.wilayah.reading import Region, RegionFile
from app.wilayah.rules import is_code, search_text


def _silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


@dataclass
class WilayahService:
    db: Database

    async def search(
        self, *, parent: str | None = None, q: str | None = None, limit: int, cursor: str | None
    ) -> Page[Wilayah]:
        """Regions directly beneath `parent` whose name, alias or code matches `q`; spaces and case do not matter."""
        after = _place(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await store.search(session, parent=parent, q=q, limit=limit, after=after)
        return cut(rows, limit, lambda row: [row.code])

    async def load(self, file: RegionFile, *, session: WriteSession, progress: store.Progress = _silent) -> Merged:
        """Adds and updates the regions of `file`; raises BadInput for a parent that exists nowhere."""
        existing = await store.all_rows(session)
        file.unknown_parents(existing)
        file.findings.refuse()
        new, changed = [], []
        for region in file.regions:
            before = existing.get(region.code)
            row = _row(region, file.map_version, before or {})
            if before is None:
                new.append(row)
            elif row != dict(before):
                changed.append(row)
        await store.insert_rows(session, new, progress)
        await store.update_rows(session, changed)
        return Merged(len(new), len(changed))


def _place(cursor: str) -> str:
    code = str(decode(cursor)[0])
    if not is_code(code):
        raise BadInput(
            "Penanda halaman tidak dikenal. Mulai lagi dari halaman pertama.", Problem("cursor", "tidak dikenal")
        )
    return code


def _row(region: Region, map_version: str, before: Any) -> dict[str, Any]:
    """A file without aliases (the whole country) leaves the spellings that a city's file brought."""
    alias = region.alias or before.get("alias", "")
    display = region.display or before.get("display", "")
    return {
        "code": region.code,
        "name": region.name,
        "level": region.level.value,
        "parent": region.parent,
        "alias": alias,
        "display": display,
        "search": search_text(region.name, alias, display),
        "timezone": region.timezone or before.get("timezone", ""),
        "map_version": map_version or before.get("map_version", ""),
    }
