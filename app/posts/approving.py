"""Approving many at once: posts that say the same, and a broadcast with every copy that nobody has touched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.audit.service import record, tell
from app.kit.db import Database
from app.kit.errors import AppError, Conflict, Forbidden, NotFound
from app.posts import review_store, rules, store, telling
from app.posts.copies import CopyApproval
from app.posts.service import PostService

MOST = 200


@dataclass(frozen=True)
class Refusal:
    post_id: int
    reason: str


@dataclass(frozen=True)
class Approved:
    """Each is decided on its own, so that one that is refused does not hold back the others."""

    approved: Sequence[int]
    refused: Sequence[Refusal]


@dataclass
class Approving:
    db: Database
    now: Callable[[], datetime]
    posts: PostService
    copies: CopyApproval

    async def approve(self, actor: Actor, post_ids: Sequence[int], *, reason: str = "") -> Approved:
        """In the order given, each once; raises Forbidden for somebody who reviews nothing."""
        actor.must(Act.REVIEW)
        approved, refused = [], []
        for post_id in dict.fromkeys(post_ids):
            try:
                await self.posts.approve(actor, post_id, reason=reason)
                approved.append(post_id)
            except AppError as error:
                refused.append(Refusal(post_id, error.message))
        return Approved(approved, refused)

    async def approve_broadcast(self, actor: Actor, broadcast_id: int, *, reason: str = "") -> Approved:
        """All copies that wait and are untouched, and with them those that units still take over as they are.

        A copy that a unit has changed is left to be read by itself; so is one that the guard would stop today. Raises NotFound, Forbidden, Conflict.
        """
        async with self.db.write() as session:
            row = await store.find_broadcast(session, actor.paths(Act.READ), broadcast_id)
            if row is None:
                raise NotFound("Siaran ini tidak ada, atau bukan dari unit Anda.")
            unit = await unit_store.unit(session, row.unit_id, paths=actor.paths(Act.READ))
            if unit is None or not rules.reviews_for_the_kpu(actor, unit.path):
                raise Forbidden("Siaran disetujui sekaligus oleh KPU (Divisi Sosdiklih).")
            if row.created_by == actor.user_id:
                raise Forbidden("Anda yang membuat siaran ini. Minta peninjau lain untuk menyetujuinya.")
            if row.cancelled_at is not None:
                raise Conflict("Siaran ini sudah dibatalkan.")
            await review_store.mark_approved(session, broadcast_id, by=actor.user_id, at=self.now())
            subject = f"broadcast:{broadcast_id}"
            await record(
                session, at=self.now(), actor=actor.label, action="broadcast.approve", subject=subject,
                detail={"reason": reason},
            )  # fmt: skip
        approved, refused = await self.copies.approve(actor, row, reason=reason)
        if approved:
            async with self.db.write() as session:
                event = telling.copies_approved(row, len(approved), actor, reason)
                await tell(session, [event], at=self.now())
        return Approved(approved, [Refusal(*each) for each in refused.items()])
