"""How a multipart form is read: counted while it streams in, and refused as soon as it is too much."""

from collections.abc import Callable, Mapping

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message

from app.kit.errors import AppError, BadInput, Problem, WrongType

# What multipart wraps around the file: boundaries, headers, the other fields.
_WRAPPING = 64 * 1024

Refuse = Callable[[], AppError]


async def read_form(request: Request, *, most: int, too_large: Refuse, what: str) -> Mapping[str, UploadFile | str]:
    """The fields of a multipart body whose file has at most `most` bytes; raises `too_large` before the rest of it is read."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise WrongType(f"Kirim {what} sebagai multipart/form-data.", Problem("file", "bukan multipart/form-data"))
    most += _WRAPPING
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise too_large()
    counted = Request(request.scope, _Counting(request, most, too_large))
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
    """Passes the body on and stops at `most` bytes, whatever the sender said its length was."""

    def __init__(self, request: Request, most: int, too_large: Refuse) -> None:
        self._receive, self._left, self._too_large = request.receive, most, too_large

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise self._too_large()
        return message
