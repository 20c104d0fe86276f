"""Knows how the platforms fetch media from an address, and what a picture is by its content."""

import io
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from PIL import Image

_TIMEOUT_S = 10.0
_MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}


class Unreachable(Exception):
    """No picture came from that address."""


class TooLarge(Exception):
    """More bytes than the platform takes."""


class TookTooLong(Exception):
    """The address did not answer within ten seconds."""


@dataclass(frozen=True, slots=True)
class Measured:
    mime: str
    width: int
    height: int


def measure(content: bytes) -> Measured | None:
    """Reads the header only; None when it is no JPEG, PNG, GIF or WebP."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_MIMES)) as image:
            return Measured(_MIMES[str(image.format)], image.width, image.height)
    except (OSError, Image.DecompressionBombError):
        return None


async def fetch(url: str, *, limit: int, hosts: Collection[str] = ()) -> bytes:
    """At most `limit` bytes; only from `hosts` (host:port) when any are named, so that nobody probes a network with us.

    Raises Unreachable, TooLarge or TookTooLong.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or (hosts and parts.netloc not in hosts):
        raise Unreachable(url)
    # One session a fetch: nothing to close at the end, as there is no lifespan when mounted in another app.
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=not hosts) as answer,
        ):
            return await _read(answer, limit)
    except TimeoutError as error:
        raise TookTooLong(url) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Unreachable(url) from error


async def _read(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    if answer.status != 200:
        raise Unreachable(f"{answer.url}: {answer.status}")
    content = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > limit:
            raise TooLarge(str(answer.url))
    return bytes(content)
