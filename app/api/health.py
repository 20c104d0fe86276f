"""Is it alive, is it ready: the truth for supervisors and people, never a guess."""

import hmac
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from app.api.deps import HouseDep
from app.kit.errors import NotFound, Unauthenticated
from app.operations.figures import figures

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


@router.get("/readyz", summary="Siap: basis data, Redis, pekerja, kiriman terlambat atau belum pasti")
async def readyz(house: HouseDep, response: Response) -> Ready:
    parts = {"database": Part(ok=True, detail="terhubung")}
    try:
        pulse, hold = await house.publishing.pulse(), await house.holding.find()
    except (SQLAlchemyError, OSError) as error:
        parts["database"] = Part(ok=False, detail=f"tidak terjangkau: {type(error).__name__}")
    else:
        silent = pulse.seconds_since_beat
        limit = house.settings.silent_after
        alive = silent is not None and silent <= limit
        said = "belum ada pekerja" if silent is None else f"detak terakhir {silent:.1f} detik lalu".replace(".", ",")
        parts["worker"] = Part(ok=alive, detail=said)
        parts["sending"] = Part(ok=hold is None, detail=f"ditahan: {hold.reason}" if hold else "berjalan")
        parts["overdue"], parts["unsure"] = _wait(pulse.overdue), _wait(pulse.doubt)
        if pulse.for_a_person:
            # Told, but not red: a proxy that asks here must not close the pages on which a person settles it.
            parts["unsure"].detail += f"; {pulse.for_a_person} menunggu dipastikan orang"
    # Posts go out without Redis; its absence is told but does not take the web process out of service.
    up = await house.redis_is_up()
    parts["redis"] = Part(ok=up, detail="terhubung" if up else "tidak terjangkau; unggahan tetap dikirim tepat waktu")
    ok = all(part.ok for name, part in parts.items() if name != "redis")
    response.status_code = 200 if ok else 503
    return Ready(ok=ok, parts=parts)


def _wait(longest: timedelta | None) -> Part:
    if longest is None:
        return Part(ok=True, detail="tidak ada")
    return Part(ok=longest <= OVERDUE_AFTER, detail=f"tertua {int(longest.total_seconds())} detik")


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, house: HouseDep) -> Response:
    """Prometheus text; answers only to the bearer of METRICS_TOKEN, and not at all without that setting."""
    wanted = house.settings.metrics_token
    if not wanted:
        raise NotFound("Metrik dimatikan: isi KENTONGAN_METRICS_TOKEN.")
    if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {wanted}"):
        raise Unauthenticated("Kirim METRICS_TOKEN sebagai bearer token.")
    registry = CollectorRegistry()
    for figure in await figures(house):
        gauge = Gauge(figure.name, figure.help, [figure.label] if figure.label else [], registry=registry)
        for label, value in figure.values.items():
            (gauge.labels(label) if figure.label else gauge).set(value)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
