"""Speaks to Threads through aiohttp: a container first, which stays as a witness, then the one request that makes it public."""

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
from app.platforms.http import READY_S, AioTransport
from app.platforms.threads import wire
from app.platforms.threads.wire import Container

MAX_PAGES = 20
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 5.0


class ThreadsAdapter:
    """Threads. `timeout` (real seconds) also bounds the wait for a container; Graph names waits as spans."""

    name: ClassVar[str] = "threads"
    title: ClassVar[str] = wire.TITLE
    limits: ClassVar[Limits] = wire.LIMITS
    look_after: ClassVar[tuple[timedelta, ...]] = (timedelta(seconds=10), timedelta(seconds=60))
    options: ClassVar[tuple[Option, ...]] = wire.OPTIONS

    def __init__(self, *, timeout: float, now: Callable[[], datetime] | None = None) -> None:
        self._timeout = timeout
        self._transport = AioTransport(title=wire.TITLE, timeout=timeout)

    def length(self, text: str) -> int:
        return wire.length(text)

    def needs_prepare(self, message: Message) -> bool:
        """Always: `auto_publish_text` would save a request and lose the witness."""
        return True

    async def prepare(self, account: Account, message: Message) -> Json:
        """Builds the container and waits until it is ready: `{"container": id}`."""
        wire.check_message(message)
        if len(message.pictures) < 2:
            form = wire.single_form(message)
        else:
            parts = (self._build(account, wire.child_form(picture)) for picture in message.pictures)
            form = wire.carousel_form(message, await asyncio.gather(*parts))
        patience = max(self._timeout, READY_S) if message.video else 0
        return {"container": await self._build(account, form, patience=patience)}

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published:
        container_id = str(prepared.get("container") or "")
        if not container_id:
            raise wire.lost()
        form = {"creation_id": container_id}
        answer = await self._ask("POST", account, f"{_user(account)}/threads_publish", form, create=True)
        if wire.is_unknown_container(answer):
            raise await self._explain_unknown(account, container_id)
        return Published(wire.read_published(answer))

    async def read_link(self, account: Account, remote_id: str) -> str | None:
        return wire.read_link(await self._ask("GET", account, remote_id, {"fields": "permalink"}))

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | None:
        """The container is the witness; the list of posts then names ours."""
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

    async def remove(self, account: Account, remote_id: str) -> None:
        answer = await self._ask("DELETE", account, remote_id, {})
        if not wire.is_removed(answer):
            # Threads says the same of a post that is gone and of one that it does not let us touch.
            meta.check_gone(await self._ask("GET", account, remote_id, {"fields": "id"}), title=wire.TITLE)
            wire.check_ok(await self._ask("GET", account, f"{_user(account)}/threads", {"fields": "id", "limit": "1"}))

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        if not remote_ids:
            return {}
        followers = await self.read_followers(account)
        slots = asyncio.Semaphore(8)

        async def read(remote_id: str) -> Metrics | None:
            async with slots:
                return await self._read_post(account, remote_id, followers)

        return dict(zip(remote_ids, await asyncio.gather(*map(read, remote_ids)), strict=True))

    async def read_followers(self, account: Account) -> int | None:
        edge = f"{_user(account)}/threads_insights"
        return wire.read_followers(await self._ask("GET", account, edge, {"metric": "followers_count"}))

    async def read_recent(self, account: Account, since: datetime) -> list[RecentPost]:
        answer = await self._ask("GET", account, f"{_user(account)}/threads", wire.list_form(since))
        wire.check_ok(answer)
        return meta.read_recent(answer, words="text", time="timestamp", url="permalink")

    async def check(self, account: Account) -> Identity:
        return wire.read_identity(await self._ask("GET", account, "me", {"fields": "id,username,name"}))

    async def close(self) -> None:
        await self._transport.close()

    async def _build(self, account: Account, form: Mapping[str, str], *, patience: float = 0) -> str:
        container_id = wire.read_container_id(await self._ask("POST", account, f"{_user(account)}/threads", form))
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
        answer = await self._ask("GET", account, container_id, {"fields": "id,status,error_message"})
        return wire.read_state(answer), answer

    async def _explain_unknown(self, account: Account, container_id: str) -> PublishError:
        """Preparing again a container that was published already would publish twice: ask before saying it is lost."""
        in_doubt = Unsure("Threads menyebut kiriman ini mungkin sudah terbit; akan dicek dulu.", code="duplicate")
        try:
            state, _ = await self._state(account, container_id)
        except PublishError:
            return in_doubt
        match state:
            case Container.PUBLISHED:
                return in_doubt
            case Container.IN_PROGRESS | Container.FINISHED:
                return wire.not_ready()
            case _:
                return wire.lost()

    async def _find_listed(self, account: Account, message: Message, sent: Sent) -> Published | None:
        edge, form = f"{_user(account)}/threads", wire.find_form(sent)
        for _ in range(MAX_PAGES):
            page = wire.read_page(await self._ask("GET", account, edge, form), message, taken=sent.taken)
            if page.found or not page.next_cursor:
                return page.found
            form |= {"after": page.next_cursor}
        raise endless(wire.TITLE)

    async def _read_post(self, account: Account, remote_id: str, followers: int | None) -> Metrics | None:
        """Is it there at all? Insights answer a deleted post and a metric that died alike."""
        answer = await self._ask("GET", account, remote_id, {"fields": "id"})
        error = meta.find_error(answer)
        if error and error.is_gone:
            return None
        wire.check_ok(answer)

        async def ask(metrics: str) -> Answer:
            return await self._ask("GET", account, f"{remote_id}/insights", {"metric": metrics})

        return wire.build_metrics(await meta.gather_insights(ask, wire.INSIGHTS, wire.failure), followers)

    async def _ask(
        self, method: str, account: Account, path: str, form: Mapping[str, str], *, create: bool = False
    ) -> Answer:
        url, token = f"{account.base_url}/{wire.VERSION}/{path}", account.credential["access_token"]
        return await self._transport.ask(method, url, token=token, form=form, create=create)


def _user(account: Account) -> str:
    """`me` is the account that the token speaks for."""
    return account.credential.get("account_id") or "me"
