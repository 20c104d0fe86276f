"""X's API v2 in both its dialects: what a message becomes, and what each answer means.

Sources: xdevplatform/docs at 2871328 (22 August 2026), OpenAPI 2.166 (`tweet.*`) and 2.167 (`post.*`).
"""

import html
import re
import unicodedata
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

with warnings.catch_warnings():
    # twitter-text-parser 3.0 reads its emoji table through pkg_resources, which says at every start that it is deprecated.
    warnings.simplefilter("ignore", UserWarning)
    import twitter_text

from app.platforms.answer import (
    Answer,
    find_at,
    find_id,
    find_number,
    not_removed,
    quote,
    read_time,
    same_words,
    unreadable,
)
from app.platforms.contract import (
    Account,
    Identity,
    Json,
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
    RecentPost,
    Refused,
    Room,
    Scope,
    Sent,
    TryLater,
    Unsure,
    Video,
    VideoLimits,
)

TITLE = "X"

LIMITS = Limits(
    text=280,
    images=4,
    image_bytes=5 * 1024 * 1024,
    alt_text=1000,
    image_types=("image/jpeg", "image/png", "image/webp", "image/gif"),
    video=VideoLimits(512 * 1024 * 1024, (0.5, 140), ("video/mp4", "video/quicktime"), ratio=(1 / 3, 3)),
    paces=(Pace(100, timedelta(minutes=15)), Pace(10_000, timedelta(hours=24), Scope.APP)),
)
"""POST /2/tweets: 100 in 15 minutes a user, 10,000 in 24 hours an app: "Rate limits" page, 22 August 2026. A video is H.264, 0.5 to 140 seconds, 512 MB, 1:3 to 3:1: "Media best practices", August 2026. 280 weighted characters: "Counting characters" page, August 2026 (25,000 is Premium only, not assumed).
1-4 photos, 5 MB each, any shape: "Media best practices", August 2026 (GIF up to 15 MB is not used).
Alt text 1,000: OpenAPI 2.167, `AltText.text.maxLength`."""

OPTIONS = (
    Option(
        "replies",
        "Siapa yang boleh membalas",
        OptionKind.CHOICE,
        (
            ("following", "Akun yang diikuti"),
            ("mentionedUsers", "Akun yang disebut"),
            ("verified", "Akun terverifikasi"),
        ),
        usual="Semua orang",
    ),
)
"""`reply_settings` of OpenAPI 2.166 and 2.167."""

PRICE_USD, PRICE_WITH_LINK_USD = Decimal("0.015"), Decimal("0.200")
"""For creating a post: "Pricing" page (xdevplatform/docs at 2871328, 22 August 2026; in force since 16 April 2026)."""

LINK_LENGTH = 23
"""`transformedURLLength` of twitter-text's configuration, version 3."""

# Without a dot before another label there is no address, and looking for one is dear.
_MAY_LINK = re.compile(r"\.\S")
_EACH_COUNTS_ONE = re.compile("[\x00-\x0c\x0e-\xa8\xaa-\xad\xaf-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]*")
"""Texts of letters that weigh one, which can hold no emoji: most of ours. twitter-text's look for emoji takes as long as all
else that is asked of a text. The ranges of its configuration, version 3, less carriage return, (c) and (r)."""

PIECE = 4 * 1024 * 1024
"""Bytes of a video in one append; X answers 413 to too large ones and names no number: "Chunked media upload", August 2026."""

BATCH = 100
"""Ids a metrics read may name: OpenAPI 2.167, GET /2/tweets, `ids.maxItems`."""

LOOK_BACK = timedelta(minutes=5)
METRICS_PRIVATE = ["public_metrics", "non_public_metrics"]
METRICS_PUBLIC = ["public_metrics"]

_CREDITS_PAUSE = timedelta(hours=1)
_CAP_PAUSE = timedelta(hours=6)
_RATE_GUESS = timedelta(minutes=15)
"""The window of every X limit but the daily ones: "Rate limits" page, August 2026."""

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_SLASH = re.compile(r"/+(?=[\s.,;:!?)\]\"']|$)")
# The picture's own link, which X appends and does not always list among the entities.
_LEFT_OVER = re.compile(r"(?:\s*https://t\.co/\w+)+\s*$")
_MEDIA_LINK = re.compile(r"https?://(?:twitter|x)\.com/\w+/status/\d+/(?:photo|video)/\d+", re.IGNORECASE)


def length(text: str) -> int:
    """Weighted characters by X's own rules: NFC, a link counts 23, an emoji 2, most non-Latin letters 2."""
    normal = unicodedata.normalize("NFC", text)
    if not _EACH_COUNTS_ONE.fullmatch(normal):
        return int(twitter_text.parse_tweet(text).weightedLength)
    if not _MAY_LINK.search(normal):
        return len(normal)
    links = [link["url"] for link in twitter_text.extract_urls_with_indices(normal)]
    return len(normal) - sum(map(len, links)) + LINK_LENGTH * len(links)


def price(text: str) -> Decimal:
    """US dollars for creating this post. A bare domain counts as an address: the length rule does so, the price page is silent."""
    return PRICE_WITH_LINK_USD if _MAY_LINK.search(text) and twitter_text.extract_urls(text) else PRICE_USD


def check_pictures(message: Message) -> None:
    """Before any is uploaded: X says of one too many only that an upload is not valid, as of one that has expired."""
    if (count := len(message.pictures)) > LIMITS.images:
        raise Refused(
            f"Kiriman ditolak X: ada {count} gambar, paling banyak {LIMITS.images}.", code="too_many_pictures"
        )


def create_parameters(message: Message, prepared: Json) -> dict[str, Any]:
    """For tweepy's `create_tweet`."""
    ids = prepared.get("media_ids")
    media = [str(each) for each in ids] if isinstance(ids, Sequence) and not isinstance(ids, str) else []
    replies = message.options.get("replies")
    said = {"text": message.text} if message.text else {}
    return said | ({"media_ids": media} if media else {}) | ({"reply_settings": str(replies)} if replies else {})


def upload_body(picture: Picture, encoded: str) -> dict[str, Any]:
    """For POST /2/media/upload; `encoded` is the file in base64."""
    category = "tweet_gif" if picture.mime == "image/gif" else "tweet_image"
    # No `media_type`: OpenAPI 2.166 has it, 2.167 refuses it.
    return {"media": encoded, "media_category": category}


def initialize_body(video: Video) -> dict[str, Any]:
    """For POST /2/media/upload/initialize."""
    return {"media_type": video.mime, "total_bytes": video.size, "media_category": "tweet_video"}


def append_body(encoded: str, index: int) -> dict[str, Any]:
    """For POST /2/media/upload/{id}/append; `encoded` is the piece in base64."""
    return {"media": encoded, "segment_index": index}


def pieces(size: int) -> list[tuple[int, int]]:
    """First byte, and the first one after, of each piece of a video."""
    return [(start, min(start + PIECE, size)) for start in range(0, size, PIECE)]


def read_processing(answer: Answer, *, now: datetime) -> float | None:
    """Seconds to wait before asking again; None once the video can be used. Raises Refused for one that X cannot use."""
    check_ok(answer, now=now)
    info = find_at(answer.json, "data", "processing_info")
    state = str(find_at(info, "state") or "succeeded")
    if state == "failed":
        why = quote(find_at(info, "error", "message") or "video tidak dapat diolah")
        raise Refused(f"Kiriman ditolak X: {why}.", code="video", http_status=answer.status)
    return None if state == "succeeded" else float(find_number(find_at(info, "check_after_secs")) or 1)


def still_processing() -> TryLater:
    return TryLater("X masih mengolah video; akan dicoba lagi.", after=timedelta(minutes=1), code="in_progress")


def alt_text_body(media_id: str, alt_text: str) -> dict[str, Any]:
    return {"id": media_id, "metadata": {"alt_text": {"text": alt_text}}}


def find_parameters(sent: Sent) -> dict[str, Any]:
    """For tweepy's `get_users_tweets`; every post that comes back is billed, so the window starts close to the try."""
    return list_parameters(sent.first_at - LOOK_BACK)


def list_parameters(since: datetime) -> dict[str, Any]:
    return {"start_time": since, "max_results": 100, "tweet_fields": ["created_at", "entities"]}


def permalink(account: Account, remote_id: str) -> str:
    """The address names the account only for people: X leads to the post whatever name stands there."""
    username = (account.credential.get("username") or account.handle).lstrip("@")
    return f"https://x.com/{username or 'i/web'}/status/{remote_id}"


def read_created(answer: Answer, account: Account, *, now: datetime) -> Published:
    remote_id = find_id(find_at(answer.json, "data", "id"))
    if answer.ok and remote_id:
        return Published(remote_id, permalink(account, remote_id), room=read_room(answer))
    raise failure(answer, create=True, now=now)


_WINDOWS = {"x-rate-limit": Scope.CHANNEL, "x-user-limit-24hour": Scope.CHANNEL, "x-app-limit-24hour": Scope.APP}


def read_room(answer: Answer) -> tuple[Room, ...]:
    """What X says is left, of every window its answer names."""
    found = []
    for window, scope in _WINDOWS.items():
        left, reset = answer.headers.get(f"{window}-remaining", ""), answer.headers.get(f"{window}-reset", "")
        if left.isdecimal() and reset.isdecimal():
            found.append(Room(scope, int(left), datetime.fromtimestamp(int(reset), UTC)))
    return tuple(found)


def read_media_id(answer: Answer, *, now: datetime) -> str:
    media_id = find_id(find_at(answer.json, "data", "id"))
    if answer.ok and media_id:
        return media_id
    raise failure(answer, create=False, now=now)


def check_ok(answer: Answer, *, now: datetime) -> None:
    if not answer.ok or answer.json is None:
        raise failure(answer, create=False, now=now)


def check_removed(answer: Answer, *, now: datetime) -> None:
    """Raises unless the post is gone, be it since now or since long."""
    kind = str(_problem(answer).get("type") or "")
    if (answer.ok and find_at(answer.json, "data", "deleted") is True) or kind.endswith("/resource-not-found"):
        return
    raise not_removed(TITLE, failure(answer, create=False, now=now))


def read_identity(answer: Answer, *, now: datetime) -> Identity:
    data = find_at(answer.json, "data")
    if answer.ok and find_id(find_at(data, "id")):
        return Identity(find_id(data["id"]), str(data.get("username") or ""), str(data.get("name") or ""))
    raise failure(answer, create=False, now=now)


@dataclass(frozen=True)
class Page:
    """One page of the account's own posts: the one we look for, if it is there, and the cursor of the next page."""

    found: Published | None
    next_token: str


def read_page(
    answer: Answer, account: Account, message: Message, *, now: datetime, taken: Collection[str] = ()
) -> Page:
    check_ok(answer, now=now)
    body = answer.json or {}
    if "data" not in body and "meta" not in body:
        # A 200 that holds only `errors` (the account is hidden or suspended) has shown nothing about our post.
        raise failure(answer, create=False, now=now)
    ours = comparable(message.text)
    for item in answer.items:
        remote_id = find_id(item.get("id"))
        if comparable(expand(item)) == ours and remote_id not in taken:
            found = Published(remote_id, permalink(account, remote_id), read_time(item.get("created_at")))
            return Page(found, "")
    return Page(None, find_id(find_at(answer.json, "meta", "next_token")))


def read_recent(answer: Answer, account: Account, *, now: datetime) -> list[RecentPost]:
    check_ok(answer, now=now)
    return [
        RecentPost(
            find_id(item.get("id")),
            expand(item),
            permalink(account, find_id(item.get("id"))),
            read_time(item.get("created_at")),
        )
        for item in answer.items
    ]


def read_followers(answer: Answer, *, now: datetime) -> int | None:
    check_ok(answer, now=now)
    return find_number(find_at(answer.json, "data", "public_metrics", "followers_count"))


def expand(item: Mapping[str, Any]) -> str:
    """The text as it was written: X escapes &, <, >, shortens links to t.co, and appends a link for pictures."""
    text = str(item.get("text") or "")
    urls = find_at(item, "entities", "urls")
    for link in urls if isinstance(urls, list) else []:
        short, target = str(find_at(link, "url") or ""), str(find_at(link, "expanded_url") or "")
        is_media = bool(find_at(link, "media_key")) or bool(_MEDIA_LINK.fullmatch(target))
        if short:
            text = text.replace(short, "" if is_media else target)
    return html.unescape(_LEFT_OVER.sub("", text))


def comparable(text: str) -> str:
    """Equal for a text and its read-back: X adds a scheme to bare domains and a slash to bare hosts."""
    return _SLASH.sub("", _SCHEME.sub("", same_words(text))).casefold()


@dataclass(frozen=True)
class Numbers:
    """`known`: what was answered (None: gone); `withheld`: there, but not with these fields."""

    known: dict[str, Metrics | None]
    withheld: list[str]


def read_metrics(answer: Answer, remote_ids: Sequence[str], *, now: datetime) -> Numbers:
    check_ok(answer, now=now)
    known: dict[str, Metrics | None] = {find_id(item.get("id")): _metrics(item) for item in answer.items}
    errors = (answer.json or {}).get("errors")
    for error in errors if isinstance(errors, list) else []:
        if str(find_at(error, "type") or "").endswith("/resource-not-found"):
            known.setdefault(find_id(find_at(error, "resource_id") or find_at(error, "value")), None)
    wanted = set(remote_ids)
    return Numbers(
        {key: value for key, value in known.items() if key in wanted}, [key for key in remote_ids if key not in known]
    )


def _metrics(item: Mapping[str, Any]) -> Metrics:
    public, private = item.get("public_metrics"), item.get("non_public_metrics")

    def count(*names: str) -> int | None:
        found = [find_number(find_at(source, name)) for source in (public, private) for name in names]
        return next((number for number in found if number is not None), None)

    shared = [number for number in (count("repost_count", "retweet_count"), count("quote_count")) if number is not None]
    return Metrics(
        views=count("impression_count"),
        reactions=count("like_count"),
        comments=count("reply_count"),
        shares=sum(shared) if shared else None,
        saves=count("bookmark_count"),
        clicks=count("url_link_clicks"),
    )


def failure(answer: Answer, *, create: bool, now: datetime) -> PublishError:
    """What to do about an answer that is no success."""
    problem = _problem(answer)
    kind, status = str(problem.get("type") or ""), answer.status
    if status == 402 or "/credits" in kind or problem.get("title") == "CreditsDepleted":
        sentence = "Kredit X habis; semua kiriman X menunggu. Pengelola perlu mengisi kredit di console.x.com."
        return TryLater(sentence, after=_CREDITS_PAUSE, scope=Scope.PLATFORM, code="credits", http_status=status)
    if status == 429:
        return _throttled(answer, kind, now=now)
    if status == 401:
        return NeedsReconnect("Hubungkan ulang X: sambungan sudah tidak berlaku.", code="401", http_status=status)
    if answer.json is None or status >= 500 or status in (404, 408) or status < 400:
        return _unclear(answer, create=create)
    if status == 403:
        return _forbidden(problem, kind)
    return _refused(problem, status)


def _problem(answer: Answer) -> dict[str, Any]:
    """X's problem object, or its older list of errors with the first one lifted up."""
    body = answer.json or {}
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return first | body


def _detail(problem: Mapping[str, Any]) -> str:
    """The most telling sentence: the inner message names the parameter, the outer one only "Invalid Request"."""
    inner = problem.get("message")
    return quote(inner or problem.get("detail") or problem.get("title"))


def _unclear(answer: Answer, *, create: bool) -> PublishError:
    if answer.status == 404 and answer.json is not None:
        # Seen in X's own incident list (media upload, 29 January 2026): an outage, and certainly nothing was posted.
        return TryLater(
            "X sedang terganggu (404); akan dicoba lagi.", after=timedelta(minutes=5), code="404", http_status=404
        )
    return unreadable(TITLE, answer, create=create)


def _throttled(answer: Answer, kind: str, *, now: datetime) -> TryLater:
    if kind.endswith("/usage-capped"):
        sentence = "Jatah X untuk aplikasi ini habis; semua kiriman X menunggu jatah berikutnya."
        return TryLater(sentence, after=_CAP_PAUSE, scope=Scope.APP, code="usage-capped", http_status=429)
    whole_app = _is_used_up(answer, "x-app-limit-24hour")
    window = "x-app-limit-24hour" if whole_app else "x-rate-limit"
    if not whole_app and _is_used_up(answer, "x-user-limit-24hour"):
        window = "x-user-limit-24hour"
    return TryLater(
        "Batas kiriman X tercapai; dilanjutkan otomatis sesudah batasnya terbuka lagi.",
        after=_wait(answer, window, now) or _RATE_GUESS,
        scope=Scope.APP if whole_app else Scope.CHANNEL,
        code="429",
        http_status=429,
    )


def _is_used_up(answer: Answer, window: str) -> bool:
    return answer.headers.get(f"{window}-remaining", "").strip() == "0"


def _wait(answer: Answer, window: str, now: datetime) -> timedelta | None:
    """Until the reset time that X names (unix seconds), at least a second."""
    reset, retry_after = answer.headers.get(f"{window}-reset", ""), answer.headers.get("retry-after", "")
    if reset.isdecimal():
        return max(timedelta(seconds=1), datetime.fromtimestamp(int(reset), UTC) - now)
    return timedelta(seconds=int(retry_after)) if retry_after.isdecimal() else None


_MISSING_PERMISSION = (
    "client-forbidden",
    "not-authorized-for-resource",
    "unsupported-authentication",
    "oauth1-permissions",
)


def _forbidden(problem: Mapping[str, Any], kind: str) -> PublishError:
    detail = str(problem.get("detail") or "").lower()
    if "duplicate content" in detail:
        sentence = "X menganggap tulisan ini sudah pernah terbit; akan dicek dulu."
        return Unsure(sentence, code="duplicate", http_status=403)
    if problem.get("reason") == "client-not-enrolled":
        sentence = "Aplikasi X belum terdaftar pada paket berbayar; pengelola perlu mendaftarkannya di console.x.com."
        return NeedsReconnect(sentence, code="client-not-enrolled", http_status=403)
    if "suspended" in detail or "locked" in detail:
        sentence = "Akun X ini ditangguhkan; buka x.com, selesaikan pemeriksaannya, lalu hubungkan ulang."
        return NeedsReconnect(sentence, code="suspended", http_status=403)
    if kind.endswith(_MISSING_PERMISSION) or "not permitted" in detail or "scope" in detail:
        sentence = "Izin X kurang: hubungkan ulang dan setujui tweet.read, tweet.write, users.read, media.write."
        return NeedsReconnect(sentence, code="permission", http_status=403)
    return _refused(problem, 403)


def _refused(problem: Mapping[str, Any], status: int) -> PublishError:
    detail = _detail(problem)
    if "media id" in detail.lower():
        # Uploads live 24 hours; the pictures are still on our disk, so they only need uploading again.
        return TryLater(
            "Unggahan gambar di X kedaluwarsa; diunggah ulang otomatis.",
            after=timedelta(0),
            code="container_lost",
            http_status=status,
        )
    return Refused(f"Tulisan ditolak X: {detail}", code=str(status), http_status=status)
