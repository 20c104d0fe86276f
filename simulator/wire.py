"""Knows how bytes come in and go out: parameters, uploads, JSON answers, and answers that never arrive."""

import contextlib
import json
import os
import re
import socket
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

import anyio
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Json = dict[str, Any]
_RAW = ("image/", "video/", "audio/", "application/octet-stream", "*/*")


class Refusal(Exception):
    """Carries the platform's own answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


class AnswerLost(Exception):
    """Raised where no socket can be closed (an in-process client): the nearest thing to a dropped connection."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """`params` merges query, form and JSON (later wins); `files` are the uploaded parts by field name.

    A name that ends in `[]` gathers its values in a list. A raw body (an image, a video) is left to the handler.
    """

    params: Json
    files: dict[str, bytes]
    malformed: bool = False
    content_range: str = ""

    def text(self, name: str, default: str = "") -> str:
        value = self.params.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else json.dumps(value)

    def span(self) -> tuple[int, int, int] | None:
        """First and last byte and total of `Content-Range: bytes a-b/total`; None where it is another or none."""
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", self.content_range.strip())
        return (int(match[1]), int(match[2]), int(match[3])) if match else None

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.params.get(name)
        return default if value is None else str(value).lower() not in ("false", "0", "")


async def read_incoming(request: Request) -> Incoming:
    incoming = await _read(request)
    given = request.headers.get("content-range", "")
    return replace(incoming, content_range=given) if given else incoming


async def _read(request: Request) -> Incoming:
    params = _merge(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    if request.method in ("GET", "HEAD"):
        return Incoming(params, {})
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_multipart(request, params)
    body = await request.body()
    if kind == "application/x-www-form-urlencoded":
        return Incoming(params | _merge(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)), {})
    if not body or kind.startswith(_RAW) or (request.method == "PUT" and not kind):
        return Incoming(params, {})
    try:
        given = json.loads(body)
    except ValueError:
        return Incoming(params, {}, malformed=True)
    return Incoming(params | given, {}) if isinstance(given, dict) else Incoming(params, {}, malformed=True)


def _merge(pairs: Iterable[tuple[str, str]]) -> Json:
    merged: Json = {}
    for name, value in pairs:
        if name.endswith("[]"):
            merged.setdefault(name, []).append(value)
        else:
            merged[name] = value
    return merged


async def _read_multipart(request: Request, params: Json) -> Incoming:
    files: dict[str, bytes] = {}
    fields: list[tuple[str, str]] = []
    async with request.form(max_part_size=16 * 1024 * 1024) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                files[name] = await value.read()
            else:
                fields.append((name, value))
    return Incoming(params | _merge(fields), files)


def answer_json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        status,
        dict(headers or {}),
        "application/json; charset=utf-8",
    )


def html_error(status: int) -> Response:
    """What a load balancer answers in the platform's stead (shape from spec)."""
    title = {502: "502 Bad Gateway", 503: "503 Service Unavailable"}[status]
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
    return Response(page, status, media_type="text/html; charset=utf-8")


def truncate(answer: Response) -> Response:
    """The same answer, cut in the middle of its JSON (a whole HTTP message, half a document)."""
    half = bytes(answer.body)[: max(1, len(answer.body) // 2)]
    return Response(half, answer.status_code, media_type="application/json; charset=utf-8")


class HangUp(Response):
    """Closes the client's TCP connection without a byte of answer.

    ASGI has no word for it: a server turns an exception into a 500. So the socket whose peer is this client is shut
    down underneath the server, which then sees the client as gone.
    """

    def __init__(self) -> None:
        super().__init__(status_code=499)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client is None or not shut_peer(client[0], client[1]):
            raise AnswerLost
        # Wait until the server has noticed, or it would complain about a missing answer.
        with anyio.move_on_after(2):
            while (await receive())["type"] != "http.disconnect":
                continue


def shut_peer(host: str, port: int) -> bool:
    """True when a socket of this process connected to that peer was found and shut down."""
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode) and _shut_if_peer(int(name), (host, port)):
                return True
    return False


def _shut_if_peer(number: int, wanted: tuple[str, int]) -> bool:
    """Through a duplicate, so that the server's own descriptor stays its own to close."""
    with socket.socket(fileno=os.dup(number)) as connection:
        if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection.getpeername()[:2] != wanted:
            return False
        connection.shutdown(socket.SHUT_RDWR)
        return True
