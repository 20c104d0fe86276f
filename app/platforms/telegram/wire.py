"""Telegram's Bot API for channels: what a message becomes, and what each answer means.

Source: Bot API 10.1 of 11 June 2026. A bot cannot read what stands in a channel, so nothing here looks anything up.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.platforms.answer import Answer, find_at, find_id, find_number, not_removed, quote, unreadable
from app.platforms.contract import (
    Account,
    Identity,
    Limits,
    Message,
    NeedsReconnect,
    Option,
    OptionKind,
    Pace,
    Published,
    PublishError,
    Refused,
    TryLater,
    Video,
    VideoLimits,
)

TITLE = "Telegram"

LIMITS = Limits(
    text=4096,
    images=10,
    image_bytes=10_000_000,
    alt_text=0,
    image_types=("image/jpeg", "image/png", "image/webp"),
    slots=24,
    image_ratio=(1 / 20, 20),
    image_width=5000,
    text_under_images=1024,
    video=VideoLimits(50_000_000, (0, 24 * 3600), codecs=("h264", "hevc")),
    paces=(Pace(20, timedelta(minutes=1)),),
)
"""20 messages a minute in one chat: Bots FAQ, November 2026. A MB is taken for a million bytes, as python-telegram-bot's constants have it. A video is MPEG4 of 50 MB (`sendVideo`); its length is not limited. UTF-16 units: 4,096 of text (`sendMessage`), 1,024 under a photo; photos of 10 MB, width and height together 10,000, at
most 1:20 (`sendPhoto`); albums of 2 to 10 (`sendMediaGroup`): Bot API 10.1, June 2026. There is no alt text. `slots`: about
30 messages a second of one bot (Bots FAQ, November 2026), and one bot usually serves all channels of an installation."""

OPTIONS = (
    Option("silent", "Kirim tanpa bunyi pemberitahuan", OptionKind.YES),
    Option("no_preview", "Jangan tampilkan pratinjau tautan", OptionKind.YES, help="Hanya untuk tulisan tanpa gambar."),
    Option("protected", "Larang meneruskan dan menyimpan", OptionKind.YES),
)
"""`disable_notification`, `link_preview_options`, `protect_content`: Bot API 10.1, June 2026."""

_RATE_GUESS = timedelta(seconds=30)
_MEMBERS_WHO_POST = {"creator", "administrator"}
_NO_CHAT = ("chat not found", "chat_id is empty", "peer_id_invalid", "username_not_occupied", "chat_id_invalid")
_NO_RIGHT = ("not enough rights", "administrator rights", "write_forbidden", "have no rights", "not a member")
_CHAT_PREFIX = "-100"


def length(text: str) -> int:
    """UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def chat_id(account: Account) -> str:
    """The channel's number where it was joined by one (private channels), else its public name."""
    return account.credential.get("account_id") or f"@{account.handle.lstrip('@')}"


def check_message(message: Message) -> None:
    """Raises Refused with the number that was passed."""
    shown = len(message.pictures) + (message.video is not None)
    count, limit = length(message.text), LIMITS.text_with(shown)
    if count > limit:
        where = "di bawah gambar " if shown else ""
        sentence = f"Kiriman ditolak Telegram: tulisan {count} karakter, {where}paling banyak {limit}; pendekkan."
        raise Refused(sentence, code="too_long")
    if len(message.pictures) > LIMITS.images:
        sentence = f"Kiriman ditolak Telegram: ada {len(message.pictures)} gambar, paling banyak {LIMITS.images}."
        raise Refused(sentence, code="too_many_pictures")


def text_body(account: Account, message: Message) -> dict[str, Any]:
    """For sendMessage; no `parse_mode`, so that nothing in the text is taken for markup."""
    preview = {"link_preview_options": {"is_disabled": True}} if message.options.get("no_preview") is True else {}
    return {"chat_id": chat_id(account), "text": message.text} | _chosen(message) | preview


def photo_form(account: Account, message: Message) -> dict[str, str]:
    """For sendPhoto; the file travels beside it as `photo`."""
    chosen = {name: "true" for name in _chosen(message)}
    return {"chat_id": chat_id(account)} | ({"caption": message.text} if message.text else {}) | chosen


def video_form(account: Account, message: Message, video: Video) -> dict[str, str]:
    """For sendVideo; the file travels beside it as `video`."""
    sizes = {"width": video.width, "height": video.height, "duration": round(video.seconds)}
    known = {name: str(value) for name, value in sizes.items() if value}
    return photo_form(account, message) | known | {"supports_streaming": "true"}


def album_form(account: Account, message: Message) -> dict[str, str]:
    """For sendMediaGroup; the files travel beside it under `album_names`. The first caption is shown for the whole album."""
    media: list[dict[str, str]] = [
        {"type": "photo", "media": f"attach://{name}"} for name in album_names(len(message.pictures))
    ]
    if message.text:
        media[0]["caption"] = message.text
    return {"chat_id": chat_id(account), "media": json.dumps(media)} | {name: "true" for name in _chosen(message)}


def _chosen(message: Message) -> dict[str, bool]:
    names = {"silent": "disable_notification", "protected": "protect_content"}
    return {name: True for ours, name in names.items() if message.options.get(ours) is True}


def album_names(count: int) -> Sequence[str]:
    return [f"photo{number}" for number in range(count)]


def read_created(answer: Answer) -> Published:
    """An album is answered as a list of messages: their numbers, joined by commas, are its id, and its first is its address."""
    result = _result(answer)
    messages = result if isinstance(result, list) else [result]
    ids = [find_id(find_at(message, "message_id")) for message in messages]
    if ids and all(ids):
        return Published(",".join(ids), permalink(messages[0], ids[0]))
    raise failure(answer, create=True)


def message_ids(remote_id: str) -> list[int]:
    return [int(each) for each in remote_id.split(",")]


def check_removed(answer: Answer) -> None:
    """Raises unless the messages are gone, be it since now or since long. After 48 hours Telegram deletes no more."""
    said = str(find_at(answer.json, "description") or "").lower()
    if _result(answer) is True or "message to delete not found" in said:
        return
    raise not_removed(TITLE, failure(answer, create=False))


def edit_body(account: Account, message: Message, message_id: int) -> dict[str, Any]:
    """For editMessageText. What a bot has posted in a channel it may edit for as long as it stands (Bot API, September 2026)."""
    body = text_body(account, message)
    kept = {name: body[name] for name in ("chat_id", "text", "link_preview_options") if name in body}
    return kept | {"message_id": message_id}


def check_edited(answer: Answer) -> None:
    """Raises unless it says the new words; one that is not modified says them already."""
    said = str(find_at(answer.json, "description") or "").lower()
    if "message is not modified" in said:
        return
    if _result(answer) is None:
        raise failure(answer, create=False)


def permalink(message: object, message_id: str) -> str | None:
    """By the channel's public name; only members can follow the other kind."""
    username = find_at(message, "chat", "username")
    if username:
        return f"https://t.me/{username}/{message_id}"
    number = find_id(find_at(message, "chat", "id"))
    return f"https://t.me/c/{number.removeprefix(_CHAT_PREFIX)}/{message_id}" if number else None


def read_bot_id(answer: Answer) -> str:
    bot_id = find_id(find_at(_result(answer), "id"))
    if bot_id:
        return bot_id
    raise failure(answer, create=False)


def read_chat(answer: Answer) -> Identity:
    chat = _result(answer)
    number = find_id(find_at(chat, "id"))
    if number:
        username = str(find_at(chat, "username") or "")
        return Identity(number, username, str(find_at(chat, "title") or username))
    raise failure(answer, create=False)


def check_member(answer: Answer) -> None:
    """Raises NeedsReconnect for a bot that may not post in the channel."""
    member = _result(answer)
    role = str(find_at(member, "status") or "")
    if not role:
        raise failure(answer, create=False)
    if role not in _MEMBERS_WHO_POST or find_at(member, "can_post_messages") is False:
        raise _no_right(answer.status)


def read_followers(answer: Answer) -> int:
    followers = find_number(_result(answer))
    if followers is None:
        raise failure(answer, create=False)
    return followers


def cannot_ask() -> TryLater:
    sentence = "Telegram tidak dapat ditanya apakah unggahan sudah terbit. Buka salurannya, lalu tandai."
    return TryLater(sentence, after=timedelta(hours=1), code="cannot_ask")


def _result(answer: Answer) -> object:
    return find_at(answer.json, "result") if answer.ok and find_at(answer.json, "ok") is True else None


def failure(answer: Answer, *, create: bool) -> PublishError:
    """What to do about an answer that is no success."""
    code = find_number(find_at(answer.json, "error_code")) or (answer.status if answer.json is not None else 0)
    words = str(find_at(answer.json, "description") or "")
    match code:
        case 429:
            sentence = "Telegram meminta menunggu; akan dilanjutkan otomatis."
            return TryLater(sentence, after=_wait(answer), code="429", http_status=answer.status)
        case 401 | 404:
            sentence = "Hubungkan ulang Telegram: token bot salah atau sudah dicabut."
            return NeedsReconnect(sentence, code=str(code), http_status=answer.status)
        case 403:
            return _no_right(answer.status)
        case 400 | 413:
            return _bad_request(answer, words)
        case _:
            return unreadable(TITLE, answer, create=create)


def _bad_request(answer: Answer, words: str) -> PublishError:
    status, said = answer.status, words.lower()
    moved = find_id(find_at(answer.json, "parameters", "migrate_to_chat_id"))
    if moved:
        sentence = f"Hubungkan ulang Telegram: nomor grup berubah menjadi {moved}."
        return NeedsReconnect(sentence, code="migrated", http_status=status)
    if any(each in said for each in _NO_CHAT):
        sentence = "Hubungkan ulang Telegram: saluran tidak ditemukan. Periksa namanya dan jadikan bot pengurusnya."
        return NeedsReconnect(sentence, code="no_chat", http_status=status)
    if any(each in said for each in _NO_RIGHT):
        return _no_right(status)
    return Refused(f"Kiriman ditolak Telegram: {quote(words) or status}", code="400", http_status=status)


def _no_right(status: int) -> NeedsReconnect:
    sentence = "Hubungkan ulang Telegram: jadikan bot pengurus saluran dengan izin mengirim pesan."
    return NeedsReconnect(sentence, code="no_right", http_status=status)


def _wait(answer: Answer) -> timedelta:
    seconds = find_number(find_at(answer.json, "parameters", "retry_after"))
    if seconds is None:
        header = answer.headers.get("retry-after", "")
        seconds = int(header) if header.isdecimal() else None
    return _RATE_GUESS if seconds is None else timedelta(seconds=seconds)
