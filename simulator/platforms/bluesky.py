"""Knows a Bluesky account: records on its PDS, read at once, and the AppView, which lags. Shapes from the lexicons."""

from typing import Any

from starlette.responses import Response

from simulator.accounts import Account, account_id
from simulator.clock import iso_time
from simulator.fetch import measure
from simulator.ledger import Post, Thing
from simulator.metrics import counts_at, followers_at
from simulator.platforms import bluesky_records as records
from simulator.platforms import bluesky_session as session
from simulator.platforms.graph import FOREVER
from simulator.visit import Call, Platform, Visit
from simulator.wire import Refusal, answer_json

_BLOB_LIMIT = 5_000_000
_SINCE = 1_704_067_200


def _uri(did: str, rkey: str) -> str:
    return f"at://{did}/{records.COLLECTION}/{rkey}"


def _own_collection(visit: Visit) -> None:
    """Writes go to the session's own repository, and only posts are simulated; raises Refusal."""
    if visit.incoming.text("repo") not in (visit.account.id, visit.account.handle):
        raise Refusal(session.fail(401, "AuthenticationRequired", "Not authorized to write to this repository"))
    if visit.incoming.text("collection") != records.COLLECTION:
        raise Refusal(session.invalid(f"Only {records.COLLECTION} is simulated"))


async def create_record(visit: Visit) -> Response:
    """A used rkey fails as it was seen to fail: a 500 without explanation."""
    _own_collection(visit)
    rkey = visit.incoming.text("rkey") or records.new_tid(visit.now)
    return _write(visit, rkey, creates=True)


async def put_record(visit: Visit) -> Response:
    """An identical repeat changes nothing and answers the same; another record under the rkey replaces it."""
    _own_collection(visit)
    return _write(visit, visit.incoming.text("rkey"), creates=False)


def _write(visit: Visit, rkey: str, *, creates: bool) -> Response:
    records.check_rkey(rkey)
    record = visit.incoming.params.get("record")
    pictures = records.check_post(visit, record)
    assert isinstance(record, dict)
    record = {"$type": records.COLLECTION, **record}
    uri, extra = _uri(visit.account.id, rkey), {"record": record, "cid": records.record_cid(record)}
    post = Post(
        platform="bluesky", account_id=visit.account.id, account=visit.account.handle, remote_id=uri,
        text=record["text"], media=pictures, extra=extra, created_at=visit.now, visible_at=visit.visible_at(),
    )  # fmt: skip
    with visit.ledger.transaction():
        held = visit.ledger.find_post("bluesky", uri)
        if held is None or held.deleted_at is not None:
            visit.ledger.forget_post("bluesky", uri)
            visit.ledger.add_post(post)
        elif creates:
            raise Refusal(session.fail(500, "InternalServerError", "Internal Server Error"))
        elif held.extra["record"] != record:
            visit.ledger.edit_post("bluesky", uri, text=record["text"], extra=extra)
    return answer_json({"uri": uri, "cid": extra["cid"], "validationStatus": "valid"})


async def delete_record(visit: Visit) -> Response:
    """Safe to repeat."""
    _own_collection(visit)
    visit.ledger.delete_post("bluesky", _uri(visit.account.id, visit.incoming.text("rkey")), visit.now)
    return answer_json({})


async def upload_blob(visit: Visit) -> Response:
    content = await visit.request.body()
    if not content:
        return session.invalid("Request has no body")
    if len(content) > _BLOB_LIMIT:
        return session.fail(413, "PayloadTooLarge", "request entity too large")
    measured = measure(content)
    said = visit.request.headers.get("content-type", "").partition(";")[0]
    body = {
        "sha256": visit.ledger.keep_bytes(content), "mime": measured.mime if measured else said or "*/*",
        "width": measured.width if measured else 0, "height": measured.height if measured else 0, "size": len(content),
    }  # fmt: skip
    link = records.blob_cid(str(body["sha256"]))
    visit.ledger.put_thing("bluesky", Thing(f"{visit.account.id}:{link}", "blob", visit.account.id, body, visit.now))
    blob = {"$type": "blob", "ref": {"$link": link}, "mimeType": body["mime"], "size": body["size"]}
    return answer_json({"blob": blob})


def _did(name: str) -> str:
    return name if name.startswith("did:") else account_id("bluesky", name)


def _show_record(post: Post) -> dict[str, Any]:
    return {"uri": post.remote_id, "cid": post.extra["cid"], "value": post.extra["record"]}


async def get_record(visit: Visit) -> Response:
    """The PDS knows its own records at once: no lag."""
    uri = _uri(_did(visit.incoming.text("repo")), visit.incoming.text("rkey"))
    post = visit.ledger.find_post("bluesky", uri)
    if post is None or post.deleted_at is not None or visit.loses(post):
        return session.fail(400, "RecordNotFound", f"Could not locate record: {uri}")
    return answer_json(_show_record(post))


async def list_records(visit: Visit) -> Response:
    """By rkey, newest first; no lag."""
    number = _did(visit.incoming.text("repo"))
    posts = visit.ledger.list_posts("bluesky", number, seen_at=FOREVER, since=0, until=FOREVER)
    ordered = sorted((post.remote_id.rpartition("/")[2], _show_record(post)) for post in posts)
    if not visit.incoming.flag("reverse", default=False):
        ordered.reverse()
    cursor = visit.incoming.text("cursor")
    names = [rkey for rkey, _ in ordered]
    start = names.index(cursor) + 1 if cursor in names else 0
    shown = ordered[start : start + _limit(visit)]
    body: dict[str, Any] = {"records": [record for _, record in shown]}
    return answer_json(body | ({"cursor": shown[-1][0]} if shown else {}))


def _limit(visit: Visit) -> int:
    text = visit.incoming.text("limit", "50")
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise Refusal(session.invalid("Error: limit must be between 1 and 100"))
    return int(text)


def _show_account(account: Account) -> dict[str, Any]:
    return {"did": account.id, "handle": account.handle, "displayName": account.name, "labels": []}


def _show_post(visit: Visit, post: Post) -> dict[str, Any]:
    """A postView of the AppView: counts, but no views."""
    counts = counts_at("bluesky", post.remote_id, visit.now - post.created_at, fallen=visit.fallen())
    shown = {
        "uri": post.remote_id, "cid": post.extra["cid"], "record": post.extra["record"],
        "author": _show_account(Account("bluesky", post.account, post.account_id)),
        "bookmarkCount": counts.saves, "replyCount": counts.comments, "repostCount": counts.shares,
        "likeCount": counts.likes, "quoteCount": counts.loves, "indexedAt": iso_time(post.created_at), "labels": [],
    }  # fmt: skip
    if post.media and post.media[0].mime.startswith("image/"):
        shown["embed"] = {"$type": "app.bsky.embed.images#view", "images": [
            {"thumb": address, "fullsize": address, "alt": picture.alt_text}
            for picture in post.media[:4]
            for address in [f"{visit.home}_sim/media/{picture.sha256}"]
        ]}  # fmt: skip
    return shown


async def get_posts(visit: Visit) -> Response:
    """Up to 25 addresses; what is missing is left out."""
    uris = visit.request.query_params.getlist("uris")
    if not 1 <= len(uris) <= 25:
        return session.invalid("Error: uris must have 1 to 25 elements")
    found = [post for uri in uris if (post := visit.find_visible(uri))]
    return answer_json({"posts": [_show_post(visit, post) for post in found]})


async def author_feed(visit: Visit) -> Response:
    number = _did(visit.incoming.text("actor"))
    posts = visit.list_visible(number, since=0, until=FOREVER)
    cursor = visit.incoming.text("cursor", "0")
    start = int(cursor) if cursor.isdecimal() else 0
    end = start + _limit(visit)
    body: dict[str, Any] = {"feed": [{"post": _show_post(visit, post)} for post in posts[start:end]]}
    return answer_json(body | ({"cursor": str(end)} if end < len(posts) else {}))


async def get_profile(visit: Visit) -> Response:
    number = _did(visit.incoming.text("actor"))
    handle = visit.ledger.find_handle("bluesky", number)
    if handle is None:
        return session.invalid("Profile not found")
    return answer_json(_show_account(Account("bluesky", handle, number)) | {
        "followersCount": followers_at("bluesky", number, visit.now - _SINCE), "followsCount": 12,
        "postsCount": visit.ledger.count_posts("bluesky", number, 0), "indexedAt": iso_time(_SINCE),
    })  # fmt: skip


async def resolve_handle(visit: Visit) -> Response:
    return answer_json({"did": visit.account.id})


async def describe_server(visit: Visit) -> Response:
    return answer_json({
        "did": "did:web:simulator.invalid", "availableUserDomains": [".simulator.invalid"], "inviteCodeRequired": True,
        "blobUploadLimit": _BLOB_LIMIT,
    })  # fmt: skip


_REPO, _SERVER, _VIEW = "/xrpc/com.atproto.repo", "/xrpc/com.atproto.server", "/xrpc/app.bsky"
PLATFORM = Platform(
    name="bluesky",
    title="Bluesky",
    calls=(
        Call("POST", f"{_SERVER}.createSession", "login", session.create_session),
        Call("POST", f"{_SERVER}.refreshSession", "refresh", session.refresh_session),
        Call("GET", f"{_SERVER}.getSession", "session", session.get_session),
        Call("GET", f"{_SERVER}.describeServer", "describe", describe_server),
        Call("GET", "/xrpc/com.atproto.identity.resolveHandle", "describe", resolve_handle),
        Call("POST", f"{_REPO}.createRecord", "create", create_record),
        Call("POST", f"{_REPO}.putRecord", "create", put_record),
        Call("POST", f"{_REPO}.deleteRecord", "delete", delete_record),
        Call("POST", f"{_REPO}.uploadBlob", "upload", upload_blob),
        Call("GET", f"{_REPO}.getRecord", "record", get_record),
        Call("GET", f"{_REPO}.listRecords", "list", list_records),
        Call("GET", f"{_VIEW}.feed.getPosts", "metrics", get_posts),
        Call("GET", f"{_VIEW}.feed.getAuthorFeed", "list", author_feed),
        Call("GET", f"{_VIEW}.actor.getProfile", "profile", get_profile),
    ),
    identify=session.identify,
    pace=session.pace,
    token_dead=session.token_dead,
    rate_limited=session.rate_limited,
    malformed=lambda: session.invalid("Unable to parse the request body"),
    admit=session.admit,
)
