"""Knows a YouTube channel: its videos, uploads playlist and numbers, and the door's calls (Data API v3)."""

from typing import Any

from starlette.responses import Response

from simulator.clock import iso_time
from simulator.ledger import Post
from simulator.metrics import counts_at, followers_at
from simulator.platforms import youtube_upload as upload
from simulator.platforms import youtube_wire as wire
from simulator.platforms.graph import FOREVER
from simulator.visit import Call, Platform, Visit
from simulator.wire import Refusal, answer_json

_SINCE = 1_704_067_200
_PAGE = 50


def _answer(kind: str, items: list[dict[str, Any]], *, total: int, following: str = "") -> Response:
    body: dict[str, Any] = {
        "kind": f"youtube#{kind}", "etag": "sim", "items": items,
        "pageInfo": {"totalResults": total, "resultsPerPage": len(items)},
    }  # fmt: skip
    return answer_json(body | ({"nextPageToken": following} if following else {}))


async def list_videos(visit: Visit) -> Response:
    """GET videos?id=: what is missing, or another's and private, is left out."""
    ids = [number for value in visit.request.query_params.getlist("id") for number in value.split(",") if number]
    if not 1 <= len(ids) <= _PAGE:
        return wire.fail(400, "missingRequiredParameter", "No filter selected. Expected one of: id")
    found = [post for number in ids if (post := visit.find_visible(number))]
    shown = [wire.show_video(visit, post) for post in found if post.public or post.account_id == visit.account.id]
    return _answer("videoListResponse", shown, total=len(shown))


async def list_channels(visit: Visit) -> Response:
    """GET channels?mine=true (or its own id)."""
    account = visit.account
    if not visit.incoming.flag("mine", default=False) and visit.incoming.text("id") != account.id:
        return wire.fail(400, "missingRequiredParameter", "No filter selected. Expected one of: mine, id")
    posts = visit.list_visible(account.id, since=0, until=FOREVER)
    views = sum(counts_at("youtube", post.remote_id, visit.now - post.created_at).views for post in posts)
    channel: dict[str, Any] = {"kind": "youtube#channel", "etag": "sim", "id": account.id}
    channel |= wire.parts(visit, {
        "snippet": lambda: {
            "title": account.name, "description": "Akun latihan", "customUrl": f"@{account.handle}",
            "publishedAt": iso_time(_SINCE),
        },
        "contentDetails": lambda: {"relatedPlaylists": {"likes": "", "uploads": _uploads(visit)}},
        "statistics": lambda: {
            "viewCount": str(views), "videoCount": str(len(posts)), "hiddenSubscriberCount": False,
            "subscriberCount": str(followers_at("youtube", account.id, visit.now - _SINCE)),
        },
        "status": lambda: {"privacyStatus": "public", "isLinked": True},
    })  # fmt: skip
    return _answer("channelListResponse", [channel], total=1)


def _uploads(visit: Visit) -> str:
    return "UU" + visit.account.id[2:]


async def list_uploads(visit: Visit) -> Response:
    """GET playlistItems?playlistId=UU...: its own uploads, private ones too, newest first."""
    if visit.incoming.text("playlistId") != _uploads(visit):
        return wire.fail(404, "playlistNotFound", "The playlist identified with the request cannot be found.")
    size, token = visit.incoming.text("maxResults", "5"), visit.incoming.text("pageToken", "P0")[1:]
    start, most = int(token) if token.isdecimal() else 0, min(_PAGE, int(size) if size.isdecimal() else 5)
    posts = visit.ledger.list_posts("youtube", visit.account.id, seen_at=visit.now, since=0, until=FOREVER, hidden=True)
    posts = [post for post in posts if not visit.loses(post)]
    items = [_item(visit, post, start + at) for at, post in enumerate(posts[start : start + most])]
    following = f"P{start + most}" if start + most < len(posts) else ""
    return _answer("playlistItemListResponse", items, total=len(posts), following=following)


def _item(visit: Visit, post: Post, position: int) -> dict[str, Any]:
    item: dict[str, Any] = {"kind": "youtube#playlistItem", "etag": "sim", "id": f"UU{post.remote_id}"}
    return item | wire.parts(visit, {
        "snippet": lambda: {
            "publishedAt": iso_time(post.created_at), "channelId": post.account_id, "position": position,
            "title": post.extra["snippet"]["title"], "description": post.extra["snippet"]["description"],
            "playlistId": _uploads(visit), "resourceId": {"kind": "youtube#video", "videoId": post.remote_id},
        },
        "contentDetails": lambda: {"videoId": post.remote_id, "videoPublishedAt": iso_time(post.created_at)},
        "status": lambda: {"privacyStatus": post.extra["status"]["privacyStatus"]},
    })  # fmt: skip


def _own(visit: Visit, number: str) -> Post:
    post = visit.ledger.find_post("youtube", number)
    if post is None or post.deleted_at is not None or visit.loses(post):
        raise Refusal(wire.missing_video())
    if post.account_id != visit.account.id:
        raise Refusal(wire.fail(403, "forbidden", "The request might not be properly authorized."))
    return post


async def edit(visit: Visit) -> Response:
    """PUT videos?part=snippet."""
    post = _own(visit, visit.incoming.text("id"))
    snippet = upload.check_snippet(visit.incoming.params.get("snippet"))
    text = "\n\n".join(filter(None, (snippet["title"], snippet["description"])))
    visit.ledger.edit_post("youtube", post.remote_id, text=text, extra=post.extra | {"snippet": snippet})
    return answer_json(wire.show_video(visit, visit.ledger.find_post("youtube", post.remote_id) or post))


async def delete(visit: Visit) -> Response:
    """DELETE videos?id=."""
    visit.ledger.delete_post("youtube", _own(visit, visit.incoming.text("id")).remote_id, visit.now)
    return Response(status_code=204)


_V3, _UPLOADS = "/youtube/v3", "/upload/youtube/v3/videos"
PLATFORM = Platform(
    name="youtube",
    title="YouTube",
    calls=(
        Call("POST", _UPLOADS, "init", upload.start),
        Call("PUT", _UPLOADS, upload.operation_of, upload.send),
        Call("POST", f"/resumable{_UPLOADS}", "init", upload.start),
        Call("GET", f"{_V3}/videos", "list", list_videos),
        Call("PUT", f"{_V3}/videos", "edit", edit),
        Call("DELETE", f"{_V3}/videos", "delete", delete),
        Call("GET", f"{_V3}/channels", "list", list_channels),
        Call("GET", f"{_V3}/playlistItems", "list", list_uploads),
    ),
    identify=wire.identify,
    pace=wire.pace,
    token_dead=wire.token_dead,
    rate_limited=wire.rate_limited,
    malformed=wire.malformed,
)
