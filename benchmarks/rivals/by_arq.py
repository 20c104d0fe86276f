"""arq alone: a deferred job for each post. `python -m benchmarks.rivals.by_arq worker`, or `fill COUNT ISO-TIME`."""

import asyncio
import os
import sys
from datetime import datetime
from typing import Any, ClassVar

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import run_worker

from benchmarks.rivals.post import SLOTS, publish, widen

_REDIS = RedisSettings(unix_socket_path=os.environ.get("RIVAL_REDIS", ""))


async def say(_ctx: dict[str, Any], number: int) -> None:
    await asyncio.to_thread(publish, number)


async def start(_ctx: dict[str, Any]) -> None:
    widen()


class Work:
    """arq as its documentation's tuning advice has it: slots, a short poll, a timeout that fits one request."""

    functions: ClassVar = [say]
    redis_settings = _REDIS
    on_startup = start
    max_jobs = SLOTS
    poll_delay = 0.1
    job_timeout = 20
    keep_result = 0


async def fill(count: int, at: datetime) -> None:
    pool = await create_pool(_REDIS)
    for number in range(count):
        await pool.enqueue_job("say", number, _defer_until=at)
    await pool.aclose()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        run_worker(Work)  # type: ignore[arg-type]
    else:
        asyncio.run(fill(int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])))
