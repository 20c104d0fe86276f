"""Takes over what a worker can no longer answer for: another that fell silent, or this one whose claim's answer was lost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.kit.clock import Clock
from app.kit.db import Database
from app.kit.logs import logger
from app.platforms.contract import Adapter
from app.publishing import adopt_store, rules, store
from app.publishing.rules import Outcome, State
from app.publishing.telling import tell_failures

log = logger("publishing")


@dataclass(frozen=True)
class Adopter:
    """`send_timeout` and `silent_after` are real seconds."""

    db: Database
    clock: Clock
    platforms: Mapping[str, Adapter]
    worker_id: str
    send_timeout: float
    silent_after: float
    verify: bool

    async def round(self) -> None:
        """What a silent worker held is in doubt: ask once its last request must have ended one way or the other."""
        silent_since = self.clock.now() - self.clock.span(self.silent_after)
        async with self.db.read() as session:
            held = await adopt_store.held_by_the_silent(session, silent_since=silent_since)
        orphans = [row for row in held if row["worker_id"] != self.worker_id]
        if orphans:
            await self._put_in_doubt(orphans)
        async with self.db.write() as session:
            await adopt_store.drop_dead_beats(session, silent_since=silent_since - timedelta(minutes=10))

    async def give_back(self, *, held: Collection[int]) -> None:
        """What a claim of ours took without our learning of it; `held`: the deliveries that we do have in hand."""
        async with self.db.write() as session:
            channels = await adopt_store.give_back(session, self.worker_id, held=held, now=self.clock.now())
            if channels:
                await store.hold_speechless(session, channels)
        if channels:
            log.warning("given_back", channels=len(channels))

    async def _put_in_doubt(self, orphans: Sequence[Mapping[str, Any]]) -> None:
        ended_at = self.clock.now() + self.clock.span(self.send_timeout)
        rows, attempts = [], []
        for row in orphans:
            adapter = self.platforms.get(row["platform"])
            look_after = adapter.look_after if adapter else ()
            verify = self.verify and not row["message"].get("edits")
            this = rules.Try(row["attempt"], row["looks"], row["code"], row["valid_until"], look_after, verify)
            step = rules.in_doubt(
                this, since=ended_at, reason="Pekerja pengirim terhenti; dicek ke platform sebelum dikirim ulang."
            )
            rows.append({**row, "state": step.state, "act_at": step.act_at, "reason": step.reason})
            attempts.append(lost_attempt(row, now=self.clock.now()))
        async with self.db.write() as session:
            await adopt_store.adopt(session, rows)
            await store.add_attempts(session, attempts)
            await tell_failures(session, {row["id"]: row["attempt"] for row in rows}, at=self.clock.now())
        log.warning("adopted", deliveries=len(rows))


def lost_attempt(row: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    return {
        "delivery_id": row["id"],
        "n": row["attempt"],
        "kind": "send" if row["state"] == State.SENDING else "look",
        "worker_id": row["worker_id"],
        "started_at": row["last_sent_at"] or now,
        "ended_at": now,
        "outcome": Outcome.UNSURE,
        "http_status": None,
        "code": "worker_lost",
        "detail": "Pekerja terhenti sebelum hasilnya tercatat.",
    }
