"""Lets one finding of the guard pass for one post, with a reason on record, and looks again before a post is approved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.content.guard import Finding, Level, Rules, check_text
from app.content.guard_exemptions import KEPT_AS, Exemption, let_pass
from app.content.guard_service import facts_for
from app.kit.db import Database, ReadSession
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, Problem, Stale
from app.posts import rules, store, voices
from app.posts.models import Post
from app.posts.postering import said_in
from app.posts.rules import PostState, Reviewer
from app.tahapan.service import TahapanService

_OPEN = (PostState.DRAFT, PostState.REJECTED, PostState.IN_REVIEW)


@dataclass
class Exempting:
    db: Database
    now: Callable[[], datetime]
    guard: Rules
    tahapan: TahapanService

    async def exempt(self, actor: Actor, post_id: int, *, rule: str, reason: str) -> None:
        """Every present finding of `rule` in this post passes as long as its words stay; it is then submitted or approved
        as usual.

        Raises NotFound, Forbidden (not theirs to decide), Conflict (no such finding, or already decided), BadInput.
        """
        if not reason.strip():
            raise BadInput("Tulis alasannya; alasan ini dicatat dalam jejak audit.", Problem("reason", "wajib diisi"))
        async with self.db.read() as session:
            found = await store.find_post(session, actor.paths(Act.READ), post_id)
            if found is None:
                raise NotFound("Unggahan ini tidak ada, atau bukan milik unit Anda.")
            post, path = found
            texts = await self._texts(session, post)
        findings = [one for one, _ in texts if one.rule == rule and one.counts]
        if not findings or post.state not in _OPEN:
            raise Conflict("Temuan itu tidak ada lagi pada unggahan ini, atau unggahannya sudah diputuskan.")
        _must_decide(actor, path, post, findings)
        quotes = list(dict.fromkeys(quote for one, quote in texts if one.rule == rule and one.counts))
        new = [Exemption(rule, quote, reason.strip(), actor.user_id, self.now()).as_json() for quote in quotes]
        await self._keep(actor, post, [*post.content.get(KEPT_AS, ()), *new], findings[0])

    async def blocks_now(self, session: ReadSession, post: Post) -> list[Finding]:
        """What would hold the post back if it were written today: the calendar or the rules may have changed since."""
        found = [one for one, _ in await self._texts(session, post) if one.level == Level.BLOCK and one.counts]
        return [*found, *await voices.repeats(session, post)]

    async def _texts(self, session: ReadSession, post: Post) -> list[tuple[Finding, str]]:
        """Each finding of each text with the words it is about."""
        speakers = await unit_store.speakers(session, [post.unit_id], paths=["/"])
        speaker = speakers[post.unit_id]
        calendar = await self.tahapan.calendar(session, speaker.election_id)
        facts = facts_for(speaker, calendar, post.due_at or self.now())
        found = []
        for text in said_in(post.content):
            findings = let_pass(check_text(self.guard, text, facts), text, post.content.get(KEPT_AS, ()))
            found += [(one, text[slice(*one.span)]) for one in findings]
        return found

    async def _keep(self, actor: Actor, post: Post, kept: Sequence[object], finding: Finding) -> None:
        content = {**post.content, KEPT_AS: list(kept), **_without(post, finding.rule, _reason_of(kept))}
        detail = {"rule": finding.rule, "level": str(finding.level), "reason": _reason_of(kept)}
        async with self.db.write() as session:
            values = {"content": content, "updated_at": self.now()}
            if not await store.change_post(session, post.id or 0, version=post.version, values=values):
                raise Stale("Unggahan ini baru saja diubah orang lain. Muat ulang, lalu ulangi.")
            await record(
                session,
                at=self.now(),
                actor=actor.label,
                action="post.exempt",
                subject=f"post:{post.id}",
                detail=detail,
            )


def _must_decide(actor: Actor, path: str, post: Post, findings: Sequence[Finding]) -> None:
    """Whoever may approve a post may let its findings pass; what blocks or asks for the KPU, the KPU alone."""
    is_for_the_kpu = any(one.level is not Level.REMIND for one in findings)
    needs = Reviewer.KPU if is_for_the_kpu else Reviewer.ABOVE
    editor = post.content.get("edited_by")
    if why_not := rules.may_approve(actor, path, needs=needs, created_by=post.created_by, edited_by=editor):
        raise Forbidden(why_not)


def _without(post: Post, rule: str, reason: str) -> dict[str, object]:
    """Findings and troubles of the post as they read from now on."""
    guard = [{**one, "exempt": reason} if one["rule"] == rule else one for one in post.content.get("guard", ())]
    passed = {
        Finding(one["rule"], Level(one["level"]), one["reason"], (0, 0), one.get("title", "")).sentence
        for one in guard
        if one["rule"] == rule
    }
    return {
        "guard": guard,
        "troubles": [one for one in post.content.get("troubles", ()) if one["message"] not in passed],
    }


def _reason_of(kept: Sequence[object]) -> str:
    last = kept[-1]
    return str(last["reason"]) if isinstance(last, dict) else ""
