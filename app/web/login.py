"""Coming in with a one-time link, and going out again."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.kit.errors import Unauthenticated
from app.kit.rates import Quota, neighbourhood
from app.settings import Environment
from app.web.render import bare_page, go
from app.web.sessions import HouseDep, cookie_name, forget, local_path, remember

router = APIRouter(include_in_schema=False)


@router.get("/masuk")
async def show_door(request: Request, house: HouseDep, next: str | None = None) -> Response:
    secret = request.cookies.get(cookie_name(house.settings))
    if secret:
        try:
            await house.people.actor_by_session(secret)
        except Unauthenticated:
            pass  # an old cookie: show the way in
        else:
            return go(local_path(next))
    return bare_page(request, "masuk.html", problem=None)


@router.get("/masuk/{secret}")
async def open_link(request: Request, house: HouseDep, secret: str, next: str | None = None) -> Response:
    """Only looks, since chat apps fetch a link before its owner does; a demo's printed link may log in at once."""
    if house.settings.environment is Environment.DEVELOPMENT:
        return await use_link(request, house, secret, next)
    try:
        name = await house.people.peek_link(secret)
    except Unauthenticated as error:
        return await refuse(request, house, error.message)
    return bare_page(request, "masuk_sebagai.html", name=name, secret=secret, next=local_path(next))


@router.post("/masuk/{secret}")
async def enter(
    request: Request, house: HouseDep, secret: str, next: Annotated[str | None, Form(max_length=500)] = None
) -> Response:
    return await use_link(request, house, secret, next)


async def use_link(request: Request, house: HouseDep, secret: str, wanted: str | None) -> Response:
    try:
        session_secret = await house.people.use_link(secret, device=request.headers.get("user-agent", ""))
    except Unauthenticated as error:
        return await refuse(request, house, error.message)
    response = go(local_path(wanted))
    remember(response, house.settings, session_secret)
    return response


async def refuse(request: Request, house: HouseDep, problem: str) -> Response:
    """Only wrong links are counted, and a right one is never refused: a whole hall may share one address."""
    host = neighbourhood(request.client.host if request.client else "")
    standing = await house.rates.hit(Quota("logins", house.settings.rate_logins), host)
    if standing.is_within:
        return bare_page(request, "masuk.html", status=401, problem=problem)
    sentence = f"Terlalu banyak tautan keliru dari jaringan ini. Coba lagi dalam {standing.reset} detik."
    response = bare_page(request, "masuk.html", status=429, problem=sentence)
    response.headers["Retry-After"] = str(standing.reset)
    return response


@router.post("/keluar")
async def leave(request: Request, house: HouseDep) -> Response:
    secret = request.cookies.get(cookie_name(house.settings))
    if secret:
        await house.people.end_session(secret)
    response = go("/masuk", note="keluar")
    forget(response, house.settings)
    return response
