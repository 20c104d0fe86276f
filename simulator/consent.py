"""Knows the page on which a person lets an app in, as every platform shows one, and where it sends them afterwards."""

import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import jinja2
from starlette.requests import Request
from starlette.responses import Response

from simulator.oauth import Consent, Desk, read_scopes
from simulator.visit import World

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(pathlib.Path(__file__).parent / "templates"), autoescape=True
)
_KNOWN_ACCOUNTS = 200


@dataclass(frozen=True, slots=True)
class Page:
    """One platform's consent page. `client` names the parameter that holds the app's number; `needs_pkce`: refused without.

    `has_pages`: the person is not the account, but chooses among the pages they look after.
    """

    platform: str
    title: str
    client: str = "client_id"
    needs_pkce: bool = False
    has_pages: bool = False


async def show(world: World, page: Page, request: Request) -> Response:
    query = request.query_params
    problem = _problem(world, page, request)
    html = _TEMPLATES.get_template("consent.html").render(
        page=page, problem=problem, scopes=read_scopes(query.get("scope", "")), accounts=_accounts(world, page.platform),
        handle=query.get("login_hint", ""), root=f"{request.scope.get('root_path', '')}/_sim/static/wall.css",
    )  # fmt: skip
    return Response(
        html, 400 if problem else 200, media_type="text/html; charset=utf-8", headers={"cache-control": "no-store"}
    )


async def decide(world: World, page: Page, desk: Desk, request: Request) -> Response:
    """The person's answer; they are sent back to the app with a code, or with the reason why not."""
    query = request.query_params
    if _problem(world, page, request):
        return await show(world, page, request)
    form = await request.form()
    handle = str(form.get("handle", "")).strip().removeprefix("@")
    pages = [part.removeprefix("@") for part in read_scopes(str(form.get("pages", "")))]
    if form.get("answer") != "allow" or not (handle or pages):
        return _back(query["redirect_uri"], {
            "error": "access_denied", "error_reason": "user_denied", "error_description": "The user denied the request",
            "state": query.get("state", ""),
        })  # fmt: skip
    consent = Consent(
        platform=page.platform, client_id=query[page.client], redirect_uri=query["redirect_uri"], handle=handle or "orang",
        scopes=tuple(str(scope) for scope in form.getlist("scope")), challenge=query.get("code_challenge", ""),
        method=query.get("code_challenge_method", ""), pages=tuple(pages),
    )  # fmt: skip
    code = desk.new_code(consent, now=world.clock.now())
    return _back(query["redirect_uri"], {"code": code, "state": query.get("state", "")})


def _problem(world: World, page: Page, request: Request) -> str:
    """What a platform would say instead of asking the person."""
    query = request.query_params
    uri = urlsplit(query.get("redirect_uri", ""))
    if not query.get(page.client):
        return f"Parameter {page.client} tidak ada."
    if uri.scheme not in ("http", "https") or not uri.netloc:
        return "redirect_uri tidak ada atau bukan alamat web."
    if world.media_hosts and uri.netloc not in world.media_hosts:
        return "redirect_uri tidak terdaftar untuk aplikasi ini."
    if query.get("response_type") != "code":
        return "response_type harus code."
    if page.needs_pkce and not (query.get("code_challenge") and query.get("state")):
        return "code_challenge dan state wajib ada."
    return ""


def _accounts(world: World, platform: str) -> Sequence[str]:
    rows = world.ledger.db.execute(
        "SELECT handle FROM accounts WHERE platform=? ORDER BY handle LIMIT ?", (platform, _KNOWN_ACCOUNTS)
    )
    return [row["handle"] for row in rows]


def _back(redirect_uri: str, parameters: dict[str, str]) -> Response:
    mark = "&" if "?" in redirect_uri else "?"
    address = f"{redirect_uri}{mark}{urlencode({name: value for name, value in parameters.items() if value})}"
    return Response(status_code=303, headers={"location": address, "cache-control": "no-store"})
