"""The door to the guard: what would it say of a text?"""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Moment, Row
from app.content.guard import Level

router = APIRouter(route_class=LimitedRoute, tags=["penjaga konten"])


class Finding(Row):
    rule: str = Field(examples=["G02_nomor_urut_angka"])
    level: Level = Field(examples=["review"])
    reason: str = Field(examples=["Nomor urut hanya boleh disebut bila semua pasangan ditampilkan setara"])
    span: tuple[int, int] = Field(examples=[[10, 22]], description="Posisi karakter dalam teks: awal dan akhir.")
    title: str = Field("", examples=["Nomor urut disebut"])
    basis: str = Field("", examples=["DKPP 2/2017 ps. 10 (perlakuan setara)"], description="Dasar hukum.")


class Findings(Row):
    data: Sequence[Finding]


class GuardQuestion(Body):
    text: str = Field(max_length=70_000, examples=["Pemungutan suara Kamis, 27 November 2024"])
    unit_id: int = Field(ge=1, lt=2**31, examples=[17])
    at: Moment | None = Field(None, examples=["2024-11-25T08:00:00+07:00"], description="Kosong: sekarang.")
    platform: str | None = Field(
        None, max_length=30, examples=["x"], description="Bila disebut, panjang ikut diperiksa."
    )


@router.post("/guard/check", summary="Periksa teks")
async def check(house: HouseDep, actor: ActorDep, body: GuardQuestion) -> Findings:
    found = await house.guard.check(actor, text=body.text, unit_id=body.unit_id, at=body.at, platform=body.platform)
    return Findings(data=[Finding.model_validate(row) for row in found])
