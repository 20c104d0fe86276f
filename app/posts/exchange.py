"""Posts out of a table and into one: every bad row named, nothing written half, and nothing twice."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.accounts import unit_store
from app.accounts.models import Unit
from app.accounts.rules import Act, Actor
from app.audit.service import record, tell
from app.channels.models import Channel
from app.content import store as content_store
from app.kit.errors import AppError, BadInput, Problem
from app.kit.sheets import Format, Table, read_sheet, to_csv, to_xlsx
from app.posts import exchange_guide as guide
from app.posts import exchange_store, revise_store, store, telling, voices
from app.posts.exchange_rules import (
    ENVIRONMENTS,
    BadCell,
    Mouth,
    Sketch,
    Written,
    check_header,
    columns_for,
    read_rows,
    write_rows,
)
from app.posts.models import Post
from app.posts.planning import Plan
from app.posts.service import PostInput, PostService, input_of
from app.posts.store import PostFilter
from app.posts.writing import Common, Item, state_of

MAX_ROWS = 2000
MAX_EXPORTED = 20_000
_PAGE = 200

Progress = Callable[[int, int], None]
"""How many posts of how many have been looked at."""


@dataclass(frozen=True)
class Imported:
    """`accepted`: rows that were taken, or would be in a dry run; `posts`: what was written."""

    accepted: int
    rejected: Sequence[BadCell]
    posts: Sequence[int] = ()
    would_be: int = 0

    @property
    def bad_rows(self) -> int:
        return len({cell.row for cell in self.rejected})


@dataclass(frozen=True)
class _Ready:
    sketch: Sketch
    wanted: PostInput
    item: Item
    common: Common


@dataclass
class _Places:
    """What the names in a table stand for."""

    units: Mapping[str, list[Unit]]
    channels: Mapping[int, list[Channel]]
    templates: Mapping[tuple[int, str], int]

    def wanted(self, sketch: Sketch) -> tuple[PostInput | None, list[BadCell]]:
        bad: list[BadCell] = []
        unit = self._unit(sketch, bad)
        if unit is None or unit.id is None:
            return None, bad
        template = self.templates.get((unit.election_id, sketch.template)) if sketch.template else None
        if sketch.template and template is None:
            bad.append(
                BadCell(
                    sketch.row,
                    "templat",
                    f"Templat “{sketch.template[:60]}” tidak ada. Lihat lembar Templat di berkas contoh.",
                )
            )
        channels = [found for voice in sketch.voices if voice.handle and (found := self._channel(unit.id, voice, bad))]
        return PostInput(
            unit.id, sketch.text, template, sketch.lang, sketch.overrides, list(sketch.media), channels,
            sketch.timing(unit.timezone), sketch.variables, sketch.tahapan, sketch.segment, sketch.programme,
            sketch.valid_until(unit.timezone),
        ), bad  # fmt: skip

    def _unit(self, sketch: Sketch, bad: list[BadCell]) -> Unit | None:
        found = self.units.get(sketch.unit, [])
        if not found:
            bad.append(
                BadCell(sketch.row, "unit", f"Unit “{sketch.unit[:60]}” tidak ada, atau di luar wilayah tugas Anda.")
            )
        elif len(found) > 1:
            codes = ", ".join(unit.wilayah_code for unit in found[:4])
            bad.append(
                BadCell(sketch.row, "unit", f"Ada {len(found)} unit bernama itu. Tulis kode wilayahnya: {codes}.")
            )
        return found[0] if len(found) == 1 else None

    def _channel(self, unit_id: int, voice: Any, bad: list[BadCell]) -> int | None:
        of_platform = [channel for channel in self.channels.get(unit_id, []) if channel.platform == voice.platform]
        fitting = [
            c
            for c in of_platform
            if c.handle.lower() == voice.handle.lower() and voice.environment in {"", c.environment}
        ]
        if len(fitting) == 1:
            return fitting[0].id
        if fitting:
            bad.append(
                BadCell(
                    voice.row,
                    "jenis_akun",
                    "Akun ini ada lebih dari satu jenis. Isi otomatis, latihan, atau unggah sendiri.",
                )
            )
            return None
        known = ", ".join(channel.handle for channel in of_platform[:4])
        said = f"Unit ini tidak punya akun {voice.platform} bernama “{voice.handle[:60]}”."
        bad.append(BadCell(voice.row, "akun", f"{said} Yang ada: {known}." if known else said))
        return None


@dataclass
class _Heard:
    """What the rows before say on X: the database does not know them yet."""

    said: list[tuple[int, Plan]] = field(default_factory=list)

    def weigh(self, plan: Plan) -> Plan:
        if plan.due_at is None or all(channel.platform != voices.OWN_WORDS for channel in plan.channels):
            return plan
        near = [
            (channel, other.text_for(voices.OWN_WORDS).text)
            for channel, other in self.said
            if other.due_at and abs(other.due_at - plan.due_at) < voices.WINDOW
        ]
        weighed = voices.weigh(plan, near[-voices.MOST_COMPARED :])
        self.said += [(c.id or 0, plan) for c in plan.channels if c.platform == voices.OWN_WORDS]
        return weighed


@dataclass
class ExchangeService:
    posts: PostService

    async def import_posts(
        self,
        actor: Actor,
        data: bytes,
        *,
        dry_run: bool = False,
        partial: bool = False,
        progress: Progress | None = None,
    ) -> Imported:
        """Rows of a CSV or XLSX become posts as if each had been written by hand. Any bad row: nothing is written, unless `partial`.

        Raises Forbidden, TooLarge, WrongType, and BadInput for a file that is no table of posts.
        """
        actor.must(Act.WRITE)
        header, rows = await asyncio.to_thread(read_sheet, data, max_rows=MAX_ROWS)
        check_header(header)
        if not rows:
            raise BadInput("Berkas ini belum berisi baris unggahan.", Problem("file", "tanpa baris"))
        sketches, bad = read_rows(rows)
        ready, refused = await self._decide_all(actor, sketches, progress)
        bad = sorted([*bad, *refused], key=lambda cell: (cell.row, cell.column))
        accepted = sum(len(_rows_of(one.sketch)) for one in ready)
        if dry_run or not ready or (bad and not partial):
            return Imported(accepted if dry_run else 0, bad, would_be=len(ready))
        ids = await self._write(actor, ready, digest=hashlib.sha256(data).hexdigest())
        return Imported(accepted, bad, ids, len(ready))

    async def export(self, actor: Actor, wanted: PostFilter, *, form: Format) -> bytes:
        """Every post the actor may see, oldest first, in the columns that an import reads. BadInput for more than fits."""
        rows = await self._rows(actor, wanted)
        header = columns_for(rows)
        if form == "csv":
            return await asyncio.to_thread(to_csv, header, [[row.get(name, "") for name in header] for row in rows])
        tables = [guide.posts_table(header, rows, sorted(self.posts.adapters)), guide.guide_table()]
        return await asyncio.to_thread(to_xlsx, tables)

    async def blank(self, actor: Actor, *, form: Format) -> bytes:
        """An empty table to fill in; an XLSX also tells the actor's accounts, the templates, and what each column means."""
        actor.must(Act.WRITE)
        header = guide.empty_header()
        if form == "csv":
            return to_csv(header, [])
        async with self.posts.db.read() as session:
            units = await unit_store.units_in(session, actor.paths(Act.WRITE))
            by_id = {unit.id or 0: unit for unit in units[:MAX_ROWS]}
            channels = await store.open_channels(session, unit_ids=list(by_id))
            templates = await content_store.list_templates(
                session, actor.paths(Act.READ), content_store.Wanted(), limit=MAX_ROWS, after=None
            )
        accounts = [
            (by_id[c.unit_id].wilayah_code, by_id[c.unit_id].name, c.platform, c.handle, ENVIRONMENTS[c.environment])
            for c in channels
        ]
        tables = [
            guide.posts_table(header, [], sorted(self.posts.adapters)),
            Table(guide.ACCOUNTS, ("unit", "nama_unit", "platform", "akun", "jenis_akun"), accounts, widths=guide.WIDTHS),
            Table(guide.TEMPLATES, ("templat", "judul", "isian"), [(t.key, t.title, ", ".join(t.needs)) for t in templates]),
            guide.guide_table(),
        ]  # fmt: skip
        return await asyncio.to_thread(to_xlsx, tables)

    async def _decide_all(
        self, actor: Actor, sketches: Sequence[Sketch], progress: Progress | None
    ) -> tuple[list[_Ready], list[BadCell]]:
        places = await self._look_up(actor, sketches)
        ready: list[_Ready] = []
        bad: list[BadCell] = []
        heard, seen = _Heard(), dict[str, int]()
        for number, sketch in enumerate(sketches, start=1):
            wanted, missing = places.wanted(sketch)
            bad += missing
            if wanted is not None and not missing:
                found, refused = await self._decide(actor, sketch, wanted, heard, seen)
                bad += refused
                ready += [found] if found else []
            if progress:
                progress(number, len(sketches))
        return ready, bad

    async def _decide(
        self, actor: Actor, sketch: Sketch, wanted: PostInput, heard: _Heard, seen: dict[str, int]
    ) -> tuple[_Ready | None, list[BadCell]]:
        try:
            plan, common, route = await self.posts.decide(actor, wanted, submit=wanted.timing is not None)
        except AppError as error:
            return None, _cells(sketch, error)
        content = self.posts.writer.post_row(Item(plan, route, wanted.media), common, None)["content"]
        facts = _facts({**content, "template_id": wanted.template_id, "lang": wanted.lang})
        if (first := seen.setdefault(f"{wanted.unit_id} {plan.due_at} {facts}", sketch.row)) != sketch.row:
            return None, [BadCell(sketch.row, "", f"Sama dengan baris {first}.")]
        async with self.posts.db.read() as session:
            before = await exchange_store.at_moment(session, wanted.unit_id, plan.due_at)
        if same := next((post_id for post_id, other in before if _facts(other) == facts), None):
            return None, [
                BadCell(sketch.row, "", f"Sudah ada sebagai unggahan nomor {same}: akun, waktu, dan isinya sama.")
            ]
        weighed = heard.weigh(plan)
        if route is not None and (new := [one for one in weighed.troubles if one not in plan.troubles]):
            return None, [BadCell(sketch.row_of(voices.OWN_WORDS), "teks", trouble.message) for trouble in new]
        return _Ready(sketch, wanted, Item(weighed, route, wanted.media), common), []

    async def _look_up(self, actor: Actor, sketches: Sequence[Sketch]) -> _Places:
        async with self.posts.db.read() as session:
            units = await exchange_store.units_called(
                session, actor.paths(Act.READ), {sketch.unit for sketch in sketches}
            )
            found = {unit.id: unit for rows in units.values() for unit in rows if unit.id is not None}
            channels: dict[int, list[Channel]] = {}
            for channel in await store.open_channels(session, unit_ids=list(found)):
                channels.setdefault(channel.unit_id, []).append(channel)
            keys = {sketch.template for sketch in sketches if sketch.template}
            elections = {unit.election_id for unit in found.values()}
            return _Places(units, channels, await exchange_store.templates_called(session, elections, keys))

    async def _write(self, actor: Actor, ready: Sequence[_Ready], *, digest: str) -> list[int]:
        posts, ids = self.posts, list[int]()
        async with posts.db.write() as session:
            for calendar in {id(one.common.calendar.election): one.common.calendar for one in ready}.values():
                await posts.tahapan.must_still_be(session, calendar)
            for one in ready:
                post_id = (await posts.writer.insert(session, [one.item], one.common))[0]
                ids.append(post_id)
                detail = {"state": state_of(one.item.route), "row": one.sketch.row}
                await record(
                    session,
                    at=posts.now(),
                    actor=actor.label,
                    action="post.create",
                    subject=f"post:{post_id}",
                    detail=detail,
                )
                await tell(session, telling.review_wanted(post_id, one.item, authors=[actor.user_id]), at=posts.now())
            detail = {"posts": len(ids), "sha256": digest}
            await record(
                session,
                at=posts.now(),
                actor=actor.label,
                action="posts.import",
                subject=f"post:{ids[0]}",
                detail=detail,
            )
        return ids

    async def _rows(self, actor: Actor, wanted: PostFilter) -> list[dict[str, str]]:
        pages: list[list[dict[str, str]]] = []
        before: int | None = None
        while True:
            async with self.posts.db.read() as session:
                found = await store.find_posts(session, actor.paths(Act.READ), wanted, limit=_PAGE, before_id=before)
                ids = [post.unit_id for post, _ in found]
                units = {unit.id: unit for unit in await unit_store.units_in(session, actor.paths(Act.READ), ids=ids)}
                named = {identity for post, _ in found for identity in post.content.get("channels", ())}
                channels = await revise_store.channels(session, sorted(named))
                keys = await exchange_store.template_keys(
                    session, {post.template_id for post, _ in found if post.template_id}
                )
            pages.append(
                [
                    row
                    for post, _ in reversed(found)
                    for row in write_rows(_written(post, units[post.unit_id], channels, keys))
                ]
            )
            if sum(map(len, pages)) > MAX_EXPORTED:
                message = f"Lebih dari {MAX_EXPORTED} baris. Persempit menurut unit, keadaan, atau tanggal."
                raise BadInput(message, Problem("limit", message))
            if len(found) < _PAGE:
                return [row for page in reversed(pages) for row in page]
            before = found[-1][0].id


def _written(post: Post, unit: Unit, channels: Mapping[int, Channel], keys: Mapping[int, str]) -> Written:
    given = input_of(post)
    mouths = [
        Mouth(channel.platform, channel.handle, channel.environment)
        for identity in given.channels or ()
        if (channel := channels.get(identity))
    ]
    return Written(
        str(post.id), unit.wilayah_code, unit.name, unit.timezone, post.state, given.lang, keys.get(post.template_id or 0, ""),
        given.text, given.overrides, given.timing, given.valid_until, given.variables, given.tahapan, given.segment,
        given.programme, given.media, mouths,
    )  # fmt: skip


def _facts(content: Mapping[str, Any]) -> str:
    """What makes two posts of one unit and moment the same."""
    given = {name: str(value) for name, value in content.get("variables", {}).items()}
    kept = [content.get(name) for name in ("template_id", "lang", "text", "overrides", "media")]
    return repr([*kept, sorted(given.items()), sorted(content.get("channels", ()))])


def _rows_of(sketch: Sketch) -> set[int]:
    return {sketch.row, *(voice.row for voice in sketch.voices)}


_COLUMN_OF = {
    "text": "teks",
    "template_id": "templat",
    "lang": "bahasa",
    "channels": "akun",
    "media": "gambar",
    "timing": "waktu",
    "timing.at": "waktu",
    "timing.anchor": "acuan",
    "timing.anchor.tahapan": "acuan",
    "tahapan": "tahapan",
    "valid_until": "batas_waktu",
    "overrides": "platform",
}


def _cells(sketch: Sketch, error: AppError) -> list[BadCell]:
    """A refusal by the cells that it is about."""
    if not error.problems:
        return [BadCell(sketch.row, "", error.message)]
    found = []
    for problem in error.problems:
        name, _, platform = problem.field.partition(".")
        reason = error.message if len(error.problems) == 1 else problem.message
        if name == "text" and platform:
            own = sketch.overrides.get(platform) is not None
            found.append(BadCell(sketch.row_of(platform), "teks_platform" if own else "teks", reason))
        elif name == "variables":
            found.append(BadCell(sketch.row, f"isi_{platform}", reason))
        else:
            found.append(BadCell(sketch.row, _COLUMN_OF.get(problem.field, ""), reason))
    return list(dict.fromkeys(found))
