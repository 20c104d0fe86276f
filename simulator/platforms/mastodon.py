"""Knows a Mastodon account: statuses with an idempotency key, attachments that may still be processed, read-back."""

import hashlib
from typing import Any

from starlette.responses import Response

from simulator.accounts import account_id
from simulator.fetch import measure
from simulator.ledger import Picture, Post, Thing
from simulator.platforms import mastodon_wire as wire
from simulator.platforms.graph import FOREVER
from simulator.visit import Call, Platform, Visit
from simulator.wire import Refusal, answer_json

_KEY_S = 3_600.0
_IMAGE_LIMIT, _VIDEO_LIMIT = 16_777_216, 103_809_024
_VISIBILITIES = ("public", "unlisted", "private", "direct")


def _invalid(message: str) -> Response:
    return wire.fail(422, f"Validation failed: {message}")


def _list(visit: Visit, name: str) -> list[str]:
    """Form fields `name[]`, or a JSON list `name`."""
    value = visit.incoming.params.get(f"{name}[]", visit.incoming.params.get(name, []))
    return [str(part) for part in value] if isinstance(value, list) else [str(value)]


async def create(visit: Visit) -> Response:
    """POST /api/v1/statuses: the same Idempotency-Key within an hour answers the same status."""
    text, pictures = visit.incoming.text("status").strip(), _attached(visit)
    if visit.incoming.text("scheduled_at"):
        return _invalid("Scheduled statuses are not simulated")
    _check_text(text + visit.incoming.text("spoiler_text"), has_media=bool(pictures))
    visibility = visit.incoming.text("visibility") or "public"
    if visibility not in _VISIBILITIES:
        return _invalid("Visibility is not included in the list")
    post = Post(
        platform="mastodon", account_id=visit.account.id, account=visit.account.handle, text=text, media=pictures,
        remote_id=wire.snowflake(visit.now), extra=_extra(visit, visibility), created_at=visit.now,
        public=visibility in ("public", "unlisted"), visible_at=visit.visible_at(),
    )  # fmt: skip
    with visit.ledger.transaction():
        if (earlier := _earlier(visit)) is not None:
            return answer_json(wire.show_status(visit, earlier))
        visit.ledger.add_post(post)
        _remember(visit, post)
    return answer_json(wire.show_status(visit, post))


def _extra(visit: Visit, visibility: str) -> dict[str, Any]:
    return {
        "visibility": visibility, "sensitive": visit.incoming.flag("sensitive", default=False),
        "wishes": visit.wishes("visibility", "sensitive", "spoiler_text", "language"),
        "spoiler_text": visit.incoming.text("spoiler_text"), "language": visit.incoming.text("language") or "id",
    }  # fmt: skip


def _key(visit: Visit) -> str:
    given = visit.request.headers.get("idempotency-key", "")
    return f"key:{visit.account.id}:{hashlib.sha256(given.encode()).hexdigest()}" if given else ""


def _earlier(visit: Visit) -> Post | None:
    """What this key made within the hour, while it stands."""
    known = visit.ledger.find_thing("mastodon", _key(visit), ("key",)) if _key(visit) else None
    if known is None or visit.now - float(known.body["at"]) > _KEY_S:
        return None
    post = visit.ledger.find_post("mastodon", str(known.body["status"]))
    return post if post and post.deleted_at is None else None


def _remember(visit: Visit, post: Post) -> None:
    if _key(visit):
        body = {"status": post.remote_id, "at": visit.now}
        visit.ledger.put_thing("mastodon", Thing(_key(visit), "key", visit.account.id, body, visit.now))


def _check_text(text: str, *, has_media: bool) -> None:
    if not text and not has_media:
        raise Refusal(_invalid("Text can't be blank"))
    if wire.length_of(text) > wire.CHARACTERS:
        raise Refusal(_invalid(f"Text character limit of {wire.CHARACTERS} exceeded"))


def _attached(visit: Visit) -> tuple[Picture, ...]:
    """The uploads a status names, ready to be shown; raises Refusal."""
    ids = _list(visit, "media_ids")
    if len(ids) > wire.ATTACHMENTS:
        raise Refusal(_invalid(f"Cannot attach more than {wire.ATTACHMENTS} files"))
    things = [_own_media(visit, media_id) for media_id in ids]
    if any(thing.body["polls"] > 0 for thing in things):
        raise Refusal(_invalid("Cannot attach files that have not finished processing. Try again in a moment!"))
    if len(things) > 1 and any(not thing.body["mime"].startswith("image/") for thing in things):
        raise Refusal(_invalid("Cannot attach a video to a post that already contains images"))
    wanted = ("sha256", "mime", "width", "height", "size", "alt_text")
    return tuple(Picture(**{name: thing.body[name] for name in wanted}, remote_id=thing.remote_id) for thing in things)


def _own_media(visit: Visit, media_id: str) -> Thing:
    thing = visit.ledger.find_thing("mastodon", media_id, ("media",))
    if thing is None or thing.account_id != visit.account.id:
        raise Refusal(wire.not_found())
    return thing


async def upload(visit: Visit) -> Response:
    """POST /api/v2/media: images are ready at once (since 4.0), videos and the fault media_processing take polls."""
    content = visit.incoming.files.get("file", b"")
    measured = measure(content)
    is_video = measured is None and content[4:8] == b"ftyp"
    if measured is None and not is_video:
        return _invalid("File content type is invalid, File is invalid")
    if len(content) > (_VIDEO_LIMIT if is_video else _IMAGE_LIMIT):
        return _invalid("File file size must be less than the limit of the instance")
    alt_text = visit.incoming.text("description")
    if len(alt_text) > wire.DESCRIPTION:
        return _invalid(f"Description is too long (maximum is {wire.DESCRIPTION} characters)")
    slow = visit.struck("media_processing", operation="media")
    body = {
        "sha256": visit.ledger.keep_bytes(content), "mime": measured.mime if measured else "video/mp4",
        "width": measured.width if measured else 0, "height": measured.height if measured else 0,
        "size": len(content), "alt_text": alt_text,
        "polls": int(slow.number("polls", 3)) if slow else 1 if is_video else 0,
        "fails": visit.struck("media_failed", operation="media") is not None,
    }  # fmt: skip
    thing = Thing(wire.snowflake(visit.now), "media", visit.account.id, body, visit.now)
    visit.ledger.put_thing("mastodon", thing)
    return answer_json(wire.show_media(visit, thing), 202 if body["polls"] or body["fails"] else 200)


async def media_state(visit: Visit) -> Response:
    """GET /api/v1/media/{id}: 206 while it is processed, 200 when ready, 422 when that failed."""
    thing = _own_media(visit, visit.path("id"))
    if thing.body["fails"]:
        return wire.fail(422, "Error processing thumbnail for uploaded media")
    answer = answer_json(wire.show_media(visit, thing), 206 if thing.body["polls"] > 0 else 200)
    if thing.body["polls"] > 0:
        thing.body["polls"] -= 1
        visit.ledger.put_thing("mastodon", thing)
    return answer


async def describe_media(visit: Visit) -> Response:
    """PUT /api/v1/media/{id}: the alt text, until the status is made."""
    thing = _own_media(visit, visit.path("id"))
    thing.body["alt_text"] = visit.incoming.text("description")
    visit.ledger.put_thing("mastodon", thing)
    return answer_json(wire.show_media(visit, thing))


def _own(visit: Visit) -> Post:
    post = visit.ledger.find_post("mastodon", visit.path("id"))
    if post is None or post.deleted_at is not None or post.account_id != visit.account.id or visit.loses(post):
        raise Refusal(wire.not_found())
    return post


async def read(visit: Visit) -> Response:
    post = visit.find_visible(visit.path("id"))
    return wire.not_found() if post is None else answer_json(wire.show_status(visit, post))


async def read_many(visit: Visit) -> Response:
    """GET /api/v1/statuses?id[]=: what is missing is left out."""
    found = [post for number in _list(visit, "id")[:20] if (post := visit.find_visible(number))]
    return answer_json([wire.show_status(visit, post) for post in found])


async def edit(visit: Visit) -> Response:
    """PUT /api/v1/statuses/{id}."""
    post = _own(visit)
    text = visit.incoming.text("status").strip()
    _check_text(text, has_media=bool(post.media))
    visit.ledger.edit_post("mastodon", post.remote_id, text=text, extra=post.extra | {"edited_at": visit.now})
    return answer_json(wire.show_status(visit, visit.ledger.find_post("mastodon", post.remote_id) or post))


async def delete(visit: Visit) -> Response:
    """DELETE /api/v1/statuses/{id}: answers what it was, with its source text (recorded)."""
    post = _own(visit)
    visit.ledger.delete_post("mastodon", post.remote_id, visit.now)
    return answer_json(wire.show_status(visit, post) | {"text": post.text})


async def verify(visit: Visit) -> Response:
    shown = wire.show_account(visit, visit.account.id, visit.account.handle)
    source = {"privacy": "public", "sensitive": False, "language": "id", "note": "", "fields": []}
    return answer_json(shown | {"source": source | {"follow_requests_count": 0}})


async def account(visit: Visit) -> Response:
    handle = visit.ledger.find_handle("mastodon", visit.path("id"))
    return wire.not_found() if handle is None else answer_json(wire.show_account(visit, visit.path("id"), handle))


async def lookup(visit: Visit) -> Response:
    number = account_id("mastodon", visit.incoming.text("acct").lstrip("@"))
    handle = visit.ledger.find_handle("mastodon", number)
    return wire.not_found() if handle is None else answer_json(wire.show_account(visit, number, handle))


async def statuses(visit: Visit) -> Response:
    """GET /api/v1/accounts/{id}/statuses, newest first, at most 40."""
    number = visit.path("id")
    if visit.ledger.find_handle("mastodon", number) is None:
        return wire.not_found()
    above, below = visit.incoming.text("since_id", "0"), visit.incoming.text("max_id", str(2**63))
    above = visit.incoming.text("min_id", above)
    if not above.isdecimal() or not below.isdecimal():
        return wire.fail(400, "Invalid id")
    size = visit.incoming.text("limit", "20")
    posts = visit.list_visible(number, since=0, until=FOREVER)
    posts = [post for post in posts if int(above) < int(post.remote_id) < int(below)]
    shown = posts[: min(40, int(size) if size.isdecimal() else 20)]
    return answer_json([wire.show_status(visit, post) for post in shown])


async def instance(visit: Visit) -> Response:
    return answer_json(wire.show_instance(visit))


PLATFORM = Platform(
    name="mastodon",
    title="Mastodon",
    calls=(
        Call("POST", "/api/v1/statuses", "create", create),
        Call("GET", "/api/v1/statuses", "read", read_many),
        Call("GET", "/api/v1/statuses/{id}", "read", read),
        Call("PUT", "/api/v1/statuses/{id}", "edit", edit),
        Call("DELETE", "/api/v1/statuses/{id}", "delete", delete),
        Call("POST", "/api/v2/media", "media", upload),
        Call("GET", "/api/v1/media/{id}", "media_state", media_state),
        Call("PUT", "/api/v1/media/{id}", "media_state", describe_media),
        Call("GET", "/api/v1/accounts/verify_credentials", "me", verify),
        Call("GET", "/api/v1/accounts/lookup", "me", lookup),
        Call("GET", "/api/v1/accounts/{id}", "me", account),
        Call("GET", "/api/v1/accounts/{id}/statuses", "list", statuses),
        Call("GET", "/api/v2/instance", "instance", instance),
        Call("GET", "/api/v1/instance", "instance", instance),
    ),
    identify=wire.identify,
    pace=wire.pace,
    token_dead=wire.token_dead,
    rate_limited=wire.rate_limited,
    malformed=wire.malformed,
)
