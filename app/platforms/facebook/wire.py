"""Facebook Pages on the Graph API: what a message becomes, and what each answer means.

Sources: facebook-business-sdk-codegen at ad2b0b6 (v25.0, 15 April 2026) and facebook_business 26.0.3 (v26.0) for names.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.platforms import meta
from app.platforms.answer import Answer, find_at, find_id, find_number, read_time, same_words
from app.platforms.contract import (
    Identity,
    Json,
    Limits,
    Message,
    Metrics,
    Option,
    OptionKind,
    Picture,
    Published,
    PublishError,
    Sent,
    TryLater,
    VideoLimits,
)

TITLE = "Facebook"

LIMITS = Limits(
    text=63_206,
    images=10,
    image_bytes=4 * 1024 * 1024,
    alt_text=1000,
    image_types=("image/jpeg", "image/png"),
    video=VideoLimits(1024**3, (1, 20 * 60), ("video/mp4", "video/quicktime"), ("h264", "hevc")),
)
"""A video is of 1 GB and 20 minutes where it is uploaded in one go: "Video API" pages, second-hand, November 2026; ours are smaller. 63,206 characters, 10 pictures a post, 4 MB a picture: second-hand (error tables of three publishing tools, read
November 2026); Meta publishes no numbers for Pages, and none for shapes. 4 MB rather than the 10 MB some pages state: it always passes.
Alt text: no length is published; the 1,000 of the other platforms is taken."""

OPTIONS = (
    Option(
        "link",
        "Tautan yang dipratinjau",
        OptionKind.LINK,
        help="Kartu tautan di bawah tulisan. Tidak tampil bila ada gambar atau video.",
    ),
)
"""`link` of /{page}/feed, Graph v26.0."""

LOOK_BACK = timedelta(minutes=5)
INSIGHTS = ("post_media_view", "post_total_media_view_unique", "post_clicks_by_type", "post_reactions_by_type_total")
"""Alive on v25.0 by a third party's probe of 1 September 2026; impressions died on 15 June 2026 (changelog)."""

COUNTS = "shares,reactions.summary(true).limit(0),comments.summary(true).limit(0)"
IDENTITY = "id,name,username"
CREATED = "id,permalink_url,created_time"
VIDEO = "id,published,post_id,permalink_url,created_time"

_MAY_POST, _MAY_READ = "pages_manage_posts", "pages_read_engagement"


def length(text: str) -> int:
    """Characters."""
    return len(text)


def feed_parameters(message: Message, prepared: Json) -> dict[str, str]:
    """For POST /{page}/feed. Asking for fields makes Graph answer with the permalink at once (read after write)."""
    ids = prepared.get("media_ids")
    listed = ids if isinstance(ids, Sequence) and not isinstance(ids, str) else []
    media = [{"media_fbid": str(each)} for each in listed]
    link = message.options.get("link")
    parameters = {"message": message.text, "fields": CREATED}
    if media:
        # A JSON string: the SDK would send a raw list as repeated keys that Graph does not read.
        parameters["attached_media"] = json.dumps(media)
    elif isinstance(link, str) and link:
        parameters["link"] = link
    return parameters


def photo_parameters(picture: Picture, *, message: str | None) -> dict[str, str]:
    """For POST /{page}/photos beside the file; without a message the photo stays unpublished, to be attached."""
    parameters = {"published": "false"} if message is None else {"message": message, "published": "true"}
    return parameters | ({"alt_text_custom": picture.alt_text} if picture.alt_text else {})


def finish_parameters(message: Message, prepared: Json) -> dict[str, str]:
    """For the last phase of POST /{page}/videos, which publishes."""
    session = str(prepared.get("session") or "")
    return {"upload_phase": "finish", "upload_session_id": session, "description": message.text, "published": "true"}


def read_upload(answer: Answer) -> dict[str, str]:
    """The session, the video's id, and the first piece that Graph asks for (`start`, `end`)."""
    check_ok(answer, needs=_MAY_POST)
    body = answer.json or {}
    found = {"session": find_id(body.get("upload_session_id")), "video": find_id(body.get("video_id"))}
    if not all(found.values()):
        raise failure(answer, create=False, needs=_MAY_POST)
    return found | read_offsets(answer)


def read_offsets(answer: Answer) -> dict[str, str]:
    """Which piece is wanted next; `start` equals `end` after the last."""
    check_ok(answer, needs=_MAY_POST)
    return {
        "start": find_id(find_at(answer.json, "start_offset")) or "0",
        "end": find_id(find_at(answer.json, "end_offset")) or "0",
    }


def check_finished(answer: Answer) -> None:
    """Raises as for any create: only a clear yes is one."""
    if not answer.ok or find_at(answer.json, "success") is not True:
        raise failure(answer, create=True, needs=_MAY_POST)


def read_video(answer: Answer, page_id: str, video_id: str) -> Published | None:
    """None while it is not public. The post that shows it is what people see; its own id stands in where that is not known."""
    error = meta.find_error(answer)
    if error and error.is_gone:
        return None
    check_ok(answer)
    body = answer.json or {}
    if body.get("published") is not True:
        return None
    post_id, url = find_id(body.get("post_id")), str(body.get("permalink_url") or "")
    remote_id = f"{page_id}_{post_id}" if post_id else video_id
    address = url if url.startswith("https://") else f"https://www.facebook.com{url}" if url else permalink(remote_id)
    return Published(remote_id, address, read_time(body.get("created_time")))


def lost() -> TryLater:
    """The stored upload is of no use any more: whoever stored it forgets it and prepares again."""
    return TryLater(
        "Unggahan video di Facebook kedaluwarsa; diunggah ulang.", after=timedelta(0), code="container_lost"
    )


def find_parameters(sent: Sent) -> dict[str, str]:
    return list_parameters(sent.first_at - LOOK_BACK)


def list_parameters(since: datetime) -> dict[str, str]:
    return {
        "fields": "id,message,created_time,permalink_url", "since": str(int(since.timestamp())), "limit": "100",
    }  # fmt: skip


def permalink(remote_id: str) -> str:
    return f"https://www.facebook.com/{remote_id}"


def read_created(answer: Answer) -> Published:
    """A photo's answer names the photo in `id` and the post, which is what people see, in `post_id`."""
    body = answer.json or {}
    remote_id = find_id(body.get("post_id") or body.get("id"))
    if answer.ok and remote_id and "error" not in body:
        url = str(body.get("permalink_url") or permalink(remote_id))
        return Published(remote_id, url, read_time(body.get("created_time")))
    raise failure(answer, create=True, needs=_MAY_POST)


def is_removed(answer: Answer) -> bool:
    """False where it was gone before, or cannot be seen; raises what else stood in the way."""
    return meta.is_removed(answer, lambda: failure(answer, create=False, needs=_MAY_POST), title=TITLE)


def check_edited(answer: Answer) -> None:
    """Graph reference "Page Post", Updating: `POST /{post-id}?message=`, our own app's posts only (September 2026)."""
    check_ok(answer, needs=_MAY_POST)
    if find_at(answer.json, "success") is not True:
        raise failure(answer, create=False, needs=_MAY_POST)


def read_photo_id(answer: Answer) -> str:
    check_ok(answer, needs=_MAY_POST)
    photo_id = find_id(find_at(answer.json, "id"))
    if photo_id:
        return photo_id
    raise failure(answer, create=False, needs=_MAY_POST)


def check_ok(answer: Answer, *, needs: str = _MAY_READ) -> None:
    if not answer.ok or answer.json is None or "error" in answer.json:
        raise failure(answer, create=False, needs=needs)


def read_identity(answer: Answer) -> Identity:
    check_ok(answer)
    body = answer.json or {}
    name = str(body.get("name") or "")
    return Identity(find_id(body.get("id")), str(body.get("username") or name), name)


@dataclass(frozen=True)
class Page:
    found: Published | None
    next_cursor: str


def read_page(answer: Answer, message: Message, *, taken: Collection[str] = ()) -> Page:
    check_ok(answer)
    if not isinstance(find_at(answer.json, "data"), list):
        # Only a list can show that a post is absent.
        raise failure(answer, create=False)
    ours = same_words(message.text)
    for item in answer.items:
        remote_id = find_id(item.get("id"))
        if same_words(str(item.get("message") or "")) == ours and remote_id not in taken:
            url = str(item.get("permalink_url") or permalink(remote_id))
            return Page(Published(remote_id, url, read_time(item.get("created_time"))), "")
    return Page(None, meta.find_next(answer))


def read_followers(answer: Answer) -> int | None:
    return find_number(find_at(answer.json, "followers_count")) if answer.ok else None


def build_metrics(counts: Mapping[str, Any] | None, insights: Mapping[str, object], followers: int | None) -> Metrics:
    """`counts` is None where Facebook refused them; a post that nobody shared has no `shares` at all."""
    reactions = find_number(find_at(counts, "reactions", "summary", "total_count"))
    if reactions is None:
        reactions = _sum(insights.get("post_reactions_by_type_total"))
    return Metrics(
        views=find_number(insights.get("post_media_view")),
        reach=find_number(insights.get("post_total_media_view_unique")),
        reactions=reactions,
        comments=find_number(find_at(counts, "comments", "summary", "total_count")),
        shares=None if counts is None else find_number(find_at(counts, "shares", "count")) or 0,
        clicks=find_number(find_at(insights.get("post_clicks_by_type"), "link clicks")),
        followers=followers,
    )


def _sum(by_type: object) -> int | None:
    if not isinstance(by_type, Mapping):
        return None
    return sum(number for number in map(find_number, by_type.values()) if number is not None)


def failure(answer: Answer, *, create: bool, needs: str = _MAY_READ) -> PublishError:
    return meta.failure(answer, title=TITLE, create=create, needs=needs)
