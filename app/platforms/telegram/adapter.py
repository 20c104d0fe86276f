"""Speaks to Telegram's Bot API through aiohttp; the token is part of every address, so no address is ever shown."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import quote

from app.platforms.answer import Answer
from app.platforms.contract import Account, Identity, Json, Limits, Message, Metrics, Option, Published, Sent, Video
from app.platforms.http import UPLOAD_S, AioTransport, File, Request, load_picture
from app.platforms.telegram import wire


class TelegramAdapter:
    """A Telegram channel through a bot that is its administrator. `timeout` is in real seconds.

    It cannot be asked: whatever ends in doubt goes to a person.
    """

    name: ClassVar[str] = "telegram"
    title: ClassVar[str] = wire.TITLE
    limits: ClassVar[Limits] = wire.LIMITS
    look_after: ClassVar[tuple[timedelta, ...]] = ()
    options: ClassVar[tuple[Option, ...]] = wire.OPTIONS

    def __init__(self, *, timeout: float, now: Callable[[], datetime] | None = None) -> None:
        self._transport = AioTransport(title=wire.TITLE, timeout=timeout)

    def length(self, text: str) -> int:
        return wire.length(text)

    def needs_prepare(self, message: Message) -> bool:
        """Pictures travel inside the one request that publishes: there is no upload without a message."""
        return False

    async def prepare(self, account: Account, message: Message) -> Json:
        return {}

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published:
        wire.check_message(message)
        pictures = message.pictures
        mimes = [picture.mime or "image/jpeg" for picture in pictures]
        contents = await asyncio.gather(*map(load_picture, pictures))
        if message.video is not None:
            answer = await self._send_video(account, message, message.video)
        elif not pictures:
            answer = await self._call(account, "sendMessage", json=wire.text_body(account, message), create=True)
        elif len(pictures) == 1:
            files = [File("photo", mimes[0], contents[0])]
            form = wire.photo_form(account, message)
            answer = await self._call(account, "sendPhoto", form=form, files=files, create=True)
        else:
            names = wire.album_names(len(pictures))
            files = [File(*each) for each in zip(names, mimes, contents, strict=True)]
            form = wire.album_form(account, message)
            answer = await self._call(account, "sendMediaGroup", form=form, files=files, create=True)
        return wire.read_created(answer)

    async def _send_video(self, account: Account, message: Message, video: Video) -> Answer:
        files = [File("video", video.mime, path=video.path)]
        form = wire.video_form(account, message, video)
        return await self._call(account, "sendVideo", form=form, files=files, create=True, timeout=UPLOAD_S)

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | None:
        """Always raises TryLater: a bot sees nothing of what its channel shows."""
        raise wire.cannot_ask()

    async def remove(self, account: Account, remote_id: str) -> None:
        """An album is as many messages as it has pictures, and all of them go."""
        ids = wire.message_ids(remote_id)
        chat = {"chat_id": wire.chat_id(account)}
        if len(ids) == 1:
            answer = await self._call(account, "deleteMessage", json={**chat, "message_id": ids[0]})
        else:
            answer = await self._call(account, "deleteMessages", json={**chat, "message_ids": ids})
        wire.check_removed(answer)

    async def edit(self, account: Account, remote_id: str, message: Message) -> None:
        body = wire.edit_body(account, message, wire.message_ids(remote_id)[0])
        wire.check_edited(await self._call(account, "editMessageText", json=body))

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        if not remote_ids:
            return {}
        followers = await self.read_followers(account)
        return {remote_id: Metrics(followers=followers) for remote_id in remote_ids}

    async def read_followers(self, account: Account) -> int:
        """All that a bot is told: it sees neither views nor what became of a message."""
        body = {"chat_id": wire.chat_id(account)}
        return wire.read_followers(await self._call(account, "getChatMemberCount", json=body))

    async def check(self, account: Account) -> Identity:
        """Also whether the bot may post in the channel."""
        bot_id = wire.read_bot_id(await self._call(account, "getMe"))
        chat_id = wire.chat_id(account)
        identity = wire.read_chat(await self._call(account, "getChat", json={"chat_id": chat_id}))
        body = {"chat_id": chat_id, "user_id": int(bot_id)}
        wire.check_member(await self._call(account, "getChatMember", json=body))
        return identity

    async def close(self) -> None:
        await self._transport.close()

    async def _call(self, account: Account, method: str, **more: object) -> Answer:
        token = account.credential["access_token"]
        url = f"{account.base_url}/bot{quote(token, safe=':')}/{method}"
        return await self._transport.send(Request("POST", url, hidden=token, **more))  # type: ignore[arg-type]
