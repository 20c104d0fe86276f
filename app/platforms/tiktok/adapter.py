"""Speaks to TikTok through aiohttp: all bytes but the last chunk ahead of time, the last one at the minute, then the state."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from app.platforms.answer import Answer, chunked, endless
from app.platforms.contract import (
    Account,
    Handed,
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
    TryLater,
    Video,
)
from app.platforms.http import UPLOAD_S, AioTransport, Request, load_piece
from app.platforms.tiktok import wire
from app.platforms.tiktok.wire import Creator, Progress, State

MAX_PAGES = 20
LOOKS, FIRST_WAIT_S = 8, 0.25
"""How often the state is asked for after the last byte, each time twice as long after the last (status: 30 a minute and token)."""


class TikTokAdapter:
    """TikTok. What nobody chose an audience for goes into the account's inbox as a draft, and is handed to its person.

    A video's publish has a number before its bytes are there; that number is the witness. TikTok deletes nothing for us.
    """

    name: ClassVar[str] = "tiktok"
    title: ClassVar[str] = wire.TITLE
    limits: ClassVar[Limits] = wire.LIMITS
    look_after: ClassVar[tuple[timedelta, ...]] = (timedelta(seconds=15), timedelta(seconds=90))
    options: ClassVar[tuple[Option, ...]] = wire.OPTIONS

    def __init__(self, *, timeout: float, now: Callable[[], datetime] | None = None) -> None:
        self._timeout = timeout
        self._transport = AioTransport(title=wire.TITLE, timeout=timeout)

    def length(self, text: str) -> int:
        return wire.length(text)

    def needs_prepare(self, message: Message) -> bool:
        """Photos are one request, and TikTok fetches them itself."""
        return message.video is not None

    async def prepare(self, account: Account, message: Message) -> Json:
        """Begins the publish and sends all but its last chunk: `{"publish_id", "upload_url"}`; the address lives an hour."""
        if message.video is None:
            return {}
        creator = await self._creator(account, message)
        door = "inbox/video/init/" if wire.is_draft(message) else "video/init/"
        answer = await self._post(account, f"/v2/post/publish/{door}", wire.video_body(message, creator))
        publish_id, upload_url = wire.read_started(answer, create=False)
        for span in list(wire.pieces(message.video.size))[:-1]:
            await self._put(account, upload_url, message.video, span, is_last=False)
        return {"publish_id": publish_id, "upload_url": upload_url}

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published | Handed:
        if message.video is None:
            return await self._publish_photos(account, message)
        publish_id, upload_url = str(prepared.get("publish_id") or ""), str(prepared.get("upload_url") or "")
        if not publish_id:
            raise wire.lost()
        # The upload's address carries its own right; whether the account still has one is asked first.
        before = await self._progress(account, publish_id)
        wire.check_failed(before)
        if before.state is State.MISSING or not upload_url:
            raise wire.lost()
        if before.misses(message.video.size):
            await self._finish(account, message.video, publish_id, upload_url)
        return await self._await_outcome(account, publish_id)

    async def read_link(self, account: Account, remote_id: str) -> str | None:
        video_id = await self._video_id(account, remote_id)
        if not video_id:
            return None
        return wire.read_link(await self._query(account, [video_id], "id,share_url"))

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | Handed | None:
        publish_id = str(sent.prepared.get("publish_id") or "")
        if publish_id and not sent.is_witness_lost:
            return await self._find_started(account, publish_id, message)
        if message.video is not None and not sent.is_witness_lost:
            # Nothing can be published without that number, and it is stored before the last byte leaves.
            return None
        if wire.is_draft(message):
            raise wire.not_askable()
        found = await self._find_listed(account, message, sent)
        if found is None and message.video is None:
            raise wire.not_askable()
        return found

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        if not remote_ids:
            return {}
        followers = await self.read_followers(account)
        videos = {each: await self._video_id(account, each) for each in remote_ids}
        known: dict[str, Metrics] = {}
        for ids in chunked([video_id for video_id in videos.values() if video_id], wire.BATCH):
            fields = "id,view_count,like_count,comment_count,share_count"
            known |= wire.read_numbers(await self._query(account, ids, fields), followers)
        return {each: known.get(video_id) if video_id else Metrics() for each, video_id in videos.items()}

    async def read_followers(self, account: Account) -> int | None:
        url, query = self._url(account, "/v2/user/info/"), (("fields", "follower_count"),)
        return wire.read_followers(await self._ask(Request("GET", url, query=query), account))

    async def read_recent(self, account: Account, since: datetime) -> list[RecentPost]:
        query = (("fields", "id,create_time,video_description,share_url"),)
        url, body = self._url(account, "/v2/video/list/"), {"max_count": wire.PAGE}
        return wire.read_recent(await self._ask(Request("POST", url, json=body, query=query), account), since)

    async def check(self, account: Account) -> Identity:
        creator = wire.read_creator(await self._post(account, "/v2/post/publish/creator_info/query/", {}))
        user = Request("GET", self._url(account, "/v2/user/info/"), query=(("fields", "open_id"),))
        return wire.read_identity(await self._ask(user, account), creator)

    async def close(self) -> None:
        await self._transport.close()

    async def _publish_photos(self, account: Account, message: Message) -> Published | Handed:
        creator = await self._creator(account, message)
        body = wire.photo_body(message, creator)
        answer = await self._post(account, "/v2/post/publish/content/init/", body, create=True)
        publish_id, _ = wire.read_started(answer, create=True)
        return await self._await_outcome(account, publish_id)

    async def _finish(self, account: Account, video: Video, publish_id: str, upload_url: str) -> None:
        """The last chunk. A refused address is begun anew only where TikTok says that bytes are missing: else they may be there."""
        try:
            await self._put(account, upload_url, video, list(wire.pieces(video.size))[-1], is_last=True)
        except TryLater as error:
            if error.code == wire.LOST and not (await self._progress(account, publish_id)).misses(video.size):
                return
            raise

    async def _creator(self, account: Account, message: Message) -> Creator:
        """To be asked before each post: what the creator may do changes."""
        wire.check_message(message)
        creator = wire.read_creator(await self._post(account, "/v2/post/publish/creator_info/query/", {}))
        wire.check_creator(message, creator)
        return creator

    async def _await_outcome(self, account: Account, publish_id: str) -> Published | Handed:
        """Also for a moment longer until a public video has its number; Unsure where TikTok is not done in time."""
        wait, progress = FIRST_WAIT_S, Progress(State.UPLOADING)
        for _ in range(LOOKS):
            try:
                progress = await self._progress(account, publish_id)
            except PublishError as error:
                raise wire.still_working() from error
            wire.check_failed(progress)
            if progress.state is State.IN_INBOX or progress.video_id:
                break
            if progress.state is State.COMPLETE and wait > FIRST_WAIT_S * 4:
                break
            if wait > self._timeout:
                break
            await asyncio.sleep(wait)
            wait *= 2
        if progress.state not in (State.COMPLETE, State.IN_INBOX):
            raise wire.still_working()
        return wire.read_outcome(progress, publish_id) or Published(publish_id)

    async def _find_started(self, account: Account, publish_id: str, message: Message) -> Published | Handed | None:
        progress = await self._progress(account, publish_id)
        if message.video is not None and progress.misses(message.video.size):
            return None
        return wire.read_outcome(progress, publish_id)

    async def _find_listed(self, account: Account, message: Message, sent: Sent) -> Published | None:
        body: dict[str, object] = {"max_count": wire.PAGE}
        url = self._url(account, "/v2/video/list/")
        for _ in range(MAX_PAGES):
            query = (("fields", "id,create_time,video_description,share_url"),)
            answer = await self._ask(Request("POST", url, json=body, query=query), account)
            found, cursor = wire.read_listed(answer, message, sent)
            if found or cursor is None:
                return found
            body |= {"cursor": cursor}
        raise endless(wire.TITLE)

    async def _progress(self, account: Account, publish_id: str) -> Progress:
        return wire.read_progress(
            await self._post(account, "/v2/post/publish/status/fetch/", {"publish_id": publish_id})
        )

    async def _video_id(self, account: Account, remote_id: str) -> str:
        """Of a video whose moderation was still under way when it went out; empty while it is, or where it is not public."""
        if remote_id.isdecimal():
            return remote_id
        try:
            return (await self._progress(account, remote_id)).video_id
        except TryLater:
            return ""

    async def _query(self, account: Account, video_ids: Sequence[str], fields: str) -> Answer:
        url = self._url(account, "/v2/video/query/")
        body = {"filters": {"video_ids": list(video_ids)}}
        return await self._ask(Request("POST", url, json=body, query=(("fields", fields),)), account)

    async def _put(self, account: Account, url: str, video: Video, span: tuple[int, int], *, is_last: bool) -> None:
        headers = {"Content-Range": wire.content_range(span, video.size)}
        content = await load_piece(video, *span)
        request = Request(
            "PUT", url, headers=headers, content=content, mime=video.mime, create=is_last, timeout=UPLOAD_S if not is_last else 0
        )  # fmt: skip
        wire.check_chunk(await self._transport.send(request), is_last=is_last)

    async def _post(self, account: Account, path: str, body: Mapping[str, object], *, create: bool = False) -> Answer:
        return await self._ask(Request("POST", self._url(account, path), json=body, create=create), account)

    async def _ask(self, request: Request, account: Account) -> Answer:
        return await self._transport.send(replace(request, token=account.credential["access_token"]))

    def _url(self, account: Account, path: str) -> str:
        return f"{account.base_url}{path}"
