"""The door at which platforms tell us something of their own accord: no log-in, but their signature over every byte."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import PlainTextResponse

from app.api.deps import HouseDep
from app.kit.errors import BadInput, TooLarge
from app.platforms.news import LONGEST

router = APIRouter(include_in_schema=False)

PlatformPath = Annotated[str, Path(max_length=20)]


@router.get("/panggilan/{platform}")
async def greet(
    house: HouseDep,
    platform: PlatformPath,
    mode: Annotated[str, Query(alias="hub.mode", max_length=40)] = "",
    token: Annotated[str, Query(alias="hub.verify_token", max_length=200)] = "",
    challenge: Annotated[str, Query(alias="hub.challenge", max_length=200)] = "",
) -> PlainTextResponse:
    house.hearing.greet(platform, token)
    if mode != "subscribe":
        raise BadInput("hub.mode harus subscribe.")
    return PlainTextResponse(challenge)


@router.post("/panggilan/{platform}")
async def hear(house: HouseDep, platform: PlatformPath, request: Request) -> dict[str, int]:
    return {"asked": await house.hearing.hear(platform, "live", await _body(request), request.headers)}


@router.post("/panggilan/{platform}/latihan")
async def hear_practice(house: HouseDep, platform: PlatformPath, request: Request) -> dict[str, int]:
    """The simulator's, signed with a secret that everybody knows: it concerns practice accounts alone."""
    return {"asked": await house.hearing.hear(platform, "practice", await _body(request), request.headers)}


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > LONGEST:
            raise TooLarge("Kabar itu terlalu panjang.")
    return bytes(found)
