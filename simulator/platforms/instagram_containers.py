"""Knows Instagram's containers: what an image must be, how a container ripens, and how it becomes a post."""

import json
from typing import Any

from starlette.responses import Response

from simulator.fetch import measure
from simulator.ledger import Picture, Post, Thing
from simulator.platforms import graph, graph_media
from simulator.platforms.graph_media import DAY_S, refuse, state_of
from simulator.visit import Visit
from simulator.wire import Refusal, answer_json

QUOTA = 100  # content-publishing guide: posts in a rolling 24 h (other pages of Meta say 50; accounts read it)
_CONTAINERS = 400
_CAPTION_LIMIT, _ALT_LIMIT, _MENTIONS, _COLLABORATORS = 2200, 1000, 20, 3
_NARROWEST, _WIDEST = 4 / 5, 1.91
_RATIO_SLACK = 0.01
_TYPES = ("", "IMAGE", "CAROUSEL", "STORIES", "REELS")
_VIDEO_LIMIT = 300 * 1024**2
# `status` as recorded for FINISHED; the others in the same manner.
_STATES = {
    "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
    "IN_PROGRESS": "In Progress: Media is still being processed.",
    "ERROR": "Error: Media upload has failed with error code 2207053",
    "EXPIRED": "Expired: The container was not published within 24 hours and has expired.",
    "PUBLISHED": "Published: Media has been published.",
}


async def create_container(visit: Visit) -> Response:
    """POST /{ig}/media: fetches the image itself and refuses what Instagram refuses."""
    graph.own(visit)
    media_type, caption = visit.incoming.text("media_type").upper(), visit.incoming.text("caption")
    if media_type not in _TYPES:
        wish = f"Only IMAGE, CAROUSEL, REELS and STORIES are simulated, not {media_type}."
        raise refuse(100, 2207023, "Unknown media type", title="Unknown media type", wish=wish)
    _check_caption(caption)
    if visit.ledger.count_things("instagram", visit.account.id, "container", visit.now - DAY_S) >= _CONTAINERS:
        raise _too_many()
    if media_type == "CAROUSEL":
        pictures = _children(visit)
    elif media_type == "REELS" or (media_type == "STORIES" and visit.incoming.text("video_url")):
        pictures = [await graph_media.fetch_video(visit, _VIDEO_LIMIT)]
    else:
        pictures = [await _image(visit)]
    item = visit.incoming.flag("is_carousel_item", default=False)
    wishes = visit.wishes("media_type", "share_to_feed", "collaborators")
    if len(_collaborators(visit)) > _COLLABORATORS:
        raise Refusal(graph.bad_parameter(f"Param collaborators takes at most {_COLLABORATORS} accounts"))
    body = graph_media.new_body(
        visit, caption=caption, type=media_type or "IMAGE", item=item, pictures=pictures, wishes=wishes
    )
    container = Thing(f"179{visit.ledger.next_number()}", "container", visit.account.id, body, visit.world.clock.now())
    visit.ledger.put_thing("instagram", container)
    return answer_json({"id": container.remote_id})


def _collaborators(visit: Visit) -> list[Any]:
    given = visit.incoming.params.get("collaborators")
    try:
        names = json.loads(given) if isinstance(given, str) and given else given or []
    except ValueError as error:
        raise Refusal(graph.bad_parameter("Param collaborators must be an array")) from error
    return names if isinstance(names, list) else []


def _check_caption(caption: str) -> None:
    if len(caption) > _CAPTION_LIMIT:
        wish = f"The caption has {len(caption)} characters; at most {_CAPTION_LIMIT} are allowed."
        raise refuse(36004, 2207010, "The caption was too long.", title="Caption too long", wish=wish)
    if caption.count("@") > _MENTIONS:
        wish = f"At most {_MENTIONS} accounts can be mentioned."
        raise refuse(100, 2207040, "Invalid parameter", title="Too many mentions", wish=wish)


async def _image(visit: Visit) -> dict[str, Any]:
    """The picture behind `image_url`, kept; raises Refusal."""
    url, alt_text = visit.incoming.text("image_url"), visit.incoming.text("alt_text")
    if not url:
        raise Refusal(graph.bad_parameter("The parameter image_url is required"))
    if len(alt_text) > _ALT_LIMIT:
        raise Refusal(graph.bad_parameter(f"Param alt_text must be at most {_ALT_LIMIT} characters long"))
    content = await graph_media.fetch_image(visit, url)
    measured = measure(content)
    if measured is None or measured.mime != "image/jpeg":
        raise graph_media.unsupported_format("The image format is not supported. Use a JPEG.")
    ratio = measured.width / measured.height
    if (
        visit.incoming.text("media_type").upper() != "STORIES"
        and not _NARROWEST - _RATIO_SLACK <= ratio <= _WIDEST + _RATIO_SLACK
    ):
        raise graph_media.unsupported_ratio(ratio, "4:5 to 1.91:1")
    size = (measured.width, measured.height)
    return graph_media.picture_body(visit, content, mime=measured.mime, size=size, alt_text=alt_text)


def _children(visit: Visit) -> list[dict[str, Any]]:
    ids = graph.names_list(visit, "children")
    if not 2 <= len(ids) <= 10:
        wish = "A carousel takes 2 to 10 children."
        raise refuse(100, 2207028, "Invalid parameter", title="Carousel count", wish=wish)
    pictures = []
    for child_id in ids:
        child = _own(visit, child_id)
        if not child.body["item"] or state_of(child, visit.now) != "FINISHED":
            wish = f"Child {child_id} is not a finished carousel item."
            raise refuse(9007, 2207027, "Media ID is not available", title="Not ready", wish=wish)
        pictures += child.body["pictures"]
    return pictures


def _own(visit: Visit, container_id: str) -> Thing:
    container = visit.ledger.find_thing("instagram", container_id, ("container",))
    if container is None or container.account_id != visit.account.id:
        raise _not_found(container_id)
    return container


def _not_found(container_id: str) -> Refusal:
    message = "The requested resource does not exist"
    wish = f"Media with creation id {container_id} cannot be found, or is published already."
    return refuse(24, 2207006, message, title="Media Not Found", wish=wish)


def read_container(visit: Visit, container: Thing) -> Response:
    """GET /{container}; one poll less to wait for."""
    state = graph_media.count_poll(visit, container)
    return answer_json(graph.show(visit, "ShadowIGMediaBuilder", {
        "id": lambda: container.remote_id,
        "status": lambda: _STATES[state],
        "status_code": lambda: state,
    }, "id"))  # fmt: skip


async def publish(visit: Visit) -> Response:
    """POST /{ig}/media_publish: a container becomes one post, once."""
    graph.own(visit)
    visible_at = visit.visible_at()
    with visit.ledger.transaction():
        container = _own(visit, visit.incoming.text("creation_id"))
        _check_ripe(visit, container)
        post = Post(
            platform="instagram", account_id=visit.account.id, account=visit.account.handle,
            remote_id=f"180{visit.ledger.next_number()}", text=_shown(container),
            media=tuple(Picture(**picture) for picture in container.body["pictures"]),
            extra={"type": container.body["type"], "container": container.remote_id, "wishes": container.body["wishes"]}, created_at=visit.now,
            visible_at=visible_at,
        )  # fmt: skip
        container.body.update(state="PUBLISHED", media_id=post.remote_id)
        visit.ledger.put_thing("instagram", container)
        visit.ledger.add_post(post)
    return answer_json({"id": post.remote_id})


def _shown(container: Thing) -> str:
    """A story shows no caption."""
    return "" if container.body["type"] == "STORIES" else str(container.body["caption"])


def _check_ripe(visit: Visit, container: Thing) -> None:
    match state_of(container, visit.now):
        case "IN_PROGRESS":
            wish = "The media is not ready to be published. Please wait a moment."
            raise refuse(9007, 2207027, "Media ID is not available", title="Not ready", wish=wish)
        case "EXPIRED":
            wish = "The container has expired. Create a new one."
            raise refuse(-2, 2207020, "The media has expired", title="Expired", wish=wish)
        case "ERROR":
            wish = "The media could not be uploaded. Create a new container."
            raise refuse(-1, 2207053, "Unknown upload error", title="Upload failed", wish=wish)
        case "PUBLISHED":
            # Shape from spec: no recording of a second publish exists; the page of codes fits best with 2207006.
            raise _not_found(container.remote_id)
    if container.body["item"]:
        raise Refusal(graph.bad_parameter("A carousel item cannot be published on its own"))
    if visit.ledger.count_posts("instagram", visit.account.id, visit.now - DAY_S) >= QUOTA:
        raise _too_many()


def _too_many() -> Refusal:
    wish = "The account reached the number of posts allowed in 24 hours."
    return refuse(9, 2207042, "Application request limit reached", title="Limit reached", wish=wish)
