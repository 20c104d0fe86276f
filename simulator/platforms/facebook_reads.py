"""Knows what a Facebook Page gives back: posts, photos, the Page itself, and the insights that still live."""

from typing import Any

from starlette.responses import Response

from simulator.clock import graph_time
from simulator.ledger import Post, Thing
from simulator.metrics import Counts, counts_at, followers_at
from simulator.platforms import graph
from simulator.visit import Visit
from simulator.wire import Refusal, answer_json

_SITE = "https://www.facebook.com"
# Alive by a public probe of 1 Sep 2026 (v25.0); everything else answers #100.
_POST_METRICS = frozenset({
    "post_media_view", "post_total_media_view_unique", "post_clicks", "post_clicks_by_type",
    "post_reactions_by_type_total", "post_reactions_like_total", "post_reactions_love_total",
    "post_activity_by_action_type", "post_activity_by_action_type_unique", "post_video_views",
})  # fmt: skip
_PAGE_METRICS = frozenset({
    "page_follows", "page_daily_follows", "page_daily_follows_unique", "page_daily_unfollows_unique",
    "page_media_view", "page_total_media_view_unique", "page_post_engagements", "page_views_total",
    "page_total_actions", "page_lifetime_engaged_followers_unique",
})  # fmt: skip


def _full_id(visit: Visit, node: str) -> str:
    """Meta takes a post's number without its Page too; a photo's id stands for its post when reading or deleting."""
    photo = visit.ledger.find_thing("facebook", node, ("photo", "video"))
    if photo is not None and photo.body.get("post_id"):
        return str(photo.body["post_id"])
    return node if "_" in node else f"{visit.account.id}_{node}"


def own_post(visit: Visit) -> Post:
    """A standing post of this Page, also while reads still lag; raises Refusal."""
    node = visit.path("node")
    post = visit.ledger.find_post("facebook", _full_id(visit, node))
    if post is None or post.deleted_at is not None or post.account_id != visit.account.id or visit.loses(post):
        raise Refusal(graph.unknown_object(visit.request.method, node))
    return post


def show_post(visit: Visit, post: Post) -> dict[str, Any]:
    counts = _counts(visit, post)
    page, number = post.remote_id.split("_")
    pictures = [f"{visit.home}_sim/media/{picture.sha256}" for picture in post.media]
    media_type = "photo" if len(pictures) == 1 else "album" if pictures else "share"
    attachments = [{"media_type": media_type, "type": media_type, "url": f"{_SITE}/{page}/posts/{number}"}]
    return graph.show(visit, "PagePost", {
        "id": lambda: post.remote_id,
        "message": lambda: post.text or None,
        "created_time": lambda: graph_time(post.created_at),
        "updated_time": lambda: graph_time(post.extra.get("updated_at", post.created_at)),
        "permalink_url": lambda: f"{_SITE}/{page}/posts/{number}",
        "status_type": lambda: _status_type(post),
        "full_picture": lambda: pictures[0] if pictures else None,
        "attachments": lambda: {"data": attachments} if pictures or "link" in post.extra else None,
        "is_published": lambda: post.public,
        "from": lambda: {"name": visit.account.name, "id": page},
        "shares": lambda: {"count": counts.shares} if counts.shares else None,
        "reactions": lambda: {"data": [], "summary": {"total_count": counts.reactions, "viewer_reaction": "NONE"}},
        "likes": lambda: {"data": [], "summary": {"total_count": counts.likes, "can_like": True, "has_liked": False}},
        "comments": lambda: {
            "data": [], "summary": {"order": "chronological", "total_count": counts.comments, "can_comment": True},
        },
    }, "created_time,message,id")  # fmt: skip


def _status_type(post: Post) -> str:
    if post.media:
        return "added_photos"
    return "shared_story" if "link" in post.extra else "mobile_status_update"


def _counts(visit: Visit, post: Post) -> Counts:
    return counts_at("facebook", post.remote_id, visit.now - post.created_at, fallen=visit.fallen())


def _show_photo(visit: Visit, photo: Thing) -> dict[str, Any]:
    picture, post_id = photo.body["picture"], photo.body.get("post_id")
    source = f"{visit.home}_sim/media/{picture['sha256']}"
    image = {"height": picture["height"], "width": picture["width"], "source": source}
    return graph.show(visit, "Photo", {
        "id": lambda: photo.remote_id,
        "created_time": lambda: graph_time(photo.created_at),
        "name": lambda: photo.body["message"] or None,
        "alt_text_custom": lambda: picture["alt_text"] or None,
        "alt_text": lambda: picture["alt_text"] or None,
        "images": lambda: [image],
        "height": lambda: picture["height"],
        "width": lambda: picture["width"],
        "link": lambda: f"{_SITE}/photo.php?fbid={photo.remote_id}",
        "page_story_id": lambda: post_id,
    }, "created_time,name,id")  # fmt: skip


def _show_page(visit: Visit) -> dict[str, Any]:
    account = visit.account
    followers = followers_at("facebook", account.id, visit.now - 1_704_067_200)
    return graph.show(visit, "Page", {
        "id": lambda: account.id,
        "name": lambda: account.name,
        "username": lambda: account.handle,
        "category": lambda: "Government Organization",
        "fan_count": lambda: followers,
        "followers_count": lambda: followers,
        "link": lambda: f"{_SITE}/{account.id}",
        "is_published": lambda: True,
        "tasks": lambda: ["ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE"],
    }, "name,id")  # fmt: skip


async def read_node(visit: Visit) -> Response:
    """GET /me, /{page}, /{post} or /{photo}."""
    node = visit.path("node")
    if node in ("me", visit.account.id):
        return answer_json(_show_page(visit))
    photo = visit.ledger.find_thing("facebook", node, ("photo",))
    if photo is not None and photo.account_id == visit.account.id:
        if photo.body.get("post_id") and visit.find_visible(photo.body["post_id"]) is None:
            raise Refusal(graph.unknown_object("GET", node))
        return answer_json(_show_photo(visit, photo))
    video = visit.ledger.find_thing("facebook", node, ("video",))
    if video is not None and video.account_id == visit.account.id:
        return answer_json(_show_video(visit, video))
    return answer_json(show_post(visit, _visible_post(visit, node)))


def _show_video(visit: Visit, video: Thing) -> dict[str, Any]:
    """Readable by its id from the start; `published` tells the rest (names from AdVideo, v25.0)."""
    post = visit.ledger.find_post("facebook", video.body["post_id"]) if video.body["post_id"] else None
    if post is not None and post.deleted_at is not None:
        raise Refusal(graph.unknown_object("GET", video.remote_id))
    return graph.show(visit, "Video", {
        "id": lambda: video.remote_id,
        "published": lambda: post is not None,
        "post_id": lambda: post.remote_id.split("_")[1] if post else None,
        "permalink_url": lambda: f"/{video.account_id}/videos/{video.remote_id}/",
        "created_time": lambda: graph_time(post.created_at if post else video.created_at),
        "description": lambda: post.text if post else "",
    }, "id")  # fmt: skip


def _visible_post(visit: Visit, node: str) -> Post:
    post = visit.find_visible(_full_id(visit, node))
    if post is None or post.account_id != visit.account.id:
        raise Refusal(graph.unknown_object("GET", node))
    return post


async def list_posts(visit: Visit) -> Response:
    """GET /{page}/published_posts, /posts or /feed, newest first."""
    page = graph.own(visit)
    since, until = graph.span(visit)
    return graph.page(visit, visit.list_visible(page, since=since, until=until), lambda post: show_post(visit, post))


async def insights(visit: Visit) -> Response:
    """GET /{post}/insights or /{page}/insights."""
    node = visit.path("node")
    if node in ("me", visit.account.id):
        return graph.insights(visit, visit.account.id, _page_numbers(visit), alive=_PAGE_METRICS, period="day")
    post = _visible_post(visit, node)
    numbers = _post_numbers(_counts(visit, post))
    return graph.insights(visit, post.remote_id, numbers, alive=_POST_METRICS, period="lifetime")


def _post_numbers(counts: Counts) -> dict[str, object]:
    by_action = {"share": counts.shares, "like": counts.reactions, "comment": counts.comments}
    by_action = {name: number for name, number in by_action.items() if number}
    reactions = {name: number for name, number in (("like", counts.likes), ("love", counts.loves)) if number}
    links = counts.clicks // 3
    return {
        "post_media_view": counts.views,
        "post_total_media_view_unique": counts.reach,
        "post_clicks": counts.clicks,
        "post_clicks_by_type": {"link clicks": links, "other clicks": counts.clicks - links},
        "post_reactions_by_type_total": reactions,
        "post_reactions_like_total": counts.likes,
        "post_reactions_love_total": counts.loves,
        "post_activity_by_action_type": by_action,
        "post_activity_by_action_type_unique": by_action,
        "post_video_views": 0,
    }


def _page_numbers(visit: Visit) -> dict[str, object]:
    posts = visit.list_visible(visit.account.id, since=visit.now - 30 * 86_400, until=visit.now)
    counts = [_counts(visit, post) for post in posts]
    followers = followers_at("facebook", visit.account.id, visit.now - 1_704_067_200)
    return {
        "page_follows": followers,
        "page_daily_follows": 1,
        "page_daily_follows_unique": 1,
        "page_daily_unfollows_unique": 0,
        "page_media_view": sum(count.views for count in counts),
        "page_total_media_view_unique": max((count.reach for count in counts), default=0),
        "page_post_engagements": sum(count.interactions for count in counts),
        "page_views_total": sum(count.profile_visits for count in counts),
        "page_total_actions": sum(count.clicks for count in counts),
        "page_lifetime_engaged_followers_unique": followers // 5,
    }
