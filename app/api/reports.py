"""The door to recaps: one object as JSON, PDF, XLSX or CSV."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Row
from app.api.shapes import MAX_ID, Environment
from app.reports.duty import Compliance
from app.reports.rules import Kind, Recap
from app.reports.service import RecapWanted
from app.reports.writers.files import WRITERS, write_file

router = APIRouter(route_class=LimitedRoute, tags=["laporan"])

Format = Literal["json", "pdf", "xlsx", "csv"]
UnitId = Annotated[int | None, Query(ge=1, le=MAX_ID, description="Unit ini dan semua di bawahnya; kosong: semua.")]
Chosen = Annotated[
    Environment | None, Query(description="Kosong: live; bila belum ada akun sungguhan: practice.", examples=["live"])
]
Week = Annotated[str | None, Query(max_length=10, examples=["2024-W47"], description="Kosong: pekan ini.")]
Month = Annotated[str | None, Query(max_length=10, examples=["2024-11"], description="Kosong: bulan ini.")]
StageCode = Annotated[str, Query(max_length=40, pattern=r"^[\w.-]+$", examples=["PYL-06"])]

By = Annotated[
    Literal["reach", "voters"] | None,
    Query(
        description="Pembagi nilai; kosong: jumlah pemilih bila kebanyakan unit sudah mengisinya, selainnya jangkauan."
    ),
]
FILES: dict[str, Any] = {mime.partition(";")[0]: {} for _, mime in WRITERS.values() if mime != "application/json"}
ANSWERS: dict[int | str, dict[str, Any]] = {200: {"description": "Rekap, dalam format yang diminta", "content": FILES}}


@router.get("/reports/weekly", summary="Rekap mingguan, Senin sampai Minggu", response_model=Recap, responses=ANSWERS)
async def weekly(
    house: HouseDep,
    actor: ActorDep,
    week: Week = None,
    unit: UnitId = None,
    format: Format = "json",
    environment: Chosen = None,
) -> Recap | Response:
    recap = await house.recaps.make(actor, RecapWanted(Kind.WEEKLY, week, unit, environment))
    return await answer(recap, format)


@router.get("/reports/monthly", summary="Rekap bulanan", response_model=Recap, responses=ANSWERS)
async def monthly(
    house: HouseDep,
    actor: ActorDep,
    month: Month = None,
    unit: UnitId = None,
    format: Format = "json",
    environment: Chosen = None,
) -> Recap | Response:
    recap = await house.recaps.make(actor, RecapWanted(Kind.MONTHLY, month, unit, environment))
    return await answer(recap, format)


@router.get(
    "/reports/tahapan",
    summary="Rekap unggahan yang berbicara tentang satu tahapan",
    response_model=Recap,
    responses=ANSWERS,
)
async def by_stage(
    house: HouseDep,
    actor: ActorDep,
    code: StageCode,
    unit: UnitId = None,
    format: Format = "json",
    environment: Chosen = None,
) -> Recap | Response:
    recap = await house.recaps.make(actor, RecapWanted(Kind.TAHAPAN, code, unit, environment))
    return await answer(recap, format)


@router.get("/reports/compliance", summary="Kepatuhan konten wajib, dan peringkat unit kreatif")
async def compliance(
    house: HouseDep,
    actor: ActorDep,
    kind: Kind = Kind.MONTHLY,
    key: Annotated[
        str | None, Query(max_length=40, examples=["2024-11"], description="Pekan, bulan, atau kode tahapan.")
    ] = None,
    unit: UnitId = None,
    ranked: Literal["pps", "ppk", "kpu"] = "pps",
    by: By = None,
    environment: Chosen = None,
) -> Compliance:
    wanted = RecapWanted(kind, key, unit, environment)
    return await house.compliance.make(actor, wanted, kind=ranked, by=by)


@router.get(
    "/reports/certificate",
    summary="Sertifikat peringkat satu unit, PDF",
    response_class=Response,
    responses={200: {"description": "PDF", "content": {"application/pdf": {}}}},
)
async def certificate(
    house: HouseDep,
    actor: ActorDep,
    unit: Annotated[int, Query(ge=1, le=MAX_ID)],
    month: Month = None,
    by: By = None,
    environment: Chosen = None,
) -> Response:
    wanted = RecapWanted(Kind.MONTHLY, month, None, environment)
    content = await house.compliance.certificate(actor, wanted, unit, by=by)
    headers = {"Content-Disposition": f'attachment; filename="sertifikat-{unit}.pdf"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)


class MailWishRow(Row):
    weekly: bool
    address: str = Field(examples=["dewi@contoh.go.id"])
    sent_for: str = Field(examples=["2024-W47"], description="Pekan terakhir yang sudah selesai; kosong: belum ada.")
    error: str
    missing: str = Field(description="Mengapa belum dapat dikirim; kosong bila surel sudah disiapkan.")


class MailWishBody(Body):
    weekly: bool


@router.get("/reports/mail", summary="Apakah rekap mingguan dikirim ke surel saya")
async def read_mail(house: HouseDep, actor: ActorDep) -> MailWishRow:
    return MailWishRow.model_validate(await house.recap_mail.wish(actor))


@router.put("/reports/mail", summary="Kirim rekap mingguan ke surel saya setiap Senin pagi, atau berhenti")
async def write_mail(house: HouseDep, actor: ActorDep, body: MailWishBody) -> MailWishRow:
    return MailWishRow.model_validate(await house.recap_mail.set_wish(actor, weekly=body.weekly))


async def answer(recap: Recap, ending: str) -> Recap | Response:
    """JSON as the object itself, so that it is checked against its own shape; else a file."""
    if ending == "json":
        return recap
    file = await write_file(recap, ending)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store"}
    return Response(file.content, media_type=file.mime, headers=headers)
