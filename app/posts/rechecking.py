"""Reads approved posts once more before they leave: the calendar, a unit's facts or the rules may have changed since."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.accounts import unit_store
from app.audit.events import Event, EventKind
from app.audit.service import record, tell
from app.content.guard import Finding, Level, Rules, check_text
from app.content.guard_exemptions import KEPT_AS, let_pass
from app.content.guard_service import facts_for
from app.content.guard_types import GuardFacts
from app.kit.db import Database, WriteSession
from app.posts import recheck_store, store
from app.posts.models import Post
from app.posts.postering import said_in
from app.posts.rules import PostState, Reviewer
from app.publishing.renewing import Renewal, renew, standing_of
from app.tahapan.service import TahapanService

AHEAD = timedelta(minutes=60)
"""How long before its minute a post is read again; a person must still have time to look."""
FRESH = timedelta(hours=6)
"""What was read within this time is not read again."""
SOON_STALE = timedelta(minutes=10)
"""What waits for a platform that is out is read again after so long: its minute is passing."""
AT_ONCE = 300
"""Posts of one sweep, so that reading never delays sending: a country's broadcast is read within the hour."""


@dataclass
class Rechecking:
    db: Database
    now: Callable[[], datetime]
    guard: Rules
    tahapan: TahapanService

    async def recheck(self) -> int:
        """Sends back to the KPU what blocks now, or asks for a review that nobody has given. Answers how many."""
        now = self.now()
        async with self.db.read() as session:
            posts = await recheck_store.unread(
                session, due_from=now, due_before=now + AHEAD, read_before=now - FRESH, limit=AT_ONCE
            )
            # What an outage keeps back is read for the moment at which it would leave now.
            late = await recheck_store.held_back(session, now=now, read_before=now - SOON_STALE, limit=AT_ONCE)
            posts = [*posts, *late]
            if not posts:
                return 0
            speakers = await unit_store.speakers(session, sorted({post.unit_id for post in posts}), paths=["/"])
            elections = {speaker.election_id for speaker in speakers.values()}
            calendars = {one: await self.tahapan.calendar(session, one) for one in elections}
        facts = [
            facts_for(speakers[p.unit_id], calendars[speakers[p.unit_id].election_id], max(p.due_at or now, now))
            for p in posts
        ]
        # Beside the publisher's loop, which must not wait for it.
        found = await asyncio.to_thread(self._read_all, posts, facts)
        held = 0
        async with self.db.write() as session:
            await recheck_store.note_read(session, [post.id or 0 for post in posts], at=now)
            for post, findings in zip(posts, found, strict=True):
                held += bool(findings) and await self._send_back(session, post, findings)
        return held

    def _read_all(self, posts: Sequence[Post], facts: Sequence[GuardFacts]) -> list[list[Finding]]:
        return [self._serious(post, own) for post, own in zip(posts, facts, strict=True)]

    def _serious(self, post: Post, facts: GuardFacts) -> list[Finding]:
        """What blocks, and what asks for a review and was not there when the post was approved."""
        known = {found["rule"] for found in post.content.get("guard", ())}
        serious = []
        for text in said_in(post.content):
            for found in let_pass(check_text(self.guard, text, facts), text, post.content.get(KEPT_AS, ())):
                is_new = found.level is Level.REVIEW and found.rule not in known
                if found.counts and (found.level is Level.BLOCK or is_new):
                    serious.append(found)
        return serious

    async def _send_back(self, session: WriteSession, post: Post, findings: Sequence[Finding]) -> bool:
        """False where somebody changed it meanwhile: what they wrote has just been read."""
        post_id, now = post.id or 0, self.now()
        why = list(dict.fromkeys(found.sentence for found in findings))
        guard = [*post.content.get("guard", ()), *(found.as_json() for found in findings)]
        content = {**post.content, "guard": guard, "review": {"by": Reviewer.KPU, "why": why}}
        values = {
            "state": PostState.IN_REVIEW, "reason": "; ".join(why), "content": content, "approved_by": None, "updated_at": now,
        }  # fmt: skip
        if not await store.change_post(session, post_id, version=post.version, values=values):
            return False
        standing = (await standing_of(session, [post_id], lock=True))[post_id]
        # What a worker holds already is on its way: its answer is waited for, no newer words are promised.
        still = [one for one in standing if one.may_leave]
        await renew(session, [Renewal(one, None, one.due_at, one.valid_until, why[0]) for one in still], now=now)
        detail = {"rules": [found.rule for found in findings]}
        await record(session, at=now, actor="sistem", action="post.recheck", subject=f"post:{post_id}", detail=detail)
        authors = [author for author in (post.created_by, post.content.get("edited_by")) if author is not None]
        wanted = {
            "needs": str(Reviewer.KPU),
            "why": why,
            "due_at": post.due_at and post.due_at.isoformat(),
            "authors": authors,
        }
        await tell(session, [Event(EventKind.POST_IN_REVIEW, f"post:{post_id}", post.unit_id, wanted)], at=now)
        return True
