"""YouTube's Data API v3: what a message becomes, and what each answer means.

Sources: discovery document of 4 November 2026, "Resumable Uploads", "Quota Calculator" and "Errors" (developers.google.com, read
November 2026). There are no posts of text or pictures in this API.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from app.platforms.answer import Answer, find_at, find_id, not_removed, quote, read_time, same_words, unreadable
from app.platforms.contract import (
    Handed,
    Identity,
    Limits,
    Message,
    Metrics,
    NeedsReconnect,
    Option,
    OptionKind,
    Pace,
    Published,
    PublishError,
    RecentPost,
    Refused,
    Scope,
    Sent,
    TryLater,
    VideoLimits,
)

TITLE = "YouTube"

LIMITS = Limits(
    text=5000,
    images=0,
    image_bytes=0,
    alt_text=0,
    image_types=(),
    slots=16,
    video=VideoLimits(256 * 1024**3, (0, 900), ("video/mp4", "video/quicktime"), ("h264", "hevc")),
    needs_media=True,
    needs_video=True,
    paces=(Pace(100, timedelta(hours=24), Scope.APP),),
)
"""100 uploads a day of one project ("Quota calculator", November 2026; it ends at midnight Pacific, we count a rolling day). 5,000 bytes of description, 256 GiB a file (discovery, 4 November 2026); 15 minutes, which a channel that has not been verified
by telephone may not pass (support.google.com/youtube/answer/71673, November 2026). Upright and up to 3 minutes, it is a Short."""

TITLE_LENGTH, TAGS_LENGTH = 100, 500
OPTIONS = (
    Option(
        "title",
        "Judul",
        OptionKind.TEXT,
        most=TITLE_LENGTH,
        help="Tanpa < dan >. Bila kosong: judul templat atau kalimat pertama.",
    ),
    Option(
        "privacy",
        "Siapa yang boleh melihat",
        OptionKind.CHOICE,
        (("unlisted", "Siapa saja yang punya tautannya"), ("private", "Hanya pengelola kanal")),
        usual="Semua orang",
    ),
    Option("tags", "Tag", OptionKind.NAMES, most=8, help="Pisahkan dengan koma."),
    Option("for_kids", "Dibuat untuk anak-anak", OptionKind.YES),
    Option("is_ai", "Memuat gambar buatan AI yang tampak nyata", OptionKind.YES),
)

CATEGORY = "25"
"""News & Politics; the list is by country, and this one is everywhere."""

CHUNK = 16 * 1024 * 1024
"""A multiple of 256 KiB, as "Resumable Uploads" asks of all but the last."""
BATCH, PAGE = 50, 50
LOOK_BACK = timedelta(minutes=5)
LOST = "container_lost"

_PACIFIC = ZoneInfo("America/Los_Angeles")
_DAY = timedelta(hours=24)
_HELD = re.compile(r"bytes=0-(\d+)")
_FORBIDDEN = re.compile(r"[<>]")

_QUOTA = {"quotaExceeded", "dailyLimitExceeded"}
_TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded"}
_DEAD = {"authError", "youtubeSignupRequired", "authorizationRequired", "insufficientPermissions", "forbidden"}
_REJECTED = {
    "copyright": "ada hak cipta pihak lain",
    "claim": "ada hak cipta pihak lain",
    "trademark": "ada merek pihak lain",
    "duplicate": "video yang sama sudah ada di kanal ini",
    "inappropriate": "YouTube menganggap isinya tidak pantas",
    "length": "videonya terlalu panjang untuk kanal ini; verifikasi kanalnya dengan telepon",
    "legal": "ada keberatan hukum",
    "termsOfUse": "YouTube menganggapnya melanggar ketentuan",
    "uploaderAccountClosed": "kanalnya sudah ditutup",
    "uploaderAccountSuspended": "kanalnya dibekukan YouTube",
}
_LOCKED = (
    "Video sudah di YouTube tetapi dikunci pribadi, karena aplikasi kita belum diaudit YouTube. Unggah videonya sendiri di YouTube "
    "Studio, hapus yang terkunci, lalu tempel tautannya di sini."
)


def length(text: str) -> int:
    """Bytes of UTF-8, as the description is counted."""
    return len(text.encode())


def title_of(message: Message) -> str:
    """What was chosen, else the first line, shortened at a word where it is too long."""
    chosen = str(message.options.get("title") or "").strip()
    first = chosen or " ".join(message.text.strip().partition("\n")[0].split())
    if len(first) <= TITLE_LENGTH:
        return first
    cut = first[: TITLE_LENGTH - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"


def check_message(message: Message) -> None:
    """Raises Refused for what can never become a video."""
    if message.video is None:
        raise Refused("Kiriman ditolak YouTube: hanya video yang diterima; lampirkan satu video.", code="needs_video")
    if (count := length(message.text)) > LIMITS.text:
        sentence = f"Kiriman ditolak YouTube: keterangan {count} bita, paling banyak {LIMITS.text}; pendekkan."
        raise Refused(sentence, code="too_long")
    if _FORBIDDEN.search(message.text) or _FORBIDDEN.search(str(message.options.get("title") or "")):
        raise Refused(
            "Kiriman ditolak YouTube: hapus tanda < dan > dari judul dan keterangan.", code="invalidDescription"
        )
    if not title_of(message):
        raise Refused("Kiriman ditolak YouTube: butuh judul.", code="invalidTitle")


def video_body(message: Message) -> dict[str, Any]:
    """For the start of an upload, part=snippet,status."""
    tags = message.options.get("tags")
    snippet = {
        "title": title_of(message),
        "description": message.text,
        "categoryId": CATEGORY,
        "defaultLanguage": str(message.options.get("language") or "id"),
    }
    status: dict[str, Any] = {
        "privacyStatus": str(message.options.get("privacy") or "public"),
        "selfDeclaredMadeForKids": message.options.get("for_kids") is True,
    }
    if message.options.get("is_ai") is True:
        status["containsSyntheticMedia"] = True
    return {"snippet": snippet | ({"tags": list(tags)} if isinstance(tags, list) else {}), "status": status}


def upload_headers(message: Message) -> dict[str, str]:
    video = message.video
    return {
        "X-Upload-Content-Type": video.mime if video else "",
        "X-Upload-Content-Length": str(video.size if video else 0),
    }


def read_session(answer: Answer, base_url: str, *, now: datetime) -> str:
    """Where the bytes go; without our own base in front, so that a credential is never sent anywhere else."""
    address = answer.headers.get("location", "")
    if not answer.ok or not address:
        raise failure(answer, create=False, now=now)
    return address.removeprefix(base_url) if address.startswith(f"{base_url}/") else _local(address)


def _local(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def pieces(size: int, *, held: int = 0) -> Iterator[tuple[int, int]]:
    """The spans still to be sent when `held` bytes are there."""
    for start in range(held, size, CHUNK):
        yield start, min(start + CHUNK, size)


def content_range(span: tuple[int, int], size: int) -> str:
    return f"bytes {span[0]}-{span[1] - 1}/{size}"


def read_held(answer: Answer, *, create: bool, now: datetime) -> int:
    """How many bytes are there (308). Raises what else it was; a session that is gone is to be begun anew."""
    if answer.status == 308:
        match = _HELD.fullmatch(answer.headers.get("range", ""))
        return int(match.group(1)) + 1 if match else 0
    if answer.status in (404, 410):
        raise lost(answer)
    raise failure(answer, create=create, now=now)


def is_whole(answer: Answer) -> bool:
    return answer.status in (200, 201)


def read_made(answer: Answer, message: Message, *, create: bool, now: datetime) -> Published | Handed:
    """What the finished upload became. Raises Refused where YouTube has rejected it at once."""
    video_id = find_id(find_at(answer.json, "id"))
    if not is_whole(answer) or not video_id:
        raise failure(answer, create=create, now=now)
    check_rejected(answer.json or {})
    wanted = str(message.options.get("privacy") or "public")
    if wanted != "private" and find_at(answer.json, "status", "privacyStatus") == "private":
        return Handed(_LOCKED, video_id)
    return Published(video_id, link(video_id), read_time(find_at(answer.json, "snippet", "publishedAt")))


def check_rejected(video: Mapping[str, Any]) -> None:
    if find_at(video, "status", "uploadStatus") not in ("rejected", "failed"):
        return
    reason = str(find_at(video, "status", "rejectionReason") or find_at(video, "status", "failureReason") or "")
    said = _REJECTED.get(reason) or f"videonya tidak dapat diolah ({quote(reason or 'tanpa alasan')})"
    raise Refused(f"Kiriman ditolak YouTube: {said}.", code=reason or "rejected")


def link(video_id: str) -> str:
    return f"https://www.youtube.com/watch?v={video_id}"


def lost(answer: Answer | None = None) -> TryLater:
    return TryLater(
        "Unggahan YouTube kedaluwarsa; disiapkan ulang otomatis.",
        after=timedelta(0),
        code=LOST,
        http_status=answer.status if answer else None,
    )


@dataclass(frozen=True)
class Page:
    found: Published | None
    next_token: str


def read_page(answer: Answer, message: Message, sent: Sent, *, now: datetime) -> Page:
    """Of the uploads playlist, newest first: ours by title and description within the window."""
    ours = same_words(title_of(message)), same_words(message.text)
    items = read_items(answer, now=now)
    oldest: datetime | None = None
    for item in items:
        snippet = item.get("snippet")
        at, video_id = read_time(find_at(snippet, "publishedAt")), find_id(find_at(snippet, "resourceId", "videoId"))
        oldest = at or oldest
        fits = at is not None and sent.first_at - LOOK_BACK <= at <= sent.last_at + timedelta(hours=1)
        said = same_words(str(find_at(snippet, "title"))), same_words(str(find_at(snippet, "description")))
        if fits and said == ours and video_id not in sent.taken:
            return Page(Published(video_id, link(video_id), at), "")
    is_old = oldest is not None and oldest < sent.first_at - LOOK_BACK
    return Page(None, "" if is_old else find_id(find_at(answer.json, "nextPageToken")))


def read_recent(answer: Answer, since: datetime, *, now: datetime) -> list[RecentPost]:
    """Title and description as one text."""
    found = []
    for item in read_items(answer, now=now):
        snippet = item.get("snippet")
        at, video_id = read_time(find_at(snippet, "publishedAt")), find_id(find_at(snippet, "resourceId", "videoId"))
        if video_id and (at is None or at >= since):
            words = f"{find_at(snippet, 'title') or ''}\n{find_at(snippet, 'description') or ''}".strip()
            found.append(RecentPost(video_id, words, link(video_id), at))
    return found


def read_items(answer: Answer, *, now: datetime) -> list[Mapping[str, Any]]:
    items = find_at(answer.json, "items")
    if not answer.ok or not isinstance(items, list):
        # Only a list can show that something is absent.
        raise failure(answer, create=False, now=now)
    return [item for item in items if isinstance(item, Mapping)]


def read_uploads(answer: Answer, *, now: datetime) -> str:
    """The playlist of everything that the channel has uploaded."""
    for channel in read_items(answer, now=now):
        if found := find_id(find_at(channel, "contentDetails", "relatedPlaylists", "uploads")):
            return found
    raise _reconnect("youtubeSignupRequired", answer)


def read_identity(answer: Answer, *, now: datetime) -> Identity:
    for channel in read_items(answer, now=now):
        number, title = find_id(channel.get("id")), str(find_at(channel, "snippet", "title") or "")
        handle = str(find_at(channel, "snippet", "customUrl") or number).lstrip("@")
        return Identity(number, handle, title or handle)
    raise _reconnect("youtubeSignupRequired", answer)


def read_followers(answer: Answer) -> int | None:
    """None where the channel hides it."""
    for channel in find_at(answer.json, "items") or [] if answer.ok else []:
        if find_at(channel, "statistics", "hiddenSubscriberCount") is not True:
            return _number(find_at(channel, "statistics", "subscriberCount"))
    return None


def read_numbers(answer: Answer, followers: int | None, *, now: datetime) -> dict[str, Metrics]:
    """By id; a video that is gone is left out. Comments that are closed have no number."""
    return {
        find_id(video.get("id")): Metrics(
            views=_number(find_at(video, "statistics", "viewCount")),
            reactions=_number(find_at(video, "statistics", "likeCount")),
            comments=_number(find_at(video, "statistics", "commentCount")),
            followers=followers,
        )
        for video in read_items(answer, now=now)
    }


def _number(value: object) -> int | None:
    """Counts are strings there (uint64)."""
    return int(value) if isinstance(value, str) and value.isdecimal() else None


def check_removed(answer: Answer, *, now: datetime) -> None:
    """Gone before is gone, too."""
    if answer.status == 204 or (answer.status == 404 and answer.json is not None):
        return
    raise not_removed(TITLE, failure(answer, create=False, now=now))


def failure(answer: Answer, *, create: bool, now: datetime) -> PublishError:
    errors = find_at(answer.json, "error", "errors")
    reason = str(find_at(errors[0], "reason") or "") if isinstance(errors, list) and errors else ""
    status = answer.status
    if reason in _QUOTA:
        sentence = (
            "Jatah harian YouTube untuk aplikasi kita habis; dilanjutkan otomatis sesudah tengah malam waktu Pasifik."
        )
        return TryLater(sentence, after=_until_midnight(now), scope=Scope.APP, code=reason, http_status=status)
    if reason == "uploadLimitExceeded":
        sentence = "Jatah unggah kanal YouTube ini habis; dilanjutkan otomatis besok."
        return TryLater(sentence, after=_DAY, code=reason, http_status=status)
    if reason in _TOO_FAST or status == 429:
        return TryLater(
            "YouTube meminta jeda; dilanjutkan otomatis.", after=timedelta(minutes=1), code=reason, http_status=status
        )
    if status == 401 or reason in _DEAD:
        return _reconnect(reason or "authError", answer)
    if status >= 500 or answer.json is None or answer.ok or status == 308:
        return unreadable(TITLE, answer, create=create)
    words = quote(find_at(answer.json, "error", "message") or reason or status)
    return Refused(f"Kiriman ditolak YouTube: {words}", code=reason or str(status), http_status=status)


def _reconnect(reason: str, answer: Answer) -> NeedsReconnect:
    sentence = "Hubungkan ulang YouTube: sambungannya sudah berakhir atau izinnya kurang."
    if reason == "youtubeSignupRequired":
        sentence = "Hubungkan ulang YouTube: akun Google itu belum punya kanal."
    return NeedsReconnect(sentence, code=reason, http_status=answer.status)


def _until_midnight(now: datetime) -> timedelta:
    """Quotas begin anew at midnight Pacific time ("Quota Calculator")."""
    here = now.astimezone(_PACIFIC)
    return datetime.combine(here.date() + timedelta(days=1), time.min, _PACIFIC) - here
