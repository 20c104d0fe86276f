"""How a Mastodon account is joined: our program introduces itself to the instance, then asks for consent there.

Source: docs.joinmastodon.org at 2903485, "apps" and "oauth" methods; PKCE (S256) is heeded since 4.3 and ignored before.
Tokens do not end by themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from app.platforms import oauth
from app.platforms.answer import find_id
from app.platforms.connecting import AppKey, Candidate, CannotConnect, Place, Way
from app.platforms.http import AioTransport, Request
from app.platforms.mastodon import wire

CLIENT = "Kentongan"


class MastodonConnector:
    name: ClassVar[str] = "mastodon"
    title: ClassVar[str] = wire.TITLE
    way: ClassVar[Way] = Way.CONSENT
    scopes: ClassVar[tuple[str, ...]] = ("read", "write:statuses", "write:media")
    app_settings: ClassVar[tuple[str, ...]] = ()
    renews: ClassVar[bool] = False

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._transport = AioTransport(title=self.title, timeout=timeout)

    async def register(self, place: Place) -> AppKey:
        form = {"client_name": CLIENT, "redirect_uris": place.callback, "scopes": " ".join(self.scopes)}
        answer = await oauth.post_form(self._transport, f"{place.base_url}/api/v1/apps", form, guarded=place.guards)
        body = answer.json or {}
        if answer.ok and body.get("client_id") and body.get("client_secret"):
            return AppKey(str(body["client_id"]), str(body["client_secret"]))
        raise CannotConnect(
            f"Peladen {place.base_url} tidak menjawab seperti Mastodon.",
            "Periksa alamatnya, misalnya https://mastodon.social, lalu mulai lagi.",
            code="no_instance",
        )

    def authorize_url(self, place: Place, *, state: str, challenge: str) -> str:
        page = f"{place.base_url}/oauth/authorize"
        return oauth.authorize_url(page, place, scope=" ".join(self.scopes), state=state, challenge=challenge)

    async def exchange(self, place: Place, *, code: str, verifier: str) -> Sequence[Candidate]:
        form = {
            "grant_type": "authorization_code",
            "client_id": place.app.id,
            "client_secret": place.app.secret,
            "redirect_uri": place.callback,
            "code": code,
            "code_verifier": verifier,
        }
        answer = await oauth.post_form(
            self._transport, f"{place.base_url}/oauth/token", form, hidden=code, guarded=place.guards
        )
        body = oauth.read_tokens(answer, title=self.title)
        oauth.check_scopes(oauth.split_scopes(body.get("scope")), self.scopes, title=self.title)
        token = str(body["access_token"])
        me = await self._transport.send(
            Request("GET", f"{place.base_url}/api/v1/accounts/verify_credentials", token, guarded=place.guards)
        )
        account_id, username = find_id((me.json or {}).get("id")), str((me.json or {}).get("username") or "")
        if not me.ok or not account_id:
            raise oauth.failure(me, title=self.title)
        credential = {
            "access_token": token,
            "account_id": account_id,
            "username": username,
            "client_id": place.app.id,
            "client_secret": place.app.secret,
        }
        name = str((me.json or {}).get("display_name") or username)
        return [Candidate(account_id, username, name, credential, base_url=place.base_url)]

    async def revoke(self, place: Place, credential: Mapping[str, str]) -> None:
        token = credential.get("access_token", "")
        form = {name: credential.get(name, "") for name in ("client_id", "client_secret")} | {"token": token}
        answer = await oauth.post_form(
            self._transport, f"{place.base_url}/oauth/revoke", form, hidden=token, guarded=place.guards
        )
        oauth.must_be_forgotten(answer, title=self.title)

    async def close(self) -> None:
        await self._transport.close()
