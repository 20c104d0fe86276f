"""Knows each platform's own log-in addresses: consent, code for token, renewing, revoking. Shapes from their docs."""

import base64
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import consent
from simulator.accounts import account_id
from simulator.consent import Page
from simulator.faults import Fault
from simulator.oauth import Consent, Desk, Habits, Issued, Spent
from simulator.visit import World
from simulator.wire import HangUp, Incoming, answer_json, html_error, read_incoming

_HOUR, _DAY = 3_600.0, 86_400.0
_SIXTY_DAYS = 60 * _DAY


@dataclass(frozen=True, slots=True)
class Ask:
    """One call at a token address."""

    world: World
    desk: Desk
    incoming: Incoming
    request: Request
    now: float

    def text(self, name: str) -> str:
        return self.incoming.text(name)

    def basic(self) -> tuple[str, str]:
        """App's number and secret out of HTTP Basic, else out of the form."""
        scheme, _, encoded = self.request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return self.text("client_id"), self.text("client_secret")
        name, _, secret = base64.b64decode(encoded + "==").decode(errors="replace").partition(":")
        return name, secret

    def redeem(self, *, client_id: str) -> Consent:
        # Instagram hands its codes out with #_ behind; whoever sends that back is refused there too.
        return self.desk.redeem(
            self.text("code"), client_id=client_id, redirect_uri=self.text("redirect_uri"),
            verifier=self.text("code_verifier"), now=self.now,
        )  # fmt: skip


Answerer = Callable[[Ask], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def oauth_error(error: str, description: str, status: int = 400) -> Response:
    """RFC 6749, section 5.2."""
    return answer_json({"error": error, "error_description": description}, status)


def graph_error(message: str, code: int = 100) -> Response:
    body = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A" + secrets.token_hex(11)}
    return answer_json({"error": body}, 400)


def _x_token(ask: Ask) -> Response:
    client_id, _secret = ask.basic()
    if not client_id:
        return oauth_error("unauthorized_client", "Missing valid authorization header", 401)
    try:
        if ask.text("grant_type") == "refresh_token":
            agreed = ask.desk.spend_refresh(ask.text("refresh_token"), client_id=client_id, now=ask.now)
        else:
            agreed = ask.redeem(client_id=client_id)
    except Spent:
        return oauth_error("invalid_request", "Value passed for the token was invalid.")
    issued = ask.desk.issue(agreed, now=ask.now, with_refresh="offline.access" in agreed.scopes)
    return answer_json(_pair(issued, kind="bearer"))


def _pair(issued: Issued, *, kind: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "token_type": kind, "access_token": issued.access, "scope": " ".join(issued.consent.scopes),
    }  # fmt: skip
    if issued.lives_s is not None:
        body["expires_in"] = int(issued.lives_s)
    return body | ({"refresh_token": issued.refresh} if issued.refresh else {})


def _revoke(answer: dict[str, Any]) -> Answerer:
    def revoke(ask: Ask) -> Response:
        agreed = ask.desk.consent_of(ask.text("token"), now=ask.now)
        if agreed is not None:
            ask.desk.end_family(agreed, now=ask.now)
            number = account_id(agreed.platform, agreed.handle)
            ask.world.news.on_consent_ended(agreed.platform, number, agreed.handle)
        return answer_json(answer)

    return revoke


def _facebook_token(ask: Ask) -> Response:
    """A code gives a token of an hour or two; `fb_exchange_token` makes sixty days of it (recorded shape)."""
    try:
        if ask.text("grant_type") == "fb_exchange_token":
            agreed = ask.desk.consent_of(ask.text("fb_exchange_token"), now=ask.now)
            if agreed is None:
                raise Spent("fb_exchange_token")
            span = _SIXTY_DAYS
        else:
            agreed, span = ask.redeem(client_id=ask.text("client_id")), 2 * _HOUR
    except Spent:
        return graph_error("Invalid verification code format.")
    issued = ask.desk.issue(agreed, now=ask.now, lives_s=span)
    return answer_json({"access_token": issued.access, "token_type": "bearer", "expires_in": int(span)})


def _bearer(ask: Ask, name: str = "access_token") -> str:
    return ask.text(name) or ask.request.headers.get("authorization", "").partition(" ")[2].strip()


def _facebook_pages(ask: Ask) -> Response:
    """GET /me/accounts (recorded shape): the pages, each with a token of its own that does not end by itself."""
    agreed = ask.desk.consent_of(_bearer(ask), now=ask.now)
    if agreed is None:
        return graph_error("Invalid OAuth access token - Cannot parse access token", 190)
    pages = []
    for handle in agreed.pages if "pages_show_list" in agreed.scopes else ():
        name, _, task = handle.partition(":")
        page = Consent(**{**_fields(agreed), "handle": name})
        tasks = ["ANALYZE", "MODERATE"] if task == "analis" else ["ANALYZE", "MODERATE", "CREATE_CONTENT", "MANAGE"]
        pages.append({
            "access_token": ask.desk.issue(page, now=ask.now, lives_s=None).access, "category": "Government Organization",
            "name": name.replace(".", " ").title(), "id": account_id("facebook", name), "username": name, "tasks": tasks,
        })  # fmt: skip
    return answer_json({"data": pages})


def _fields(agreed: Consent) -> dict[str, Any]:
    return {name: getattr(agreed, name) for name in Consent.__dataclass_fields__}


def _facebook_debug(ask: Ask) -> Response:
    """GET /debug_token (recorded shape)."""
    token = ask.text("input_token")
    agreed = ask.desk.consent_of(token, now=ask.now)
    if agreed is None:
        return answer_json({"data": {"is_valid": False, "scopes": []}})
    return answer_json({"data": {
        "app_id": agreed.client_id, "type": "USER", "application": "Kentongan", "is_valid": True,
        "expires_at": int(ask.desk.made_at(token) + _SIXTY_DAYS),
        "data_access_expires_at": int(ask.now + 90 * _DAY), "scopes": list(agreed.scopes),
        "user_id": account_id("facebook", agreed.handle),
    }})  # fmt: skip


def _facebook_revoke(ask: Ask) -> Response:
    agreed = ask.desk.consent_of(_bearer(ask), now=ask.now)
    if agreed is not None:
        ask.desk.end_family(agreed, now=ask.now)
    return answer_json({"success": True})


def _short_lived(platform: str) -> Answerer:
    """Instagram's and Threads' first token: one hour."""

    def give(ask: Ask) -> Response:
        try:
            agreed = ask.redeem(client_id=ask.text("client_id"))
        except Spent:
            body = {"error_type": "OAuthException", "code": 400, "error_message": "Invalid authorization code"}
            return answer_json(body, 400)
        issued = ask.desk.issue(agreed, now=ask.now)
        body = {"access_token": issued.access, "user_id": account_id(platform, agreed.handle)}
        return answer_json(body | ({"permissions": list(agreed.scopes)} if platform == "instagram" else {}))

    return give


def _long_lived(ask: Ask) -> Response:
    """GET /access_token?grant_type=..._exchange_token: sixty days."""
    agreed = ask.desk.consent_of(_bearer(ask), now=ask.now)
    if agreed is None or not ask.text("client_secret"):
        return graph_error("Session key invalid. This could be because the session key has an incorrect format.", 452)
    issued = ask.desk.issue(agreed, now=ask.now, lives_s=_SIXTY_DAYS)
    return answer_json({"access_token": issued.access, "token_type": "bearer", "expires_in": int(_SIXTY_DAYS)})


def _tiktok_token(ask: Ask) -> Response:
    try:
        if ask.text("grant_type") == "refresh_token":
            agreed = ask.desk.spend_refresh(ask.text("refresh_token"), client_id=ask.text("client_key"), now=ask.now)
        else:
            agreed = ask.redeem(client_id=ask.text("client_key"))
    except Spent:
        body = {"error": "invalid_grant", "error_description": "Authorization code is expired.", "log_id": "sim"}
        return answer_json(body, 400)
    issued = ask.desk.issue(agreed, now=ask.now)
    body = _pair(issued, kind="Bearer") | {
        "open_id": account_id("tiktok", agreed.handle), "refresh_expires_in": int(ask.desk.habits.refresh_s or 0),
        "scope": ",".join(agreed.scopes),
    }  # fmt: skip
    return answer_json(body)


def _google_token(ask: Ask) -> Response:
    """The refresh token comes with the first answer alone, and does not rotate."""
    renewing = ask.text("grant_type") == "refresh_token"
    try:
        if renewing:
            agreed = ask.desk.spend_refresh(ask.text("refresh_token"), client_id=ask.text("client_id"), now=ask.now)
        else:
            agreed = ask.redeem(client_id=ask.text("client_id"))
    except Spent:
        return oauth_error("invalid_grant", "Token has been expired or revoked.")
    return answer_json(_pair(ask.desk.issue(agreed, now=ask.now, with_refresh=not renewing), kind="Bearer"))


def _mastodon_app(ask: Ask) -> Response:
    """POST /api/v1/apps (recorded shape)."""
    if not ask.text("client_name") or not ask.text("redirect_uris"):
        return answer_json({"error": "Validation failed: Application name can't be blank"}, 422)
    return answer_json({
        "id": str(secrets.randbelow(10**6)), "name": ask.text("client_name"), "website": ask.text("website") or None,
        "scopes": ask.text("scopes").split(), "redirect_uri": ask.text("redirect_uris"),
        "redirect_uris": [ask.text("redirect_uris")], "client_id": secrets.token_urlsafe(32),
        "client_secret": secrets.token_urlsafe(32), "client_secret_expires_at": 0,
    })  # fmt: skip


def _mastodon_token(ask: Ask) -> Response:
    try:
        agreed = ask.redeem(client_id=ask.text("client_id"))
    except Spent:
        return oauth_error("invalid_grant", "The provided authorization grant is invalid, expired or revoked.")
    issued = ask.desk.issue(agreed, now=ask.now, lives_s=None)
    return answer_json(_pair(issued, kind="Bearer") | {"created_at": int(ask.now)})


def _bluesky_document(ask: Ask) -> Response:
    """What the PLC directory answers for a DID: whose server keeps the account."""
    did = f"did:plc:{ask.request.path_params['number']}"
    url = ask.request.url
    home = f"{url.scheme}://{url.netloc}{ask.request.scope.get('root_path', '')}"
    service = {
        "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": f"{home}/bluesky",
    }  # fmt: skip
    handle = ask.world.ledger.find_handle("bluesky", did)
    known = [f"at://{handle}"] if handle else []
    return answer_json(
        {"@context": ["https://www.w3.org/ns/did/v1"], "id": did, "alsoKnownAs": known, "service": [service]}
    )


# X: two hours and about six months (second-hand), the code 30 seconds. Meta: hours, then sixty days. TikTok: a day and a
# year. Google: an hour, the refresh token until revoked. Mastodon: no end. (platforms.md 12.5 of the project's notes.)
_HABITS = {
    "x": Habits(code_s=30, access_s=2 * _HOUR, refresh_s=180 * _DAY, rotates=True, kills=True),
    "facebook": Habits(access_s=2 * _HOUR),
    "instagram": Habits(code_s=_HOUR, access_s=_HOUR),
    "threads": Habits(code_s=_HOUR, access_s=_HOUR),
    "tiktok": Habits(access_s=_DAY, refresh_s=365 * _DAY, rotates=True),
    "youtube": Habits(access_s=_HOUR, refresh_s=3650 * _DAY),
    "mastodon": Habits(access_s=None),
    "bluesky": Habits(),
}
_PAGES = (
    ("/x/i/oauth2/authorize", Page("x", "X", needs_pkce=True)),
    ("/facebook/{version:graph}/dialog/oauth", Page("facebook", "Facebook", has_pages=True)),
    ("/instagram/oauth/authorize", Page("instagram", "Instagram")),
    ("/threads/oauth/authorize", Page("threads", "Threads")),
    ("/tiktok/v2/auth/authorize/", Page("tiktok", "TikTok", client="client_key")),
    ("/youtube/o/oauth2/v2/auth", Page("youtube", "YouTube")),
    ("/mastodon/oauth/authorize", Page("mastodon", "Mastodon")),
)
# Method, path, the operation that faults name, what answers.
_TOKENS: tuple[tuple[str, str, str, Answerer], ...] = (
    ("POST", "/x/2/oauth2/token", "refresh", _x_token),
    ("POST", "/x/2/oauth2/revoke", "revoke", _revoke({"revoked": True})),
    ("GET", "/facebook/{version:graph}/oauth/access_token", "refresh", _facebook_token),
    ("GET", "/facebook/{version:graph}/me/accounts", "read", _facebook_pages),
    ("GET", "/facebook/{version:graph}/debug_token", "read", _facebook_debug),
    ("DELETE", "/facebook/{version:graph}/me/permissions", "revoke", _facebook_revoke),
    ("POST", "/instagram/oauth/access_token", "refresh", _short_lived("instagram")),
    ("GET", "/instagram/access_token", "refresh", _long_lived),
    ("POST", "/threads/oauth/access_token", "refresh", _short_lived("threads")),
    ("GET", "/threads/access_token", "refresh", _long_lived),
    ("POST", "/tiktok/v2/oauth/token/", "refresh", _tiktok_token),
    ("POST", "/tiktok/v2/oauth/revoke/", "revoke", _revoke({})),
    ("POST", "/youtube/token", "refresh", _google_token),
    ("POST", "/youtube/revoke", "revoke", _revoke({})),
    ("POST", "/mastodon/api/v1/apps", "read", _mastodon_app),
    ("POST", "/mastodon/oauth/token", "refresh", _mastodon_token),
    ("POST", "/mastodon/oauth/revoke", "revoke", _revoke({})),
    ("GET", "/bluesky/did:plc:{number}", "read", _bluesky_document),
)


def oauth_routes(world: World) -> list[Route]:
    """To be put before the platforms' own calls, some of which take any name as a node."""
    desks = {name: Desk(world.ledger, name, habits) for name, habits in _HABITS.items()}
    routes: list[Route] = []
    for path, page in _PAGES:
        desk = desks[page.platform]
        routes.append(Route(path, _shown(world, page), methods=["GET"]))
        routes.append(Route(path, _decided(world, page, desk), methods=["POST"]))
    for method, path, operation, answer in _TOKENS:
        desk = desks[path.split("/")[1]]
        routes.append(Route(path, _asked(world, desk, path, operation, answer), methods=[method]))
    return routes


def _shown(world: World, page: Page) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await consent.show(world, page, request)

    return endpoint


def _decided(world: World, page: Page, desk: Desk) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await consent.decide(world, page, desk, request)

    return endpoint


def _asked(world: World, desk: Desk, path: str, operation: str, answer: Answerer) -> Endpoint:
    platform = path.split("/")[1]

    async def endpoint(request: Request) -> Response:
        ask = Ask(world, _hasty(world, platform, desk), await read_incoming(request), request, world.clock.now())
        struck = _struck(world, platform, operation)
        if struck is not None and not struck.committed(struck.kind == "lost_answer"):
            given = HangUp() if struck.kind in ("reset", "lost_answer") else html_error(503)
        else:
            given = answer(ask)
            given = given if struck is None else HangUp()
        status = 0 if isinstance(given, HangUp) else given.status_code
        world.ledger.count_request(platform, f"{request.method} {path.removeprefix('/' + platform)}", status)
        return given

    return endpoint


def _hasty(world: World, platform: str, desk: Desk) -> Desk:
    """A desk whose access tokens end sooner, while a fault says so."""
    for fault in world.faults.concerning(platform, ""):
        if fault.kind == "short_token" and world.faults.strikes(fault):
            return Desk(world.ledger, platform, replace(desk.habits, access_s=fault.number("seconds", 600.0)))
    return desk


def _struck(world: World, platform: str, operation: str) -> Fault | None:
    """Only a fault that names this operation: one on creates leaves log-ins alone."""
    for fault in world.faults.concerning(platform, ""):
        fits = fault.kind in ("lost_answer", "reset", "http_503_html") and fault.operation == operation
        if fits and world.faults.strikes(fault):
            return fault
    return None
