"""A whole Pilkada with a moved clock, scaled down to one city: real processes, faults, kills, revisions, and a count at the end.

The clock jumps from one day of publishing to the next and runs fast within it; each day is a *chapter* with processes of its
own on one PostgreSQL. The judge is the simulator's ledger.
"""

import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import yaml

from app.settings import ROOT
from app.tahapan.reading import read_stages
from benchmarks import machine, stage
from benchmarks.machine import say
from tests.support.processes import Installation
from tests.support.wait import wait_until

NATION = 83_760
"""Kelurahan and desa of the country (2025); a run stands for one part in so many of it."""
PLATFORMS = ("x", "facebook", "instagram")
ZONE = ZoneInfo("Asia/Jakarta")
SPEED = 20.0
STARTS = (8, 50)
FIRST_MINUTE = 9 * 60
APART = 2
"""Minutes of the house's time between two broadcasts of a day."""
LOCAL_POSTS = 10
PATIENCE = 180.0
"""Real seconds that a day may take; what is not at its end by then is counted as stuck."""
COUNTDOWN = tuple(("hitung-mundur", "PYL-07", days) for days in (-30, -7, -1))
FAULTS = (
    "lost_answer", "reset", "http_503_html", "http_502_html", "empty_200", "truncated_json", "rate_limited", "slow",
    "late_answer", "container_in_progress", "read_lag",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """One broadcast: a template, the stage it hangs on, and how many days before it."""

    template: str
    stage: str
    days: int


@dataclass
class Tally:
    """What the run counted on its way."""

    broadcasts: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    approved: int = 0
    revisions: int = 0
    moved: int = 0
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    stuck: int = 0
    cpu: float = 0.0


def chapters() -> list[tuple[date, list[Plan]]]:
    """The days on which the shipped templates go out, by the real calendar: each at the first day of each of its stages."""
    rows = read_stages(ROOT / "data" / "elections" / "pilkada-2024" / "stages.csv").rows
    starts = {row.code: row.starts_on for row in rows}
    templates = yaml.safe_load((ROOT / "data" / "templates.yaml").read_text())
    plans = [Plan(each["key"], code, 0) for each in templates["templates"] for code in each["stages"] if code != "*"]
    plans += [Plan(*each) for each in COUNTDOWN]
    days: dict[date, list[Plan]] = {}
    for plan in plans:
        start = starts.get(plan.stage)
        if start is not None:
            days.setdefault(start + timedelta(days=plan.days), []).append(plan)
    return sorted(days.items())


class Election:
    """One run on one database."""

    def __init__(self, url: str, folder: Path, seed: int) -> None:
        self.url, self.folder, self.chance = url, folder, random.Random(seed)
        self.tally = Tally()
        self.tokens: dict[str, str] = {}
        self.here: Installation = self._at(chapters()[0][0] - timedelta(days=1))

    def _at(self, day: date) -> Installation:
        moment = datetime(day.year, day.month, day.day, *STARTS, tzinfo=ZONE)
        here = Installation(self.folder, self.url, speed=SPEED, extra={"KENTONGAN_SEND_TIMEOUT": "20"})
        since = time.time()
        here.environment["KENTONGAN_CLOCK"] = f"offset={moment.timestamp() - since!r};speed={SPEED};since={since!r}"
        return here

    async def call(self, path: str, body: object | None = None, *, who: str = "rina") -> Any:
        address = f"{self.here.web}/api/v1{path}"
        if body is None:
            return await self.here.get(address, self.tokens[who])
        return await self.here.post(address, body, self.tokens[who])

    def prepare(self) -> None:
        self.here.run("migrate")
        self.here.run("load", "practice")

    def _enter(self) -> None:
        """Tokens end before the run does: each day has its own."""
        for name in ("rina", "dewi"):
            made = self.here.run("token", "add", "--user", f"{name}@latihan.invalid", "--unit", "32.71")
            self.tokens[name] = next(word for word in made.split() if word.startswith("ktg_"))

    async def run(self) -> dict[str, Any]:
        self.prepare()
        before = await self._size()
        days = chapters()
        await self._open()
        await self._plan(*days[0])
        while days:
            day, _plans = days.pop(0)
            self._close()
            self.here = self._at(day)
            await self._open()
            await self._live_through(day)
            out = await self._number("state = 'published'")
            say(f"  {day}: {out} published so far")
            if days:
                await self._plan(*days[0])
                if len(days) % 4 == 0:
                    days[0] = (await self._revise(*days[0]), days[0][1])
                    days.sort(key=lambda each: each[0])
        found = await self._count(before)
        self._close()
        return found

    async def _open(self) -> None:
        for name in ("simulator", "redis", "web", "worker-a", "worker-b"):
            self.here.start(name)
        self._enter()
        await self.here.wait_for_simulator()
        await self.here.wait_for_web()

    def _close(self) -> None:
        for name in ("worker-a", "worker-b", "web", "simulator", "redis"):
            self.tally.cpu += machine.cpu_seconds(self.here.pid(name)) if name[:3] in {"wor", "web"} else 0
            self.here.kill(name, signal.SIGTERM)
        shutil.rmtree(self.here.redis_url.removeprefix("unix://").rpartition("/")[0], ignore_errors=True)

    async def _plan(self, day: date, plans: Sequence[Plan]) -> None:
        """As Rina plans the next day of publishing; what a reviewer must see is approved by Dewi."""
        templates = {each["key"]: each["id"] for each in (await self.call("/templates?limit=200"))["data"]}
        for number, plan in enumerate(plans):
            minute = FIRST_MINUTE + APART * number
            anchor = {"tahapan": plan.stage, "edge": "start", "offset_days": plan.days}
            body = {
                "template_id": templates[plan.template], "select": {"kinds": ["ppk", "pps"]}, "platforms": PLATFORMS,
                "timing": {"anchor": {**anchor, "time": f"{minute // 60:02}:{minute % 60:02}"}}, "mode": "mandatory",
                "environment": "practice",
            }  # fmt: skip
            try:
                made = await self.call("/broadcasts", body)
            except AssertionError as refusal:
                self.tally.refused[str(refusal)[:160]] += 1
                continue
            self.tally.broadcasts += 1
            for problem in made["problems"]:
                self.tally.refused[f"{plan.template}: {problem['reason'][:100]}"] += 1
        await self._local_posts(day)
        await self._approve()

    async def _local_posts(self, day: date) -> None:
        units = (await self.call("/units?kind=pps&limit=100"))["data"]
        at = datetime(day.year, day.month, day.day, FIRST_MINUTE // 60, 5, tzinfo=ZONE)
        for unit in self.chance.sample(units, LOCAL_POSTS):
            name = unit["name"].removeprefix("PPS ")
            text = f"Warga Kelurahan {name}, kantor PPS {name} buka setiap hari kerja. Silakan datang dengan pertanyaan Anda."
            await self.call("/posts", {"unit_id": unit["id"], "text": text, "timing": {"at": at.isoformat()}})

    async def _approve(self) -> None:
        while waiting := (await self.call("/posts?state=in_review&limit=200"))["data"]:
            for post in waiting:
                await self.call(f"/posts/{post['id']}/approve", {}, who="dewi")
                self.tally.approved += 1

    async def _revise(self, day: date, plans: Sequence[Plan]) -> date:
        """The next stage moves by a day, with what hangs on it."""
        code = plans[0].stage
        if any(plan.stage != code or plan.days for plan in plans):
            return day
        row = next(each for each in (await self.call("/tahapan?limit=200"))["data"] if each["code"] == code)
        later = {
            name: (date.fromisoformat(row[name]) + timedelta(days=1)).isoformat()
            for name in ("starts_on", "ends_on")
            if row[name]
        }
        done = await self.call(f"/tahapan/{row['id']}/revise", {**later, "reason": "Perubahan jadwal"})
        self.tally.revisions += 1
        self.tally.moved += len(done["posts"]) if isinstance(done.get("posts"), list) else 0
        await self._approve()
        return day + timedelta(days=1)

    async def _live_through(self, day: date) -> None:
        """Faults from the start, one worker killed in the middle, until nothing of the day is under way."""
        for kind in self.chance.sample(FAULTS, 2):
            count = self.chance.randint(3, 8)
            order = {"platform": "*", "kind": kind, "count": count, "seconds": 60 if kind == "rate_limited" else 30}
            await self.here.post(f"{self.here.simulator}/_sim/faults", order)
            self.tally.faults[kind] += count
        end = datetime(day.year, day.month, day.day, 12, 0, tzinfo=ZONE).astimezone(UTC)

        async def begun() -> bool:
            return await self._number("state NOT IN ('due', 'waiting') AND due_at > $1", end - timedelta(hours=4)) > 0

        async def over() -> bool:
            return await self._number("state IN ('due', 'sending', 'unsure') AND due_at < $1", end) == 0

        try:
            await wait_until(begun, "the first is out", PATIENCE)
            self.here.kill("worker-a")
            self.here.start("worker-a")
            self.tally.kills += 1
            await wait_until(over, "the day's deliveries have ended", PATIENCE)
        except AssertionError:
            left = await self._number("state IN ('due', 'sending', 'unsure') AND due_at < $1", end)
            self.tally.stuck += left
            say(f"  {day}: {left} deliveries had no end after {PATIENCE:.0f} s")

    async def _number(self, where: str, *values: object) -> int:
        return int((await self._rows(f"SELECT count(*) FROM delivery WHERE {where}", *values))[0][0])

    async def _rows(self, query: str, *values: object) -> list[Any]:
        connection = await asyncpg.connect(self.url)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def _size(self) -> int:
        return int((await self._rows("SELECT pg_database_size(current_database())"))[0][0])

    async def _count(self, before: int) -> dict[str, Any]:
        states = {
            row["state"]: int(row["n"])
            for row in await self._rows("SELECT state, count(*) AS n FROM delivery GROUP BY 1")
        }
        late = await self._rows(
            "SELECT percentile_disc(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM published_at - due_at)) "
            "FROM delivery WHERE state = 'published'"
        )
        ledger = await self.here.ledger()
        said = Counter((post["platform"], post["account"], post["text"], post["created_at"][:10]) for post in ledger)
        published, grown = states.get("published", 0), await self._size() - before
        return {
            "states": states,
            "published": published,
            "ledger": len(ledger),
            "duplicates": sum(count - 1 for count in said.values()),
            "lost": published - len(ledger),
            "late_p50_s": float(late[0][0][0]) / SPEED,
            "late_p99_s": float(late[0][0][1]) / SPEED,
            "grown_mb": grown / 2**20,
            "grown_mb_per_million": grown / 2**20 / max(1, published) * 1e6,
            "cpu_hours_per_million": self.tally.cpu / 3600 / max(1, published) * 1e6,
            "reasons": {
                f"{row['state']}: {row['reason'][:80]}": int(row["n"])
                for row in await self._rows(
                    "SELECT state, reason, count(*) AS n FROM delivery WHERE state NOT IN ('published', 'cancelled') GROUP BY 1, 2"
                )
            },
            **{name: getattr(self.tally, name) for name in ("broadcasts", "approved", "revisions", "kills", "stuck")},
            "faults": dict(self.tally.faults),
            "refused": dict(self.tally.refused),
        }


async def run(seed: int) -> dict[str, Any]:
    """One run; its days, processes and database are gone afterwards."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="ktge") as folder, stage.database_server("postgres") as server:
        async with stage.fresh_database(server) as url:
            election = Election(url, Path(folder), seed)
            try:
                found = await election.run()
            finally:
                election.here.__exit__()
    found["scale"] = 68 / NATION
    found["seconds"] = time.perf_counter() - started
    for name, value in found.items():
        say(f"  {name}: {value}")
    return found
