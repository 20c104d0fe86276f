"""Instagram's content publishing API: what a message becomes, and what each answer means.

Sources: "Content publishing" and "Error codes" of the Instagram Platform (developers.facebook.com, read November 2026),
facebook-business-sdk-codegen at ad2b0b6 (v25.0, IGUser and IGMedia) and facebook_business 26.0.3 (v26.0).
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.platforms import meta
from app.platforms.answer import Answer, find_at, find_id, find_number, quote, read_time, same_words, unreadable
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

TITLE = "Instagram"

LIMITS = Limits(
    text=2200,
    images=10,
    image_bytes=8 * 1024 * 1024,
    alt_text=1000,
    image_types=("image/jpeg",),
    needs_image=True,
    slots=500,
    image_ratio=(4 / 5, 1.91),
    image_width=1440,
    video=VideoLimits(300 * 1024 * 1024, (3, 15 * 60), ("video/mp4", "video/quicktime"), ("h264", "hevc")),
    paces=(Pace(100, timedelta(hours=24)),),
)
"""100 posts in a rolling 24 hours: "Content publishing", November 2026 (another page says 50: what the account is told counts). A reel is MP4 or MOV, H.264 or HEVC, 3 seconds to 15 minutes, 300 MB: "Content publishing", November 2026. Caption 2,200 characters with 30 hashtags and 20 mentions, carousel of 2-10, JPEG of 8 MB at most, alt text 1,000,
4:5 to 1.91:1, 320 to 1440 pixels wide (Instagram scales what is not): "Content publishing" and IG User `/media` reference, November 2026 (the app itself takes 20 pictures, the API 10)."""

OPTIONS = (
    Option(
        "as",
        "Bentuk",
        OptionKind.CHOICE,
        (("story", "Cerita (hilang sesudah 24 jam)"),),
        usual="Unggahan biasa; video menjadi reel",
        help="Cerita memuat satu gambar atau video, dan tulisannya tidak tampil.",
    ),
    Option("reel_only", "Reel saja, tidak di kisi profil", OptionKind.YES, help="Hanya untuk video."),
    Option(
        "collaborators",
        "Ajak akun lain sebagai kolaborator",
        OptionKind.NAMES,
        most=3,
        help="Nama akun Instagram, pisahkan dengan koma; paling banyak tiga. Mereka harus menyetujui di Instagram.",
    ),
)
"""`media_type=STORIES`, `share_to_feed`, `collaborators` of POST /{ig}/media: "Content publishing", November 2026."""

HASHTAGS, MENTIONS = 30, 20
LOOK_BACK = timedelta(minutes=5)
INSIGHTS = ("views", "reach", "likes", "comments", "shares", "saved")
"""Alive in the v26.0 enum; `impressions` and `plays` are refused since 21 April 2025 (changelog)."""

LOST = "container_lost"

_MAY_POST, _MAY_READ = "instagram_business_content_publish", "instagram_business_basic"
_HASHTAG = re.compile(r"(?<!\w)#\w+")
_MENTION = re.compile(r"(?<![\w.])@\w[\w.]*")
_CODE_IN_STATUS = re.compile(r"\b(2207\d{3})\b")

_NOT_READY = 2207027
_LOST = {2207006, 2207008, 2207020, 2207057}
_BLOCKED = {2207050, 2207051}
# Publishing a container that could not be built: certainly nothing was posted.
_FAILED_BUILD = {2207032, 2207053}
_TRANSIENT = {2207001, 2207003, 2207032, 2207053, 2207082}
# Meta lists 9004 as permanent, but what it cannot fetch is our own address: mended there, it works.
_UNFETCHED = {9004, 2207052}
_DAILY_LIMIT = 2207042
_DAILY_GUESS = timedelta(hours=1)
"""The quota is a rolling 24 hours and no reset time is named; within an hour an older post may have left the window."""

_CONTENT = {
    2207004: "gambar lebih besar dari 8 MB; kecilkan gambarnya",
    2207005: "gambar harus JPEG",
    2207009: "bentuk gambar harus antara 4:5 (tegak) dan 1,91:1 (mendatar)",
    2207010: "keterangan lebih dari 2.200 karakter; pendekkan tulisannya",
    2207028: "jumlah gambar harus 2 sampai 10",
    2207040: "terlalu banyak sebutan akun (@); paling banyak 20",
}


class Container(StrEnum):
    """Instagram's own words for where a container stands; MISSING is ours."""

    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    ERROR = "ERROR"
    EXPIRED = "EXPIRED"
    PUBLISHED = "PUBLISHED"
    MISSING = "MISSING"


def length(text: str) -> int:
    """Characters."""
    return len(text)


def problems(text: str) -> list[str]:
    """What Instagram counts beside the length: hashtags and mentions; one sentence each."""
    hashtags, mentions = len(_HASHTAG.findall(text)), len(_MENTION.findall(text))
    found = []
    if hashtags > HASHTAGS:
        found.append(f"Instagram menerima paling banyak {HASHTAGS} tagar; tulisan ini punya {hashtags}.")
    if mentions > MENTIONS:
        found.append(f"Instagram menerima paling banyak {MENTIONS} sebutan akun (@); tulisan ini punya {mentions}.")
    return found


def check_message(message: Message) -> None:
    """Raises Refused for what cannot become a container at all."""
    if is_story(message) and len(message.pictures) > 1:
        raise Refused("Cerita Instagram hanya memuat satu gambar; kurangi gambarnya.", code="story_pictures")
    if message.video is not None:
        if not message.video.url:
            raise Refused("Video belum punya alamat umum yang dapat dibuka Instagram.", code="needs_url")
        return
    if not message.pictures:
        raise Refused("Instagram butuh gambar: tambahkan paling sedikit satu gambar.", code="needs_image")
    if any(not picture.url for picture in message.pictures):
        raise Refused("Gambar belum punya alamat umum yang dapat dibuka Instagram.", code="needs_url")


def single_form(message: Message) -> dict[str, str]:
    """For POST /{ig}/media with one picture."""
    if is_story(message):
        return {"media_type": "STORIES", "image_url": message.pictures[0].url}
    return _picture_form(message.pictures[0]) | _said(message)


def reel_form(message: Message, video: Video) -> dict[str, str]:
    """For POST /{ig}/media: a single video is a reel, unless it is a story."""
    if is_story(message):
        return {"media_type": "STORIES", "video_url": video.url}
    shared = "false" if message.options.get("reel_only") is True else "true"
    return {"media_type": "REELS", "video_url": video.url, "share_to_feed": shared} | _said(message)


def is_story(message: Message) -> bool:
    return message.options.get("as") == "story"


def _said(message: Message) -> dict[str, str]:
    """The caption, and whose post it shall be as well."""
    names = message.options.get("collaborators")
    shared = {"collaborators": json.dumps(list(names))} if isinstance(names, list) and names else {}
    return {"caption": message.text} | shared


def child_form(picture: Picture) -> dict[str, str]:
    return _picture_form(picture) | {"is_carousel_item": "true"}


def carousel_form(message: Message, children: Sequence[str]) -> dict[str, str]:
    return {"media_type": "CAROUSEL", "children": ",".join(children)} | _said(message)


def _picture_form(picture: Picture) -> dict[str, str]:
    return {"image_url": picture.url} | ({"alt_text": picture.alt_text} if picture.alt_text else {})


def find_form(sent: Sent) -> dict[str, str]:
    return list_form(sent.first_at - LOOK_BACK)


def list_form(since: datetime) -> dict[str, str]:
    return {"fields": "id,caption,timestamp,permalink", "since": str(int(since.timestamp())), "limit": "100"}


def read_container_id(answer: Answer) -> str:
    container_id = find_id(find_at(answer.json, "id"))
    if answer.ok and container_id:
        return container_id
    raise failure(answer, create=False, needs=_MAY_POST)


def read_state(answer: Answer) -> Container:
    """Raises what else stood in the way; a container that Instagram does not know any more is MISSING."""
    error = meta.find_error(answer)
    if error and (error.is_gone or error.code == 24 or error.subcode in _LOST):
        return Container.MISSING
    word = str(find_at(answer.json, "status_code") or "")
    if answer.ok and word in set(Container):
        return Container(word)
    raise failure(answer, create=False)


def check_built(state: Container, answer: Answer) -> None:
    """Raises unless the container is ready to publish, or still on its way."""
    status = str(find_at(answer.json, "status") or "")
    match state:
        case Container.ERROR:
            code = int(found[1]) if (found := _CODE_IN_STATUS.search(status)) else 0
            if code in _TRANSIENT or not code:
                raise TryLater("Instagram gagal mengolah gambar; dicoba lagi.", after=timedelta(minutes=1), code=LOST)
            raise _refused(code, status, http_status=answer.status)
        case Container.EXPIRED | Container.MISSING:
            raise lost(answer)


def still_building() -> TryLater:
    sentence = "Instagram masih mengolah gambar; akan dicoba lagi."
    return TryLater(sentence, after=timedelta(minutes=1), code="in_progress")


def lost(answer: Answer | None = None) -> TryLater:
    """The stored container is of no use any more: whoever stored it forgets it and prepares again."""
    return TryLater(
        "Gambar di Instagram kedaluwarsa; disiapkan ulang otomatis.",
        after=timedelta(0),
        code=LOST,
        http_status=answer.status if answer else None,
    )


def is_unknown_container(answer: Answer) -> bool:
    """Instagram answers alike for a container that is gone and for one that is published already."""
    error = meta.find_error(answer)
    return error is not None and (error.code == 24 or error.subcode in {2207006, 2207008} or error.is_gone)


def read_published(answer: Answer) -> str:
    remote_id = find_id(find_at(answer.json, "id"))
    if answer.ok and remote_id:
        return remote_id
    raise failure(answer, create=True, needs=_MAY_POST)


def read_media(answer: Answer, remote_id: str) -> Published:
    """With the permalink where the answer holds one: right after publishing it may not yet."""
    body = answer.json if answer.ok else None
    url = find_at(body, "permalink")
    return Published(remote_id, str(url) if url else None, read_time(find_at(body, "timestamp")))


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
        if same_words(str(item.get("caption") or "")) == ours and find_id(item.get("id")) not in taken:
            url, created_at = item.get("permalink"), read_time(item.get("timestamp"))
            return Page(Published(find_id(item.get("id")), str(url) if url else None, created_at), "")
    return Page(None, meta.find_next(answer))


def read_story(answer: Answer, sent: Sent) -> Published | None:
    """A story has no words to know it by: ours is the only unclaimed one of the try's own minutes."""
    check_ok(answer)
    if not isinstance(find_at(answer.json, "data"), list):
        raise failure(answer, create=False)
    found = [
        Published(find_id(item.get("id")), str(item["permalink"]) if item.get("permalink") else None, at)
        for item in answer.items
        if (at := read_time(item.get("timestamp"))) and sent.first_at - LOOK_BACK <= at <= sent.last_at + LOOK_BACK
    ]
    ours = [each for each in found if each.remote_id not in sent.taken]
    return ours[0] if len(ours) == 1 else None


def unlisted() -> TryLater:
    return TryLater(
        "Kiriman sudah terbit di Instagram, tetapi belum muncul di daftarnya; akan dicek lagi.",
        after=timedelta(seconds=30),
        code="published_unlisted",
    )


def check_ok(answer: Answer, *, needs: str = _MAY_READ) -> None:
    if not answer.ok or answer.json is None or "error" in answer.json:
        raise failure(answer, create=False, needs=needs)


def read_identity(answer: Answer) -> Identity:
    """`user_id` is the number that publishes; `id` is only this app's number for it."""
    check_ok(answer)
    body = answer.json or {}
    username = str(body.get("username") or "")
    return Identity(find_id(body.get("user_id") or body.get("id")), username, str(body.get("name") or username))


def read_followers(answer: Answer) -> int | None:
    return find_number(find_at(answer.json, "followers_count")) if answer.ok else None


def build_metrics(counts: Mapping[str, object], insights: Mapping[str, object], followers: int | None) -> Metrics:
    """Insights first; the plain counts fill what insights refused."""

    def pick(name: str, count: str = "") -> int | None:
        number = find_number(insights.get(name))
        return find_number(counts.get(count)) if number is None else number

    return Metrics(
        views=pick("views"),
        reach=pick("reach"),
        reactions=pick("likes", "like_count"),
        comments=pick("comments", "comments_count"),
        shares=pick("shares"),
        saves=pick("saved"),
        followers=followers,
    )


def failure(answer: Answer, *, create: bool, needs: str = _MAY_READ) -> PublishError:
    """Instagram's own codes first, then those of every Graph product."""
    error = meta.find_error(answer)
    own = None
    if error is not None:
        own = _account_failure(error, answer.status) or _container_failure(error, answer, create=create)
    return own or meta.failure(answer, title=TITLE, create=create, needs=needs)


def _account_failure(error: meta.GraphError, status: int) -> PublishError | None:
    if error.subcode == _DAILY_LIMIT or error.code == 9:
        sentence = "Jatah kiriman Instagram 24 jam akun ini habis; dilanjutkan otomatis."
        return TryLater(sentence, after=_DAILY_GUESS, code=error.label, http_status=status)
    if error.subcode in _BLOCKED or error.code == 25:
        sentence = "Instagram membatasi akun ini; buka aplikasi Instagram, ikuti petunjuknya, lalu hubungkan ulang."
        return NeedsReconnect(sentence, code=error.label, http_status=status)
    return None


def _container_failure(error: meta.GraphError, answer: Answer, *, create: bool) -> PublishError | None:
    status = answer.status
    if error.subcode == _NOT_READY or error.code == 9007:
        sentence = "Instagram masih mengolah gambar; segera dicoba lagi."
        return TryLater(sentence, after=timedelta(seconds=10), code=error.label, http_status=status)
    if error.subcode in _LOST or error.code == 24 or (create and error.subcode in _FAILED_BUILD):
        return lost(answer)
    if error.codes & _UNFETCHED:
        sentence = "Instagram tidak dapat mengambil gambar kita; pengelola perlu memeriksa KENTONGAN_BASE_URL."
        return TryLater(sentence, after=timedelta(minutes=2), code=error.label, http_status=status)
    if error.subcode in _TRANSIENT:
        return unreadable(TITLE, answer, create=create)
    if error.subcode in _CONTENT:
        return _refused(error.subcode, error.message, http_status=status)
    return None


def _refused(subcode: int, words: str, *, http_status: int) -> Refused:
    reason = _CONTENT.get(subcode) or quote(words)
    return Refused(f"Kiriman ditolak Instagram: {reason}.", code=str(subcode), http_status=http_status)
