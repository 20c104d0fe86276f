"""Writing: choose a template, fill in what is missing, look, and put it in the queue."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.channels.models import Channel
from app.content.service import TemplateView
from app.kit.errors import AppError, Forbidden, NotFound
from app.posts.service import PostInput
from app.web import fields
from app.web.fields import When, by_field, is_id, many, numbers, one
from app.web.frame import Frame, frame_for
from app.web.library import from_library
from app.web.previews import Look, Wanted, look
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.templates import Choice, ask_for, choices

router = APIRouter(include_in_schema=False)

FREE = "bebas"
LONGEST = 70_000


@dataclass(frozen=True)
class Draft:
    """The form as it was filled in, and what its choices mean. `template` None: free text."""

    unit: Unit
    template: TemplateView | None
    channels: Sequence[Channel]
    lang: str
    text: str
    given: dict[str, str]
    ask: Sequence[str]
    chosen: Sequence[int]
    media: Sequence[int]
    alt: str
    when: When
    urgent: bool = False
    sought: str = ""
    """What was looked for in the library."""


@router.get("/tulis")
async def start(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    unit: str = "",
    templat: str = "",
    semua: str = "",
    media: str = "",
) -> Response:
    actor.must(Act.WRITE)
    frame = await frame_for(house, actor)
    if unit and templat:
        form = FormData({"unit": unit, "templat": templat, "media": media})
        draft = await _draft(house, actor, form, is_fresh=True)
        return await _form(request, house, actor, frame, draft, shown=await _look(house, actor, frame, draft))
    units = await writable_units(house, actor)
    chosen = next((one_of for one_of in units if str(one_of.id) == unit), units[0] if len(units) == 1 else None)
    offered: Sequence[Choice] = ()
    if chosen is not None:
        offered = await choices(house, actor, frame.calendar, kinds=(chosen.kind,), every=bool(semua), unit=chosen)
    return await page(
        request,
        house,
        actor,
        "tulis_mulai.html",
        frame=frame,
        units=units,
        unit=chosen,
        choices=offered,
        every=bool(semua),
        kept=f"&media={media}" if is_id(media) else "",
    )


@router.post("/tulis/pratinjau")
async def preview(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """Writes nothing. htmx takes the previews alone; a plain form gets itself back, filled in."""
    frame = await frame_for(house, actor)
    form = await request.form()
    draft = await _draft(house, actor, form)
    shown = await _look(house, actor, frame, draft)
    if one(form, "salin") and shown.previews:
        draft = await _draft(house, actor, FormData([*form.multi_items(), ("teks", shown.longest)]))
    return await _form(request, house, actor, frame, draft, shown=shown, part="pratinjau")


@router.post("/tulis")
async def write(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """Whatever is wrong, the form comes back as it was filled in."""
    async with request.form(max_part_size=LONGEST * 4) as form:
        draft = await _draft(house, actor, form)
        try:
            # Kept before the post is checked, so that a mistake elsewhere does not cost the photo.
            draft = replace(draft, media=[*draft.media, *await _keep_photo(house, actor, draft, form)])
            post = await house.posts.create(actor, _input(draft))
        except AppError as error:
            return await _again(request, house, actor, draft, error)
    note = {"draft": "tersimpan", "in_review": "diajukan"}.get(post.state, "dijadwalkan")
    return go(f"/unggahan/{post.id}", note=note)


async def writable_units(house: Kentongan, actor: Actor) -> list[Unit]:
    paths = actor.paths(Act.WRITE)
    found = await house.units.list(actor, limit=500, cursor=None)
    return [unit for unit in found.rows if unit.path.startswith(paths)] if paths else []


async def _draft(house: Kentongan, actor: Actor, form: FormData, *, is_fresh: bool = False) -> Draft:
    """Raises NotFound for a unit or template out of sight, Forbidden where the actor may not write."""
    unit_id, template_id = one(form, "unit"), one(form, "templat")
    if not is_id(unit_id) or not (is_id(template_id) or template_id == FREE):
        raise NotFound("Pilih dulu unit dan templatnya.")
    unit = await house.units.get(actor, int(unit_id))
    if not actor.may(Act.WRITE, unit.path):
        raise Forbidden(f"Peran Anda belum boleh menulis untuk {unit.name}.")
    template = await house.templates.get(actor, int(template_id)) if template_id != FREE else None
    found = await house.channels.list(actor, unit=unit.id, limit=50)
    channels = [channel for channel in found.rows if channel.state != "closed"]
    live = [channel for channel in channels if channel.environment != "practice"]
    everything = [channel.id for channel in live or channels if channel.id is not None]
    languages = template.languages if template else ["id"]
    lang = one(form, "lang", "id")
    return Draft(
        unit=unit,
        template=template,
        channels=channels,
        lang=lang if lang in languages else languages[0],
        text=one_of_last(form, "teks"),
        given=fields.variables(form),
        ask=await ask_for(house, actor, template, unit) if template else (),
        chosen=everything if is_fresh else numbers(form, "akun"),
        media=list(dict.fromkeys(numbers(form, "media"))),
        sought=one(form, "pustaka"),
        alt=one(form, "alt"),
        when=fields.when_of(form, now=house.clock.now(), zone=unit.timezone),
        urgent=bool(one(form, "mendesak")),
    )


def one_of_last(form: FormData, name: str) -> str:
    """The newest value of a field: a copied template text stands behind what was in the box before."""
    values = many(form, name)
    return values[-1] if values else ""


async def _keep_photo(house: Kentongan, actor: Actor, draft: Draft, form: FormData) -> list[int]:
    photo = form.get("foto")
    if not isinstance(photo, UploadFile) or not photo.filename:
        return []
    row = await house.media.keep(actor, unit_id=draft.unit.id, file=photo.file, alt_text=draft.alt.strip())
    return [row.id] if row.id is not None else []


def _input(draft: Draft) -> PostInput:
    return PostInput(
        unit_id=draft.unit.id or 0,
        text=draft.text.strip() or None,
        template_id=draft.template.id if draft.template else None,
        lang=draft.lang,
        media=draft.media,
        channels=draft.chosen,
        timing=fields.read_timing(draft.when, draft.unit.timezone),
        variables=draft.given,
        urgent=draft.urgent,
    )


async def _look(house: Kentongan, actor: Actor, frame: Frame, draft: Draft) -> Look:
    platforms = dict.fromkeys(channel.platform for channel in draft.channels if channel.id in draft.chosen)
    wanted = Wanted(
        unit=draft.unit,
        template_id=draft.template.id if draft.template else None,
        text=draft.text.strip(),
        lang=draft.lang,
        given=draft.given,
        platforms=tuple(platforms),
        when=draft.when,
        live=[c.platform for c in draft.channels if c.id in draft.chosen and c.environment == "live"],
    )
    return await look(house, actor, frame.calendar, wanted)


async def _again(request: Request, house: Kentongan, actor: Actor, draft: Draft, error: AppError) -> Response:
    frame = await frame_for(house, actor)
    shown = await _look(house, actor, frame, draft)
    return await _form(request, house, actor, frame, draft, shown=shown, error=error)


async def _form(
    request: Request,
    house: Kentongan,
    actor: Actor,
    frame: Frame,
    draft: Draft,
    *,
    shown: Look,
    part: str | None = None,
    error: AppError | None = None,
) -> Response:
    today = house.clock.now().date()
    attached, offered = await from_library(house, actor, draft.media, draft.sought, lang=draft.lang)
    return await page(
        request, house, actor, "tulis.html", status=error.status if error else 200, part=part, frame=frame,
        draft=draft, look=shown, stages=fields.stage_choices(frame.calendar, today), error=error.message if error else "",
        problems=by_field(error) if error else {}, attached=attached, offered=offered,
    )  # fmt: skip
