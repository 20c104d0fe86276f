"""Keeps one log-in for each Bluesky account: renewed when it ends, never made anew for a post.

The server allows 300 log-ins a day of one account (PDS code, November 2026) and takes a refresh token only once.
"""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime

from app.platforms.bluesky import wire
from app.platforms.bluesky.wire import Session
from app.platforms.contract import Account
from app.platforms.http import AioTransport, Memory, Request


class Sessions:
    """One caller at a time opens or renews an account's session; the others then use his."""

    def __init__(self, transport: AioTransport, now: Callable[[], datetime]) -> None:
        self._transport, self._now = transport, now
        self._sessions = Memory()
        self._locks = Memory()

    async def get(self, account: Account) -> Session:
        """Raises NeedsReconnect for an app password that opens nothing, TryLater where nobody answers."""
        known = self._known(account)
        if known is not None:
            return known
        async with self._lock(account):
            return self._known(account) or await self._log_in(account)

    async def renew(self, account: Account, stale: Session) -> Session:
        async with self._lock(account):
            known = self._known(account)
            if known is not None and known != stale:
                return known
            answer = await self._transport.send(
                Request(
                    "POST",
                    _url(account, "com.atproto.server.refreshSession"),
                    stale.refresh,
                    guarded=account.guarded,
                )
            )
            if wire.is_stale(answer):
                return await self._log_in(account)
            return self._keep(account, wire.read_session(answer, now=self._now()))

    async def _log_in(self, account: Account) -> Session:
        password = account.credential["access_token"]
        identifier = account.credential.get("username") or account.handle
        answer = await self._transport.send(
            Request(
                "POST",
                _url(account, "com.atproto.server.createSession"),
                json={"identifier": identifier.lstrip("@"), "password": password},
                hidden=password,
                guarded=account.guarded,
            )
        )
        return self._keep(account, wire.read_session(answer, now=self._now()))

    def _known(self, account: Account) -> Session | None:
        known = self._sessions.find(_key(account))
        return known if isinstance(known, Session) else None

    def _keep(self, account: Account, session: Session) -> Session:
        self._sessions.keep(_key(account), session)
        return session

    def _lock(self, account: Account) -> asyncio.Lock:
        known = self._locks.find(_key(account))
        lock = known if isinstance(known, asyncio.Lock) else asyncio.Lock()
        self._locks.keep(_key(account), lock)
        return lock


def _key(account: Account) -> tuple[str, ...]:
    """A new app password is a new log-in."""
    secret = hashlib.sha256(account.credential["access_token"].encode()).hexdigest()
    return account.base_url, account.handle, secret


def _url(account: Account, method: str) -> str:
    return f"{account.base_url}/xrpc/{method}"
