"""Waiting for a condition, never for a duration."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def wait_until(
    predicate: Callable[[], object | Awaitable[object]], description: str, seconds: float = 15
) -> None:
    """Returns once `predicate` is true; AssertionError with `description` if it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = predicate()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never: {description}")
