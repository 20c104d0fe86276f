"""One post: how it reads on each platform, where it stands, and who may do what next."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError
from app.platforms.options import in_words
from app.posts.review_rules import RemarkKind
from app.posts.rules import MAY_CANCEL, MAY_EDIT, MAY_MOVE, MAY_SUBMIT, Answer, PostState, Timing, may_approve
from app.posts.service import PostView
from app.web import words
from app.web.cards import cards_for
from app.web.fields import clean
from app.web.findings import exemptible
from app.web.pictures import photos_of
from app.web.previews import Preview, Warned
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

PostId = Annotated[int, Path(ge=1, lt=2**31)]
Reason = Annotated[str, Form(max_length=1000)]
Mark = Annotated[str, Form(max_length=20)]


@router.get("/unggahan/{post_id}")
async def show_post(request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId) -> Response:
    return await _show(request, house, actor, await house.posts.get(actor, post_id))


@router.post("/unggahan/{post_id}/ajukan")
async def submit(request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId) -> Response:
    return await _act(request, house, actor, post_id, house.posts.submit(actor, post_id), note="diajukan")


@router.post("/unggahan/{post_id}/setujui")
async def approve(request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId) -> Response:
    return await _act(request, house, actor, post_id, house.posts.approve(actor, post_id), note="setuju")


@router.post("/unggahan/{post_id}/tolak")
async def reject(
    request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId, alasan: Reason = ""
) -> Response:
    return await _act(request, house, actor, post_id, house.posts.reject(actor, post_id, reason=alasan), note="tolak")


@router.post("/unggahan/{post_id}/sesuaikan")
async def adapt(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    post_id: PostId,
    teks: Annotated[str, Form(max_length=70_000)] = "",
) -> Response:
    """A suggestion in the unit's own words, sent on at once."""

    async def work() -> PostView:
        post = await house.posts.get(actor, post_id)
        changes: dict[str, object] = {
            "text": clean(teks).strip(),
            "overrides": {},
            "timing": Timing.from_json(post.timing),
        }
        return await house.posts.edit(actor, post_id, changes, if_match=post.etag)

    return await _act(request, house, actor, post_id, work(), note="diajukan")


@router.post("/unggahan/{post_id}/tolak-saran")
async def decline(
    request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId, alasan: Reason = ""
) -> Response:
    async def work() -> PostView:
        await house.answers.decline(actor, post_id, reason=clean(alasan))
        return await house.posts.get(actor, post_id)

    return await _act(request, house, actor, post_id, work(), note="saran-tolak")


@router.post("/unggahan/{post_id}/catatan")
async def remark(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    post_id: PostId,
    teks: Reason = "",
    tanya: Mark = "",
    dari: Mark = "",
) -> Response:
    async def work() -> PostView:
        kind = RemarkKind.QUESTION if tanya else RemarkKind.COMMENT
        await house.discussing.say(actor, post_id, clean(teks), kind=kind)
        return await house.posts.get(actor, post_id)

    return await _act(request, house, actor, post_id, work(), note="catatan", back=dari)


@router.post("/unggahan/{post_id}/tahan")
async def hold(
    request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId, alasan: Reason = "", dari: Mark = ""
) -> Response:
    async def work() -> PostView:
        await house.discussing.hold(actor, post_id, reason=clean(alasan))
        return await house.posts.get(actor, post_id)

    return await _act(request, house, actor, post_id, work(), note="tahan", back=dari)


@router.post("/unggahan/{post_id}/lepas")
async def release(request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId, dari: Mark = "") -> Response:
    async def work() -> PostView:
        await house.discussing.release(actor, post_id)
        return await house.posts.get(actor, post_id)

    return await _act(request, house, actor, post_id, work(), note="lepas", back=dari)


@router.post("/unggahan/{post_id}/batalkan")
async def cancel(
    request: Request, house: HouseDep, actor: VisitorDep, post_id: PostId, alasan: Reason = ""
) -> Response:
    return await _act(request, house, actor, post_id, house.posts.cancel(actor, post_id, reason=alasan), note="batal")


async def _act(
    request: Request,
    house: Kentongan,
    actor: Actor,
    post_id: int,
    work: Awaitable[PostView],
    *,
    note: str,
    back: str = "",
) -> Response:
    """What is refused comes back on the post's page, as the post stands now."""
    try:
        await work
    except AppError as error:
        post = await house.posts.get(actor, post_id)
        return await _show(request, house, actor, post, status=error.status, problem=error.message)
    return go(f"/tinjau/{post_id}" if back == "tinjau" else f"/unggahan/{post_id}", note=note)


async def _show(
    request: Request, house: Kentongan, actor: Actor, post: PostView, *, status: int = 200, problem: str = ""
) -> Response:
    unit = await house.units.get(actor, post.unit_id)
    writes, in_review = actor.may(Act.WRITE, unit.path), post.state is PostState.IN_REVIEW
    # The service decides again; here only a button that would certainly be refused is left out.
    refused = may_approve(actor, unit.path, needs=post.needs, created_by=post.created_by, edited_by=post.edited_by)
    title = (await house.templates.get(actor, post.template_id)).title if post.template_id else "Teks sendiri"
    return await page(
        request, house, actor, "unggahan.html", status=status, post=post, unit=unit, title=title, problem=problem,
        label=words.post_label(post.state, post.deliveries), previews=[_preview(variant) for variant in post.variants],
        photos=await photos_of(house, actor, post),
        warnings=[warned(found) for found in post.guard],
        when=words.moment(post.due_at, unit.timezone) if post.due_at else None,
        must_look=in_review and refused is None and bool(post.media), cards=await cards_for(house, actor, post.deliveries),
        is_asked=post.answer is Answer.WAITING, may_answer=writes and post.answer is Answer.WAITING,
        deadline=await _deadline(house, actor, post, unit.timezone),
        may_change=writes and post.state in MAY_EDIT, may_copy=writes,
        may_move=writes and post.state in MAY_MOVE and post.due_at is not None, was_moved=writes and request.query_params.get("pindah") == str(post.id),
        may_submit=writes and post.state in MAY_SUBMIT, may_cancel=writes and post.state in MAY_CANCEL,
        exemptible=exemptible(post) if refused is None and post.state in MAY_SUBMIT else (),
        may_approve=in_review and refused is None and not post.media, may_reject=in_review and actor.may(Act.REVIEW, unit.path),
        wishes=list(in_words(house.platforms, post.options)),
        talk=await house.discussing.read(actor, post.id), writes=writes, reviews=actor.may(Act.REVIEW, unit.path),
    )  # fmt: skip


async def _deadline(house: Kentongan, actor: Actor, post: PostView, zone: str) -> words.Moment | None:
    """Of a suggestion: until when an answer is wanted."""
    if post.answer is not Answer.WAITING or post.broadcast_id is None:
        return None
    deadline = await house.answers.deadline(actor, post.id)
    return words.moment(deadline, zone) if deadline else None


def _preview(variant: object) -> Preview:
    assert isinstance(variant, dict)
    return Preview(variant["platform"], variant["text"], variant["length"], variant["limit"])


def warned(found: object) -> Warned:
    """A finding as a post keeps it."""
    assert isinstance(found, dict)
    title, reason = found.get("title", ""), found["reason"]
    said = f"{title}: {reason}" if title and title not in reason else reason
    if found.get("exempt"):
        said = f"{said} Dibebaskan peninjau: {found['exempt']}"
    return Warned(words.LEVELS[found["level"]], said, "", found["level"] == "block" and not found.get("exempt"))
