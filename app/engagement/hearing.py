"""Hears what platforms tell of their own accord, and asks them about it sooner than it would have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.channels.service import ChannelService
from app.engagement import hear_store
from app.kit.db import Database
from app.kit.errors import NotFound, Unauthenticated
from app.platforms import news
from app.platforms.news import News

ENOUGH = timedelta(minutes=5)
"""Numbers no older than that are not read again because of news: a platform tells of everything."""


@dataclass(frozen=True)
class HearingService:
    """`secrets`: by (platform, environment), what the platform signs with."""

    db: Database
    now: Callable[[], datetime]
    channels: ChannelService
    secrets: Mapping[tuple[str, str], str]
    verify_token: str = ""

    def greet(self, platform: str, token: str) -> None:
        """Meta asks once whether this address is ours. Raises NotFound where it is not set up, Unauthenticated."""
        if not self.verify_token or platform not in news.META:
            raise NotFound("Alamat itu tidak ada.")
        if token != self.verify_token:
            raise Unauthenticated("Kata verifikasi tidak cocok.")

    async def hear(self, platform: str, environment: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Answers how many posts and accounts will be asked about. Raises NotFound where no secret is set, Unauthenticated."""
        secret = self.secrets.get((platform, environment), "")
        if not secret:
            raise NotFound("Alamat itu tidak ada.")
        if not news.is_genuine(platform, secret, body, headers):
            raise Unauthenticated("Tanda tangan tidak cocok.")
        told = news.read(platform, body)
        return await self._ask_soon(platform, environment, told) if told else 0

    async def _ask_soon(self, platform: str, environment: str, told: Sequence[News]) -> int:
        now = self.now()
        async with self.db.write() as session:
            accounts = {each.account_id for each in told if not each.remote_id}
            ids = await hear_store.channels_of(session, platform, environment, accounts) if accounts else []
            if ids:
                await self.channels.check_soon(session, ids)
            posts = {each.remote_id for each in told if each.remote_id}
            since = now - ENOUGH
            asked = (
                await hear_store.read_soon(session, platform, environment, posts, now=now, since=since) if posts else 0
            )
        return asked + len(ids)
