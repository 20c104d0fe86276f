"""Knows what Telegram takes as a photo: an uploaded part, an address it fetches itself, or a file it has already."""

import json
from typing import Any

from simulator.fetch import TookTooLong, TooLarge, Unreachable, fetch, measure
from simulator.ledger import Picture
from simulator.platforms.telegram_wire import bad_request
from simulator.visit import Visit
from simulator.wire import Refusal

_UPLOAD_LIMIT, _URL_LIMIT = 10 * 1024**2, 5 * 1024**2
_VIDEO_LIMIT = 50 * 1024**2
_SIDES, _RATIO = 10_000, 20
_FILE = "AgACAgUAAx"
_ALBUM = (2, 10)


def file_id(picture: Picture) -> str:
    return _FILE + picture.sha256


async def read_photo(visit: Visit, given: str, field: str) -> Picture:
    """`given` is an address, a file id or attach://NAME; `field` is the part to look in without it. Raises Refusal."""
    content = await _content(visit, given, field)
    measured = measure(content)
    if measured is None:
        raise Refusal(bad_request("IMAGE_PROCESS_FAILED"))
    width, height = measured.width, measured.height
    if width + height > _SIDES or max(width, height) > _RATIO * min(width, height):
        raise Refusal(bad_request("PHOTO_INVALID_DIMENSIONS"))
    digest = visit.ledger.keep_bytes(content)
    return Picture(sha256=digest, mime=measured.mime, width=width, height=height, size=len(content))


async def read_video(visit: Visit) -> Picture:
    """The `video` of sendVideo; raises Refusal."""
    content = await _content(visit, visit.incoming.text("video"), "video", limit=_VIDEO_LIMIT)
    if content[4:8] != b"ftyp":
        raise Refusal(bad_request("wrong file identifier/HTTP URL specified"))
    sizes = [visit.incoming.text(name, "0") for name in ("width", "height")]
    width, height = (int(size) if size.isdecimal() else 0 for size in sizes)
    return Picture(visit.ledger.keep_bytes(content), "video/mp4", width, height, len(content))


async def _content(visit: Visit, given: str, field: str, *, limit: int = _UPLOAD_LIMIT) -> bytes:
    files = visit.incoming.files
    name = given.removeprefix("attach://") if given.startswith("attach://") else field
    if name in files:
        if len(files[name]) > limit:
            raise Refusal(bad_request("file is too big"))
        return files[name]
    if given.startswith(("http://", "https://")):
        return await _fetch(visit, given)
    kept = visit.ledger.media_file(given.removeprefix(_FILE)) if given.startswith(_FILE) and given.isalnum() else None
    if kept is None or not kept.is_file():
        said = "wrong file identifier/HTTP URL specified" if given else f"there is no {field} in the request"
        raise Refusal(bad_request(said))
    return kept.read_bytes()


async def _fetch(visit: Visit, url: str) -> bytes:
    try:
        return await fetch(url, limit=_URL_LIMIT, hosts=visit.world.media_hosts)
    except (TooLarge, TookTooLong, Unreachable) as error:
        raise Refusal(bad_request("failed to get HTTP URL content")) from error


async def read_album(visit: Visit) -> tuple[list[Picture], str, str]:
    """The pictures of sendMediaGroup, the caption of the first that has one, and its parse mode; raises Refusal."""
    given = visit.incoming.params.get("media")
    try:
        items: Any = json.loads(given) if isinstance(given, str) else given
        items = [dict(item) for item in items]
    except (ValueError, TypeError) as error:
        raise Refusal(bad_request("can't parse media JSON object")) from error
    if not _ALBUM[0] <= len(items) <= _ALBUM[1]:
        raise Refusal(bad_request("Group send failed: wrong number of media"))
    if any(item.get("type") != "photo" for item in items):
        raise Refusal(bad_request("only photos are simulated in an album"))
    pictures = [await read_photo(visit, str(item.get("media", "")), "media") for item in items]
    said: dict[str, Any] = next((item for item in items if item.get("caption")), {})
    return pictures, str(said.get("caption", "")), str(said.get("parse_mode", ""))
