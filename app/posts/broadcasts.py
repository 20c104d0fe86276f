"""One template to many units: look first, then all of it in one go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.accounts import unit_store
from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.audit.service import record, tell
from app.content import store as content_store
from app.content.guard import Rules
from app.content.media import MediaService
from app.content.price import NOTHING
from app.kit.db import Database, ReadSession
from app.kit.errors import BadInput, Conflict, NotFound, Problem
from app.kit.paging import Page, cut
from app.platforms.contract import Adapter
from app.posts import store
from app.posts.broadcast_views import BroadcastInput as BroadcastInput
from app.posts.broadcast_views import BroadcastView as BroadcastView
from app.posts.broadcast_views import Sample as Sample
from app.posts.broadcast_views import UnitProblem as UnitProblem
from app.posts.broadcast_views import problem_json, request_json, samples_of
from app.posts.drafting import Draft as Draft
from app.posts.drafting import Drafter
from app.posts.models import Broadcast
from app.posts.rules import SUGGESTED, Answer
from app.posts.surveying import survey
from app.posts.telling import broadcast_review_wanted, suggested
from app.posts.writing import Writer
from app.publishing.service import PublishingService
from app.publishing.withdrawing import read_reason
from app.tahapan.service import TahapanService


@dataclass
class BroadcastService:
    db: Database
    now: Callable[[], datetime]
    grace: timedelta
    adapters: Mapping[str, Adapter]
    guard: Rules
    tahapan: TahapanService
    media: MediaService
    publishing: PublishingService

    async def preview(self, actor: Actor, wanted: BroadcastInput) -> BroadcastView:
        """What would be created, with everything that stands in the way; writes nothing."""
        if wanted.corrects:
            return _looked_at(await self.draft(actor, wanted))
        return await survey(self._drafter, actor, wanted)

    async def draft(self, actor: Actor, wanted: BroadcastInput) -> Draft:
        """Reads and plans all of it; writes nothing. Raises Forbidden, NotFound, BadInput."""
        return await self._drafter.draft(actor, wanted)

    @property
    def _drafter(self) -> Drafter:
        return Drafter(self.db, self.now, self.grace, self.adapters, self.guard, self.tahapan, self.media)

    async def create(self, actor: Actor, wanted: BroadcastInput) -> BroadcastView:
        """All posts in one transaction. Units with problems are left out and named; none left is a BadInput."""
        draft = await self.draft(actor, wanted)
        if not draft.items:
            reasons = list(dict.fromkeys(problem.reason for problem in draft.problems))
            shown = " ".join(reasons[:3]) or "Tidak ada unit yang cocok dengan pilihan ini."
            raise BadInput(
                f"Siaran tidak dibuat. {shown}", *(Problem(f"unit.{p.unit_id}", p.reason) for p in draft.problems[:50])
            )
        row = Broadcast(
            unit_id=draft.root_id,
            template_id=wanted.template_id,
            mode=wanted.mode,
            environment=draft.environment,
            request=request_json(wanted),
            units=len(draft.items),
            posts=len(draft.items),
            deliveries=sum(len(item.plan.channels) for item in draft.items),
            problems=[problem_json(p) for p in draft.problems],
            deadline=wanted.deadline,
            corrects=wanted.corrects,
            created_by=actor.user_id,
            created_at=self.now(),
        )
        async with self.db.write() as session:
            await self.tahapan.must_still_be(session, draft.common.calendar)
            session.add(row)
            await session.flush()
            assert row.id is not None
            is_offered = wanted.mode == SUGGESTED
            # A suggestion waits on the unit's own desk: nothing is queued before somebody there has said yes.
            items = [replace(item, route=None) for item in draft.items] if is_offered else draft.items
            answer = Answer.WAITING if is_offered else Answer.NONE
            common = replace(draft.common, broadcast_id=row.id, answer=answer)
            ids = await Writer(self.media, self.publishing, self.adapters).insert(session, items, common)
            detail = {"template": draft.template.key, "units": row.units, "deliveries": row.deliveries}
            await record(
                session,
                at=self.now(),
                actor=actor.label,
                action="broadcast.create",
                subject=f"broadcast:{row.id}",
                detail=detail,
            )
            await tell(
                session,
                suggested(row, ids, items)
                if is_offered
                else broadcast_review_wanted(row, items, is_urgent=wanted.urgent),
                at=self.now(),
            )
        return await self.get(actor, row.id)

    async def get(self, actor: Actor, broadcast_id: int) -> BroadcastView:
        async with self.db.read() as session:
            row = await self._visible(session, actor, broadcast_id)
            return (await self._views(session, [row]))[0]

    async def list(self, actor: Actor, *, limit: int, cursor: str | None = None) -> Page[BroadcastView]:
        before = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await store.find_broadcasts(session, actor.paths(Act.READ), limit=limit + 1, before_id=before)
            page = cut(rows, limit, lambda row: [row.id])
            return Page(await self._views(session, page.rows), page.next)

    async def any(self) -> bool:
        """Has anything ever been broadcast here?"""
        async with self.db.read() as session:
            return bool(await store.find_broadcasts(session, ["/"], limit=1, before_id=None))

    async def cancel(self, actor: Actor, broadcast_id: int, *, reason: str = "") -> BroadcastView:
        """Stops everything of it that has not left."""
        said = reason.strip() or "Siaran dibatalkan."
        async with self.db.write() as session:
            row = await self._visible(session, actor, broadcast_id)
            unit = await unit_store.unit(session, row.unit_id, paths=actor.paths(Act.READ))
            actor.must(Act.BROADCAST, unit.path if unit else None)
            if not await store.close_broadcast(session, broadcast_id, now=self.now()):
                raise Conflict("Siaran ini sudah dibatalkan.")
            await store.hold_broadcast_posts(session, broadcast_id)
            count = await self.publishing.cancel(session, broadcast_id=broadcast_id, reason=said)
            await store.cancel_broadcast_posts(session, broadcast_id, now=self.now(), reason=said)
            detail = {"cancelled": count, "reason": said}
            await record(
                session,
                at=self.now(),
                actor=actor.label,
                action="broadcast.cancel",
                subject=f"broadcast:{broadcast_id}",
                detail=detail,
            )
        return await self.get(actor, broadcast_id)

    async def withdraw(self, actor: Actor, broadcast_id: int, *, reason: str) -> BroadcastView:
        """Takes down all of it that is out or may be, and stops what has not left. Raises BadInput, NotFound, Forbidden."""
        said, now = read_reason(reason), self.now()
        async with self.db.write() as session:
            row = await self._visible(session, actor, broadcast_id)
            unit = await unit_store.unit(session, row.unit_id, paths=actor.paths(Act.READ))
            actor.must(Act.BROADCAST, unit.path if unit else None)
            await store.close_broadcast(session, broadcast_id, now=now)
            await store.hold_broadcast_posts(session, broadcast_id)
            count = await self.publishing.cancel(session, broadcast_id=broadcast_id, reason=said)
            await store.cancel_broadcast_posts(session, broadcast_id, now=now, reason=said)
            asked = await self.publishing.want_down(session, broadcast_id, reason=said, asked_by=actor.user_id)
            detail = {"withdrawn": asked, "cancelled": count, "reason": said}
            subject = f"broadcast:{broadcast_id}"
            await record(
                session, at=now, actor=actor.label, action="broadcast.withdraw", subject=subject, detail=detail
            )
        return await self.get(actor, broadcast_id)

    async def _visible(self, session: ReadSession, actor: Actor, broadcast_id: int) -> Broadcast:
        row = await store.find_broadcast(session, actor.paths(Act.READ), broadcast_id)
        if row is None:
            raise NotFound("Siaran ini tidak ada, atau bukan dari unit Anda.")
        return row

    async def _views(self, session: ReadSession, rows: Sequence[Broadcast]) -> Sequence[BroadcastView]:
        ids = [row.id for row in rows if row.id is not None]
        states = await self.publishing.broadcast_states(session, ids)
        down = await self.publishing.taken_down(session, ids)
        waiting = await store.count_in_review(session, ids)
        titles = await content_store.titles(session, [row.template_id for row in rows])
        answers = await store.count_answers(session, [row.id or 0 for row in rows if row.mode == SUGGESTED])
        return [
            BroadcastView(
                row.id,
                row.template_id,
                titles.get(row.template_id, ""),
                row.mode,
                row.environment,
                row.units,
                row.posts,
                row.deliveries,
                waiting.get(row.id or 0, 0),
                states[row.id or 0],
                [UnitProblem(**problem) for problem in row.problems],
                deadline=row.deadline,
                created_at=row.created_at,
                cancelled_at=row.cancelled_at,
                withdrawal=down.get(row.id or 0),
                corrects=row.corrects,
                answers=answers.get(row.id or 0, {}),
                created_by=row.created_by,
                approved_by=row.approved_by,
                approved_at=row.approved_at,
            )
            for row in rows
        ]


def _looked_at(draft: Draft) -> BroadcastView:
    deliveries = sum(len(item.plan.channels) for item in draft.items)
    waiting = sum(item.waits for item in draft.items)
    samples = [sample for item in draft.items[:3] for sample in samples_of(item.plan)]
    return BroadcastView(
        None,
        draft.template.id or 0,
        draft.template.title,
        "",
        draft.environment,
        len(draft.items),
        len(draft.items),
        deliveries,
        waiting,
        {},
        draft.problems,
        samples,
        price=sum((item.plan.price for item in draft.items), NOTHING),
        corrected=draft.corrected,
    )
