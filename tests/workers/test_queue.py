"""Background work through a real Valkey: rings are coalesced, and one that is lost loses nothing."""

import asyncio
from contextlib import suppress
from typing import Any

from arq.connections import create_pool

from tests.support import servers
from tests.support.wait import wait_until
from workers.queue import QUEUE, Queue, redis_settings
from workers.settings import run_jobs


class Counting:
    """Stands for the publisher in a job's context, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def prepare_ahead(self, **_: Any) -> int:
        self.asked += 1
        return 0


async def test_rings_before_the_work_starts_are_one(redis_url: str) -> None:
    queue = Queue(redis_url)
    for _ in range(5):
        await queue.ring("prepare_media")
    redis = await create_pool(redis_settings(redis_url), default_queue_name=QUEUE)
    assert await redis.zcard(QUEUE) == 1
    await redis.flushdb()
    await redis.aclose()
    await queue.close()


async def test_a_ring_without_redis_is_lost_and_hurts_nobody() -> None:
    queue = Queue("unix:///nowhere/at/all.sock")
    await queue.ring("prepare_media")
    assert not await queue.is_up()


async def test_jobs_go_on_when_redis_comes_back() -> None:
    """arq's own worker ends with its Redis; ours is built anew."""
    work = Counting()
    with servers.valkey() as url:
        jobs = asyncio.create_task(run_jobs(url, {"publisher": work, "house": None}))
        queue = Queue(url)
        await wait_until(queue.is_up, "Valkey answers")
        await queue.ring("prepare_media")
        await wait_until(lambda: work.asked > 0, "the job ran")
        await queue.close()
        jobs.cancel()
        with suppress(asyncio.CancelledError):
            await jobs
