"""One template to the units of many cities: planned, checked and queued on PostgreSQL, beside a bare COPY of the same rows."""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from app.accounts import unit_store
from app.accounts.models import Unit
from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.posts.broadcasts import BroadcastInput
from app.posts.rules import Timing
from app.practice import PLATFORMS, set_up
from app.settings import ROOT
from app.wilayah.models import Wilayah
from app.wilayah.reading import read_regions
from benchmarks import machine, stage, watch
from benchmarks.machine import say

NATIONAL = ROOT / "data" / "wilayah" / "nasional.csv.xz"
TEMPLATE = "saring-hoaks"
TABLES = ("media", "post", "delivery")
"""What a broadcast fills, in an order that foreign keys allow."""


async def run(units: int, runs: int) -> dict[str, Any]:
    return await each_alone("benchmarks.broadcast", units, runs, line)


async def each_alone(module: str, units: int, runs: int, line: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """Medians; each run in a process of its own on a database of its own, so that its peak of memory is its own."""
    found = []
    with stage.database_server("postgres") as server:
        for number in range(runs):
            async with stage.fresh_database(server) as url:
                one = await stage.run_child(module, url, units)
            found.append(one)
            say(f"  run {number + 1}: {line(one)}")
    middle = machine.medians(found)
    say(f"  median: {line(middle)}")
    return middle


def line(found: dict[str, Any]) -> str:
    return (
        f"{found['deliveries']:.0f} deliveries ({found['rows']:.0f} rows) of {found['units']:.0f} units in {found['seconds']:.1f} s "
        f"({found['plan_seconds']:.1f} s to look first): {found['rows_per_s']:.0f} rows/s, bare COPY {found['copy_rows_per_s']:.0f} rows/s, "
        f"ratio {found['ratio']:.3f}; {found['cpu_seconds']:.1f} s of CPU; peak {found['peak_mb']:.0f} MB ({found['before_mb']:.0f} MB before)"
    )


async def measure_once(url: str, count: int, folder: Path) -> dict[str, Any]:
    async with stage.open_house(url, folder) as house:
        await set_up(house)
        await add_units(house, count)
        await watch.refresh_statistics(house.db)
        actor, wanted = await wish(house)
        started = time.perf_counter()
        looked_at = await house.broadcasts.preview(actor, wanted)
        plan_seconds = time.perf_counter() - started
        before_mb, used, started = machine.forget_peak(), used_cpu(), time.perf_counter()
        made = await house.broadcasts.create(actor, wanted)
        seconds, cpu_seconds = time.perf_counter() - started, used_cpu() - used
        peak_mb = machine.peak_mb()
    if made.deliveries != looked_at.deliveries or made.units < count:
        raise RuntimeError(f"{made.deliveries} deliveries of {made.units} units, {list(made.problems)[:3]}")
    rows, copy_seconds = await _copy(url, folder)
    return {
        "units": made.units,
        "deliveries": made.deliveries,
        "rows": rows,
        "seconds": seconds,
        "plan_seconds": plan_seconds,
        "cpu_seconds": cpu_seconds,
        "rows_per_s": rows / seconds,
        "copy_rows_per_s": rows / copy_seconds,
        "ratio": copy_seconds / seconds,
        "before_mb": before_mb,
        "peak_mb": peak_mb,
    }


def used_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def wish(house: Kentongan) -> tuple[Actor, BroadcastInput]:
    """As the Divisi Sosdiklih would ask for it."""
    dewi = await house.people.find_user_by_email("dewi@latihan.invalid")
    actor = await house.people.actor_of((dewi.id if dewi else None) or 0)
    template = next(
        each for each in (await house.templates.list(actor, limit=200, cursor=None)).rows if each.key == TEMPLATE
    )
    at = house.clock.now() + timedelta(hours=1)
    return actor, BroadcastInput(
        template.id, kinds=("pps",), under=None, unit_ids=None, platforms=PLATFORMS, timing=Timing(at=at),
        environment="practice",
    )  # fmt: skip


async def add_units(house: Kentongan, count: int) -> None:
    """A PPS for each of the first `count` villages of the country outside the city, right beneath its KPU."""
    regions = [each for each in read_regions(NATIONAL).regions if not each.code.startswith("32.71")]
    villages = [each for each in regions if each.code.count(".") == 3][:count]
    above = {".".join(each.code.split(".")[:depth]) for each in villages for depth in (1, 2, 3)} - {"32"}
    wanted = sorted([each for each in regions if each.code in above], key=lambda each: each.code.count(".")) + villages
    async with house.db.write() as session:
        await session.insert_many(
            Wilayah,
            [
                Wilayah(code=r.code, name=r.name, level=r.level, parent=r.parent, timezone=r.timezone).model_dump()
                for r in wanted
            ],
        )
        root = (await unit_store.units_in(session, ["/"], kinds=["kpu"]))[0]
        rows = [
            Unit(
                election_id=root.election_id, kind="pps", name=f"PPS {each.name}", wilayah_code=each.code,
                parent_id=root.id, timezone=each.timezone, rw_count=5,
            ).model_dump(exclude={"id"})
            for each in villages
        ]  # fmt: skip
        await unit_store.insert_units(session, rows, [root.path] * len(rows))
    async with house.db.write() as session:
        units = await unit_store.units_in(session, [root.path], kinds=["pps"])
        named = [
            (unit.id or 0, f"pps.{unit.wilayah_code.replace('.', '')}")
            for unit in units
            if unit.wilayah_code[:5] != "32.71"
        ]
        for part in _parts(named):
            await house.channels.add_practice(session, units=part, platforms=PLATFORMS)


def _parts(named: Sequence[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    left = iter(named)
    while part := list(islice(left, 5000)):
        yield part


async def _copy(url: str, folder: Path) -> tuple[int, float]:
    """The same rows into tables with the same indexes by COPY alone: how many, and the seconds it took."""
    connection, rows, seconds = await asyncpg.connect(url), 0, 0.0
    for table in TABLES:
        file = folder / table
        await connection.copy_from_table(table, output=str(file))
        await connection.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        started = time.perf_counter()
        with file.open("rb") as source:
            done = await connection.copy_to_table(f"bare_{table}", source=source)
        seconds += time.perf_counter() - started
        rows += int(done.split()[-1])
    await connection.close()
    return rows, seconds


def be_measured(measure: Callable[[str, int, Path], Coroutine[Any, Any, dict[str, Any]]]) -> None:
    """The other end of `each_alone`: measures once and prints it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("count", type=int)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ktgb") as folder:
        print(json.dumps(uvloop.run(measure(given.url, given.count, Path(folder)))))


if __name__ == "__main__":
    be_measured(measure_once)
