"""`kentongan up` on an empty machine: a way in, the truth about its health, and what dies comes back."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.processes import descendants, free_port
from tests.support.wait import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.deep]


class Up:
    def __init__(self, folder: Path) -> None:
        self.base = f"http://127.0.0.1:{(port := free_port())}"
        self.output = folder / "output.txt"
        plain = {name: value for name, value in os.environ.items() if not name.startswith("KENTONGAN_")}
        settings = {"KENTONGAN_DATA_DIR": str(folder / "data"), "KENTONGAN_SILENT_AFTER": "3"}
        with self.output.open("wb") as file:
            command = [sys.executable, "-m", "app.cli", "up", "--port", str(port)]
            self.process = subprocess.Popen(command, env=plain | settings, stdout=file, stderr=subprocess.DEVNULL)

    async def ready(self) -> tuple[int, dict[str, Any]]:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.base}/readyz") as answer:
                return answer.status, await answer.json()
        except aiohttp.ClientError:
            return 0, {}

    async def is_ready(self) -> bool:
        return (await self.ready())[0] == 200

    async def says_the_worker_is_dead(self) -> bool:
        status, body = await self.ready()
        return status == 503 and body["parts"]["worker"]["ok"] is False

    def pid_of(self, word: str) -> int:
        """The child whose command line ends with `word`."""
        for pid in descendants(self.process.pid):
            if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")[-1] == word.encode():
                return pid
        return 0


async def test_a_dead_worker_is_told_of_and_started_again(tmp_path: Path) -> None:
    up = Up(tmp_path)
    try:
        await wait_until(up.is_ready, "everything runs", 60)
        assert "/masuk/" in up.output.read_text()
        worker = up.pid_of("workers")
        # Stopped before it is killed: else the new worker may beat before anybody notices.
        os.kill(worker, signal.SIGSTOP)
        await wait_until(up.says_the_worker_is_dead, "/readyz tells the truth", 30)
        os.kill(worker, signal.SIGKILL)
        await wait_until(up.is_ready, "another worker beats", 30)
        assert up.pid_of("workers") not in {0, worker}
        children = descendants(up.process.pid)
    finally:
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(45) == 0
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
