"""The door to pictures: an upload is counted while it streams in and refused as soon as it is too much."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.datastructures import UploadFile

from app.api.deps import ActorDep, HouseDep, Row
from app.api.forms import Larger, close_form, read_form
from app.content.alts import alts_of
from app.content.models import Media
from app.content.pictures import MAX_BYTES, too_large
from app.content.videos import MAX_VIDEO_BYTES
from app.content.videos import too_large as video_too_large
from app.kit.errors import BadInput, Problem

router = APIRouter(tags=["media"])

_VIDEO = Larger(b"ftyp", MAX_VIDEO_BYTES, video_too_large)
_ABOUT_FILE = "JPG, PNG, atau WebP, paling besar 12 MB; atau video MP4 atau MOV (H.264 atau HEVC), paling besar 200 MB."
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "alt_text"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": _ABOUT_FILE},
                        "alt_text": {"type": "string", "maxLength": 1000, "description": "Apa yang terlihat."},
                        "alt_texts": {
                            "type": "string",
                            "description": "Yang sama dalam bahasa lain, sebagai objek JSON; kiriman memakai bahasa unggahannya.",
                            "examples": ['{"su": "Patugas nyapa padagang di pasar."}'],
                        },
                        "unit_id": {"type": "integer", "description": "Unit pemilik; kosong: unit Anda."},
                    },
                }
            }
        },
    }
}

MediaId = Annotated[int, Path(ge=1, lt=2**31)]


class MediaRow(Row):
    id: int = Field(examples=[41])
    unit_id: int = Field(examples=[17])
    kind: str = Field(examples=["upload"], description="upload, poster, atau video.")
    mime: str = Field(examples=["image/jpeg"])
    width: int = Field(examples=[1080])
    height: int = Field(examples=[1350])
    bytes: int = Field(examples=[184230])
    seconds: float | None = Field(None, examples=[None], description="Panjang video; null untuk gambar.")
    sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    alt_text: str = Field(examples=["Petugas menyapa pedagang di pasar."])
    alt_texts: dict[str, str] = Field(
        examples=[{"id": "Petugas menyapa pedagang di pasar.", "su": "Patugas nyapa padagang di pasar."}],
        description="Menurut bahasa.",
    )
    tags: list[str] = Field([], examples=[["pasar", "kampanye"]])


@router.post("/media", status_code=201, summary="Unggah gambar atau video", openapi_extra=_FORM)
async def upload(request: Request, house: HouseDep, actor: ActorDep) -> MediaRow:
    fields = await read_form(request, most=MAX_BYTES, too_large=too_large, what="gambar", larger=_VIDEO)
    try:
        file = fields.get("file")
        if not isinstance(file, UploadFile):
            raise BadInput("Pilih berkas gambar yang akan diunggah.", Problem("file", "wajib diisi"))
        row = await house.media.keep(
            actor,
            unit_id=_unit_id(fields.get("unit_id")),
            file=file.file,
            alt_text=str(fields.get("alt_text") or ""),
            alt_texts=_alt_texts(fields.get("alt_texts")),
        )
    finally:
        await close_form(fields)
    return row_of(row)


@router.get("/media/{media_id}", summary="Keterangan gambar")
async def get_media(house: HouseDep, actor: ActorDep, media_id: MediaId) -> MediaRow:
    return row_of(await house.media.get(actor, media_id))


@router.get("/media/{media_id}/file", summary="Berkas gambar", response_class=FileResponse)
async def get_file(house: HouseDep, actor: ActorDep, media_id: MediaId) -> FileResponse:
    path, mime = await house.media.open(actor, media_id)
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type=mime, headers=headers)


def row_of(media: Media) -> MediaRow:
    """With every description under its language."""
    return MediaRow.model_validate({**media.model_dump(), "alt_texts": alts_of(media)})


def _alt_texts(value: object) -> dict[str, str]:
    if value in (None, ""):
        return {}
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if isinstance(found, dict) and all(isinstance(text, str) for text in found.values()):
        return found
    message = 'alt_texts harus objek JSON dari bahasa ke teks, misalnya {"su": "..."}.'
    raise BadInput(message, Problem("alt_texts", "harus objek JSON dari bahasa ke teks"))


def _unit_id(value: object) -> int | None:
    if value in (None, ""):
        return None
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        return int(value)
    raise BadInput("unit_id harus bilangan bulat.", Problem("unit_id", "harus bilangan bulat"))
