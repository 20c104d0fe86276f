"""Knows a Mastodon instance's wire format (4.6): accounts, statuses and attachments as JSON, errors and rate limits."""

import html
import itertools
import os
import re
from datetime import UTC, datetime
from typing import Any

import regex
from starlette.requests import Request
from starlette.responses import Response

from simulator.accounts import Account, account_id, read_token
from simulator.clock import iso_time
from simulator.faults import Fault
from simulator.ledger import Post, Thing
from simulator.metrics import Counts, counts_at, followers_at
from simulator.visit import Visit
from simulator.wire import Incoming, Refusal, answer_json

CHARACTERS, URL_LENGTH, ATTACHMENTS, DESCRIPTION = 500, 23, 4, 1500
_SINCE = 1_704_067_200
_LINK = re.compile(r"https?://[^\s<>\"]+")
_MENTION = re.compile(r"@(\w+)@[\w.\-]+")
_ticks = itertools.count((os.getpid() % 64) << 10)
# Documented limits a window, and (from a recording) the one of new statuses: calls, seconds.
_LIMITS = {"any": (300, 300), "create": (300, 10_800), "media": (30, 1_800), "delete": (30, 1_800)}
_OPEN = "instance"


def fail(status: int, message: str) -> Response:
    """Recorded shape; a real instance translates the message, so only the status may be read."""
    return answer_json({"error": message}, status)


def not_found() -> Response:
    return fail(404, "Record not found")


def identify(request: Request, incoming: Incoming) -> Account:
    if request.url.path.endswith("/instance"):
        return Account("mastodon", _OPEN, account_id("mastodon", _OPEN))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    account = read_token("mastodon", token.strip()) if scheme.lower() == "bearer" else None
    if account is None:
        raise Refusal(_bad_token())
    return account


def _bad_token() -> Response:
    answer = fail(401, "The access token is invalid")
    answer.headers["www-authenticate"] = 'Bearer realm="Doorkeeper", error="invalid_token"'
    return answer


def token_dead(visit: Visit) -> Response:
    return _bad_token()


def rate_limited(visit: Visit, fault: Fault, resets_at: float) -> Response:
    visit.headers |= _headers(300, left=0, resets_at=resets_at)
    return fail(429, "Too many requests")


def _headers(limit: int, *, left: int, resets_at: float) -> dict[str, str]:
    reset = datetime.fromtimestamp(resets_at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(left), "x-ratelimit-reset": reset}


def pace(visit: Visit) -> None:
    """Several windows overlap; the headers tell of the one closest to its end. Raises Refusal."""
    spent = []
    for name in ("any", visit.operation):
        if name not in _LIMITS:
            continue
        limit, length = _LIMITS[name]
        bucket = f"mastodon:{name}:{visit.account.id}"
        used, resets_at = visit.ledger.spend(bucket, length=length, now=visit.now)
        spent.append((used / limit, limit, used, resets_at))
    share, limit, used, resets_at = max(spent)
    visit.headers |= _headers(limit, left=max(0, limit - used), resets_at=resets_at)
    if share > 1:
        answer = fail(429, "Too many requests")
        answer.headers.update(visit.headers)
        raise Refusal(answer)


def malformed() -> Response:
    return fail(400, "Error occurred while parsing request parameters")


def snowflake(now: float) -> str:
    return str(int(now * 1000) << 16 | next(_ticks) & 0xFFFF)


def length_of(text: str) -> int:
    """Graphemes; a link counts 23 and a mention without its server."""
    plain = _MENTION.sub(r"@\1", _LINK.sub("x" * URL_LENGTH, text))
    return len(plain) if plain.isascii() else len(regex.findall(r"\X", plain))


def base(visit: Visit) -> str:
    return f"{visit.home}mastodon"


def _content(text: str) -> str:
    def link(match: re.Match[str]) -> str:
        return f'<a href="{match[0]}" rel="nofollow noopener" target="_blank">{match[0]}</a>'

    paragraphs = (_LINK.sub(link, html.escape(part, quote=False)) for part in re.split(r"\n{2,}", text) if part)
    return "".join(f"<p>{part}</p>" for part in paragraphs).replace("\n", "<br />")


def show_account(visit: Visit, number: str, handle: str) -> dict[str, Any]:
    """Recorded shape."""
    home = base(visit)
    return {
        "id": number, "username": handle, "acct": handle, "display_name": Account("mastodon", handle, number).name,
        "locked": False, "bot": False, "discoverable": True, "indexable": False, "group": False,
        "created_at": iso_time(_SINCE), "note": "<p>Akun latihan</p>", "url": f"{home}/@{handle}",
        "uri": f"{home}/ap/users/{number}", "avatar": f"{home}/avatars/original/missing.png",
        "avatar_static": f"{home}/avatars/original/missing.png", "avatar_description": "",
        "header": f"{home}/headers/original/missing.png", "header_static": f"{home}/headers/original/missing.png",
        "header_description": "", "followers_count": followers_at("mastodon", number, visit.now - _SINCE),
        "following_count": 12, "statuses_count": visit.ledger.count_posts("mastodon", number, 0),
        "last_status_at": None, "hide_collections": None, "noindex": True, "emojis": [], "roles": [], "fields": [],
    }  # fmt: skip


def show_media(visit: Visit, thing: Thing) -> dict[str, Any]:
    """While it is processed the address is missing (shape from spec)."""
    body = thing.body
    address = f"{visit.home}_sim/media/{body['sha256']}"
    size = {"width": body["width"], "height": body["height"], "size": f"{body['width']}x{body['height']}"}
    if body["height"]:
        size["aspect"] = body["width"] / body["height"]
    return {
        "id": thing.remote_id, "type": "image" if body["mime"].startswith("image/") else "video",
        "url": None if body["polls"] > 0 else address, "preview_url": address, "remote_url": None,
        "preview_remote_url": None, "text_url": None, "meta": {"original": size, "small": size},
        "description": body["alt_text"] or None, "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH",
    }  # fmt: skip


def show_status(visit: Visit, post: Post) -> dict[str, Any]:
    """Recorded shape; no views anywhere."""
    counts: Counts = counts_at("mastodon", post.remote_id, visit.now - post.created_at, fallen=visit.fallen())
    home, extra = base(visit), post.extra
    attached = [visit.ledger.find_thing("mastodon", picture.remote_id, ("media",)) for picture in post.media]
    edited_at = extra.get("edited_at")
    return {
        "id": post.remote_id, "created_at": iso_time(post.created_at), "in_reply_to_id": None,
        "in_reply_to_account_id": None, "sensitive": extra["sensitive"], "spoiler_text": extra["spoiler_text"],
        "visibility": extra["visibility"], "language": extra["language"],
        "uri": f"{home}/ap/users/{post.account_id}/statuses/{post.remote_id}",
        "url": f"{home}/@{post.account}/{post.remote_id}", "replies_count": counts.comments,
        "reblogs_count": counts.shares, "favourites_count": counts.likes, "quotes_count": counts.loves,
        "edited_at": iso_time(edited_at) if edited_at else None, "favourited": False, "reblogged": False,
        "muted": False, "bookmarked": False, "pinned": False, "content": _content(post.text), "filtered": [],
        "reblog": None, "application": {"name": "Kentongan", "website": None},
        "account": show_account(visit, post.account_id, post.account),
        "media_attachments": [show_media(visit, thing) for thing in attached if thing], "mentions": [],
        "tags": [{"name": tag.lower(), "url": f"{home}/tags/{tag}"} for tag in re.findall(r"(?<!\w)#(\w+)", post.text)],
        "emojis": [], "tagged_collections": [], "quote": None, "card": None, "poll": None,
        "quote_approval": {"automatic": ["public"], "manual": [], "current_user": "automatic"},
    }  # fmt: skip


def show_instance(visit: Visit) -> dict[str, Any]:
    """Only what a client reads of the recorded answer."""
    return {
        "domain": visit.request.url.netloc, "title": "Instansi latihan", "version": "4.6.4",
        "source_url": "https://github.com/mastodon/mastodon", "description": "", "languages": ["id"],
        "usage": {"users": {"active_month": 75}}, "rules": [], "api_versions": {"mastodon": 7},
        "thumbnail": {"url": f"{base(visit)}/preview.png"}, "icon": [],
        "registrations": {"enabled": False, "approval_required": False, "message": None},
        "contact": {"email": "", "account": None},
        "configuration": {
            "urls": {"streaming": ""},
            "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
            "statuses": {
                "max_characters": CHARACTERS, "max_media_attachments": ATTACHMENTS,
                "characters_reserved_per_url": URL_LENGTH,
            },
            "media_attachments": {
                "description_limit": DESCRIPTION, "image_matrix_limit": 33_177_600, "image_size_limit": 16_777_216,
                "supported_mime_types": ["image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4"],
                "video_frame_rate_limit": 120, "video_matrix_limit": 8_294_400, "video_size_limit": 103_809_024,
            },
            "polls": {"max_options": 4, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2_629_746},
            "translation": {"enabled": False},
        },
    }  # fmt: skip
