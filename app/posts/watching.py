"""Watches over what waits for a reviewer: reminds, asks others, and ends what nobody has approved in time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.audit.service import record, tell
from app.kit.db import Database, WriteSession
from app.posts import review_store, review_telling, store
from app.posts.models import Post, ReviewWait
from app.posts.review_rules import UNAPPROVED, Step, Wait
from app.posts.review_telling import Waiting
from app.posts.rules import PostState
from app.publishing.lapse_store import lapse

LAPSED = f"{UNAPPROVED} Pilih waktu lain, lalu ajukan lagi."


@dataclass
class ReviewWatch:
    db: Database
    now: Callable[[], datetime]

    async def watch(self, *, limit: int = 2000) -> int:
        """One sweep over up to `limit` posts; answers how many came a step further. Any number of workers may."""
        now = self.now()
        async with self.db.read() as session:
            fresh = await review_store.unwatched(session, limit=limit)
        async with self.db.write() as session:
            if fresh:
                await review_store.watch(session, [_row(post) for post in fresh])
            await review_store.forget_ended(session)
        async with self.db.write() as session:
            found = await review_store.due_waits(session, now=now, limit=limit)
            moved = [one for each in found if (one := await self._step(session, *each)) is not None]
            await tell(session, review_telling.waited(moved), at=now)
        return len(moved)

    async def _step(self, session: WriteSession, post: Post, row: ReviewWait, home: int | None) -> Waiting | None:
        """None where somebody was faster, or the step has not come yet after all."""
        wait = _wait(post, row.asked_at)
        step = wait.reached(Step(row.step), self.now())
        _, act_at = wait.following(step)
        if not await review_store.advance(session, row.post_id, seen=row.step, step=step, act_at=act_at):
            return None
        if step is Step.LAPSE and not await self._lapse(session, post):
            return None
        return Waiting(post, step, home) if step > row.step else None

    async def _lapse(self, session: WriteSession, post: Post) -> bool:
        """Back to its authors, who may choose another time; False where somebody changed it meanwhile."""
        post_id, now = post.id or 0, self.now()
        values = {"state": PostState.REJECTED, "reason": LAPSED, "updated_at": now}
        if not await store.change_post(session, post_id, version=post.version, values=values):
            return False
        await lapse(session, [post_id], reason=UNAPPROVED)
        detail = {"due_at": post.due_at and post.due_at.isoformat()}
        await record(session, at=now, actor="sistem", action="post.lapse", subject=f"post:{post_id}", detail=detail)
        return True


def _wait(post: Post, asked_at: datetime) -> Wait:
    assert post.due_at is not None
    return Wait(asked_at, post.due_at, post.valid_until or post.due_at)


def _row(post: Post) -> dict[str, object]:
    wait = _wait(post, post.updated_at)
    return {
        "post_id": post.id,
        "due_at": wait.due_at,
        "asked_at": wait.asked_at,
        "step": Step.NONE,
        "act_at": wait.following(Step.NONE)[1],
    }
