"""Makes the dashboard of any unit and span: city, kecamatan or kelurahan, each against the span before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.rules import Act, Actor
from app.engagement import channel_store
from app.engagement import store as engagement_store
from app.engagement.grouping import midnight, rows_of
from app.engagement.rules import Row
from app.engagement.store import Wanted
from app.kit.db import Database, ReadSession
from app.reports import overview_rules, overview_store, rules, store
from app.reports.overview_rules import Follower, Overview, Span, Tile, Told
from app.reports.service import RecapService, top_of, troubles
from app.wilayah.rules import ancestry

_KECAMATAN_DEPTH = 3
DEFINITIONS = rules.DEFINITIONS | {
    "Tumbuh per hari": "berapa angka bertambah menurut pembacaan hari itu, dari unggahan kapan pun; angka yang turun mengurangi harinya",
    "Pengikut": "dibaca sekali sehari (X sekali sepekan); pengikut beberapa akun dapat orang yang sama, jadi tidak dijumlahkan",
    "Periode sebelumnya": "jumlah hari yang sama, tepat sebelum periode ini",
}


@dataclass(frozen=True)
class OverviewWanted:
    """`unit` None: everything in sight; `environment` None: live, or practice where no live channel is in sight."""

    from_on: date | None = None
    to_on: date | None = None
    unit: int | None = None
    environment: str | None = None


@dataclass
class OverviewService:
    db: Database
    now: Callable[[], datetime]
    recaps: RecapService
    timezone: str

    async def make(self, actor: Actor, asked: OverviewWanted) -> Overview:
        """Raises BadInput for a span that is none, NotFound for a unit that is not in sight."""
        actor.must(Act.READ)
        today = self.now().astimezone(ZoneInfo(self.timezone)).date()
        span = overview_rules.read_span(asked.from_on, asked.to_on, today)
        async with self.db.read() as session:
            unit = await self.recaps.unit_in_sight(session, actor, asked.unit) if asked.unit is not None else None
            paths: Sequence[str] = (unit.path,) if unit is not None else actor.paths(Act.READ)
            is_live = asked.environment is None and await engagement_store.has_live(session, paths)
            environment = asked.environment or ("live" if is_live else "practice")
            units = await store.units_in_sight(session, paths, environment)
            return await self._write(session, paths, span, environment, units)

    def _wanted(self, span: Span, environment: str) -> Wanted:
        starts, ends = midnight(span.from_on, self.timezone), midnight(span.to_on, self.timezone, days=1)
        return Wanted("all", environment, starts, ends)

    async def _write(
        self,
        session: ReadSession,
        paths: Sequence[str],
        span: Span,
        environment: str,
        units: Sequence[Mapping[str, Any]],
    ) -> Overview:
        now, then = self._wanted(span, environment), self._wanted(span.before, environment)
        groups = {}
        for key in overview_rules.GROUPS:
            rows = await rows_of(session, paths, replace(now, group_by=key))
            groups[key] = overview_rules.compare(rows, await rows_of(session, paths, replace(then, group_by=key)))
        tiles = _tiles(units, [one.now for one in groups["unit"]])
        home = top_of(units)
        told = {
            by: [Told(**row) for row in await overview_store.standing_out(session, paths, now, by)]
            for by in ("interactions", "comments")
        }
        followers = await channel_store.followers(session, paths, environment, from_on=span.from_on, to_on=span.to_on)
        return Overview(
            span=span,
            environment=environment,
            unit_id=home["id"] if home else None,
            unit=home["name"] if home else "Semua unit Anda",
            fresh_at=await store.fresh_at(session, paths, now),
            totals=await self._total(session, paths, now),
            before=await self._total(session, paths, then),
            groups=groups,
            days=await self._days(session, paths, now, span),
            lateness=await overview_store.lateness(session, paths, now),
            tiles=tiles,
            silent=[tile for tile in tiles if not tile.published],
            troubles=await troubles(
                session, paths, environment, [(tile.unit_id, tile.name) for tile in tiles if not tile.channels]
            ),
            top=told["interactions"],
            to_answer=told["comments"],
            followers=[Follower(**row) for row in followers],
            definitions=DEFINITIONS,
        )

    async def _total(self, session: ReadSession, paths: Sequence[str], wanted: Wanted) -> Row:
        found = await rows_of(session, paths, wanted)
        return found[0] if found else Row(key="", label="Semua")

    async def _days(self, session: ReadSession, paths: Sequence[str], wanted: Wanted, span: Span) -> Any:
        grown = {
            row["day"]: {name: None if value is None else int(value) for name, value in row.items() if name != "day"}
            for row in await channel_store.days(
                session, paths, wanted.environment, from_on=span.from_on, to_on=span.to_on
            )
        }
        out = {
            date.fromisoformat(row.key): row.published
            for row in await rows_of(session, paths, replace(wanted, group_by="day"))
        }
        return overview_rules.every_day(span, grown, out)


def _tiles(units: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> list[Tile]:
    counted = {row.key: row for row in rows}
    found = []
    for unit in units:
        row, codes = counted.get(str(unit["id"])) or Row("", ""), ancestry(unit["wilayah_code"])
        kecamatan = codes[_KECAMATAN_DEPTH - 1] if len(codes) >= _KECAMATAN_DEPTH else ""
        numbers = (unit["channels"], row.published, row.views, row.engagement_rate)
        found.append(Tile(unit["id"], unit["name"], unit["kind"], kecamatan, *numbers))
    return found
