"""A complaint from finding what it is about to having it taken down: answered, frozen, withdrawn, followed."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.evidence import complaint_store as store
from app.evidence import rules
from app.evidence.models import Complaint
from app.evidence.packing import EvidenceService, Pack
from app.evidence.rules import MOST_TEXT, Answer, Sought, Warned
from app.kit.clock import Clock
from app.kit.db import Database, ReadSession
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, Problem
from app.kit.paging import Page, cut
from app.posts.broadcasts import BroadcastService
from app.publishing.rules import State
from app.publishing.withdrawing import WithdrawService, read_reason

SHOWN = 50
READ_AT_ONCE = 2_000
MOST_READ = 40_000
"""How many texts one search compares, the latest first."""


@dataclass(frozen=True)
class Match:
    """A delivery that may be meant. `likeness` 0 to 1; 1.0: its address or its very words."""

    id: int
    post_id: int
    broadcast_id: int | None
    unit_id: int
    unit_name: str
    timezone: str
    platform: str
    environment: str
    handle: str
    state: State
    text: str
    url: str | None
    published_at: datetime | None
    likeness: float = 1.0


@dataclass(frozen=True)
class Found:
    """`is_complete` False: there is more than was compared; a day narrows it."""

    answer: Answer
    matches: Sequence[Match]
    is_complete: bool


@dataclass(frozen=True)
class Progress:
    """Of the deliveries concerned: asked to be taken down, down, waiting for a person, and still to come."""

    asked: int
    down: int
    by_hand: int

    @property
    def left(self) -> int:
        return self.asked - self.down


@dataclass(frozen=True)
class ComplaintView:
    row: Complaint
    deliveries: Sequence[Match]
    progress: Progress
    is_late: bool


@dataclass(frozen=True)
class ComplaintService:
    """`folder` keeps the frozen ZIPs; `zone` is where a day begins."""

    db: Database
    clock: Clock
    evidence: EvidenceService
    withdrawing: WithdrawService
    broadcasts: BroadcastService
    folder: Path
    zone: str

    async def search(self, actor: Actor, sought: Sought) -> Found:
        """Everything that left where the actor reviews. Raises BadInput, Forbidden."""
        actor.must(Act.REVIEW)
        if not sought:
            raise BadInput("Isi alamat, teks, atau tanggal unggahan yang diadukan.", Problem("url", "isi salah satu"))
        if len(sought.text) > MOST_TEXT or len(sought.url) > rules.LONGEST_ADDRESS:
            raise BadInput("Teks atau alamatnya terlalu panjang.", Problem("text", f"paling panjang {MOST_TEXT} huruf"))
        paths = actor.paths(Act.REVIEW)
        if sought.url:
            matches, is_complete = await self._at_address(paths, sought), True
        else:
            matches, is_complete = await self._read(paths, sought)
        best = sorted(matches, key=lambda match: (-match.likeness, -match.id))[:SHOWN]
        return Found(Answer.SENT if best else Answer.NOT_SENT, best, is_complete)

    async def _at_address(self, paths: Sequence[str], sought: Sought) -> list[Match]:
        ids = rules.ids_in(sought.url)
        async with self.db.read() as session:
            rows = await store.at_address(session, paths, ids) if ids else []
        return [_match(row) for row in rows if rules.is_meant(sought.url, row["url"], row["remote_id"])]

    async def _read(self, paths: Sequence[str], sought: Sought) -> tuple[list[Match], bool]:
        """The latest first, some at a time, compared beside the loop."""
        found: list[Match] = []
        below, read = None, 0
        while read < MOST_READ:
            async with self.db.read() as session:
                between = self._day(sought)
                rows = await store.sent_rows(session, paths, between=between, below=below, limit=READ_AT_ONCE)
            found += await asyncio.to_thread(_alike, rows, sought.text)
            read += len(rows)
            if len(rows) < READ_AT_ONCE:
                return found, True
            if not sought.text and len(found) >= SHOWN:
                return found, False
            below = rows[-1]["id"]
        return found, False

    def _day(self, sought: Sought) -> tuple[datetime, datetime] | None:
        if sought.on is None:
            return None
        start = datetime.combine(sought.on, time(), ZoneInfo(self.zone))
        return start, start + timedelta(days=1)

    async def open(self, actor: Actor, sought: Sought, delivery_ids: Sequence[int], *, note: str = "") -> ComplaintView:
        """Keeps the complaint with its answer, and freezes the evidence of what it is about; none: not sent by this system.

        Raises BadInput, NotFound, Forbidden.
        """
        actor.must(Act.REVIEW)
        ids = list(dict.fromkeys(delivery_ids))
        if not sought:
            raise BadInput("Catat alamat, teks, atau tanggal yang diadukan.", Problem("url", "isi salah satu"))
        async with self.db.read() as session:
            rows = await store.by_id(session, actor.paths(Act.REVIEW), ids) if ids else []
        if len(rows) != len(ids):
            raise NotFound("Kiriman ini tidak ada, atau bukan wewenang tinjauan Anda.")
        unit_id = _handled_at(actor, [row["path"] for row in rows])
        packs = [await self._freeze(actor, rows)] if rows else []
        answer = Answer.SENT if rows else Answer.NOT_SENT
        async with self.db.write() as session:
            complaint = Complaint(
                unit_id=unit_id, asked=sought.as_json(), answer=answer, note=note.strip()[:2000], packs=packs,
                created_by=actor.user_id or None, created_at=self.clock.now(),
            )  # fmt: skip
            session.add(complaint)
            await session.flush()
            assert complaint.id is not None
            await store.hold(session, complaint.id, ids)
            detail = {"answer": answer, "deliveries": ids, "sha256": [pack["sha256"] for pack in packs]}
            await self._note(session, actor, "complaint.open", complaint.id, detail)
        return await self.get(actor, complaint.id)

    async def withdraw(
        self, actor: Actor, complaint_id: int, *, reason: str, deadline: datetime | None, siblings: bool
    ) -> ComplaintView:
        """Has what it is about taken down, with `siblings` everything of the same broadcasts; their evidence is frozen first.

        Raises BadInput, NotFound, Forbidden, Conflict.
        """
        said, now = read_reason(reason), self.clock.now()
        if deadline is not None and deadline <= now:
            raise BadInput("Tenggat harus sesudah sekarang.", Problem("deadline", "harus sesudah sekarang"))
        async with self.db.read() as session:
            complaint = await self._open_one(session, actor, complaint_id)
            rows = await store.of_complaint(session, complaint_id)
            sources = sorted({row["broadcast_id"] for row in rows if row["broadcast_id"]}) if siblings else []
            for row in rows:
                actor.must(Act.REVIEW, row["path"])
            others = await store.siblings(session, actor.paths(Act.READ), sources) if sources else []
        if not rows:
            raise Conflict("Aduan ini bukan tentang unggahan dari sistem ini, jadi tidak ada yang dapat dihapus.")
        new = [row for row in others if row["id"] not in {one["id"] for one in rows}]
        packs = [*complaint.packs, await self._freeze(actor, new)] if new else complaint.packs
        for broadcast_id in sources:
            await self.broadcasts.withdraw(actor, broadcast_id, reason=said)
        for row in rows:
            if row["broadcast_id"] not in sources:
                await self._take_down(actor, row, said)
        async with self.db.write() as session:
            fresh = await self._open_one(session, actor, complaint_id)
            fresh.told = fresh.told if fresh.deadline == deadline else Warned.NOT
            fresh.reason, fresh.deadline, fresh.packs = said, deadline, packs
            fresh.withdrawn_at = fresh.withdrawn_at or now
            session.add(fresh)
            await store.hold(session, complaint_id, [row["id"] for row in new])
            until = deadline.isoformat() if deadline else None
            detail = {"reason": said, "deadline": until, "siblings": siblings, "count": len(rows) + len(new)}
            await self._note(session, actor, "complaint.withdraw", complaint_id, detail)
        return await self.get(actor, complaint_id)

    async def _take_down(self, actor: Actor, row: Mapping[str, Any], reason: str) -> None:
        """One that is down already, or asked to be, stays as it is."""
        if row["state"] == State.WITHDRAWN or (row["asked_at"] and not row["ended_at"]):
            return
        await self.withdrawing.withdraw(actor, row["id"], reason=reason)

    async def close(self, actor: Actor, complaint_id: int, *, outcome: str) -> ComplaintView:
        """What was answered; the evidence stays frozen. Raises BadInput, NotFound, Conflict."""
        said = outcome.strip()[:2000]
        if not said:
            raise BadInput("Tulis apa jawabannya kepada pengadu.", Problem("outcome", "wajib diisi"))
        async with self.db.write() as session:
            complaint = await self._open_one(session, actor, complaint_id)
            complaint.outcome, complaint.closed_at = said, self.clock.now()
            session.add(complaint)
            await self._note(session, actor, "complaint.close", complaint_id, {"outcome": said})
        return await self.get(actor, complaint_id)

    async def get(self, actor: Actor, complaint_id: int) -> ComplaintView:
        """Raises NotFound."""
        async with self.db.read() as session:
            complaint = await _visible(session, actor, complaint_id)
            rows = await store.of_complaint(session, complaint_id)
        return _view(complaint, rows, now=self.clock.now())

    async def list(self, actor: Actor, *, limit: int, cursor: str | None = None) -> Page[Complaint]:
        actor.must(Act.REVIEW)
        before = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await store.find_all(session, actor.paths(Act.REVIEW), limit=limit + 1, before_id=before)
        return cut(rows, limit, lambda row: [row.id])

    async def frozen(self, actor: Actor, complaint_id: int, number: int = 0) -> tuple[Path, str]:
        """A frozen ZIP and its name. Raises NotFound."""
        complaint = (await self.get(actor, complaint_id)).row
        if complaint.is_expired:
            raise NotFound(
                "Masa simpan bukti pemilihan ini sudah lewat; berkasnya sudah dihapus, sidiknya tetap tercatat."
            )
        if not 0 <= number < len(complaint.packs):
            raise NotFound("Aduan ini tidak punya bukti dengan nomor itu.")
        path = self.folder / complaint.packs[number]["file"]
        if not await asyncio.to_thread(path.is_file):
            raise NotFound("Berkas bukti ini tidak ada lagi di penyimpanan. Pulihkan dari cadangan.")
        return path, f"bukti-aduan-{complaint_id}-{number + 1}.zip"

    async def _freeze(self, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        pack = await self.evidence.freeze(actor, sorted({row["post_id"] for row in rows}), "aduan")
        # A name of its own: two complaints may hold the same bytes, and each lets go of its own.
        name = f"{uuid4().hex}.zip"
        await asyncio.to_thread(_keep, pack, self.folder / name)
        return {
            "file": name,
            "sha256": pack.sha256,
            "bytes": pack.bytes,
            "at": self.clock.now().isoformat(),
            "posts": pack.posts,
        }

    async def _open_one(self, session: ReadSession, actor: Actor, complaint_id: int) -> Complaint:
        complaint = await _visible(session, actor, complaint_id)
        if complaint.closed_at is not None:
            raise Conflict("Aduan ini sudah selesai.")
        return complaint

    async def _note(
        self, session: Any, actor: Actor, action: str, complaint_id: int, detail: Mapping[str, Any]
    ) -> None:
        subject = f"complaint:{complaint_id}"
        await record(session, at=self.clock.now(), actor=actor.label, action=action, subject=subject, detail=detail)


async def _visible(session: ReadSession, actor: Actor, complaint_id: int) -> Complaint:
    complaint = await store.find(session, actor.paths(Act.REVIEW), complaint_id)
    if complaint is None:
        if not actor.paths(Act.REVIEW):
            actor.must(Act.REVIEW)
        raise NotFound("Aduan ini tidak ada, atau bukan wewenang Anda.")
    return complaint


def _handled_at(actor: Actor, paths: Sequence[str]) -> int:
    """The lowest of the actor's own units that stands above all that is concerned."""
    fitting = [grant for grant in actor.grants if grant.path in actor.paths(Act.REVIEW)]
    fitting = [grant for grant in fitting if all(path.startswith(grant.path) for path in paths)]
    if not fitting:
        raise Forbidden("Unggahan ini dari beberapa wilayah. Minta peninjau KPU menanganinya.")
    return max(fitting, key=lambda grant: len(grant.path)).unit_id


def _alike(rows: Sequence[Mapping[str, Any]], text: str) -> list[Match]:
    if not text.strip():
        return [_match(row) for row in rows]
    likeness = rules.alike(text, {row["id"]: row["message"].get("text", "") for row in rows})
    return [_match(row, likeness[row["id"]]) for row in rows if row["id"] in likeness]


def _match(row: Mapping[str, Any], likeness: float = 1.0) -> Match:
    names = ("id", "post_id", "broadcast_id", "unit_id", "unit_name", "timezone", "platform", "environment", "handle")
    return Match(
        **{name: row[name] for name in names}, state=State(row["state"]), text=row["message"].get("text", ""), url=row["url"],
        published_at=row["published_at"], likeness=round(likeness, 3),
    )  # fmt: skip


def _view(complaint: Complaint, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> ComplaintView:
    down = sum(row["state"] == State.WITHDRAWN for row in rows)
    asked = sum(row["state"] == State.WITHDRAWN or bool(row["asked_at"] and not row["ended_at"]) for row in rows)
    by_hand = sum(bool(row["by_hand"]) and row["state"] == State.PUBLISHED for row in rows)
    progress = Progress(asked, down, by_hand)
    is_late = complaint.deadline is not None and now > complaint.deadline and progress.left > 0
    return ComplaintView(complaint, [_match(row) for row in rows], progress, is_late)


def _keep(pack: Pack, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(pack.path, path)
