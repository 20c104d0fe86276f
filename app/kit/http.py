"""Speaks to addresses that people have typed: what is connected to is exactly what was checked, whatever a name leads to.

The check sits at the socket, after the name was resolved: a name that answers differently the second time, a redirect, or an
address written in an odd way all end there. A pre-check of the text alone would miss each of them.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import requests
import urllib3
from aiohttp.abc import AbstractResolver
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util import connection as urllib3_connection

from app.kit.addresses import is_public, read_public_url

CONNECT_S = 10.0
TOTAL_S = 20.0
LARGEST = 1_000_000
"""Bytes of an answer that is kept, counted after decompression: a small packed body may unpack to gigabytes."""


class Unsafe(OSError):
    """The address leads into a network of our own; it was not connected to."""

    def __init__(self) -> None:
        # Without the address: where a name has several, libraries pass one refusal on only if all read alike.
        super().__init__("not a public address")


class Unreachable(Exception):
    """No whole answer came: nobody there, too slow, too large, or refused by `Unsafe`. `sent`: the request may have arrived."""

    def __init__(self, reason: str, *, sent: bool, unsafe: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.sent, self.unsafe = reason, sent, unsafe


@dataclass(frozen=True)
class Reply:
    """Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def connector(*, allowed: Callable[[str], bool] = is_public, **given: Any) -> aiohttp.TCPConnector:
    """An aiohttp connector that opens no socket to a numeric address that is not `allowed`; raises ClientConnectorError."""

    def open_socket(info: Any) -> socket.socket:
        """Called with the very address that is about to be connected to."""
        family, kind, protocol, _name, address = info
        if not allowed(address[0]):
            raise Unsafe
        return socket.socket(family=family, type=kind, proto=protocol)

    return aiohttp.TCPConnector(socket_factory=open_socket, **given)


def is_unsafe(error: BaseException | None) -> bool:
    """Was this broken connection our own refusal?"""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        inner = getattr(error, "os_error", None) or getattr(error, "reason", None)
        if isinstance(error, Unsafe) or isinstance(inner, Unsafe):
            return True
        error = error.__cause__ or error.__context__
    return False


class SafeClient:
    """For webhooks, own servers and whatever else a person names. Follows no redirect, keeps no cookie, uses no proxy.

    `allow_private` lets tests and a simulator on this machine through; the settings refuse it in production.
    """

    def __init__(self, *, allow_private: bool = False, resolver: AbstractResolver | None = None) -> None:
        self.allow_private, self._resolver = allow_private, resolver
        self._session: aiohttp.ClientSession | None = None

    def read(self, text: str, *, field: str = "url") -> str:
        """For saving: the address in one spelling; raises BadInput with the reason in words."""
        return read_public_url(text, field=field, allow_private=self.allow_private)

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        within: float = TOTAL_S,
        largest: int = LARGEST,
    ) -> Reply:
        """One request and its whole answer within `within` real seconds and `largest` bytes.

        Raises BadInput for an address that must not even be tried, Unreachable for everything that broke.
        """
        address = self.read(url)
        try:
            async with (
                asyncio.timeout(within),
                self._open().request(method, address, headers=headers, data=body, allow_redirects=False) as response,
            ):
                content = await read_at_most(response, largest)
                found = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status, found, content)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            unsafe = is_unsafe(error)
            raise Unreachable(
                "alamat dalam jaringan sendiri" if unsafe else "tidak tersambung", sent=False, unsafe=unsafe
            ) from None
        except TooLong:
            raise Unreachable("jawabannya terlalu besar", sent=True) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(type(error).__name__, sent=True) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # Made on first use: the session belongs to the loop that it is used in.
            self._session = aiohttp.ClientSession(
                connector=connector(
                    allowed=(lambda _host: True) if self.allow_private else is_public, resolver=self._resolver
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_S),
                max_line_size=8190,
                max_field_size=8190,
            )
        return self._session


class TooLong(Exception):
    """More bytes than anybody asked for."""


async def read_at_most(response: aiohttp.ClientResponse, largest: int) -> bytes:
    """The unpacked body; raises TooLong as soon as it passes `largest` bytes, and lets go of the connection."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > largest:
            response.close()
            raise TooLong
    return bytes(content)


class PublicAdapter(HTTPAdapter):
    """The same for libraries that speak through requests: `session.mount("https://", PublicAdapter())`.

    Raises requests.ConnectionError around Unsafe. A proxy would resolve the name itself, so none is used.
    """

    def init_poolmanager(self, *args: Any, **given: Any) -> None:
        super().init_poolmanager(*args, **given)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **given: Any) -> requests.Response:
        return super().send(request, *args, **{**given, "proxies": None})


class _Pinned:
    """Resolves once, checks every address, and connects to one that was checked; TLS still asks for the name."""

    def _new_conn(self: Any) -> socket.socket:
        last: OSError = Unsafe()
        for found in socket.getaddrinfo(self._dns_host, self.port, 0, socket.SOCK_STREAM):
            address = str(found[4][0])
            if not is_public(address):
                continue
            try:
                return urllib3_connection.create_connection(
                    (address, self.port), self.timeout, self.source_address, self.socket_options
                )
            except OSError as error:
                last = error
        raise NewConnectionError(self, str(last)) from last


class _HTTPConnection(_Pinned, HTTPConnection):
    pass


class _HTTPSConnection(_Pinned, HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection
