"""The only place that opens sockets to platforms, and that tells whether a broken connection had sent anything."""

import asyncio
import http.client
import ssl
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from app.kit.http import TooLong, connector, is_unsafe, read_at_most
from app.platforms.answer import Answer, unanswered
from app.platforms.contract import NeedsReconnect, Picture, Refused, Video
from app.platforms.gate import gate

CONNECT_S = 10.0
UPLOAD_S, READY_S = 600.0, 300.0
"""Real seconds that one upload of a video may take, and that its processing is waited for."""
PUBLISH_THREADS = 32
READ_THREADS = 16
SHORTEST_TOKEN = 8
LARGEST_ANSWER = 8_000_000
"""Bytes after decompression: hundreds of times a page of posts with numbers; a server of anybody's may send anything."""

NOT_PUBLIC = (
    "Alamat peladen akun ini bukan alamat umum, jadi tidak dihubungi. Sambungkan lagi akun ini ke peladen yang benar."
)

_NEVER_LEFT = (
    NewConnectionError,
    ConnectTimeoutError,
    ssl.SSLCertVerificationError,
    requests.ConnectTimeout,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
    requests.exceptions.MissingSchema,
)
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)

_LARGE = 2**20
"""Bytes from which aiohttp would rather write a body piece by piece."""

Call = Callable[[requests.Session], object]
Amend = Callable[[requests.PreparedRequest], None]


class Memory:
    """A small map that forgets the longest unused, for what is asked once a token (account ids, SDK clients)."""

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[str, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: tuple[str, ...]) -> Any:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: tuple[str, ...], value: Any) -> Any:
        with self._lock:
            self._kept[key] = value
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return value

    async def recall(self, key: tuple[str, ...], ask: Callable[[], Awaitable[str]]) -> str:
        return str(self.find(key) or self.keep(key, await ask()))


def chain(error: object) -> Iterator[object]:
    """The error and what libraries wrapped inside it (`reason`, `original_error`, arguments)."""
    yield error
    inner = [getattr(error, "reason", None), getattr(error, "original_error", None), *getattr(error, "args", ())]
    for cause in inner:
        if isinstance(cause, BaseException):
            yield from chain(cause)


def has_left(error: BaseException) -> bool:
    """False only where it is certain that no byte of the request reached the platform."""
    return not any(isinstance(cause, _NEVER_LEFT) for cause in chain(error))


class _Pool(HTTPAdapter):
    """Sends to `base` what an SDK addressed to its own host, and keeps the raw answer of each thread's last call."""

    def __init__(self, *, host: str, base: str, timeout: float, amend: Amend | None) -> None:
        super().__init__(pool_connections=4, pool_maxsize=PUBLISH_THREADS + READ_THREADS)
        self._host, self._base, self._amend = host, base, amend
        self._timeout = (min(CONNECT_S, timeout), timeout)
        # Asked once, not for every request: requests reads the environment and netrc each time otherwise.
        self._proxies = get_environ_proxies(base)
        self.last = threading.local()

    def send(self, request: requests.PreparedRequest, *_args: Any, **given: Any) -> requests.Response:
        request.url = (request.url or "").replace(self._host, self._base, 1)
        if self._amend:
            self._amend(request)
        given |= {"timeout": self._timeout, "proxies": self._proxies, "stream": False}
        response = super().send(request, **given)
        self.last.answer = Answer(
            response.status_code, {name.lower(): value for name, value in response.headers.items()}, response.content
        )
        return response


class SdkTransport:
    """Runs calls of a synchronous SDK in bounded threads over one kept-alive session per base address.

    Publishes have threads of their own, so that slow reads never delay one. Whatever the SDK makes of an answer, the
    raw one is handed back; only a call without any answer raises (Unsure on a create, else TryLater).
    """

    def __init__(
        self,
        *,
        title: str,
        host: str,
        timeout: float,
        sdk_errors: tuple[type[Exception], ...],
        amend: Amend | None = None,
    ) -> None:
        self._title, self._host, self._timeout, self._amend = title, host, timeout, amend
        # KeyError, ValueError and the like: what the SDKs stumble over in HTML, lists and missing content types.
        self._sdk_errors: tuple[type[Exception], ...] = (*sdk_errors, AttributeError, KeyError, TypeError, ValueError)
        self._publishing = ThreadPoolExecutor(PUBLISH_THREADS, thread_name_prefix=f"{title}-publish")
        self._reading = ThreadPoolExecutor(READ_THREADS, thread_name_prefix=f"{title}-read")
        self._sessions: dict[str, tuple[requests.Session, _Pool]] = {}
        self._lock = threading.Lock()

    async def ask(self, base: str, call: Call, *, secret: str, create: bool = False) -> Answer:
        """`secret` is blotted out of the answer, since platforms echo tokens in their error sentences."""
        pool = self._publishing if create else self._reading
        answer = await asyncio.get_running_loop().run_in_executor(pool, self._run, base, call, create, gate())
        return blot(answer, secret)

    def _run(self, base: str, call: Call, create: bool, check: Callable[[], None]) -> Answer:
        if create:
            check()
        session, pool = self._session(base)
        pool.last.answer = None
        try:
            call(session)
        except _BROKEN as error:
            # tweepy's own errors are no OSErrors, but requests' JSON error is: an answer that came is an answer.
            if pool.last.answer is None:
                raise unanswered(self._title, sent=has_left(error), create=create) from error
        except self._sdk_errors:
            if pool.last.answer is None:
                raise
        answer: Answer = pool.last.answer
        return answer

    def _session(self, base: str) -> tuple[requests.Session, _Pool]:
        with self._lock:
            if base not in self._sessions:
                session = requests.Session()
                # Accounts share the connections, never cookies; a redirect would turn a POST into a GET.
                session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
                session.trust_env, session.max_redirects = False, 0
                pool = _Pool(host=self._host, base=base, timeout=self._timeout, amend=self._amend)
                session.mount("https://", pool)
                session.mount("http://", pool)
                self._sessions[base] = session, pool
            return self._sessions[base]

    async def close(self) -> None:
        """Waits for calls under way: cutting one off would leave a post in doubt."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._publishing.shutdown(wait=True, cancel_futures=True)
        self._reading.shutdown(wait=True, cancel_futures=True)
        for session, _ in self._sessions.values():
            session.close()


@dataclass(frozen=True)
class File:
    """One file of a multipart body: its `content`, or the `path` of a large one, which is then read as it is sent."""

    name: str
    mime: str
    content: bytes = field(default=b"", repr=False)
    path: str = ""

    @property
    def filename(self) -> str:
        """With an ending that agrees with what it is."""
        return f"{self.name}.{_ENDINGS.get(self.mime, 'jpg')}"


_ENDINGS = {"image/png": "png", "image/webp": "webp", "video/mp4": "mp4", "video/quicktime": "mov"}


@dataclass(frozen=True)
class Request:
    """One call. The body is `json`, or `content` (or the file at `path`) of type `mime`, or `form` (with `files`: multipart).

    `timeout` in real seconds where it is not the transport's own: a large file takes longer than a sentence.

    `token` travels in the Authorization header; it and `hidden`, a secret that stands elsewhere, are blotted out of the answer.
    `guarded`: a person named the server, so nothing but a public address is connected to.
    """

    method: str
    url: str = field(repr=False)
    token: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Sequence[tuple[str, str]] = ()
    json: object = None
    form: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[File] = ()
    content: bytes = field(default=b"", repr=False)
    mime: str = ""
    hidden: str = field(default="", repr=False)
    create: bool = False
    path: str = ""
    timeout: float = 0.0
    guarded: bool = False

    def body(self) -> dict[str, Any]:
        """For aiohttp."""
        if self.files:
            multipart = aiohttp.FormData()
            for name, value in self.form.items():
                multipart.add_field(name, value)
            for file in self.files:
                content = Path(file.path).open("rb") if file.path else file.content  # noqa: SIM115 - aiohttp closes it
                multipart.add_field(file.name, content, filename=file.filename, content_type=file.mime)
            return {"data": multipart}
        if self.json is not None:
            return {"json": self.json}
        if self.path:
            return {"data": Path(self.path).open("rb")}
        if len(self.content) > _LARGE:
            return {"data": BytesIO(self.content)}
        # Encoded here: aiohttp would build a form object of its own for every request.
        return {"data": self.content or urlencode(self.form).encode() or None}

    def all_headers(self) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        is_form = bool(self.form) and not (self.files or self.content or self.path or self.json is not None)
        mime = "application/x-www-form-urlencoded" if is_form else self.mime
        return {**bearer, **({"Content-Type": mime} if mime else {}), **self.headers}


class AioTransport:
    """One aiohttp session with kept-alive connections and no limit of its own: the publisher's slots are the limit."""

    def __init__(self, *, title: str, timeout: float) -> None:
        self._title, self._timeout = title, timeout
        self._open_to: dict[tuple[bool, bool], aiohttp.ClientSession] = {}
        self._proxies: dict[str, str | None] = {}

    async def ask(
        self,
        method: str,
        url: str,
        *,
        token: str,
        form: Mapping[str, str] | None = None,
        create: bool = False,
    ) -> Answer:
        """GET sends `form` as query, POST as body; the token travels in the Authorization header only."""
        if method == "GET":
            return await self.send(Request(method, url, token, query=tuple((form or {}).items()), create=create))
        return await self.send(Request(method, url, token, form=form or {}, create=create))

    async def send(self, request: Request) -> Answer:
        """Raises Unsure where a create may have left without an answer, TryLater for every other broken connection.

        NeedsReconnect where a guarded request would have led into a network of our own; Withheld where the gate is shut.
        """
        if request.create:
            gate()()
        try:
            async with self._open(request.guarded, request.create and request.method == "PUT").request(
                request.method,
                request.url,
                headers=request.all_headers(),
                params=list(request.query) or None,
                proxy=None if request.guarded else self._proxy(request.url),
                allow_redirects=False,
                timeout=self._patience(request.timeout or self._timeout),
                **request.body(),
            ) as response:
                body = await read_at_most(response, LARGEST_ANSWER)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return blot(blot(Answer(response.status, headers, body), request.token), request.hidden)
        except aiohttp.InvalidURL:
            # Its own words are the address, which on some platforms holds the token: it is not even kept as the cause.
            raise unanswered(self._title, sent=False, create=request.create) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            if is_unsafe(error):
                raise NeedsReconnect(NOT_PUBLIC, code="private_address") from error
            raise unanswered(self._title, sent=False, create=request.create) from error
        except FileNotFoundError as error:
            raise media_missing() from error
        except (aiohttp.ClientError, TimeoutError, OSError, TooLong) as error:
            raise unanswered(self._title, sent=True, create=request.create) from error

    def _open(self, guarded: bool, once: bool) -> aiohttp.ClientSession:
        """`once`: aiohttp asks a PUT again by itself where a kept connection breaks; a create must not be."""
        found = self._open_to.get((guarded, once))
        if found is None or found.closed:
            # Made on first use: the session belongs to the loop that it is used in.
            make = connector if guarded else aiohttp.TCPConnector
            found = self._open_to[guarded, once] = aiohttp.ClientSession(
                connector=make(limit=0, ttl_dns_cache=300),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._patience(self._timeout),
            )
            found._retry_connection = not once
        return found

    def _patience(self, seconds: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT_S, self._timeout))

    def _proxy(self, url: str) -> str | None:
        scheme, _, rest = url.partition("://")
        base = f"{scheme}://{rest.split('/', 1)[0]}"
        if base not in self._proxies:
            self._proxies[base] = get_environ_proxies(base).get(scheme)
        return self._proxies[base]

    async def close(self) -> None:
        for session in self._open_to.values():
            await session.close()
        self._open_to.clear()


def blot(answer: Answer, secret: str) -> Answer:
    """A string shorter than any real token is left alone: it would be found in innocent words."""
    hidden = secret.encode()
    if len(hidden) < SHORTEST_TOKEN or hidden not in answer.body:
        return answer
    return Answer(answer.status, answer.headers, answer.body.replace(hidden, b"***"))


async def load_picture(picture: Picture) -> bytes:
    """The bytes of a picture that is pushed to the platform; raises Refused where the file is not on our disk."""
    try:
        return await asyncio.to_thread(Path(picture.path).read_bytes)
    except OSError as error:
        raise Refused("Berkas gambar tidak ada lagi; unggah ulang gambarnya.", code="picture_missing") from error


async def load_piece(video: Video, start: int, end: int) -> bytes:
    """The bytes from `start` up to `end` of a video; raises Refused where the file is not on our disk, or shorter."""

    def read() -> bytes:
        with Path(video.path).open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    try:
        piece = await asyncio.to_thread(read)
    except OSError as error:
        raise media_missing() from error
    if len(piece) != end - start:
        raise media_missing()
    return piece


def media_missing() -> Refused:
    return Refused("Berkas media tidak ada lagi; unggah ulang.", code="media_missing")
