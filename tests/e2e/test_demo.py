"""The promise of the first command: from nothing to a city's posts on the wall, and gone without a trace on Ctrl-C."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.settings import ROOT
from tests.support.processes import descendants, free_port
from tests.support.wait import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.deep]

PATIENCE = 240
"""Real seconds: a minute on a quiet machine; other deep tests run beside this one."""
UNITS, PLATFORMS = 74, ("x", "facebook", "instagram")


@dataclass
class Demo:
    """One run of `kentongan demo`; its output goes to a file, as it would for a script."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def lines(self) -> list[str]:
        return self.output.read_text().splitlines()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def said(self, start: str) -> bool:
        return any(line.startswith(start) for line in self.lines)

    async def ledger(self) -> list[dict[str, Any]]:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.base}/simulator/_sim/posts") as answer:
                found: list[dict[str, Any]] = await answer.json()
                return found
        except aiohttp.ClientError:
            return []

    async def get(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with aiohttp.ClientSession(headers=headers) as session, session.get(self.base + path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    @property
    def token(self) -> str:
        return next(line.split()[1] for line in self.lines if line.startswith("token: "))

    async def states(self) -> list[dict[str, int]]:
        """Of its broadcasts, the newest first."""
        return [row["by_state"] for row in (await self.get("/api/v1/broadcasts"))["data"]]


@contextmanager
def demo(folder: Path) -> Iterator[Demo]:
    port, output = free_port(), folder / f"output-{time.monotonic_ns()}.txt"
    names = [name for name in os.environ if not name.startswith("KENTONGAN_")]
    environment = {name: os.environ[name] for name in names} | {"KENTONGAN_DATA_DIR": str(folder / "data")}
    command = [sys.executable, "-m", "app.cli", "demo", "--no-browse", "--port", str(port)]
    with (
        output.open("wb") as file,
        subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.DEVNULL) as process,
    ):
        try:
            yield Demo(process, port, output)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


def stop(run: Demo) -> set[int]:
    """Ctrl-C, as a terminal sends it; answers which of its processes are left."""
    children = descendants(run.process.pid)
    assert len(children) >= 3, "web, worker and Valkey run on their own"
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(45) == 0
    return {pid for pid in children if Path(f"/proc/{pid}").exists()}


def assert_lines_are_readable_by_scripts(run: Demo) -> None:
    """contract.md promises these forms."""
    lines = run.lines
    assert [line for line in lines if re.fullmatch(r"token: ktg_[0-9A-Za-z_]+", line)], lines
    links = [line for line in lines if line.startswith("masuk: ")]
    shape = re.compile(rf"masuk: \S+ (reviewer|admin|editor|viewer) {re.escape(run.base)}/masuk/\S+")
    assert all(shape.fullmatch(line) for line in links)
    assert links[0].startswith("masuk: Dewi reviewer "), "the Sosdiklih reviewer comes first"
    assert len(links) == 6
    assert any("digeser maju" in line for line in lines), "a moved calendar is said"
    assert not any("\x1b" in line for line in lines), "plain off a terminal"


def assert_exactly_one_localised_text_each(ledger: list[dict[str, Any]]) -> None:
    counted = Counter((post["platform"], post["account"]) for post in ledger)
    assert set(counted.values()) == {1}
    assert Counter(platform for platform, _ in counted) == dict.fromkeys(PLATFORMS, UNITS)
    on_x = [post["text"] for post in ledger if post["platform"] == "x"]
    assert len(set(on_x)) == UNITS
    pictures = [post["alt_texts"] for post in ledger if post["platform"] == "instagram"]
    assert all(alt and alt[0] for alt in pictures), "each poster is described"


def run_the_readmes_script(run: Demo) -> str:
    """Its example as it stands there, with this demo's token and address, and nothing else."""
    found = re.search(r"```bash\n(T=.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found is not None
    script = found[1].replace("T=ktg_...", f"T={run.token}").replace("http://127.0.0.1:8000", run.base)
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def assert_the_readmes_script_works(run: Demo) -> None:
    printed = run_the_readmes_script(run)
    assert f'"deliveries":{UNITS * len(PLATFORMS)}' in printed, printed
    assert '"title":"Saring sebelum sebar"' in printed

    async def all_out() -> bool:
        return await run.states() == [{"published": UNITS * len(PLATFORMS)}] * 2

    await wait_until(all_out, "the broadcast of the README is published", PATIENCE)
    counted = Counter((post["platform"], post["account"]) for post in await run.ledger())
    assert set(counted.values()) == {2}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="counts processes through /proc")
async def test_a_demo_fills_the_wall_leaves_nothing_and_goes_on_where_it_was(tmp_path: Path) -> None:
    with demo(tmp_path) as first:

        async def wall_is_full() -> bool:
            return len(await first.ledger()) >= UNITS * len(PLATFORMS)

        await wait_until(wall_is_full, "222 posts are on the wall", PATIENCE)
        assert_lines_are_readable_by_scripts(first)
        before = await first.ledger()
        assert_exactly_one_localised_text_each(before)
        left = stop(first)
        assert left == set()
    assert await first.ledger() == [], "nobody listens any more"
    with demo(tmp_path) as second:

        async def is_ready() -> bool:
            return second.said("Tekan Ctrl-C") and bool(await second.ledger())

        await wait_until(is_ready, "the second start answers", PATIENCE)
        assert await second.ledger() == before, "the ledger survives and nothing was sent again"
        assert await second.states() == [{"published": UNITS * len(PLATFORMS)}]
        assert not second.said("Siaran pertama")
        if shutil.which("curl") and shutil.which("bash"):
            await assert_the_readmes_script_works(second)
        assert stop(second) == set()
