"""Asks each account once a day how many follow it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.channels.service import ChannelService
from app.engagement import channel_store
from app.kit.db import Database
from app.kit.logs import logger
from app.platforms.contract import Account, Adapter, PublishError, TellsFollowers

log = logger("followers")

AT_ONCE = 8


@dataclass
class FollowersService:
    db: Database
    now: Callable[[], datetime]
    adapters: Mapping[str, Adapter]
    channels: ChannelService
    timezone: str

    async def collect(self, *, limit: int = 200) -> int:
        """Answers how many accounts were asked. One that refuses is asked again in an hour and never holds up another."""
        now = self.now()
        today = now.astimezone(ZoneInfo(self.timezone)).date()
        telling = [name for name, adapter in self.adapters.items() if isinstance(adapter, TellsFollowers)]
        async with self.db.read() as session:
            due = await channel_store.followers_due(session, telling, today=today, now=now, limit=limit)
            accounts = await self.channels.accounts_for(session, [row["id"] for row in due]) if due else {}
        told = await self._ask(due, accounts)
        rows = [
            {"channel_id": row["id"], "counted_on": today, "taken_at": now, "followers": told.get(row["id"])}
            for row in due
        ]
        if rows:
            async with self.db.write() as session:
                await channel_store.put_followers(session, rows)
        return len(due)

    async def _ask(self, due: Sequence[Mapping[str, Any]], accounts: Mapping[int, Account]) -> dict[int, int | None]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(row: Mapping[str, Any]) -> int | None:
            adapter = self.adapters[row["platform"]]
            account = accounts.get(row["id"])
            if account is None or not isinstance(adapter, TellsFollowers):
                return None
            async with gate:
                try:
                    return await adapter.read_followers(account)
                except PublishError as error:
                    log.warning("followers_later", platform=row["platform"], handle=account.handle, code=error.code)
                    return None

        return dict(zip([row["id"] for row in due], await asyncio.gather(*map(ask, due)), strict=True))
