"""Is it alive, is it ready: the truth for supervisors and people, never a guess."""

from datetime import timedelta

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from app.api.deps import HouseDep

router = APIRouter(tags=["kesehatan"])

OVERDUE_AFTER = timedelta(minutes=2)


class Part(BaseModel):
    ok: bool
    detail: str = Field(examples=["detak terakhir 0,8 detik lalu"])


class Ready(BaseModel):
    ok: bool
    parts: dict[str, Part]


@router.get("/healthz", summary="Proses web hidup")
async def healthz() -> dict[str, str]:
    return {"state": "ok"}


@router.get("/readyz", summary="Siap: basis data, Redis, pekerja, kiriman terlambat")
async def readyz(house: HouseDep, response: Response) -> Ready:
    parts = {"database": Part(ok=True, detail="terhubung")}
    try:
        pulse = await house.publishing.pulse()
    except (SQLAlchemyError, OSError) as error:
        parts["database"] = Part(ok=False, detail=f"tidak terjangkau: {type(error).__name__}")
    else:
        silent = pulse.seconds_since_beat
        limit = house.settings.silent_after
        alive = silent is not None and silent <= limit
        said = "belum ada pekerja" if silent is None else f"detak terakhir {silent:.1f} detik lalu".replace(".", ",")
        parts["worker"] = Part(ok=alive, detail=said)
        overdue = pulse.overdue
        late = overdue is not None and overdue > OVERDUE_AFTER
        parts["overdue"] = Part(
            ok=not late, detail="tidak ada" if overdue is None else f"tertua {int(overdue.total_seconds())} detik"
        )
    # Posts go out without Redis; its absence is told but does not take the web process out of service.
    up = await house.redis_is_up()
    parts["redis"] = Part(ok=up, detail="terhubung" if up else "tidak terjangkau; unggahan tetap dikirim tepat waktu")
    ok = all(part.ok for name, part in parts.items() if name != "redis")
    response.status_code = 200 if ok else 503
    return Ready(ok=ok, parts=parts)
