"""How a YouTube channel is joined: Google's consent with PKCE, a token of an hour, a refresh token that does not rotate.

Sources: "Using OAuth 2.0 for Web Server Applications" (developers.google.com, read November 2026); YouTube discovery document
20261104. An app in "Testing" gets refresh tokens of seven days.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from app.platforms import oauth
from app.platforms.answer import Answer, find_at, find_id
from app.platforms.connecting import Candidate, CannotConnect, Life, Place, Renewed, Way
from app.platforms.http import AioTransport, Request

SITE, TOKEN_HOST = "https://accounts.google.com", "https://oauth2.googleapis.com"
_AUTH = "https://www.googleapis.com/auth/"


class YouTubeConnector:
    name: ClassVar[str] = "youtube"
    title: ClassVar[str] = "YouTube"
    way: ClassVar[Way] = Way.CONSENT
    scopes: ClassVar[tuple[str, ...]] = (
        f"{_AUTH}youtube.upload",
        f"{_AUTH}youtube.readonly",
        f"{_AUTH}youtube.force-ssl",
    )
    app_settings: ClassVar[tuple[str, ...]] = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
    renews: ClassVar[bool] = True

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._now, self._transport = now, AioTransport(title=self.title, timeout=timeout)

    def authorize_url(self, place: Place, *, state: str, challenge: str) -> str:
        """`prompt=consent`: without it Google gives a refresh token only to the very first consent."""
        page = f"{place.at(SITE)}/o/oauth2/v2/auth"
        return oauth.authorize_url(
            page,
            place,
            scope=" ".join(self.scopes),
            state=state,
            challenge=challenge,
            access_type="offline",
            prompt="consent",
        )

    async def exchange(self, place: Place, *, code: str, verifier: str) -> Sequence[Candidate]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": place.callback,
            "code_verifier": verifier,
        }
        body = oauth.read_tokens(await self._token(place, form, hidden=code), title=self.title)
        oauth.check_scopes(oauth.split_scopes(body.get("scope")), self.scopes, title=self.title)
        token = str(body["access_token"])
        url = f"{place.base_url}/youtube/v3/channels"
        answer = await self._transport.send(Request("GET", url, token, query=(("part", "snippet"), ("mine", "true"))))
        if not answer.ok or answer.json is None:
            raise oauth.failure(answer, title=self.title)
        items = answer.json.get("items")
        life = Life(oauth.life_of(body, now=self._now()).token_ends_at, None)
        keys = {name: str(body[name]) for name in ("access_token", "refresh_token") if body.get(name)}
        found = (
            [_channel(item, keys, life) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        )
        if not found:
            raise CannotConnect(
                "Akun Google itu belum punya kanal YouTube.",
                "Buat kanalnya dulu di youtube.com dengan akun itu, lalu mulai lagi.",
                code="no_channel",
            )
        return found

    async def renew(self, place: Place, credential: Mapping[str, str]) -> Renewed:
        refresh = credential.get("refresh_token", "")

        async def ask() -> Answer:
            return await self._token(place, {"grant_type": "refresh_token", "refresh_token": refresh}, hidden=refresh)

        body = await oauth.renew_with_refresh_token(ask, title=self.title, credential=credential)
        fresh = {name: str(body[name]) for name in ("access_token", "refresh_token") if body.get(name)}
        return Renewed({**credential, **fresh}, Life(oauth.life_of(body, now=self._now()).token_ends_at, None))

    async def revoke(self, place: Place, credential: Mapping[str, str]) -> None:
        token = credential.get("refresh_token") or credential.get("access_token", "")
        answer = await oauth.post_form(
            self._transport, f"{place.at(TOKEN_HOST)}/revoke", {"token": token}, hidden=token
        )
        oauth.must_be_forgotten(answer, title=self.title)

    async def close(self) -> None:
        await self._transport.close()

    async def _token(self, place: Place, form: Mapping[str, str], *, hidden: str) -> Answer:
        app = {"client_id": place.app.id, "client_secret": place.app.secret}
        return await oauth.post_form(self._transport, f"{place.at(TOKEN_HOST)}/token", {**app, **form}, hidden=hidden)


def _channel(item: Mapping[str, object], keys: Mapping[str, str], life: Life) -> Candidate:
    number, title = find_id(item.get("id")), str(find_at(item, "snippet", "title") or "")
    handle = str(find_at(item, "snippet", "customUrl") or number).lstrip("@")
    return Candidate(number, handle, title or handle, {**keys, "account_id": number, "username": handle}, life)
