"""How a TikTok account is joined: a consent, a token of a day, a refresh token of a year that may rotate.

Source: "Login Kit", "Manage user access tokens" (developers.tiktok.com, read November 2026).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from app.platforms import oauth
from app.platforms.answer import Answer, find_at, find_id, find_number
from app.platforms.connecting import Candidate, CannotConnect, Life, Place, Renewed, Way
from app.platforms.http import AioTransport, Request

SITE = "https://www.tiktok.com"


class TikTokConnector:
    name: ClassVar[str] = "tiktok"
    title: ClassVar[str] = "TikTok"
    way: ClassVar[Way] = Way.CONSENT
    scopes: ClassVar[tuple[str, ...]] = (
        "user.info.basic",
        "user.info.stats",
        "video.list",
        "video.upload",
        "video.publish",
    )
    app_settings: ClassVar[tuple[str, ...]] = ("TIKTOK_CLIENT_KEY", "TIKTOK_CLIENT_SECRET")
    renews: ClassVar[bool] = True

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._now, self._transport = now, AioTransport(title=self.title, timeout=timeout)

    def authorize_url(self, place: Place, *, state: str, challenge: str) -> str:
        """PKCE is for its mobile and desktop apps; the web flow rests on the secret and the state."""
        page = f"{place.at(SITE)}/v2/auth/authorize/"
        return oauth.authorize_url(page, place, scope=",".join(self.scopes), state=state, id_name="client_key")

    async def exchange(self, place: Place, *, code: str, verifier: str) -> Sequence[Candidate]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": place.callback}
        body = oauth.read_tokens(await self._token(place, form, hidden=code), title=self.title)
        oauth.check_scopes(oauth.split_scopes(body.get("scope")), self.scopes, title=self.title)
        token, open_id = str(body["access_token"]), find_id(body.get("open_id"))
        url = f"{place.base_url}/v2/post/publish/creator_info/query/"
        answer = await self._transport.send(Request("POST", url, token, json={}))
        username = str(find_at(answer.json, "data", "creator_username") or "")
        if not answer.ok or not username:
            raise CannotConnect(
                "TikTok memberi izin, tetapi akun ini belum boleh menerbitkan lewat aplikasi.",
                "Buka TikTok, periksa apakah akun dibatasi, lalu mulai lagi.",
                code="no_creator",
            )
        name = str(find_at(answer.json, "data", "creator_nickname") or username)
        credential = _credential(body) | {"account_id": open_id, "username": username}
        return [Candidate(open_id, username, name, credential, self._life(body))]

    async def renew(self, place: Place, credential: Mapping[str, str]) -> Renewed:
        refresh = credential.get("refresh_token", "")

        async def ask() -> Answer:
            return await self._token(place, {"grant_type": "refresh_token", "refresh_token": refresh}, hidden=refresh)

        body = await oauth.renew_with_refresh_token(ask, title=self.title, credential=credential)
        return Renewed({**credential, **_credential(body)}, self._life(body))

    async def revoke(self, place: Place, credential: Mapping[str, str]) -> None:
        token = credential.get("access_token", "")
        form = {"client_key": place.app.id, "client_secret": place.app.secret, "token": token}
        answer = await oauth.post_form(self._transport, f"{place.base_url}/v2/oauth/revoke/", form, hidden=token)
        oauth.must_be_forgotten(answer, title=self.title)

    async def close(self) -> None:
        await self._transport.close()

    def _life(self, body: Mapping[str, object]) -> Life:
        year = find_number(body.get("refresh_expires_in"))
        return oauth.life_of(body, now=self._now(), refresh=timedelta(seconds=year) if year else timedelta(days=365))

    async def _token(self, place: Place, form: Mapping[str, str], *, hidden: str) -> Answer:
        app = {"client_key": place.app.id, "client_secret": place.app.secret}
        return await oauth.post_form(
            self._transport, f"{place.base_url}/v2/oauth/token/", {**app, **form}, hidden=hidden
        )


def _credential(body: Mapping[str, object]) -> dict[str, str]:
    return {name: str(body[name]) for name in ("access_token", "refresh_token") if body.get(name)}
