"""Speaks to Facebook Pages through facebook-sdk, led past its list of versions that ended in 2018."""

import asyncio
import hashlib
import hmac
import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import facebook
import requests

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
    Picture,
    Published,
    PublishError,
    RecentPost,
    Sent,
    Video,
)
from app.platforms.facebook import wire
from app.platforms.http import Memory, SdkTransport, load_picture, load_piece

SDK_HOST = "https://graph.facebook.com"
DEFAULT_VERSION = "v26.0"
MAX_PAGES = 20

Use = Callable[[facebook.GraphAPI, dict[str, str]], object]
"""A call of the SDK; the second argument holds what every call carries besides its own parameters."""


class FacebookAdapter:
    """Facebook Pages. `timeout` is in real seconds; Graph names waits as spans, so it needs no clock."""

    name: ClassVar[str] = "facebook"
    title: ClassVar[str] = wire.TITLE
    limits: ClassVar[Limits] = wire.LIMITS
    look_after: ClassVar[tuple[timedelta, ...]] = (timedelta(seconds=15), timedelta(seconds=90))
    options: ClassVar[tuple[Option, ...]] = wire.OPTIONS

    def __init__(self, *, timeout: float, now: Callable[[], datetime] | None = None) -> None:
        self._transport = SdkTransport(
            title=wire.TITLE, host=SDK_HOST, timeout=timeout, sdk_errors=(facebook.GraphAPIError,), amend=hide_token
        )
        self._page_ids = Memory()

    def length(self, text: str) -> int:
        return wire.length(text)

    def needs_prepare(self, message: Message) -> bool:
        """One picture travels inside the create itself; several, or a video, must be there before."""
        return len(message.pictures) > 1 or message.video is not None

    async def prepare(self, account: Account, message: Message) -> Json:
        """Uploads several pictures unpublished, each with its alt text: `{"media_ids": [...]}`.

        Of a video everything but the last word: `{"session": ..., "video": ...}`.
        """
        if not self.needs_prepare(message):
            return {}
        page_id = await self._page_id(account)
        if message.video is not None:
            return await self._upload_video(account, page_id, message.video)
        uploads = (self._upload(account, page_id, picture) for picture in message.pictures)
        return {"media_ids": await asyncio.gather(*uploads)}

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published:
        page_id = await self._page_id(account)
        if message.video is not None:
            return await self._finish_video(account, page_id, message, prepared)
        if len(message.pictures) == 1:
            picture = message.pictures[0]
            answer = await self._put_photo(account, page_id, picture, message=message.text)
        else:
            answer = await self._ask(account, _feed(page_id, wire.feed_parameters(message, prepared)), create=True)
        return wire.read_created(answer)

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | None:
        page_id = await self._page_id(account)
        if sent.prepared.get("video") and not sent.is_witness_lost:
            return await self._find_video(account, page_id, str(sent.prepared["video"]))
        parameters = wire.find_parameters(sent)
        for _ in range(MAX_PAGES):
            answer = await self._ask(account, _connections(page_id, "published_posts", parameters))
            page = wire.read_page(answer, message, taken=sent.taken)
            if page.found or not page.next_cursor:
                return page.found
            parameters |= {"after": page.next_cursor}
        raise endless(wire.TITLE)

    async def remove(self, account: Account, remote_id: str) -> None:
        answer = await self._ask(account, _delete(remote_id))
        if not wire.is_removed(answer):
            await self._confirm_gone(account, remote_id)

    async def edit(self, account: Account, remote_id: str, message: Message) -> None:
        wire.check_edited(await self._ask(account, _edit(remote_id, message.text)))

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        """Two reads a post (Graph has no multi-id read any more) and one of the page for its followers."""
        if not remote_ids:
            return {}
        followers = await self.read_followers(account)
        slots = asyncio.Semaphore(4)

        async def read(remote_id: str) -> Metrics | None:
            async with slots:
                return await self._read_post(account, remote_id, followers)

        return dict(zip(remote_ids, await asyncio.gather(*map(read, remote_ids)), strict=True))

    async def read_followers(self, account: Account) -> int | None:
        page_id = await self._page_id(account)
        return wire.read_followers(await self._ask(account, _object(page_id, "followers_count")))

    async def read_recent(self, account: Account, since: datetime) -> list[RecentPost]:
        page_id = await self._page_id(account)
        parameters = wire.list_parameters(since)
        answer = await self._ask(account, _connections(page_id, "published_posts", parameters))
        wire.check_ok(answer)
        return meta.read_recent(answer, words="message", time="created_time", url="permalink_url")

    async def check(self, account: Account) -> Identity:
        return wire.read_identity(await self._ask(account, _object("me", wire.IDENTITY)))

    async def close(self) -> None:
        await self._transport.close()

    async def _confirm_gone(self, account: Account, remote_id: str) -> None:
        """Graph says the same of a post that is gone and of one that it does not let us touch: only who can read may believe it."""
        meta.check_gone(await self._ask(account, _object(remote_id, "id")), title=wire.TITLE)
        page_id = await self._page_id(account)
        wire.check_ok(
            await self._ask(account, _connections(page_id, "published_posts", {"fields": "id", "limit": "1"}))
        )

    async def _read_post(self, account: Account, remote_id: str, followers: int | None) -> Metrics | None:
        if "_" not in remote_id:
            shown = await self._find_video(account, await self._page_id(account), remote_id)
            if shown is None:
                return None
            remote_id = shown.remote_id
        answer = await self._ask(account, _object(remote_id, wire.COUNTS))
        error = meta.find_error(answer)
        if error and error.is_gone:
            return None
        # Counts and insights stand under different permissions: one may be refused, and then the other still counts.
        if not (error and error.is_permission):
            wire.check_ok(answer)
        insights = await self._insights(account, remote_id)
        if error and not insights:
            raise wire.failure(answer, create=False)
        return wire.build_metrics(None if error else answer.json, insights, followers)

    async def _insights(self, account: Account, remote_id: str) -> dict[str, object]:
        async def ask(metrics: str) -> Answer:
            parameters = {"metric": metrics, "period": "lifetime"}
            return await self._ask(account, _connections(remote_id, "insights", parameters))

        return await meta.gather_insights(ask, wire.INSIGHTS, wire.failure)

    async def _upload(self, account: Account, page_id: str, picture: Picture) -> str:
        return wire.read_photo_id(await self._put_photo(account, page_id, picture, message=None))

    async def _upload_video(self, account: Account, page_id: str, video: Video) -> Json:
        answer = await self._ask(account, _videos(page_id, {"upload_phase": "start", "file_size": str(video.size)}))
        upload = wire.read_upload(answer)
        start, end = int(upload["start"]), int(upload["end"])
        while start < end:
            piece = await load_piece(video, start, min(end, video.size))
            phase = {"upload_phase": "transfer", "upload_session_id": upload["session"], "start_offset": str(start)}
            offsets = wire.read_offsets(await self._ask(account, _videos(page_id, phase, piece)))
            start, end = int(offsets["start"]), int(offsets["end"])
        return {"session": upload["session"], "video": upload["video"]}

    async def _finish_video(self, account: Account, page_id: str, message: Message, prepared: Json) -> Published:
        video_id = str(prepared.get("video") or "")
        if not video_id:
            raise wire.lost()
        parameters = wire.finish_parameters(message, prepared)
        wire.check_finished(await self._ask(account, _videos(page_id, parameters), create=True))
        try:
            found = await self._find_video(account, page_id, video_id)
        except PublishError:
            found = None  # it is out, whatever this read says
        return found or Published(video_id, wire.permalink(video_id))

    async def _find_video(self, account: Account, page_id: str, video_id: str) -> Published | None:
        """The video itself is the witness: its id is known before anything is public."""
        return wire.read_video(await self._ask(account, _object(video_id, wire.VIDEO)), page_id, video_id)

    async def _put_photo(self, account: Account, page_id: str, picture: Picture, *, message: str | None) -> Answer:
        content = await load_picture(picture)
        parameters = wire.photo_parameters(picture, message=message)

        def put(graph: facebook.GraphAPI, more: dict[str, str]) -> object:
            return graph.put_photo(io.BytesIO(content), f"{page_id}/photos", **parameters, **more)

        return await self._ask(account, put, create=message is not None)

    async def _page_id(self, account: Account) -> str:
        async def ask() -> str:
            return (await self.check(account)).account_id

        given = account.credential.get("account_id")
        return given or await self._page_ids.recall((account.base_url, account.credential["access_token"]), ask)

    async def _ask(self, account: Account, use: Use, *, create: bool = False) -> Answer:
        token, secret = account.credential["access_token"], account.credential.get("app_secret")
        more = {"appsecret_proof": prove(token, secret)} if secret else {}

        def call(session: requests.Session) -> object:
            graph = facebook.GraphAPI(token, session=session)
            # After construction: the constructor accepts only versions that died by 2020.
            graph.version = account.version or DEFAULT_VERSION
            return use(graph, more)

        return await self._transport.ask(account.base_url, call, secret=token, create=create)


def _feed(page_id: str, parameters: dict[str, str]) -> Use:
    return lambda graph, more: graph.put_object(page_id, "feed", **parameters, **more)


def _videos(page_id: str, parameters: dict[str, str], piece: bytes = b"") -> Use:
    def post(graph: facebook.GraphAPI, more: dict[str, str]) -> object:
        files = {"video_file_chunk": ("video", piece, "application/octet-stream")} if piece else None
        path = f"{graph.version}/{page_id}/videos"
        return graph.request(path, post_args={**parameters, **more}, files=files, method="POST")

    return post


def _delete(node: str) -> Use:
    # `delete_object` takes no further parameters, and an app may demand its proof with every call.
    return lambda graph, more: graph.request(f"{graph.version}/{node}", args=dict(more), method="DELETE")


def _edit(node: str, text: str) -> Use:
    # An edit is no create: it leads to the same words however often it arrives.
    return lambda graph, more: graph.request(
        f"{graph.version}/{node}", args=dict(more), post_args={"message": text}, method="POST"
    )


def _connections(parent: str, edge: str, parameters: dict[str, str]) -> Use:
    return lambda graph, more: graph.get_connections(parent, edge, **parameters, **more)


def _object(node: str, fields: str) -> Use:
    return lambda graph, more: graph.get_object(node, fields=fields, **more)


def prove(token: str, app_secret: str) -> str:
    """appsecret_proof, for apps that demand one with every call."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def hide_token(request: requests.PreparedRequest) -> None:
    """The SDK puts the token of every read into the URL, where proxies log it; the header serves as well."""
    parts = urlsplit(request.url or "")
    query = parse_qsl(parts.query, keep_blank_values=True)
    token = dict(query).get("access_token")
    if token:
        request.headers["Authorization"] = f"OAuth {token}"
        rest = urlencode([(name, value) for name, value in query if name != "access_token"])
        request.url = urlunsplit(parts._replace(query=rest))
