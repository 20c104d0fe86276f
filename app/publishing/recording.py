"""Writes what came of tries: many at once, fenced, with everything that follows from them in the same transaction."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.audit.models import AuditEvent
from app.channels.rules import may_be_outage
from app.channels.service import ChannelService
from app.kit.db import Database, WriteSession
from app.kit.logs import redact
from app.platforms.contract import Handed, Json, Published, PublishError, Room, Scope
from app.publishing import store, withdraw_store
from app.publishing.breaker import Breaker
from app.publishing.claims import RENEWING, Claim
from app.publishing.outages import is_sign
from app.publishing.pacing import Pacer
from app.publishing.renewing import take_over
from app.publishing.rules import FIRST_LOOK, MAY_TAKE_OVER, Next, State, lanes_beside
from app.publishing.telling import needs_a_person, tell_failures


@dataclass(frozen=True)
class Result:
    """What one try came to."""

    claim: Claim
    kind: str
    started_at: datetime
    ended_at: datetime
    step: Next
    error: PublishError | None
    published: Published | Handed | None


@dataclass
class Witness:
    """What a platform prepared for a try. `is_kept`: written down, and the delivery is still the one that was claimed."""

    claim: Claim
    prepared: Json
    is_kept: bool = False

    def row(self) -> dict[str, Any]:
        claim = self.claim
        known = {"id": claim.id, "attempt": claim.attempt, "message_hash": claim.message_hash}
        return {**known, "prepared": dict(self.prepared)}


@dataclass(frozen=True)
class Recorder:
    db: Database
    now: Callable[[], datetime]
    channels: ChannelService
    pacer: Pacer
    breaker: Breaker
    worker_id: str

    async def write(self, results: list[Result]) -> None:
        async with self.db.write() as session:
            await store.record_results(session, [self._row(result) for result in results])
            await store.add_attempts(session, [self._attempt(result) for result in results])
            await self._follow(session, results)
            failed = {result.claim.id: result.claim.attempt for result in results if needs_a_person(result.step)}
            await tell_failures(session, failed, at=self.now())
            await session.insert_many(
                AuditEvent, [self._event(result) for result in results if result.step.state is State.PUBLISHED]
            )

    async def write_prepared(self, witnesses: list[Witness]) -> None:
        async with self.db.write() as session:
            kept = await store.store_prepared(session, [each.row() for each in witnesses])
        for each in witnesses:
            each.is_kept = (each.claim.id, each.claim.attempt) in kept

    async def _follow(self, session: WriteSession, results: list[Result]) -> None:
        """Channels that hold, channels and lanes that wait: each once, however many results say so."""
        holds = {result.claim.channel_id: result for result in results if result.step.hold_channel}
        for result in holds.values():
            await self._hold(session, result)
        renewing = {result.claim.channel_id for result in results if result.step.code == RENEWING}
        if renewing:
            await self.channels.check_soon(session, sorted(renewing))
        not_out = [result.claim.id for result in results if result.step.state in MAY_TAKE_OVER]
        if not_out:
            await take_over(session, not_out, now=self.now())
            await withdraw_store.drop_unsent(session, not_out, now=self.now())
        again = {result.claim.channel_id for result in results if result.step.state is State.DUE}
        if again:
            await store.hold_speechless(session, sorted(again))
        for result in results:
            if result.step.pause is None:
                continue
            scope, until = result.step.pause
            if scope is Scope.CHANNEL:
                await store.postpone_channel(session, result.claim.channel_id, until=until)
            else:
                for lane in lanes_beside(result.claim.lane):
                    await store.pause_lane(session, lane, until=until, reason=result.step.reason)

        await self._hear(session, results)
        await self._watch(session, results)

    async def _watch(self, session: WriteSession, results: list[Result]) -> None:
        """Whether a platform fails its accounts, once a lane; a look says nothing of that."""
        bad: dict[str, list[int]] = defaultdict(list)
        good: Counter[str] = Counter()
        for result in results:
            if result.kind != "send":
                continue
            good[result.claim.lane] += result.published is not None
            if is_sign(result.error):
                bad[result.claim.lane].append(result.claim.channel_id)
        for lane, served in good.items():
            await self.breaker.hear(session, lane, bad[lane], served)

    async def _hear(self, session: WriteSession, results: list[Result]) -> None:
        """What platforms say of their limits, once a lane."""
        said: dict[str, list[tuple[int, Room]]] = defaultdict(list)
        for result in results:
            for room in result.published.room if isinstance(result.published, Published) else ():
                said[result.claim.lane].append((result.claim.channel_id, room))
        for lane, rooms in said.items():
            await self.pacer.hear(session, lane, rooms)

    async def _hold(self, session: WriteSession, result: Result) -> None:
        """A dead credential is told at once; one that may only be in doubt is asked about first, and its queue waits."""
        channel_id, reason = result.claim.channel_id, result.step.reason
        if not may_be_outage(result.error):
            await self.channels.needs_reconnect(session, channel_id, reason)
        elif not await self.channels.suspect(session, channel_id, since=result.started_at):
            await store.release_channel(session, channel_id, now=self.now())  # renewed while this try was under way
            return
        await store.hold_channel(session, channel_id, reason=reason)

    def _row(self, result: Result) -> dict[str, Any]:
        claim, step, said = result.claim, result.step, result.published
        published = said if isinstance(said, Published) else None
        is_out = step.state is State.PUBLISHED
        # A look finds the post's own time; a send is timed when its answer came.
        published_at = (published.created_at if published and result.kind == "look" else None) or result.ended_at
        return {
            "id": claim.id,
            "attempt": claim.attempt,
            "worker_id": self.worker_id,
            "forget": step.forget_prepared,
            "state": step.state,
            "act_at": step.act_at,
            "reason": step.reason,
            "code": step.code,
            "looks": step.looks,
            "remote_id": _remote_id(said),
            "url": published.url if published else None,
            "published_at": published_at if is_out else None,
            # The post that was edited has its numbers already; they must not count twice.
            "metrics_at": published_at + FIRST_LOOK if is_out and not claim.edits else None,
        }

    def _attempt(self, result: Result) -> dict[str, Any]:
        error = result.error
        return {
            "delivery_id": result.claim.id,
            "n": result.claim.attempt,
            "kind": result.kind,
            "worker_id": self.worker_id,
            "started_at": result.started_at,
            "ended_at": result.ended_at,
            "outcome": result.step.outcome,
            "http_status": error.http_status if error else None,
            "code": error.code if error else "",
            "detail": redact(error.message if error else result.step.reason)[:500],
        }

    def _event(self, result: Result) -> dict[str, Any]:
        claim = result.claim
        detail = {"platform": claim.platform, "remote_id": _remote_id(result.published)}
        detail |= {"sha256": claim.message_hash} if claim.edits else {}
        return {
            "at": result.ended_at,
            "actor": f"worker:{self.worker_id}",
            "action": "delivery.edited" if claim.edits else "delivery.published",
            "subject": f"delivery:{claim.id}",
            "detail": detail,
            "seq": None,
            "prev_hash": None,
            "hash": None,
        }


def _remote_id(said: Published | Handed | None) -> str | None:
    """Of a draft, what the platform can be asked about once its person has finished it."""
    if isinstance(said, Handed):
        return said.witness or None
    return said.remote_id if said else None
