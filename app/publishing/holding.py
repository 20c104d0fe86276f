"""Holds everything at once, by the operator's hand, and says what may be out although the database does not know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.audit.service import record
from app.kit.clock import Clock
from app.kit.db import Database, WriteSession
from app.platforms.contract import Adapter
from app.publishing import holding_store as store
from app.publishing.rules import ASK_AFTER_RESTORE, State

BY = "operator"


@dataclass(frozen=True)
class Hold:
    """Why nothing leaves."""

    reason: str


@dataclass
class HoldService:
    """`send_timeout`: real seconds after which a request that a worker had begun before has surely ended."""

    db: Database
    clock: Clock
    platforms: Mapping[str, Adapter]
    send_timeout: float

    async def hold(self, *, reason: str) -> None:
        """From now on nothing is sent, on any lane; what a worker already holds goes. A second call gives a new reason."""
        async with self.db.write() as session:
            await store.hold(session, reason=reason)
            await self._note(session, "sending.hold", {"reason": reason})

    async def doubt(self, session: WriteSession, *, since: datetime | None = None) -> dict[str, int]:
        """For a database that was restored, or promoted and may miss commits: holds everything, and doubts what was due.

        What was approved and due (after `since`, if given) until now becomes unsure, to be looked up by its own content where the
        platform can be asked, else by a person. What nobody had approved is missed: it cannot be looked up without its frozen words.
        Answers how many by state.
        """
        now = self.clock.now()
        await store.hold(session, reason="Basis data dipulihkan; menunggu operator memeriksa.")
        found: dict[str, int] = {}
        ended_at = now + self.clock.span(self.send_timeout)
        for platform in await store.platforms_with_doubt(session, now=now, since=since):
            adapter = self.platforms.get(platform)
            look_at = ended_at + adapter.look_after[0] if adapter and adapter.look_after else None
            count = await store.doubt(session, platform, look_at=look_at, now=now, since=since)
            found[State.UNSURE] = found.get(State.UNSURE, 0) + count
        found[State.MISSED] = await store.miss_unapproved(session, now=now, since=since)
        found[State.MANUAL] = await store.ask_about_hand_offs(session, now=now, since=since, reason=ASK_AFTER_RESTORE)
        return {state: count for state, count in found.items() if count}

    async def doubt_since(self, since: datetime) -> dict[str, int]:
        async with self.db.write() as session:
            found = await self.doubt(session, since=since)
            await self._note(session, "sending.doubt", {"since": since.isoformat(), **found})
        return found

    async def find(self) -> Hold | None:
        async with self.db.read() as session:
            reason = await store.find_hold(session)
        return None if reason is None else Hold(reason)

    async def resume(self) -> bool:
        """Sends again; False where nothing was held."""
        async with self.db.write() as session:
            if not await store.let_go(session):
                return False
            await self._note(session, "sending.resume", {})
        return True

    async def _note(self, session: WriteSession, action: str, detail: Mapping[str, object]) -> None:
        await record(session, at=self.clock.now(), actor=BY, action=action, subject="installation", detail=detail)
