"""What ran the measurement: the machine, the versions, and what a process has used of it."""

import os
import platform
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

LIBRARIES = ("aiohttp", "uvloop", "tweepy", "facebook-sdk", "requests", "sqlalchemy", "asyncpg", "aiosqlite", "arq")
BUSY_SHARE = 0.9
"""A bare client that uses less of its core was held up by something else: the run says nothing (speed.md, section 6)."""


def describe() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "cpu": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        return platform.processor()
    return found[1] if found else platform.machine()


def cpu_seconds(pid: int) -> float:
    """User and system time of one process so far."""
    spent = psutil.Process(pid).cpu_times()
    return float(spent.user + spent.system)


def peak_mb(pid: int | str = "self") -> float:
    """The most a process ever had resident."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def forget_peak() -> float:
    """Starts this process's peak anew; answers what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")
    return float(psutil.Process().memory_info().rss / 2**20)


def family(pid: int) -> list[psutil.Process]:
    """A process and everything it started."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def proportional_mb(processes: Iterable[psutil.Process]) -> float:
    """Memory with what several of them share counted once."""
    return float(sum(process.memory_full_info().pss for process in processes) / 2**20)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def medians(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Number by number; what is not a number is taken from the first run."""
    found: dict[str, Any] = {}
    for name, first in runs[0].items():
        is_number = isinstance(first, int | float) and not isinstance(first, bool)
        found[name] = round(statistics.median(run[name] for run in runs), 4) if is_number else first
    return found


def say(text: str) -> None:
    print(text, flush=True)


def say_machine(machine: dict[str, Any]) -> None:
    say(
        f"machine: {machine['cores']} cores ({machine['cpu']}), {machine['memory_gb']} GB, {machine['system']}, load {machine['load_before']}"
    )
    say(f"python {machine['python']}: " + ", ".join(f"{name} {number}" for name, number in machine["versions"].items()))


PYTHON = sys.executable
