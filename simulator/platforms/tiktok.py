"""Knows TikTok's creator info, video lists with their numbers, and the door's calls."""

from typing import Any

from starlette.responses import Response

from simulator.ledger import Post
from simulator.metrics import counts_at, followers_at
from simulator.platforms import tiktok_publish as publish
from simulator.platforms import tiktok_wire as wire
from simulator.platforms.graph import FOREVER
from simulator.visit import Call, Platform, Visit
from simulator.wire import Refusal

_SINCE = 1_704_067_200
_PAGE = 20


async def creator_info(visit: Visit) -> Response:
    """POST /v2/post/publish/creator_info/query/."""
    return wire.ok({
        "creator_username": visit.account.handle, "creator_nickname": visit.account.name,
        "creator_avatar_url": f"{visit.home}tiktok/avatar.jpg",
        "privacy_level_options": list(publish.PRIVACY), "comment_disabled": False, "duet_disabled": False,
        "stitch_disabled": False, "max_video_post_duration_sec": 600,
    })  # fmt: skip


def _fields(visit: Visit) -> list[str]:
    names = [name for name in visit.request.query_params.get("fields", "").split(",") if name]
    if not names:
        raise Refusal(wire.invalid("The fields query parameter is required."))
    return names


def _show(visit: Visit, post: Post, fields: list[str]) -> dict[str, Any]:
    counts = counts_at("tiktok", post.remote_id, visit.now - post.created_at, fallen=visit.fallen())
    whole = {
        "id": post.remote_id, "create_time": int(post.created_at), "title": post.text[:150],
        "video_description": post.text, "duration": 15, "height": 1920, "width": 1080,
        "share_url": f"https://www.tiktok.com/@{post.account}/video/{post.remote_id}",
        "embed_link": f"https://www.tiktok.com/player/v1/{post.remote_id}", "cover_image_url": "",
        "view_count": counts.views, "like_count": counts.likes, "comment_count": counts.comments,
        "share_count": counts.shares,
    }  # fmt: skip
    if unknown := [name for name in fields if name not in whole]:
        raise Refusal(wire.invalid(f"Unknown fields: {', '.join(unknown)}"))
    return {name: whole[name] for name in fields}


async def list_videos(visit: Visit) -> Response:
    """POST /v2/video/list/: public ones, newest first, at most 20; the cursor is a time in milliseconds."""
    fields, size, cursor = (
        _fields(visit),
        visit.incoming.params.get("max_count", 10),
        visit.incoming.params.get("cursor"),
    )
    if not isinstance(size, int) or not 1 <= size <= _PAGE:
        return wire.invalid(f"max_count must be 1 to {_PAGE}.")
    until = cursor / 1000 if isinstance(cursor, int) and cursor else FOREVER
    posts = [post for post in visit.list_visible(visit.account.id, since=0, until=until) if post.created_at < until]
    shown = posts[:size]
    return wire.ok({
        "videos": [_show(visit, post, fields) for post in shown], "has_more": len(posts) > size,
        "cursor": int(shown[-1].created_at * 1000) if shown else 0,
    })  # fmt: skip


async def query_videos(visit: Visit) -> Response:
    """POST /v2/video/query/: up to 20 ids; what is missing is left out."""
    fields, ids = _fields(visit), wire.part(visit, "filters").get("video_ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= _PAGE:
        return wire.invalid(f"video_ids must hold 1 to {_PAGE} ids.")
    found = [post for number in ids if (post := visit.find_visible(str(number)))]
    mine = [post for post in found if post.account_id == visit.account.id and post.public]
    return wire.ok({"videos": [_show(visit, post, fields) for post in mine]})


async def user_info(visit: Visit) -> Response:
    """GET /v2/user/info/."""
    account = visit.account
    posts = visit.list_visible(account.id, since=0, until=FOREVER)
    whole = {
        "open_id": account.id, "union_id": account.id, "avatar_url": "", "display_name": account.name,
        "username": account.handle, "is_verified": False, "bio_description": "Akun latihan",
        "profile_deep_link": f"https://www.tiktok.com/@{account.handle}", "following_count": 12,
        "follower_count": followers_at("tiktok", account.id, visit.now - _SINCE), "video_count": len(posts),
        "likes_count": sum(counts_at("tiktok", post.remote_id, visit.now - post.created_at).likes for post in posts),
    }  # fmt: skip
    return wire.ok({"user": {name: whole[name] for name in _fields(visit) if name in whole}})


_PUBLISH = "/v2/post/publish"
PLATFORM = Platform(
    name="tiktok",
    title="TikTok",
    calls=(
        Call("POST", f"{_PUBLISH}/creator_info/query/", "creator", creator_info),
        Call("POST", f"{_PUBLISH}/video/init/", "init", publish.start_direct),
        Call("POST", f"{_PUBLISH}/inbox/video/init/", "init", publish.start_draft),
        Call("POST", f"{_PUBLISH}/content/init/", "create", publish.start_photos),
        Call("PUT", "/video/", publish.chunk_operation, publish.upload),
        Call("POST", f"{_PUBLISH}/status/fetch/", "status", publish.fetch_state),
        Call("POST", "/v2/video/list/", "list", list_videos),
        Call("POST", "/v2/video/query/", "query", query_videos),
        Call("GET", "/v2/user/info/", "me", user_info),
    ),
    identify=wire.identify,
    pace=wire.pace,
    token_dead=wire.token_dead,
    rate_limited=wire.rate_limited,
    malformed=wire.malformed,
)
