"""Knows what Instagram and Threads share about media: how an image is fetched, refused, and how a container ripens."""

import time
from dataclasses import asdict
from typing import Any

from simulator.fetch import TookTooLong, TooLarge, Unreachable, fetch
from simulator.ledger import Picture, Thing
from simulator.platforms import graph
from simulator.visit import Visit
from simulator.wire import Refusal

DAY_S = 86_400.0
IMAGE_LIMIT = 8 * 1024**2
_RIPE_AFTER_S = 0.2  # real seconds


def refuse(code: int, subcode: int, message: str, *, title: str, wish: str) -> Refusal:
    """Codes of Meta's error-code pages; the wording is this simulator's."""
    return Refusal(graph.error(code, message, subcode=subcode, user=(title, wish)))


async def fetch_image(visit: Visit, url: str) -> bytes:
    return await _fetch(visit, url, IMAGE_LIMIT)


async def _fetch(visit: Visit, url: str, limit: int) -> bytes:
    try:
        return await fetch(url, limit=limit, hosts=visit.world.media_hosts)
    except TookTooLong as error:
        wish = "It takes too long to download the media."
        raise refuse(-2, 2207003, "Timeout downloading media", title="Timeout", wish=wish) from error
    except TooLarge as error:
        wish = f"The media is larger than {limit // 1024**2} MB."
        raise refuse(36000, 2207004, "The image size is too large.", title="Image too large", wish=wish) from error
    except Unreachable as error:
        message = "Only photo or video can be accepted as media type."
        wish = f"The media could not be fetched from this URI: {url}"
        raise refuse(9004, 2207052, message, title="Media download has failed.", wish=wish) from error


async def fetch_video(visit: Visit, limit: int) -> dict[str, Any]:
    """The video behind `video_url`, kept, as a container carries it; raises Refusal."""
    url = visit.incoming.text("video_url")
    if not url:
        raise Refusal(graph.bad_parameter("The parameter video_url is required"))
    content = await _fetch(visit, url, limit)
    if content[4:8] != b"ftyp":
        wish = "The video format is not supported. Use MP4 or MOV."
        raise refuse(352, 2207026, "The video file you selected is in a format that we don't support.", title="Unsupported format", wish=wish)  # fmt: skip
    alt_text = visit.incoming.text("alt_text")
    return picture_body(visit, content, mime="video/mp4", size=(0, 0), alt_text=alt_text)


def unsupported_format(wish: str) -> Refusal:
    return refuse(36001, 2207005, "The image format is not supported.", title="Unsupported format", wish=wish)


def unsupported_ratio(ratio: float, allowed: str) -> Refusal:
    message = "The submitted image has an unsupported aspect ratio."
    wish = f"The aspect ratio {ratio:.2f} is outside {allowed}."
    return refuse(36003, 2207009, message, title="Aspect ratio", wish=wish)


def picture_body(visit: Visit, content: bytes, *, mime: str, size: tuple[int, int], alt_text: str) -> dict[str, Any]:
    """The picture, kept, as a container carries it."""
    return asdict(Picture(
        sha256=visit.ledger.keep_bytes(content), mime=mime, width=size[0], height=size[1], size=len(content),
        alt_text=alt_text,
    ))  # fmt: skip


def new_body(visit: Visit, **content: Any) -> dict[str, Any]:
    """A fresh container's body, with the container faults already struck."""
    body = {"state": "", "polls": 0, "ripe_at": time.time() + _RIPE_AFTER_S, **content}
    if slow := visit.struck("container_in_progress", operation="container"):
        body["polls"] = int(slow.number("polls", 3))
    if broken := visit.struck("container_error", operation="container"):
        body.update(state="ERROR", error_message=str(broken.params.get("error_message", "UNKNOWN")))
    if visit.struck("container_expired", operation="container"):
        body["state"] = "EXPIRED"
    return body


def state_of(container: Thing, now: float) -> str:
    """What Instagram's `status_code` and Threads' `status` say now."""
    body = container.body
    if body["state"]:
        return str(body["state"])
    if now - container.created_at > DAY_S:
        return "EXPIRED"
    return "IN_PROGRESS" if body["polls"] > 0 or time.time() < body["ripe_at"] else "FINISHED"


def count_poll(visit: Visit, container: Thing) -> str:
    """Its state; one poll less to wait for."""
    state = state_of(container, visit.now)
    if container.body["polls"] > 0:
        container.body["polls"] -= 1
        visit.ledger.put_thing(visit.platform.name, container)
    return state
