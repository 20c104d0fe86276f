"""Knows X's media endpoints: one shot, chunked in both spellings, state and alt text."""

import base64
import binascii
from typing import Any

from starlette.responses import Response

from simulator.fetch import measure
from simulator.ledger import Picture, Thing
from simulator.platforms import x_wire as wire
from simulator.visit import Call, Visit
from simulator.wire import Incoming, Refusal, answer_json

_KINDS = ("x_media",)
_EXPIRES_S = 86_400
_IMAGE_LIMIT, _GIF_LIMIT, _VIDEO_LIMIT = 5 * 1024**2, 15 * 1024**2, 512 * 1024**2
_VIDEO_READY_S = 3.0
_ALT_LIMIT = 1000


def _content(visit: Visit) -> bytes:
    """The `media` part, or its base64; raises Refusal."""
    if "media" in visit.incoming.files:
        return visit.incoming.files["media"]
    try:
        content = base64.b64decode(visit.incoming.text("media"), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content:
        raise Refusal(wire.invalid("media", "", "$.media: required media could not be read"))
    return content


async def upload(visit: Visit) -> Response:
    """POST /2/media/upload: one shot, or the older command= spelling of the chunked upload."""
    match visit.incoming.text("command").upper():
        case "INIT":
            return await initialize(visit)
        case "APPEND":
            return _append(visit, visit.incoming.text("media_id"))
        case "FINALIZE":
            return _finalize(visit, visit.incoming.text("media_id"))
    content = _content(visit)
    body = {"category": visit.incoming.text("media_category"), "segments": {}, "done": False, "alt_text": ""}
    media_id = wire.snowflake(visit.now)
    return _store(visit, Thing(media_id, "x_media", visit.account.id, body, visit.now), content)


def _store(visit: Visit, thing: Thing, content: bytes) -> Response:
    """Checks the content as X does on the last byte (shape from spec); raises Refusal."""
    size, measured = len(content), measure(content)
    is_video = str(thing.body["category"]).endswith("video") and content[4:8] == b"ftyp"
    if measured is None and not is_video:
        raise Refusal(wire.invalid("media", thing.remote_id, "The media type unrecognized."))
    limit = _VIDEO_LIMIT if measured is None else _GIF_LIMIT if measured.mime == "image/gif" else _IMAGE_LIMIT
    if size > limit:
        raise Refusal(wire.problem(413, "Payload Too Large", f"File size exceeds {limit} bytes."))
    mime, width, height = ("video/mp4", 0, 0) if measured is None else (measured.mime, measured.width, measured.height)
    thing.body.update(
        done=True, sha256=visit.ledger.keep_bytes(content), mime=mime, width=width, height=height, size=size,
        ready_at=visit.now, failed=False,
    )  # fmt: skip
    if measured is None:
        slow = visit.struck("media_processing", operation="media")
        thing.body["ready_at"] += slow.number("seconds", 60.0) if slow else _VIDEO_READY_S
        thing.body["failed"] = visit.struck("media_failed", operation="media") is not None
    visit.ledger.put_thing("x", thing)
    return answer_json({"data": _show(thing, visit.now)})


def _show(thing: Thing, now: float) -> dict[str, Any]:
    body = thing.body
    prefix = "13" if body.get("mime") == "video/mp4" else "3"
    shown: dict[str, Any] = {
        "id": thing.remote_id,
        "media_key": f"{prefix}_{thing.remote_id}",
        "expires_after_secs": max(0, int(thing.created_at + _EXPIRES_S - now)),
    }
    if not body["done"]:
        return shown
    shown["size"] = body["size"]
    if prefix == "3":
        return shown | {"image": {"w": body["width"], "h": body["height"], "image_type": body["mime"]}}
    return shown | {"processing_info": _processing(body["ready_at"] - now, failed=body["failed"])}


def _processing(left: float, *, failed: bool) -> dict[str, Any]:
    if left <= 0 and failed:
        error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
        return {"state": "failed", "progress_percent": 100, "error": error}
    if left <= 0:
        return {"state": "succeeded", "progress_percent": 100}
    state = "pending" if left > _VIDEO_READY_S * 2 / 3 else "in_progress"
    return {"state": state, "check_after_secs": 1, "progress_percent": max(0, int(100 * (1 - left / _VIDEO_READY_S)))}


async def initialize(visit: Visit) -> Response:
    category = visit.incoming.text("media_category")
    if not visit.incoming.text("media_type") or not visit.incoming.text("total_bytes").isdecimal():
        raise Refusal(wire.invalid("media_type", "", "media_type and total_bytes are required."))
    body = {"category": category, "segments": {}, "done": False, "alt_text": ""}
    thing = Thing(wire.snowflake(visit.now), "x_media", visit.account.id, body, visit.now)
    visit.ledger.put_thing("x", thing)
    return answer_json({"data": _show(thing, visit.now)})


def _find(visit: Visit, media_id: str, parameter: str = "id") -> Thing:
    """An upload of this account that has not expired; raises Refusal."""
    thing = visit.ledger.find_thing("x", media_id, _KINDS)
    if thing is None or thing.account_id != visit.account.id or visit.now - thing.created_at > _EXPIRES_S:
        raise Refusal(wire.invalid(parameter, media_id, "The media id is invalid or has expired."))
    return thing


def _append(visit: Visit, media_id: str) -> Response:
    thing, segment = _find(visit, media_id), visit.incoming.text("segment_index")
    if not segment.isdecimal() or int(segment) > 999:
        raise Refusal(wire.invalid("segment_index", segment, "segment_index must be between 0 and 999."))
    thing.body["segments"][segment] = visit.ledger.keep_bytes(_content(visit))
    visit.ledger.put_thing("x", thing)
    return answer_json({"data": {"expires_at": int(thing.created_at + _EXPIRES_S)}})


def _finalize(visit: Visit, media_id: str) -> Response:
    thing = _find(visit, media_id)
    ordered = sorted(thing.body["segments"].items(), key=lambda segment: int(segment[0]))
    if [int(index) for index, _ in ordered] != list(range(len(ordered))) or not ordered:
        raise Refusal(wire.invalid("id", media_id, "Segments do not add up to the provided total file size."))
    content = b"".join(visit.ledger.media_file(digest).read_bytes() for _, digest in ordered)
    return _store(visit, thing, content)


async def append(visit: Visit) -> Response:
    return _append(visit, visit.path("id"))


async def finalize(visit: Visit) -> Response:
    return _finalize(visit, visit.path("id"))


async def upload_state(visit: Visit) -> Response:
    """GET /2/media/upload?command=STATUS&media_id=."""
    return answer_json({"data": _show(_find(visit, visit.incoming.text("media_id"), "media_id"), visit.now)})


async def describe(visit: Visit) -> Response:
    """POST /2/media/metadata: the alt text."""
    thing = _find(visit, visit.incoming.text("id"))
    metadata = visit.incoming.params.get("metadata")
    alt_text = metadata.get("alt_text") if isinstance(metadata, dict) else None
    text = alt_text.get("text") if isinstance(alt_text, dict) else None
    if not isinstance(text, str) or len(text) > _ALT_LIMIT:
        raise Refusal(wire.invalid("metadata.alt_text.text", "", f"alt text must have 1 to {_ALT_LIMIT} characters."))
    thing.body["alt_text"] = text
    visit.ledger.put_thing("x", thing)
    return answer_json({"data": {"id": thing.remote_id, "associated_metadata": {"alt_text": {"text": text}}}})


def pictures(visit: Visit, media_ids: object) -> tuple[Picture, ...]:
    """The uploads a tweet names, ready to be shown; raises Refusal with the body X is known to answer."""
    if media_ids is None:
        return ()
    found = []
    ids = media_ids if isinstance(media_ids, list) else []
    for media_id in ids:
        thing = visit.ledger.find_thing("x", str(media_id), _KINDS)
        alive = thing and thing.account_id == visit.account.id and visit.now - thing.created_at <= _EXPIRES_S
        if (
            not thing
            or not alive
            or not thing.body["done"]
            or thing.body["ready_at"] > visit.now
            or thing.body["failed"]
        ):
            raise Refusal(wire.invalid("media.media_ids", str(ids), "Your media IDs are invalid."))
        body = thing.body
        found.append(Picture(
            sha256=body["sha256"], mime=body["mime"], width=body["width"], height=body["height"], size=body["size"],
            alt_text=body["alt_text"], remote_id=thing.remote_id,
        ))  # fmt: skip
    mixed = len(found) > 1 and any(picture.mime in ("video/mp4", "image/gif") for picture in found)
    if not 1 <= len(found) <= 4 or mixed:
        raise Refusal(wire.invalid("media.media_ids", str(ids), "Your media IDs are invalid."))
    return tuple(found)


def _upload_operation(incoming: Incoming) -> str:
    return "chunk" if incoming.text("command") else "upload"


CALLS = (
    Call("POST", "/2/media/upload", _upload_operation, upload),
    Call("GET", "/2/media/upload", "upload_state", upload_state),
    Call("POST", "/2/media/upload/initialize", "chunk", initialize),
    Call("POST", "/2/media/upload/{id}/append", "chunk", append),
    Call("POST", "/2/media/upload/{id}/finalize", "chunk", finalize),
    Call("POST", "/2/media/metadata", "metadata", describe),
)
