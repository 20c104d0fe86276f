"""How an X account is joined: OAuth 2.0 with PKCE, and refresh tokens that may be used once.

Sources: xdevplatform/docs at 2871328 (22 August 2026), "OAuth 2.0 Authorization Code Flow with PKCE"; the life of a
refresh token (six months) and its single use from public reports (platform notes, section 12.5).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from app.platforms import oauth
from app.platforms.answer import Answer, find_at, find_id
from app.platforms.connecting import Candidate, CannotConnect, Place, Renewed, Way
from app.platforms.http import AioTransport, Request

SITE = "https://x.com"
REFRESH_LIVES = timedelta(days=180)


class XConnector:
    name: ClassVar[str] = "x"
    title: ClassVar[str] = "X"
    way: ClassVar[Way] = Way.CONSENT
    scopes: ClassVar[tuple[str, ...]] = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
    app_settings: ClassVar[tuple[str, ...]] = ("X_CLIENT_ID", "X_CLIENT_SECRET")
    renews: ClassVar[bool] = True

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._now, self._transport = now, AioTransport(title=self.title, timeout=timeout)

    def authorize_url(self, place: Place, *, state: str, challenge: str) -> str:
        page = f"{place.at(SITE)}/i/oauth2/authorize"
        return oauth.authorize_url(page, place, scope=" ".join(self.scopes), state=state, challenge=challenge)

    async def exchange(self, place: Place, *, code: str, verifier: str) -> Sequence[Candidate]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": place.callback,
            "code_verifier": verifier,
        }
        body = oauth.read_tokens(await self._token(place, form, hidden=code), title=self.title)
        oauth.check_scopes(oauth.split_scopes(body.get("scope")), self.scopes, title=self.title)
        me = await self._transport.send(Request("GET", f"{place.base_url}/2/users/me", str(body["access_token"])))
        account_id = find_id(find_at(me.json, "data", "id"))
        if not me.ok or not account_id:
            raise CannotConnect(
                "X memberi izin, tetapi tidak mau menyebut akunnya.",
                "Pastikan akun itu tidak sedang dikunci, lalu mulai lagi.",
                code="no_account",
            )
        username = str(find_at(me.json, "data", "username") or "")
        credential = _credential(body) | {"account_id": account_id, "username": username}
        life = oauth.life_of(body, now=self._now(), refresh=REFRESH_LIVES)
        return [Candidate(account_id, username, str(find_at(me.json, "data", "name") or username), credential, life)]

    async def renew(self, place: Place, credential: Mapping[str, str]) -> Renewed:
        refresh = credential.get("refresh_token", "")

        async def ask() -> Answer:
            return await self._token(place, {"grant_type": "refresh_token", "refresh_token": refresh}, hidden=refresh)

        body = await oauth.renew_with_refresh_token(ask, title=self.title, credential=credential)
        life = oauth.life_of(body, now=self._now(), refresh=REFRESH_LIVES)
        return Renewed({**credential, **_credential(body)}, life)

    async def revoke(self, place: Place, credential: Mapping[str, str]) -> None:
        """The refresh token first: it would make new access tokens."""
        for name in ("refresh_token", "access_token"):
            if token := credential.get(name):
                form = {"token": token, "token_type_hint": name} | self._client(place)
                url = f"{place.base_url}/2/oauth2/revoke"
                answer = await oauth.post_form(self._transport, url, form, headers=self._headers(place), hidden=token)
                oauth.must_be_forgotten(answer, title=self.title)

    async def close(self) -> None:
        await self._transport.close()

    async def _token(self, place: Place, form: Mapping[str, str], *, hidden: str) -> Answer:
        url = f"{place.base_url}/2/oauth2/token"
        return await oauth.post_form(
            self._transport, url, {**form, **self._client(place)}, headers=self._headers(place), hidden=hidden
        )

    def _client(self, place: Place) -> dict[str, str]:
        """A public client names itself in the form, a confidential one in the header."""
        return {} if place.app.secret else {"client_id": place.app.id}

    def _headers(self, place: Place) -> dict[str, str]:
        return oauth.basic(place.app) if place.app.secret else {}


def _credential(body: Mapping[str, object]) -> dict[str, str]:
    return {name: str(body[name]) for name in ("access_token", "refresh_token") if body.get(name)}
