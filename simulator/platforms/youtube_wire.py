"""Knows Google's errors, YouTube's quota buckets that end at midnight Pacific, and how a video is shown."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from simulator.accounts import Account, read_token
from simulator.clock import iso_time
from simulator.faults import Fault
from simulator.ledger import Post
from simulator.metrics import counts_at
from simulator.visit import Visit
from simulator.wire import Incoming, Refusal, answer_json

_PACIFIC = ZoneInfo("America/Los_Angeles")
# determine_quota_cost: uploads have a bucket of their own per project; all else shares units.
_INSERTS, _UNITS = 100, 10_000
_COSTS = {"list": 1, "edit": 50, "delete": 50}
_PROCESSED_AFTER_S = 5.0
_DOMAINS = {"quotaExceeded": "youtube.quota", "rateLimitExceeded": "usageLimits", "authError": "global"}


def fail(status: int, reason: str, message: str) -> Response:
    """Shape from spec."""
    one = {"message": message, "domain": _DOMAINS.get(reason, "youtube.video"), "reason": reason}
    return answer_json({"error": {"code": status, "message": message, "errors": [one]}}, status)


def missing_video() -> Response:
    return fail(404, "videoNotFound", "The video that you are trying to reach cannot be found.")


def identify(request: Request, incoming: Incoming) -> Account:
    """The bearer; where there is none, a session address of an upload carries its own right."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if request.method == "PUT" and not token and "upload_id" in incoming.params:
        scheme, token = "bearer", incoming.text("upload_id").partition(":")[2]
    account = read_token("youtube", token.strip()) if scheme.lower() == "bearer" else None
    if account is None:
        raise Refusal(_bad_token())
    return account


def _bad_token() -> Response:
    message = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid"
        " authentication credential."
    )
    answer = fail(401, "authError", message)
    answer.headers["www-authenticate"] = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    return answer


def token_dead(visit: Visit) -> Response:
    return _bad_token()


def _quota_exceeded() -> Response:
    return fail(403, "quotaExceeded", "The request cannot be completed because you have exceeded your quota.")


def rate_limited(visit: Visit, fault: Fault, resets_at: float) -> Response:
    """The answer names no time: quota returns at midnight Pacific."""
    return _quota_exceeded()


def pace(visit: Visit) -> None:
    """Counts the call into the project's bucket of this Pacific day; raises Refusal."""
    inserts = visit.operation == "init"
    cost, limit = (1, _INSERTS) if inserts else (_COSTS.get(visit.operation, 0), _UNITS)
    if not cost:
        return
    length = _until_midnight(visit.now)
    name = "inserts" if inserts else "units"
    used, _ = visit.ledger.spend(f"youtube:{name}", length=length, now=visit.now, amount=cost)
    if used > limit:
        raise Refusal(_quota_exceeded())


def _until_midnight(now: float) -> float:
    here = datetime.fromtimestamp(now, UTC).astimezone(_PACIFIC)
    midnight = datetime.combine(here.date() + timedelta(days=1), time.min, _PACIFIC)
    return midnight.timestamp() - now


def malformed() -> Response:
    return fail(400, "parseError", "Parse Error")


def parts(visit: Visit, known: dict[str, Callable[[], dict[str, Any]]]) -> dict[str, Any]:
    """The parts asked for; raises Refusal for none or an unknown one."""
    names = [name for value in visit.request.query_params.getlist("part") for name in value.split(",") if name]
    if not names:
        raise Refusal(fail(400, "missingRequiredParameter", "No filter selected. Expected one of: part"))
    if unknown := [name for name in names if name not in known]:
        raise Refusal(fail(400, "unknownPart", f"'{unknown[0]}'"))
    return {name: known[name]() for name in names}


def upload_state(visit: Visit, post: Post) -> str:
    if post.extra.get("rejection"):
        return "rejected"
    return "processed" if visit.now - post.created_at > _PROCESSED_AFTER_S else "uploaded"


def show_video(visit: Visit, post: Post) -> dict[str, Any]:
    state = upload_state(visit, post)
    processing = "processing" if state == "uploaded" else "terminated" if state == "rejected" else "succeeded"

    def status() -> dict[str, Any]:
        told: dict[str, Any] = {"uploadStatus": state, **post.extra["status"]}
        return told | ({"rejectionReason": post.extra["rejection"]} if state == "rejected" else {})

    body: dict[str, Any] = {"kind": "youtube#video", "etag": f"sim{post.n}", "id": post.remote_id}
    return body | parts(visit, {
        "snippet": lambda: {
            "publishedAt": iso_time(post.created_at), "channelId": post.account_id, "channelTitle": post.account,
            "liveBroadcastContent": "none", "thumbnails": {}, **post.extra["snippet"],
        },
        "status": status,
        "statistics": lambda: _statistics(visit, post),
        "processingDetails": lambda: {"processingStatus": processing},
        "contentDetails": lambda: {"duration": "PT15S", "definition": "hd"},
        "fileDetails": lambda: {"fileSize": str(post.media[0].size)},
    })  # fmt: skip


def _statistics(visit: Visit, post: Post) -> dict[str, str]:
    """Numbers as strings, as the discovery document says (uint64)."""
    counts = counts_at("youtube", post.remote_id, visit.now - post.created_at, fallen=visit.fallen())
    return {
        "viewCount": str(counts.views), "likeCount": str(counts.likes), "favoriteCount": "0",
        "commentCount": str(counts.comments),
    }  # fmt: skip
