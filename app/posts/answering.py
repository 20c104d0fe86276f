"""What units answer to a suggestion, and how far a broadcast has come unit by unit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.kit.db import Database
from app.kit.errors import BadInput, Conflict, NotFound, Problem, Stale
from app.kit.paging import Page, cut
from app.posts import progress_rules, progress_store, store
from app.posts.progress_rules import Progress
from app.posts.rules import Answer, PostState
from app.posts.service import CHANGED


@dataclass(frozen=True)
class UnitProgress:
    """One unit's part of a broadcast. `out` of `wanted` deliveries are public; `reason`: why one is not, or was declined."""

    post_id: int
    unit_id: int
    unit_name: str
    progress: Progress
    is_late: bool
    out: int
    wanted: int
    due_at: datetime | None
    published_at: datetime | None
    reason: str


@dataclass
class AnswerService:
    db: Database
    now: Callable[[], datetime]

    async def decline(self, actor: Actor, post_id: int, *, reason: str) -> None:
        """The unit will not publish a suggestion. Raises NotFound, Forbidden, BadInput without a reason, Conflict once answered."""
        said = reason.strip()
        if not said:
            raise BadInput("Tulis alasan menolak saran ini.", Problem("reason", "wajib diisi"))
        async with self.db.write() as session:
            found = await store.find_post(session, actor.paths(Act.READ), post_id)
            if found is None:
                raise NotFound("Unggahan ini tidak ada, atau bukan milik unit Anda.")
            post, path = found
            actor.must(Act.WRITE, path)
            if post.answer != Answer.WAITING:
                raise Conflict("Saran ini sudah dijawab, atau unggahan ini bukan saran.")
            now = self.now()
            values = {"state": PostState.CANCELLED, "answer": Answer.DECLINED, "reason": said, "updated_at": now}
            if not await store.change_post(session, post_id, version=post.version, values=values):
                raise Stale(CHANGED)
            detail = {"reason": said, "broadcast": post.broadcast_id}
            subject = f"post:{post_id}"
            await record(session, at=now, actor=actor.label, action="post.decline", subject=subject, detail=detail)

    async def deadline(self, actor: Actor, post_id: int) -> datetime | None:
        """Until when the KPU wants an answer to a suggestion; the unit itself does not see the broadcast."""
        async with self.db.read() as session:
            return await progress_store.deadline_of(session, actor.paths(Act.READ), post_id)

    async def progress(
        self, actor: Actor, broadcast_id: int, *, late_only: bool = False, limit: int, cursor: str | None = None
    ) -> Page[UnitProgress]:
        """Unit by unit, of a broadcast in the actor's sight. `late_only`: what should be out by now and is not."""
        after = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            row = await store.find_broadcast(session, actor.paths(Act.READ), broadcast_id)
            if row is None:
                raise NotFound("Siaran ini tidak ada, atau bukan dari unit Anda.")
            now = self.now()
            rows = await progress_store.units(
                session, actor.paths(Act.READ), row, now=now, late_only=late_only, limit=limit + 1, after=after
            )
        page = cut(rows, limit, lambda each: [each["post_id"]])
        return Page([_progress(each, row.deadline, now) for each in page.rows], page.next)

    async def late_count(self, actor: Actor, broadcast_id: int) -> int:
        async with self.db.read() as session:
            row = await store.find_broadcast(session, actor.paths(Act.READ), broadcast_id)
            if row is None:
                return 0
            return await progress_store.count_late(session, actor.paths(Act.READ), row, now=self.now())


def _progress(row: Mapping[str, object], deadline: datetime | None, now: datetime) -> UnitProgress:
    part = progress_rules.Part(**{name: row[name] for name in progress_rules.Part.__dataclass_fields__})  # type: ignore[arg-type]
    shown = {name: row[name] for name in ("post_id", "unit_id", "unit_name", "out", "wanted", "due_at", "published_at")}
    return UnitProgress(
        **shown,  # type: ignore[arg-type]
        progress=progress_rules.progress_of(part),
        is_late=progress_rules.is_late(part, deadline=deadline, now=now),
        reason=str(row["reason"] or row["why"] or ""),
    )
