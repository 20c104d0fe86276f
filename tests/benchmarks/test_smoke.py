"""The benchmarks run and say what they measured; how fast anything was is no test's business."""

import json
import subprocess
import sys

import pytest

from app.settings import ROOT

pytestmark = pytest.mark.slow

FIGURES = {
    "posts_per_s", "bare_posts_per_s", "ratio", "void", "worker_cpu_ms", "bare_core_share", "standin_core_share",
    "late_p50_s", "late_p99_s", "worker_peak_mb", "reads_per_post", "server",
}  # fmt: skip


@pytest.mark.deep
def test_a_small_burst_sends_everything_once_and_names_its_baseline() -> None:
    command = [sys.executable, "-m", "benchmarks", "burst", "200", "--runs", "1", "--databases", "sqlite", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert {"benchmark", "machine", "ceiling", "cases", "ratio", "void"} <= found.keys()
    assert [(case["platform"], case["count"]) for case in found["cases"]] == [
        ("instagram", 200),
        ("x", 20),
        ("facebook", 20),
    ]
    assert all(case.keys() >= FIGURES for case in found["cases"])
    assert found["ratio"] > 0
    assert found["machine"]["versions"]["aiohttp"]


@pytest.mark.storm
@pytest.mark.parametrize("switch", [(), ("--unverified",)])
def test_a_small_storm_loses_nothing_and_its_judge_sees_duplicates(switch: tuple[str, ...]) -> None:
    sizes = ("--workers", "2", "--kills", "4", "--flushes", "1", "--restarts", "1")
    command = [sys.executable, "-m", "benchmarks", "chaos", "140", *sizes, *switch, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["ok"], found["table"]
