"""The door to what each platform asks before it lets an election body publish."""

from collections.abc import Sequence
from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, HouseDep, LimitedRoute, Row
from app.operations.readiness import readiness

router = APIRouter(route_class=LimitedRoute, tags=["akun"])


class ReadinessRow(Row):
    platform: str = Field(examples=["tiktok"])
    title: str = Field(examples=["TikTok"])
    asks: str = Field(examples=["Tinjauan aplikasi, lalu audit Direct Post."], description="Yang diminta platform.")
    answer: str = Field(
        examples=["Beberapa hari sampai dua pekan."], description="Lama jawabannya; kosong: tidak ada yang menyebutkan."
    )
    weeks: int = Field(examples=[10], description="Pekan yang sebaiknya disediakan, termasuk bila ditolak sekali.")
    has_app: bool | None = Field(examples=[True], description="Aplikasi pemasangan ini terisi; null: tidak perlu.")
    accounts: int = Field(examples=[74], description="Akun sungguhan yang terhubung, yang Anda atur.")
    published: int = Field(examples=[120], description="Yang sudah terbit lewat akun itu.")
    begin_by: date | None = Field(
        description="Hari terakhir untuk mulai mengajukan; null: hari pemungutan suara belum diketahui."
    )


class ReadinessList(BaseModel):
    data: Sequence[ReadinessRow]


@router.get("/readiness", summary="Kesiapan tiap platform dan lama tinjauannya")
async def show_readiness(house: HouseDep, actor: ActorDep) -> ReadinessList:
    return ReadinessList(data=[ReadinessRow.model_validate(one) for one in await readiness(house, actor)])
