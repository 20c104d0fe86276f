"""A form that was sent twice does its work once: a second tap, a lost answer, a page that was reloaded."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from secrets import token_urlsafe

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.accounts.idempotency import Answer, Call, StillRunning, Turn
from app.accounts.rules import Actor
from app.accounts.tokens import hash_of
from app.bootstrap import Kentongan
from app.web.fields import one
from app.web.sessions import cookie_name

FIELD = "sekali"
_LOOKS, _PAUSE = 40, 0.25
"""Ten seconds for the first sending to end; then the second one is told to wait."""


def new_mark() -> str:
    """For the hidden field of a form that was just drawn."""
    return token_urlsafe(12)


async def once(
    request: Request, house: Kentongan, actor: Actor, form: FormData, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Carries `work` out, or leads where it led before. What `work` raises leaves the form free to be sent again.

    The same mark under other words is another form: somebody went back, changed it and means it.
    """
    mark = one(form, FIELD)
    if not mark:
        return await work()
    said = _fingerprint(form)
    secret = request.cookies.get(cookie_name(house.settings), "")
    call = Call(actor.user_id, hash_of(secret), f"POST {request.url.path}", f"{mark[:64]} {said}", said)
    turn = await _turn(house, call)
    if isinstance(turn, Answer):
        return RedirectResponse(turn.headers["location"], 303)
    try:
        response = await work()
    except BaseException:
        await house.idempotency.forget(turn)
        raise
    if response.status_code == 303:
        await house.idempotency.keep(turn, Answer(303, {"location": response.headers["location"]}, b""))
    else:
        await house.idempotency.forget(turn)
    return response


async def _turn(house: Kentongan, call: Call) -> Turn | Answer:
    for _ in range(_LOOKS):
        try:
            return await house.idempotency.begin(call)
        except StillRunning:
            await asyncio.sleep(_PAUSE)
    return await house.idempotency.begin(call)


def _fingerprint(form: FormData) -> str:
    """Of every field; a file counts by its name and size in bytes."""
    said = [
        f"{name}\n{value if isinstance(value, str) else (value.filename, value.size)}"
        for name, value in form.multi_items()
    ]
    return hashlib.sha256("\n\n".join(said).encode()).hexdigest()
