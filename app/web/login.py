"""Coming in with a one-time link, a password or a passkey, and going out again."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, Response

from app.accounts.proofs import Entered, HalfWay, Wrong
from app.accounts.tokens import hash_of
from app.bootstrap import Kentongan
from app.kit.errors import Unauthenticated
from app.kit.logs import logger
from app.kit.rates import Quota, Standing, neighbourhood
from app.settings import Environment
from app.web.render import bare_page, go
from app.web.sessions import HouseDep, cookie_name, forget, is_https, local_path, remember

log = logger("web")

router = APIRouter(include_in_schema=False)

STEP_COOKIE = "ktg_langkah"
PAIR, ACCOUNT = Quota("guesses.here", 10, 900), Quota("guesses", 100, 3600)
"""Wrong passwords for one address: from one network, and from everywhere. Counted by account, so that a hall behind one address
is never locked out, and by network first, so that a stranger elsewhere does not lock the owner out. How many accounts one network got wrong is RATE_SPRAYS."""
Secret = Annotated[str, Form(max_length=600)]
Next = Annotated[str | None, Form(max_length=500)]


@router.get("/masuk")
async def show_door(request: Request, house: HouseDep, next: str | None = None) -> Response:
    secret = request.cookies.get(cookie_name(house.settings))
    if secret:
        try:
            await house.people.actor_by_session(secret, enrolling=True)
        except Unauthenticated:
            pass  # an old cookie: show the way in
        else:
            return go(local_path(next))
    return _door(request, house, wanted=next)


@router.post("/masuk")
async def enter_by_password(
    request: Request,
    house: HouseDep,
    surel: Annotated[str, Form(max_length=300)] = "",
    sandi: Secret = "",
    next: Next = None,
) -> Response:
    email = surel.strip().lower()
    network, account = _network(request), hash_of(email)[:24]
    pair, spray = f"{account}@{network}", Quota("sprays", house.settings.rate_sprays, 3600)
    standings = [await house.rates.peek(PAIR, pair), await house.rates.peek(ACCOUNT, account)]
    full = next_reset([one for one in standings if not one.is_within])
    if full:
        sentence = f"Terlalu banyak percobaan keliru untuk surel ini. Coba lagi dalam {-(-full // 60)} menit, atau masuk dengan tautan."
        response = _door(request, house, wanted=next, problem=sentence, email=surel, status=429)
        response.headers["Retry-After"] = str(full)
        return response
    sprayed = await house.rates.peek(spray, network)
    try:
        entry = await house.security.enter_by_password(
            email, sandi, device=_device(request), never_alone=not sprayed.is_within
        )
    except Wrong as error:
        if (await house.rates.hit(PAIR, pair)).remaining == PAIR.amount - 1:
            sprayed = await house.rates.hit(spray, network)  # one more account that was tried from there
        await house.rates.hit(ACCOUNT, account)
        log.warning("login_wrong", network=network)
        if not sprayed.is_within:
            return _say_sprayed(request, house, sprayed, wanted=next, email=surel)
        return _door(request, house, wanted=next, problem=error.message, email=surel, status=401)
    return _let_in(house, entry, next)


def _say_sprayed(request: Request, house: Kentongan, standing: Standing, *, wanted: str | None, email: str) -> Response:
    """One password tried on everybody: it opens nothing more from there by itself; links, passkeys and second factors do."""
    log.warning("login_sprayed", network=_network(request))
    sentence = (
        "Dari jaringan ini kata sandi sudah keliru untuk terlalu banyak orang. Masuk dengan tautan dari admin unit Anda "
        f"atau dengan kunci sandi, atau coba lagi dalam {-(-standing.reset // 60)} menit."
    )
    response = _door(request, house, wanted=wanted, problem=sentence, email=email, status=429)
    response.headers["Retry-After"] = str(standing.reset)
    return response


@router.get("/masuk/kedua")
async def ask_second(request: Request, house: HouseDep, next: str | None = None) -> Response:
    if STEP_COOKIE not in request.cookies:
        return go("/masuk")
    return bare_page(request, "masuk_kedua.html", problem=None, next=local_path(next))


@router.post("/masuk/kedua")
async def give_second(
    request: Request, house: HouseDep, kode: Annotated[str, Form(max_length=100)] = "", next: Next = None
) -> Response:
    step = request.cookies.get(STEP_COOKIE, "")
    try:
        entry = await house.security.finish(step, kode, device=_device(request))
    except Wrong as error:
        return bare_page(request, "masuk_kedua.html", status=error.status, problem=error.message, next=local_path(next))
    return _let_in(house, entry, next)


@router.post("/masuk/kunci/mulai")
async def ask_passkey(house: HouseDep) -> Response:
    asked = await house.passkeys.ask_to_enter()
    return JSONResponse({"step": asked.step, "options": asked.options})


@router.post("/masuk/kunci")
async def enter_by_passkey(
    request: Request, house: HouseDep, langkah: Secret = "",
    jawaban: Annotated[str, Form(max_length=20_000)] = "", next: Next = None,
) -> Response:  # fmt: skip
    try:
        entry = await house.passkeys.enter(langkah, jawaban, device=_device(request))
    except Wrong as error:
        return _door(request, house, wanted=next, problem=error.message, status=error.status)
    return _let_in(house, entry, next)


def next_reset(full: Sequence[Standing]) -> int:
    """Seconds until the last of them opens again; 0 where none is full."""
    return max((one.reset for one in full), default=0)


def _let_in(house: Kentongan, entry: Entered | HalfWay, wanted: str | None) -> Response:
    settings, path = house.settings, local_path(wanted)
    if isinstance(entry, HalfWay):
        response = go(f"/masuk/kedua?next={quote(path, safe='')}")
        response.set_cookie(
            STEP_COOKIE,
            entry.step,
            max_age=600,
            path="/masuk",
            httponly=True,
            samesite="lax",
            secure=is_https(settings),
        )
        return response
    response = go(path)
    remember(response, settings, entry.session)
    response.delete_cookie(STEP_COOKIE, path="/masuk", httponly=True, samesite="lax", secure=is_https(settings))
    return response


def _door(
    request: Request,
    house: Kentongan,
    *,
    wanted: str | None,
    problem: str | None = None,
    email: str = "",
    status: int = 200,
) -> Response:
    return bare_page(
        request, "masuk.html", status=status, problem=problem, next=local_path(wanted), email=email,
        passkeys=house.passkeys.is_possible,
    )  # fmt: skip


def _device(request: Request) -> str:
    return request.headers.get("user-agent", "")


def _network(request: Request) -> str:
    return neighbourhood(request.client.host if request.client else "")


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
        entry = await house.security.enter_by_link(secret, device=_device(request))
    except Unauthenticated as error:
        return await refuse(request, house, error.message)
    return _let_in(house, entry, wanted)


async def refuse(request: Request, house: HouseDep, problem: str) -> Response:
    """Only wrong links are counted, and a right one is never refused: a whole hall may share one address."""
    standing = await house.rates.hit(Quota("logins", house.settings.rate_logins), _network(request))
    if standing.is_within:
        return _door(request, house, wanted=None, problem=problem, status=401)
    sentence = f"Terlalu banyak tautan keliru dari jaringan ini. Coba lagi dalam {standing.reset} detik."
    response = _door(request, house, wanted=None, problem=sentence, status=429)
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
