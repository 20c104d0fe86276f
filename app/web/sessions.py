"""How a browser shows who it is: the cookie, the log-in it leads to, and where it may be sent afterwards."""

import re
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.responses import Response

from app.accounts.entering import SESSION_LASTS
from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.kit.errors import Unauthenticated
from app.settings import Settings

# Also read by the API, which takes the same cookie.
COOKIE = "ktg_session"
# One slash, then no second one and no backslash: browsers read //host and /\host as another site.
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*", re.ASCII)


def _house(request: Request) -> Kentongan:
    house: Kentongan = request.app.state.house
    return house


HouseDep = Annotated[Kentongan, Depends(_house)]


class LogInFirst(Unauthenticated):
    """Nobody is logged in; a page answers with the way in."""


def cookie_name(settings: Settings) -> str:
    """Behind HTTPS the prefix makes browsers refuse a cookie that another host or plain HTTP tries to plant."""
    return f"__Host-{COOKIE}" if is_https(settings) else COOKIE


def is_https(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")


async def _visitor(request: Request, house: HouseDep) -> Actor:
    """The person at the screen; raises LogInFirst."""
    secret = request.cookies.get(cookie_name(house.settings))
    if not secret:
        raise LogInFirst("Masuk dulu untuk membuka halaman ini.")
    try:
        return await house.people.actor_by_session(secret)
    except Unauthenticated as error:
        raise LogInFirst(error.message) from error


async def visitor_who_may_enrol(request: Request, house: HouseDep) -> Actor:
    """Like a visitor, also before the second factor that their role needs is set up; raises LogInFirst."""
    secret = request.cookies.get(cookie_name(house.settings))
    if not secret:
        raise LogInFirst("Masuk dulu untuk membuka halaman ini.")
    try:
        return await house.people.actor_by_session(secret, enrolling=True)
    except Unauthenticated as error:
        raise LogInFirst(error.message) from error


VisitorDep = Annotated[Actor, Depends(_visitor)]


def remember(response: Response, settings: Settings, secret: str) -> None:
    response.set_cookie(
        cookie_name(settings), secret, max_age=int(SESSION_LASTS.total_seconds()), path="/",
        httponly=True, samesite="lax", secure=is_https(settings),
    )  # fmt: skip


def forget(response: Response, settings: Settings) -> None:
    response.delete_cookie(cookie_name(settings), path="/", httponly=True, samesite="lax", secure=is_https(settings))


def local_path(wanted: str | None, otherwise: str = "/dasbor") -> str:
    """`wanted` if it leads to a page of ours, else `otherwise`: a link must never send people away."""
    return wanted if wanted and len(wanted) <= 500 and _LOCAL.fullmatch(wanted) else otherwise


def login_path(request: Request) -> str:
    """The way in, and back to the page that was asked for."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET" or wanted in {"/", "/dasbor"}:
        return "/masuk"
    return f"/masuk?next={quote(wanted, safe='')}"
