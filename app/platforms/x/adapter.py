"""Speaks to X through tweepy, whose built-in host, missing time-outs and hidden headers it works around."""

import asyncio
import base64
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests
import tweepy

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
    RecentPost,
    Sent,
    Video,
)
from app.platforms.http import READY_S, Memory, SdkTransport, load_picture, load_piece
from app.platforms.x import wire

TWEEPY_HOST = "https://api.twitter.com"
MAX_PAGES = 20
"""Of 100 posts each: more than any unit writes between a try and its look."""

Use = Callable[[tweepy.Client], object]


class XAdapter:
    """X. `now` is the clock that X's reset times are compared with; `timeout` is in real seconds."""

    name: ClassVar[str] = "x"
    title: ClassVar[str] = wire.TITLE
    limits: ClassVar[Limits] = wire.LIMITS
    look_after: ClassVar[tuple[timedelta, ...]] = (timedelta(seconds=15), timedelta(seconds=90))
    options: ClassVar[tuple[Option, ...]] = wire.OPTIONS

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._now = now
        self._transport = SdkTransport(
            title=wire.TITLE, host=TWEEPY_HOST, timeout=timeout, sdk_errors=(tweepy.TweepyException,)
        )
        self._clients = Memory(size=1024)
        self._account_ids = Memory()

    def length(self, text: str) -> int:
        return wire.length(text)

    def needs_prepare(self, message: Message) -> bool:
        return bool(message.pictures or message.video)

    async def prepare(self, account: Account, message: Message) -> Json:
        """Uploads the pictures with their alt text, or the video: `{"media_ids": [...]}`."""
        if message.video is not None:
            return {"media_ids": [await self._upload_video(account, message.video)]}
        wire.check_pictures(message)
        uploads = (self._upload(account, picture) for picture in message.pictures)
        return {"media_ids": await asyncio.gather(*uploads)}

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published:
        parameters = wire.create_parameters(message, prepared)
        answer = await self._ask(account, lambda c: c.create_tweet(**parameters, user_auth=False), create=True)
        return wire.read_created(answer, account, now=self._now())

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | None:
        account_id = await self._account_id(account)
        parameters = wire.find_parameters(sent)
        for _ in range(MAX_PAGES):
            answer = await self._ask(account, _timeline(account_id, parameters))
            page = wire.read_page(answer, account, message, now=self._now(), taken=sent.taken)
            if page.found or not page.next_token:
                return page.found
            parameters |= {"pagination_token": page.next_token}
        raise endless(wire.TITLE)

    async def remove(self, account: Account, remote_id: str) -> None:
        answer = await self._ask(account, lambda c: c.delete_tweet(remote_id, user_auth=False))
        wire.check_removed(answer, now=self._now())

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        """Followers are left None: X bills each read of a user."""
        found: dict[str, Metrics | None] = {}
        for ids in chunked(list(remote_ids), wire.BATCH):
            numbers = await self._numbers(account, ids, wire.METRICS_PRIVATE)
            found |= numbers.known
            # X withholds its private numbers after 30 days; the public ones are still there.
            if numbers.withheld:
                found |= (await self._numbers(account, numbers.withheld, wire.METRICS_PUBLIC)).known
        return {each: found.get(each, Metrics()) for each in remote_ids}

    async def read_followers(self, account: Account) -> int | None:
        """X bills each read of a user: whoever asks, asks seldom."""
        answer = await self._ask(account, lambda c: c.get_me(user_fields=["public_metrics"], user_auth=False))
        return wire.read_followers(answer, now=self._now())

    async def read_recent(self, account: Account, since: datetime) -> list[RecentPost]:
        """X bills each post that comes back: the window is what keeps the price low."""
        answer = await self._ask(account, _timeline(await self._account_id(account), wire.list_parameters(since)))
        return wire.read_recent(answer, account, now=self._now())

    async def check(self, account: Account) -> Identity:
        answer = await self._ask(account, lambda c: c.get_me(user_auth=False))
        return wire.read_identity(answer, now=self._now())

    async def close(self) -> None:
        await self._transport.close()

    async def _upload(self, account: Account, picture: Picture) -> str:
        content = await load_picture(picture)
        encoded = await asyncio.to_thread(base64.b64encode, content)
        body = wire.upload_body(picture, encoded.decode())
        media_id = wire.read_media_id(await self._post(account, "/2/media/upload", body), now=self._now())
        if picture.alt_text:
            described = wire.alt_text_body(media_id, picture.alt_text)
            wire.check_ok(await self._post(account, "/2/media/metadata", described), now=self._now())
        return media_id

    async def _upload_video(self, account: Account, video: Video) -> str:
        begun = await self._post(account, "/2/media/upload/initialize", wire.initialize_body(video))
        media_id = wire.read_media_id(begun, now=self._now())
        for index, (start, end) in enumerate(wire.pieces(video.size)):
            encoded = await asyncio.to_thread(base64.b64encode, await load_piece(video, start, end))
            answer = await self._post(
                account, f"/2/media/upload/{media_id}/append", wire.append_body(encoded.decode(), index)
            )
            wire.check_ok(answer, now=self._now())
        answer = await self._post(account, f"/2/media/upload/{media_id}/finalize", {})
        waited = 0.0
        while (wait := wire.read_processing(answer, now=self._now())) is not None:
            if waited >= READY_S:
                raise wire.still_processing()
            await asyncio.sleep(wait)
            waited += wait
            answer = await self._ask(account, _media_state(media_id))
        return media_id

    async def _numbers(self, account: Account, ids: list[str], fields: list[str]) -> wire.Numbers:
        answer = await self._ask(account, lambda c: c.get_tweets(ids, tweet_fields=fields, user_auth=False))
        return wire.read_metrics(answer, ids, now=self._now())

    async def _account_id(self, account: Account) -> str:
        async def ask() -> str:
            return (await self.check(account)).account_id

        given = account.credential.get("account_id")
        return given or await self._account_ids.recall((account.base_url, account.credential["access_token"]), ask)

    async def _post(self, account: Account, path: str, body: dict[str, Any]) -> Answer:
        return await self._ask(account, lambda c: c.request("POST", path, json=body, user_auth=False))

    async def _ask(self, account: Account, use: Use, *, create: bool = False) -> Answer:
        token = account.credential["access_token"]

        def call(session: requests.Session) -> object:
            return use(self._client(account.base_url, token, session))

        return await self._transport.ask(account.base_url, call, secret=token, create=create)

    def _client(self, base_url: str, token: str, session: requests.Session) -> tweepy.Client:
        client = self._clients.find((base_url, token))
        if client is None:
            # The raw response is read by wire.py: tweepy's models know only the older of X's two dialects.
            client = tweepy.Client(token, return_type=requests.Response)
            client.session = session
            self._clients.keep((base_url, token), client)
        return client


def _media_state(media_id: str) -> Use:
    query = {"command": "STATUS", "media_id": media_id}
    return lambda client: client.request("GET", "/2/media/upload", params=query, user_auth=False)


def _timeline(account_id: str, parameters: dict[str, Any]) -> Use:
    return lambda client: client.get_users_tweets(account_id, **parameters, user_auth=False)
