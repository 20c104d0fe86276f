"""Knows what Meta's Graph doors share: tokens, error objects, field lists, paging, usage headers and insights."""

import json
import math
import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator.accounts import Account, read_token
from simulator.clock import read_time
from simulator.faults import Fault
from simulator.oauth import Desk, Habits
from simulator.visit import Handler, Visit
from simulator.wire import Incoming, Refusal, answer_json

VERSION = r"/{version:graph}"
FOREVER = 4_102_444_800.0
_DAY_S = 86_400.0
_LONG_S = 5_184_000
# Business Use Case: 4,800 calls x engaged users in 24 h; a practice account counts as one engaged user.
_CALLS_A_DAY = 4_800

Render = Callable[[], object]


def error(
    code: int, message: str, *, subcode: int | None = None, user: tuple[str, str] | None = None, status: int = 400,
    kind: str = "OAuthException",
) -> Response:  # fmt: skip
    """Meta's error object (recorded shape); `user` is its title and message for people."""
    body: dict[str, Any] = {"message": message, "type": kind, "code": code}
    if subcode is not None:
        body["error_subcode"] = subcode
    if user is not None:
        body |= {"is_transient": False, "error_user_title": user[0], "error_user_msg": user[1]}
    body["fbtrace_id"] = "A" + secrets.token_urlsafe(18)[:22]
    return answer_json({"error": body}, status)


def unknown_object(method: str, object_id: str) -> Response:
    """Recorded by many users of the API: code 100, subcode 33."""
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, cannot be loaded due to"
        " missing permissions, or does not support this operation"
    )
    return error(100, message, subcode=33, kind="GraphMethodException")


def bad_parameter(message: str) -> Response:
    return error(100, f"(#100) {message}")


def identify(platform: str) -> Callable[[Request, Incoming], Account]:
    """The token may stand in the query, the form or the Authorization header."""

    def read(request: Request, incoming: Incoming) -> Account:
        header = request.headers.get("authorization", "").partition(" ")[2].strip()
        token = incoming.text("access_token") or header
        if not token:
            raise Refusal(error(104, "An access token is required to request this resource."))
        account = read_token(platform, token)
        if account is None:
            raise Refusal(error(190, "Invalid OAuth access token - Cannot parse access token"))
        return account

    return read


def own(visit: Visit, name: str = "node") -> str:
    """The node of the path, which must be the token's own (or `me`); raises Refusal."""
    node = visit.path(name)
    if node not in ("me", visit.account.id):
        raise Refusal(unknown_object(visit.request.method, node))
    return visit.account.id


def token_dead(visit: Visit) -> Response:
    """Shape from spec: 190 with subcode 463, expired."""
    message = "Error validating access token: Session has expired."
    answer = error(190, message, subcode=463, status=401)
    answer.headers["www-authenticate"] = 'OAuth "Facebook Platform" "invalid_token" "Session has expired."'
    return answer


def rate_limited(visit: Visit, fault: Fault, resets_at: float) -> Response:
    """Shape from spec: code 4 (app) or 32 (Page) by the fault's `code`; minutes stand in the usage header."""
    minutes = max(1, math.ceil((resets_at - visit.now) / 60))
    visit.headers |= usage_headers(visit, percent=100, minutes=minutes)
    if int(fault.number("code", 4)) == 32:
        return error(32, "(#32) Page request limit reached", status=400)
    return error(4, "(#4) Application request limit reached", status=403)


def usage_headers(visit: Visit, *, percent: int, minutes: int = 0) -> dict[str, str]:
    use = {
        "type": "pages" if visit.platform.name == "facebook" else visit.platform.name,
        "call_count": percent,
        "total_cputime": percent // 4,
        "total_time": percent // 3,
        "estimated_time_to_regain_access": minutes,
    }
    app = {"call_count": percent, "total_time": percent // 3, "total_cputime": percent // 4}
    return {
        "x-app-usage": json.dumps(app),
        "x-business-use-case-usage": json.dumps({visit.account.id: [use]}),
        "facebook-api-version": visit.path("version") if "version" in visit.request.path_params else "v26.0",
    }


def pace(code: int) -> Callable[[Visit], None]:
    """Counts the call against the account's day; raises Refusal with the Business Use Case `code` when it is full."""

    def count(visit: Visit) -> None:
        bucket = f"{visit.platform.name}:{visit.account.id}"
        used, resets_at = visit.ledger.spend(bucket, length=_DAY_S, now=visit.now)
        percent = min(100, used * 100 // _CALLS_A_DAY)
        minutes = math.ceil((resets_at - visit.now) / 60) if used > _CALLS_A_DAY else 0
        visit.headers |= usage_headers(visit, percent=percent, minutes=minutes)
        if used > _CALLS_A_DAY:
            message = f"(#{code}) There have been too many calls from this account. Wait a bit and try again."
            answer = error(code, message)
            answer.headers.update(visit.headers)
            raise Refusal(answer)

    return count


def split_fields(text: str) -> list[str]:
    """Top-level names of `a,b.summary(true).limit(0),c{d,e}`: commas within brackets do not part."""
    names, depth, start = [], 0, 0
    for at, char in enumerate(text + ","):
        depth += (char in "({") - (char in ")}")
        if char == "," and depth == 0:
            names.append(text[start:at].strip())
            start = at + 1
    return [match[0] for name in names if (match := re.match(r"\w+", name))]


def show(visit: Visit, node_kind: str, available: Mapping[str, Render], default: str) -> dict[str, Any]:
    """The fields asked for; `id` always; absent values left out as Meta does. Raises Refusal for an unknown field."""
    names = split_fields(visit.incoming.text("fields") or default)
    for name in names:
        if name not in available:
            message = f"Tried accessing nonexisting field ({name}) on node type ({node_kind})"
            raise Refusal(bad_parameter(message))
    shown = {name: available[name]() for name in dict.fromkeys([*names, "id"])}
    return {name: value for name, value in shown.items() if value is not None}


def span(visit: Visit) -> tuple[float, float]:
    """`since` and `until`; raises Refusal when unreadable."""
    moments = []
    for name, default in (("since", 0.0), ("until", FOREVER)):
        text = visit.incoming.text(name)
        moment = read_time(text) if text else default
        if moment is None:
            raise Refusal(bad_parameter(f"Param {name} must be a valid date or timestamp"))
        moments.append(moment)
    return moments[0], moments[1]


def page(visit: Visit, items: Sequence[Any], show_one: Callable[[Any], dict[str, Any]]) -> Response:
    """`data` and `paging`, 25 at a time unless `limit` (at most 100) says otherwise."""
    text, after = visit.incoming.text("limit", "25"), visit.incoming.text("after")
    size = min(100, int(text)) if text.isdecimal() else 25
    start = int(after[1:]) if after[:1] == "Z" and after[1:].isdecimal() else 0
    shown = items[start : start + size]
    body: dict[str, Any] = {"data": [show_one(item) for item in shown]}
    if shown:
        body["paging"] = {"cursors": {"before": f"Z{start}", "after": f"Z{start + len(shown)}"}}
        if start + size < len(items):
            query = visit.request.url.remove_query_params(["access_token", "after"])
            body["paging"]["next"] = str(query.include_query_params(after=f"Z{start + size}"))
    return answer_json(body)


def names_list(visit: Visit, name: str) -> list[str]:
    """A list sent as `a,b` or as a JSON array."""
    value = visit.incoming.params.get(name, "")
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    if isinstance(value, list):
        return [str(part) for part in value]
    return [part.strip() for part in str(value).split(",") if part.strip()]


def insights(
    visit: Visit, node: str, offered: Mapping[str, object], *, alive: Collection[str], period: str
) -> Response:
    """One entry a metric; one unknown, dead or refused metric fails the whole call."""
    return answer_json({"data": insight_entries(visit, node, offered, alive=alive, period=period)})


def insight_entries(
    visit: Visit, node: str, offered: Mapping[str, object], *, alive: Collection[str], period: str
) -> list[dict[str, Any]]:
    asked = names_list(visit, "metric")
    if not asked:
        raise Refusal(bad_parameter("The parameter metric is required"))
    gone = {str(fault.params.get("metric")) for fault in visit.faults if fault.kind == "metric_refused"}
    for index, name in enumerate(asked):
        if name in gone and (refused := visit.struck("metric_refused")):
            raise Refusal(_refuse_metric(visit, index, alive, str(refused.params.get("metric"))))
        if name not in alive:
            raise Refusal(_refuse_metric(visit, index, alive, name))
    return [
        {
            "name": name, "period": period, "values": [{"value": offered[name]}],
            "title": name.replace("_", " ").capitalize(), "description": name.replace("_", " "),
            "id": f"{node}/insights/{name}/{period}",
        }
        for name in asked if name in offered
    ]  # fmt: skip


def _refuse_metric(visit: Visit, index: int, alive: Collection[str], name: str) -> Response:
    """Facebook names nothing, Instagram lists what it takes (both recorded by users of the API)."""
    if visit.platform.name == "facebook":
        return bad_parameter("The value must be a valid insights metric")
    known = ", ".join(sorted(set(alive) - {name}))
    return bad_parameter(f"metric[{index}] must be one of the following values: {known}")


def prolong(grant: str) -> Handler:
    """GET /refresh_access_token: sixty days more for the same token, once it is a day old."""

    async def answer(visit: Visit) -> Response:
        if visit.incoming.text("grant_type") != grant:
            return bad_parameter(f"grant_type must be {grant}")
        header = visit.request.headers.get("authorization", "").partition(" ")[2].strip()
        token, desk = visit.incoming.text("access_token") or header, Desk(visit.ledger, visit.platform.name, Habits())
        if visit.account.token_id and visit.now - desk.made_at(token) < _DAY_S:
            return error(1, "The access token is too young to be refreshed; it must be at least 24 hours old.")
        desk.prolong(token, now=visit.now, lives_s=_LONG_S)
        return answer_json({"access_token": token, "token_type": "bearer", "expires_in": _LONG_S})

    return answer


def malformed() -> Response:
    return bad_parameter("The request body is not valid JSON")
