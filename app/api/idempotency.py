"""The door's side of Idempotency-Key: reads a POST whole, carries it out once, and answers its repetitions alike."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.idempotency import HEADER, LONGEST_KEY, Answer, Call, Interrupted, StillRunning, Turn
from app.accounts.tokens import hash_of
from app.api import problems
from app.api.deps import MAX_BODY, find_credential
from app.bootstrap import Kentongan
from app.content.pictures import MAX_BYTES
from app.kit.errors import AppError, BadInput, Problem, TooLarge, Unauthenticated
from app.kit.logs import logger

log = logger("api")

REPLAYED = "Idempotency-Replayed"
RETRY_AFTER = 1
"""Seconds; most calls end sooner."""
MAX_FORM = MAX_BYTES + 64 * 1024
_FORM = "multipart/form-data"


class Idempotency:
    """ASGI middleware: a route sees nothing of it. POSTs without the header pass untouched."""

    def __init__(self, app: ASGIApp, *, house: Kentongan, prefix: str) -> None:
        self._app, self._house, self._prefix = app, house, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        keys = request.headers.getlist(HEADER)
        if not keys:
            await self._app(scope, receive, send)
            return
        try:
            begun = await self._begin(request, keys)
        except ClientDisconnect:
            return  # nobody waits for an answer, and nothing has been done
        except AppError as error:
            await _refusal(request, error)(scope, receive, send)
            return
        match begun:
            case None:
                await self._app(scope, receive, send)
            case Answer():
                await _replay(begun)(scope, receive, send)
            case _Begun():
                await self._carry_out(begun, scope, receive, send)

    async def _begin(self, request: Request, keys: list[str]) -> "_Begun | Answer | None":
        """None: nobody we know, which the route itself will say."""
        credential = find_credential(request)
        if credential is None:
            return None
        try:
            actor = await credential.actor(self._house)
        except Unauthenticated:
            return None
        key = _read_key(keys)
        body = await _read_body(request)
        name = f"POST {request.url.path}"
        call = Call(actor.user_id, hash_of(credential.secret), name, key, _fingerprint(request, body))
        begun = await self._house.idempotency.begin(call)
        return _Begun(begun, body) if isinstance(begun, Turn) else begun

    async def _carry_out(self, begun: "_Begun", scope: Scope, receive: Receive, send: Send) -> None:
        heard = _Heard()
        try:
            await self._app(scope, _Again(begun.body, receive), heard)
        except Exception:
            await self._house.idempotency.forget(begun.turn)
            raise
        # Kept before it is sent: whoever has the answer can rely on hearing it again.
        if heard.status >= 500:
            await self._house.idempotency.forget(begun.turn)
        else:
            await self._house.idempotency.keep(begun.turn, heard.answer())
        for message in heard.messages:
            await send(message)


@dataclass(frozen=True)
class _Begun:
    turn: Turn
    body: bytes


class _Again:
    """The body as if it were only now arriving."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


@dataclass
class _Heard:
    """Takes what the route answers instead of the sender."""

    messages: list[Message] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return next((int(message["status"]) for message in self._starts()), 500)

    def answer(self) -> Answer:
        start = next(self._starts())
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(self.status, headers, b"".join(message.get("body", b"") for message in self.messages))

    def _starts(self) -> Iterator[Message]:
        return (message for message in self.messages if message["type"] == "http.response.start")


def _read_key(keys: list[str]) -> str:
    (key, *more) = keys
    is_printable = all(" " <= letter <= "~" for letter in key)
    if more or not is_printable or not 1 <= len(key) <= LONGEST_KEY:
        told = f"harus satu, 1 sampai {LONGEST_KEY} karakter ASCII yang tampak"
        raise BadInput(f"{HEADER} {told}.", Problem(HEADER, told))
    return key


async def _read_body(request: Request) -> bytes:
    """All of it, since a repetition is known by its content; raises TooLarge at the first byte too many."""
    most = MAX_FORM if _FORM in request.headers.get("content-type", "").lower() else MAX_BODY
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > most:
            raise TooLarge(f"Isi permintaan paling besar {most // 1_000_000} MB.")
    return bytes(found)


def _fingerprint(request: Request, body: bytes) -> str:
    """The same for the same request, though a form's boundary is drawn anew each time it is sent."""
    kind, _, options = request.headers.get("content-type", "").partition(";")
    _, _, boundary = options.partition("boundary=")
    boundary = boundary.split(";")[0].strip().strip('"')
    said = body.replace(boundary.encode("latin-1"), b"") if boundary else body
    head = f"{request.url.query}\n{kind.strip().lower()}\n".encode()
    return hashlib.sha256(head + said).hexdigest()


def _refusal(request: Request, error: AppError) -> Response:
    response = problems.answer(
        request, status=error.status, detail=error.message, kind=error.kind, errors=error.problems
    )
    if isinstance(error, StillRunning):
        response.headers["Retry-After"] = str(RETRY_AFTER)
    if isinstance(error, Interrupted):
        log.warning("interrupted_call", path=request.url.path)
    return response


def _replay(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    headers = MutableHeaders(raw=response.raw_headers)
    for name, value in answer.headers.items():
        headers[name] = value
    headers[REPLAYED] = "true"
    response.raw_headers = headers.raw
    return response
