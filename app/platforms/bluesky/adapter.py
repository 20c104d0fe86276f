"""Speaks to a Bluesky PDS through aiohttp, writing each post under a key chosen beforehand so that a repeat is the same post."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, ClassVar

from PIL import Image

from app.platforms.answer import Answer, chunked, endless
from app.platforms.bluesky import wire
from app.platforms.bluesky.sessions import Sessions
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
    RecentPost,
    Refused,
    Sent,
    TryLater,
    Video,
)
from app.platforms.http import UPLOAD_S, AioTransport, Request, load_picture

MAX_PAGES = 20


class BlueskyAdapter:
    """Bluesky with an app password. `now` is the clock of `createdAt` and of reset times; `timeout` is in real seconds.

    One look is enough: the server that stores the records is asked for ours by its key.
    """

    name: ClassVar[str] = "bluesky"
    title: ClassVar[str] = wire.TITLE
    limits: ClassVar[Limits] = wire.LIMITS
    look_after: ClassVar[tuple[timedelta, ...]] = (timedelta(seconds=10),)
    options: ClassVar[tuple[Option, ...]] = ()
    own_server: ClassVar[bool] = True

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._now = now
        self._transport = AioTransport(title=wire.TITLE, timeout=timeout)
        self._sessions = Sessions(self._transport, now)

    def length(self, text: str) -> int:
        return wire.length(text)

    def needs_prepare(self, message: Message) -> bool:
        """Always: the key must be stored before anything is written under it."""
        return True

    async def prepare(self, account: Account, message: Message) -> Json:
        """Logs in, uploads the pictures or the video and chooses the key: `{"rkey": ..., "images": [...]}` (or `"video"`)."""
        wire.check_message(message)
        await self._sessions.get(account)
        rkey = wire.record_key(key=message.key, handle=account.handle, at=self._now())
        if message.video is not None:
            return {"rkey": rkey, "video": await self._upload_video(account, message.video)}
        images = await asyncio.gather(*(self._upload(account, picture) for picture in message.pictures))
        return {"rkey": rkey, "images": images}

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published:
        rkey = str(prepared.get("rkey") or "")
        if not rkey:
            raise wire.lost()
        at = self._now()
        session = await self._sessions.get(account)
        body = {
            "repo": session.did,
            "collection": wire.COLLECTION,
            "rkey": rkey,
            # Not stored with the key: pictures are prepared long ahead, and a reader's feed sorts by this moment.
            "record": wire.build_record(message, prepared, at=at),
        }
        answer = await self._call(account, "POST", "com.atproto.repo.putRecord", json=body, create=True)
        return wire.read_written(answer, handle=session.handle, at=at, now=self._now())

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | None:
        if sent.is_witness_lost:
            return await self._find_listed(account, message, sent)
        rkey = str(sent.prepared.get("rkey") or "")
        if not rkey:
            # Nothing can be written without a key, and it is stored before.
            return None
        session = await self._sessions.get(account)
        query = [("repo", session.did), ("collection", wire.COLLECTION), ("rkey", rkey)]
        answer = await self._call(account, "GET", "com.atproto.repo.getRecord", query=query)
        return wire.read_record(answer, handle=session.handle, now=self._now())

    async def remove(self, account: Account, remote_id: str) -> None:
        """The server answers the same for a record that was not there."""
        session = await self._sessions.get(account)
        body = {"repo": session.did, "collection": wire.COLLECTION, "rkey": wire.key_of(remote_id)}
        answer = await self._call(account, "POST", "com.atproto.repo.deleteRecord", json=body)
        wire.check_removed(answer, now=self._now())

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        if not remote_ids:
            return {}
        followers = await self._followers(account)
        found: dict[str, Metrics | None] = {}
        for uris in chunked([each for each in remote_ids if each.startswith("at://")], wire.BATCH):
            query = [("uris", uri) for uri in uris]
            answer = await self._call(account, "GET", "app.bsky.feed.getPosts", query=query)
            found |= wire.read_metrics(answer, followers, now=self._now())
        return {each: found.get(each) for each in remote_ids}

    async def read_followers(self, account: Account) -> int | None:
        session = await self._sessions.get(account)
        query = [("actor", session.did)]
        return wire.read_followers(await self._call(account, "GET", "app.bsky.actor.getProfile", query=query))

    async def read_recent(self, account: Account, since: datetime) -> list[RecentPost]:
        session = await self._sessions.get(account)
        query = [("repo", session.did), ("collection", wire.COLLECTION), ("limit", str(wire.PAGE))]
        answer = await self._call(account, "GET", "com.atproto.repo.listRecords", query=query)
        return wire.read_recent(answer, since, handle=session.handle, now=self._now())

    async def check(self, account: Account) -> Identity:
        answer = await self._call(account, "GET", "com.atproto.server.getSession")
        return wire.read_identity(answer, now=self._now())

    async def close(self) -> None:
        await self._transport.close()

    async def _find_listed(self, account: Account, message: Message, sent: Sent) -> Published | None:
        """By its words, where the key it was written under is lost; records come newest first."""
        session = await self._sessions.get(account)
        query = [("repo", session.did), ("collection", wire.COLLECTION), ("limit", str(wire.PAGE))]
        cursor = ""
        for _ in range(MAX_PAGES):
            place = [("cursor", cursor)] if cursor else []
            answer = await self._call(account, "GET", "com.atproto.repo.listRecords", query=[*query, *place])
            found, cursor = wire.read_listed(answer, message, sent, handle=session.handle, now=self._now())
            if found or not cursor:
                return found
        raise endless(wire.TITLE)

    async def _followers(self, account: Account) -> int | None:
        """Their number is worth less than the posts' own: a read that nobody answers leaves it out."""
        try:
            return await self.read_followers(account)
        except TryLater:
            return None

    async def _upload(self, account: Account, picture: Picture) -> dict[str, Any]:
        content = await load_picture(picture)
        size = _size(content)
        answer = await self._call(
            account, "POST", "com.atproto.repo.uploadBlob", content=content, mime=picture.mime or "image/jpeg"
        )
        return wire.image_part(picture, wire.read_blob(answer, now=self._now()), size)

    async def _upload_video(self, account: Account, video: Video) -> Json:
        """Straight to the account's own server, which hands it on; only that server knows how much it takes."""
        answer = await self._call(
            account, "POST", "com.atproto.repo.uploadBlob", path=video.path, mime=video.mime, timeout=UPLOAD_S
        )
        return wire.video_part(video, wire.read_blob(answer, now=self._now()))

    async def _call(self, account: Account, http_method: str, name: str, **more: object) -> Answer:
        """Once more with a renewed session where the old one has ended: such an answer means that nothing was done."""
        session = await self._sessions.get(account)
        answer = await self._send(account, http_method, name, session.access, **more)
        if wire.is_stale(answer):
            session = await self._sessions.renew(account, session)
            answer = await self._send(account, http_method, name, session.access, **more)
            if wire.is_stale(answer):
                # The app password has just opened this session: the server is at fault, not the credential.
                raise TryLater(
                    "Bluesky menolak sesi yang baru dibuka; akan dicoba lagi otomatis.",
                    code="session_refused",
                    http_status=answer.status,
                )
        return answer

    async def _send(self, account: Account, http_method: str, name: str, token: str, **more: object) -> Answer:
        address = f"{account.base_url}/xrpc/{name}"
        request = Request(http_method, address, token, guarded=account.guarded, **more)  # type: ignore[arg-type]
        return await self._transport.send(request)


def _size(content: bytes) -> tuple[int, int]:
    """Width and height from the file's first bytes."""
    try:
        with Image.open(BytesIO(content)) as image:
            return image.size
    except OSError as error:
        raise Refused("Berkas gambar tidak terbaca; unggah ulang gambarnya.", code="picture_broken") from error
