"""Speaks to Instagram through aiohttp: a container first, then the one request that makes it public."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from app.platforms import meta
from app.platforms.answer import Answer, endless
from app.platforms.contract import (
    Account,
    Identity,
    Json,
    Limits,
    Message,
    Metrics,
    Option,
    Published,
    PublishError,
    RecentPost,
    Sent,
    Unsure,
)
from app.platforms.http import READY_S, AioTransport, Memory
from app.platforms.instagram import wire
from app.platforms.instagram.wire import Container

DEFAULT_VERSION = "v26.0"
MAX_PAGES = 20
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 5.0


class InstagramAdapter:
    """Instagram with Instagram Login. `timeout` (real seconds) also bounds the wait for a container."""

    name: ClassVar[str] = "instagram"
    title: ClassVar[str] = wire.TITLE
    limits: ClassVar[Limits] = wire.LIMITS
    look_after: ClassVar[tuple[timedelta, ...]] = (timedelta(seconds=10), timedelta(seconds=60))
    options: ClassVar[tuple[Option, ...]] = wire.OPTIONS

    def __init__(self, *, timeout: float, now: Callable[[], datetime] | None = None) -> None:
        self._timeout = timeout
        self._transport = AioTransport(title=wire.TITLE, timeout=timeout)
        self._account_ids = Memory()

    def length(self, text: str) -> int:
        return wire.length(text)

    def needs_prepare(self, message: Message) -> bool:
        return True

    async def prepare(self, account: Account, message: Message) -> Json:
        """Builds the container and waits until it is ready: `{"container": id}`."""
        wire.check_message(message)
        edge = f"{await self._account_id(account)}/media"
        if message.video is not None:
            form = wire.reel_form(message, message.video)
            return {"container": await self._build(account, edge, form, patience=max(self._timeout, READY_S))}
        if len(message.pictures) == 1:
            form = wire.single_form(message)
        else:
            parts = (self._build(account, edge, wire.child_form(picture)) for picture in message.pictures)
            form = wire.carousel_form(message, await asyncio.gather(*parts))
        return {"container": await self._build(account, edge, form)}

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published:
        container_id = str(prepared.get("container") or "")
        if not container_id:
            raise wire.lost()
        edge = f"{await self._account_id(account)}/media_publish"
        answer = await self._post(account, edge, {"creation_id": container_id}, create=True)
        if wire.is_unknown_container(answer):
            raise await self._explain_unknown(account, container_id)
        return Published(wire.read_published(answer))

    async def read_link(self, account: Account, remote_id: str) -> str | None:
        return (await self._with_permalink(account, remote_id)).url

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | None:
        """The container is the witness; the list of media then names the post."""
        if sent.is_witness_lost:
            return await self._find_listed(account, message, sent)
        container_id = str(sent.prepared.get("container") or "")
        if not container_id:
            # Nothing can be published without a container, and it is stored before the publish is called.
            return None
        state, _ = await self._state(account, container_id)
        if state in (Container.FINISHED, Container.IN_PROGRESS, Container.ERROR):
            return None
        found = await self._find_listed(account, message, sent)
        if found is None and state is Container.PUBLISHED:
            raise wire.unlisted()
        return found

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        if not remote_ids:
            return {}
        followers = await self.read_followers(account)
        slots = asyncio.Semaphore(8)

        async def read(remote_id: str) -> Metrics | None:
            async with slots:
                return await self._read_media(account, remote_id, followers)

        return dict(zip(remote_ids, await asyncio.gather(*map(read, remote_ids)), strict=True))

    async def read_followers(self, account: Account) -> int | None:
        account_id = await self._account_id(account)
        return wire.read_followers(await self._get(account, account_id, {"fields": "followers_count"}))

    async def read_recent(self, account: Account, since: datetime) -> list[RecentPost]:
        edge = f"{await self._account_id(account)}/media"
        answer = await self._get(account, edge, wire.list_form(since))
        wire.check_ok(answer)
        return meta.read_recent(answer, words="caption", time="timestamp", url="permalink")

    async def check(self, account: Account) -> Identity:
        return wire.read_identity(await self._get(account, "me", {"fields": "user_id,username,name"}))

    async def close(self) -> None:
        await self._transport.close()

    async def _build(self, account: Account, edge: str, form: Mapping[str, str], *, patience: float = 0) -> str:
        container_id = wire.read_container_id(await self._post(account, edge, form))
        waited, wait = 0.0, FIRST_WAIT_S
        while True:
            state, answer = await self._state(account, container_id)
            wire.check_built(state, answer)
            if state is not Container.IN_PROGRESS:
                return container_id
            if waited >= (patience or self._timeout):
                raise wire.still_building()
            await asyncio.sleep(wait)
            waited, wait = waited + wait, min(wait * 2, LONGEST_WAIT_S)

    async def _state(self, account: Account, container_id: str) -> tuple[Container, Answer]:
        answer = await self._get(account, container_id, {"fields": "id,status_code,status"})
        return wire.read_state(answer), answer

    async def _explain_unknown(self, account: Account, container_id: str) -> PublishError:
        """Preparing again a container that was published already would publish twice: ask before saying it is lost."""
        in_doubt = Unsure("Instagram menyebut kiriman ini mungkin sudah terbit; akan dicek dulu.", code="duplicate")
        try:
            state, _ = await self._state(account, container_id)
        except PublishError:
            return in_doubt
        return in_doubt if state is Container.PUBLISHED else wire.lost()

    async def _with_permalink(self, account: Account, remote_id: str) -> Published:
        """The post is out whatever this read says."""
        try:
            answer = await self._get(account, remote_id, {"fields": "permalink,timestamp"})
        except PublishError:
            return Published(remote_id)
        return wire.read_media(answer, remote_id)

    async def _find_listed(self, account: Account, message: Message, sent: Sent) -> Published | None:
        if wire.is_story(message):
            stories = f"{await self._account_id(account)}/stories"
            answer = await self._get(account, stories, {"fields": "id,timestamp,permalink"})
            return wire.read_story(answer, sent)
        edge, form = f"{await self._account_id(account)}/media", wire.find_form(sent)
        for _ in range(MAX_PAGES):
            page = wire.read_page(await self._get(account, edge, form), message, taken=sent.taken)
            if page.found or not page.next_cursor:
                return page.found
            form |= {"after": page.next_cursor}
        raise endless(wire.TITLE)

    async def _read_media(self, account: Account, remote_id: str, followers: int | None) -> Metrics | None:
        answer = await self._get(account, remote_id, {"fields": "like_count,comments_count"})
        error = meta.find_error(answer)
        if error and error.is_gone:
            return None
        if not (error and error.is_permission):
            wire.check_ok(answer)

        async def ask(metrics: str) -> Answer:
            return await self._get(account, f"{remote_id}/insights", {"metric": metrics})

        insights = await meta.gather_insights(ask, wire.INSIGHTS, wire.failure)
        if error and not insights:
            raise wire.failure(answer, create=False)
        return wire.build_metrics({} if error else answer.json or {}, insights, followers)

    async def _account_id(self, account: Account) -> str:
        async def ask() -> str:
            return (await self.check(account)).account_id

        given = account.credential.get("account_id")
        return given or await self._account_ids.recall((account.base_url, account.credential["access_token"]), ask)

    async def _get(self, account: Account, path: str, form: Mapping[str, str]) -> Answer:
        token = account.credential["access_token"]
        return await self._transport.ask("GET", _url(account, path), token=token, form=form)

    async def _post(self, account: Account, path: str, form: Mapping[str, str], *, create: bool = False) -> Answer:
        token = account.credential["access_token"]
        return await self._transport.ask("POST", _url(account, path), token=token, form=form, create=create)


def _url(account: Account, path: str) -> str:
    return f"{account.base_url}/{account.version or DEFAULT_VERSION}/{path}"
