"""The door to trainings: classes, their board, and a trainee's own steps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Row
from app.api.shapes import Id
from app.training.service import BoardRow

router = APIRouter(route_class=LimitedRoute, prefix="/training", tags=["training"])


class NewClass(Body):
    unit_id: int = Field(ge=1, lt=2**31, examples=[1], description="Kelas untuk unit ini dan semua di bawahnya.")
    name: Annotated[str, Field(max_length=300)] = Field(examples=["Bimtek PPS Bogor Barat"])
    hours: int = Field(12, examples=[12], description="Berapa jam tautannya berlaku: 1 sampai 72.")


class ClassRow(Row):
    id: int
    unit_id: int
    unit_name: str = Field(examples=["KPU Kota Bogor"])
    name: str = Field(examples=["Bimtek PPS Bogor Barat"])
    begun_at: datetime = Field(description="Langkah dihitung sejak ini; mengulang kelas memajukannya.")
    ends_at: datetime
    closed_at: datetime | None
    is_open: bool = Field(description="Tautan dan kode QR-nya masih berlaku.")


class ClassList(BaseModel):
    data: list[ClassRow]
    next: None = None


class StepRow(BaseModel):
    key: str = Field(examples=["naskah"])
    title: str = Field(examples=["Tulis dari naskah"])
    is_done: bool


class UnitSteps(BaseModel):
    unit_id: int
    name: str = Field(examples=["PPS Cilendek Barat"])
    kind: str = Field(examples=["pps"])
    joined_at: datetime | None = Field(description="Terakhir ada yang masuk; null: belum ada.")
    done: int
    steps: Sequence[StepRow]


class BoardAnswer(BaseModel):
    data: ClassRow
    screens: int = Field(description="Ponsel yang sedang masuk.")
    joined: int
    complete: int = Field(description="Unit yang menyelesaikan semua langkah.")
    units: list[UnitSteps]


class EmptiedAnswer(Row):
    posts: int = Field(description="Unggahan yang dihapus.")
    is_wall_clear: bool = Field(description="false: simulator masih menampilkannya.")


class ExerciseAnswer(BaseModel):
    training_class: ClassRow | None = Field(description="null: Anda tidak mengikuti kelas latihan.")
    unit: UnitSteps | None


@router.get("/classes", summary="Kelas latihan, terbaru dulu")
async def list_classes(house: HouseDep, actor: ActorDep) -> ClassList:
    return ClassList(data=[ClassRow.model_validate(one) for one in await house.training.list(actor)])


@router.post("/classes", status_code=201, summary="Buka kelas latihan; hanya tanpa akun sungguhan")
async def begin_class(response: Response, house: HouseDep, actor: ActorDep, body: NewClass) -> ClassRow:
    view = await house.training.begin(actor, unit_id=body.unit_id, name=body.name, hours=body.hours)
    response.headers["Location"] = f"/api/v1/training/classes/{view.id}"
    return ClassRow.model_validate(view)


@router.get("/classes/{class_id}", summary="Papan pelatih: langkah tiap unit")
async def show_board(house: HouseDep, actor: ActorDep, class_id: Id) -> BoardAnswer:
    board = await house.training.board(actor, class_id)
    return BoardAnswer(
        data=ClassRow.model_validate(board.view),
        screens=board.screens,
        joined=board.joined,
        complete=board.complete,
        units=[_steps(row) for row in board.rows],
    )


@router.post("/classes/{class_id}/reset", summary="Hapus semua yang ditulis kelas ini; langkahnya mulai dari awal")
async def reset_class(house: HouseDep, actor: ActorDep, class_id: Id) -> EmptiedAnswer:
    return EmptiedAnswer.model_validate(await house.training.reset(actor, class_id))


@router.post("/classes/{class_id}/close", summary="Selesaikan kelas: tautannya tidak berlaku lagi")
async def close_class(house: HouseDep, actor: ActorDep, class_id: Id) -> ClassRow:
    return ClassRow.model_validate(await house.training.close(actor, class_id))


@router.get("/exercise", summary="Langkah latihan unit Anda")
async def show_exercise(house: HouseDep, actor: ActorDep) -> ExerciseAnswer:
    found = await house.training.exercise(actor)
    if found is None:
        return ExerciseAnswer(training_class=None, unit=None)
    return ExerciseAnswer(training_class=ClassRow.model_validate(found.view), unit=_steps(found.row))


@router.post("/exercise/{step}", status_code=204, summary="Tandai selesai langkah yang tidak tercatat sendiri")
async def tick_step(house: HouseDep, actor: ActorDep, step: str) -> Response:
    await house.training.tick(actor, step)
    return Response(status_code=204)


def _steps(row: BoardRow) -> UnitSteps:
    steps = [StepRow(key=step.key, title=step.title, is_done=step.key in row.done) for step in row.steps]
    return UnitSteps(
        unit_id=row.unit_id, name=row.name, kind=row.kind, joined_at=row.joined_at, done=row.count, steps=steps
    )
