"""The door to what units say."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, Body, HouseDep, IfNoneMatch, LimitedRoute, Moment, PageDep, Row, linked, unchanged
from app.api.shapes import (
    MAX_ID,
    AnId,
    Code,
    DeliveryRow,
    FindingRow,
    Id,
    Lang,
    Options,
    PosterBody,
    PriceRow,
    Reason,
    ReasonBody,
    Text,
    TimingBody,
    Variables,
    VariantRow,
)
from app.posts.rules import Answer, PostState, Reviewer
from app.posts.service import PostInput, PostView
from app.posts.store import PostFilter

router = APIRouter(tags=["unggahan"], route_class=LimitedRoute)

IfMatch = Annotated[str | None, Header(description="etag dari jawaban sebelumnya.", max_length=100)]


class PosterWishRow(Row):
    design_id: int = Field(examples=[2])
    headline: str = Field(examples=["Cek nama Anda"])


class PostRow(Row):
    id: int = Field(examples=[75])
    unit_id: int = Field(examples=[17])
    broadcast_id: int | None
    template_id: int | None
    state: PostState = Field(examples=["scheduled"])
    reason: str
    lang: str = Field(examples=["id"])
    text: str | None
    overrides: dict[str, str]
    variables: dict[str, Any]
    media: list[int]
    poster: PosterWishRow | None = Field(None, description="Desain poster yang dipilih.")
    poster_id: int | None = Field(None, description="Gambar posternya (media), bila sudah dijadwalkan.")
    channels: list[int]
    timing: dict[str, Any] = Field(examples=[{"at": "2024-11-20T02:00:00+00:00"}])
    due_at: datetime | None
    valid_until: datetime | None
    tahapan: str = Field(examples=["PYL-06"])
    programme: str
    segment: str = Field(examples=["umum"])
    variants: list[VariantRow]
    guard: list[FindingRow]
    problems: list[dict[str, str]] = Field(description="Yang masih menghalangi draf ini untuk dijadwalkan.")
    deliveries: list[DeliveryRow]
    etag: str = Field(examples=['"75-1-9f1c2b7a"'])
    created_by: int | None
    edited_by: int | None = Field(None, description="Yang terakhir mengubahnya; ia tidak boleh menyetujuinya.")
    approved_by: int | None
    price: PriceRow
    needs: Reviewer = Field(Reviewer.NOBODY, description="Siapa yang harus meninjau: nobody, above, atau kpu.")
    answer: Answer = Field(Answer.NONE, description="Jawaban unit bila ini saran dari siaran; selain itu kosong.")
    urgent: bool = False
    options: dict[str, dict[str, Any]] = Field({}, examples=[{"x": {"replies": "following"}}])


class PostList(BaseModel):
    data: list[PostRow]
    next: str | None = None


class NewPost(Body):
    unit_id: AnId = Field(examples=[17])
    text: Text | None = Field(None, examples=["Posko kami buka setiap hari kerja."])
    template_id: AnId | None = None
    lang: Lang = "id"
    overrides: dict[str, Text] = Field({}, max_length=20)
    media: list[AnId] = Field([], max_length=20)
    poster: PosterBody | None = None
    channels: list[AnId] | None = Field(None, max_length=50, description="Kosong: semua akun unit yang tersambung.")
    timing: TimingBody | None = Field(None, description="Tanpa timing: draf.")
    variables: Variables = {}
    tahapan: Code | None = None
    segment: Annotated[str, Field(pattern="^(umum|pemula|disabilitas|perempuan)$")] | None = None
    programme: Annotated[str, Field(max_length=60, pattern=r"^[\w-]*$")] | None = None
    valid_until: Moment | None = None
    urgent: bool = Field(False, description="Mendesak (misalnya TPS pindah): semua yang boleh menyetujui diberi tahu.")
    options: Options = {}


class PostChange(Body):
    """Only what is sent changes."""

    text: Text | None = None
    lang: Lang | None = None
    overrides: dict[str, Text] | None = Field(None, max_length=20)
    media: list[AnId] | None = Field(None, max_length=20)
    poster: PosterBody | None = None
    channels: list[AnId] | None = Field(None, max_length=50)
    timing: TimingBody | None = None
    variables: Variables | None = None
    tahapan: Code | None = None
    segment: Annotated[str, Field(pattern="^(umum|pemula|disabilitas|perempuan)$")] | None = None
    programme: Annotated[str, Field(max_length=60, pattern=r"^[\w-]*$")] | None = None
    valid_until: Moment | None = None
    urgent: bool | None = None
    options: Options | None = None


class RejectBody(Body):
    reason: Reason = Field(min_length=1, examples=["Jam kegiatannya belum benar"])


class ExemptBody(Body):
    rule: Annotated[str, Field(max_length=60, pattern=r"^\w+$", examples=["G07_telepon"])]
    reason: Reason = Field(min_length=1, examples=["Nomor resmi posko, tercantum di situs KPU"])


def _row(response: Response, view: PostView) -> PostRow:
    response.headers["ETag"] = view.etag
    return PostRow.model_validate(view)


@router.get("/posts", summary="Unggahan, terbaru dulu")
async def list_posts(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    page: PageDep,
    unit: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    state: PostState | None = None,
    broadcast: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> PostList:
    found = await house.posts.list(actor, PostFilter(unit, state, broadcast), limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, found))
    return PostList(data=[PostRow.model_validate(view) for view in found.rows], next=found.next)


@router.post(
    "/posts",
    status_code=201,
    summary="Tulis unggahan: dengan timing langsung diperiksa penuh, tanpa timing menjadi draf",
)
async def create_post(response: Response, house: HouseDep, actor: ActorDep, body: NewPost) -> PostRow:
    given = body.model_dump(exclude={"timing", "poster"})
    poster = body.poster.as_wish() if body.poster else None
    timing = body.timing.as_timing() if body.timing else None
    view = await house.posts.create(actor, PostInput(**given, timing=timing, poster=poster))
    response.headers["Location"] = f"/api/v1/posts/{view.id}"
    return _row(response, view)


@router.get("/posts/{post_id}", summary="Satu unggahan", response_model=PostRow)
async def read_post(
    response: Response, house: HouseDep, actor: ActorDep, post_id: Id, if_none_match: IfNoneMatch = None
) -> PostRow | Response:
    view = await house.posts.get(actor, post_id)
    return unchanged(if_none_match, view.etag) or _row(response, view)


@router.patch("/posts/{post_id}", summary="Ubah unggahan; perlu If-Match")
async def edit_post(
    response: Response, house: HouseDep, actor: ActorDep, post_id: Id, body: PostChange, if_match: IfMatch = None
) -> PostRow:
    changes = body.model_dump(exclude_unset=True, exclude={"timing", "poster"})
    # A null takes away where taking away means something; elsewhere it is no change.
    kept = {
        name: value
        for name, value in changes.items()
        if value is not None or name in {"tahapan", "valid_until", "channels"}
    }
    if "poster" in body.model_fields_set:
        kept["poster"] = body.poster.as_wish() if body.poster else None
    if "timing" in body.model_fields_set:
        kept["timing"] = body.timing.as_timing() if body.timing else None
    return _row(response, await house.posts.edit(actor, post_id, kept, if_match=if_match))


@router.delete("/posts/{post_id}", status_code=204, summary="Hapus unggahan yang belum pernah dikirim; perlu If-Match")
async def delete_post(house: HouseDep, actor: ActorDep, post_id: Id, if_match: IfMatch = None) -> None:
    await house.posts.delete(actor, post_id, if_match=if_match)


@router.post("/posts/{post_id}/submit", summary="Ajukan")
async def submit_post(response: Response, house: HouseDep, actor: ActorDep, post_id: Id) -> PostRow:
    return _row(response, await house.posts.submit(actor, post_id))


@router.post("/posts/{post_id}/approve", summary="Setujui")
async def approve_post(
    response: Response, house: HouseDep, actor: ActorDep, post_id: Id, body: ReasonBody | None = None
) -> PostRow:
    return _row(response, await house.posts.approve(actor, post_id, reason=body.reason if body else ""))


@router.post("/posts/{post_id}/reject", summary="Tolak, dengan alasan")
async def reject_post(response: Response, house: HouseDep, actor: ActorDep, post_id: Id, body: RejectBody) -> PostRow:
    return _row(response, await house.posts.reject(actor, post_id, reason=body.reason))


@router.post("/posts/{post_id}/exempt", summary="Bebaskan temuan satu aturan penjaga konten, dengan alasan")
async def exempt_post(response: Response, house: HouseDep, actor: ActorDep, post_id: Id, body: ExemptBody) -> PostRow:
    """Berlaku selama kata-kata yang ditemukan tidak berubah, dan tercatat di jejak audit."""
    await house.posts.exempting.exempt(actor, post_id, rule=body.rule, reason=body.reason)
    return _row(response, await house.posts.get(actor, post_id))


@router.post("/posts/{post_id}/decline", summary="Tolak saran siaran, dengan alasan")
async def decline_post(response: Response, house: HouseDep, actor: ActorDep, post_id: Id, body: RejectBody) -> PostRow:
    await house.answers.decline(actor, post_id, reason=body.reason)
    return _row(response, await house.posts.get(actor, post_id))


@router.post("/posts/{post_id}/cancel", summary="Batalkan yang belum dikirim")
async def cancel_post(
    response: Response, house: HouseDep, actor: ActorDep, post_id: Id, body: ReasonBody | None = None
) -> PostRow:
    return _row(response, await house.posts.cancel(actor, post_id, reason=body.reason if body else ""))
