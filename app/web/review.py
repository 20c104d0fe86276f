"""Reviewing: what waits for this person, each beside its template, approved or sent back, then the next one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.content.service import RenderInput
from app.kit.errors import AppError, BadInput, Problem
from app.kit.paging import encode
from app.platforms.options import in_words
from app.posts.rules import PostState, may_approve
from app.posts.service import PostView
from app.posts.store import PostFilter
from app.web import words
from app.web.differences import Sides, compare, nearest
from app.web.fields import by_field, clean, numbers
from app.web.findings import exemptible
from app.web.frame import frame_for
from app.web.pictures import photos_of
from app.web.posts import warned
from app.web.previews import Warned
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_by_id
from app.web.words import Moment

router = APIRouter(include_in_schema=False)

PAGE, MOST_AT_ONCE = 50, 100
PHOTO_CHECKS = (
    "Tidak ada atribut partai, calon, atau ajakan memilih di foto.",
    "NIK, KK, nomor telepon, dan alamat rumah warga tidak terbaca.",
    "Anak dan warga di foto sudah mengizinkan, atau wajahnya tidak dikenali.",
    "Teks alternatif menjelaskan apa yang terlihat.",
)
PostId = Annotated[int, Path(ge=1, lt=2**31)]
Reason = Annotated[str, Form(max_length=1000)]
Rule = Annotated[str, Form(max_length=60)]


@dataclass(frozen=True)
class Waiting:
    """A post in the list."""

    post: PostView
    title: str
    unit: str
    when: Moment | None
    excerpt: str


@dataclass(frozen=True)
class Bunch:
    """Posts of several units that say the same with the same findings, so that one look serves all."""

    items: Sequence[Waiting]

    @property
    def first(self) -> Waiting:
        return self.items[0]


@dataclass(frozen=True)
class Beside:
    """One text beside the template's; `sides` None: there is no template."""

    platforms: str
    text: str
    length: int
    limit: int
    sides: Sides | None


@router.get("/tinjau")
async def list_waiting(
    request: Request, house: HouseDep, actor: VisitorDep, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    return await _list(request, house, actor, cursor=cursor)


@router.post("/tinjau/setujui")
async def approve_many(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    """Each on its own, so that one that is refused does not hold back the others."""
    actor.must(Act.REVIEW)
    async with request.form() as form:
        chosen = numbers(form, "unggahan")[:MOST_AT_ONCE]
    done = await house.approving.approve(actor, chosen)
    if not done.refused:
        return go("/tinjau", note="setuju-semua")
    refused = [(one.post_id, one.reason) for one in done.refused]
    return await _list(request, house, actor, status=409, refused=refused, approved=len(done.approved))


@router.get("/tinjau/{post_id}")
async def show(request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId) -> Response:
    actor.must(Act.REVIEW)
    return await _show(request, house, actor, post_id)


@router.post("/tinjau/{post_id}/setujui")
async def approve(
    request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId, catatan: Reason = ""
) -> Response:
    form = await request.form()
    try:
        post = await house.posts.get(actor, post_id)
        if post.media and len(set(numbers(form, "foto"))) < len(PHOTO_CHECKS):
            raise BadInput("Periksa fotonya dulu: centang setiap butir.", Problem("media", "Centang setiap butir."))
        await house.posts.approve(actor, post_id, reason=clean(catatan).strip())
    except AppError as error:
        return await _show(request, house, actor, post_id, error=error)
    return await _go_on(house, actor, post_id, note="setuju")


@router.post("/tinjau/{post_id}/tolak")
async def reject(
    request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId, alasan: Reason = ""
) -> Response:
    try:
        await house.posts.reject(actor, post_id, reason=clean(alasan))
    except AppError as error:
        return await _show(request, house, actor, post_id, error=error)
    return await _go_on(house, actor, post_id, note="tolak")


@router.post("/tinjau/{post_id}/bebaskan")
async def exempt(
    request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId, aturan: Rule = "", alasan: Reason = ""
) -> Response:
    """Whoever may not decide is told so on the post's page; a draft that is blocked is decided there as well."""
    post = await house.posts.get(actor, post_id)
    try:
        await house.posts.exempting.exempt(actor, post_id, rule=aturan, reason=clean(alasan))
    except AppError as error:
        return await _show(request, house, actor, post_id, error=error)
    return go(f"/tinjau/{post_id}" if post.state is PostState.IN_REVIEW else f"/unggahan/{post_id}", note="bebas")


async def _list(
    request: Request,
    house: Kentongan,
    actor: Actor,
    *,
    cursor: str | None = None,
    status: int = 200,
    refused: Sequence[tuple[int, str]] = (),
    approved: int = 0,
) -> Response:
    actor.must(Act.REVIEW)
    found = await house.posts.list(actor, PostFilter(state=PostState.IN_REVIEW), limit=PAGE, cursor=cursor)
    units = await units_by_id(house, actor, [post.unit_id for post in found.rows])
    mine = [post for post in found.rows if _may_decide(actor, post, units[post.unit_id])]
    titles = await _titles(house, actor, mine)
    waiting = [_waiting(post, units[post.unit_id], titles) for post in mine]
    waiting.sort(key=lambda one: not one.post.urgent)
    return await page(
        request, house, actor, "tinjau.html", part="daftar", status=status, bunches=_bunches(waiting),
        refused=[(post_id, reason) for post_id, reason in refused], approved=approved, is_first=cursor is None,
        more=f"/tinjau?cursor={found.next}" if found.next else None,
    )  # fmt: skip


async def _titles(house: Kentongan, actor: Actor, posts: Sequence[PostView]) -> dict[int | None, str]:
    ids = dict.fromkeys(post.template_id for post in posts if post.template_id)
    return {None: "Teks sendiri"} | {one: (await house.templates.get(actor, one)).title for one in ids}


def _waiting(post: PostView, unit: Unit, titles: dict[int | None, str]) -> Waiting:
    text = max((str(variant["text"]) for variant in post.variants), key=len, default=post.text or "")
    when = words.moment(post.due_at, unit.timezone) if post.due_at else None
    return Waiting(post, titles[post.template_id], unit.name, when, text)


def _bunches(waiting: Sequence[Waiting]) -> list[Bunch]:
    """By what a reviewer would judge; a photo is always looked at by itself."""
    found: dict[str, list[Waiting]] = {}
    for one in waiting:
        post = one.post
        rules = sorted({str(finding["rule"]) for finding in post.guard})
        same = [post.template_id, post.lang, post.text, dict(post.overrides), dict(post.variables), post.reason, rules]
        key = str(post.id) if post.media else json.dumps(same, sort_keys=True, default=str)
        found.setdefault(key, []).append(one)
    return [Bunch(items) for items in found.values()]


async def _show(
    request: Request, house: Kentongan, actor: Actor, post_id: int, *, error: AppError | None = None
) -> Response:
    post = await house.posts.get(actor, post_id)
    unit = await house.units.get(actor, post.unit_id)
    titles = await _titles(house, actor, [post])
    frame = await frame_for(house, actor)
    return await page(
        request, house, actor, "tinjau_satu.html", status=error.status if error else 200, frame=frame, post=post, unit=unit,
        source=await house.templates.get(actor, post.template_id) if post.template_id else None,
        title=titles[post.template_id], label=words.POST_STATES[post.state],
        when=words.moment(post.due_at, unit.timezone) if post.due_at else None,
        beside=await _beside(house, actor, post), warnings=_warnings(post), photos=await photos_of(house, actor, post),
        checks=PHOTO_CHECKS, is_open=post.state is PostState.IN_REVIEW and actor.may(Act.REVIEW, unit.path),
        talk=await house.discussing.read(actor, post_id), reviews=actor.may(Act.REVIEW, unit.path),
        why_not=_why_not(actor, post, unit), error=error.message if error else "",
        problems=by_field(error) if error else {}, skip=await _next(house, actor, post_id), exemptible=exemptible(post),
        wishes=list(in_words(house.platforms, post.options)),
    )  # fmt: skip


def _warnings(post: PostView) -> list[Warned]:
    return [warned(found) for found in post.guard]


async def _beside(house: Kentongan, actor: Actor, post: PostView) -> list[Beside]:
    """One entry for platforms that say the same; its length is that of the platform with the least room."""
    platforms = [str(variant["platform"]) for variant in post.variants]
    offered = [await _template_text(house, actor, post, one) for one in platforms] if post.template_id else []
    found: dict[str, list[tuple[str, int, int]]] = {}
    for variant, platform in zip(post.variants, platforms, strict=True):
        found.setdefault(str(variant["text"]), []).append((platform, int(variant["length"]), int(variant["limit"])))
    shown = []
    for text, places in found.items():
        _, length, limit = max(places, key=lambda place: place[1] / place[2])
        names = ", ".join(words.platform_name(platform) for platform, _, _ in places)
        shown.append(Beside(names, text, length, limit, compare(nearest(offered, text), text) if offered else None))
    return shown


async def _template_text(house: Kentongan, actor: Actor, post: PostView, platform: str) -> str:
    """What the template would say untouched, for this unit at this moment."""
    stage = post.tahapan or None
    wanted = RenderInput(post.unit_id, platform, post.lang, post.due_at, post.variables, stage)
    try:
        return (await house.templates.render(actor, post.template_id or 0, wanted)).text
    except BadInput:
        return ""  # its language or stage is no more: then everything is new


async def _next(house: Kentongan, actor: Actor, post_id: int) -> int | None:
    """The next older one that somebody else wrote, else the newest."""
    for cursor in (encode([post_id]), None):
        found = await house.posts.list(actor, PostFilter(state=PostState.IN_REVIEW), limit=PAGE, cursor=cursor)
        units = await units_by_id(house, actor, [post.unit_id for post in found.rows])
        for post in found.rows:
            if _may_decide(actor, post, units[post.unit_id]) and post.id != post_id:
                return post.id
    return None


def _may_decide(actor: Actor, post: PostView, unit: Unit) -> bool:
    """What another must approve would only stand in the way: one's own, and what needs the KPU."""
    return _why_not(actor, post, unit) is None


def _why_not(actor: Actor, post: PostView, unit: Unit) -> str | None:
    return may_approve(actor, unit.path, needs=post.needs, created_by=post.created_by, edited_by=post.edited_by)


async def _go_on(house: Kentongan, actor: Actor, post_id: int, *, note: str) -> Response:
    following = await _next(house, actor, post_id)
    return go(f"/tinjau/{following}", note=note) if following else go("/tinjau", note=f"{note}-habis")
