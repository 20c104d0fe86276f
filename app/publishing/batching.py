"""Gathers what finishes within a few milliseconds into one transaction, and keeps it until that is durable."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError

from app.kit.logs import logger

Item = TypeVar("Item")
log = logger("publishing")

WINDOW = 0.010
"""Seconds to gather (speed.md, section 3: results of 10 ms or 1,000 in one UPDATE)."""
MOST = 1000


class Batcher(Generic[Item]):
    """`await put(item)` returns once the batch that holds it is committed; while the database is away it waits."""

    def __init__(self, write: Callable[[list[Item]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[tuple[Item, asyncio.Future[None]]] = []
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        self._some.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        await done

    async def close(self) -> None:
        """After everything put has been written."""
        await asyncio.gather(*(done for _, done in self._waiting))
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            await asyncio.sleep(WINDOW)
            batch = self._waiting[:MOST]
            await self._write_until_durable([item for item, _ in batch])
            del self._waiting[: len(batch)]
            if not self._waiting:
                self._some.clear()
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    async def _write_until_durable(self, items: list[Item]) -> None:
        wait = 0.1
        while True:
            try:
                await self._write(items)
                return
            except (OSError, DBAPIError) as error:
                log.warning("record_failed", items=len(items), error=repr(error))
            except Exception as error:
                log.error("record_broke", items=len(items), exc_info=error)
            if len(items) > 1 and wait > 1.0:
                break
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5.0)
        # One bad item must not hold the others for ever.
        middle = len(items) // 2
        await self._write_until_durable(items[:middle])
        await self._write_until_durable(items[middle:])
