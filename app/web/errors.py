"""Refusals as pages: a browser gets a sentence and a way on, everybody else what the API says."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app.accounts.rules import EnrolFirst, ProveFirst
from app.kit.errors import AppError
from app.kit.logs import logger
from app.web.render import bare_page, wants_part
from app.web.sessions import LogInFirst, local_path, login_path

log = logger("web")

_TEXTS = frozenset({"teks", "alasan", "catatan"})

Handler = Callable[[Request, Exception], Response | Awaitable[Response]]

TITLES = {
    400: "Permintaan tidak dapat dipahami",
    401: "Perlu masuk",
    403: "Anda tidak memiliki akses",
    404: "Halaman tidak ditemukan",
    409: "Keadaannya sudah berubah",
    412: "Sudah diubah orang lain",
    413: "Terlalu besar",
    422: "Isian belum benar",
    429: "Terlalu sering",
    500: "Terjadi kesalahan pada sistem",
    503: "Belum dapat dilayani",
}
SENTENCES = {
    404: "Alamat ini tidak ada, atau sudah dipindahkan. Periksa tautannya, atau mulai dari halaman Hari ini.",
    405: "Halaman ini tidak dapat dibuka dengan cara itu. Mulai dari halaman Hari ini.",
    413: "Isian ini terlalu besar. Kecilkan berkasnya, lalu kirim lagi.",
    422: "Ada isian yang tidak terbaca. Kembali, periksa, lalu kirim lagi.",
    500: "Ini bukan kesalahan Anda. Coba lagi; bila berulang, kirim nomor permintaan di bawah kepada pengelola.",
}


def install(app: FastAPI) -> None:
    """Goes in front of the handlers that are already there, which keep answering the API."""
    for kind in (AppError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _in_front_of(app.exception_handlers.get(kind)))


def is_page(request: Request) -> bool:
    path = request.url.path
    wants = "text/html" in request.headers.get("accept", "") or wants_part(request)
    return wants and not path.startswith(("/api/", "/simulator", "/static/", "/media/"))


def _in_front_of(behind: Handler | None) -> Handler:
    async def handle(request: Request, error: Exception) -> Response:
        if isinstance(error, LogInFirst):
            return await _to_the_door(request)
        if isinstance(error, ProveFirst | EnrolFirst) and is_page(request):
            return _to_the_proof(request, error)
        if not is_page(request):
            return await _behind(behind, request, error)
        if not isinstance(error, AppError | RequestValidationError | HTTPException):
            log.error("unexpected", path=request.url.path, exc_info=error)
        return refusal(request, _status(error), _sentence(error))

    return handle


def refusal(request: Request, status: int, sentence: str) -> Response:
    number = getattr(request.state, "request_id", "") if status >= 500 else ""
    title = TITLES.get(status, "Permintaan ditolak")
    template = "_galat.html" if wants_part(request) else "galat.html"
    return bare_page(request, template, status=status, title=title, sentence=sentence, number=number)


async def _to_the_door(request: Request) -> Response:
    """What was typed into a form before the session ended is handed back, so that it can be kept."""
    if wants_part(request):
        # A redirect would be followed inside the fragment; this one the whole page follows.
        return Response(status_code=401, headers={"HX-Redirect": _back_by(request, "hx-current-url")})
    if request.method == "POST" and (typed := await _typed(request)):
        return bare_page(request, "sesi_habis.html", status=401, typed=typed, way=_back_by(request, "referer"))
    return RedirectResponse(login_path(request), 303)


def _back_by(request: Request, header: str) -> str:
    """The way in, and from there back to the page the browser says it stood on."""
    parts = urlsplit(request.headers.get(header, ""))
    before = local_path(f"{parts.path}?{parts.query}" if parts.query else parts.path, "/")
    return "/masuk" if before in {"/", "/dasbor"} else f"/masuk?next={quote(before, safe='')}"


def _to_the_proof(request: Request, error: ProveFirst | EnrolFirst) -> Response:
    """And back to the page on which the form stood; what was sent is not carried out."""
    path = "/keamanan"
    if isinstance(error, ProveFirst):
        before = urlsplit(request.headers.get("referer", "")).path if request.method != "GET" else request.url.path
        path = f"/keamanan/buktikan?next={quote(local_path(before, '/keamanan'), safe='')}"
    if wants_part(request):
        return Response(status_code=403, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


async def _typed(request: Request) -> list[str]:
    """The long texts of a form; short fields are quickly typed again."""
    try:
        async with request.form() as form:
            return [value for name, value in form.multi_items() if isinstance(value, str) and name in _TEXTS and value]
    except (HTTPException, ValueError, RuntimeError):  # no form, or one already read
        return []


async def _behind(behind: Handler | None, request: Request, error: Exception) -> Response:
    if behind is None:
        return PlainTextResponse(_sentence(error), _status(error))
    answer = behind(request, error)
    return answer if isinstance(answer, Response) else await answer


def _status(error: Exception) -> int:
    match error:
        case AppError():
            return error.status
        case RequestValidationError():
            return 422
        case HTTPException():
            return error.status_code
        case _:
            return 500


def _sentence(error: Exception) -> str:
    if isinstance(error, AppError):
        return error.message
    return SENTENCES.get(_status(error), "Permintaan ini tidak dapat dilayani. Mulai dari halaman Hari ini.")
