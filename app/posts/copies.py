"""Approves the untouched copies of a broadcast some thousands at a time: each batch is read, judged, and written by a few statements."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts import unit_store
from app.accounts.rules import Actor
from app.accounts.speaker import Speaker
from app.audit.models import AuditEvent
from app.content.guard import Level, Rules, check_text
from app.content.guard_exemptions import KEPT_AS, let_pass
from app.content.guard_service import facts_for
from app.kit.db import Database, WriteSession
from app.platforms.contract import Adapter
from app.posts import review_store, rules, voices
from app.posts.models import Broadcast, Post
from app.posts.postering import said_in
from app.posts.rules import Reviewer
from app.posts.writing import freeze
from app.publishing import store as queue
from app.publishing.renewing import standing_of
from app.publishing.rules import State, hash_of
from app.tahapan.rules import Calendar
from app.tahapan.service import TahapanService

BATCH = 2_000
CHANGED = "Unggahan ini baru saja diubah orang lain. Muat ulang, lalu ulangi."
TOO_LATE = "Waktu terbitnya sudah lewat. Ubah waktunya dulu, lalu setujui."


@dataclass(frozen=True)
class Batch:
    """Posts as they were read, and why some of them may not leave; `last` is where the next batch begins."""

    posts: Sequence[Post]
    refused: Mapping[int, str]
    calendar: Calendar
    last: int


@dataclass(frozen=True)
class CopyApproval:
    db: Database
    now: Callable[[], datetime]
    guard: Rules
    tahapan: TahapanService
    adapters: Mapping[str, Adapter]

    async def approve(self, actor: Actor, row: Broadcast, *, reason: str) -> tuple[list[int], dict[int, str]]:
        """Every copy that waits and says just what the broadcast says: those approved, and why the others were not."""
        approved: list[int] = []
        refused: dict[int, str] = {}
        after = 0
        while (batch := await self._read(actor, row, after)) is not None:
            fine = [post for post in batch.posts if post.id not in batch.refused]
            async with self.db.write() as session:
                await self.tahapan.must_still_be(session, batch.calendar)
                still = await review_store.hold_waiting(session, {post.id or 0: post.version for post in fine})
                await self._write(session, actor, [post for post in fine if post.id in still], reason)
            refused.update(batch.refused)
            refused.update({post.id or 0: CHANGED for post in fine if post.id not in still})
            approved += sorted(still)
            after = batch.last
        return approved, refused

    async def _read(self, actor: Actor, row: Broadcast, after: int) -> Batch | None:
        async with self.db.read() as session:
            found = await review_store.waiting_copies(session, row.id or 0, after=after, limit=BATCH)
            if not found:
                return None
            posts = [post for post in found if not (post.content.get("text") or post.content.get("overrides"))]
            speakers = await unit_store.speakers(session, sorted({post.unit_id for post in found}), paths=["/"])
            calendar = await self.tahapan.calendar(session, speakers[found[0].unit_id].election_id)
            said = await voices.echoes(session, posts, environment=row.environment)
        refused = await asyncio.to_thread(self._judge, actor, posts, speakers, calendar, said)
        return Batch(posts, refused, calendar, found[-1].id or 0)

    def _judge(
        self,
        actor: Actor,
        posts: Sequence[Post],
        speakers: Mapping[int, Speaker],
        calendar: Calendar,
        said: Mapping[str, set[int]],
    ) -> dict[int, str]:
        """Beside the loop: the guard reads every text as it would today."""
        found = {}
        for post in posts:
            if why_not := self._why_not(actor, post, speakers[post.unit_id], calendar, said):
                found[post.id or 0] = why_not
        return found

    def _why_not(
        self, actor: Actor, post: Post, speaker: Speaker, calendar: Calendar, said: Mapping[str, set[int]]
    ) -> str | None:
        needs = Reviewer(post.content.get("review", {}).get("by", Reviewer.ABOVE))
        editor = post.content.get("edited_by")
        not_theirs = rules.may_approve(actor, speaker.path, needs=needs, created_by=post.created_by, edited_by=editor)
        if not_theirs:
            return not_theirs
        if post.due_at is None or post.valid_until is None or post.valid_until <= self.now():
            return TOO_LATE
        facts = facts_for(speaker, calendar, post.due_at)
        for text in said_in(post.content):
            for one in let_pass(check_text(self.guard, text, facts), text, post.content.get(KEPT_AS, ())):
                if one.level == Level.BLOCK and one.counts:
                    return f"Tidak dapat disetujui: {one.sentence}. Minta penulisnya memperbaiki."
        return voices.echoed(post, said)

    async def _write(self, session: WriteSession, actor: Actor, posts: Sequence[Post], reason: str) -> None:
        if not posts:
            return
        now, ids = self.now(), [post.id or 0 for post in posts]
        await review_store.schedule(session, ids, by=actor.user_id, reason=reason, now=now)
        standing = await standing_of(session, ids)
        rows, channels = [], set()
        for post in posts:
            for each in standing[post.id or 0]:
                if each.state is not State.WAITING or post.due_at is None:
                    continue
                frozen = freeze(post.content, self.adapters[each.platform])
                body = frozen.body()
                rows.append({
                    "id": each.id, "message": body, "message_hash": hash_of(body), "act_at": max(post.due_at, now),
                    "due_at": post.due_at, "valid_until": post.valid_until, "wants_prepare": frozen.has_media,
                })  # fmt: skip
                channels.add(each.channel_id)
        if rows:
            await queue.freeze(session, rows)
            await queue.hold_speechless(session, sorted(channels))
        await session.insert_many(AuditEvent, [_event(identity, actor, reason, now) for identity in ids])


def _event(post_id: int, actor: Actor, reason: str, now: datetime) -> dict[str, object]:
    act = {"at": now, "actor": actor.label, "action": "post.approve", "subject": f"post:{post_id}"}
    return {**act, "detail": {"reason": reason, "with_broadcast": True}, "seq": None, "prev_hash": None, "hash": None}
