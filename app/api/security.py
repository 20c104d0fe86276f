"""A person's own open screens and second factors, and access issued anew to somebody beneath."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from app.api.deps import ActorDep, HouseDep, LimitedRoute, Row, find_credential

router = APIRouter(route_class=LimitedRoute, tags=["orang"])

Number = Annotated[int, Path(ge=1, lt=2**31)]


class SessionRow(Row):
    id: int
    device: str = Field(description="Yang disebut peramban tentang dirinya.")
    way: str = Field(examples=["password"])
    created_at: datetime
    seen_at: datetime
    is_this: bool


class FactorRow(Row):
    id: int
    kind: str = Field(examples=["totp"])
    name: str
    created_at: datetime
    used_at: datetime | None


class SafetyAnswer(Row):
    has_password: bool
    factors: Sequence[FactorRow]
    recovery_codes_left: int
    sessions: Sequence[SessionRow]


class ReissuedAnswer(Row):
    link: str = Field(
        description="Tautan sekali pakai, tampil sekali ini.", examples=["https://kentongan.contoh.go.id/masuk/..."]
    )


@router.get("/me/security", summary="Cara masuk saya, dan perangkat yang sedang masuk")
async def read_safety(request: Request, house: HouseDep, actor: ActorDep) -> SafetyAnswer:
    credential = find_credential(request)
    found = await house.security.overview(actor, credential.secret if credential else "")
    return SafetyAnswer(
        has_password=found.has_password,
        factors=[FactorRow.model_validate(row) for row in found.factors],
        recovery_codes_left=found.codes_left,
        sessions=[SessionRow.model_validate(row) for row in found.screens],
    )


@router.delete("/me/sessions/{session_id}", status_code=204, summary="Keluarkan satu perangkat")
async def end_session(house: HouseDep, actor: ActorDep, session_id: Number) -> None:
    await house.security.end_screen(actor, session_id)


@router.post("/users/{user_id}/reissue", summary="Terbitkan ulang akses orang yang kehilangan ponsel")
async def reissue(house: HouseDep, actor: ActorDep, user_id: Number) -> ReissuedAnswer:
    """Kata sandi, faktor kedua, dan semua perangkatnya dihapus; hanya oleh admin unit di atasnya."""
    secret = await house.security.reset(actor, user_id)
    return ReissuedAnswer(link=f"{house.settings.base_url}/masuk/{secret}")
