"""How an Instagram account is joined: Instagram Login, which needs no Facebook Page, and tokens that live for sixty days.

Source: "Business Login for Instagram" (developers.facebook.com, read November 2026).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from app.platforms import oauth
from app.platforms.answer import find_id
from app.platforms.connecting import Candidate, CannotConnect, Place, Renewed, Way
from app.platforms.http import AioTransport, Request
from app.platforms.meta_tokens import exchange_code, exchange_short_lived, renew_long_lived

SITE, TOKEN_HOST = "https://www.instagram.com", "https://api.instagram.com"
PROFESSIONAL = {"BUSINESS", "MEDIA_CREATOR", "CREATOR"}


class InstagramConnector:
    name: ClassVar[str] = "instagram"
    title: ClassVar[str] = "Instagram"
    way: ClassVar[Way] = Way.CONSENT
    scopes: ClassVar[tuple[str, ...]] = (
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_insights",
    )
    app_settings: ClassVar[tuple[str, ...]] = ("INSTAGRAM_APP_ID", "INSTAGRAM_APP_SECRET")
    renews: ClassVar[bool] = True
    forget_by_hand = "Di aplikasi Instagram: Setelan, Izin situs web, Aplikasi dan situs web, lalu hapus Kentongan."

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._now, self._transport = now, AioTransport(title=self.title, timeout=timeout)

    def authorize_url(self, place: Place, *, state: str, challenge: str) -> str:
        page = f"{place.at(SITE)}/oauth/authorize"
        return oauth.authorize_url(page, place, scope=",".join(self.scopes), state=state)

    async def exchange(self, place: Place, *, code: str, verifier: str) -> Sequence[Candidate]:
        url = f"{place.at(TOKEN_HOST)}/oauth/access_token"
        short = await exchange_code(self._transport, place, url, code=code, title=self.title)
        oauth.check_scopes(oauth.split_scopes(short.get("permissions")), self.scopes, title=self.title)
        body = await exchange_short_lived(
            self._transport, place, str(short["access_token"]), grant="ig_exchange_token", title=self.title
        )
        return [await self._account(place, str(body["access_token"]), oauth.life_of(body, now=self._now()))]

    async def renew(self, place: Place, credential: Mapping[str, str]) -> Renewed:
        return await renew_long_lived(
            self._transport,
            place,
            credential,
            grant="ig_refresh_token",
            title=self.title,
            now=self._now(),
        )

    async def close(self) -> None:
        await self._transport.close()

    async def _account(self, place: Place, token: str, life: object) -> Candidate:
        url = f"{place.base_url}/{place.version}/me"
        me = await self._transport.send(
            Request("GET", url, token, query=(("fields", "user_id,username,name,account_type"),))
        )
        body = me.json or {}
        account_id, username = find_id(body.get("user_id") or body.get("id")), str(body.get("username") or "")
        if not me.ok or not account_id:
            raise oauth.failure(me, title=self.title)
        kind = str(body.get("account_type") or "")
        if kind and kind not in PROFESSIONAL:
            raise CannotConnect(
                f"@{username} akun pribadi; Instagram hanya mengizinkan akun profesional.",
                "Ubah menjadi akun profesional di aplikasi Instagram (Pengaturan, Jenis akun), lalu mulai lagi.",
                code="personal_account",
            )
        credential = {"access_token": token, "account_id": account_id, "username": username}
        return Candidate(account_id, username, str(body.get("name") or username), credential, life)  # type: ignore[arg-type]
