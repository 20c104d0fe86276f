"""The door to complaints: was it us, freeze the evidence, have it taken down."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import FileResponse

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Moment, PageDep, Row, linked
from app.api.evidence import ZIP
from app.api.shapes import AnId, Environment, Id, Reason
from app.evidence.complaints import ComplaintView
from app.evidence.models import Complaint
from app.evidence.rules import Answer, Sought
from app.kit.paging import Page
from app.publishing.rules import State

router = APIRouter(route_class=LimitedRoute, tags=["aduan"])

Long = Annotated[str, Field(max_length=5000, pattern=r"^[^\x00]*$")]


class SoughtBody(Body):
    """Paling sedikit satu; `on` mempersempit pencarian teks."""

    url: Annotated[str, Field(max_length=500, pattern=r"^[^\s\x00]*$")] = Field(
        "", examples=["https://x.com/pps/status/1790"]
    )
    text: Long = Field("", examples=["Posko kami buka setiap hari kerja."])
    on: date | None = Field(None, examples=["2024-11-01"])

    def as_sought(self) -> Sought:
        return Sought(self.url.strip(), self.text.strip(), self.on)


class MatchRow(Row):
    id: int = Field(examples=[301], description="Nomor kiriman.")
    post_id: int
    broadcast_id: int | None
    unit_id: int
    unit_name: str
    platform: str
    environment: Environment
    handle: str
    state: State
    text: str
    url: str | None
    published_at: datetime | None
    likeness: float = Field(examples=[0.93], description="0 sampai 1; 1: alamatnya, atau kata-katanya persis.")


class FoundAnswer(BaseModel):
    answer: Answer = Field(examples=["sent"])
    matches: list[MatchRow]
    is_complete: bool = Field(description="false: terlalu banyak untuk dibandingkan semuanya; isi tanggalnya.")


class NewComplaint(SoughtBody):
    deliveries: list[AnId] = Field([], max_length=200, description="Kosong: tidak dikirim oleh sistem ini.")
    note: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] = ""


class WithdrawBody(Body):
    reason: Reason = Field(min_length=1)
    deadline: Moment | None = None
    siblings: bool = Field(False, description="Beserta semua dari siaran yang sama.")


class CloseBody(Body):
    outcome: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")] = Field(
        examples=["Sudah dihapus."]
    )


class ProgressRow(Row):
    asked: int
    down: int
    by_hand: int


class ComplaintRow(Row):
    id: int = Field(examples=[4])
    unit_id: int
    answer: Answer
    asked: dict[str, Any]
    note: str
    packs: list[dict[str, Any]] = Field(description="Bukti yang dibekukan, dengan sidik SHA-256.")
    reason: str
    deadline: datetime | None
    withdrawn_at: datetime | None
    outcome: str
    created_at: datetime
    closed_at: datetime | None


class ComplaintAnswer(BaseModel):
    complaint: ComplaintRow
    deliveries: list[MatchRow]
    progress: ProgressRow
    is_late: bool


class ComplaintList(BaseModel):
    data: list[ComplaintRow]
    next: str | None = None


def _answer(view: ComplaintView) -> ComplaintAnswer:
    return ComplaintAnswer(
        complaint=ComplaintRow.model_validate(view.row),
        deliveries=[MatchRow.model_validate(one) for one in view.deliveries],
        progress=ProgressRow.model_validate(view.progress),
        is_late=view.is_late,
    )


@router.post("/complaints/search", summary="Apakah sistem ini yang mengirimnya?")
async def search_sent(house: HouseDep, actor: ActorDep, body: SoughtBody) -> FoundAnswer:
    found = await house.complaints.search(actor, body.as_sought())
    matches = [MatchRow.model_validate(one) for one in found.matches]
    return FoundAnswer(answer=found.answer, matches=matches, is_complete=found.is_complete)


@router.get("/complaints", summary="Aduan, yang terbaru dulu")
async def list_complaints(
    request: Request, response: Response, house: HouseDep, actor: ActorDep, page: PageDep
) -> ComplaintList:
    found: Page[Complaint] = await house.complaints.list(actor, limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, Page[object](found.rows, found.next)))
    return ComplaintList(data=[ComplaintRow.model_validate(row) for row in found.rows], next=found.next)


@router.post("/complaints", status_code=201, summary="Catat aduan dan bekukan buktinya")
async def open_complaint(house: HouseDep, actor: ActorDep, body: NewComplaint) -> ComplaintAnswer:
    return _answer(await house.complaints.open(actor, body.as_sought(), body.deliveries, note=body.note))


@router.get("/complaints/{complaint_id}", summary="Satu aduan dengan kemajuan penghapusannya")
async def read_complaint(house: HouseDep, actor: ActorDep, complaint_id: Id) -> ComplaintAnswer:
    return _answer(await house.complaints.get(actor, complaint_id))


@router.get(
    "/complaints/{complaint_id}/evidence", summary="Bukti yang dibekukan", response_class=FileResponse, responses=ZIP
)
async def read_frozen(
    house: HouseDep, actor: ActorDep, complaint_id: Id, number: Annotated[int, Query(ge=0, le=1000)] = 0
) -> Response:
    path, name = await house.complaints.frozen(actor, complaint_id, number)
    return FileResponse(path, media_type="application/zip", filename=name, headers={"Cache-Control": "no-store"})


@router.post("/complaints/{complaint_id}/withdraw", summary="Hapus di platform yang diadukan, atau seluruh siarannya")
async def withdraw_complained(
    house: HouseDep, actor: ActorDep, complaint_id: Id, body: WithdrawBody
) -> ComplaintAnswer:
    return _answer(
        await house.complaints.withdraw(
            actor, complaint_id, reason=body.reason, deadline=body.deadline, siblings=body.siblings
        )
    )


@router.post("/complaints/{complaint_id}/close", summary="Aduan selesai, dengan jawabannya")
async def close_complaint(house: HouseDep, actor: ActorDep, complaint_id: Id, body: CloseBody) -> ComplaintAnswer:
    return _answer(await house.complaints.close(actor, complaint_id, outcome=body.outcome))
