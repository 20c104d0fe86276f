"""Mastodon's API: what a message becomes, what each server allows, and what each answer means.

Sources: mastodon/documentation at 2903485 (read November 2026) and answers recorded from Mastodon 4.6.4 on 1 August 2026.
Error sentences are in the server's own language, so only the HTTP status is read.
"""

import hashlib
import html
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import regex

from app.platforms.answer import (
    SOON,
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
    Published,
    PublishError,
    RecentPost,
    Refused,
    Room,
    Scope,
    Sent,
    TryLater,
    VideoLimits,
)

TITLE = "Mastodon"

LIMITS = Limits(
    text=500,
    images=4,
    image_bytes=16 * 1024 * 1024,
    alt_text=1500,
    image_types=("image/jpeg", "image/png", "image/webp", "image/gif"),
    slots=64,
    video=VideoLimits(
        99 * 1024 * 1024, (0, 24 * 3600), ("video/mp4", "video/quicktime"), ("h264", "hevc"), alt_text=1500
    ),
    paces=(Pace(300, timedelta(minutes=5)),),
)
"""300 calls in 5 minutes an account: "Rate limits", November 2026. The first guess, right for a server that changed nothing: `configuration` of GET /api/v2/instance, recorded from 4.6.4
on 1 August 2026 (16 MiB images, 4 a post, 500 characters); alt text 1,500 by "entities/MediaAttachment", November 2026, the
smaller of two official numbers (10,000 in the recording). What the server itself says is read into `Rules`."""

OPTIONS = (
    Option(
        "visibility",
        "Siapa yang melihat",
        OptionKind.CHOICE,
        (("unlisted", "Semua orang, tetapi tidak di lini masa umum"), ("private", "Hanya pengikut")),
        usual="Semua orang",
    ),
    Option(
        "warning", "Peringatan isi", OptionKind.TEXT, most=200, help="Tulisan disembunyikan di balik peringatan ini."
    ),
    Option("sensitive", "Tutup gambar sampai diketuk", OptionKind.YES),
)
"""`visibility`, `spoiler_text`, `sensitive` of POST /api/v1/statuses; the warning counts towards the text."""

URL_LENGTH = 23
"""Every http(s) link, however long: "Posting to your profile", November 2026, and `characters_reserved_per_url`."""

BATCH = 20
"""Ids a GET /api/v1/statuses names; none is documented, a page of any other list holds 20."""

PAGE = 40
"""The most that GET /api/v1/accounts/:id/statuses gives: "methods/accounts", November 2026."""

LOOK_BACK = timedelta(minutes=5)

_RATE_GUESS = timedelta(minutes=5)
"""300 calls in 5 minutes: "Rate limits", November 2026."""

_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_REMOTE_MENTION = re.compile(r"(?<![\w/])@(\w+)@[\w.-]*\w")
_BREAK = re.compile(r"<br\s*/?>|</p>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_GRAPHEME = regex.compile(r"\X")


@dataclass(frozen=True)
class Rules:
    """What one server allows."""

    text: int = LIMITS.text
    url: int = URL_LENGTH
    images: int = LIMITS.images
    alt_text: int = LIMITS.alt_text
    image_bytes: int = LIMITS.image_bytes
    video_bytes: int = 99 * 1024 * 1024


def length(text: str, url_length: int = URL_LENGTH) -> int:
    """Characters as a reader sees them; a link counts 23, of a mention only the name and not its server."""
    shown = _LINK.sub("x" * url_length, _REMOTE_MENTION.sub(r"@\1", text))
    return len(_GRAPHEME.findall(shown))


def read_rules(answer: Answer) -> Rules:
    """From GET /api/v2/instance; where the server says nothing, the first guess stays."""
    configuration = find_at(answer.json, "configuration") if answer.ok else None

    def number(guess: int, *path: str) -> int:
        return find_number(find_at(configuration, *path)) or guess

    return Rules(
        text=number(LIMITS.text, "statuses", "max_characters"),
        url=number(URL_LENGTH, "statuses", "characters_reserved_per_url"),
        images=number(LIMITS.images, "statuses", "max_media_attachments"),
        alt_text=number(LIMITS.alt_text, "media_attachments", "description_limit"),
        image_bytes=number(LIMITS.image_bytes, "media_attachments", "image_size_limit"),
        video_bytes=number(Rules.video_bytes, "media_attachments", "video_size_limit"),
    )


def problems(message: Message, rules: Rules) -> list[str]:
    """What this server will not take, one sentence each, with the number to come down to."""
    found = []
    said = message.text + str(message.options.get("warning") or "")
    if (count := length(said, rules.url)) > rules.text:
        found.append(f"tulisan {count} karakter, peladen ini menerima paling banyak {rules.text}; pendekkan")
    if len(message.pictures) > rules.images:
        found.append(f"ada {len(message.pictures)} gambar, peladen ini menerima paling banyak {rules.images}")
    if message.video is not None and message.video.size > rules.video_bytes:
        most = rules.video_bytes // 1024**2
        found.append(f"video {message.video.size // 1024**2} MB, peladen ini menerima paling besar {most} MB")
    shown = (*message.pictures, *([message.video] if message.video else ()))
    longest = max((len(each.alt_text) for each in shown), default=0)
    if longest > rules.alt_text:
        found.append(f"teks alternatif {longest} karakter, peladen ini menerima paling banyak {rules.alt_text}")
    return found


def check_message(message: Message, rules: Rules) -> None:
    """Raises Refused for what this server will not take."""
    if found := problems(message, rules):
        raise Refused(f"Kiriman ditolak {TITLE}: {'; '.join(found)}.", code="too_much")


def idempotency_key(account: Account, message: Message) -> str:
    """The same over all attempts of a delivery; the server remembers it for one hour, and answers the same post again."""
    whose = hashlib.sha256(f"{account.base_url} {account.handle}".encode()).hexdigest()[:16]
    return f"{message.key}-{whose}"


def create_body(message: Message, prepared: Json) -> dict[str, Any]:
    """For POST /api/v1/statuses."""
    ids = prepared.get("media_ids")
    media = [str(each) for each in ids] if isinstance(ids, Sequence) and not isinstance(ids, str) else []
    given = message.options
    body: dict[str, Any] = {
        "status": message.text,
        "visibility": str(given.get("visibility") or "public"),
        "language": str(given.get("language") or "id"),
    }
    if given.get("warning"):
        body["spoiler_text"] = str(given["warning"])
    if given.get("sensitive") is True:
        body["sensitive"] = True
    return body | ({"media_ids": media} if media else {})


def edit_body(message: Message) -> dict[str, Any]:
    """For PUT /api/v1/statuses/:id (docs.joinmastodon.org, "Edit a status"): who may see it cannot be changed any more."""
    return {name: value for name, value in create_body(message, {}).items() if name != "visibility"}


def check_edited(answer: Answer, *, now: datetime) -> None:
    """Raises unless it says the new words; one that is gone is for a person."""
    if answer.status == 404 and find_at(answer.json, "error"):
        raise Refused(
            "Mastodon tidak lagi punya unggahan ini, jadi tidak dapat disunting.", code="404", http_status=404
        )
    if not answer.ok or not find_id(find_at(answer.json, "id")):
        raise failure(answer, create=False, now=now)


def read_created(answer: Answer, *, now: datetime) -> Published:
    """A repeat within the hour answers the post of the first try."""
    if answer.ok and find_id(find_at(answer.json, "id")):
        return replace(_published(answer.json or {}), room=_room(answer))
    raise failure(answer, create=True, now=now)


def _room(answer: Answer) -> tuple[Room, ...]:
    left, until = answer.headers.get("x-ratelimit-remaining", ""), read_time(answer.headers.get("x-ratelimit-reset"))
    return (Room(Scope.CHANNEL, int(left), until),) if left.isdecimal() and until else ()


def check_removed(answer: Answer, *, now: datetime) -> None:
    """Raises unless the post is gone, be it since now or since long."""
    if answer.json is not None and (answer.ok or answer.status in (404, 410)):
        return
    raise not_removed(TITLE, failure(answer, create=False, now=now))


def read_media_id(answer: Answer, *, now: datetime) -> tuple[str, bool]:
    """The picture's id, and whether it can be used already: 200 and 206 tell the same as a `url` that is there or not."""
    media_id = find_id(find_at(answer.json, "id"))
    if answer.ok and media_id:
        return media_id, answer.status == 200 and bool(find_at(answer.json, "url"))
    raise failure(answer, create=False, now=now)


def still_processing() -> TryLater:
    return TryLater("Mastodon masih mengolah gambar; akan dicoba lagi.", after=SOON, code="in_progress")


@dataclass(frozen=True)
class Page:
    """One page of the account's own posts: ours, if it is there, and the id to go on from (empty: no more in the window)."""

    found: Published | None
    next_id: str


def read_page(answer: Answer, message: Message, sent: Sent, *, now: datetime, taken: Collection[str] = ()) -> Page:
    """Newest first. Raises where the answer is no list: only a list can show that a post is absent."""
    items = _read_list(answer, now=now)
    ours = comparable(message.text)
    for item in items:
        created_at = read_time(item.get("created_at"))
        if created_at is not None and created_at < sent.first_at - LOOK_BACK:
            return Page(None, "")
        if comparable(read_text(str(item.get("content") or ""))) == ours and find_id(item.get("id")) not in taken:
            return Page(_published(item), "")
    return Page(None, find_id(items[-1].get("id")) if len(items) >= PAGE else "")


def read_recent(answer: Answer, since: datetime, *, now: datetime) -> list[RecentPost]:
    found = []
    for item in _read_list(answer, now=now):
        known = _published(item)
        if known.created_at is None or known.created_at >= since:
            words = read_text(str(item.get("content") or ""))
            found.append(RecentPost(known.remote_id, words, known.url, known.created_at))
    return found


def read_followers(answer: Answer, *, now: datetime) -> int | None:
    if not answer.ok:
        raise failure(answer, create=False, now=now)
    return find_number(find_at(answer.json, "followers_count"))


def read_text(content: str) -> str:
    """The words inside a post's HTML. A shortened link keeps its whole address in hidden parts of its anchor."""
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", content)))


def comparable(text: str) -> str:
    """Equal for a text and its read-back, which shows a mention without its server."""
    return same_words(_REMOTE_MENTION.sub(r"@\1", text)).casefold()


def read_identity(answer: Answer, *, now: datetime) -> Identity:
    account_id = find_id(find_at(answer.json, "id"))
    if answer.ok and account_id:
        body = answer.json or {}
        username = str(body.get("username") or "")
        return Identity(account_id, username, str(body.get("display_name") or username))
    raise failure(answer, create=False, now=now)


def read_metrics(answer: Answer, *, now: datetime) -> dict[str, Metrics]:
    """From a list of posts; one that is not in it is gone."""
    return {find_id(item.get("id")): _metrics(item) for item in _read_list(answer, now=now)}


def read_one_metrics(answer: Answer, *, now: datetime) -> Metrics | None:
    """From one post; None where it is gone."""
    if answer.status in (404, 410):
        return None
    if answer.ok and find_id(find_at(answer.json, "id")):
        return _metrics(answer.json or {})
    raise failure(answer, create=False, now=now)


def _metrics(item: Mapping[str, Any]) -> Metrics:
    shared = [find_number(item.get(name)) for name in ("reblogs_count", "quotes_count")]
    known = [number for number in shared if number is not None]
    return Metrics(
        reactions=find_number(item.get("favourites_count")),
        comments=find_number(item.get("replies_count")),
        shares=sum(known) if known else None,
        followers=find_number(find_at(item, "account", "followers_count")),
    )


def _read_list(answer: Answer, *, now: datetime) -> list[dict[str, Any]]:
    try:
        value = json.loads(answer.body) if answer.ok else None
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise failure(answer, create=False, now=now)
    return [item for item in value if isinstance(item, dict)]


def _published(item: Mapping[str, Any]) -> Published:
    url = item.get("url")
    return Published(find_id(item.get("id")), str(url) if url else None, read_time(item.get("created_at")))


def failure(answer: Answer, *, create: bool, now: datetime) -> PublishError:
    """What to do about an answer that is no success."""
    status, words = answer.status, quote(find_at(answer.json, "error"))
    match status:
        case 401:
            sentence = "Hubungkan ulang Mastodon: sambungan sudah tidak berlaku."
            return NeedsReconnect(sentence, code="401", http_status=status)
        case 403:
            sentence = f"Hubungkan ulang Mastodon dengan izin write:statuses dan write:media, atau periksa akunnya: {words or 'tidak diizinkan'}."
            return NeedsReconnect(sentence, code="403", http_status=status)
        case 404 | 410:
            sentence = "Hubungkan ulang Mastodon: alamat peladen yang tersimpan tidak melayani Mastodon."
            return NeedsReconnect(sentence, code=str(status), http_status=status)
        case 429:
            sentence = "Mastodon sedang membatasi akun ini; akan dilanjutkan otomatis."
            return TryLater(sentence, after=find_wait(answer, now=now), code="429", http_status=status)
        case 400 | 413 | 415 | 422 if answer.json is not None or create:
            return Refused(f"Kiriman ditolak Mastodon: {words or status}", code=str(status), http_status=status)
        case _:
            return unreadable(TITLE, answer, create=create)


def find_wait(answer: Answer, *, now: datetime) -> timedelta:
    """Until the moment that the server names (ISO 8601, where others write seconds)."""
    reset_at = read_time(answer.headers.get("x-ratelimit-reset"))
    if reset_at is not None and reset_at > now:
        return reset_at - now
    retry_after = answer.headers.get("retry-after", "")
    return timedelta(seconds=int(retry_after)) if retry_after.isdecimal() else _RATE_GUESS


def no_server() -> NeedsReconnect:
    sentence = "Hubungkan ulang Mastodon: isi alamat peladennya, misalnya https://contoh.social."
    return NeedsReconnect(sentence, code="no_server")
