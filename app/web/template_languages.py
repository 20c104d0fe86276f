"""A template's words in another language beside the Indonesian ones, for a native speaker to read and to vouch for."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.content.rules import ALT, LONG, SHORT
from app.kit.errors import AppError, NotFound
from app.web import words
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

TemplateId = Annotated[int, Path(ge=1, lt=2**31)]
Lang = Annotated[str, Path(pattern=r"^[a-z]{2,3}$")]
_VARIANTS = {SHORT: "Teks pendek", LONG: "Teks panjang", ALT: "Teks alternatif gambar"}


@router.get("/templat/{template_id}/bahasa/{lang}")
async def show(request: Request, house: HouseDep, actor: VisitorDep, template_id: TemplateId, lang: Lang) -> Response:
    return await _show(request, house, actor, template_id, lang)


@router.post("/templat/{template_id}/bahasa/{lang}")
async def confirm(
    request: Request, house: HouseDep, actor: VisitorDep, template_id: TemplateId, lang: Lang
) -> Response:
    try:
        await house.templates.confirm(actor, template_id, lang)
    except AppError as error:
        return await _show(request, house, actor, template_id, lang, error=error)
    return go(f"/templat/{template_id}/bahasa/{lang}", note="bahasa")


async def _show(
    request: Request, house: Kentongan, actor: Actor, template_id: int, lang: str, *, error: AppError | None = None
) -> Response:
    template = await house.templates.get(actor, template_id)
    if lang not in template.languages:
        raise NotFound("Templat ini belum punya teks dalam bahasa itu.")
    texts = [
        (_VARIANTS.get(variant, words.platform_name(variant)), text, template.texts.get(("id", variant), ""))
        for (each, variant), text in template.texts.items()
        if each == lang
    ]
    return await page(
        request, house, actor, "templat_bahasa.html", status=error.status if error else 200, read=template, lang=lang,
        texts=texts, is_waiting=lang in template.needs_reader, may_confirm=bool(actor.paths(Act.TEMPLATES)),
        error=error.message if error else "",
    )  # fmt: skip
