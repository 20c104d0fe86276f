"""Speaks to Telegram's Bot API; the token is part of every address, so no address is ever shown."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import aiohttp

from app.kit.logs import logger
from app.notices.rules import Way
from app.notices.transport import GiveUp, Letter, TryAgain

log = logger("notices")

TIMEOUT = 20.0
MAX_TEXT = 4096
"""Characters of one message after entities (Bot API, sendMessage)."""
MAX_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class Telegram:
    way: ClassVar[Way] = Way.TELEGRAM
    together: ClassVar[int] = 4

    base_url: str
    token: str = field(repr=False)

    async def send(self, letter: Letter) -> None:
        body = {
            "chat_id": letter.to,
            "text": letter.text[:MAX_TEXT],
            "link_preview_options": {"is_disabled": True},
        }
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                address = f"{self.base_url}/bot{self.token}/sendMessage"
                async with session.post(address, json=body, allow_redirects=False) as answer:
                    status, said = answer.status, await _json(answer)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # TimeoutError is an OSError. The error's own words may hold the address, and with it the token.
            raise TryAgain(f"Telegram tidak dapat dihubungi ({type(error).__name__}). Dicoba lagi.") from None
        if status != 200 or said.get("ok") is not True:
            raise _meaning(status, said)


async def _json(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    try:
        found = await answer.json(content_type=None)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _meaning(status: int, said: dict[str, Any]) -> GiveUp | TryAgain:
    match status:
        case 429:
            parameters = said.get("parameters")
            seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
            after = min(timedelta(seconds=max(1, seconds)), MAX_WAIT) if isinstance(seconds, int) else None
            return TryAgain("Telegram meminta menunggu.", after)
        case 400:
            return GiveUp("Chat Telegram tidak ditemukan. Kirim pesan ke bot dulu, lalu periksa nomor chat.")
        case 403:
            return GiveUp("Bot Telegram diblokir atau dikeluarkan dari chat. Buka blokirnya, lalu nyalakan lagi.")
        case 401 | 404:
            log.warning("telegram_token_refused", status=status)
            return TryAgain("Telegram menolak bot ini. Periksa KENTONGAN_TELEGRAM_BOT_TOKEN.")
        case _:
            return TryAgain(f"Telegram menjawab {status}. Dicoba lagi.")
