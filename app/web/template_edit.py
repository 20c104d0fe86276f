"""Templates themselves: find one, read it, change its words with a look at what units would say, and begin a new one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.rules import Act, Actor, UnitKind
from app.bootstrap import Kentongan
from app.content.drafts import Change, Draft
from app.content.rules import ALT, LONG, SHORT
from app.content.service import TemplateView
from app.content.store import Wanted
from app.content.trying import Tried, Version
from app.kit.errors import AppError, Forbidden, NotFound
from app.posts.programmes import PROGRAMMES
from app.tahapan.rules import ANY_STAGE
from app.web import words
from app.web.fields import by_field, clean, is_id, many, one
from app.web.frame import Frame, frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_seen

router = APIRouter(include_in_schema=False)

TemplateId = Annotated[int, Path(ge=1, lt=2**31)]
PAGE = 50
TEXT = "teks-"
USUAL = (SHORT, LONG, ALT)
NAMES = {SHORT: "Teks pendek", LONG: "Teks panjang", ALT: "Teks alternatif gambar"}
LONGEST = 20_000


@dataclass(frozen=True)
class Desk:
    """One template's page. `view` None: a new one. `tried`: how it would read; `version`: a former one that is looked at."""

    view: TemplateView | None
    draft: Draft
    may_keep: bool
    languages: Sequence[str]
    versions: Sequence[Version] = ()
    tried: Sequence[Tried] | None = None
    version: int | None = None
    unit: int | None = None


@router.get("/templat")
async def list_templates(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    q: Annotated[str, Query(max_length=100)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    said = clean(q).strip()
    found = await house.templates.list(actor, Wanted(q=said or None), limit=PAGE, cursor=cursor)
    return await page(
        request, house, actor, "templat.html", frame=await frame_for(house, actor), rows=found.rows, q=said,
        may_add=bool(actor.paths(Act.TEMPLATES)),
        more="/templat?" + urlencode({"q": said, "cursor": found.next}) if found.next else None,
    )  # fmt: skip


@router.get("/templat/baru")
async def start(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    actor.must(Act.TEMPLATES)
    blank = Draft("", "", (ANY_STAGE,), ("pps",), {}, segment="umum")
    return await _page(request, house, actor, Desk(None, blank, True, ("id",)))


@router.post("/templat/baru")
async def add(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """The key makes it safe to send twice: the second finds it taken."""
    actor.must(Act.TEMPLATES)
    form = await request.form()
    desk = Desk(None, _draft(form, one(form, "kunci").strip()), True, _languages(form), unit=_unit(form))
    try:
        if one(form, "lihat"):
            return await _page(request, house, actor, await _tried(house, actor, desk))
        made = await house.templates.add(actor, desk.draft)
    except AppError as error:
        return await _page(request, house, actor, desk, error=error)
    return go(f"/templat/{made.id}", note="templat-baru")


@router.get("/templat/{template_id}")
async def show(
    request: Request, house: HouseDep, actor: VisitorDep, template_id: TemplateId, versi: str = ""
) -> Response:
    return await _page(request, house, actor, await _desk(house, actor, template_id, versi))


@router.post("/templat/{template_id}")
async def save(request: Request, house: HouseDep, actor: VisitorDep, template_id: TemplateId) -> Response:
    form = await request.form()
    kept = await _desk(house, actor, template_id)
    if not kept.may_keep or kept.view is None:
        raise Forbidden("Templat ini milik unit di atas Anda. Minta Divisi Sosdiklih KPU mengubahnya.")
    before, draft = kept.view, _draft(form, kept.view.key)
    desk = replace(kept, draft=draft, languages=_languages(form), unit=_unit(form))
    try:
        if one(form, "lihat"):
            return await _page(request, house, actor, await _tried(house, actor, desk))
        gone = dict.fromkeys((place for place in before.texts if place not in draft.texts), None)
        change = Change(
            draft.title,
            draft.stages,
            draft.units,
            {**gone, **draft.texts},
            draft.pillar,
            draft.programme,
            draft.segment,
        )
        await house.templates.edit(actor, template_id, change, if_match=one(form, "etag"))
    except AppError as error:
        return await _page(request, house, actor, desk, error=error)
    return go(f"/templat/{template_id}", note="templat")


async def _desk(house: Kentongan, actor: Actor, template_id: int, number: str = "") -> Desk:
    view = await house.templates.get(actor, template_id)
    versions = await house.template_desk.versions(actor, template_id)
    draft = Draft(
        view.key,
        view.title,
        tuple(view.stages),
        tuple(view.units),
        view.texts,
        view.pillar,
        view.programme,
        view.segment,
    )
    chosen = None
    if number:
        chosen = next((each for each in versions if str(each.number) == number), None)
        if chosen is None:
            raise NotFound("Versi itu tidak ada.")
        texts = {(lang, name): text for lang, named in chosen.texts.items() for name, text in named.items()}
        draft = replace(draft, title=chosen.title, texts=texts)
    may_keep = await house.template_desk.may_keep(actor, template_id)
    languages = dict.fromkeys(["id", *(lang for lang, _ in draft.texts)])
    return Desk(view, draft, may_keep, tuple(languages), versions, version=chosen.number if chosen else None)


async def _tried(house: Kentongan, actor: Actor, desk: Desk) -> Desk:
    return replace(desk, tried=await house.template_desk.try_out(actor, desk.draft, desk.unit))


def _unit(form: FormData) -> int | None:
    return int(one(form, "unit")) if is_id(one(form, "unit")) else None


def _languages(form: FormData) -> tuple[str, ...]:
    """Those that the form shows, and the one that was just added."""
    shown = [name.removeprefix(TEXT).partition(".")[0] for name in form if name.startswith(TEXT)]
    return tuple(dict.fromkeys(["id", *shown, *([new] if (new := one(form, "bahasa").strip().lower()) else [])]))


def _draft(form: FormData, key: str) -> Draft:
    texts = {}
    for name in form:
        if name.startswith(TEXT) and (text := one(form, name).strip()):
            lang, _, variant = name.removeprefix(TEXT).partition(".")
            texts[lang, variant] = text[:LONGEST]
    return Draft(
        key, one(form, "judul").strip(), tuple(many(form, "tahapan")), tuple(many(form, "jenis")), texts,
        pillar=one(form, "pilar"), programme=one(form, "program"), segment=one(form, "segmen"),
    )  # fmt: skip


async def _page(
    request: Request, house: Kentongan, actor: Actor, desk: Desk, *, error: AppError | None = None
) -> Response:
    frame = await frame_for(house, actor)
    units = await units_seen(house, actor) if desk.may_keep else []
    return await page(
        request, house, actor, "templat_satu.html", status=error.status if error else 200, frame=frame, desk=desk,
        draft=desk.draft, stages=_stages(frame), kinds=[(kind.value, kind.value.upper()) for kind in UnitKind],
        variants=[(name, NAMES[name]) for name in USUAL], platforms=[(name, words.platform_name(name)) for name in house.platforms],
        programmes=list(PROGRAMMES.items()), segments=list(words.SEGMENTS.items()),
        units=[unit for unit in units if unit.kind in desk.draft.units], error=error.message if error else "",
        problems=by_field(error) if error else {},
    )  # fmt: skip


def _stages(frame: Frame) -> list[tuple[str, str]]:
    found = frame.calendar.stages.values() if frame.calendar else ()
    return [(ANY_STAGE, "Semua tahapan"), *((one_.code, one_.name) for one_ in found if one_.overrides is None)]
