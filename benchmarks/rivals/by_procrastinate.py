"""procrastinate on PostgreSQL: a scheduled job for each post. `... by_procrastinate worker`, or `fill COUNT ISO-TIME`."""

import asyncio
import os
import sys
from datetime import datetime

from procrastinate import App, PsycopgConnector

from benchmarks.rivals.post import SLOTS, publish, widen

app = App(connector=PsycopgConnector(conninfo=os.environ.get("RIVAL_DATABASE", "")))


@app.task(name="say")
async def say(number: int) -> None:
    await asyncio.to_thread(publish, number)


async def fill(count: int, at: datetime) -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await app.configure_task("say", schedule_at=at).batch_defer_async(*({"number": each} for each in range(count)))


async def work() -> None:
    widen()
    async with app.open_async():
        await app.run_worker_async(concurrency=SLOTS, fetch_job_polling_interval=1)


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        asyncio.run(work())
    else:
        asyncio.run(fill(int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])))
