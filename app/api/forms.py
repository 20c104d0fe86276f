"""How a multipart form is read: counted while it streams in, and refused as soon as it is too much."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message

from app.kit.errors import AppError, BadInput, Problem, WrongType

# What multipart wraps around the file: boundaries, headers, the other fields.
_WRAPPING = 64 * 1024

Refuse = Callable[[], AppError]


@dataclass(frozen=True)
class Larger:
    """What may be larger, known by a `mark` among its first bytes."""

    mark: bytes
    most: int
    too_large: Refuse


async def read_form(
    request: Request, *, most: int, too_large: Refuse, what: str, larger: Larger | None = None
) -> Mapping[str, UploadFile | str]:
    """The fields of a multipart body whose file has at most `most` bytes; raises `too_large` before the rest of it is read."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise WrongType(f"Kirim {what} sebagai multipart/form-data.", Problem("file", "bukan multipart/form-data"))
    plain = Larger(b"", most, too_large)
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > (larger or plain).most + _WRAPPING:
        raise (larger or plain).too_large()
    counted = Request(request.scope, _Counting(request, plain, larger))
    try:
        form = await counted.form(max_files=1, max_fields=8)
    except ClientDisconnect as error:  # what had come in is closed by Starlette; this is for the log alone
        raise BadInput("Unggahan terputus di tengah jalan. Unggah lagi.") from error
    except HTTPException as error:  # what Starlette makes of a malformed multipart
        raise BadInput(
            "Isi unggahan tidak dapat dibaca. Unggah lagi.", Problem("file", "multipart tidak dapat dibaca")
        ) from error
    return dict(form.items())


async def close_form(fields: Mapping[str, UploadFile | str]) -> None:
    for value in fields.values():
        if isinstance(value, UploadFile):
            await value.close()


class _Counting:
    """Passes the body on and stops once it is too much for what it holds, whatever the sender said its length was."""

    def __init__(self, request: Request, plain: Larger, larger: Larger | None) -> None:
        self._receive, self._plain, self._larger = request.receive, plain, larger
        self._seen, self._head = 0, b""

    async def __call__(self) -> Message:
        message = await self._receive()
        body = message.get("body", b"")
        self._seen += len(body)
        if len(self._head) < _WRAPPING:
            self._head += body[:_WRAPPING]
        # The mark comes with the first bytes of the file, long before the smaller limit is anywhere near.
        limit = self._larger if self._larger and self._larger.mark in self._head else self._plain
        if self._seen > limit.most + _WRAPPING:
            raise limit.too_large()
        return message
