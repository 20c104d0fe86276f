"""The door to reviewing: what is said about a post, holding one, approving many, and who reviews where."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.accounts.rules import Role
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Row
from app.api.shapes import AnId, Id, Reason, ReasonBody, Text
from app.posts.approving import MOST
from app.posts.discussing import LONGEST
from app.posts.review_rules import RemarkKind

router = APIRouter(tags=["tinjauan"], route_class=LimitedRoute)


class RemarkRow(Row):
    id: int
    kind: RemarkKind = Field(examples=["question"])
    user_id: int
    name: str = Field(examples=["Budi"])
    text: str = Field(examples=["Jamnya pukul berapa?"])
    created_at: datetime


class ConversationRow(Row):
    remarks: list[RemarkRow]
    is_asked: bool = Field(description="Pertanyaan peninjau belum dijawab.")
    hold: str = Field(description="Alasan peninjau menahannya; kosong bila tidak ditahan.")


class NewRemark(Body):
    text: Annotated[Text, Field(min_length=1, max_length=LONGEST, examples=["Jamnya pukul berapa?"])]
    kind: RemarkKind = RemarkKind.COMMENT


class HoldBody(Body):
    reason: Reason = Field(min_length=1, examples=["Menunggu surat keputusan"])


class ApproveMany(Body):
    post_ids: list[AnId] = Field(min_length=1, max_length=MOST, examples=[[75, 76]])
    reason: Reason = ""


class RefusalRow(Row):
    post_id: int
    reason: str


class ApprovedRow(Row):
    approved: list[int] = Field(examples=[[75]])
    refused: list[RefusalRow]


class ReviewerRow(Row):
    user_id: int
    name: str = Field(examples=["Budi"])
    role: Role
    is_deputy: bool = Field(description="Diminta meninjau bila peninjau unit ini belum menjawab.")


class ReviewerList(BaseModel):
    data: list[ReviewerRow]
    next: None = None


@router.post("/posts/approve", summary="Setujui banyak unggahan sekaligus; tiap unggahan diputuskan sendiri-sendiri")
async def approve_many(house: HouseDep, actor: ActorDep, body: ApproveMany) -> ApprovedRow:
    return ApprovedRow.model_validate(await house.approving.approve(actor, body.post_ids, reason=body.reason))


@router.post(
    "/broadcasts/{broadcast_id}/approve", summary="Setujui siaran: mencakup semua salinan yang tidak diubah unit"
)
async def approve_broadcast(
    house: HouseDep, actor: ActorDep, broadcast_id: Id, body: ReasonBody | None = None
) -> ApprovedRow:
    said = body.reason if body else ""
    return ApprovedRow.model_validate(await house.approving.approve_broadcast(actor, broadcast_id, reason=said))


@router.get("/posts/{post_id}/remarks", summary="Percakapan tentang sebuah unggahan")
async def list_remarks(house: HouseDep, actor: ActorDep, post_id: Id) -> ConversationRow:
    return ConversationRow.model_validate(await house.discussing.read(actor, post_id))


@router.post("/posts/{post_id}/remarks", status_code=201, summary="Beri catatan, atau tanya penulisnya")
async def add_remark(house: HouseDep, actor: ActorDep, post_id: Id, body: NewRemark) -> ConversationRow:
    return ConversationRow.model_validate(await house.discussing.say(actor, post_id, body.text, kind=body.kind))


@router.post("/posts/{post_id}/hold", summary="Tahan: tidak terbit sampai dilepas, persetujuannya tetap")
async def hold_post(house: HouseDep, actor: ActorDep, post_id: Id, body: HoldBody) -> ConversationRow:
    await house.discussing.hold(actor, post_id, reason=body.reason)
    return ConversationRow.model_validate(await house.discussing.read(actor, post_id))


@router.post("/posts/{post_id}/release", summary="Lepas unggahan yang ditahan")
async def release_post(house: HouseDep, actor: ActorDep, post_id: Id) -> ConversationRow:
    await house.discussing.release(actor, post_id)
    return ConversationRow.model_validate(await house.discussing.read(actor, post_id))


@router.get("/units/{unit_id}/reviewers", summary="Peninjau unit ini dan wakilnya")
async def list_reviewers(house: HouseDep, actor: ActorDep, unit_id: Id) -> ReviewerList:
    found = await house.deputies.reviewers(actor, unit_id)
    return ReviewerList(data=[ReviewerRow.model_validate(one) for one in found])


@router.put("/units/{unit_id}/deputies/{user_id}", summary="Jadikan wakil peninjau")
async def name_deputy(house: HouseDep, actor: ActorDep, unit_id: Id, user_id: Id) -> ReviewerList:
    found = await house.deputies.name(actor, unit_id, user_id, is_deputy=True)
    return ReviewerList(data=[ReviewerRow.model_validate(one) for one in found])


@router.delete("/units/{unit_id}/deputies/{user_id}", summary="Bukan wakil peninjau lagi")
async def unname_deputy(house: HouseDep, actor: ActorDep, unit_id: Id, user_id: Id) -> ReviewerList:
    found = await house.deputies.name(actor, unit_id, user_id, is_deputy=False)
    return ReviewerList(data=[ReviewerRow.model_validate(one) for one in found])
