"""How a Facebook Page is joined: the person's consent, then one of the Pages they look after.

Sources: Facebook Login "Manually build a login flow", "Long-lived tokens", "Debug token" (developers.facebook.com, read
November 2026); recorded bodies of python-facebook (Apache-2.0). A Page token made from a long-lived user token does not end
by itself; access to data lapses after 90 days (`data_access_expires_at`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from app.platforms import oauth
from app.platforms.answer import Answer, find_at, find_id, find_number
from app.platforms.connecting import Candidate, CannotConnect, Life, Place, Way
from app.platforms.http import AioTransport, Request

SITE = "https://www.facebook.com"
TASK = "CREATE_CONTENT"
DATA_ACCESS = timedelta(days=90)


class FacebookConnector:
    name: ClassVar[str] = "facebook"
    title: ClassVar[str] = "Facebook"
    way: ClassVar[Way] = Way.CONSENT
    scopes: ClassVar[tuple[str, ...]] = (
        "pages_show_list",
        "pages_manage_posts",
        "pages_read_engagement",
        "read_insights",
    )
    app_settings: ClassVar[tuple[str, ...]] = ("META_APP_ID", "META_APP_SECRET")
    renews: ClassVar[bool] = False

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._now, self._transport = now, AioTransport(title=self.title, timeout=timeout)

    def authorize_url(self, place: Place, *, state: str, challenge: str) -> str:
        """Facebook's server flow knows no PKCE: the app's secret and the state stand for it."""
        page = f"{place.at(SITE)}/{place.version}/dialog/oauth"
        return oauth.authorize_url(page, place, scope=",".join(self.scopes), state=state)

    async def exchange(self, place: Place, *, code: str, verifier: str) -> Sequence[Candidate]:
        app = {"client_id": place.app.id, "client_secret": place.app.secret}
        first = await self._get(
            place, "oauth/access_token", {**app, "redirect_uri": place.callback, "code": code}, hidden=code
        )
        short = str(oauth.read_tokens(first, title=self.title)["access_token"])
        exchange = {**app, "grant_type": "fb_exchange_token", "fb_exchange_token": short}
        second = await self._get(place, "oauth/access_token", exchange, hidden=short)
        user_token = str(oauth.read_tokens(second, title=self.title)["access_token"])
        expires_at = await self._inspect(place, user_token)
        answer = await self._get(place, "me/accounts", {"fields": "id,name,access_token,tasks,username", "limit": "100"}, token=user_token)  # fmt: skip
        if not answer.ok or answer.json is None:
            raise oauth.failure(answer, title=self.title)
        pages = [_page(item, place, expires_at) for item in answer.items if find_id(item.get("access_token"))]
        if not pages:
            raise CannotConnect(
                "Akun Facebook itu tidak mengelola Halaman apa pun, atau Halamannya tidak dipilih di layar persetujuan.",
                "Minta admin Halaman menjadikan Anda pengelola, lalu mulai lagi dan pilih Halaman unit Anda.",
                code="no_page",
            )
        return pages

    async def revoke(self, place: Place, credential: Mapping[str, str]) -> None:
        url = f"{place.base_url}/{place.version}/me/permissions"
        answer = await self._transport.send(Request("DELETE", url, credential.get("access_token", "")))
        oauth.must_be_forgotten(answer, title=self.title)

    async def close(self) -> None:
        await self._transport.close()

    async def _inspect(self, place: Place, user_token: str) -> datetime:
        """When Meta stops letting us read; checks the granted scopes on the way."""
        answer = await self._get(
            place, "debug_token", {"input_token": user_token}, token=f"{place.app.id}|{place.app.secret}"
        )
        data = find_at(answer.json, "data")
        if not answer.ok or not isinstance(data, dict):
            raise oauth.failure(answer, title=self.title)
        oauth.check_scopes(oauth.split_scopes(data.get("scopes")), self.scopes, title=self.title)
        lapses = find_number(data.get("data_access_expires_at"))
        return datetime.fromtimestamp(lapses, UTC) if lapses else self._now() + DATA_ACCESS

    async def _get(
        self, place: Place, path: str, query: Mapping[str, str], *, token: str = "", hidden: str = ""
    ) -> Answer:
        url = f"{place.base_url}/{place.version}/{path}"
        return await self._transport.send(Request("GET", url, token, query=tuple(query.items()), hidden=hidden))


def _page(item: Mapping[str, Any], place: Place, expires_at: datetime) -> Candidate:
    page_id, name = find_id(item.get("id")), str(item.get("name") or "")
    tasks = item.get("tasks")
    may_post = not isinstance(tasks, list) or TASK in tasks
    credential = {"access_token": str(item["access_token"]), "account_id": page_id}
    if place.app.secret and place.is_own:
        credential["app_secret"] = place.app.secret
    problem = (
        "" if may_post else "Anda belum boleh membuat kiriman di Halaman ini; minta admin Halaman memberi tugas itu."
    )
    handle = str(item.get("username") or page_id)
    return Candidate(page_id, handle, name or handle, credential, Life(None, expires_at), problem)
