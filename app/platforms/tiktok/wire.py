"""TikTok's Content Posting API: what a message becomes, and what each answer means.

Sources: "Direct Post", "Upload Content", "Photo", "Get Post Status", "Media Transfer Guide", "Content Sharing Guidelines" and
"Display API" (developers.tiktok.com, read November 2026). No public recording of its traffic is known: shapes are the documents'.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from app.platforms.answer import Answer, find_at, find_id, find_number, quote, same_words, unreadable
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
    Unsure,
    VideoLimits,
)

TITLE = "TikTok"
MB = 1024 * 1024

LIMITS = Limits(
    text=2200,
    images=35,
    image_bytes=20 * MB,
    alt_text=0,
    image_types=("image/jpeg", "image/webp"),
    slots=16,
    image_width=1080,
    video=VideoLimits(4 * 1024 * MB, (0, 600), ("video/mp4", "video/quicktime"), ("h264", "hevc")),
    needs_media=True,
    paces=(Pace(15, timedelta(hours=24)),),
)
"""About 15 posts a creator in a rolling day (second-hand, November 2026). 2,200 UTF-16 units of a video's title; a photo post's description takes 4,000, and we keep to the smaller one for both. Up to 35
JPEG or WebP of 20 MB, at most 1080p; MP4 or MOV of 4 GB and 10 minutes, or less where the creator may less ("Direct Post",
"Photo", "Media Transfer Guide", November 2026). Nothing is described there, nothing is without a picture or a video, and nothing
may be drawn over it: no poster of ours ("Content Sharing Guidelines")."""

PRIVACY = "privacy"
OPTIONS = (
    Option(
        PRIVACY,
        "Siapa yang boleh melihat",
        OptionKind.CHOICE,
        (
            ("PUBLIC_TO_EVERYONE", "Semua orang (langsung terbit)"),
            ("MUTUAL_FOLLOW_FRIENDS", "Teman (langsung terbit)"),
            ("FOLLOWER_OF_CREATOR", "Pengikut (langsung terbit)"),
            ("SELF_ONLY", "Hanya akun itu sendiri (langsung terbit)"),
        ),
        usual="Kirim sebagai draf: dipilih dan diterbitkan orang di aplikasi TikTok",
        help="TikTok mewajibkan ini dipilih orang. Aplikasi yang belum diaudit TikTok hanya boleh “Hanya akun itu sendiri” atau draf.",
    ),
    Option("no_comments", "Matikan komentar", OptionKind.YES),
    Option("no_duet", "Matikan duet", OptionKind.YES, help="Hanya untuk video."),
    Option("no_stitch", "Matikan stitch", OptionKind.YES, help="Hanya untuk video."),
    Option("is_ai", "Beri label dibuat dengan AI", OptionKind.YES, help="Hanya untuk video."),
)

CHUNK = 16 * MB
"""Chunks of 5 to 64 MB, the last one up to 128 MB, in order ("Media Transfer Guide")."""
_SMALLEST = 5 * MB
PAGE, BATCH = 20, 20
LOOK_BACK = timedelta(minutes=5)
LOST = "container_lost"

_SOON = timedelta(minutes=1)
"""Limits are counted by the minute and token, and no answer names a reset."""
_DAY = timedelta(hours=6)
"""About 15 posts a creator in a rolling day, and no reset is named: an older one may have left the window by then."""

FINISH = (
    "Draf sudah masuk ke TikTok. Buka aplikasi TikTok, ketuk pemberitahuan di kotak masuk, pilih siapa yang boleh melihat, lalu "
    "terbitkan. Sesudah itu tempel tautannya di sini."
)

_RECONNECT = {
    "access_token_invalid": "sambungannya sudah berakhir",
    "scope_not_authorized": "izin menerbitkan belum diberikan",
    "scope_permission_missed": "izin menerbitkan belum diberikan",
    "auth_removed": "izinnya dicabut di aplikasi TikTok",
    "spam_risk_user_banned_from_posting": "TikTok melarang akun ini menerbitkan; buka aplikasinya dan ikuti petunjuknya",
}
_CONTENT = {
    "unaudited_client_can_only_post_to_private_accounts": (
        "aplikasi kita belum diaudit TikTok. Kirim sebagai draf, atau pilih “Hanya akun itu sendiri”"
    ),
    "privacy_level_option_mismatch": "pilihan siapa yang boleh melihat tidak dibolehkan untuk akun ini; pilih yang lain",
    "file_format_check_failed": "bentuk berkasnya tidak diterima; simpan ulang sebagai MP4 (H.264) atau JPEG",
    "duration_check_failed": "videonya terlalu pendek atau terlalu panjang untuk akun ini",
    "frame_rate_check_failed": "jumlah gambar per detik videonya harus 23 sampai 60",
    "picture_size_check_failed": "gambarnya terlalu besar; kecilkan sampai 1080 piksel",
    "spam_risk_text": "TikTok menganggap tulisannya spam; ubah tulisannya",
    "spam_risk": "TikTok menganggapnya spam; ubah isinya",
    "publish_cancelled": "penerbitannya dibatalkan di aplikasi TikTok",
    "url_ownership_unverified": "alamat kita belum disahkan di aplikasi TikTok; minta pengelola mengesahkannya",
    "invalid_file_upload": "berkas videonya tidak terbaca; simpan ulang sebagai MP4",
}
_FULL = {
    "spam_risk_too_many_posts": "jatah kiriman TikTok hari ini untuk akun ini habis",
    "spam_risk_too_many_pending_share": "sudah ada lima draf yang belum diselesaikan di aplikasi TikTok; selesaikan dulu",
}
_APP_FULL = "reached_active_user_cap"
_UNPULLED = {"photo_pull_failed", "video_pull_failed"}


class State(StrEnum):
    """TikTok's own words for where a publish stands; MISSING is ours."""

    UPLOADING = "PROCESSING_UPLOAD"
    DOWNLOADING = "PROCESSING_DOWNLOAD"
    IN_INBOX = "SEND_TO_USER_INBOX"
    COMPLETE = "PUBLISH_COMPLETE"
    FAILED = "FAILED"
    MISSING = "MISSING"


@dataclass(frozen=True)
class Progress:
    """`video_id` empty: not public, or still with the moderators. `reason` of a failure; `held` bytes of a file are there."""

    state: State
    video_id: str = ""
    reason: str = ""
    held: int = 0

    def misses(self, size: int) -> bool:
        """Does it still wait for bytes, so that nothing can come of it?"""
        return self.state is State.UPLOADING and self.held < size


@dataclass(frozen=True)
class Creator:
    """What TikTok allows this account just now; it is to be asked before each post."""

    handle: str
    name: str
    privacy: Sequence[str]
    comments_off: bool
    duet_off: bool
    stitch_off: bool
    seconds: int | None


def length(text: str) -> int:
    """UTF-16 units, as TikTok counts."""
    return len(text.encode("utf-16-le")) // 2


def is_draft(message: Message) -> bool:
    """Nobody chose who may see it, and TikTok allows no default: the person chooses in its app."""
    return not message.options.get(PRIVACY)


def check_message(message: Message) -> None:
    """Raises Refused for what can never become a post."""
    if not message.pictures and message.video is None:
        raise Refused("Kiriman ditolak TikTok: butuh video atau foto; lampirkan dulu.", code="needs_media")
    if (count := length(message.text)) > LIMITS.text:
        sentence = f"Kiriman ditolak TikTok: tulisan {count} karakter, paling banyak {LIMITS.text}; pendekkan."
        raise Refused(sentence, code="too_long")
    if len(message.pictures) > LIMITS.images:
        sentence = f"Kiriman ditolak TikTok: ada {len(message.pictures)} gambar, paling banyak {LIMITS.images}."
        raise Refused(sentence, code="too_many_pictures")
    if any(not picture.url for picture in message.pictures):
        raise Refused("Gambar belum punya alamat umum yang dapat dibuka TikTok.", code="needs_url")


def read_creator(answer: Answer) -> Creator:
    data = find_at(answer.json, "data")
    handle = find_id(find_at(data, "creator_username"))
    if not is_ok(answer) or not handle:
        raise failure(answer, create=False)
    levels = find_at(data, "privacy_level_options")
    return Creator(
        handle,
        str(find_at(data, "creator_nickname") or handle),
        tuple(map(str, levels)) if isinstance(levels, list) else (),
        find_at(data, "comment_disabled") is True,
        find_at(data, "duet_disabled") is True,
        find_at(data, "stitch_disabled") is True,
        find_number(find_at(data, "max_video_post_duration_sec")),
    )


def check_creator(message: Message, creator: Creator) -> None:
    """Raises Refused for what this creator may not post now."""
    level = str(message.options.get(PRIVACY) or "")
    if level and level not in creator.privacy:
        raise _refused("privacy_level_option_mismatch", None)
    if message.video is not None and creator.seconds is not None and message.video.seconds > creator.seconds:
        sentence = f"Kiriman ditolak TikTok: akun ini hanya boleh video sampai {creator.seconds} detik."
        raise Refused(sentence, code="duration_check_failed")


def video_body(message: Message, creator: Creator) -> dict[str, Any]:
    """For /video/init/, or for /inbox/video/init/, which takes no words at all."""
    size = message.video.size if message.video else 0
    spans = list(pieces(size))
    source = {
        "source": "FILE_UPLOAD",
        "video_size": size,
        "chunk_size": spans[0][1] if spans else 0,
        "total_chunk_count": len(spans),
    }
    if is_draft(message):
        return {"source_info": source}
    info = _post_info(message, creator) | {
        "title": message.text,
        "disable_duet": creator.duet_off or _chose(message, "no_duet"),
        "disable_stitch": creator.stitch_off or _chose(message, "no_stitch"),
        "is_aigc": _chose(message, "is_ai"),
    }
    return {"post_info": info, "source_info": source}


def photo_body(message: Message, creator: Creator) -> dict[str, Any]:
    """For /content/init/. Our words are the description; the title of 90 is left to those who finish a draft."""
    info = {"description": message.text}
    if not is_draft(message):
        info |= _post_info(message, creator)
    return {
        "media_type": "PHOTO",
        "post_mode": "MEDIA_UPLOAD" if is_draft(message) else "DIRECT_POST",
        "post_info": info,
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_images": [picture.url for picture in message.pictures],
            "photo_cover_index": 0,
        },
    }


def _post_info(message: Message, creator: Creator) -> dict[str, Any]:
    """No brand toggles: an election body sells nothing."""
    return {
        "privacy_level": str(message.options[PRIVACY]),
        "disable_comment": creator.comments_off or _chose(message, "no_comments"),
    }


def _chose(message: Message, name: str) -> bool:
    return message.options.get(name) is True


def pieces(size: int) -> Iterator[tuple[int, int]]:
    """The spans of the chunks: floor(size / chunk) of them, the last one longer; a file under 5 MB is one."""
    count = max(1, size // CHUNK)
    for number in range(count):
        yield number * CHUNK, size if number + 1 == count else (number + 1) * CHUNK


def content_range(span: tuple[int, int], size: int) -> str:
    return f"bytes {span[0]}-{span[1] - 1}/{size}"


def read_started(answer: Answer, *, create: bool) -> tuple[str, str]:
    """The publish's number, and where its bytes go (empty for photos)."""
    publish_id = find_id(find_at(answer.json, "data", "publish_id"))
    if not is_ok(answer) or not publish_id:
        raise failure(answer, create=create)
    return publish_id, str(find_at(answer.json, "data", "upload_url") or "")


def check_chunk(answer: Answer, *, is_last: bool) -> None:
    """206 while more is to come, 201 for the last; a refused address is forgotten and asked for anew."""
    if answer.status == (201 if is_last else 206):
        return
    if answer.status in (400, 403, 404, 410, 416):
        raise lost(answer)
    raise failure(answer, create=is_last)


def read_progress(answer: Answer) -> Progress:
    """Raises what stood in the way of an answer; a publish that TikTok does not know is MISSING."""
    if _code(answer) == "invalid_publish_id":
        return Progress(State.MISSING)
    word = str(find_at(answer.json, "data", "status") or "")
    if not is_ok(answer) or word not in set(State):
        raise failure(answer, create=False)
    # Spelt so by TikTok.
    ids = find_at(answer.json, "data", "publicaly_available_post_id")
    video_id = find_id(ids[0]) if isinstance(ids, list) and ids else ""
    reason, held = (
        find_at(answer.json, "data", "fail_reason"),
        find_number(find_at(answer.json, "data", "uploaded_bytes")),
    )
    return Progress(State(word), video_id, str(reason or ""), held or 0)


def read_outcome(progress: Progress, publish_id: str) -> Published | Handed | None:
    """None: nothing is out, and nothing will be. Until the moderators are done, the publish's number stands for the video's."""
    match progress.state:
        case State.COMPLETE:
            return Published(progress.video_id or publish_id)
        case State.IN_INBOX:
            return Handed(FINISH, publish_id)
        case State.FAILED | State.MISSING:
            return None
    raise TryLater("TikTok masih mengolah kiriman; akan dicek lagi.", after=_SOON, code="in_progress")


def check_failed(progress: Progress) -> None:
    """Raises what a publish failed of, if it did."""
    if progress.state is State.FAILED:
        raise _by_code(progress.reason, None) or Refused(
            f"Kiriman ditolak TikTok: {quote(progress.reason or 'tanpa alasan')}.", code=progress.reason
        )


def still_working() -> Unsure:
    return Unsure("TikTok masih mengolah kiriman; hasilnya akan dicek.", code="in_progress")


def not_askable() -> Unsure:
    """Photos whose start got no answer have no number yet, and TikTok's list is one of videos."""
    return Unsure(
        "Jawaban TikTok tidak sampai, dan kiriman foto tidak dapat ditanyakan. Buka aplikasi TikTok, lalu tandai sudah atau belum terbit.",
        code="not_askable",
    )


def lost(answer: Answer | None = None) -> TryLater:
    return TryLater(
        "Alamat unggah TikTok kedaluwarsa; disiapkan ulang otomatis.",
        after=timedelta(0),
        code=LOST,
        http_status=answer.status if answer else None,
    )


def read_listed(answer: Answer, message: Message, sent: Sent) -> tuple[Published | None, int | None]:
    """Ours by its words within the window, and the cursor of an older page (None: there is none, or it is too old)."""
    videos = _videos(answer)
    ours, since = same_words(message.text), (sent.first_at - LOOK_BACK).timestamp()
    until = (sent.last_at + timedelta(hours=1)).timestamp()
    for video in videos:
        at, video_id = find_number(video.get("create_time")) or 0, find_id(video.get("id"))
        fits = since <= at <= until and same_words(str(video.get("video_description") or "")) == ours
        if fits and video_id not in sent.taken:
            url = video.get("share_url")
            return Published(video_id, str(url) if url else None, datetime.fromtimestamp(at, UTC)), None
    oldest = min((find_number(video.get("create_time")) or 0 for video in videos), default=0)
    more = find_at(answer.json, "data", "has_more") is True and oldest >= since
    return None, find_number(find_at(answer.json, "data", "cursor")) if more else None


def read_recent(answer: Answer, since: datetime) -> list[RecentPost]:
    found = []
    for video in _videos(answer):
        at, url = datetime.fromtimestamp(find_number(video.get("create_time")) or 0, UTC), video.get("share_url")
        if at >= since:
            words = str(video.get("video_description") or "")
            found.append(RecentPost(find_id(video.get("id")), words, str(url) if url else None, at))
    return found


def read_numbers(answer: Answer, followers: int | None) -> dict[str, Metrics]:
    """Of /v2/video/query/, by id; what is gone or private is left out."""
    return {
        find_id(video.get("id")): Metrics(
            views=find_number(video.get("view_count")),
            reactions=find_number(video.get("like_count")),
            comments=find_number(video.get("comment_count")),
            shares=find_number(video.get("share_count")),
            followers=followers,
        )
        for video in _videos(answer)
    }


def read_link(answer: Answer) -> str | None:
    found = [video.get("share_url") for video in _videos(answer)]
    return str(found[0]) if found and found[0] else None


def read_followers(answer: Answer) -> int | None:
    """None where the account did not grant its numbers: the posts' own still count."""
    return find_number(find_at(answer.json, "data", "user", "follower_count")) if is_ok(answer) else None


def read_identity(answer: Answer, creator: Creator) -> Identity:
    open_id = find_id(find_at(answer.json, "data", "user", "open_id"))
    if not is_ok(answer) or not open_id:
        raise failure(answer, create=False)
    return Identity(open_id, creator.handle, creator.name)


def _videos(answer: Answer) -> list[Mapping[str, Any]]:
    videos = find_at(answer.json, "data", "videos")
    if not is_ok(answer) or not isinstance(videos, list):
        # Only a list can show that a post is absent.
        raise failure(answer, create=False)
    return [video for video in videos if isinstance(video, Mapping)]


def is_ok(answer: Answer) -> bool:
    return answer.ok and _code(answer) == "ok"


def _code(answer: Answer) -> str:
    return str(find_at(answer.json, "error", "code") or "")


def failure(answer: Answer, *, create: bool) -> PublishError:
    code = _code(answer)
    known = _by_code(code, answer)
    if known is not None:
        return known
    if answer.status == 401:
        return _reconnect("access_token_invalid", answer)
    if answer.status == 429:
        return _too_many(answer)
    if answer.status >= 500 or answer.ok or not code:
        return unreadable(TITLE, answer, create=create)
    words = quote(find_at(answer.json, "error", "message") or code)
    return Refused(f"Kiriman ditolak TikTok: {words}", code=code, http_status=answer.status)


def _by_code(code: str, answer: Answer | None) -> PublishError | None:
    status = answer.status if answer else None
    if code in _RECONNECT:
        return _reconnect(code, answer)
    if code == "rate_limit_exceeded":
        return _too_many(answer)
    if code in _FULL:
        return TryLater(f"Sementara ditahan: {_FULL[code]}.", after=_DAY, code=code, http_status=status)
    if code == _APP_FULL:
        sentence = "Aplikasi kita di TikTok sudah mencapai batas pemakainya hari ini; dilanjutkan otomatis."
        return TryLater(sentence, after=_DAY, scope=Scope.APP, code=code, http_status=status)
    if code in _UNPULLED:
        sentence = "TikTok tidak dapat mengambil gambar kita; pengelola perlu memeriksa KENTONGAN_BASE_URL."
        return TryLater(sentence, after=timedelta(minutes=2), code=LOST, http_status=status)
    if code == "internal":
        return TryLater("TikTok gagal mengolah kiriman; dicoba lagi.", after=_SOON, code=LOST, http_status=status)
    return _refused(code, answer) if code in _CONTENT else None


def _refused(code: str, answer: Answer | None) -> Refused:
    return Refused(
        f"Kiriman ditolak TikTok: {_CONTENT[code]}.", code=code, http_status=answer.status if answer else None
    )


def _reconnect(code: str, answer: Answer | None) -> NeedsReconnect:
    sentence = f"Hubungkan ulang TikTok: {_RECONNECT[code]}."
    return NeedsReconnect(sentence, code=code, http_status=answer.status if answer else None)


def _too_many(answer: Answer | None) -> TryLater:
    sentence = "TikTok meminta jeda; dilanjutkan otomatis."
    return TryLater(sentence, after=_SOON, code="rate_limit_exceeded", http_status=answer.status if answer else None)
