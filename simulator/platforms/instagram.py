"""Knows Instagram with Instagram Login (graph.instagram.com v26.0): lists, metrics, quota, and the door's calls."""

import base64
from typing import Any

from starlette.responses import Response

from simulator.clock import graph_time
from simulator.ledger import Post
from simulator.metrics import Counts, counts_at, followers_at
from simulator.platforms import graph
from simulator.platforms import instagram_containers as containers
from simulator.visit import Call, Platform, Visit
from simulator.wire import Refusal, answer_json

_DAY_S = 86_400.0
_MEDIA_METRICS = frozenset({
    "views", "reach", "likes", "comments", "shares", "saved", "total_interactions", "follows", "profile_visits",
    "profile_activity", "reposts",
})  # fmt: skip
_ACCOUNT_METRICS = frozenset({
    "views", "reach", "accounts_engaged", "total_interactions", "follower_count", "profile_links_taps", "likes",
    "comments", "shares", "saves",
})  # fmt: skip


def _shortcode(remote_id: str) -> str:
    return base64.urlsafe_b64encode(int(remote_id).to_bytes(8, "big")).decode().rstrip("=").lstrip("A")


def _counts(visit: Visit, post: Post) -> Counts:
    return counts_at("instagram", post.remote_id, visit.now - post.created_at, fallen=visit.fallen())


def _show(visit: Visit, post: Post) -> dict[str, Any]:
    counts = _counts(visit, post)
    carousel = post.extra.get("type") == "CAROUSEL"
    return graph.show(visit, "IGMedia", {
        "id": lambda: post.remote_id,
        "caption": lambda: post.text or None,
        "media_type": lambda: "CAROUSEL_ALBUM" if carousel else "IMAGE",
        "media_product_type": lambda: "FEED",
        "media_url": lambda: f"{visit.home}_sim/media/{post.media[0].sha256}",
        "alt_text": lambda: post.media[0].alt_text or None,
        "permalink": lambda: f"https://www.instagram.com/p/{_shortcode(post.remote_id)}/",
        "shortcode": lambda: _shortcode(post.remote_id),
        "timestamp": lambda: graph_time(post.created_at),
        "username": lambda: post.account,
        "owner": lambda: {"id": post.account_id},
        "is_comment_enabled": lambda: True,
        "like_count": lambda: counts.likes,
        "comments_count": lambda: counts.comments,
        "view_count": lambda: counts.views,
        "saved_count": lambda: counts.saves,
        "shares_count": lambda: counts.shares,
        "reposts_count": lambda: counts.loves,
        "total_like_count": lambda: counts.likes,
        "total_comments_count": lambda: counts.comments,
        "total_views_count": lambda: counts.views,
    }, "id")  # fmt: skip


def _show_account(visit: Visit) -> dict[str, Any]:
    account = visit.account
    return graph.show(visit, "IGUser", {
        "id": lambda: account.id,
        "user_id": lambda: account.id,
        "username": lambda: account.handle,
        "name": lambda: account.name,
        "account_type": lambda: "BUSINESS",
        "followers_count": lambda: followers_at("instagram", account.id, visit.now - 1_704_067_200),
        "follows_count": lambda: 25,
        "media_count": lambda: visit.ledger.count_posts("instagram", account.id, 0),
        "profile_picture_url": lambda: None,
        "biography": lambda: None,
    }, "id")  # fmt: skip


async def read_node(visit: Visit) -> Response:
    """GET /me, /{ig}, /{container} or /{media}."""
    node = visit.path("node")
    if node in ("me", visit.account.id):
        return answer_json(_show_account(visit))
    container = visit.ledger.find_thing("instagram", node, ("container",))
    if container is not None and container.account_id == visit.account.id:
        return containers.read_container(visit, container)
    return answer_json(_show(visit, _visible(visit)))


def _visible(visit: Visit) -> Post:
    post = visit.find_visible(visit.path("node"))
    if post is None or post.account_id != visit.account.id:
        raise Refusal(graph.unknown_object(visit.request.method, visit.path("node")))
    return post


async def list_media(visit: Visit) -> Response:
    """GET /{ig}/media, newest first."""
    number = graph.own(visit)
    since, until = graph.span(visit)
    posts = [post for post in visit.list_visible(number, since=since, until=until) if not _is_story(post)]
    return graph.page(visit, posts, lambda post: _show(visit, post))


def _is_story(post: Post) -> bool:
    return post.extra.get("type") == "STORIES"


async def list_stories(visit: Visit) -> Response:
    """GET /{ig}/stories: those of the last 24 hours."""
    posts = visit.list_visible(graph.own(visit), since=visit.now - _DAY_S, until=graph.FOREVER)
    return graph.page(visit, [post for post in posts if _is_story(post)], lambda post: _show(visit, post))


async def delete(visit: Visit) -> Response:
    """DELETE /{media} (in the v25 spec; Meta refuses some kinds with 2207073)."""
    post = visit.ledger.find_post("instagram", visit.path("node"))
    if post is None or post.deleted_at is not None or post.account_id != visit.account.id:
        raise Refusal(graph.unknown_object("DELETE", visit.path("node")))
    visit.ledger.delete_post("instagram", post.remote_id, visit.now)
    return answer_json({"success": True})


async def publishing_limit(visit: Visit) -> Response:
    """GET /{ig}/content_publishing_limit (recorded shape)."""
    number = graph.own(visit)
    used = visit.ledger.count_posts("instagram", number, visit.now - _DAY_S)
    config = {"quota_total": containers.QUOTA, "quota_duration": int(_DAY_S)}
    wanted = graph.split_fields(visit.incoming.text("fields") or "quota_usage")
    entry = {"quota_usage": used, "config": config}
    return answer_json({"data": [{name: entry[name] for name in wanted if name in entry}]})


async def insights(visit: Visit) -> Response:
    """GET /{media}/insights or /{ig}/insights; too little data is an empty list, not a zero."""
    node = visit.path("node")
    if node in ("me", visit.account.id):
        return _account_insights(visit)
    post = _visible(visit)
    counts = _counts(visit, post)
    numbers = _media_numbers(counts) if counts.views else {}
    return graph.insights(visit, post.remote_id, numbers, alive=_MEDIA_METRICS, period="lifetime")


def _media_numbers(counts: Counts) -> dict[str, object]:
    return {
        "views": counts.views, "reach": counts.reach, "likes": counts.likes, "comments": counts.comments,
        "shares": counts.shares, "saved": counts.saves, "follows": 0, "profile_visits": counts.profile_visits,
        "profile_activity": counts.clicks, "reposts": 0,
        "total_interactions": counts.likes + counts.comments + counts.shares + counts.saves,
    }  # fmt: skip


def _account_insights(visit: Visit) -> Response:
    posts = visit.list_visible(visit.account.id, since=visit.now - 30 * _DAY_S, until=visit.now)
    counts = [_counts(visit, post) for post in posts]
    numbers: dict[str, object] = {
        "views": sum(count.views for count in counts),
        "reach": max((count.reach for count in counts), default=0),
        "accounts_engaged": sum(count.likes for count in counts),
        "total_interactions": sum(count.interactions for count in counts),
        "follower_count": followers_at("instagram", visit.account.id, visit.now - 1_704_067_200),
        "profile_links_taps": sum(count.clicks for count in counts),
        "likes": sum(count.likes for count in counts),
        "comments": sum(count.comments for count in counts),
        "shares": sum(count.shares for count in counts),
        "saves": sum(count.saves for count in counts),
    }
    return graph.insights(visit, visit.account.id, numbers, alive=_ACCOUNT_METRICS, period="day")


V = graph.VERSION
PLATFORM = Platform(
    name="instagram",
    title="Instagram",
    calls=(
        Call("POST", f"{V}/{{node}}/media", "container", containers.create_container),
        Call("POST", f"{V}/{{node}}/media_publish", "create", containers.publish),
        Call("GET", f"{V}/{{node}}/media", "list", list_media),
        Call("GET", f"{V}/{{node}}/stories", "list", list_stories),
        Call("GET", f"{V}/{{node}}/insights", "insights", insights),
        Call("GET", f"{V}/{{node}}/content_publishing_limit", "quota", publishing_limit),
        Call("GET", f"{V}/{{node}}", "read", read_node),
        Call("DELETE", f"{V}/{{node}}", "delete", delete),
        Call("GET", "/refresh_access_token", "refresh", graph.prolong("ig_refresh_token")),
    ),
    identify=graph.identify("instagram"),
    pace=graph.pace(80002),
    token_dead=graph.token_dead,
    rate_limited=graph.rate_limited,
    malformed=graph.malformed,
)
