"""Writing: choose a template, fill in what is missing, look, and put it in the queue; and changing what was written."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.content.designs import TryInput
from app.kit.errors import AppError, Stale
from app.posts.service import PostView
from app.web import drafting, fields
from app.web.drafting import Draft, draft_of_post, keep_photo, read_draft
from app.web.fields import by_field, one
from app.web.frame import Frame, frame_for
from app.web.library import designs_for, from_library
from app.web.once import once
from app.web.posters import SMALL, draw
from app.web.posters import Look as PosterLook
from app.web.previews import Look, Picture, Speaker, Wanted, look
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_seen
from app.web.templates import Choice, Sieve, choices, sieves

router = APIRouter(include_in_schema=False)

LONGEST = 70_000
PostId = Annotated[int, Path(ge=1, lt=2**31)]
Word = Annotated[str, Query(max_length=60)]


@router.get("/tulis")
async def start(
    request: Request, house: HouseDep, actor: VisitorDep, unit: Word = "", templat: Word = "", semua: Word = "",
    q: Word = "", media: Word = "", tahapan: Word = "", segmen: Word = "", program: Word = "",
) -> Response:  # fmt: skip
    actor.must(Act.WRITE)
    frame = await frame_for(house, actor)
    if unit and templat:
        form = FormData({"unit": unit, "templat": templat, "media": media})
        draft = await read_draft(house, actor, form, is_fresh=True)
        return await _form(request, house, actor, frame, draft, shown=await _look(house, actor, frame, draft))
    units = await units_seen(house, actor, Act.WRITE)
    chosen = next((one_of for one_of in units if str(one_of.id) == unit), units[0] if len(units) == 1 else None)
    sieve = Sieve(q.strip(), tahapan, segmen, program)
    offered: Sequence[Choice] = ()
    every = bool(semua) or sieve.is_used
    if chosen is not None:
        offered = await choices(
            house, actor, frame.calendar, kinds=(chosen.kind,), every=every, unit=chosen, sieve=sieve
        )
    return await page(
        request, house, actor, "tulis_mulai.html", frame=frame, units=units, unit=chosen, choices=offered, every=every,
        sieve=sieve, sieves=await sieves(house, actor, frame.calendar, chosen.kind if chosen else ""),
        kept=f"&media={media}" if fields.is_id(media) else "",
    )  # fmt: skip


@router.post("/tulis/pratinjau")
async def preview(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """Writes nothing. htmx takes the previews alone; a plain form gets itself back, filled in."""
    frame = await frame_for(house, actor)
    form = await request.form()
    draft = await read_draft(house, actor, form)
    shown = await _look(house, actor, frame, draft)
    if one(form, "salin") and shown.previews:
        draft = await read_draft(house, actor, FormData([*form.multi_items(), ("teks", shown.longest)]))
    return await _form(request, house, actor, frame, draft, shown=shown, part="pratinjau")


@router.post("/tulis/foto")
async def add_photo(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """Keeps the photo and gives the form back with it, so that another one can follow."""
    async with request.form(max_part_size=LONGEST * 4) as form:
        draft = await read_draft(house, actor, form)
        try:
            draft = replace(
                draft, media=[*draft.media, *await keep_photo(house, actor, draft, form)], alt="", alts={}, upload=""
            )
        except AppError as error:
            return await _again(request, house, actor, draft, error)
    frame = await frame_for(house, actor)
    return await _form(request, house, actor, frame, draft, shown=await _look(house, actor, frame, draft))


@router.post("/tulis")
async def write(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    return await _save(request, house, actor, None)


@router.get("/unggahan/{post_id}/ubah")
async def open_post(request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId) -> Response:
    frame = await frame_for(house, actor)
    draft = await draft_of_post(house, actor, await house.posts.get(actor, post_id))
    return await _form(request, house, actor, frame, draft, shown=await _look(house, actor, frame, draft))


@router.post("/unggahan/{post_id}/ubah")
async def change(request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId) -> Response:
    return await _save(request, house, actor, post_id)


@router.get("/unggahan/{post_id}/gandakan")
async def copy_post(request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId) -> Response:
    """A new post with the words of an old one; nothing is written before its author says so."""
    frame = await frame_for(house, actor)
    source = await draft_of_post(house, actor, await house.posts.get(actor, post_id))
    fresh = fields.when_of({}, now=house.clock.now(), zone=source.unit.timezone)
    open_ids = {channel.id for channel in source.channels}
    draft = replace(
        source, post_id=None, etag="", when=fresh, chosen=[one_id for one_id in source.chosen if one_id in open_ids]
    )
    return await _form(request, house, actor, frame, draft, shown=await _look(house, actor, frame, draft))


async def _save(request: Request, house: Kentongan, actor: Actor, post_id: int | None) -> Response:
    """Whatever is wrong, the form comes back as it was filled in."""
    async with request.form(max_part_size=LONGEST * 4) as form:
        draft = replace(await read_draft(house, actor, form), post_id=post_id)

        async def work() -> Response:
            return await _saved(request, house, actor, draft, form)

        return await once(request, house, actor, form, work)


async def _saved(request: Request, house: Kentongan, actor: Actor, draft: Draft, form: FormData) -> Response:
    try:
        # Kept before the post is checked, so that a mistake elsewhere does not cost the photo.
        draft = replace(
            draft, media=[*draft.media, *await keep_photo(house, actor, draft, form)], alt="", alts={}, upload=""
        )
        post = await _store(house, actor, draft)
    except AppError as error:
        return await _again(request, house, actor, draft, error)
    note = {"draft": "tersimpan", "in_review": "diajukan"}.get(post.state, "dijadwalkan")
    return go(f"/unggahan/{post.id}?asal={draft.kept_as}", note=note)


async def _store(house: Kentongan, actor: Actor, draft: Draft) -> PostView:
    now = house.clock.now()
    if draft.post_id is None:
        return await house.posts.create(actor, drafting.wanted(draft, now))
    return await house.posts.edit(actor, draft.post_id, drafting.changes(draft, now), if_match=draft.etag or '""')


async def _look(house: Kentongan, actor: Actor, frame: Frame, draft: Draft) -> Look:
    chosen = [channel for channel in draft.channels if channel.id in draft.chosen]
    wanted = Wanted(
        unit=draft.unit,
        template_id=draft.template.id if draft.template else None,
        text=draft.text.strip(),
        lang=draft.lang,
        given=draft.given,
        platforms=tuple(dict.fromkeys(channel.platform for channel in chosen)),
        when=draft.when,
        speakers={channel.platform: Speaker(draft.unit.name, channel.handle) for channel in reversed(chosen)},
        picture=next((Picture(one_of.url, one_of.alt) for one_of in draft.media if one_of.url), None),
        headline=draft.template.title if draft.template else "",
        live=[channel.platform for channel in chosen if channel.environment == "live"],
    )
    return await look(house, actor, frame.calendar, wanted)


async def _poster(house: Kentongan, actor: Actor, draft: Draft, shown: Look) -> PosterLook | None:
    """How the chosen design would look for this unit at that moment."""
    if draft.poster is None:
        return None
    view = await house.designs.get(actor, draft.poster.design_id)
    title = draft.template.title if draft.template else draft.text.split("\n", 1)[0].split(". ", 1)[0][:90]
    stage = draft.when.stage if draft.when.mode == "tahapan" else None
    photo = next((one_of.id for one_of in draft.media if one_of.url), None)
    wanted = TryInput(
        draft.unit.id or 0, draft.poster.headline or title, photo, shown.due_at, stage or None, draft.given, SMALL
    )
    return await draw(house, actor, view.sheet, wanted)


async def _again(request: Request, house: Kentongan, actor: Actor, draft: Draft, error: AppError) -> Response:
    """With the reason. After a clash the form holds the newer version: saving again is then done knowingly."""
    frame = await frame_for(house, actor)
    clash = None
    if isinstance(error, Stale) and draft.post_id is not None:
        clash = await house.posts.get(actor, draft.post_id)
        draft = replace(draft, etag=clash.etag)
    shown = await _look(house, actor, frame, draft)
    return await _form(request, house, actor, frame, draft, shown=shown, error=error, clash=clash)


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
    clash: PostView | None = None,
) -> Response:
    today, poster = house.clock.now().date(), await _poster(house, actor, draft, shown)
    if poster is not None:  # shown once, above them
        shown = replace(shown, previews=[replace(preview, picture=None) for preview in shown.previews])
    _, offered = await from_library(house, actor, [one_of.id for one_of in draft.media], draft.sought, lang=draft.lang)
    return await page(
        request, house, actor, "tulis.html", status=error.status if error else 200, part=part, frame=frame,
        draft=draft, look=shown, grace_hours=round(house.settings.grace_hours),
        stages=fields.stage_choices(frame.calendar, today), error=error.message if error else "",
        problems=by_field(error) if error else {}, clash=clash, offered=offered,
        designs=await designs_for(house, actor), poster=poster,
        optional=fields.optional(house.platforms, [channel.platform for channel in draft.channels]),
    )  # fmt: skip
