"""The door to uploads in parts: tus 1.0.0 with its extensions creation, expiration and termination (https://tus.io/protocols/resumable-upload)."""

import base64
import binascii
from email.utils import format_datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from pydantic import Field
from starlette.requests import ClientDisconnect

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute
from app.api.media import MediaRow, row_of
from app.api.shapes import MAX_ID
from app.content.uploads import Standing
from app.content.videos import MAX_VIDEO_BYTES
from app.kit.errors import BadInput, Problem, Stale, WrongType

router = APIRouter(tags=["media"])

VERSION = "1.0.0"
PART = "application/offset+octet-stream"
LONGEST_NAME = 200
UploadId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{32}$")]
Number = Annotated[int, Header(ge=0, le=MAX_ID)]


def _speaks(tus_resumable: Annotated[str, Header(description="Versi protokol: 1.0.0")] = "") -> None:
    """Another version than ours is refused before anything happens (tus 1.0.0, "Tus-Resumable")."""
    if tus_resumable != VERSION:
        raise Stale(f"Protokol unggah yang dipakai di sini: tus {VERSION} (header Tus-Resumable).")


Tus = Depends(_speaks)


class FinishBody(Body):
    unit_id: int | None = Field(None, ge=1, le=MAX_ID, description="Unit pemilik; kosong: unit Anda.")
    alt_text: str = Field(max_length=1000, examples=["Petugas menyapa pedagang di pasar."])
    alt_texts: dict[str, str] = Field({}, examples=[{"su": "Patugas nyapa padagang di pasar."}])


@router.options("/uploads", status_code=204, summary="Kemampuan unggah bertahap", response_class=Response)
async def tell() -> Response:
    said = {
        "Tus-Version": VERSION,
        "Tus-Extension": "creation,expiration,termination",
        "Tus-Max-Size": str(MAX_VIDEO_BYTES),
    }
    return Response(status_code=204, headers=said | {"Tus-Resumable": VERSION})


@router.post(
    "/uploads", status_code=201, summary="Mulai unggah bertahap (tus)", response_class=Response, dependencies=[Tus]
)
async def begin(
    request: Request,
    house: HouseDep,
    actor: ActorDep,
    upload_length: Number,
    upload_metadata: Annotated[str, Header(max_length=2000)] = "",
) -> Response:
    """`Location` names where the parts go."""
    made = await house.uploads.begin(actor, size=upload_length, name=_name(upload_metadata))
    return _told(made, 201, Location=f"{request.url.path}/{made.id}")


@router.head("/uploads/{upload_id}", summary="Sampai mana", response_class=Response, dependencies=[Tus])
async def ask(house: HouseDep, actor: ActorDep, upload_id: UploadId) -> Response:
    found = await house.uploads.find(actor, upload_id)
    return _told(found, 200, **{"Upload-Length": str(found.bytes), "Cache-Control": "no-store"})


@router.patch(
    "/uploads/{upload_id}",
    status_code=204,
    summary="Kirim bagian berikutnya",
    response_class=Response,
    dependencies=[Tus],
)
async def append(
    request: Request, house: HouseDep, actor: ActorDep, upload_id: UploadId, upload_offset: Number
) -> Response:
    if request.headers.get("content-type", "").partition(";")[0].strip() != PART:
        raise WrongType(f"Kirim bagiannya sebagai {PART}.")
    try:
        return _told(await house.uploads.append(actor, upload_id, upload_offset, request.stream()), 204)
    except ClientDisconnect:  # nobody reads this answer; what came is kept
        return _told(await house.uploads.find(actor, upload_id), 204)


@router.delete(
    "/uploads/{upload_id}",
    status_code=204,
    summary="Buang yang belum selesai",
    response_class=Response,
    dependencies=[Tus],
)
async def drop(house: HouseDep, actor: ActorDep, upload_id: UploadId) -> Response:
    await house.uploads.drop(actor, upload_id)
    return Response(status_code=204, headers={"Tus-Resumable": VERSION})


finishing = APIRouter(tags=["media"], route_class=LimitedRoute)


@finishing.post("/uploads/{upload_id}/media", status_code=201, summary="Jadikan media")
async def finish(house: HouseDep, actor: ActorDep, upload_id: UploadId, body: FinishBody) -> MediaRow:
    return row_of(
        await house.uploads.finish(
            actor, upload_id, unit_id=body.unit_id, alt_text=body.alt_text, alt_texts=body.alt_texts
        )
    )


router.include_router(finishing)


def _told(standing: Standing, status: int, **more: str) -> Response:
    expires = format_datetime(standing.expires_at, usegmt=True)
    said = {"Tus-Resumable": VERSION, "Upload-Offset": str(standing.offset), "Upload-Expires": expires}
    return Response(status_code=status, headers=said | more)


def _name(metadata: str) -> str:
    """The file's name among `key base64` pairs; '' where none is said."""
    pairs = dict(pair.strip().partition(" ")[::2] for pair in metadata.split(",") if pair.strip())
    try:
        return base64.b64decode(pairs.get("filename", ""), validate=True).decode()[:LONGEST_NAME].replace("\x00", "")
    except (binascii.Error, UnicodeDecodeError):
        raise BadInput("Header Upload-Metadata belum benar.", Problem("Upload-Metadata", "kunci dan base64")) from None
