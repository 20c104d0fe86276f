"""A broadcast to the whole country looked at before it is made: every unit planned, every text checked, nothing written."""

import time
from pathlib import Path
from typing import Any

from app.practice import set_up
from benchmarks import machine, stage, watch
from benchmarks.broadcast import add_units, be_measured, each_alone, used_cpu, wish

TARGET_MB = 400


async def run(units: int, runs: int) -> dict[str, Any]:
    middle = await each_alone("benchmarks.dryrun", units, runs, line)
    return {"target_mb": TARGET_MB, **middle}


def line(found: dict[str, Any]) -> str:
    return (
        f"{found['units']:.0f} units, {found['texts']:.0f} deliveries in {found['seconds']:.1f} s: {found['units_per_s']:.0f} units/s; "
        f"{found['cpu_seconds']:.1f} s of CPU; {found['problems']:.0f} problems; peak {found['peak_mb']:.0f} MB ({found['before_mb']:.0f} MB before)"
    )


async def measure_once(url: str, count: int, folder: Path) -> dict[str, Any]:
    async with stage.open_house(url, folder) as house:
        await set_up(house)
        await add_units(house, count)
        await watch.refresh_statistics(house.db)
        actor, wanted = await wish(house)
        before_mb, used, started = machine.forget_peak(), used_cpu(), time.perf_counter()
        view = await house.broadcasts.preview(actor, wanted)
        seconds, cpu_seconds = time.perf_counter() - started, used_cpu() - used
        peak_mb = machine.peak_mb()
    if view.units < count:
        raise RuntimeError(f"{view.units} units, {list(view.problems)[:3]}")
    return {
        "units": view.units,
        "texts": view.deliveries,
        "problems": sum(view.hindered.values()),
        "seconds": seconds,
        "units_per_s": view.units / seconds,
        "cpu_seconds": cpu_seconds,
        "before_mb": before_mb,
        "peak_mb": peak_mb,
    }


if __name__ == "__main__":
    be_measured(measure_once)
