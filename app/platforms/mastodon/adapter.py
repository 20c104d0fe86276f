"""Speaks to any Mastodon server through aiohttp; the server's own limits are asked once a process."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from app.platforms.answer import Answer, chunked, endless
from app.platforms.contract import (
    Account,
    Identity,
    Json,
    Limits,
    Message,
    Metrics,
    Option,
    Picture,
    Published,
    PublishError,
    RecentPost,
    Sent,
    Video,
)
from app.platforms.http import READY_S, UPLOAD_S, AioTransport, File, Memory, Request, load_picture
from app.platforms.mastodon import wire

MAX_PAGES = 20
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 5.0


class MastodonAdapter:
    """Mastodon. `now` is the clock that reset times are compared with; `timeout` (real seconds) also bounds processing.

    One look is enough: a list that lags does no harm, since sending again carries the same Idempotency-Key.
    """

    name: ClassVar[str] = "mastodon"
    title: ClassVar[str] = wire.TITLE
    limits: ClassVar[Limits] = wire.LIMITS
    look_after: ClassVar[tuple[timedelta, ...]] = (timedelta(seconds=10),)
    options: ClassVar[tuple[Option, ...]] = wire.OPTIONS
    own_server: ClassVar[bool] = True

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._timeout, self._now = timeout, now
        self._transport = AioTransport(title=wire.TITLE, timeout=timeout)
        self._rules, self._account_ids = Memory(), Memory()

    def length(self, text: str) -> int:
        return wire.length(text)

    def needs_prepare(self, message: Message) -> bool:
        return bool(message.pictures or message.video)

    async def prepare(self, account: Account, message: Message) -> Json:
        """Uploads the pictures with their descriptions and waits until all can be used: `{"media_ids": [...]}`."""
        if not self.needs_prepare(message):
            return {}
        wire.check_message(message, await self._server_rules(account))
        if message.video is not None:
            return {"media_ids": [await self._upload_video(account, message.video)]}
        uploads = (self._upload(account, picture) for picture in message.pictures)
        return {"media_ids": await asyncio.gather(*uploads)}

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published:
        answer = await self._ask(
            account,
            "POST",
            "/api/v1/statuses",
            json=wire.create_body(message, prepared),
            headers={"Idempotency-Key": wire.idempotency_key(account, message)},
            create=True,
        )
        if answer.status == 422:
            # The server's own sentence is in its own language and names no number.
            await self._explain(account, message)
        return wire.read_created(answer, now=self._now())

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | None:
        path = f"/api/v1/accounts/{await self._account_id(account)}/statuses"
        query = {"limit": str(wire.PAGE), "exclude_reblogs": "true"}
        for _ in range(MAX_PAGES):
            answer = await self._ask(account, "GET", path, query=tuple(query.items()))
            page = wire.read_page(answer, message, sent, now=self._now(), taken=sent.taken)
            if page.found or not page.next_id:
                return page.found
            query |= {"max_id": page.next_id}
        raise endless(wire.TITLE)

    async def remove(self, account: Account, remote_id: str) -> None:
        wire.check_removed(await self._ask(account, "DELETE", f"/api/v1/statuses/{remote_id}"), now=self._now())

    async def edit(self, account: Account, remote_id: str, message: Message) -> None:
        body = wire.edit_body(message)
        answer = await self._ask(account, "PUT", f"/api/v1/statuses/{remote_id}", json=body)
        wire.check_edited(answer, now=self._now())

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        found: dict[str, Metrics | None] = {}
        for ids in chunked(list(remote_ids), wire.BATCH):
            answer = await self._ask(account, "GET", "/api/v1/statuses", query=[("id[]", each) for each in ids])
            if answer.status in (404, 405):
                # Servers before 4.3 know no list of ids.
                found |= {each: await self._read_one(account, each) for each in ids}
            else:
                found |= wire.read_metrics(answer, now=self._now())
        return {each: found.get(each) for each in remote_ids}

    async def read_followers(self, account: Account) -> int | None:
        answer = await self._ask(account, "GET", "/api/v1/accounts/verify_credentials")
        return wire.read_followers(answer, now=self._now())

    async def read_recent(self, account: Account, since: datetime) -> list[RecentPost]:
        path = f"/api/v1/accounts/{await self._account_id(account)}/statuses"
        query = (("limit", str(wire.PAGE)), ("exclude_reblogs", "true"))
        return wire.read_recent(await self._ask(account, "GET", path, query=query), since, now=self._now())

    async def check(self, account: Account) -> Identity:
        answer = await self._ask(account, "GET", "/api/v1/accounts/verify_credentials")
        return wire.read_identity(answer, now=self._now())

    async def close(self) -> None:
        await self._transport.close()

    async def _upload(self, account: Account, picture: Picture) -> str:
        file = File("file", picture.mime, await load_picture(picture))
        return await self._put_media(account, file, picture.alt_text)

    async def _upload_video(self, account: Account, video: Video) -> str:
        return await self._put_media(account, File("file", video.mime, path=video.path), video.alt_text, slow=True)

    async def _put_media(self, account: Account, file: File, alt_text: str, *, slow: bool = False) -> str:
        form = {"description": alt_text} if alt_text else {}
        patience, seconds = (max(self._timeout, READY_S), UPLOAD_S) if slow else (self._timeout, 0.0)
        answer = await self._ask(account, "POST", "/api/v2/media", form=form, files=(file,), timeout=seconds)
        media_id, is_ready = wire.read_media_id(answer, now=self._now())
        waited, wait = 0.0, FIRST_WAIT_S
        while not is_ready:
            if waited >= patience:
                raise wire.still_processing()
            await asyncio.sleep(wait)
            waited, wait = waited + wait, min(wait * 2, LONGEST_WAIT_S)
            answer = await self._ask(account, "GET", f"/api/v1/media/{media_id}")
            media_id, is_ready = wire.read_media_id(answer, now=self._now())
        return media_id

    async def _explain(self, account: Account, message: Message) -> None:
        """Raises Refused with the number that was passed, where that is the reason."""
        try:
            rules = await self._server_rules(account)
        except PublishError:
            return
        wire.check_message(message, rules)

    async def _server_rules(self, account: Account) -> wire.Rules:
        known = self._rules.find((account.base_url,))
        if isinstance(known, wire.Rules):
            return known
        answer = await self._ask(account, "GET", "/api/v2/instance")
        rules = wire.read_rules(answer)
        if answer.ok:
            self._rules.keep((account.base_url,), rules)
        return rules

    async def _read_one(self, account: Account, remote_id: str) -> Metrics | None:
        answer = await self._ask(account, "GET", f"/api/v1/statuses/{remote_id}")
        return wire.read_one_metrics(answer, now=self._now())

    async def _account_id(self, account: Account) -> str:
        async def ask() -> str:
            return (await self.check(account)).account_id

        given = account.credential.get("account_id")
        return given or await self._account_ids.recall((account.base_url, account.credential["access_token"]), ask)

    async def _ask(self, account: Account, method: str, path: str, **more: object) -> Answer:
        if not account.base_url:
            raise wire.no_server()
        token = account.credential["access_token"]
        request = Request(method, f"{account.base_url}{path}", token, guarded=account.guarded, **more)  # type: ignore[arg-type]
        return await self._transport.send(request)
