"""Builds the simulator as one ASGI application, to be served alone or mounted under any path."""

import pathlib
from collections.abc import Collection

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.clock import read_clock
from simulator.control import control_routes
from simulator.faults import Faults
from simulator.ledger import Ledger
from simulator.news import Newsroom
from simulator.oauth_doors import oauth_routes
from simulator.platforms import PLATFORMS
from simulator.visit import Call, Platform, World, serve


class _GraphVersion(Convertor[str]):
    regex = r"v\d+\.\d+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("graph", _GraphVersion())


def create_simulator(
    folder: pathlib.Path, *, clock_setting: str = "", guarded: bool = False, media_hosts: Collection[str] = ()
) -> Starlette:
    """Nothing is opened before the first call, so no lifespan is needed.

    `clock_setting`: `offset=<seconds>;speed=<factor>;since=<unix>`. `guarded` closes the control plane's writes (403).
    `media_hosts` (host:port) limits where images may be fetched from; empty means anywhere.
    """
    ledger = Ledger(folder)
    clock, faults = read_clock(clock_setting), Faults(ledger, PLATFORMS)
    world = World(ledger, clock, faults, frozenset(media_hosts), Newsroom(ledger, clock, faults))
    routes = [_route(world, platform, call) for platform in PLATFORMS.values() for call in platform.calls]
    app = Starlette(routes=[*oauth_routes(world), *routes, *control_routes(world, PLATFORMS, guarded=guarded)])
    app.state.world = world
    return app


def _route(world: World, platform: Platform, call: Call) -> Route:
    async def endpoint(request: Request) -> Response:
        return await serve(world, platform, call, request)

    # The name matters to Starlette only in error pages; the method list leaves HEAD out on purpose.
    return Route(f"/{platform.name}{call.path}", endpoint, methods=[call.method], name=f"{platform.name}.{call.path}")
