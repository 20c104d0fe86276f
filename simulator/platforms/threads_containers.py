"""Knows Threads' containers: what a text and an image must be, and how a container becomes a post."""

import re
from typing import Any

import regex
from starlette.responses import Response

from simulator.fetch import measure
from simulator.ledger import Picture, Post, Thing
from simulator.platforms import graph, graph_media
from simulator.platforms.graph_media import DAY_S, refuse, state_of
from simulator.visit import Visit
from simulator.wire import Incoming, Refusal, answer_json

QUOTA, REPLY_QUOTA, DELETE_QUOTA = 250, 1000, 100  # per rolling 24 h: Threads' overview, 22 Dec 2025
_TEXT_LIMIT, _ALT_LIMIT, _LINKS = 500, 1000, 5
_WIDEST_RATIO = 10.0
_TYPES = ("TEXT", "IMAGE", "VIDEO", "CAROUSEL")
_VIDEO_LIMIT = 1024**3
_EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f")
_LINK = re.compile(r"https?://\S+|\bwww\.\S+", re.IGNORECASE)


def length_of(text: str) -> int:
    """Characters, but an emoji counts its UTF-8 bytes (Threads' posts page, 14 Apr 2026)."""
    return len(text) + sum(len(match.encode()) - len(match) for match in _EMOJI.findall(text))


def operation_of(incoming: Incoming) -> str:
    """With `auto_publish_text` the one call is the publish itself."""
    return "create" if _publishes_at_once(incoming) else "container"


def _publishes_at_once(incoming: Incoming) -> bool:
    return incoming.text("media_type").upper() == "TEXT" and incoming.flag("auto_publish_text", default=False)


async def create_container(visit: Visit) -> Response:
    """POST /{user}/threads: fetches the image itself and refuses what Threads refuses."""
    graph.own(visit)
    incoming = visit.incoming
    media_type, text = incoming.text("media_type").upper(), incoming.text("text")
    if media_type not in _TYPES:
        return graph.bad_parameter(f"Param media_type must be one of {{{', '.join(_TYPES)}}}")
    _check_text(text, needed=media_type == "TEXT")
    link = incoming.text("link_attachment")
    if link and media_type != "TEXT":
        return graph.bad_parameter("Param link_attachment is only allowed on text posts")
    pictures = await _pictures(visit, media_type)
    body = graph_media.new_body(
        visit, text=text, type=media_type, pictures=pictures, link=link, reply_to=incoming.text("reply_to_id"),
        item=incoming.flag("is_carousel_item", default=False), wishes=visit.wishes("reply_control"),
    )  # fmt: skip
    number, now = f"178{visit.ledger.next_number()}", visit.world.clock.now()
    container = Thing(number, "container", visit.account.id, body, now)
    if _publishes_at_once(incoming):
        return _publish(visit, container)
    visit.ledger.put_thing("threads", container)
    return answer_json({"id": container.remote_id})


def _check_text(text: str, *, needed: bool) -> None:
    if needed and not text:
        raise Refusal(graph.bad_parameter("The parameter text is required"))
    if length_of(text) > _TEXT_LIMIT:
        raise Refusal(graph.bad_parameter(f"Param text must be at most {_TEXT_LIMIT} characters long."))
    if len(set(_LINK.findall(text))) > _LINKS:
        wish = f"A post may hold at most {_LINKS} different links (THREADS_API__LINK_LIMIT_EXCEEDED)."
        raise refuse(100, 4279036, "Invalid parameter", title="Too many links", wish=wish)


async def _pictures(visit: Visit, media_type: str) -> list[dict[str, Any]]:
    if media_type == "TEXT":
        return []
    if media_type == "VIDEO":
        return [await graph_media.fetch_video(visit, _VIDEO_LIMIT)]
    return _children(visit) if media_type == "CAROUSEL" else [await _image(visit)]


async def _image(visit: Visit) -> dict[str, Any]:
    url, alt_text = visit.incoming.text("image_url"), visit.incoming.text("alt_text")
    if not url:
        raise Refusal(graph.bad_parameter("The parameter image_url is required"))
    if len(alt_text) > _ALT_LIMIT:
        raise Refusal(graph.bad_parameter(f"Param alt_text must be at most {_ALT_LIMIT} characters long"))
    content = await graph_media.fetch_image(visit, url)
    measured = measure(content)
    if measured is None or measured.mime not in ("image/jpeg", "image/png"):
        raise graph_media.unsupported_format("The image format is not supported. Use a JPEG or PNG.")
    size = (measured.width, measured.height)
    if (ratio := max(size) / min(size)) > _WIDEST_RATIO:
        raise graph_media.unsupported_ratio(ratio, "10:1")
    return graph_media.picture_body(visit, content, mime=measured.mime, size=size, alt_text=alt_text)


def _children(visit: Visit) -> list[dict[str, Any]]:
    ids = graph.names_list(visit, "children")
    if not 2 <= len(ids) <= 20:
        raise Refusal(graph.bad_parameter("Param children must hold 2 to 20 items"))
    pictures = []
    for child_id in ids:
        child = _own(visit, child_id)
        if not child.body["item"] or state_of(child, visit.now) != "FINISHED":
            raise _not_found(child_id)
        pictures += child.body["pictures"]
    return pictures


def _own(visit: Visit, container_id: str) -> Thing:
    container = visit.ledger.find_thing("threads", container_id, ("container",))
    if container is None or container.account_id != visit.account.id:
        raise _not_found(container_id)
    return container


def _not_found(container_id: str) -> Refusal:
    """What Threads says to an unknown container and to one that is not ripe alike (seen in public reports)."""
    wish = f"The media with id {container_id} cannot be found."
    return refuse(24, 4279009, "The requested resource does not exist", title="Media Not Found", wish=wish)


def read_container(visit: Visit, container: Thing) -> Response:
    """GET /{container}?fields=id,status,error_message."""
    state = graph_media.count_poll(visit, container)
    return answer_json(graph.show(visit, "ThreadsMediaContainer", {
        "id": lambda: container.remote_id,
        "status": lambda: state,
        "error_message": lambda: container.body.get("error_message") if state == "ERROR" else None,
    }, "id"))  # fmt: skip


async def publish(visit: Visit) -> Response:
    """POST /{user}/threads_publish: a container becomes one post, once."""
    graph.own(visit)
    return _publish(visit, None)


def _publish(visit: Visit, container: Thing | None) -> Response:
    """`container` is given when it was made in this very call."""
    visible_at = visit.visible_at()
    with visit.ledger.transaction():
        at_once = container is not None
        container = container or _own(visit, visit.incoming.text("creation_id"))
        if not at_once:
            _check_ripe(visit, container)
        if visit.ledger.count_posts("threads", visit.account.id, visit.now - DAY_S) >= QUOTA:
            wish = "The account reached the number of posts allowed in 24 hours."
            raise refuse(9, 2207042, "Application request limit reached", title="Limit reached", wish=wish)
        body = container.body
        extra = {"type": body["type"], "container": container.remote_id, "link": body["link"], "wishes": body["wishes"]}
        post = Post(
            platform="threads", account_id=visit.account.id, account=visit.account.handle,
            remote_id=f"180{visit.ledger.next_number()}", text=body["text"], extra=extra, created_at=visit.now,
            media=tuple(Picture(**picture) for picture in body["pictures"]), visible_at=visible_at,
        )  # fmt: skip
        body.update(state="PUBLISHED", media_id=post.remote_id)
        visit.ledger.put_thing("threads", container)
        visit.ledger.add_post(post)
    return answer_json({"id": post.remote_id})


def _check_ripe(visit: Visit, container: Thing) -> None:
    state = state_of(container, visit.now)
    if state in ("IN_PROGRESS", "PUBLISHED"):
        # Shape from spec: the docs name code 24 for a publish that comes too early; a second publish is not described.
        raise _not_found(container.remote_id)
    if state == "EXPIRED":
        wish = "The container has expired. Create a new one."
        raise refuse(-2, 2207020, "The media has expired", title="Expired", wish=wish)
    if state == "ERROR":
        wish = f"The media could not be processed: {container.body.get('error_message', 'UNKNOWN')}"
        raise refuse(-1, 2207053, "Unknown upload error", title="Upload failed", wish=wish)
    if container.body["item"]:
        raise Refusal(graph.bad_parameter("A carousel item cannot be published on its own"))
