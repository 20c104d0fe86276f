"""The door for tables of posts: in, out, and an empty one to fill in."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.datastructures import UploadFile

from app.api.deps import ActorDep, HouseDep, Moment, Row
from app.api.forms import close_form, read_form
from app.api.shapes import MAX_ID
from app.kit.errors import BadInput, Problem
from app.kit.sheets import MAX_BYTES, MIME, Format, too_large
from app.posts.rules import PostState
from app.posts.store import PostFilter

router = APIRouter(tags=["unggahan"])

_FILE = "XLSX atau CSV UTF-8 dengan kolom seperti berkas contoh; paling besar 2 MB dan 2.000 baris."
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": _FILE},
                        "dry_run": {"type": "boolean", "description": "Hanya diperiksa; tidak ada yang ditulis."},
                        "partial": {
                            "type": "boolean",
                            "description": "Baris yang baik tetap diimpor walau ada yang ditolak.",
                        },
                    },
                }
            }
        },
    }
}
_TABLE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {mime: {"schema": {"type": "string", "format": "binary"}} for mime in MIME.values()},
        "description": "Berkas",
    }
}
Form = Annotated[Format, Query(alias="format")]


class BadCellRow(Row):
    row: int = Field(examples=[12], description="Nomor baris di berkas; judul kolom adalah baris 1.")
    column: str = Field(examples=["akun"], description="Kosong: bukan kolom tertentu.")
    reason: str = Field(examples=["Unit ini tidak punya akun x bernama “pps.cilendek”."])


class ImportedRow(Row):
    accepted: int = Field(examples=[68], description="Baris yang diimpor; pada dry_run: yang akan diimpor.")
    rejected: list[BadCellRow]
    posts: list[int] = Field(description="Nomor unggahan yang dibuat. Kosong: tidak ada yang ditulis.")


@router.post("/posts/import", summary="Impor unggahan dari XLSX atau CSV", openapi_extra=_FORM)
async def import_posts(request: Request, response: Response, house: HouseDep, actor: ActorDep) -> ImportedRow:
    """Bila satu baris ditolak, tidak ada yang ditulis, kecuali `partial`."""
    fields = await read_form(request, most=MAX_BYTES, too_large=too_large, what="berkas")
    try:
        file = fields.get("file")
        if not isinstance(file, UploadFile):
            raise BadInput("Pilih berkas XLSX atau CSV yang akan diimpor.", Problem("file", "wajib diisi"))
        data = await file.read()
    finally:
        await close_form(fields)
    done = await house.exchange.import_posts(
        actor, data, dry_run=_is_set(fields, "dry_run"), partial=_is_set(fields, "partial")
    )
    if done.posts:
        response.status_code = 201
        await house.ring("prepare_media")
    return ImportedRow.model_validate(done)


@router.get("/posts/import/template", summary="Berkas contoh untuk impor", response_class=Response, responses=_TABLE)
async def blank_table(house: HouseDep, actor: ActorDep, form: Form = "xlsx") -> Response:
    return as_file(await house.exchange.blank(actor, form=form), "contoh-unggahan", form)


@router.get("/posts/export", summary="Unggahan sebagai XLSX atau CSV", response_class=Response, responses=_TABLE)
async def export_posts(
    house: HouseDep,
    actor: ActorDep,
    form: Form = "xlsx",
    unit: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Unit ini dan semua di bawahnya.")] = None,
    state: PostState | None = None,
    broadcast: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    due_from: Annotated[Moment | None, Query()] = None,
    due_before: Annotated[Moment | None, Query()] = None,
) -> Response:
    under = (await house.units.get(actor, unit)).path if unit else None
    wanted = PostFilter(state=state, broadcast_id=broadcast, under=under, due_from=due_from, due_before=due_before)
    return as_file(await house.exchange.export(actor, wanted, form=form), "unggahan", form)


def as_file(data: bytes, name: str, form: Format) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type=MIME[form], headers=headers)


_YES = frozenset({"1", "true", "ya", "on", "yes"})
_NO = frozenset({"", "0", "false", "tidak", "off", "no"})


def _is_set(fields: Any, name: str) -> bool:
    said = str(fields.get(name) or "").strip().lower()
    if said not in _YES | _NO:
        raise BadInput(f"{name} harus true atau false.", Problem(name, "harus true atau false"))
    return said in _YES
