"""How the sixty-day tokens of Instagram and Threads are come by and prolonged: the token itself is shown, and lives on.

Sources: Instagram "Refresh access token", Threads "Long-lived tokens" (developers.facebook.com, read November 2026): only a
token at least 24 hours old that has not ended can be prolonged.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.platforms import meta, oauth
from app.platforms.connecting import Place, Renewed
from app.platforms.contract import NeedsReconnect, TryLater
from app.platforms.http import AioTransport, Request

YOUNGEST = timedelta(hours=24)


async def exchange_code(transport: AioTransport, place: Place, url: str, *, code: str, title: str) -> dict[str, Any]:
    """The short-lived token for a code. `#_` hangs behind the codes and is not part of them. Raises as `oauth.read_tokens`."""
    form = {
        "client_id": place.app.id,
        "client_secret": place.app.secret,
        "grant_type": "authorization_code",
        "redirect_uri": place.callback,
        "code": code.removesuffix("#_"),
    }
    return oauth.read_tokens(await oauth.post_form(transport, url, form, hidden=form["code"]), title=title)


async def exchange_short_lived(
    transport: AioTransport, place: Place, token: str, *, grant: str, title: str
) -> dict[str, Any]:
    """The sixty-day token for a short-lived one. Raises as `oauth.read_tokens`."""
    query = (("grant_type", grant), ("client_secret", place.app.secret), ("access_token", token))
    answer = await transport.send(Request("GET", f"{place.base_url}/access_token", token, query=query))
    return oauth.read_tokens(answer, title=title)


async def renew_long_lived(
    transport: AioTransport, place: Place, credential: Mapping[str, str], *, grant: str, title: str, now: datetime
) -> Renewed:
    """Raises NeedsReconnect where Meta calls the token dead, TryLater otherwise."""
    token = credential["access_token"]
    query = (("grant_type", grant), ("access_token", token))
    answer = await transport.send(Request("GET", f"{place.base_url}/refresh_access_token", token, query=query))
    body = answer.json or {}
    if answer.ok and body.get("access_token"):
        return Renewed({**credential, "access_token": str(body["access_token"])}, oauth.life_of(body, now=now))
    error = meta.failure(answer, title=title, create=False, needs="")
    if isinstance(error, NeedsReconnect):
        raise error
    raise TryLater(error.message, after=YOUNGEST / 4, code=error.code, http_status=answer.status)
