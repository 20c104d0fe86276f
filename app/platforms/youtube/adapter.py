"""Speaks to YouTube through aiohttp: a resumable session that tells how far it came, and whose last piece makes the video."""

from collections.abc import Callable, Sequence
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
    RecentPost,
    Sent,
    Video,
)
from app.platforms.http import UPLOAD_S, AioTransport, Memory, Request, load_piece
from app.platforms.youtube import wire

MAX_PAGES = 20
_SESSION = "session"


class YouTubeAdapter:
    """YouTube. `now` is the clock that quotas are counted by; `timeout` is in real seconds."""

    name: ClassVar[str] = "youtube"
    title: ClassVar[str] = wire.TITLE
    limits: ClassVar[Limits] = wire.LIMITS
    look_after: ClassVar[tuple[timedelta, ...]] = (timedelta(seconds=10), timedelta(seconds=60))
    options: ClassVar[tuple[Option, ...]] = wire.OPTIONS

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._now = now
        self._transport = AioTransport(title=wire.TITLE, timeout=timeout)
        self._uploads = Memory()

    def length(self, text: str) -> int:
        return wire.length(text)

    def needs_prepare(self, message: Message) -> bool:
        """Always: the session is the witness, and costs one of the hundred uploads a day."""
        return True

    async def prepare(self, account: Account, message: Message) -> Json:
        """Begins the session and sends all but the last piece: `{"session": path and query}`; it lives about a week."""
        wire.check_message(message)
        request = Request(
            "POST",
            f"{account.base_url}/upload/youtube/v3/videos",
            headers=wire.upload_headers(message),
            json=wire.video_body(message),
            query=(("uploadType", "resumable"), ("part", "snippet,status")),
        )
        session = wire.read_session(await self._ask(account, request), account.base_url, now=self._now())
        if message.video is not None:
            for span in list(wire.pieces(message.video.size))[:-1]:
                answer = await self._send(account, session, message.video, span)
                wire.read_held(answer, create=False, now=self._now())
        return {_SESSION: session}

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published | Handed:
        """Asks first how far the session came: a piece may be missing, and a session that is whole must not be begun anew."""
        session = str(prepared.get(_SESSION) or "")
        if not session or message.video is None:
            raise wire.lost()
        before = await self._ask_session(account, session, message.video)
        if wire.is_whole(before):
            return wire.read_made(before, message, create=False, now=self._now())
        held = wire.read_held(before, create=False, now=self._now())
        *first, last = wire.pieces(message.video.size, held=held)
        for span in first:
            wire.read_held(await self._send(account, session, message.video, span), create=False, now=self._now())
        answer = await self._send(account, session, message.video, last, create=True)
        return wire.read_made(answer, message, create=True, now=self._now())

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | Handed | None:
        """The session knows; where it is gone, the list of uploads does."""
        session = str(sent.prepared.get(_SESSION) or "")
        if session and message.video is not None and not sent.is_witness_lost:
            answer = await self._ask_session(account, session, message.video)
            if wire.is_whole(answer):
                return wire.read_made(answer, message, create=False, now=self._now())
            if answer.status not in (404, 410):
                wire.read_held(answer, create=False, now=self._now())
                return None
        return await self._find_listed(account, message, sent)

    async def remove(self, account: Account, remote_id: str) -> None:
        request = Request("DELETE", f"{account.base_url}/youtube/v3/videos", query=(("id", remote_id),))
        wire.check_removed(await self._ask(account, request), now=self._now())

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        if not remote_ids:
            return {}
        followers = await self.read_followers(account)
        known: dict[str, Metrics] = {}
        for ids in chunked(list(remote_ids), wire.BATCH):
            answer = await self._get(account, "videos", part="statistics", id=",".join(ids))
            known |= wire.read_numbers(answer, followers, now=self._now())
        return {each: known.get(each) for each in remote_ids}

    async def read_followers(self, account: Account) -> int | None:
        return wire.read_followers(await self._get(account, "channels", part="statistics", mine="true"))

    async def read_recent(self, account: Account, since: datetime) -> list[RecentPost]:
        playlist = await self._playlist(account)
        answer = await self._get(
            account, "playlistItems", part="snippet", playlistId=playlist, maxResults=str(wire.PAGE)
        )
        return wire.read_recent(answer, since, now=self._now())

    async def check(self, account: Account) -> Identity:
        return wire.read_identity(await self._get(account, "channels", part="snippet", mine="true"), now=self._now())

    async def close(self) -> None:
        await self._transport.close()

    async def _find_listed(self, account: Account, message: Message, sent: Sent) -> Published | None:
        place = {"part": "snippet", "playlistId": await self._playlist(account), "maxResults": str(wire.PAGE)}
        for _ in range(MAX_PAGES):
            answer = await self._get(account, "playlistItems", **place)
            page = wire.read_page(answer, message, sent, now=self._now())
            if page.found or not page.next_token:
                return page.found
            place |= {"pageToken": page.next_token}
        raise endless(wire.TITLE)

    async def _playlist(self, account: Account) -> str:
        async def ask() -> str:
            answer = await self._get(account, "channels", part="contentDetails", mine="true")
            return wire.read_uploads(answer, now=self._now())

        return await self._uploads.recall((account.base_url, account.credential["access_token"]), ask)

    async def _get(self, account: Account, path: str, **query: str) -> Answer:
        return await self._ask(
            account, Request("GET", f"{account.base_url}/youtube/v3/{path}", query=tuple(query.items()))
        )

    async def _ask_session(self, account: Account, session: str, video: Video) -> Answer:
        headers = {"Content-Range": f"bytes */{video.size}", "Content-Length": "0"}
        return await self._ask(account, Request("PUT", f"{account.base_url}{session}", headers=headers))

    async def _send(
        self, account: Account, session: str, video: Video, span: tuple[int, int], *, create: bool = False
    ) -> Answer:
        request = Request(
            "PUT",
            f"{account.base_url}{session}",
            headers={"Content-Range": wire.content_range(span, video.size)},
            content=await load_piece(video, *span),
            mime=video.mime,
            create=create,
            timeout=0 if create else UPLOAD_S,
        )
        return await self._ask(account, request)

    async def _ask(self, account: Account, request: Request) -> Answer:
        return await self._transport.send(replace(request, token=account.credential["access_token"]))
