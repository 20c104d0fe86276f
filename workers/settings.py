"""arq's own worker, given our functions and kept alive while Redis comes and goes."""

import asyncio
from typing import Any

from arq.connections import create_pool
from arq.worker import Worker
from redis.exceptions import RedisError

from app.kit.logs import logger
from workers.queue import QUEUE, redis_settings
from workers.schedule import CRON, FUNCTIONS

log = logger("jobs")

MAX_JOBS = 100
POLL_DELAY = 0.1
"""speed.md, section 3: throughput of arq is at most max_jobs / poll_delay."""


async def run_jobs(url: str, ctx: dict[str, Any]) -> None:
    """Until cancelled. arq's Worker ends when Redis goes away whatever its retry settings, so it is built anew each second."""
    was_up = True
    while True:
        try:
            await _run_once(url, ctx)
        except (RedisError, OSError, TimeoutError) as error:
            if was_up:
                log.warning("redis_away", error=repr(error))
            was_up = False
        else:
            was_up = True
        await asyncio.sleep(1.0)


async def _run_once(url: str, ctx: dict[str, Any]) -> None:
    redis = await create_pool(redis_settings(url), default_queue_name=QUEUE)
    worker = Worker(
        functions=FUNCTIONS,
        cron_jobs=CRON,
        redis_pool=redis,
        queue_name=QUEUE,
        handle_signals=False,
        max_jobs=MAX_JOBS,
        poll_delay=POLL_DELAY,
        keep_result=0,
        ctx=dict(ctx),
        log_results=False,
    )
    try:
        await worker.async_run()
    finally:
        try:
            await worker.close()
        finally:
            # arq's own close gives up, and leaves its connections open, when Redis is what went away.
            await redis.aclose(close_connection_pool=True)
