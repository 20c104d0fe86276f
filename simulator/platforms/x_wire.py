"""Knows X's wire format: problems, rate windows, weighted length, t.co links and both dialects of field names."""

import base64
import hashlib
import html
import itertools
import math
import os
import re
import unicodedata
import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

with warnings.catch_warnings():
    # twitter-text-parser 3.0 reads its emoji table through pkg_resources, which says at every start that it is deprecated.
    warnings.simplefilter("ignore", UserWarning)
    from twitter_text import parse_tweet
    from twitter_text.extract_urls import extract_urls_with_indices

from simulator.accounts import Account, read_token
from simulator.clock import iso_time
from simulator.faults import Fault
from simulator.ledger import Post
from simulator.metrics import Counts, counts_at
from simulator.visit import Visit
from simulator.wire import Incoming, Refusal, answer_json

WEIGHTED_LIMIT = 280
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_URL_WEIGHT = 23
_ticks = itertools.count((os.getpid() % 1024) << 12)
_QUARTER_HOUR, _DAY = 900.0, 86_400.0
# rate-limits.mdx of 22 Aug 2026: calls per user in 15 minutes, and per app in 24 hours.
_PER_USER = {
    "create": 100, "delete": 50, "lookup_many": 5000, "lookup": 900, "timeline": 900, "me": 75, "upload": 500,
    "chunk": 1875, "upload_state": 1000, "metadata": 500,
}  # fmt: skip
_PER_APP_DAY = {"create": 10_000, "upload": 50_000, "chunk": 180_000, "metadata": 50_000}
_OLD_PROBLEMS, _NEW_PROBLEMS = "https://api.twitter.com/2/problems/", "https://api.x.com/2/problems/"
_NEW_NAMES = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
}


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: object) -> Response:
    """Shape recorded (2021-22) for invalid-request and about:blank, else from spec."""
    body = {**more, "title": title, "detail": detail, "type": kind, "status": status}
    return answer_json(body, status)


def invalid(parameter: str, value: str, message: str) -> Response:
    """Recorded shape of X's 400."""
    return problem(
        400, "Invalid Request", "One or more parameters to your request was invalid.",
        "https://api.twitter.com/2/problems/invalid-request",
        errors=[{"parameters": {parameter: [value]}, "message": message}],
    )  # fmt: skip


def not_found(kind: str, parameter: str, value: str) -> dict[str, Any]:
    """One entry of `errors` in an otherwise good answer (recorded shape)."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }


def duplicate() -> Response:
    """Recorded by many users of the API."""
    return problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")


def unauthorized() -> Response:
    """Recorded by many users of the API."""
    return problem(401, "Unauthorized", "Unauthorized")


def malformed() -> Response:
    return problem(
        400, "Invalid Request", "One or more parameters to your request was invalid.",
        "https://api.twitter.com/2/problems/invalid-request",
        errors=[{"parameters": {}, "message": "The request body is not valid JSON."}],
    )  # fmt: skip


def identify(request: Request, incoming: Incoming) -> Account:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    account = read_token("x", token.strip()) if scheme.lower() == "bearer" else None
    if account is None:
        raise Refusal(unauthorized())
    return account


def token_dead(visit: Visit) -> Response:
    return unauthorized()


def credits_depleted(visit: Visit) -> Response:
    """Second-hand: seen in public bug reports, not in the spec."""
    return problem(402, "Payment Required", "credits depleted", "https://api.x.com/2/problems/credits-depleted")


def rate_limited(visit: Visit, fault: Fault, resets_at: float) -> Response:
    visit.headers["x-rate-limit-remaining"] = "0"
    visit.headers["x-rate-limit-reset"] = str(math.ceil(resets_at))
    return _too_many()


def _too_many() -> Response:
    return problem(429, "Too Many Requests", "Too Many Requests")


def pace(visit: Visit) -> None:
    """Counts the call into the user's and the app's window; raises Refusal with 429 and X's headers."""
    limit = _PER_USER[visit.operation]
    bucket = f"x:user:{visit.account.id}:{visit.operation}"
    used, resets_at = visit.ledger.spend(bucket, length=_QUARTER_HOUR, now=visit.now)
    visit.headers |= _headers("x-rate-limit", limit=limit, used=used, resets_at=resets_at)
    refused = used > limit
    daily = _PER_APP_DAY.get(visit.operation)
    if daily is not None and not refused:
        used, resets_at = visit.ledger.spend(f"x:app:{visit.operation}", length=_DAY, now=visit.now)
        visit.headers |= _headers("x-app-limit-24hour", limit=daily, used=used, resets_at=resets_at)
        refused = used > daily
    if refused:
        answer = _too_many()
        answer.headers.update(visit.headers)
        raise Refusal(answer)


def _headers(prefix: str, *, limit: int, used: int, resets_at: float) -> dict[str, str]:
    return {
        f"{prefix}-limit": str(limit),
        f"{prefix}-remaining": str(max(0, limit - used)),
        f"{prefix}-reset": str(math.ceil(resets_at)),
    }


def snowflake(now: float) -> str:
    """An id that carries its simulated time, so that `since_id` means what it means on X."""
    return str((int(now * 1000) - _SNOWFLAKE_EPOCH_MS) << 22 | next(_ticks) & 0x3FFFFF)


@lru_cache(maxsize=2048)
def fits(text: str) -> bool:
    """Whether X's own counting allows it. The full parser takes a millisecond, so short texts are bounded first."""
    plain = unicodedata.normalize("NFC", text)
    weight = sum(1 if ord(char) <= 4351 else 2 for char in plain)
    if weight + _URL_WEIGHT * len(re.findall(r"\.[^\W\d_]", plain)) <= WEIGHTED_LIMIT:
        return True
    return bool(parse_tweet(text).valid)


@lru_cache(maxsize=4096)
def _shorten(text: str, remote_id: str) -> tuple[str, tuple[tuple[int, int, str, str], ...]]:
    """The text as X gives it back (t.co, HTML-escaped) and its links: start, end, short, original."""
    found = extract_urls_with_indices(text) if "." in text else []
    pieces, links, at, length = [], [], 0, 0
    for number, match in enumerate(found):
        start, end = match["indices"]
        before = html.escape(text[at:start], quote=False)
        short = _tco(f"{remote_id}/{number}")
        length += len(before)
        links.append((length, length + len(short), short, str(match["url"])))
        pieces += [before, short]
        length, at = length + len(short), end
    pieces.append(html.escape(text[at:], quote=False))
    return "".join(pieces), tuple(links)


def has_link(text: str) -> bool:
    return "." in text and bool(extract_urls_with_indices(text))


def _tco(seed: str) -> str:
    digest = hashlib.sha256(seed.encode()).digest()
    return "https://t.co/" + base64.b64encode(digest)[:10].decode().replace("+", "a").replace("/", "b")


def text_back(post: Post) -> str:
    text, _ = _shorten(post.text, post.remote_id)
    return f"{text} {_tco(post.remote_id)}".strip() if post.media else text


def _entities(post: Post) -> dict[str, Any]:
    _, links = _shorten(post.text, post.remote_id)
    urls: list[dict[str, Any]] = []
    for start, end, short, original in links:
        full = original if "://" in original else f"http://{original}"
        shown = re.sub(r"^https?://(www\.)?", "", original)
        urls.append({"start": start, "end": end, "url": short, "expanded_url": full, "display_url": shown[:30]})
    whole = text_back(post)
    for picture in post.media:
        short = _tco(post.remote_id)
        address = f"https://x.com/{post.account}/status/{post.remote_id}/photo/1"
        urls.append({
            "start": len(whole) - len(short), "end": len(whole), "url": short, "expanded_url": address,
            "display_url": f"pic.x.com/{short[-10:]}", "media_key": f"3_{picture.remote_id}",
        })  # fmt: skip
    tags = [
        {"start": match.start(), "end": match.end(), "tag": match[1]} for match in re.finditer(r"(?<!\w)#(\w+)", whole)
    ]
    return {name: value for name, value in (("urls", urls), ("hashtags", tags)) if value}


def wanted(visit: Visit) -> set[str]:
    """The fields asked for, under the old or the new parameter name."""
    text = ",".join(filter(None, (visit.incoming.text("tweet.fields"), visit.incoming.text("post.fields"))))
    return {field for field in text.split(",") if field}


def speaks_new(visit: Visit) -> bool:
    return "post.fields" in visit.incoming.params or visit.struck("post_dialect") is not None


def rename(value: Any) -> Any:
    """The same answer in the dialect of OpenAPI 2.167."""
    if isinstance(value, dict):
        return {_NEW_NAMES.get(name, name): rename(part) for name, part in value.items()}
    if isinstance(value, str):
        return value.replace(_OLD_PROBLEMS, _NEW_PROBLEMS, 1) if value.startswith(_OLD_PROBLEMS) else value
    return [rename(part) for part in value] if isinstance(value, list) else value


def answer(visit: Visit, body: dict[str, Any], status: int = 200) -> Response:
    return answer_json(rename(body) if speaks_new(visit) else body, status, {"api-version": "2.166"})


def show(post: Post, fields: set[str], *, counts: Counts, own: bool, now: float) -> dict[str, Any]:
    """A tweet with the fields asked for; non-public metrics only to the author and for 30 days."""
    text = text_back(post)
    body: dict[str, Any] = {"id": post.remote_id, "text": text, "edit_history_tweet_ids": [post.remote_id]}
    more: dict[str, Any] = {
        "author_id": post.account_id, "conversation_id": post.remote_id, "created_at": iso_time(post.created_at),
        "lang": "in", "possibly_sensitive": False, "reply_settings": "everyone", "source": "Kentongan",
        "entities": _entities(post), "public_metrics": _public(counts),
        "attachments": {"media_keys": [f"3_{picture.remote_id}" for picture in post.media]} if post.media else {},
    }  # fmt: skip
    if own and now - post.created_at <= 30 * _DAY:
        more["non_public_metrics"] = _non_public(counts)
        more["organic_metrics"] = _non_public(counts) | {
            "like_count": counts.likes, "reply_count": counts.comments, "retweet_count": counts.shares,
        }  # fmt: skip
    body |= {name: more[name] for name in more if name in fields and more[name] != {}}
    return body


def _public(counts: Counts) -> dict[str, int]:
    return {
        "retweet_count": counts.shares, "reply_count": counts.comments, "like_count": counts.likes,
        "quote_count": counts.loves, "bookmark_count": counts.saves, "impression_count": counts.views,
    }  # fmt: skip


def _non_public(counts: Counts) -> dict[str, int]:
    return {
        "impression_count": counts.views,
        "url_link_clicks": counts.clicks,
        "user_profile_clicks": counts.profile_visits,
        "engagements": counts.interactions + counts.clicks + counts.profile_visits,
    }


def show_all(visit: Visit, posts: Sequence[Post]) -> list[dict[str, Any]]:
    fields, fallen = wanted(visit), visit.fallen()
    return [
        show(
            post, fields, own=post.account_id == visit.account.id, now=visit.now,
            counts=counts_at("x", post.remote_id, visit.now - post.created_at, fallen=fallen),
        )
        for post in posts
    ]  # fmt: skip
