"""Knows X's tweets: creating, deleting, reading back and measuring them (API v2, OpenAPI 2.166 and 2.167)."""

from typing import Any

from starlette.responses import Response

from simulator.clock import iso_time, read_time
from simulator.ledger import Picture, Post
from simulator.metrics import followers_at
from simulator.platforms import x_credits, x_media
from simulator.platforms import x_wire as wire
from simulator.visit import Call, Platform, Visit
from simulator.wire import Refusal, answer_json

_DUPLICATE_S = 86_400.0
_FOREVER = 4_102_444_800.0


_REPLIES = ("following", "mentionedUsers", "subscribers", "verified")


async def create(visit: Visit) -> Response:
    """POST /2/tweets."""
    text, media = visit.incoming.params.get("text", ""), visit.incoming.params.get("media")
    if not isinstance(text, str) or (media is not None and not isinstance(media, dict)):
        return wire.malformed()
    if not wire.fits(text):
        return wire.invalid("text", text[:50], "The text of your Post is too long.")
    pictures = x_media.pictures(visit, media.get("media_ids") if media else None)
    if not text.strip() and not pictures:
        return wire.invalid("text", "", "$.text: is missing but it is required unless media is given")
    replies = visit.incoming.params.get("reply_settings")
    if replies not in (None, *_REPLIES):
        return wire.invalid("reply_settings", str(replies), f"$.reply_settings: must be one of {list(_REPLIES)}")
    post = Post(
        platform="x", account_id=visit.account.id, account=visit.account.handle, remote_id=wire.snowflake(visit.now),
        text=text, media=pictures, created_at=visit.now, visible_at=visit.visible_at(),
        extra={"wishes": visit.wishes("reply_settings")},
    )  # fmt: skip
    x_credits.charge(visit, x_credits.price_of(text))
    with visit.ledger.transaction():
        # Recorded: the same text by the same account is refused. 24 hours is this simulator's span.
        if text and visit.ledger.has_text("x", visit.account.id, text, visit.now - _DUPLICATE_S):
            return wire.duplicate()
        visit.ledger.add_post(post)
    visit.headers["location"] = f"https://api.x.com/2/tweets/{post.remote_id}"
    body = {"id": post.remote_id, "text": wire.text_back(post), "edit_history_tweet_ids": [post.remote_id]}
    return wire.answer(visit, {"data": body}, 201)


async def delete(visit: Visit) -> Response:
    """DELETE /2/tweets/{id}; deleting one's own twice stays true (shape from spec)."""
    post = visit.ledger.find_post("x", visit.path("id"))
    if post is None:
        missing = wire.not_found("tweet", "id", visit.path("id"))
        return wire.problem(404, "Not Found Error", missing["detail"], missing["type"])
    if post.account_id != visit.account.id:
        return wire.problem(403, "Forbidden", "You are not authorized to delete this Tweet.")
    x_credits.charge(visit, x_credits.DELETE)
    visit.ledger.delete_post("x", post.remote_id, visit.now)
    return answer_json({"data": {"deleted": True}})


def _shown(visit: Visit, posts: list[Post]) -> list[dict[str, Any]]:
    """Reading costs."""
    x_credits.charge_reads(visit, posts)
    return wire.show_all(visit, posts)


async def lookup_many(visit: Visit) -> Response:
    """GET /2/tweets?ids= (1 to 100): what is missing comes as `errors` beside the rest."""
    ids = [value for value in visit.incoming.text("ids").split(",") if value]
    if not 1 <= len(ids) <= 100 or not all(value.isdecimal() for value in ids):
        return wire.invalid("ids", visit.incoming.text("ids")[:80], "The number of values in `ids` must be 1 to 100.")
    found = {value: visit.find_visible(value) for value in ids}
    posts = [post for post in found.values() if post]
    body: dict[str, Any] = {"data": _shown(visit, posts)} if posts else {}
    errors = [wire.not_found("tweet", "ids", value) for value, post in found.items() if post is None]
    errors += _hidden(visit, posts)
    if errors:
        body["errors"] = errors
    return wire.answer(visit, body | _includes(visit, posts))


async def lookup(visit: Visit) -> Response:
    """GET /2/tweets/{id}: a missing one is a 200 with `errors` only (recorded behaviour of v2)."""
    post = visit.find_visible(visit.path("id"))
    if post is None:
        return wire.answer(visit, {"errors": [wire.not_found("tweet", "id", visit.path("id"))]})
    body: dict[str, Any] = {"data": _shown(visit, [post])[0]}
    if hidden := _hidden(visit, [post]):
        body["errors"] = hidden
    return wire.answer(visit, body | _includes(visit, [post]))


def _hidden(visit: Visit, posts: list[Post]) -> list[dict[str, Any]]:
    """Non-public metrics of another's tweet, or of one older than 30 days (shape from spec)."""
    errors = []
    for field in wire.wanted(visit) & {"non_public_metrics", "organic_metrics"}:
        for post in posts:
            if post.account_id != visit.account.id or visit.now - post.created_at > 30 * 86_400:
                errors.append({
                    "resource_id": post.remote_id, "parameter": "ids", "resource_type": "tweet", "section": "data",
                    "title": "Field Authorization Error", "field": field,
                    "detail": f"Sorry, you are not authorized to access '{field}' on the Tweet.",
                    "type": "https://api.twitter.com/2/problems/not-authorized-for-field",
                })  # fmt: skip
    return errors


def _includes(visit: Visit, posts: list[Post]) -> dict[str, Any]:
    expansions = visit.incoming.text("expansions").split(",")
    includes: dict[str, Any] = {}
    pictures = [picture for post in posts for picture in post.media]
    if "attachments.media_keys" in expansions and pictures:
        includes["media"] = [_show_picture(visit, picture) for picture in pictures]
    if "author_id" in expansions and posts:
        users = {post.account_id: post.account for post in posts}
        includes["users"] = [_show_user(visit, number, handle) for number, handle in users.items()]
    return {"includes": includes} if includes else {}


def _show_picture(visit: Visit, picture: Picture) -> dict[str, Any]:
    return {
        "media_key": f"3_{picture.remote_id}", "type": "photo", "width": picture.width, "height": picture.height,
        "url": f"{visit.home}_sim/media/{picture.sha256}", "alt_text": picture.alt_text,
    }  # fmt: skip


def _show_user(visit: Visit, number: str, handle: str) -> dict[str, Any]:
    user: dict[str, Any] = {"id": number, "name": handle, "username": handle}
    fields = visit.incoming.text("user.fields").split(",")
    if "public_metrics" in fields:
        user["public_metrics"] = {
            "followers_count": followers_at("x", number, visit.now - 1_704_067_200), "following_count": 12,
            "tweet_count": visit.ledger.count_posts("x", number, 0), "listed_count": 0,
        }  # fmt: skip
    if "created_at" in fields:
        user["created_at"] = iso_time(1_704_067_200)
    return user


async def me(visit: Visit) -> Response:
    """GET /2/users/me."""
    return wire.answer(visit, {"data": _show_user(visit, visit.account.id, visit.account.handle)})


async def timeline(visit: Visit) -> Response:
    """GET /2/users/{id}/tweets, newest first."""
    number = visit.path("id")
    if visit.ledger.find_handle("x", number) is None:
        return wire.answer(visit, {"errors": [wire.not_found("user", "id", number)]})
    size = visit.incoming.text("max_results", "10")
    if not size.isdecimal() or not 5 <= int(size) <= 100:
        return wire.invalid("max_results", size, f"The `max_results` query parameter value [{size}] is not 5 to 100.")
    since, until = _moment(visit, "start_time", 0.0), _moment(visit, "end_time", _FOREVER)
    posts = visit.list_visible(number, since=since, until=until)
    above, below = visit.incoming.text("since_id", "0"), visit.incoming.text("until_id", str(2**63))
    if not above.isdecimal() or not below.isdecimal():
        return wire.invalid("since_id", above, "The `since_id` query parameter value is not valid.")
    posts = [post for post in posts if int(above) < int(post.remote_id) < int(below)]
    return _page(visit, posts, int(size))


def _moment(visit: Visit, name: str, default: float) -> float:
    text = visit.incoming.text(name)
    moment = read_time(text) if text else default
    if moment is None:
        raise Refusal(wire.invalid(name, text, f"The `{name}` query parameter value [{text}] is not a valid time."))
    return moment


def _page(visit: Visit, posts: list[Post], size: int) -> Response:
    token = visit.incoming.text("pagination_token", "p0")[1:]
    start = int(token) if token.isdecimal() else 0
    shown = posts[start : start + size]
    meta: dict[str, Any] = {"result_count": len(shown)}
    body: dict[str, Any] = {"meta": meta}
    if shown:
        body = {"data": _shown(visit, shown), "meta": meta}
        meta |= {"newest_id": shown[0].remote_id, "oldest_id": shown[-1].remote_id}
    if start + size < len(posts):
        meta["next_token"] = f"p{start + size}"
    return wire.answer(visit, body | _includes(visit, shown))


PLATFORM = Platform(
    name="x",
    title="X",
    calls=(
        Call("POST", "/2/tweets", "create", create),
        Call("GET", "/2/tweets", "lookup_many", lookup_many),
        Call("GET", "/2/tweets/{id}", "lookup", lookup),
        Call("DELETE", "/2/tweets/{id}", "delete", delete),
        Call("GET", "/2/users/me", "me", me),
        Call("GET", "/2/users/{id}/tweets", "timeline", timeline),
        *x_media.CALLS,
    ),
    identify=wire.identify,
    pace=wire.pace,
    token_dead=wire.token_dead,
    rate_limited=wire.rate_limited,
    credits_depleted=wire.credits_depleted,
    malformed=wire.malformed,
)
