"""Knows a Facebook Page's publishing calls (Graph API v26.0): feed, photos, edit and delete."""

import json
from typing import Any

from starlette.responses import Response

from simulator.fetch import TookTooLong, TooLarge, Unreachable, fetch, measure
from simulator.ledger import Picture, Post, Thing
from simulator.platforms import facebook_reads as reads
from simulator.platforms import graph
from simulator.visit import Call, Platform, Visit
from simulator.wire import Incoming, Refusal, answer_json

_TEXT_LIMIT = 63_206
_PHOTO_LIMIT = 10 * 1024**2
_ALBUM_LIMIT = 10
_DUPLICATE_S = 86_400.0
_PIECE = 1024 * 1024


async def create_feed(visit: Visit) -> Response:
    """POST /{page}/feed."""
    page, incoming = graph.own(visit), visit.incoming
    message, link = incoming.text("message"), incoming.text("link")
    photos = [_loose_photo(visit, photo) for photo in _attached(incoming)]
    if incoming.text("scheduled_publish_time") and incoming.flag("published", default=True):
        return graph.bad_parameter("You cannot specify a scheduled publish time on a published post")
    if not message and not link and not photos:
        return graph.bad_parameter("The post is empty. Please enter a message to share.")
    _check_text(visit, message)
    post = _draft(visit, message, link=link, media=tuple(_picture(photo) for photo in photos))
    with visit.ledger.transaction():
        for photo in photos:
            photo.body["post_id"] = post.remote_id
            visit.ledger.put_thing("facebook", photo)
        visit.ledger.add_post(post)
    return answer_json({"id": post.remote_id} | _read_after_write(visit, post, page))


def _read_after_write(visit: Visit, post: Post, page: str) -> dict[str, Any]:
    return reads.show_post(visit, post) if visit.incoming.text("fields") else {}


def _draft(visit: Visit, message: str, *, link: str = "", media: tuple[Picture, ...] = ()) -> Post:
    """`published=false` (and a schedule) keep it from the public."""
    published = visit.incoming.flag("published", default=True)
    return Post(
        platform="facebook", account_id=visit.account.id, account=visit.account.handle,
        remote_id=f"{visit.account.id}_122{visit.ledger.next_number()}", text=message, media=media,
        extra={"link": link, "wishes": {"link": link}} if link else {}, public=published, created_at=visit.now,
        visible_at=visit.visible_at(),
    )  # fmt: skip


def _check_text(visit: Visit, message: str) -> None:
    """Raises Refusal: too long, or (fault duplicate_506) the same text again."""
    if len(message) > _TEXT_LIMIT:
        raise Refusal(graph.bad_parameter(f"Param message must be at most {_TEXT_LIMIT} characters long"))
    if not visit.has("duplicate_506"):
        return
    since = visit.now - _DUPLICATE_S
    always = any(fault.kind == "duplicate_506" and fault.params.get("always") for fault in visit.faults)
    again = always or visit.ledger.has_text("facebook", visit.account.id, message, since)
    if again and visit.struck("duplicate_506", operation="create"):
        user = ("Duplicate Status Update", "This status update is identical to the last one you posted.")
        raise Refusal(graph.error(506, "(#506) Duplicate status message", user=user))


def _attached(incoming: Incoming) -> list[str]:
    """`attached_media` as a JSON list, or as attached_media[0]=...; raises Refusal."""
    given = incoming.params.get("attached_media", [])
    parts = [value for name, value in sorted(incoming.params.items()) if name.startswith("attached_media[")]
    try:
        listed = json.loads(given) if isinstance(given, str) else given
        listed = [json.loads(part) if isinstance(part, str) else part for part in [*listed, *parts]]
        photos = [str(part["media_fbid"]) for part in listed]
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(graph.bad_parameter("Param attached_media must be an array of media_fbid")) from error
    if len(photos) > _ALBUM_LIMIT:
        raise Refusal(graph.bad_parameter(f"Param attached_media takes at most {_ALBUM_LIMIT} photos"))
    return photos


def _loose_photo(visit: Visit, photo_id: str) -> Thing:
    """An unpublished photo of this Page that no post wears yet; raises Refusal."""
    photo = visit.ledger.find_thing("facebook", photo_id, ("photo",))
    if photo is None or photo.account_id != visit.account.id or photo.body.get("post_id"):
        raise Refusal(graph.bad_parameter("Param attached_media must hold unpublished photos of this Page"))
    return photo


def _picture(photo: Thing) -> Picture:
    return Picture(**photo.body["picture"], remote_id=photo.remote_id)


async def create_photo(visit: Visit) -> Response:
    """POST /{page}/photos: published at once, or kept for a feed post."""
    page, incoming = graph.own(visit), visit.incoming
    message = incoming.text("message") or incoming.text("caption")
    content = await _photo_bytes(visit)
    measured = measure(content)
    if measured is None or len(content) > _PHOTO_LIMIT:
        return _unreadable_photo()
    visit.now = visit.world.clock.now()
    _check_text(visit, message)
    picture = {
        "sha256": visit.ledger.keep_bytes(content), "mime": measured.mime, "width": measured.width,
        "height": measured.height, "size": len(content), "alt_text": incoming.text("alt_text_custom"),
    }  # fmt: skip
    body: dict[str, Any] = {"picture": picture, "message": message}
    photo = Thing(f"122{visit.ledger.next_number()}", "photo", visit.account.id, body, visit.now)
    if not incoming.flag("published", default=True):
        visit.ledger.put_thing("facebook", photo)
        return answer_json({"id": photo.remote_id})
    post = _draft(visit, message, media=(_picture(photo),))
    photo.body["post_id"] = post.remote_id
    with visit.ledger.transaction():
        visit.ledger.put_thing("facebook", photo)
        visit.ledger.add_post(post)
    return answer_json({"id": photo.remote_id, "post_id": post.remote_id} | _photo_fields(visit, post, page))


def _photo_fields(visit: Visit, post: Post, page: str) -> dict[str, Any]:
    return {name: value for name, value in _read_after_write(visit, post, page).items() if name != "id"}


def _unreadable_photo() -> Response:
    """Second-hand: subcode 1366046 stands in several public error tables."""
    wish = "Photos should be smaller than 4 MB and saved as JPG, PNG, GIF, TIFF, HEIF or WebP files."
    return graph.error(100, "Invalid parameter", subcode=1366046, user=("Can't Read Files", wish))


async def _photo_bytes(visit: Visit) -> bytes:
    """The uploaded part, or what the address gives; raises Refusal."""
    if visit.incoming.files:
        return next(iter(visit.incoming.files.values()))
    url = visit.incoming.text("url")
    if not url:
        raise Refusal(graph.error(324, "(#324) Requires upload file"))
    try:
        return await fetch(url, limit=_PHOTO_LIMIT, hosts=visit.world.media_hosts)
    except TooLarge as error:
        raise Refusal(_unreadable_photo()) from error
    except (Unreachable, TookTooLong) as error:
        raise Refusal(graph.error(324, "(#324) Missing or invalid image file")) from error


async def upload_video(visit: Visit) -> Response:
    """POST /{page}/videos in its phases: start, transfer, finish (or cancel); `finish` publishes."""
    graph.own(visit)
    match visit.incoming.text("upload_phase"):
        case "start":
            return _start_video(visit)
        case "transfer":
            return _take_piece(visit)
        case "finish":
            return _finish_video(visit)
    return graph.bad_parameter("Param upload_phase must be one of {start, transfer, finish}")


def _start_video(visit: Visit) -> Response:
    size = visit.incoming.text("file_size")
    if not size.isdecimal() or int(size) == 0:
        return graph.bad_parameter("The parameter file_size is required")
    body = {"size": int(size), "pieces": [], "received": 0, "post_id": ""}
    video = Thing(f"122{visit.ledger.next_number()}", "video", visit.account.id, body, visit.now)
    visit.ledger.put_thing("facebook", video)
    return answer_json({"video_id": video.remote_id, "upload_session_id": f"9{video.remote_id}"} | _wanted(video))


def _wanted(video: Thing) -> dict[str, str]:
    """Offsets are strings, as in the documentation's examples."""
    start = video.body["received"]
    return {"start_offset": str(start), "end_offset": str(min(start + _PIECE, video.body["size"]))}


def _session(visit: Visit) -> Thing:
    """Raises Refusal."""
    video = visit.ledger.find_thing("facebook", visit.incoming.text("upload_session_id")[1:], ("video",))
    if video is None or video.account_id != visit.account.id or video.body["post_id"]:
        raise Refusal(graph.bad_parameter("Param upload_session_id must be a valid upload session"))
    return video


def _take_piece(visit: Visit) -> Response:
    video, piece = _session(visit), visit.incoming.files.get("video_file_chunk", b"")
    if visit.incoming.text("start_offset") != str(video.body["received"]) or not piece:
        return graph.error(1363037, "(#1363037) The chunk does not continue the upload")
    video.body["received"] += len(piece)
    video.body["pieces"].append(visit.ledger.keep_bytes(piece))
    visit.ledger.put_thing("facebook", video)
    return answer_json(_wanted(video))


def _finish_video(visit: Visit) -> Response:
    video, message = _session(visit), visit.incoming.text("description")
    whole = b"".join(visit.ledger.media_file(digest).read_bytes() for digest in video.body["pieces"])
    if len(whole) != video.body["size"] or whole[4:8] != b"ftyp":
        return graph.error(1363024, "(#1363024) Unsupported Video Format")
    _check_text(visit, message)
    picture = Picture(visit.ledger.keep_bytes(whole), "video/mp4", 0, 0, len(whole), remote_id=video.remote_id)
    post = _draft(visit, message, media=(picture,))
    video.body["post_id"] = post.remote_id
    with visit.ledger.transaction():
        visit.ledger.put_thing("facebook", video)
        visit.ledger.add_post(post)
    return answer_json({"success": True})


def _video_operation(incoming: Incoming) -> str:
    return "create" if incoming.text("upload_phase") == "finish" else "upload"


async def edit(visit: Visit) -> Response:
    """POST /{post}: a new message."""
    post = reads.own_post(visit)
    message = visit.incoming.text("message")
    if message:
        visit.ledger.edit_post("facebook", post.remote_id, text=message, extra=post.extra | {"updated_at": visit.now})
    return answer_json({"success": True})


async def delete(visit: Visit) -> Response:
    """DELETE /{post} or /{photo}."""
    post = reads.own_post(visit)
    visit.ledger.delete_post("facebook", post.remote_id, visit.now)
    return answer_json({"success": True})


def _photo_operation(incoming: Incoming) -> str:
    return "create" if incoming.flag("published", default=True) else "upload"


V = graph.VERSION
PLATFORM = Platform(
    name="facebook",
    title="Facebook",
    calls=(
        Call("POST", f"{V}/{{node}}/feed", "create", create_feed),
        Call("POST", f"{V}/{{node}}/photos", _photo_operation, create_photo),
        Call("POST", f"{V}/{{node}}/videos", _video_operation, upload_video),
        Call("GET", f"{V}/{{node}}/published_posts", "list", reads.list_posts),
        Call("GET", f"{V}/{{node}}/posts", "list", reads.list_posts),
        Call("GET", f"{V}/{{node}}/feed", "list", reads.list_posts),
        Call("GET", f"{V}/{{node}}/insights", "insights", reads.insights),
        Call("GET", f"{V}/{{node}}", "read", reads.read_node),
        Call("POST", f"{V}/{{node}}", "edit", edit),
        Call("DELETE", f"{V}/{{node}}", "delete", delete),
    ),
    identify=graph.identify("facebook"),
    pace=graph.pace(80001),
    token_dead=graph.token_dead,
    rate_limited=graph.rate_limited,
    malformed=graph.malformed,
)
