"""Knows a PDS's sessions and limits: app passwords, tokens shaped like JWTs, rotation, errors and write points."""

import base64
import hashlib
import hmac
import json
import math
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator.accounts import Account, account_id, read_token
from simulator.faults import Fault
from simulator.ledger import Thing
from simulator.visit import Visit
from simulator.wire import Incoming, Refusal, answer_json

# A practice key: it keeps a hand-made token out, it protects nothing.
_KEY = b"kentongan-practice-pds"
_ACCESS_S, _REFRESH_S, _GRACE_S = 7_200, 90 * 86_400, 7_200
_ACCESS, _REFRESH = "com.atproto.access", "com.atproto.refresh"
_OPEN = ("describeServer", "resolveHandle", "createSession")
# Limits of the PDS's source (d6296a1): (calls or points, seconds).
_LOGINS = ((30, 300), (300, 86_400))
_POINTS = ((5_000, 3_600), (35_000, 86_400))
_UPLOADS = ((1_000, 86_400),)
_CALLS = ((3_000, 300),)
_COSTS = {"createRecord": 3, "putRecord": 2, "deleteRecord": 1}


def fail(status: int, name: str, message: str) -> Response:
    return answer_json({"error": name, "message": message}, status)


def invalid(message: str) -> Response:
    return fail(400, "InvalidRequest", message)


def method_of(request: Request) -> str:
    """The last word of com.atproto.repo.putRecord and its like."""
    return request.url.path.rpartition(".")[2]


def identify(request: Request, incoming: Incoming) -> Account:
    method = method_of(request)
    if method == "createSession":
        return _log_in(incoming)
    if method in _OPEN:
        handle = incoming.text("handle") or "pds"
        return Account("bluesky", handle, account_id("bluesky", handle))
    claims = _claims(request)
    return Account("bluesky", str(claims["handle"]), str(claims["sub"]))


def _log_in(incoming: Incoming) -> Account:
    """Handle (or DID) and app password; both must name the same account."""
    account = read_token("bluesky", incoming.text("password"))
    named = incoming.text("identifier").removeprefix("@")
    if account is None or named not in (account.handle, account.id):
        raise Refusal(_wrong_password())
    return account


def _wrong_password() -> Response:
    return fail(401, "AuthenticationRequired", "Invalid identifier or password")


def _claims(request: Request) -> dict[str, Any]:
    """What the bearer's token says; raises Refusal when it is absent or not signed by this simulator."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Refusal(fail(401, "AuthMissing", "Authentication Required"))
    signed, _, signature = token.strip().rpartition(".")
    if not hmac.compare_digest(signature, _sign(signed)):
        raise Refusal(fail(400, "InvalidToken", "Token could not be verified"))
    body = signed.partition(".")[2]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _sign(text: str) -> str:
    return _encode(hmac.new(_KEY, text.encode(), hashlib.sha256).digest())


def _token(account: Account, scope: str, *, now: float, lasts: int, jti: str) -> str:
    header = {"typ": "refresh+jwt" if scope == _REFRESH else "at+jwt", "alg": "HS256"}
    claims = {
        "scope": scope, "sub": account.id, "handle": account.handle, "aud": "did:web:simulator.invalid", "jti": jti,
        "iat": int(now), "exp": int(now) + lasts,
    }  # fmt: skip
    signed = ".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{_sign(signed)}"


def open_session(visit: Visit) -> dict[str, Any]:
    """A new pair of tokens, the refresh token written down so that it can be spent."""
    jti = secrets.token_hex(16)
    visit.ledger.put_thing("bluesky", Thing(f"refresh:{jti}", "refresh", visit.account.id, {}, visit.now))
    access = _token(visit.account, _ACCESS, now=visit.now, lasts=_ACCESS_S, jti=secrets.token_hex(8))
    refresh = _token(visit.account, _REFRESH, now=visit.now, lasts=_REFRESH_S, jti=jti)
    return {"accessJwt": access, "refreshJwt": refresh, **describe(visit)}


def describe(visit: Visit) -> dict[str, Any]:
    account = visit.account
    service = {
        "id": "#atproto_pds", "type": "AtprotoPersonalDataServer",
        "serviceEndpoint": f"{visit.home}bluesky",
    }  # fmt: skip
    document = {
        "@context": ["https://www.w3.org/ns/did/v1"], "id": account.id, "alsoKnownAs": [f"at://{account.handle}"],
        "service": [service],
    }  # fmt: skip
    return {"handle": account.handle, "did": account.id, "didDoc": document, "active": True}


async def create_session(visit: Visit) -> Response:
    return answer_json(open_session(visit))


async def refresh_session(visit: Visit) -> Response:
    """Rotates: a spent refresh token lives two hours more (the PDS's grace), then it is dead."""
    jti = _claims(visit.request)["jti"]
    known = visit.ledger.find_thing("bluesky", f"refresh:{jti}", ("refresh",))
    if known is None or visit.now > float(known.body.get("dead_at", visit.now)):
        return fail(400, "ExpiredToken", "Token has been revoked")
    known.body.setdefault("dead_at", visit.now + _GRACE_S)
    visit.ledger.put_thing("bluesky", known)
    return answer_json(open_session(visit))


async def get_session(visit: Visit) -> Response:
    return answer_json(describe(visit))


def admit(visit: Visit) -> None:
    """Scope and expiry, by the simulated clock; an expired token is a 400. Raises Refusal."""
    method = method_of(visit.request)
    if method in _OPEN:
        return
    claims = _claims(visit.request)
    wanted = _REFRESH if method == "refreshSession" else _ACCESS
    if claims["scope"] != wanted:
        raise Refusal(fail(400, "InvalidToken", "Bad token scope"))
    expired = visit.now >= claims["exp"]
    if expired or (wanted == _ACCESS and visit.struck("session_expired")):
        raise Refusal(fail(400, "ExpiredToken", "Token has expired"))


def token_dead(visit: Visit) -> Response:
    if visit.operation == "login":
        return _wrong_password()
    return fail(400, "ExpiredToken", "Token has been revoked")


def rate_limited(visit: Visit, fault: Fault, resets_at: float) -> Response:
    limit, length = _POINTS[0]
    visit.headers |= _headers(limit, length, left=0, resets_at=resets_at)
    visit.headers["retry-after"] = str(max(1, math.ceil(resets_at - visit.now)))
    return _too_many()


def _too_many() -> Response:
    return fail(429, "RateLimitExceeded", "Rate Limit Exceeded")


def _headers(limit: int, length: int, *, left: int, resets_at: float) -> dict[str, str]:
    return {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": str(left),
        "ratelimit-reset": str(math.ceil(resets_at)),
        "ratelimit-policy": f"{limit};w={length}",
    }


def pace(visit: Visit) -> None:
    """Counts calls, log-ins, uploads and write points; the headers tell of the window with least left. Raises Refusal."""
    method = method_of(visit.request)
    windows = [("call", 1, window) for window in _CALLS]
    windows += [("login", 1, window) for window in _LOGINS if method == "createSession"]
    windows += [("upload", 1, window) for window in _UPLOADS if method == "uploadBlob"]
    windows += [("points", _COSTS[method], window) for window in _POINTS if method in _COSTS]
    spent = []
    for name, amount, (limit, length) in windows:
        bucket = f"bluesky:{name}:{length}:{visit.account.id}"
        used, resets_at = visit.ledger.spend(bucket, length=length, now=visit.now, amount=amount)
        spent.append((limit - used, limit, length, resets_at))
    left, limit, length, resets_at = min(spent)
    visit.headers |= _headers(limit, length, left=max(0, left), resets_at=resets_at)
    if left < 0:
        answer = _too_many()
        answer.headers.update(visit.headers | {"retry-after": str(max(1, math.ceil(resets_at - visit.now)))})
        raise Refusal(answer)
