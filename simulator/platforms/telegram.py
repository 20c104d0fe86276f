"""Knows the bot that posts into a channel: sending, editing, deleting; Telegram offers no way to read back."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from simulator.accounts import Account
from simulator.ledger import Picture, Post
from simulator.metrics import followers_at
from simulator.platforms import telegram_text as texts
from simulator.platforms import telegram_wire as wire
from simulator.platforms.telegram_media import file_id, read_album, read_photo, read_video
from simulator.visit import Call, Handler, Platform, Visit
from simulator.wire import Refusal, answer_json

_SINCE = 1_704_067_200
_DELETABLE_S = 48 * 3600.0
_UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content"
    " and reply markup of the message"
)


def _read_text(visit: Visit, text: str, mode: str, *, limit: int) -> str:
    """Raises Refusal."""
    try:
        plain = texts.read_text(text, mode)
    except texts.Unparsable as error:
        raise Refusal(wire.bad_request(f"can't parse entities: {error}")) from error
    if texts.length_of(plain) > limit:
        said = "message is too long" if limit == texts.TEXT_LIMIT else "message caption is too long"
        raise Refusal(wire.bad_request(said))
    return plain


async def send_message(visit: Visit) -> Response:
    """POST sendMessage."""
    wire.own_chat(visit)
    mode = visit.incoming.text("parse_mode")
    text = _read_text(visit, visit.incoming.text("text"), mode, limit=texts.TEXT_LIMIT)
    if not text:
        return wire.bad_request("message text is empty")
    return wire.ok(_show(visit.account, _keep(visit, text), 0))


async def send_photo(visit: Visit) -> Response:
    """POST sendPhoto: an uploaded part, an address or a known file."""
    wire.own_chat(visit)
    mode = visit.incoming.text("parse_mode")
    caption = _read_text(visit, visit.incoming.text("caption"), mode, limit=texts.CAPTION_LIMIT)
    picture = await read_photo(visit, visit.incoming.text("photo"), "photo")
    return wire.ok(_show(visit.account, _keep(visit, caption, [picture]), 0))


async def send_video(visit: Visit) -> Response:
    """POST sendVideo: an uploaded part, an address or a known file."""
    wire.own_chat(visit)
    mode = visit.incoming.text("parse_mode")
    caption = _read_text(visit, visit.incoming.text("caption"), mode, limit=texts.CAPTION_LIMIT)
    video = await read_video(visit)
    return wire.ok(_show(visit.account, _keep(visit, caption, [video]), 0))


async def send_album(visit: Visit) -> Response:
    """POST sendMediaGroup: one message a picture, one post to the reader."""
    wire.own_chat(visit)
    pictures, caption, mode = await read_album(visit)
    text = _read_text(visit, caption, mode, limit=texts.CAPTION_LIMIT)
    post = _keep(visit, text, pictures)
    return wire.ok([_show(visit.account, post, index) for index in range(len(pictures))])


def _keep(visit: Visit, text: str, pictures: Sequence[Picture] = ()) -> Post:
    """Message ids are ten apart, so that the up to ten messages of an album have room."""
    visit.now = visit.world.clock.now()
    visible_at = visit.visible_at()
    with visit.ledger.transaction():
        post = Post(
            platform="telegram", account_id=visit.account.id, account=visit.account.handle, text=text,
            remote_id=str(visit.ledger.next_post_number() * 10), media=tuple(pictures), created_at=visit.now,
            visible_at=visible_at, extra={"wishes": visit.wishes("disable_notification", "protect_content", "link_preview_options")},
        )  # fmt: skip
        visit.ledger.add_post(post)
    return post


def _show(account: Account, post: Post, index: int) -> dict[str, Any]:
    """Shape from spec: `Message` has no view count."""
    chat = wire.show_chat(account)
    shown: dict[str, Any] = {
        "message_id": int(post.remote_id) + index, "sender_chat": chat, "chat": chat, "date": int(post.created_at),
    }  # fmt: skip
    if "edited_at" in post.extra:
        shown["edit_date"] = int(post.extra["edited_at"])
    if not post.media:
        return shown | {"text": post.text}
    picture = post.media[index]
    if picture.mime.startswith("video/"):
        return shown | _show_video(picture) | ({"caption": post.text} if post.text else {})
    shown["photo"] = [{
        "file_id": file_id(picture), "file_unique_id": f"AQAD{picture.sha256[:12]}", "width": picture.width,
        "height": picture.height, "file_size": picture.size,
    }]  # fmt: skip
    if len(post.media) > 1:
        shown["media_group_id"] = post.remote_id
    return shown | ({"caption": post.text} if post.text and index == 0 else {})


def _show_video(video: Picture) -> dict[str, Any]:
    return {"video": {
        "file_id": file_id(video), "file_unique_id": f"AgAD{video.sha256[:12]}", "width": video.width,
        "height": video.height, "duration": 15, "mime_type": video.mime, "file_size": video.size,
    }}  # fmt: skip


def _find(visit: Visit, refusal: str) -> Post:
    """The channel's standing message named by message_id; raises Refusal."""
    wire.own_chat(visit)
    number = visit.incoming.text("message_id")
    post = visit.ledger.find_post("telegram", str(int(number) // 10 * 10)) if number.isdecimal() else None
    if post is None or post.deleted_at is not None or post.account_id != visit.account.id or visit.loses(post):
        raise Refusal(wire.bad_request(refusal))
    return post


async def edit_text(visit: Visit) -> Response:
    """POST editMessageText: safe to repeat, as the same text again is refused."""
    post = _find(visit, "message to edit not found")
    if post.media:
        return wire.bad_request("there is no text in the message to edit")
    return _edit(visit, post, visit.incoming.text("text"), limit=texts.TEXT_LIMIT)


async def edit_caption(visit: Visit) -> Response:
    """POST editMessageCaption."""
    post = _find(visit, "message to edit not found")
    if not post.media:
        return wire.bad_request("there is no caption in the message to edit")
    return _edit(visit, post, visit.incoming.text("caption"), limit=texts.CAPTION_LIMIT)


def _edit(visit: Visit, post: Post, given: str, *, limit: int) -> Response:
    text = _read_text(visit, given, visit.incoming.text("parse_mode"), limit=limit)
    if not text and not post.media:
        return wire.bad_request("message text is empty")
    if text == post.text:
        return wire.bad_request(_UNCHANGED)
    extra = post.extra | {"edited_at": visit.now}
    visit.ledger.edit_post("telegram", post.remote_id, text=text, extra=extra)
    edited = visit.ledger.find_post("telegram", post.remote_id) or post
    return wire.ok(_show(visit.account, edited, 0))


async def delete(visit: Visit) -> Response:
    """POST deleteMessage, within 48 hours; one picture of an album takes the whole album here."""
    post = _find(visit, "message to delete not found")
    if visit.now - post.created_at > _DELETABLE_S:
        return wire.bad_request("message can't be deleted for everyone")
    visit.ledger.delete_post("telegram", post.remote_id, visit.now)
    return wire.ok(True)


async def delete_many(visit: Visit) -> Response:
    """POST deleteMessages: 1 to 100; what is not there is skipped, an album goes once all its messages are named."""
    wire.own_chat(visit)
    given = visit.incoming.params.get("message_ids")
    numbers = [number for number in given if isinstance(number, int)] if isinstance(given, list) else []
    if not 1 <= len(numbers) <= 100:
        return wire.bad_request("message identifiers are not specified")
    posts = {first: visit.ledger.find_post("telegram", str(first)) for first in {n // 10 * 10 for n in numbers}}
    for first, post in posts.items():
        if post is None or post.account_id != visit.account.id:
            continue
        if visit.now - post.created_at > _DELETABLE_S:
            return wire.bad_request("message can't be deleted for everyone")
        if set(range(first, first + max(1, len(post.media)))) <= set(numbers):
            visit.ledger.delete_post("telegram", post.remote_id, visit.now)
    return wire.ok(True)


async def get_me(visit: Visit) -> Response:
    return wire.ok(_bot(visit.account) | {
        "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False,
        "can_connect_to_business": False, "has_main_web_app": False, "has_topics_enabled": False,
        "allows_users_to_create_topics": False, "can_manage_bots": False,
    })  # fmt: skip


def _bot(account: Account) -> dict[str, Any]:
    return {
        "id": wire.bot_id(account), "is_bot": True, "first_name": f"Bot {account.name}",
        "username": f"{account.handle.replace('.', '_').replace('-', '_')}_bot",
    }  # fmt: skip


async def get_chat(visit: Visit) -> Response:
    wire.own_chat(visit)
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return wire.ok(wire.show_chat(visit.account) | {
        "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, False),
    })  # fmt: skip


async def get_member(visit: Visit) -> Response:
    """GET getChatMember: the bot itself is an administrator who may post."""
    wire.own_chat(visit)
    if visit.incoming.text("user_id") != str(wire.bot_id(visit.account)):
        return wire.bad_request("member not found")
    rights = dict.fromkeys((
        "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
        "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
        "can_edit_stories", "can_delete_stories",
    ), False)  # fmt: skip
    rights |= {"can_post_messages": True, "can_edit_messages": True, "can_delete_messages": True}
    return wire.ok({"status": "administrator", "user": _bot(visit.account), **rights})


async def count_members(visit: Visit) -> Response:
    wire.own_chat(visit)
    return wire.ok(followers_at("telegram", visit.account.id, visit.now - _SINCE))


async def get_updates(visit: Visit) -> Response:
    """A bot's own channel posts are not delivered to it."""
    return wire.ok([])


async def unknown(visit: Visit) -> Response:
    return answer_json({"ok": False, "error_code": 404, "description": "Not Found"}, 404)


def _both(name: str, operation: str, handler: Handler) -> tuple[Call, Call]:
    """Telegram takes GET and POST alike."""
    path = f"/bot{{token}}/{name}"
    return Call("POST", path, operation, handler), Call("GET", path, operation, handler)


PLATFORM = Platform(
    name="telegram",
    title="Telegram",
    calls=(
        *_both("sendMessage", "create", send_message),
        *_both("sendPhoto", "create", send_photo),
        *_both("sendVideo", "create", send_video),
        *_both("sendMediaGroup", "create", send_album),
        *_both("editMessageText", "edit", edit_text),
        *_both("editMessageCaption", "edit", edit_caption),
        *_both("deleteMessage", "delete", delete),
        *_both("deleteMessages", "delete", delete_many),
        *_both("getMe", "read", get_me),
        *_both("getChat", "read", get_chat),
        *_both("getChatMember", "read", get_member),
        *_both("getChatMemberCount", "read", count_members),
        *_both("getUpdates", "read", get_updates),
        *_both("{method}", "read", unknown),
    ),
    identify=wire.identify,
    pace=wire.pace,
    token_dead=wire.token_dead,
    rate_limited=wire.rate_limited,
    malformed=wire.malformed,
)
