"""How a Threads account is joined, and its sixty-day token kept alive.

Source: Threads API "Get access tokens" and "Long-lived tokens" (developers.facebook.com, December 2025).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from app.platforms import oauth
from app.platforms.answer import find_id
from app.platforms.connecting import Candidate, Place, Renewed, Way
from app.platforms.http import AioTransport, Request
from app.platforms.meta_tokens import exchange_code, exchange_short_lived, renew_long_lived
from app.platforms.threads import wire

SITE = "https://threads.com"


class ThreadsConnector:
    name: ClassVar[str] = "threads"
    title: ClassVar[str] = wire.TITLE
    way: ClassVar[Way] = Way.CONSENT
    scopes: ClassVar[tuple[str, ...]] = ("threads_basic", "threads_content_publish", "threads_manage_insights")
    app_settings: ClassVar[tuple[str, ...]] = ("THREADS_APP_ID", "THREADS_APP_SECRET")
    renews: ClassVar[bool] = True
    forget_by_hand = "Di aplikasi Threads: Setelan, Akun, Izin situs web, lalu hapus Kentongan."

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._now, self._transport = now, AioTransport(title=self.title, timeout=timeout)

    def authorize_url(self, place: Place, *, state: str, challenge: str) -> str:
        page = f"{place.at(SITE)}/oauth/authorize"
        return oauth.authorize_url(page, place, scope=",".join(self.scopes), state=state)

    async def exchange(self, place: Place, *, code: str, verifier: str) -> Sequence[Candidate]:
        """Threads does not say which scopes were granted: one that is missing shows when the account is read."""
        url = f"{place.base_url}/oauth/access_token"
        short = await exchange_code(self._transport, place, url, code=code, title=self.title)
        body = await exchange_short_lived(
            self._transport, place, str(short["access_token"]), grant="th_exchange_token", title=self.title
        )
        token = str(body["access_token"])
        me = await self._transport.send(
            Request("GET", f"{place.base_url}/{wire.VERSION}/me", token, query=(("fields", "id,username,name"),))
        )
        account_id, username = find_id((me.json or {}).get("id")), str((me.json or {}).get("username") or "")
        if not me.ok or not account_id:
            raise oauth.failure(me, title=self.title)
        credential = {"access_token": token, "account_id": account_id, "username": username}
        name = str((me.json or {}).get("name") or username)
        return [Candidate(account_id, username, name, credential, oauth.life_of(body, now=self._now()))]

    async def renew(self, place: Place, credential: Mapping[str, str]) -> Renewed:
        return await renew_long_lived(
            self._transport,
            place,
            credential,
            grant="th_refresh_token",
            title=self.title,
            now=self._now(),
        )

    async def close(self) -> None:
        await self._transport.close()
