"""Posts by the table: take an empty one, have it checked, bring it in, and take all posts out again."""

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, Problem
from app.kit.sheets import MAX_BYTES, MIME, Format, too_large
from app.posts.exchange import MAX_ROWS, Imported
from app.posts.rules import PostState
from app.posts.store import PostFilter
from app.web import words
from app.web.fields import is_id, one
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_seen

router = APIRouter(include_in_schema=False)

SHOWN = 200
"""Bad cells on one page; the rest are told by number."""
Form = Annotated[Format, Query(alias="bentuk")]
Text = Annotated[str, Query(max_length=20)]


@router.get("/impor")
async def show(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    return await _show(request, house, actor)


@router.get("/impor/contoh")
async def blank(house: HouseDep, actor: VisitorDep, form: Form = "xlsx") -> Response:
    return download(await house.exchange.blank(actor, form=form), "contoh-unggahan", form)


@router.get("/impor/unduh")
async def export(
    house: HouseDep, actor: VisitorDep, form: Form = "xlsx", unit: Text = "", keadaan: Text = ""
) -> Response:
    under = (await house.units.get(actor, int(unit))).path if is_id(unit) else None
    state = keadaan if keadaan in set(PostState) else None
    return download(
        await house.exchange.export(actor, PostFilter(state=state, under=under), form=form), "unggahan", form
    )


@router.post("/impor")
async def bring_in(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """First looked at; the file then travels in the page, so that nobody has to choose it twice."""
    actor.must(Act.WRITE)
    async with request.form(max_part_size=MAX_BYTES * 2, max_files=1) as form:
        try:
            data, name = await file_in(form)
            act = one(form, "langkah")
            done = await house.exchange.import_posts(
                actor, data, dry_run=act not in {"impor", "sebagian"}, partial=act == "sebagian"
            )
        except AppError as error:
            return await _show(request, house, actor, error=error)
    if done.posts:
        await house.ring("prepare_media")
        return go("/impor", note="impor")
    return await _show(request, house, actor, done=done, data=data, name=name)


def download(data: bytes, name: str, form: Format) -> Response:
    return Response(
        data, media_type=MIME[form], headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    )


async def file_in(form: FormData) -> tuple[bytes, str]:
    """A fresh file, else the one that the page has carried."""
    file = form.get("berkas")
    if isinstance(file, UploadFile) and file.filename:
        if (file.size or 0) > MAX_BYTES:
            raise too_large()
        return await file.read(), file.filename[:120]
    try:
        data = base64.b64decode(one(form, "isi"), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        raise BadInput("Pilih berkas XLSX atau CSV dulu.", Problem("berkas", "Pilih berkasnya."))
    return data, one(form, "nama")[:120]


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    *,
    done: Imported | None = None,
    data: bytes = b"",
    name: str = "",
    error: AppError | None = None,
) -> Response:
    return await page(
        request, house, actor, "impor.html", status=error.status if error else 200, may_write=bool(actor.paths(Act.WRITE)), done=done,
        rejected=done.rejected[:SHOWN] if done else (), hidden=max(0, len(done.rejected) - SHOWN) if done else 0,
        carried=base64.b64encode(data).decode() if done and done.would_be else "", name=name, error=error.message if error else "",
        problems=[problem.message for problem in error.problems] if error else (), most=MAX_ROWS,
        units=await units_seen(house, actor), states=[(state.value, words.POST_STATES[state].word) for state in PostState],
    )  # fmt: skip
