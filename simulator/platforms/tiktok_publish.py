"""Knows how something gets onto TikTok: init, upload or pull, the state of a publish, direct or into the inbox."""

import time
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from simulator.fetch import TookTooLong, TooLarge, Unreachable, fetch, measure
from simulator.ledger import Picture, Post, Thing
from simulator.platforms import tiktok_wire as wire
from simulator.visit import Visit
from simulator.wire import Incoming, Refusal

PRIVACY = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
_DAY_S, _URL_LIVES_S = 86_400.0, 3_600.0
_POSTS_A_DAY, _PENDING = 15, 5  # the first is second-hand, the second documented
_MB = 1024**2
_CHUNK = (5 * _MB, 64 * _MB)
_LAST_CHUNK = 128 * _MB
_VIDEO_LIMIT, _IMAGE_LIMIT, _IMAGES = 256 * _MB, 20 * _MB, 35  # a simulated video is kept small
_TITLE, _PHOTO_TITLE, _DESCRIPTION = 2_200, 90, 4_000
_RIPE_AFTER_S = 0.2  # real seconds
_MIMES = ("image/jpeg", "image/webp")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _check_direct(visit: Visit, info: dict[str, Any]) -> None:
    """What a direct post must be allowed to be; raises Refusal."""
    privacy = str(info.get("privacy_level", ""))
    if privacy not in PRIVACY:
        raise Refusal(wire.fail(400, "privacy_level_option_mismatch", "Choose one of the creator's privacy levels."))
    if privacy != "SELF_ONLY" and visit.struck("unaudited"):
        code = "unaudited_client_can_only_post_to_private_accounts"
        raise Refusal(wire.fail(403, code, "Please review our integration guidelines."))
    if visit.ledger.count_things("tiktok", visit.account.id, "direct", visit.now - _DAY_S) >= _POSTS_A_DAY:
        raise Refusal(wire.spam("spam_risk_too_many_posts"))


def _check_inbox(visit: Visit) -> None:
    if visit.ledger.count_things("tiktok", visit.account.id, "inbox", visit.now - _DAY_S) >= _PENDING:
        raise Refusal(wire.spam("spam_risk_too_many_pending_share"))


def _start(visit: Visit, kind: str, prefix: str, **content: Any) -> Thing:
    body = {"state": "", "polls": 0, "ripe_at": 0.0, "post_id": "", "fail_reason": "", **content}
    publish_id = f"{prefix}~v2.{visit.ledger.next_number()}"
    thing = Thing(publish_id, kind, visit.account.id, body, visit.now)
    visit.ledger.put_thing("tiktok", thing)
    return thing


async def start_direct(visit: Visit) -> Response:
    """POST /v2/post/publish/video/init/."""
    info = wire.part(visit, "post_info")
    _check_direct(visit, info)
    if _units(str(info.get("title", ""))) > _TITLE:
        return wire.invalid(f"The title is longer than {_TITLE} UTF-16 units.")
    text, privacy = str(info.get("title", "")), str(info["privacy_level"])
    return await _start_video(visit, "direct", text=text, privacy=privacy, wishes=info)


async def start_draft(visit: Visit) -> Response:
    """POST /v2/post/publish/inbox/video/init/."""
    _check_inbox(visit)
    return await _start_video(visit, "inbox", text="", privacy="")


async def _start_video(
    visit: Visit, kind: str, *, text: str, privacy: str, wishes: dict[str, Any] | None = None
) -> Response:
    source = wire.part(visit, "source_info")
    prefix = "v_pub" if kind == "direct" else "v_inbox"
    if source.get("source") == "PULL_FROM_URL":
        thing = _start(visit, kind, f"{prefix}_url", text=text, privacy=privacy, wishes=wishes or {})
        await _pull_video(visit, thing, str(source.get("video_url", "")))
        return wire.ok({"publish_id": thing.remote_id})
    size, chunk, count = (source.get(name) for name in ("video_size", "chunk_size", "total_chunk_count"))
    if source.get("source") != "FILE_UPLOAD" or not _chunks_fit(size, chunk, count):
        return wire.invalid("source_info must name a size, a chunk size of 5 to 64 MB and the number of chunks.")
    thing = _start(
        visit, kind, f"{prefix}_file", text=text, privacy=privacy, wishes=wishes or {}, size=size, received=0, chunks=[]
    )
    query = f"upload_id={thing.remote_id}&upload_right={visit.account.handle}"
    return wire.ok({"publish_id": thing.remote_id, "upload_url": f"{visit.home}tiktok/video/?{query}"})


def _chunks_fit(size: object, chunk: object, count: object) -> bool:
    if not (isinstance(size, int) and isinstance(chunk, int) and isinstance(count, int)) or size <= 0:
        return False
    if size < _CHUNK[0]:
        return chunk == size and count == 1
    return _CHUNK[0] <= chunk <= _CHUNK[1] and count == max(1, size // chunk)


async def _pull_video(visit: Visit, thing: Thing, url: str) -> None:
    try:
        content = await fetch(url, limit=_VIDEO_LIMIT, hosts=visit.world.media_hosts)
    except (Unreachable, TooLarge, TookTooLong):
        _fail(visit, thing, "video_pull_failed")
        return
    _finish_video(visit, thing, content)


async def start_photos(visit: Visit) -> Response:
    """POST /v2/post/publish/content/init/: fetches each image itself; what it cannot use fails the publish."""
    info, source = wire.part(visit, "post_info"), wire.part(visit, "source_info")
    urls, mode = source.get("photo_images"), visit.incoming.text("post_mode")
    if visit.incoming.text("media_type") != "PHOTO" or mode not in ("DIRECT_POST", "MEDIA_UPLOAD"):
        return wire.invalid("media_type must be PHOTO and post_mode DIRECT_POST or MEDIA_UPLOAD.")
    if source.get("source") != "PULL_FROM_URL" or not isinstance(urls, list) or not 1 <= len(urls) <= _IMAGES:
        return wire.invalid(f"photo_images must hold 1 to {_IMAGES} addresses, with PULL_FROM_URL.")
    title, description = str(info.get("title", "")), str(info.get("description", ""))
    if _units(title) > _PHOTO_TITLE or _units(description) > _DESCRIPTION:
        return wire.invalid("The title or the description is too long.")
    kind = "direct" if mode == "DIRECT_POST" else "inbox"
    if kind == "direct":
        _check_direct(visit, info)
    else:
        _check_inbox(visit)
    text, privacy = "\n\n".join(filter(None, (title, description))), str(info.get("privacy_level", ""))
    prefix = "p_pub_url" if kind == "direct" else "p_inbox_url"
    thing = _start(visit, kind, prefix, text=text, privacy=privacy, wishes=info)
    pictures = [picture for url in urls if (picture := await _pull_photo(visit, thing, str(url)))]
    if not thing.body["fail_reason"]:
        _publish(visit, thing, pictures)
    return wire.ok({"publish_id": thing.remote_id})


async def _pull_photo(visit: Visit, thing: Thing, url: str) -> Picture | None:
    """None when it cannot be used; the publish then knows why."""
    reason, content = "", b""
    try:
        content = await fetch(url, limit=_IMAGE_LIMIT, hosts=visit.world.media_hosts)
    except TooLarge:
        reason = "picture_size_check_failed"
    except (Unreachable, TookTooLong):
        reason = "photo_pull_failed"
    measured = measure(content)
    if reason or measured is None or measured.mime not in _MIMES:
        _fail(visit, thing, reason or "file_format_check_failed")
        return None
    return Picture(
        sha256=visit.ledger.keep_bytes(content), mime=measured.mime, width=measured.width, height=measured.height,
        size=len(content),
    )  # fmt: skip


def _fail(visit: Visit, thing: Thing, reason: str) -> None:
    thing.body.update(state="FAILED", fail_reason=reason)
    visit.ledger.put_thing("tiktok", thing)


def chunk_operation(incoming: Incoming) -> str:
    """The last chunk is the one that publishes."""
    span = incoming.span()
    return "create" if span and span[1] + 1 == span[2] else "chunk"


async def upload(visit: Visit) -> Response:
    """PUT of one chunk, in order: 206, and 201 for the last."""
    thing = visit.ledger.find_thing("tiktok", visit.incoming.text("upload_id"), ("direct", "inbox"))
    lives = thing and thing.account_id == visit.account.id and visit.now - thing.created_at <= _URL_LIVES_S
    if thing is None or not lives:
        return Response("upload url is invalid or expired", 403)
    content, span = await visit.request.body(), visit.incoming.span()
    if span is None or span[2] != thing.body["size"] or span[1] - span[0] + 1 != len(content):
        return Response("Content-Range does not fit the video", 400)
    if span[0] != thing.body["received"] or len(content) > _LAST_CHUNK:
        return Response("chunks must come in order", 416)
    thing.body["received"] += len(content)
    thing.body["chunks"].append(visit.ledger.keep_bytes(content))
    visit.ledger.put_thing("tiktok", thing)
    if thing.body["received"] < thing.body["size"]:
        return Response(status_code=206, headers={"content-range": f"bytes 0-{span[1]}/{span[2]}"})
    whole = b"".join(visit.ledger.media_file(digest).read_bytes() for digest in thing.body["chunks"])
    _finish_video(visit, thing, whole)
    return Response(status_code=201)


def _finish_video(visit: Visit, thing: Thing, content: bytes) -> None:
    if content[4:8] != b"ftyp":
        _fail(visit, thing, "file_format_check_failed")
        return
    video = Picture(visit.ledger.keep_bytes(content), "video/mp4", 0, 0, len(content))
    _publish(visit, thing, [video])


def _publish(visit: Visit, thing: Thing, media: Sequence[Picture]) -> None:
    """A direct post appears; a draft waits in the inbox until its person finishes it."""
    if broken := visit.struck("container_error", operation="container"):
        _fail(visit, thing, str(broken.params.get("fail_reason", "internal")))
        return
    visit.now = visit.world.clock.now()
    finished = thing.kind == "direct" or visit.struck("inbox_finished") is not None
    post = Post(
        platform="tiktok", account_id=visit.account.id, account=visit.account.handle, text=thing.body["text"],
        remote_id=f"74{visit.ledger.next_number():017d}", media=tuple(media), extra={"publish_id": thing.remote_id, "wishes": thing.body["wishes"]},
        public=finished and thing.body["privacy"] in ("", PRIVACY[0]), created_at=visit.now,
        visible_at=visit.visible_at(),
    )  # fmt: skip
    slow = visit.struck("container_in_progress", operation="container")
    thing.body.update(
        state="PUBLISH_COMPLETE" if finished else "SEND_TO_USER_INBOX", post_id=post.remote_id,
        ripe_at=time.time() + _RIPE_AFTER_S, polls=int(slow.number("polls", 3)) if slow else 0,
    )  # fmt: skip
    with visit.ledger.transaction():
        visit.ledger.put_thing("tiktok", thing)
        visit.ledger.add_post(post)


async def fetch_state(visit: Visit) -> Response:
    """POST /v2/post/publish/status/fetch/."""
    publish_id = visit.incoming.text("publish_id")
    thing = visit.ledger.find_thing("tiktok", publish_id, ("direct", "inbox"))
    if thing is None or thing.account_id != visit.account.id:
        return wire.fail(400, "invalid_publish_id", "The publish_id does not exist.")
    body, pulled = thing.body, "_url~" in thing.remote_id
    unripe = not body["fail_reason"] and (body["polls"] > 0 or time.time() < body["ripe_at"] or not body["state"])
    if body["polls"] > 0:
        body["polls"] -= 1
        visit.ledger.put_thing("tiktok", thing)
    state = ("PROCESSING_DOWNLOAD" if pulled else "PROCESSING_UPLOAD") if unripe else str(body["state"])
    data: dict[str, Any] = {"status": state, "uploaded_bytes": 0 if pulled else body.get("received", 0)}
    if state == "FAILED":
        data["fail_reason"] = body["fail_reason"]
    post = visit.find_visible(body["post_id"]) if state == "PUBLISH_COMPLETE" else None
    if post is not None and post.public:
        data["publicaly_available_post_id"] = [int(post.remote_id)]
    return wire.ok(data)
