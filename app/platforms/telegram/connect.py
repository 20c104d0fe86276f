"""How a Telegram channel is joined: a bot's token from BotFather, and the channel whose administrator that bot is."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from app.platforms.connecting import Candidate, CannotConnect, Place, Way
from app.platforms.contract import Account, NeedsReconnect
from app.platforms.telegram import wire
from app.platforms.telegram.adapter import TelegramAdapter

_CHANNEL = re.compile(r"@[\w.\-]{1,60}|-100\d{5,15}", re.ASCII)


class TelegramConnector:
    name: ClassVar[str] = "telegram"
    title: ClassVar[str] = wire.TITLE
    way: ClassVar[Way] = Way.SECRET
    scopes: ClassVar[tuple[str, ...]] = ()
    app_settings: ClassVar[tuple[str, ...]] = ()
    renews: ClassVar[bool] = False
    forget_by_hand = (
        "Di Telegram buka @BotFather, kirim /revoke, lalu pilih bot unit; token lamanya mati saat itu juga."
    )

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._adapter = TelegramAdapter(timeout=timeout)

    async def open(self, place: Place, *, identifier: str, secret: str) -> Candidate:
        """The bot must already be an administrator of the channel who may post."""
        named = identifier.strip().removeprefix("https://t.me/")
        chat = named if named.startswith(("-", "@")) else f"@{named}"
        if not _CHANNEL.fullmatch(chat):
            raise CannotConnect(
                "Nama salurannya tidak dapat dibaca.",
                "Tulis seperti @ppscilendekbarat, atau nomor saluran yang diawali -100.",
                code="bad_name",
            )
        account = Account(place.base_url, chat.lstrip("@"), {"access_token": secret, "account_id": chat})
        try:
            identity = await self._adapter.check(account)
        except NeedsReconnect as error:
            raise CannotConnect(
                error.message.removeprefix("Hubungkan ulang Telegram: ").capitalize(),
                "Tambahkan bot sebagai admin saluran dengan izin mengirim pesan, salin tokennya utuh dari @BotFather, lalu coba lagi.",
                code=error.code,
            ) from error
        credential = {"access_token": secret, "account_id": identity.account_id, "username": identity.handle}
        handle = identity.handle or identity.account_id
        return Candidate(identity.account_id, handle, identity.name, credential)

    async def close(self) -> None:
        await self._adapter.close()
