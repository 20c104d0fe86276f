"""One worker process: the publisher and arq's worker as siblings, so that neither waits for the other."""

import asyncio
import signal
from contextlib import suppress

from app.bootstrap import build
from app.kit import collector
from app.kit.logs import logger
from app.settings import Settings
from workers.settings import run_jobs

log = logger("worker")


async def run_worker(settings: Settings, redis_url: str) -> None:
    """Until SIGTERM or SIGINT; then claims nothing more, finishes what is in flight and records it."""
    house = build(settings)
    publisher = house.publisher()
    collector.calm()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, publisher.stop)
    jobs = asyncio.create_task(run_jobs(redis_url, {"house": house, "publisher": publisher}))
    log.info("worker_started", worker=publisher.worker_id)
    try:
        await publisher.run()
    finally:
        jobs.cancel()
        with suppress(asyncio.CancelledError):
            await jobs
        await house.close()
        log.info("worker_stopped", worker=publisher.worker_id)
