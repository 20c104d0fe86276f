"""How a refusal looks on the wire: RFC 9457 problem details, in Bahasa Indonesia, with the request's id."""

from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app.kit.errors import AppError, Problem, Unauthenticated
from app.kit.logs import logger

log = logger("api")

TITLES = {
    400: "Permintaan tidak dapat dipahami",
    401: "Perlu masuk",
    403: "Tidak berwenang",
    404: "Tidak ditemukan",
    405: "Cara ini tidak tersedia di alamat ini",
    409: "Keadaannya tidak mengizinkan",
    412: "Sudah diubah orang lain",
    413: "Terlalu besar",
    415: "Jenis berkas tidak didukung",
    422: "Isian belum benar",
    428: "Versi perlu disebut",
    429: "Terlalu sering",
    500: "Kesalahan pada sistem",
    503: "Belum dapat dilayani",
}

# What pydantic says, in words for a committee member; the rest keeps pydantic's sentence.
_SAY = {
    "missing": "wajib diisi",
    "timezone_aware": "waktu harus menyebut zona, misalnya 2024-11-27T07:00:00+07:00",
    "datetime_from_date_parsing": "waktu harus lengkap dengan jam dan zona, misalnya 2024-11-27T07:00:00+07:00",
    "datetime_parsing": "bukan waktu yang sah; contoh: 2024-11-27T07:00:00+07:00",
    "date_from_datetime_parsing": "bukan tanggal yang sah; contoh: 2024-11-27",
    "date_parsing": "bukan tanggal yang sah; contoh: 2024-11-27",
    "extra_forbidden": "isian ini tidak dikenal",
    "int_parsing": "harus bilangan bulat",
    "string_type": "harus teks",
    "enum": "bukan pilihan yang tersedia",
    "literal_error": "bukan pilihan yang tersedia",
    "json_invalid": "isi permintaan bukan JSON yang sah",
}


class FieldProblem(BaseModel):
    field: str = Field(examples=["timing.at"])
    message: str = Field(examples=["waktu harus menyebut zona, misalnya 2024-11-27T07:00:00+07:00"])


class ProblemDetails(BaseModel):
    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Isian belum benar"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["Ada isian yang perlu diperbaiki."])
    request_id: str = Field(examples=["9f1c2b7a"])
    errors: list[FieldProblem] = []


def request_id(request: Request) -> str:
    found: str | None = getattr(request.state, "request_id", None)
    if found is None:
        found = request.state.request_id = uuid4().hex[:16]
    return found


def answer(
    request: Request, *, status: int, detail: str, kind: str = "", errors: tuple[Problem, ...] = ()
) -> JSONResponse:
    body: dict[str, Any] = {
        "type": f"urn:kentongan:{kind}" if kind else "about:blank",
        "title": TITLES.get(status, "Permintaan ditolak"),
        "status": status,
        "detail": detail,
        "request_id": request_id(request),
        "errors": [{"field": problem.field, "message": problem.message} for problem in errors],
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Every error of the API leaves through here; the text of an unexpected exception never does."""

    async def on_app_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, AppError)
        return answer(request, status=error.status, detail=error.message, kind=error.kind, errors=error.problems)

    async def on_malformed(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        problems = tuple(Problem(_path(item["loc"]), _SAY.get(item["type"], item["msg"])) for item in error.errors())
        detail = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:5])
        return answer(
            request, status=422, detail=f"Ada isian yang perlu diperbaiki. {detail}", kind="bad-input", errors=problems
        )

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        response = answer(request, status=error.status_code, detail=TITLES.get(error.status_code, str(error.detail)))
        response.headers.update(error.headers or {})
        return response

    async def on_bug(request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected", path=request.url.path, request_id=request_id(request), exc_info=error)
        return answer(
            request,
            status=500,
            detail="Terjadi kesalahan pada sistem. Coba lagi; bila berulang, kirim nomor permintaan ini kepada pengelola.",
        )

    app.add_exception_handler(AppError, on_app_error)
    app.add_exception_handler(RequestValidationError, on_malformed)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_bug)


def _path(location: tuple[int | str, ...]) -> str:
    parts = [str(part) for part in location if part not in {"body", "query", "path", "header"}]
    return ".".join(parts) or "body"


__all__ = ["FieldProblem", "ProblemDetails", "Unauthenticated", "answer", "install", "request_id"]
