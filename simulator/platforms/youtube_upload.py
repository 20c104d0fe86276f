"""Knows YouTube's resumable upload: a session, its bytes in pieces, how far it came, and the video it becomes."""

import base64
import hashlib
import re
from typing import Any

from starlette.responses import Response

from simulator.accounts import practice_token
from simulator.ledger import Picture, Post, Thing
from simulator.platforms import youtube_wire as wire
from simulator.visit import Visit
from simulator.wire import HangUp, Incoming, Refusal, answer_json

_TITLE, _DESCRIPTION, _TAGS = 100, 5_000, 500
_PRIVACY = ("public", "unlisted", "private")
_PIECE = 256 * 1024
_SESSION_S = 7 * 86_400.0
_QUERY = re.compile(r"bytes \*/(\d+|\*)")


def check_snippet(snippet: object) -> dict[str, Any]:
    """Raises Refusal with YouTube's reason."""
    if not isinstance(snippet, dict):
        raise Refusal(wire.fail(400, "invalidVideoMetadata", "The request metadata is invalid."))
    title, tags = str(snippet.get("title", "")), snippet.get("tags", [])
    if not title.strip() or len(title) > _TITLE or "<" in title or ">" in title:
        raise Refusal(wire.fail(400, "invalidTitle", "The request metadata specifies an invalid or empty video title."))
    description = str(snippet.get("description", ""))
    if len(description.encode()) > _DESCRIPTION or "<" in description or ">" in description:
        raise Refusal(wire.fail(400, "invalidDescription", "The request metadata specifies an invalid description."))
    if not isinstance(tags, list) or sum(map(len, map(str, tags))) > _TAGS:
        raise Refusal(wire.fail(400, "invalidTags", "The request metadata specifies invalid video keywords."))
    return {"title": title, "description": description, "categoryId": "22", **snippet}


async def start(visit: Visit) -> Response:
    """POST /upload/youtube/v3/videos?uploadType=resumable: answers the session's address."""
    if visit.incoming.text("uploadType") != "resumable":
        return wire.fail(400, "badRequest", "Only uploadType=resumable is simulated.")
    wire.parts(visit, {name: dict for name in ("snippet", "status", "localizations", "recordingDetails")})
    given = visit.incoming.params.get("status")
    status: dict[str, Any] = {"privacyStatus": "public", "license": "youtube", "embeddable": True}
    status |= given if isinstance(given, dict) else {}
    if status["privacyStatus"] not in _PRIVACY:
        return wire.fail(400, "invalidVideoMetadata", "The request metadata is invalid.")
    if status.get("publishAt") and status["privacyStatus"] != "private":
        return wire.fail(
            400, "invalidPublishAt", "The request metadata specifies an invalid scheduled publishing time."
        )
    body = {
        "snippet": check_snippet(visit.incoming.params.get("snippet")),
        "status": status,
        "pieces": [],
        "received": 0,
    }
    number = f"{visit.ledger.next_number()}:{practice_token('youtube', visit.account.handle)}"
    visit.ledger.put_thing("youtube", Thing(number, "upload", visit.account.id, body | {"video": ""}, visit.now))
    query = "&".join(f"{name}={value}" for name, value in visit.request.query_params.multi_items())
    address = f"{visit.home}youtube/upload/youtube/v3/videos?{query}&upload_id={number}"
    return Response(status_code=200, headers={"location": address, "x-guploader-uploadid": number.partition(":")[0]})


def operation_of(incoming: Incoming) -> str:
    """The piece with the last byte makes the video; `bytes */N` only asks how far it came."""
    if _QUERY.fullmatch(incoming.content_range.strip()):
        return "upload_state"
    span = incoming.span()
    return "chunk" if span and span[1] + 1 < span[2] else "create"


async def send(visit: Visit) -> Response:
    """PUT to the session's address."""
    session = visit.ledger.find_thing("youtube", visit.incoming.text("upload_id"), ("upload",))
    if session is None or session.account_id != visit.account.id or visit.now - session.created_at > _SESSION_S:
        return Response("Not Found", 404)
    if session.body["video"]:
        return _made(visit, session.body["video"], 200)
    if visit.operation == "upload_state":
        return _how_far(session)
    content, span = await visit.request.body(), visit.incoming.span()
    first, last, total = span or (0, len(content) - 1, len(content))
    if last - first + 1 != len(content) or not content or (last + 1 < total and len(content) % _PIECE):
        return wire.fail(400, "badRequest", "Content-Range does not fit the bytes sent.")
    if first != session.body["received"]:
        return Response("Invalid request. The range does not continue the upload.", 503)
    if visit.struck("upload_cut"):
        _keep(visit, session, content[: max(_PIECE, len(content) // 2 // _PIECE * _PIECE)][: len(content) - 1])
        return HangUp()
    _keep(visit, session, content)
    return _finish(visit, session) if last + 1 == total else _how_far(session)


def _keep(visit: Visit, session: Thing, content: bytes) -> None:
    session.body["received"] += len(content)
    session.body["pieces"].append(visit.ledger.keep_bytes(content))
    visit.ledger.put_thing("youtube", session)


def _how_far(session: Thing) -> Response:
    """308 with the bytes held; without the header nothing arrived yet."""
    held = session.body["received"]
    return Response(status_code=308, headers={"range": f"bytes=0-{held - 1}"} if held else {})


def _finish(visit: Visit, session: Thing) -> Response:
    whole = b"".join(visit.ledger.media_file(digest).read_bytes() for digest in session.body["pieces"])
    if whole[4:8] != b"ftyp" and not whole.startswith(b"\x1aE\xdf\xa3"):
        return wire.fail(400, "mediaBodyRequired", "The request does not include the video content.")
    video = Picture(visit.ledger.keep_bytes(whole), "video/mp4", 0, 0, len(whole))
    snippet, status = session.body["snippet"], session.body["status"]
    if visit.struck("unaudited"):
        status["privacyStatus"] = "private"
    rejected = _has_video(visit, video.sha256)
    digest = hashlib.sha256(session.remote_id.encode()).digest()
    post = Post(
        platform="youtube", account_id=visit.account.id, account=visit.account.handle,
        remote_id=base64.urlsafe_b64encode(digest)[:11].decode(), media=(video,), created_at=visit.now,
        text="\n\n".join(filter(None, (snippet["title"], snippet["description"]))),
        extra={"snippet": snippet, "status": status, "rejection": "duplicate" if rejected else "",
               "wishes": {"title": snippet["title"], "tags": snippet.get("tags", [])} | status},
        public=status["privacyStatus"] == "public" and not rejected, visible_at=visit.visible_at(),
    )  # fmt: skip
    session.body["video"] = post.remote_id
    with visit.ledger.transaction():
        visit.ledger.put_thing("youtube", session)
        visit.ledger.add_post(post)
    return _made(visit, post.remote_id, 201)


def _has_video(visit: Visit, sha256: str) -> bool:
    """YouTube rejects a file that the channel has already."""
    posts = visit.ledger.list_posts(
        "youtube", visit.account.id, seen_at=float("inf"), since=0, until=float("inf"), hidden=True
    )
    return any(picture.sha256 == sha256 for post in posts for picture in post.media if not post.extra["rejection"])


def _made(visit: Visit, number: str, status: int) -> Response:
    post = visit.ledger.find_post("youtube", number)
    return Response("Not Found", 404) if post is None else answer_json(wire.show_video(visit, post), status)
