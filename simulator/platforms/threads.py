"""Knows Threads (graph.threads.net v1.0): profile, lists, metrics, quota, and the door's calls. Shapes from spec."""

import base64
from typing import Any

from starlette.responses import Response

from simulator.clock import graph_time
from simulator.ledger import Post, Thing
from simulator.metrics import Counts, counts_at, followers_at
from simulator.platforms import graph
from simulator.platforms import threads_containers as containers
from simulator.platforms.graph_media import DAY_S
from simulator.visit import Call, Platform, Visit
from simulator.wire import Refusal, answer_json

_SINCE = 1_704_067_200
_TYPES = {"TEXT": "TEXT_POST", "IMAGE": "IMAGE", "VIDEO": "VIDEO", "CAROUSEL": "CAROUSEL_ALBUM"}
_POST_METRICS = frozenset({"views", "likes", "replies", "reposts", "quotes", "shares"})
_ACCOUNT_METRICS = frozenset({"views", "likes", "replies", "reposts", "quotes", "clicks", "followers_count"})


def _shortcode(remote_id: str) -> str:
    return base64.urlsafe_b64encode(int(remote_id).to_bytes(8, "big")).decode().rstrip("=").lstrip("A")


def _counts(visit: Visit, post: Post) -> Counts:
    return counts_at("threads", post.remote_id, visit.now - post.created_at, fallen=visit.fallen())


def _show(visit: Visit, post: Post) -> dict[str, Any]:
    picture = post.media[0] if post.media else None
    return graph.show(visit, "ThreadsMedia", {
        "id": lambda: post.remote_id,
        "media_product_type": lambda: "THREADS",
        "media_type": lambda: _TYPES[post.extra["type"]],
        "media_url": lambda: f"{visit.home}_sim/media/{picture.sha256}" if picture else None,
        "alt_text": lambda: picture.alt_text or None if picture else None,
        "permalink": lambda: f"https://www.threads.com/@{post.account}/post/{_shortcode(post.remote_id)}",
        "shortcode": lambda: _shortcode(post.remote_id),
        "owner": lambda: {"id": post.account_id},
        "username": lambda: post.account,
        "text": lambda: post.text or None,
        "timestamp": lambda: graph_time(post.created_at),
        "link_attachment_url": lambda: post.extra.get("link") or None,
        "is_quote_post": lambda: False,
        "has_replies": lambda: _counts(visit, post).comments > 0,
    }, "id")  # fmt: skip


async def read_node(visit: Visit) -> Response:
    """GET /me, /{user}, /{container} or /{post}."""
    node = visit.path("node")
    if node in ("me", visit.account.id):
        return answer_json(_show_profile(visit))
    container = visit.ledger.find_thing("threads", node, ("container",))
    if container is not None and container.account_id == visit.account.id:
        return containers.read_container(visit, container)
    return answer_json(_show(visit, _visible(visit)))


def _show_profile(visit: Visit) -> dict[str, Any]:
    account = visit.account
    return graph.show(visit, "ThreadsUser", {
        "id": lambda: account.id,
        "username": lambda: account.handle,
        "name": lambda: account.name,
        "threads_profile_picture_url": lambda: None,
        "threads_biography": lambda: "Akun latihan",
        "is_verified": lambda: False,
    }, "id")  # fmt: skip


def _visible(visit: Visit) -> Post:
    post = visit.find_visible(visit.path("node"))
    if post is None or post.account_id != visit.account.id:
        raise Refusal(graph.unknown_object(visit.request.method, visit.path("node")))
    return post


async def list_threads(visit: Visit) -> Response:
    """GET /{user}/threads, newest first."""
    number = graph.own(visit)
    since, until = graph.span(visit)
    return graph.page(visit, visit.list_visible(number, since=since, until=until), lambda post: _show(visit, post))


async def delete(visit: Visit) -> Response:
    """DELETE /{post}."""
    post = visit.ledger.find_post("threads", visit.path("node"))
    if post is None or post.deleted_at is not None or post.account_id != visit.account.id:
        raise Refusal(graph.unknown_object("DELETE", visit.path("node")))
    visit.ledger.delete_post("threads", post.remote_id, visit.now)
    visit.ledger.put_thing("threads", Thing(f"deleted:{post.remote_id}", "deletion", post.account_id, {}, visit.now))
    return answer_json({"success": True, "deleted_id": post.remote_id})


async def publishing_limit(visit: Visit) -> Response:
    """GET /{user}/threads_publishing_limit."""
    number, since = graph.own(visit), visit.now - DAY_S
    used = {
        "": (visit.ledger.count_posts("threads", number, since), containers.QUOTA),
        "reply_": (0, containers.REPLY_QUOTA),
        "delete_": (visit.ledger.count_things("threads", number, "deletion", since), containers.DELETE_QUOTA),
    }
    entry: dict[str, Any] = {}
    for prefix, (usage, total) in used.items():
        entry[f"{prefix}quota_usage"] = usage
        entry[f"{prefix}config"] = {"quota_total": total, "quota_duration": int(DAY_S)}
    wanted = graph.split_fields(visit.incoming.text("fields") or "quota_usage")
    return answer_json({"data": [{name: entry[name] for name in wanted if name in entry}]})


async def insights(visit: Visit) -> Response:
    """GET /{post}/insights."""
    post = _visible(visit)
    counts = _counts(visit, post)
    numbers: dict[str, object] = {
        "views": counts.views, "likes": counts.likes, "replies": counts.comments, "reposts": counts.shares,
        "quotes": counts.loves, "shares": counts.saves,
    }  # fmt: skip
    return graph.insights(visit, post.remote_id, numbers, alive=_POST_METRICS, period="lifetime")


async def account_insights(visit: Visit) -> Response:
    """GET /{user}/threads_insights: `views` by day, everything else as one total."""
    number = graph.own(visit)
    counts = [_counts(visit, post) for post in visit.list_visible(number, since=visit.now - DAY_S, until=visit.now)]
    totals: dict[str, object] = {
        "views": sum(count.views for count in counts),
        "likes": sum(count.likes for count in counts),
        "replies": sum(count.comments for count in counts),
        "reposts": sum(count.shares for count in counts),
        "quotes": sum(count.loves for count in counts),
        "clicks": sum(count.clicks for count in counts),
        "followers_count": followers_at("threads", number, visit.now - _SINCE),
    }
    answer = graph.insight_entries(visit, number, totals, alive=_ACCOUNT_METRICS, period="day")
    for entry in answer:
        value = entry.pop("values")[0]["value"]
        if entry["name"] == "views":
            entry["values"] = [{"value": value, "end_time": graph_time(visit.now // DAY_S * DAY_S)}]
        else:
            entry["total_value"] = {"value": value}
    return answer_json({"data": answer})


V = graph.VERSION
PLATFORM = Platform(
    name="threads",
    title="Threads",
    calls=(
        Call("POST", f"{V}/{{node}}/threads", containers.operation_of, containers.create_container),
        Call("POST", f"{V}/{{node}}/threads_publish", "create", containers.publish),
        Call("GET", f"{V}/{{node}}/threads", "list", list_threads),
        Call("GET", f"{V}/{{node}}/threads_publishing_limit", "quota", publishing_limit),
        Call("GET", f"{V}/{{node}}/threads_insights", "insights", account_insights),
        Call("GET", f"{V}/{{node}}/insights", "insights", insights),
        Call("GET", f"{V}/{{node}}", "read", read_node),
        Call("DELETE", f"{V}/{{node}}", "delete", delete),
        Call("GET", "/refresh_access_token", "refresh", graph.prolong("th_refresh_token")),
    ),
    identify=graph.identify("threads"),
    pace=graph.pace(4),
    token_dead=graph.token_dead,
    rate_limited=graph.rate_limited,
    malformed=graph.malformed,
)
