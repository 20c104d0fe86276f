"""Asks the simulator to take a class's posts off its wall."""

from collections.abc import Sequence

import aiohttp

from app.kit.logs import logger

log = logger("training")

_PATIENCE = aiohttp.ClientTimeout(total=10)


async def clear(simulator: str, remote_ids: Sequence[str]) -> bool:
    """False where the simulator refuses (in production nobody may change its wall) or does not answer; nothing is lost then."""
    if not remote_ids:
        return True
    try:
        async with (
            aiohttp.ClientSession(timeout=_PATIENCE) as client,
            client.post(f"{simulator}/_sim/reset", json={"remote_ids": list(remote_ids)}) as answer,
        ):
            return answer.status == 204
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("wall_not_cleared", error=type(error).__name__)
        return False
