"""Knows TikTok's envelope, error codes and the calls a minute of each endpoint. Shapes from its documentation."""

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator.accounts import Account, practice_token, read_token
from simulator.faults import Fault
from simulator.visit import Visit
from simulator.wire import Incoming, Refusal, answer_json

_MINUTE = 60.0
# `create` is an init for photos, or the last chunk of a video that an init allowed.
_PER_MINUTE = {"creator": 20, "init": 6, "create": 6, "status": 30}
_ELSE_PER_MINUTE = 600


def _envelope(data: dict[str, Any], code: str, message: str) -> dict[str, Any]:
    return {"data": data, "error": {"code": code, "message": message, "log_id": secrets.token_hex(16).upper()}}


def ok(data: dict[str, Any]) -> Response:
    return answer_json(_envelope(data, "ok", ""))


def fail(status: int, code: str, message: str) -> Response:
    return answer_json(_envelope({}, code, message), status)


def invalid(message: str) -> Response:
    return fail(400, "invalid_params", message)


def spam(code: str) -> Response:
    return fail(403, code, "The creator cannot post any more for now.")


def identify(request: Request, incoming: Incoming) -> Account:
    """The bearer; an upload address carries its own right."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if request.method == "PUT":
        scheme, token = "bearer", practice_token("tiktok", incoming.text("upload_right"))
    account = read_token("tiktok", token.strip()) if scheme.lower() == "bearer" else None
    if account is None:
        raise Refusal(_bad_token())
    return account


def _bad_token() -> Response:
    return fail(401, "access_token_invalid", "The access token is invalid or not found in the request.")


def token_dead(visit: Visit) -> Response:
    return _bad_token()


def rate_limited(visit: Visit, fault: Fault, resets_at: float) -> Response:
    """TikTok names no time to come back."""
    return _too_many()


def _too_many() -> Response:
    return fail(429, "rate_limit_exceeded", "The API rate limit was exceeded. Please try again later.")


def malformed() -> Response:
    return invalid("The request body is not valid JSON.")


def pace(visit: Visit) -> None:
    limit = _PER_MINUTE.get(visit.operation, _ELSE_PER_MINUTE)
    bucket = f"tiktok:{visit.operation}:{visit.account.id}"
    used, _ = visit.ledger.spend(bucket, length=_MINUTE, now=visit.now)
    if used > limit:
        raise Refusal(_too_many())


def part(visit: Visit, name: str) -> dict[str, Any]:
    """An object of the JSON body, empty when absent."""
    value = visit.incoming.params.get(name)
    return value if isinstance(value, dict) else {}
