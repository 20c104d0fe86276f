"""Stops a platform that is out, asks whether it is back, and lets its queue go little by little."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.audit.events import Event, EventKind
from app.audit.service import record, tell
from app.channels.service import ChannelService
from app.kit.clock import Clock
from app.kit.db import Database, WriteSession
from app.kit.logs import logger
from app.platforms.contract import Adapter, PublishError
from app.publishing import outage_store as store
from app.publishing import outages
from app.publishing.models import Incident
from app.publishing.rules import lane_of, lanes_beside

log = logger("publishing")

BY = "sistem"


@dataclass
class Breaker:
    """One per worker; what it must know of the others is in the database. Costs nothing while nothing fails."""

    db: Database
    clock: Clock
    platforms: Mapping[str, Adapter]
    channels: ChannelService
    half: set[str] = field(default_factory=set)
    """Lanes that are let go by turns, as last looked at."""

    def __post_init__(self) -> None:
        self._seen: dict[str, deque[tuple[datetime, bool]]] = defaultdict(lambda: deque(maxlen=500))

    async def hear(self, session: WriteSession, lane: str, bad: Sequence[int], good: int) -> None:
        """What a batch of sends came to: channels that the platform failed, and how many it served."""
        quick, now = lanes_beside(lane)[0], self.clock.now()
        seen = self._seen[quick]
        seen.extend([(now, False)] * len(bad) + [(now, True)] * good)
        if quick in self.half and good and not bad:
            await store.arrived(session, lanes_beside(lane))
        if not bad:
            return
        since = now - self.clock.span(outages.WINDOW)
        while seen and seen[0][0] < since:
            seen.popleft()
        await store.note_signs(session, quick, sorted(set(bad)), at=now)
        if quick in self.half and not good:
            await self._close_again(session, quick)
            return
        failing = await store.signs(session, quick, since=since)
        fails = sum(not is_good for _, is_good in seen)
        if outages.is_outage(channels=len(failing), bad=fails, good=len(seen) - fails):
            await self._open(session, *outages.side_of(quick), failing)

    async def on_outage(
        self, session: WriteSession, platform: str, environment: str, channel_ids: Sequence[int], said: str
    ) -> None:
        """Hung on the keeper: so many credentials refused at once."""
        log.warning("platform_refuses_all", platform=platform, said=said[:200])
        await self._open(session, platform, environment, channel_ids)

    async def _open(self, session: WriteSession, platform: str, environment: str, channel_ids: Sequence[int]) -> None:
        now, title = self.clock.now(), self.platforms[platform].title
        probe_at = now + outages.ask_again(0)
        row = {
            "platform": platform, "environment": environment, "reason": outages.say(title), "channels": len(channel_ids),
            "began_at": now, "probe_at": probe_at, "probes": 0, "late": 0,
        }  # fmt: skip
        incident_id = await store.begin(session, row)
        if incident_id is None:
            return
        lanes = lanes_beside(lane_of(platform, environment))
        await store.hold_lanes(session, lanes, until=probe_at, reason=row["reason"], most=1)  # type: ignore[arg-type]
        self.half |= set(lanes)
        detail = {"platform": platform, "environment": environment, "channels": len(channel_ids)}
        events = [
            Event(EventKind.PLATFORM_OUTAGE, f"incident:{incident_id}", unit_id, detail)
            for unit_id in await store.homes(session, channel_ids)
        ]
        await tell(session, events, at=now)
        await record(
            session, at=now, actor=BY, action="incident.begin", subject=f"incident:{incident_id}", detail=detail
        )
        log.warning("outage", platform=platform, environment=environment, channels=len(channel_ids))

    async def _close_again(self, session: WriteSession, lane: str) -> None:
        """What was let go has failed too: ask again, later than before."""
        for incident in await store.going_on(session):
            if lane_of(incident.platform, incident.environment) == lane:
                await self._wait_longer(session, incident)

    async def _wait_longer(self, session: WriteSession, incident: Incident) -> None:
        probe_at = self.clock.now() + outages.ask_again(incident.probes + 1)
        lanes = lanes_beside(lane_of(incident.platform, incident.environment))
        await store.change(
            session, incident.id or 0, probe_at=probe_at, probes=incident.probes + 1, recovers_at=None
        )  # fmt: skip
        await store.hold_lanes(session, lanes, until=probe_at, reason=incident.reason, most=1)

    async def look(self, session: WriteSession, lane: str, wanted: int) -> int | None:
        """How many of a lane that comes back may be claimed in this transaction; None: it is not this worker's turn."""
        most = await store.turn(session, lane, now=self.clock.now())
        return None if most is None else min(wanted, most)

    async def took(self, session: WriteSession, lane: str, count: int) -> None:
        """After the claim of a turn, in its transaction: when the next one is, and how large."""
        if count:
            most = max(1, count)
            until = self.clock.now() + self.clock.span(outages.TURN)
            await store.end_turn(session, lane, until=until, most=outages.next_turn(most))

    async def round(self) -> None:
        """Looks after outages that go on: asks the platform, begins to let go, and ends them."""
        async with self.db.read() as session:
            self.half = await store.half_open(session)
            running = await store.going_on(session)
        now = self.clock.now()
        for incident in running:
            if incident.probe_at <= now:
                await self._tend(incident)

    async def _tend(self, incident: Incident) -> None:
        now, lanes = self.clock.now(), lanes_beside(lane_of(incident.platform, incident.environment))
        async with self.db.write() as session:
            lease = now + self.clock.span(60)
            if not await store.take_probe(session, incident.id or 0, now=now, next_at=lease):
                return
        if incident.recovers_at is None:
            await self._ask(incident, lanes)
            return
        async with self.db.write() as session:
            now = self.clock.now()
            waits = await store.is_anything_due(session, lanes, now=now)
            doubted = await store.is_anyone_doubted(session, incident.platform, incident.environment)
            still = set(lanes) & await store.half_open(session)
            if (waits and still) or doubted:
                await store.change(session, incident.id or 0, probe_at=now + self.clock.span(outages.TURN))
            else:
                await self._end(session, incident, lanes)

    async def _ask(self, incident: Incident, lanes: Sequence[str]) -> None:
        answers = await self._answers(incident)
        if answers:
            await self._begin_recovery(incident, lanes)
            return
        async with self.db.write() as session:
            if answers is None:
                await store.change(session, incident.id or 0, probe_at=self.clock.now() + outages.ask_again(0))
            else:
                await self._wait_longer(session, incident)

    async def _answers(self, incident: Incident) -> bool | None:
        """Any good answer for any account will do: one account's own trouble is not the platform's.

        None: nobody could ask, for their tokens have ended meanwhile; those are renewed first.
        """
        ended, asked = [], False
        for skip in range(3):
            async with self.db.read() as session:
                channel_id = await store.some_channel(
                    session, incident.platform, incident.environment, skip=3 * incident.probes + skip
                )
                account = (
                    (await self.channels.accounts_for(session, [channel_id])).get(channel_id) if channel_id else None
                )
            if channel_id is None or account is None:
                continue
            if account.ends_at is not None and account.ends_at <= self.clock.now():
                ended.append(channel_id)
                continue
            asked = True
            try:
                await self.platforms[incident.platform].check(account)
            except PublishError as error:
                log.info("still_out", platform=incident.platform, code=error.code)
            else:
                return True
        if ended:
            async with self.db.write() as session:
                await self.channels.check_soon(session, ended)
        return None if ended and not asked else False

    async def _begin_recovery(self, incident: Incident, lanes: Sequence[str]) -> None:
        async with self.db.write() as session:
            now = self.clock.now()
            await store.ask_suspects(session, incident.platform, incident.environment, now=now)
            await store.hold_lanes(session, lanes, until=now, reason=incident.reason, most=1)
            probe_at = now + self.clock.span(outages.TURN)
            await store.change(session, incident.id or 0, recovers_at=now, probe_at=probe_at)
        self.half |= set(lanes)

    async def _end(self, session: WriteSession, incident: Incident, lanes: Sequence[str]) -> None:
        now = self.clock.now()
        began_at = incident.began_at - self.clock.span(outages.WINDOW) - timedelta(minutes=1)
        late = await store.mark_late(session, incident, began_at=began_at, now=now)
        await store.change(session, incident.id or 0, ended_at=now, late=late)
        await store.hold_lanes(session, lanes, until=now, reason="", most=None)
        await store.forget_signs(session, lanes)
        self.half -= set(lanes)
        detail = {"platform": incident.platform, "environment": incident.environment, "late": late}
        await record(session, at=now, actor=BY, action="incident.end", subject=f"incident:{incident.id}", detail=detail)
