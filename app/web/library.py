"""The library's pages: find a picture, describe it in every language, see where it is used, use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.content.alts import alts_of
from app.content.captions import MAX_BYTES as MOST_CAPTIONS
from app.content.library import MediaChange
from app.content.media import VIDEO
from app.content.media_store import MediaFilter
from app.content.models import Media
from app.content.renditions import SMALL
from app.content.rules import LANGUAGES
from app.kit.errors import AppError, BadInput, Problem
from app.posts.postering import PosterWish
from app.posts.rules import PostState
from app.web import words
from app.web.fields import by_field, is_id, one
from app.web.pictures import local_url
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

SHOWN = 24
OFFERED = 8
MediaId = Annotated[int, Path(ge=1, lt=2**31)]
Short = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True)
class Thumb:
    """A picture or video of the library as a card shows it."""

    id: int
    url: str
    alt: str
    is_video: bool
    tags: Sequence[str] = ()
    used: int = 0
    size: str = ""


def thumb(house: Kentongan, row: Media, *, lang: str = "id", used: int = 0) -> Thumb:
    media_id = row.id or 0
    is_video = row.kind == VIDEO
    url = local_url(house, media_id, "" if is_video else SMALL)
    size = f"{row.width} x {row.height}" + (f", {row.seconds:.0f} detik" if row.seconds else "")
    return Thumb(media_id, url, row.alt_texts.get(lang) or row.alt_text, is_video, row.tags, used, size)


def poster_of(form: FormData) -> PosterWish | None:
    """The design chosen in a form that has `pilih_poster`."""
    chosen = one(form, "poster")
    return PosterWish(int(chosen), one(form, "judul-poster").strip()) if is_id(chosen) else None


async def designs_for(house: Kentongan, actor: Actor) -> list[tuple[int, str]]:
    """What may be chosen, with the names people know."""
    return [(view.id, view.title) for view in (await house.designs.list(actor, limit=100)).rows]


async def from_library(
    house: Kentongan, actor: Actor, chosen: Sequence[int], sought: str, *, lang: str = "id"
) -> tuple[Sequence[Thumb], Sequence[Thumb]]:
    """What hangs on a post already, and the newest that could, or those that were sought."""
    async with house.db.read() as session:
        attached = await house.media.require_visible(session, actor, chosen)
    found = await house.library.list(actor, MediaFilter(q=sought or None), limit=OFFERED + len(chosen))
    others = [row for row in found.rows if row.id not in attached][:OFFERED]
    return [thumb(house, attached[media_id], lang=lang) for media_id in chosen], [
        thumb(house, row, lang=lang) for row in others
    ]


@router.get("/pustaka")
async def show_library(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    cari: Short = "",
    tag: Short = "",
    jenis: Short = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    kind = jenis if jenis in ("upload", "video") else None
    wanted = MediaFilter(q=cari or None, tag=tag or None, kind=kind)
    return await _list(request, house, actor, wanted, cursor)


@router.post("/pustaka")
async def add(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """Whatever is wrong, the form comes back as it was filled in."""
    async with request.form() as form:
        try:
            row = await _keep(house, actor, form)
        except AppError as error:
            return await _list(request, house, actor, MediaFilter(), None, error=error, typed=_typed(form))
    return go(f"/pustaka/{row.id}", note="pustaka")


@router.get("/pustaka/{media_id}")
async def show_media(request: Request, house: HouseDep, actor: VisitorDep, media_id: MediaId) -> Response:
    return await _one(request, house, actor, await house.media.get(actor, media_id))


@router.post("/pustaka/{media_id}")
async def edit(request: Request, house: HouseDep, actor: VisitorDep, media_id: MediaId) -> Response:
    form = await request.form()
    row = await house.media.get(actor, media_id)
    try:
        await house.library.edit(actor, media_id, _change(form))
    except AppError as error:
        return await _one(request, house, actor, row, error=error, typed=_typed(form))
    return go(f"/pustaka/{media_id}", note="pustaka-ubah")


@router.post("/pustaka/{media_id}/takarir")
async def put_captions(request: Request, house: HouseDep, actor: VisitorDep, media_id: MediaId) -> Response:
    row = await house.media.get(actor, media_id)
    async with request.form() as form:
        file = form.get("takarir")
        data = await file.read(MOST_CAPTIONS + 1) if isinstance(file, UploadFile) else b""
        try:
            await house.library.put_captions(actor, media_id, lang=one(form, "bahasa", "id"), data=data)
        except AppError as error:
            return await _one(request, house, actor, row, error=error)
    return go(f"/pustaka/{media_id}", note="takarir")


@router.post("/pustaka/{media_id}/hapus")
async def delete(request: Request, house: HouseDep, actor: VisitorDep, media_id: MediaId) -> Response:
    row = await house.media.get(actor, media_id)
    try:
        await house.library.delete(actor, media_id)
    except AppError as error:
        return await _one(request, house, actor, row, error=error)
    return go("/pustaka", note="pustaka-hapus")


async def _keep(house: Kentongan, actor: Actor, form: FormData) -> Media:
    file, unit, sent = form.get("file"), one(form, "unit"), one(form, "unggah")
    change, unit_id = _change(form), int(unit) if is_id(unit) else None
    alt, alts = change.alt_text or "", change.alt_texts
    if isinstance(file, UploadFile) and file.filename:
        row = await house.media.keep(actor, unit_id=unit_id, file=file.file, alt_text=alt, alt_texts=alts)
    elif sent:
        row = await house.uploads.finish(actor, sent, unit_id=unit_id, alt_text=alt, alt_texts=alts)
    else:
        raise BadInput("Pilih dulu gambar atau videonya.", Problem("file", "Pilih gambar atau video."))
    return await house.library.edit(actor, row.id or 0, MediaChange(tags=change.tags)) if change.tags else row


def _change(form: FormData) -> MediaChange:
    others = {lang: one(form, f"alt-{lang}") for lang in LANGUAGES if lang != "id"}
    return MediaChange(one(form, "alt"), others, [tag for tag in one(form, "tag").split(",") if tag.strip()])


def _typed(form: FormData) -> dict[str, str]:
    return {name: one(form, name) for name in ("alt", "tag", "unit", "unggah", *(f"alt-{lang}" for lang in LANGUAGES))}


async def _list(
    request: Request,
    house: Kentongan,
    actor: Actor,
    wanted: MediaFilter,
    cursor: str | None,
    *,
    error: AppError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    found = await house.library.list(actor, wanted, limit=SHOWN, cursor=cursor)
    used = await house.usage.counts([row.id or 0 for row in found.rows])
    asked = {"cari": wanted.q, "tag": wanted.tag, "jenis": wanted.kind}
    kept = {name: value for name, value in asked.items() if value}
    more = f"/pustaka?{urlencode({**kept, 'cursor': found.next})}" if found.next else None
    return await page(
        request, house, actor, "pustaka.html", part="daftar", status=error.status if error else 200,
        thumbs=[thumb(house, row, used=used[row.id or 0]) for row in found.rows], more=more, is_first=cursor is None,
        asked=asked, is_narrowed=bool(kept), tag_choices=[(tag, tag) for tag in await house.library.tags(actor)], may_write=bool(actor.paths(Act.WRITE)),
        typed=typed or {}, error=error.message if error else "", problems=_problems(error),
    )  # fmt: skip


async def _one(
    request: Request,
    house: Kentongan,
    actor: Actor,
    row: Media,
    *,
    error: AppError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    owner = await _owner_of(house, actor, row)
    uses = await house.usage.uses(actor, row.id or 0)
    said = {f"alt-{lang}": text for lang, text in alts_of(row).items()}
    return await page(
        request, house, actor, "pustaka_satu.html", status=error.status if error else 200,
        captions=await house.library.captions(actor, row.id or 0), thumb=thumb(house, row), url=local_url(house, row.id or 0), owner=owner.name if owner else "Unit di atas Anda",
        may_edit=bool(owner and actor.may(Act.WRITE, owner.path)), may_write=bool(actor.paths(Act.WRITE)),
        uses=[(use, words.POST_STATES[PostState(use.state)]) for use in uses],
        used=(await house.usage.counts([row.id or 0]))[row.id or 0],
        typed=typed or {"alt": row.alt_text, "tag": ", ".join(row.tags), **said},
        error=error.message if error else "", problems=_problems(error),
    )  # fmt: skip


async def _owner_of(house: Kentongan, actor: Actor, row: Media) -> Unit | None:
    """None for a unit above the actor's own."""
    try:
        return await house.units.get(actor, row.unit_id)
    except AppError:
        return None


def _problems(error: AppError | None) -> dict[str, str]:
    found = by_field(error) if error else {}
    return {name.replace("alt_texts.", "alt-"): said for name, said in found.items()}
