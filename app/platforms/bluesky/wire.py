"""Bluesky's AT Protocol calls: what a message becomes, under which key it is kept, and what each answer means.

Sources: lexicons and PDS code of bluesky-social/atproto at d6296a1 (read November 2026).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import regex

from app.platforms.answer import Answer, find_at, find_number, not_removed, quote, read_time, unreadable
from app.platforms.contract import (
    Identity,
    Json,
    Limits,
    Message,
    Metrics,
    NeedsReconnect,
    Pace,
    Picture,
    Published,
    PublishError,
    RecentPost,
    Refused,
    Room,
    Scope,
    Sent,
    TryLater,
    Video,
    VideoLimits,
)

TITLE = "Bluesky"
COLLECTION = "app.bsky.feed.post"

GRAPHEMES, BYTES = 300, 3000

LIMITS = Limits(
    text=GRAPHEMES,
    images=4,
    image_bytes=2_000_000,
    alt_text=2000,
    image_types=("image/jpeg", "image/png", "image/webp"),
    slots=64,
    video=VideoLimits(300_000_000, (0, 180), alt_text=1000),
    paces=(Pace(1_666, timedelta(hours=1)),),
)
"""5,000 points an hour, 3 for a new record: "Rate Limits", November 2026. One MP4 of 300,000,000 bytes: app.bsky.embed.video, November 2026; 3 minutes are what Bluesky's own app takes (second-hand).
A PDS may take less of a file at once, and then says so. 300 graphemes and 3,000 bytes: lexicon app.bsky.feed.post; 4 images of 2,000,000 bytes: app.bsky.embed.images; both of
November 2026. The lexicon sets no limit for alt text; 2,000 is what Bluesky's own app offered when last seen."""

POINTS = 3
"""What a new record costs."""

BATCH = 25
"""Posts a read may name: lexicon app.bsky.feed.getPosts, `uris.maxLength`."""

PAGE = 100
"""Records a list may hold: lexicon com.atproto.repo.listRecords, `limit.maximum`."""

LIST_SLACK = timedelta(minutes=10)
"""A server's clock and ours may differ, and a batch may have waited."""

LOST = "container_lost"

_RATE_GUESS = timedelta(minutes=5)
"""3,000 calls in 5 minutes of one address: PDS code; the points of an account count by the hour."""

_GRAPHEME = regex.compile(r"\X")
_LINK = re.compile(
    r"(?<![\w@./])(?:https?://[^\s<>\"]+|(?:[a-z0-9-]+\.)+(?:id|com|org|net)(?:/[^\s<>\"]*)?(?![\w-]))", re.IGNORECASE
)
_TAG = re.compile(r"(?:(?<=^)|(?<=[\s(]))#(?!\d+\b)(\w+)", re.MULTILINE)
_TRAILING = ".,;:!?'\")]}…"
TAG_GRAPHEMES = 64

_BASE32 = "234567abcdefghijklmnopqrstuvwxyz"

_STALE = {"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"}
_BLOCKED = {
    "AccountTakedown",
    "AccountSuspended",
    "AccountDeactivated",
    "RepoTakendown",
    "RepoSuspended",
    "RepoDeactivated",
}


@dataclass(frozen=True)
class Session:
    """A log-in: `access` opens calls for two hours, `refresh` (once) the next session for ninety days."""

    access: str
    refresh: str
    did: str
    handle: str


def length(text: str) -> int:
    """Graphemes; where a text of many large emoji meets the limit of 3,000 bytes first, a tenth of its bytes.

    So one number keeps both limits: 300 of it is 300 graphemes or 3,000 bytes, whichever comes first.
    """
    return max(len(_GRAPHEME.findall(text)), ceil(len(text.encode()) * GRAPHEMES / BYTES))


def record_key(*, key: str, handle: str, at: datetime) -> str:
    """A TID (13 signs): 53 bits of microseconds and 10 of a clock's number, all below a second taken from our own key.

    The moment keeps a fresh installation, which counts its deliveries from 1 again, from writing over an old post.
    """
    digest = int.from_bytes(hashlib.sha256(f"{handle} {key}".encode()).digest()[:8], "big")
    micros = int(at.timestamp()) * 1_000_000 + digest % 1_000_000
    number = (micros << 10) | ((digest >> 32) & 0x3FF)
    return "".join(_BASE32[(number >> shift) & 31] for shift in range(60, -1, -5))


def check_message(message: Message) -> None:
    """Raises Refused with the number that was passed."""
    graphemes, size = len(_GRAPHEME.findall(message.text)), len(message.text.encode())
    if graphemes > GRAPHEMES:
        raise _too_much(f"tulisan {graphemes} huruf, paling banyak {GRAPHEMES}; pendekkan")
    if size > BYTES:
        raise _too_much(f"tulisan {size} bita karena banyak emoji, paling banyak {BYTES}; kurangi emojinya")
    if len(message.pictures) > LIMITS.images:
        raise _too_much(f"ada {len(message.pictures)} gambar, paling banyak {LIMITS.images}")


def _too_much(reason: str) -> Refused:
    return Refused(f"Kiriman ditolak {TITLE}: {reason}.", code="too_much")


def image_part(picture: Picture, blob: Json, size: tuple[int, int]) -> dict[str, Any]:
    """One image of an embed. `alt` is a required key, even where it is empty."""
    width, height = size
    return {"image": dict(blob), "alt": picture.alt_text, "aspectRatio": {"width": width, "height": height}}


def video_part(video: Video, blob: Json) -> dict[str, Any]:
    """The embed of a video."""
    part: dict[str, Any] = {"$type": "app.bsky.embed.video", "video": dict(blob), "alt": video.alt_text}
    if video.width and video.height:
        part["aspectRatio"] = {"width": video.width, "height": video.height}
    return part


def build_record(message: Message, prepared: Json, *, at: datetime) -> dict[str, Any]:
    record: dict[str, Any] = {
        "$type": COLLECTION,
        "text": message.text,
        "createdAt": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "langs": [str(message.options.get("language") or "id")],
    }
    if facets := find_facets(message.text):
        record["facets"] = facets
    images = prepared.get("images")
    if isinstance(images, Sequence) and not isinstance(images, str) and images:
        record["embed"] = {"$type": "app.bsky.embed.images", "images": list(images)}
    if isinstance(prepared.get("video"), Mapping):
        record["embed"] = prepared["video"]
    return record


def find_facets(text: str) -> list[dict[str, Any]]:
    """Links and hashtags by their UTF-8 bytes; without them nothing in a post can be tapped. Mentions would need a look-up."""
    found = [*_links(text), *_tags(text)]
    return [_facet(text, start, end, feature) for start, end, feature in sorted(found, key=lambda each: each[:2])]


def _links(text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    for match in _LINK.finditer(text):
        shown = match[0].rstrip(_TRAILING)
        uri = shown if shown.lower().startswith(("http://", "https://")) else f"https://{shown}"
        yield match.start(), match.start() + len(shown), {"$type": "app.bsky.richtext.facet#link", "uri": uri}


def _tags(text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    for match in _TAG.finditer(text):
        if len(_GRAPHEME.findall(match[1])) <= TAG_GRAPHEMES:
            yield match.start(), match.end(), {"$type": "app.bsky.richtext.facet#tag", "tag": match[1]}


def _facet(text: str, start: int, end: int, feature: dict[str, str]) -> dict[str, Any]:
    first = len(text[:start].encode())
    return {
        "index": {"byteStart": first, "byteEnd": first + len(text[start:end].encode())},
        "features": [feature],
    }


def read_session(answer: Answer, *, now: datetime) -> Session:
    body = answer.json or {}
    values = [str(body.get(name) or "") for name in ("accessJwt", "refreshJwt", "did", "handle")]
    if answer.ok and all(values):
        if body.get("active") is False:
            raise _blocked(str(body.get("status") or "tidak aktif"), answer.status)
        return Session(*values)
    error = failure(answer, create=False, now=now)
    if isinstance(error, Refused):
        # There is no message yet that could be at fault: it is the name or the password.
        sentence = "Hubungkan ulang Bluesky: nama akun atau sandi aplikasi tidak dikenali."
        raise NeedsReconnect(sentence, code=error.code, http_status=error.http_status)
    raise error


def is_stale(answer: Answer) -> bool:
    """The session must be renewed; an expired one is answered with 400, not 401."""
    return not answer.ok and (answer.status == 401 or _error(answer) in _STALE)


def read_blob(answer: Answer, *, now: datetime) -> dict[str, Any]:
    blob = find_at(answer.json, "blob")
    if answer.ok and isinstance(blob, dict):
        return blob
    raise failure(answer, create=False, now=now)


def read_written(answer: Answer, *, handle: str, at: datetime, now: datetime) -> Published:
    uri = str(find_at(answer.json, "uri") or "")
    if answer.ok and uri:
        return Published(uri, permalink(handle, uri), at, _room(answer))
    raise failure(answer, create=True, now=now)


def _room(answer: Answer) -> tuple[Room, ...]:
    left, reset = answer.headers.get("ratelimit-remaining", ""), answer.headers.get("ratelimit-reset", "")
    if not (left.isdecimal() and reset.isdecimal()):
        return ()
    return (Room(Scope.CHANNEL, int(left) // POINTS, datetime.fromtimestamp(int(reset), UTC)),)


def read_record(answer: Answer, *, handle: str, now: datetime) -> Published | None:
    """None only where the server itself says that there is no record under our key."""
    uri = str(find_at(answer.json, "uri") or "")
    if answer.ok and uri and find_at(answer.json, "value") is not None:
        return Published(uri, permalink(handle, uri), read_time(find_at(answer.json, "value", "createdAt")))
    is_absent = answer.status in (400, 404) and (
        _error(answer) == "RecordNotFound" or "could not locate record" in _words(answer).lower()
    )
    if is_absent:
        return None
    raise failure(answer, create=False, now=now)


def check_removed(answer: Answer, *, now: datetime) -> None:
    if not answer.ok or answer.json is None:
        raise not_removed(TITLE, failure(answer, create=False, now=now))


def key_of(uri: str) -> str:
    return uri.rpartition("/")[2]


def read_listed(
    answer: Answer, message: Message, sent: Sent, *, handle: str, now: datetime
) -> tuple[Published | None, str]:
    """Our very words among one page of records, written in the try's window and nobody else's; and the next page's cursor.

    The cursor is empty at the end of the list and once the records are older than the window.
    """
    records = find_at(answer.json, "records")
    if not answer.ok or not isinstance(records, list):
        raise failure(answer, create=False, now=now)
    earliest, latest = sent.first_at - LIST_SLACK, sent.last_at + LIST_SLACK
    is_past = False
    for record in records:
        uri, at = str(find_at(record, "uri") or ""), read_time(find_at(record, "value", "createdAt"))
        is_past = is_past or (at is not None and at < earliest)
        if at is None or not earliest <= at <= latest or uri in sent.taken or not uri:
            continue
        if find_at(record, "value", "text") == message.text:
            return Published(uri, permalink(handle, uri), at), ""
    return None, "" if is_past else str(find_at(answer.json, "cursor") or "")


def read_recent(answer: Answer, since: datetime, *, handle: str, now: datetime) -> list[RecentPost]:
    """One page of the account's records, newest first."""
    records = find_at(answer.json, "records")
    if not answer.ok or not isinstance(records, list):
        raise failure(answer, create=False, now=now)
    found = []
    for record in records:
        uri, at = str(find_at(record, "uri") or ""), read_time(find_at(record, "value", "createdAt"))
        if uri and (at is None or at >= since):
            found.append(RecentPost(uri, str(find_at(record, "value", "text") or ""), permalink(handle, uri), at))
    return found


def permalink(handle: str, uri: str) -> str:
    return f"https://bsky.app/profile/{handle}/post/{key_of(uri)}"


def read_identity(answer: Answer, *, now: datetime) -> Identity:
    did, handle = str(find_at(answer.json, "did") or ""), str(find_at(answer.json, "handle") or "")
    if answer.ok and did:
        return Identity(did, handle, handle)
    raise failure(answer, create=False, now=now)


def read_metrics(answer: Answer, followers: int | None, *, now: datetime) -> dict[str, Metrics]:
    """From the posts that are still there; the others are gone."""
    posts = find_at(answer.json, "posts")
    if not answer.ok or not isinstance(posts, list):
        raise failure(answer, create=False, now=now)
    return {str(find_at(post, "uri")): _metrics(post, followers) for post in posts if isinstance(post, dict)}


def read_followers(answer: Answer) -> int | None:
    return find_number(find_at(answer.json, "followersCount")) if answer.ok else None


def _metrics(post: Mapping[str, Any], followers: int | None) -> Metrics:
    shared = [find_number(post.get(name)) for name in ("repostCount", "quoteCount")]
    known = [number for number in shared if number is not None]
    return Metrics(
        reactions=find_number(post.get("likeCount")),
        comments=find_number(post.get("replyCount")),
        shares=sum(known) if known else None,
        saves=find_number(post.get("bookmarkCount")),
        followers=followers,
    )


def failure(answer: Answer, *, create: bool, now: datetime) -> PublishError:
    """What to do about an answer that is no success: the name in `error` tells more than the status."""
    name, status = _error(answer), answer.status
    if status == 429 or name == "RateLimitExceeded":
        sentence = "Bluesky sedang membatasi akun ini; akan dilanjutkan otomatis."
        return TryLater(sentence, after=find_wait(answer, now=now), code=name or "429", http_status=status)
    if name in _BLOCKED:
        return _blocked(quote(_words(answer)) or name, status, code=name)
    if name == "AuthFactorTokenRequired":
        sentence = "Hubungkan ulang Bluesky dengan sandi aplikasi (bukan sandi akun)."
        return NeedsReconnect(sentence, code=name, http_status=status)
    if status in (401, 403) or name in _STALE:
        sentence = "Hubungkan ulang Bluesky: sandi aplikasi salah atau sudah dicabut."
        return NeedsReconnect(sentence, code=name or str(status), http_status=status)
    if name == "BlobNotFound" or (name and "could not find blob" in _words(answer).lower()):
        return lost(status)
    if status == 413 or name == "BlobTooLarge":
        sentence = "Kiriman ditolak Bluesky: berkas lebih besar daripada yang diterima peladen akun ini; kecilkan gambar (2 MB) atau videonya."
        return Refused(sentence, code=name or "413", http_status=status)
    if status == 400 and name:
        return Refused(f"Kiriman ditolak Bluesky: {quote(_words(answer)) or name}", code=name, http_status=status)
    return unreadable(TITLE, answer, create=create)


def lost(status: int | None = None) -> TryLater:
    """Pictures that no post uses are swept away after a while; whoever stored them forgets them and prepares again."""
    sentence = "Gambar di Bluesky kedaluwarsa; disiapkan ulang otomatis."
    return TryLater(sentence, after=timedelta(0), code=LOST, http_status=status)


def find_wait(answer: Answer, *, now: datetime) -> timedelta:
    """Retry-After in seconds, else until RateLimit-Reset (unix seconds)."""
    retry_after, reset = answer.headers.get("retry-after", ""), answer.headers.get("ratelimit-reset", "")
    if retry_after.isdecimal():
        return timedelta(seconds=int(retry_after))
    if reset.isdecimal() and int(reset) > now.timestamp():
        return timedelta(seconds=int(reset) - now.timestamp())
    return _RATE_GUESS


def _blocked(reason: str, status: int, *, code: str = "AccountInactive") -> NeedsReconnect:
    sentence = f"Bluesky membatasi akun ini ({reason}); buka aplikasi Bluesky, ikuti petunjuknya, lalu hubungkan ulang."
    return NeedsReconnect(sentence, code=code, http_status=status)


def _error(answer: Answer) -> str:
    return str(find_at(answer.json, "error") or "")


def _words(answer: Answer) -> str:
    return str(find_at(answer.json, "message") or "")
