"""The web process: doors, middleware and lifespan around one house."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from fastapi import APIRouter, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import (
    activities,
    board,
    broadcasts,
    channels,
    complaints,
    connecting,
    deliveries,
    docs,
    elections,
    engagement,
    evidence,
    exchange,
    guard,
    health,
    idempotency,
    incidents,
    library,
    me,
    media,
    news,
    notices,
    openapi,
    outside,
    pauses,
    platforms,
    posters,
    posts,
    problems,
    public_media,
    rates,
    readiness,
    reports,
    reviews,
    revisions,
    security,
    series,
    tahapan,
    takeovers,
    templates,
    terms,
    training,
    units,
    uploads,
    webhooks,
    wilayah,
)
from app.bootstrap import Kentongan, build
from app.kit import collector
from app.kit.logs import configure, logger
from app.kit.rates import Rates
from app.settings import Environment, Settings
from app.web import routes
from simulator.main import create_simulator
from workers.queue import Queue

log = logger("web")

API = "/api/v1"
ROOMS = (
    me,
    readiness,
    security,
    wilayah,
    units,
    tahapan,
    templates,
    terms,
    guard,
    connecting,
    channels,
    platforms,
    complaints,
    library,
    media,
    uploads,
    board,
    exchange,  # before posts: /posts/export is no number of a post
    reviews,  # before posts: /posts/approve is no number of a post
    posts,
    elections,
    engagement,
    evidence,
    broadcasts,
    deliveries,
    notices,
    incidents,
    takeovers,
    pauses,
    posters,
    series,
    revisions,
    activities,
    reports,
    training,
    outside,
    webhooks,
)


def create_app(settings: Settings, *, redis_url: str | None = None) -> FastAPI:
    """`redis_url`: where rings go; None reads the setting (the embedded server's address is passed by its supervisor)."""
    house = build(settings)
    address = redis_url or settings.redis_url
    queue = Queue(address)
    house.ring, house.redis_is_up, house.rates = queue.ring, queue.is_up, Rates(address)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await queue.close()
            await house.close()

    app = FastAPI(
        title="Kentongan",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
        description="Merencanakan, melokalkan, menerbitkan, dan mengukur unggahan media sosial badan penyelenggara pemilihan.",
        responses={422: {"model": problems.ProblemDetails, "description": "Isian belum benar"}},
    )
    app.state.house = house
    problems.install(app)
    _include_rooms(app)
    openapi.install(app, prefix=API)
    # From the inside out: what is refused outside is never carried out, and is not kept for a repetition.
    app.add_middleware(idempotency.Idempotency, house=house, prefix=API)
    app.add_middleware(rates.RateLimit, house=house, prefix=API)
    routes.install(app, house)
    _mount_simulator(app, house)
    app.add_middleware(Trace)
    return app


def _include_rooms(app: FastAPI) -> None:
    api = APIRouter(
        prefix=API, responses={status: {"model": problems.ProblemDetails} for status in (401, 403, 404, 409)}
    )
    for room in ROOMS:
        api.include_router(room.router)
    app.include_router(api)
    app.include_router(docs.router)
    app.include_router(health.router)
    app.include_router(public_media.router)
    app.include_router(news.router)


def _mount_simulator(app: FastAPI, house: Kentongan) -> None:
    """Practice channels speak to a simulator of our own unless an operator has put one elsewhere."""
    settings = house.settings
    if not settings.simulator_url:
        guarded = settings.environment is Environment.PRODUCTION
        # Anybody can form a practice token: in public the simulator fetches pictures from ourselves alone.
        hosts = (settings.base_url.split("://", 1)[-1],) if guarded else ()
        folder = settings.data_dir / "simulator"
        app.mount(
            "/simulator", create_simulator(folder, clock_setting=settings.clock, guarded=guarded, media_hosts=hosts)
        )


class Trace:
    """Names every request, so that a person can quote it and we can find it. Plain ASGI: it costs the simulator nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/simulator"):
            await self._app(scope, receive, send)
            return
        identity = scope.setdefault("state", {}).setdefault("request_id", uuid4().hex[:16])
        started, status = time.perf_counter(), 0

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).append("X-Request-Id", identity)
            await send(message)

        await self._app(scope, receive, named)
        took = round((time.perf_counter() - started) * 1000, 1)
        log.debug("request", id=identity, method=scope["method"], path=scope["path"], status=status, ms=took)


def from_environment() -> FastAPI:
    """The factory that uvicorn calls in a process of its own."""
    settings = Settings()
    configure(level=settings.log_level)
    app = create_app(settings, redis_url=os.environ.get("KENTONGAN_EMBEDDED_REDIS") or None)
    collector.calm()
    return app
