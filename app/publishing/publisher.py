"""The publisher: the loop of a worker that claims what is due, sends it at its moment and records what came of it."""

import asyncio
import os
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from app.channels.keeping import Keeper
from app.channels.service import ChannelService
from app.content.media import MediaService
from app.content.media_files import is_there
from app.kit.clock import Clock
from app.kit.db import Database
from app.kit.errors import NotFound
from app.kit.logs import logger
from app.platforms.contract import Adapter, Handed, Json, NeedsReconnect, Published, PublishError, Unsure
from app.platforms.gate import Withheld, guarded_by
from app.publishing import lapse_store, rules, store
from app.publishing.adopting import Adopter
from app.publishing.batching import Batcher
from app.publishing.breaker import Breaker
from app.publishing.claiming import AHEAD, Claimer
from app.publishing.claims import Claim, load, load_looks, media_gone
from app.publishing.editing import edit_in_place
from app.publishing.pacing import Pacer
from app.publishing.recording import Recorder, Result, Witness
from app.publishing.reminding import remind
from app.publishing.rules import Next, Outcome, State
from app.publishing.telling import tell_rows
from app.publishing.withdrawing import WithdrawService

log = logger("publishing")

BEAT = 1.0
"""Real seconds between heartbeats; several of them fit into the adopters' patience whatever it is set to."""
PARTS = 2
"""One claim takes at most this part of a lane's slots, so that one batch is sent while the next is claimed and the last recorded."""
IN_HAND = 4
"""At most so many times a lane's slots are in a worker's hands: being sent, or sent and waiting to be recorded."""

LOOKS_OUT = 4
"""Doubts about a platform that is out, looked up in one round: what it no longer takes it may still show."""


@dataclass
class Publisher:
    """One per worker process. `run` returns after `stop`: it claims no more and waits for what is in flight.

    `send_timeout` and `silent_after` are real seconds; `verify` False sends unsure deliveries again without asking,
    and exists only so that a test can show that the ledger catches it.
    """

    db: Database
    clock: Clock
    platforms: Mapping[str, Adapter]
    channels: ChannelService
    media: MediaService
    pacer: Pacer
    breaker: Breaker
    withdrawing: WithdrawService | None = None
    keeper: Keeper | None = None
    """A token that a due post waits for must not wait for Redis."""
    send_timeout: float = 30.0
    silent_after: float = 6.0
    verify: bool = True
    worker_id: str = field(default_factory=lambda: f"{os.uname().nodename[:20]}-{os.getpid()}-{secrets.token_hex(3)}")

    def __post_init__(self) -> None:
        self._stop = asyncio.Event()
        self._wake = asyncio.Event()
        self._beat_at = time.monotonic()
        self._flights: dict[str, set[asyncio.Task[None]]] = {}
        self._full: set[str] = set()
        self._more: set[str] = set()
        self._looked_at = 0.0
        self._sent: Counter[str] = Counter()
        self._recorder = Recorder(self.db, self.clock.now, self.channels, self.pacer, self.breaker, self.worker_id)
        self._claimer = Claimer(
            self.db, self.clock, self.channels, self.media, self.pacer, self.breaker, self.worker_id
        )
        self._adopter = Adopter(
            self.db, self.clock, self.platforms, self.worker_id, self.send_timeout, self.silent_after, self.verify
        )
        self._claiming = asyncio.Lock()
        self._held: set[tuple[int, int]] = set()
        self._lost_a_claim = False
        self._results: Batcher[Result] = Batcher(self._recorder.write)
        self._prepared: Batcher[Witness] = Batcher(self._recorder.write_prepared)

    def stop(self) -> None:
        """Claim nothing more; what is in flight is finished and recorded."""
        self._stop.set()
        self._wake.set()

    @property
    def may_send(self) -> bool:
        """A worker that the others may soon take for dead must not send: it gives up at half of their patience."""
        return time.monotonic() - self._beat_at < self.silent_after / 2

    async def run(self) -> None:
        started_at = self.clock.now()
        await self._beat(started_at)
        loops: list[Coroutine[Any, Any, None]] = [
            self._every(min(BEAT, self.silent_after / 6), lambda: self._beat(started_at)),
            self._every(1.0, self._look_up_unsure),
            self._every(2.0, self._adopt),
            self._every(2.0, self._expire),
            self._every(2.0, self._keep_channels),
            self._every(2.0, self.breaker.round),
        ]
        if self.withdrawing is not None:
            loops.append(self._every(2.0, self.withdrawing.round))
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            await self._claim_until_stopped()
            await self._drain()
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    async def _every(self, seconds: float, work: Any) -> None:
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - one failed round (a database away) must not end the worker
                log.warning("round_failed", work=getattr(work, "__name__", "beat"), error=repr(error))
            await asyncio.sleep(seconds)

    async def _beat(self, started_at: datetime) -> None:
        asked = time.monotonic()
        async with self.db.write() as session:
            await store.beat(session, self.worker_id, started_at=started_at, now=self.clock.now())
        self._beat_at = asked

    async def _claim_until_stopped(self) -> None:
        while not self._stop.is_set():
            wait = AHEAD
            try:
                wait = await self._claim_round()
            except Exception as error:  # noqa: BLE001 - a database that is away comes back
                log.warning("claim_failed", error=repr(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait)
            self._wake.clear()

    async def _claim_round(self) -> float:
        """Claim for every lane that has something and free slots; answers real seconds until the next look."""
        # A lane whose last claim was full has more: it need not be asked what is next, as long as the others get a look.
        if self._more and time.monotonic() - self._looked_at < AHEAD / 2:
            for lane in sorted(self._more):
                await self._claim(lane)
            return AHEAD / 2
        self._looked_at = time.monotonic()
        async with self.db.read() as session:
            moments = await store.next_moments(session)
            paused = await store.paused_lanes(session, now=self.clock.now()) if moments else set()
        ahead, now = self.clock.span(AHEAD), self.clock.now()
        for lane, moment in moments.items():
            if moment <= now + ahead and lane not in paused and store.ALL_LANES not in paused:
                await self._claim(lane)
        later = [moment for moment in moments.values() if moment > now + ahead]
        return min(AHEAD, self.clock.wait(min(later) - now - ahead)) if later else AHEAD

    async def _claim(self, lane: str) -> None:
        """As much as the lane has free slots for, on its way."""
        self._more.discard(lane)
        free = self._free(lane)
        if not self.may_send:
            return
        if free == 0:
            self._full.add(lane)
            return
        async with self._taking():
            claims, is_full = await self._claimer.claim(lane, min(free, max(1, self._slots(lane) // PARTS)))
            self._hold(claims)
        for claim in claims:
            self._take_off(lane, self._send(claim))
        if is_full:
            self._full.add(lane)
            self._refill(lane)

    @asynccontextmanager
    async def _taking(self) -> AsyncIterator[None]:
        """Around every claim. One that fails may have been carried out all the same, its answer alone being lost."""
        async with self._claiming:
            try:
                yield
            except Exception:
                self._lost_a_claim = True
                raise

    def _slots(self, lane: str) -> int:
        adapter = self.platforms.get(rules.platform_of(lane))
        if adapter is None:
            return 8
        video = adapter.limits.video
        return video.slots if video and lane.endswith(rules.SLOW_LANE) else adapter.limits.slots

    def _free(self, lane: str) -> int:
        """Slots without a send. What waits to be recorded holds none, but there is only so much of it."""
        slots, in_hand = self._slots(lane), len(self._flights.get(lane, ()))
        return max(0, min(slots - in_hand + self._sent[lane], IN_HAND * slots - in_hand))

    def _take_off(self, lane: str, work: Coroutine[Any, Any, None]) -> None:
        flights = self._flights.setdefault(lane, set())
        task = asyncio.create_task(work)
        flights.add(task)
        task.add_done_callback(lambda done: self._land(lane, done))

    def _land(self, lane: str, task: asyncio.Task[None]) -> None:
        self._flights[lane].discard(task)
        self._refill(lane)

    def _refill(self, lane: str) -> None:
        # When a quarter of the slots is free: claims stay in batches, and no slot idles for long.
        if lane in self._full and self._free(lane) >= max(1, self._slots(lane) // 4):
            self._full.discard(lane)
            self._more.add(lane)
            self._wake.set()

    async def _send(self, claim: Claim) -> None:
        await asyncio.sleep(self.clock.wait(claim.act_at - self.clock.now()))
        started_at = self.clock.now()
        outcome = await self._try_send(claim)
        self._sent[claim.lane] += 1
        self._refill(claim.lane)
        try:
            await self._record(Result(claim, "send", started_at, self.clock.now(), *outcome))
        finally:
            self._sent[claim.lane] -= 1

    def _hold(self, claims: Sequence[Claim]) -> None:
        self._held.update((claim.id, claim.attempt) for claim in claims)

    async def _record(self, result: Result) -> None:
        await self._results.put(result)
        self._held.discard((result.claim.id, result.claim.attempt))

    async def _try_send(self, claim: Claim) -> tuple[Next, PublishError | None, Published | Handed | None]:
        this = self._try(claim)
        if not self.may_send:
            return _handed_back(claim, Withheld()), None, None
        if claim.problem is not None:
            return rules.after_send(claim.problem, this, now=self.clock.now()), claim.problem, None
        try:
            with guarded_by(lambda: self.may_send):
                published = await self._publish(claim)
        except Withheld as error:
            return _handed_back(claim, error), None, None
        except PublishError as error:
            return rules.after_send(error, this, now=self.clock.now()), error, None
        except Exception as error:
            log.error("send_broke", delivery=claim.id, platform=claim.platform, exc_info=error)
            doubt = Unsure("Kesalahan tak terduga saat mengirim; dicek ke platform.", code=type(error).__name__)
            return rules.after_send(doubt, this, now=self.clock.now()), doubt, None
        return rules.after_answer(published, now=self.clock.now()), None, published

    async def _publish(self, claim: Claim) -> Published | Handed:
        adapter = self.platforms[claim.platform]
        if claim.edits:
            return await edit_in_place(adapter, claim)
        prepared = claim.prepared
        if not prepared:
            await self._ready_pictures(claim)
        if not prepared and adapter.needs_prepare(claim.message):
            prepared = await adapter.prepare(claim.account, claim.message)
            if not await self._keep_prepared(claim, prepared):
                raise Withheld
        return await adapter.publish(claim.account, claim.message, prepared)

    async def _keep_prepared(self, claim: Claim, prepared: Json) -> bool:
        """Whether it is written down. Not where the delivery has gone to somebody else meanwhile, whose look would miss it."""
        witness = Witness(claim, prepared)
        await self._prepared.put(witness)
        return witness.is_kept

    async def _ready_pictures(self, claim: Claim) -> None:
        """On disk in the platform's own shape, before an adapter reads them or a platform fetches them."""
        for media_id, picture in zip(claim.media, claim.message.pictures, strict=True):
            if is_there(picture.path):
                continue
            try:
                await self.media.ensure_file(media_id, claim.platform)
            except NotFound as error:
                raise media_gone() from error

    async def prepare_ahead(self, *, within: timedelta, limit: int = 200, slow: bool = False) -> int:
        """Prepare what is due within `within` (this clock), so that at its minute one request is enough. Answers how many.

        `slow`: the videos, whose uploads must hold up nothing else; without it all but them.
        """
        now = self.clock.now()
        async with self.db.read() as session:
            rows = await store.unprepared(
                session, now=now + self.clock.span(2.0), before=now + within, limit=limit, slow=slow
            )
            claims = await load(session, rows, channels=self.channels, media=self.media)
        gate = asyncio.Semaphore(4 if slow else 32)

        async def prepare(claim: Claim) -> int:
            async with gate:
                try:
                    await self._ready_pictures(claim)
                    prepared = await self.platforms[claim.platform].prepare(claim.account, claim.message)
                except PublishError as error:
                    log.info(
                        "prepare_later", delivery=claim.id, code=error.code
                    )  # the send itself will say what is wrong
                    return 0
            await self._keep_prepared(claim, prepared)
            return 1

        return sum(await asyncio.gather(*(prepare(claim) for claim in claims if claim.problem is None)))

    async def _look_up_unsure(self) -> None:
        """Ask the platforms about deliveries in doubt; never more than a lane's slots at once."""
        async with self.db.read() as session:
            if not await store.has_unsure(session, now=self.clock.now()):
                return
        free = 64 - len(self._flights.get("look", ()))
        if free <= 0 or self._stop.is_set() or not self.may_send:
            return
        async with self.db.write() as session:
            mine = {"worker_id": self.worker_id, "now": self.clock.now()}
            rows = await store.claim_unsure(session, **mine, limit=free)  # type: ignore[arg-type]
            if self.breaker.half and (most := min(free - len(rows), LOOKS_OUT)) > 0:
                rows += await store.claim_unsure(session, **mine, limit=most, out=True)  # type: ignore[arg-type]
            claims = await load_looks(session, rows, channels=self.channels, media=self.media)
        for _, of_channel in groupby(
            sorted(claims, key=lambda claim: claim.channel_id), key=lambda claim: claim.channel_id
        ):
            self._take_off("look", self._look_in_turn(list(of_channel)))

    async def _look_in_turn(self, claims: list[Claim]) -> None:
        """One after the other: two deliveries of a channel that say the same must not both find the same post."""
        taken = claims[0].sent.taken
        for claim in claims:
            found = await self._look(replace(claim, sent=replace(claim.sent, taken=taken)))
            taken = {*taken, found.remote_id} if isinstance(found, Published) else taken

    async def _look(self, claim: Claim) -> Published | Handed | None:
        this, started_at = self._try(claim), self.clock.now()
        error: PublishError | None = None
        found: Published | Handed | None = None
        try:
            if claim.problem is not None and isinstance(claim.problem, NeedsReconnect):
                raise claim.problem
            found = await self.platforms[claim.platform].find(claim.account, claim.message, claim.sent)
        except PublishError as failed:
            error, step = failed, rules.after_failed_look(failed, this, now=self.clock.now())
        except Exception as broken:
            log.error("look_broke", delivery=claim.id, platform=claim.platform, exc_info=broken)
            error = Unsure("Pengecekan ke platform gagal; dicoba lagi.", code=type(broken).__name__)
            step = rules.after_failed_look(error, this, now=self.clock.now())
        else:
            step = (
                rules.after_answer(found, now=self.clock.now())
                if found
                else rules.after_absent(this, now=self.clock.now())
            )
        await self._record(Result(claim, "look", started_at, self.clock.now(), step, error, found))
        return found

    def _try(self, claim: Claim) -> rules.Try:
        adapter = self.platforms.get(claim.platform)
        look_after = adapter.look_after if adapter else ()
        verify = self.verify and not claim.edits  # the same words again harm nobody
        return rules.Try(claim.attempt, claim.looks, claim.code, claim.valid_until, look_after, verify)

    async def _adopt(self) -> None:
        await self._adopter.round()
        if self._lost_a_claim:
            # No claim may be under way: what it is taking would look like what was lost.
            async with self._claiming:
                await self._adopter.give_back(held=[claim_id for claim_id, _ in self._held])
                self._lost_a_claim = False

    async def _expire(self) -> None:
        async with self.db.write() as session:
            missed = await lapse_store.expire(
                session, now=self.clock.now(), reason=rules.TOO_LATE, unapproved=rules.UNAPPROVED
            )
            await tell_rows(session, missed, at=self.clock.now())
            await remind(session, now=self.clock.now())
        if missed:
            log.warning("missed", deliveries=len(missed))

    async def _keep_channels(self) -> None:
        if self.keeper is not None and self.may_send and not self._stop.is_set():
            await self.keeper.keep_due()

    async def _drain(self) -> None:
        """Let what is in flight end, record it, and say good-bye, so that nobody has to wait for our silence."""
        while flights := [task for tasks in self._flights.values() for task in tasks]:
            await asyncio.wait(flights)
        await self._results.close()
        await self._prepared.close()
        async with self.db.write() as session:
            await store.forget_worker(session, self.worker_id)


def _handed_back(claim: Claim, why: Withheld) -> Next:
    return Next(State.DUE, Outcome.LATER, claim.act_at, why.message)
