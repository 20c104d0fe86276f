"""The door through which platforms fetch pictures: no log-in, but an address that we signed and that expires."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse

from app.api.deps import HouseDep

router = APIRouter(include_in_schema=False)


@router.api_route("/media/{media_id}.mov", methods=["GET", "HEAD"])
@router.api_route("/media/{media_id}.mp4", methods=["GET", "HEAD"])
@router.api_route("/media/{media_id}.jpg", methods=["GET", "HEAD"])
async def fetch(
    house: HouseDep,
    media_id: Annotated[int, Path(ge=1, lt=2**31)],
    exp: Annotated[int, Query(ge=0, lt=2**40)] = 0,
    sig: Annotated[str, Query(max_length=64)] = "",
    platform: Annotated[str, Query(alias="for", max_length=30)] = "",
) -> FileResponse:
    path, mime = await house.media.open_public(media_id, exp, sig, platform=platform)
    headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type=mime, headers=headers)
