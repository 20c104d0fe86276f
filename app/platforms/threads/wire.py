"""Threads' API: what a message becomes, and what each answer means.

Sources: Threads API "Overview" (22 December 2025), "Posts" (14 April 2026) and "Accessibility" (developers.facebook.com, read
November 2026), and the Postman collection of fbsamples/threads_api at 44df04d.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import regex

from app.platforms import meta
from app.platforms.answer import (
    Answer,
    find_at,
    find_id,
    find_number,
    quote,
    read_time,
    same_words,
    unreadable,
)
from app.platforms.contract import (
    Identity,
    Limits,
    Message,
    Metrics,
    NeedsReconnect,
    Option,
    OptionKind,
    Pace,
    Picture,
    Published,
    PublishError,
    Refused,
    Sent,
    TryLater,
    Video,
    VideoLimits,
)

TITLE = "Threads"
VERSION = "v1.0"
"""Threads counts its versions apart from the rest of Graph."""

LIMITS = Limits(
    text=500,
    images=20,
    image_bytes=8 * 1024 * 1024,
    alt_text=1000,
    image_types=("image/jpeg", "image/png"),
    slots=256,
    image_ratio=(1 / 10, 10),
    image_width=1440,
    video=VideoLimits(1024**3, (0, 300), ("video/mp4", "video/quicktime"), ("h264", "hevc"), alt_text=1000),
    paces=(Pace(250, timedelta(hours=24)),),
)
"""250 posts in a rolling 24 hours: "Overview", 14 April 2026. A video is MP4 or MOV, up to 5 minutes and 1 GB: "Posts", 14 April 2026. 500 characters, carousel of 2-20, JPEG or PNG of 8 MB, 320 to 1440 pixels wide, at most 10:1: "Posts", 14 April 2026.
No limit of alt text is published; 1,000 is taken from Instagram."""

OPTIONS = (
    Option(
        "replies",
        "Siapa yang boleh membalas",
        OptionKind.CHOICE,
        (("accounts_you_follow", "Akun yang diikuti"), ("mentioned_only", "Akun yang disebut")),
        usual="Semua orang",
    ),
)
"""`reply_control`: "Posts", 14 April 2026."""

LINKS = 5
"""Different links in one post: THREADS_API__LINK_LIMIT_EXCEEDED, changelog of December 2025."""

LOOK_BACK = timedelta(minutes=5)
INSIGHTS = ("views", "likes", "replies", "reposts", "quotes", "shares")

LOST = "container_lost"

_MAY_POST, _MAY_READ, _MAY_DELETE = "threads_content_publish", "threads_basic", "threads_delete"
_LINK = re.compile(r"https?://[^\s<>\"]+|\bwww\.[^\s<>\"]+", re.IGNORECASE)
_GRAPHEME = regex.compile(r"\X")
_EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\ufe0f]")

_NOT_FOUND = 24
_LOST_SUBCODES = {2207006, 2207008, 2207020}
# Publishing a container that could not be built: certainly nothing was posted.
_FAILED_BUILD = {2207032, 2207053}
_BLOCKED = {2207050, 2207051, 4279013}
_TRANSIENT = {2207001, 2207003}
_UNFETCHED = {9004, 2207052}
_DAILY_LIMIT = 2207042
_DAILY_GUESS = timedelta(hours=1)
"""250 posts in a rolling 24 hours, and no reset time is named; within an hour an older post may have left the window."""

_CONTENT = {
    2207004: "gambar lebih besar dari 8 MB; kecilkan gambarnya",
    2207005: "gambar harus JPEG atau PNG",
    2207009: "gambar terlalu panjang atau terlalu lebar; paling jauh 10:1",
    4279036: f"lebih dari {LINKS} tautan berbeda; kurangi tautannya",
}


class Container(StrEnum):
    """Threads' own words for where a container stands; MISSING is ours."""

    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    ERROR = "ERROR"
    EXPIRED = "EXPIRED"
    PUBLISHED = "PUBLISHED"
    MISSING = "MISSING"


def length(text: str) -> int:
    """Characters, but an emoji counts the bytes of its UTF-8 form."""
    return sum(len(sign.encode()) if _EMOJI.search(sign) else len(sign) for sign in _GRAPHEME.findall(text))


def check_message(message: Message) -> None:
    """Raises Refused for what cannot become a container at all."""
    if not message.text and not message.pictures and not message.video:
        raise Refused("Kiriman ditolak Threads: tulisannya kosong.", code="empty")
    if (links := len(set(_LINK.findall(message.text)))) > LINKS:
        sentence = f"Kiriman ditolak Threads: ada {links} tautan berbeda, paling banyak {LINKS}; kurangi tautannya."
        raise Refused(sentence, code="too_many_links")
    if message.video is not None and not message.video.url:
        raise Refused("Video belum punya alamat umum yang dapat dibuka Threads.", code="needs_url")
    if any(not picture.url for picture in message.pictures):
        raise Refused("Gambar belum punya alamat umum yang dapat dibuka Threads.", code="needs_url")


def single_form(message: Message) -> dict[str, str]:
    """For POST /{user}/threads without pictures, with one, or with a video."""
    if message.video is not None:
        return _video_form(message.video) | _said(message)
    if not message.pictures:
        return {"media_type": "TEXT"} | _said(message)
    return _picture_form(message.pictures[0]) | _said(message)


def child_form(picture: Picture) -> dict[str, str]:
    return _picture_form(picture) | {"is_carousel_item": "true"}


def carousel_form(message: Message, children: Sequence[str]) -> dict[str, str]:
    return {"media_type": "CAROUSEL", "children": ",".join(children)} | _said(message)


def _said(message: Message) -> dict[str, str]:
    """The words, and who may answer them."""
    replies = message.options.get("replies")
    return ({"text": message.text} if message.text else {}) | ({"reply_control": str(replies)} if replies else {})


def _video_form(video: Video) -> dict[str, str]:
    alt_text = {"alt_text": video.alt_text} if video.alt_text else {}
    return {"media_type": "VIDEO", "video_url": video.url} | alt_text


def _picture_form(picture: Picture) -> dict[str, str]:
    alt_text = {"alt_text": picture.alt_text} if picture.alt_text else {}
    return {"media_type": "IMAGE", "image_url": picture.url} | alt_text


def find_form(sent: Sent) -> dict[str, str]:
    return list_form(sent.first_at - LOOK_BACK)


def list_form(since: datetime) -> dict[str, str]:
    return {"fields": "id,text,timestamp,permalink", "since": str(int(since.timestamp())), "limit": "100"}


def read_container_id(answer: Answer) -> str:
    container_id = find_id(find_at(answer.json, "id"))
    if answer.ok and container_id:
        return container_id
    raise failure(answer, create=False, needs=_MAY_POST)


def read_state(answer: Answer) -> Container:
    """Raises what else stood in the way; a container that Threads does not know any more is MISSING."""
    error = meta.find_error(answer)
    if error and (error.is_gone or error.code == _NOT_FOUND or error.subcode in _LOST_SUBCODES):
        return Container.MISSING
    word = str(find_at(answer.json, "status") or "")
    if answer.ok and word in set(Container):
        return Container(word)
    raise failure(answer, create=False)


def check_built(state: Container, answer: Answer) -> None:
    """Raises unless the container is ready to publish, or still on its way."""
    match state:
        case Container.ERROR:
            reason = quote(find_at(answer.json, "error_message") or "UNKNOWN")
            if reason.startswith("INVALID_"):
                raise Refused(f"Kiriman ditolak Threads: {reason}.", code=reason, http_status=answer.status)
            sentence = f"Threads gagal mengolah kiriman ({reason}); dicoba lagi."
            raise TryLater(sentence, after=timedelta(minutes=1), code=LOST)
        case Container.EXPIRED | Container.MISSING:
            raise lost(answer)


def still_building() -> TryLater:
    sentence = "Threads masih mengolah kiriman; akan dicoba lagi."
    return TryLater(sentence, after=timedelta(minutes=1), code="in_progress")


def lost(answer: Answer | None = None) -> TryLater:
    """The stored container is of no use any more: whoever stored it forgets it and prepares again."""
    return TryLater(
        "Wadah kiriman di Threads kedaluwarsa; disiapkan ulang otomatis.",
        after=timedelta(0),
        code=LOST,
        http_status=answer.status if answer else None,
    )


def not_ready() -> TryLater:
    """Threads' advice is to wait about half a minute between container and publish."""
    return TryLater("Threads masih mengolah kiriman; segera dicoba lagi.", after=timedelta(seconds=30), code="24")


def is_unknown_container(answer: Answer) -> bool:
    """Threads answers alike for a container that is gone, not ready yet, or published already."""
    error = meta.find_error(answer)
    return error is not None and (error.code == _NOT_FOUND or error.subcode in {2207006, 2207008} or error.is_gone)


def read_published(answer: Answer) -> str:
    remote_id = find_id(find_at(answer.json, "id"))
    if answer.ok and remote_id:
        return remote_id
    raise failure(answer, create=True, needs=_MAY_POST)


def is_removed(answer: Answer) -> bool:
    """False where it was gone before, or cannot be seen; raises what else stood in the way."""
    return meta.is_removed(answer, lambda: failure(answer, create=False, needs=_MAY_DELETE), title=TITLE)


def read_link(answer: Answer) -> str | None:
    """None while the post cannot be read yet: right after publishing, reads lag."""
    error = meta.find_error(answer)
    if error and error.is_gone:
        return None
    check_ok(answer)
    url = find_at(answer.json, "permalink")
    return str(url) if url else None


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
        if same_words(str(item.get("text") or "")) == ours and find_id(item.get("id")) not in taken:
            url, created_at = item.get("permalink"), read_time(item.get("timestamp"))
            return Page(Published(find_id(item.get("id")), str(url) if url else None, created_at), "")
    return Page(None, meta.find_next(answer))


def unlisted() -> TryLater:
    return TryLater(
        "Kiriman sudah terbit di Threads, tetapi belum muncul di daftarnya; akan dicek lagi.",
        after=timedelta(seconds=30),
        code="published_unlisted",
    )


def check_ok(answer: Answer, *, needs: str = _MAY_READ) -> None:
    if not answer.ok or answer.json is None or "error" in answer.json:
        raise failure(answer, create=False, needs=needs)


def read_identity(answer: Answer) -> Identity:
    check_ok(answer)
    body = answer.json or {}
    account_id, username = find_id(body.get("id")), str(body.get("username") or "")
    if not account_id:
        raise failure(answer, create=False)
    return Identity(account_id, username, str(body.get("name") or username))


def read_followers(answer: Answer) -> int | None:
    """None where the account's own insights are refused: the posts' numbers still count."""
    return find_number(meta.find_insights(answer).get("followers_count")) if answer.ok else None


def build_metrics(insights: Mapping[str, object], followers: int | None) -> Metrics:
    shared = [find_number(insights.get(name)) for name in ("reposts", "quotes", "shares")]
    known = [number for number in shared if number is not None]
    return Metrics(
        views=find_number(insights.get("views")),
        reactions=find_number(insights.get("likes")),
        comments=find_number(insights.get("replies")),
        shares=sum(known) if known else None,
        followers=followers,
    )


def failure(answer: Answer, *, create: bool, needs: str = _MAY_READ) -> PublishError:
    """Threads' own codes first, then those of every Graph product."""
    error = meta.find_error(answer)
    own = _own_failure(error, answer, create=create) if error is not None else None
    return own or meta.failure(answer, title=TITLE, create=create, needs=needs)


def _own_failure(error: meta.GraphError, answer: Answer, *, create: bool) -> PublishError | None:
    status, subcode = answer.status, error.subcode
    if subcode == _DAILY_LIMIT or error.code == 9:
        sentence = "Jatah kiriman Threads 24 jam akun ini habis; dilanjutkan otomatis."
        return TryLater(sentence, after=_DAILY_GUESS, code=error.label, http_status=status)
    if subcode in _BLOCKED:
        sentence = "Threads membatasi akun ini; buka aplikasi Threads, ikuti petunjuknya, lalu hubungkan ulang."
        return NeedsReconnect(sentence, code=error.label, http_status=status)
    if error.code == _NOT_FOUND or subcode in _LOST_SUBCODES or (create and subcode in _FAILED_BUILD):
        return lost(answer)
    if error.codes & _UNFETCHED:
        sentence = "Threads tidak dapat mengambil gambar kita; pengelola perlu memeriksa KENTONGAN_BASE_URL."
        return TryLater(sentence, after=timedelta(minutes=2), code=error.label, http_status=status)
    if subcode in _TRANSIENT | _FAILED_BUILD:
        return unreadable(TITLE, answer, create=create)
    if subcode in _CONTENT:
        sentence = f"Kiriman ditolak Threads: {_CONTENT[subcode]}."
        return Refused(sentence, code=str(subcode), http_status=status)
    return None
