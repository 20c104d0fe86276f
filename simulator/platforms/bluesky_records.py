"""Knows what a Bluesky post record must be, by the lexicons, and how records and blobs get their addresses."""

import base64
import hashlib
import itertools
import json
import os
import re
from typing import Any

import regex

from simulator.clock import read_time
from simulator.ledger import Picture
from simulator.platforms.bluesky_session import fail, invalid
from simulator.visit import Visit
from simulator.wire import Refusal

COLLECTION = "app.bsky.feed.post"
_GRAPHEMES, _BYTES, _LANGS, _TAGS = 300, 3_000, 3, 8
_IMAGES = {"app.bsky.embed.images": ("images", 4), "app.bsky.embed.gallery": ("items", 20)}
_IMAGE_BYTES, _THUMB_BYTES, _VIDEO_BYTES = 2_000_000, 1_000_000, 300_000_000
_RKEY = re.compile(r"[A-Za-z0-9._~:\-]{1,512}")
_TID = "234567abcdefghijklmnopqrstuvwxyz"
_RAW, _DAG_CBOR = 0x55, 0x71
_ticks = itertools.count(os.getpid() % 1024)


def _cid(codec: int, digest: bytes) -> str:
    return "b" + base64.b32encode(bytes((1, codec, 0x12, 32)) + digest).decode().lower().rstrip("=")


def record_cid(record: dict[str, Any]) -> str:
    """Shaped like a real one; hashed over sorted JSON where a PDS hashes DAG-CBOR."""
    return _cid(_DAG_CBOR, hashlib.sha256(json.dumps(record, sort_keys=True).encode()).digest())


def blob_cid(sha256: str) -> str:
    return _cid(_RAW, bytes.fromhex(sha256))


def new_tid(now: float) -> str:
    number = int(now * 1_000_000) << 10 | next(_ticks) & 0x3FF
    return "".join(_TID[number >> shift & 31] for shift in range(60, -1, -5))


def check_rkey(rkey: str) -> None:
    if not _RKEY.fullmatch(rkey) or rkey in (".", ".."):
        raise Refusal(invalid("Input/rkey must be a valid Record Key"))


def _bad(message: str) -> Refusal:
    return Refusal(invalid(f"Invalid {COLLECTION} record: {message}"))


def check_post(visit: Visit, record: object) -> tuple[Picture, ...]:
    """The pictures it shows; raises Refusal with the path of what is wrong."""
    if not isinstance(record, dict):
        raise Refusal(invalid("Input/record must be an object"))
    if record.get("$type", COLLECTION) != COLLECTION:
        raise Refusal(invalid(f"Invalid $type: expected {COLLECTION}, got {record.get('$type')}"))
    _check_text(record.get("text"))
    made = record.get("createdAt")
    if not isinstance(made, str) or "T" not in made or read_time(made) is None:
        raise _bad("Record/createdAt must be an valid atproto datetime")
    for name, most in (("langs", _LANGS), ("tags", _TAGS)):
        values = record.get(name, [])
        if not isinstance(values, list) or len(values) > most:
            raise _bad(f"Record/{name} must not have more than {most} elements")
    for facet in record.get("facets", []):
        _check_facet(facet)
    return _embedded(visit, record.get("embed"))


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise _bad('Record must have the property "text"')
    if len(text.encode()) > _BYTES:
        raise _bad(f"Record/text must not be longer than {_BYTES} characters")
    if len(text) > _GRAPHEMES and len(regex.findall(r"\X", text)) > _GRAPHEMES:
        raise _bad(f"Record/text must not be longer than {_GRAPHEMES} graphemes")


def _check_facet(facet: object) -> None:
    index = facet.get("index") if isinstance(facet, dict) else None
    features = facet.get("features") if isinstance(facet, dict) else None
    if not isinstance(index, dict) or not isinstance(features, list):
        raise _bad("Record/facets/0 must have index and features")
    ends = [index.get("byteStart"), index.get("byteEnd")]
    if not all(isinstance(end, int) and end >= 0 for end in ends):
        raise _bad("Record/facets/0/index/byteStart must be an integer")


def _embedded(visit: Visit, embed: object) -> tuple[Picture, ...]:
    if embed is None:
        return ()
    kind = embed.get("$type") if isinstance(embed, dict) else None
    if not isinstance(embed, dict) or not isinstance(kind, str):
        raise _bad('Record/embed must be an object which includes the "$type" property')
    if kind == "app.bsky.embed.external":
        thumb = embed.get("external", {}).get("thumb")
        if thumb is not None:
            _picture(visit, thumb, alt_text="", most=_THUMB_BYTES)
        return ()
    if kind == "app.bsky.embed.video":
        alt_text = str(embed.get("alt", ""))
        return (_blob(visit, embed.get("video"), alt_text=alt_text, most=_VIDEO_BYTES, kind="video/mp4"),)
    if kind not in _IMAGES:
        raise _bad(f"Record/embed of {kind} is not simulated")
    name, most = _IMAGES[kind]
    items = embed.get(name)
    if not isinstance(items, list) or len(items) > most:
        raise _bad(f"Record/embed/{name} must not have more than {most} elements")
    return tuple(_image(visit, item, f"Record/embed/{name}/{at}") for at, item in enumerate(items))


def _image(visit: Visit, item: object, path: str) -> Picture:
    if not isinstance(item, dict) or not isinstance(item.get("alt"), str):
        raise _bad(f'{path} must have the property "alt"')
    return _picture(visit, item.get("image"), alt_text=item["alt"], most=_IMAGE_BYTES)


def _picture(visit: Visit, blob: object, *, alt_text: str, most: int) -> Picture:
    return _blob(visit, blob, alt_text=alt_text, most=most, kind="image/")


def _blob(visit: Visit, blob: object, *, alt_text: str, most: int, kind: str) -> Picture:
    """The upload a record refers to; raises Refusal."""
    link = blob.get("ref", {}).get("$link") if isinstance(blob, dict) else None
    found = visit.ledger.find_thing("bluesky", f"{visit.account.id}:{link}", ("blob",))
    if found is None:
        raise Refusal(fail(400, "BlobNotFound", f"Could not find blob: {link}"))
    if found.body["size"] > most:
        raise Refusal(fail(400, "BlobTooLarge", f"This file is too large. It is {found.body['size']} bytes but the maximum size is {most} bytes."))  # fmt: skip
    if not str(found.body["mime"]).startswith(kind):
        raise Refusal(fail(400, "InvalidMimeType", f"Wrong mimetype. It is {found.body['mime']} but it must match {kind}*."))  # fmt: skip
    return Picture(**found.body, alt_text=alt_text, remote_id=str(link))
