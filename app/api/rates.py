"""How often a caller may knock: one quota for reading, one for writing, told in every answer.

Headers: draft-ietf-httpapi-ratelimit-headers-10 (structured fields `RateLimit` and `RateLimit-Policy`).
"""

import re

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.tokens import hash_of, is_token
from app.api import problems
from app.api.deps import find_credential
from app.bootstrap import Kentongan
from app.kit.rates import Quota, Standing, neighbourhood

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# These POSTs only look: trying a text for 75 units is reading.
_LOOKS = re.compile(r"/templates/[^/]+/render|/guard/check")


class RateLimit:
    """ASGI middleware. A token or session has a quota of its own; whoever shows neither shares their address's."""

    def __init__(self, app: ASGIApp, *, house: Kentongan, prefix: str) -> None:
        self._app, self._house, self._prefix = app, house, prefix
        self._reads = Quota("reads", house.settings.rate_reads)
        self._writes = Quota("writes", house.settings.rate_writes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        standing = await self._house.rates.hit(self._quota(request), caller(request))
        if not standing.is_within:
            response = problems.answer(request, status=429, detail=_too_often(standing), kind="too-often")
            response.headers.update(told(standing) | {"Retry-After": str(standing.reset)})
            await response(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(told(standing))
            await send(message)

        await self._app(scope, receive, telling)

    def _quota(self, request: Request) -> Quota:
        looks = request.method in _READS or _LOOKS.fullmatch(request.url.path.removeprefix(self._prefix))
        return self._reads if looks else self._writes


def caller(request: Request) -> str:
    """Whose quota it is. A token that cannot be one of ours is no reason to leave the address's."""
    credential = find_credential(request)
    if credential and (not credential.is_token or is_token(credential.secret)):
        return hash_of(credential.secret)[:32]
    return neighbourhood(request.client.host if request.client else "")


def told(standing: Standing) -> dict[str, str]:
    quota = standing.quota
    if not quota.amount:
        return {}
    return {
        "RateLimit-Policy": f'"{quota.name}";q={quota.amount};w={quota.seconds}',
        "RateLimit": f'"{quota.name}";r={standing.remaining};t={standing.reset}',
    }


def _too_often(standing: Standing) -> str:
    quota = standing.quota
    return f"Terlalu sering: paling banyak {quota.amount} permintaan per {quota.seconds} detik. Coba lagi dalam {standing.reset} detik."
