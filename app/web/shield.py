"""What protects people in a browser: headers on every page, and no writing on behalf of another site."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.content.videos import MAX_VIDEO_BYTES

CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HTML_HEADERS = {
    "Content-Security-Policy": CSP,
    # Not no-referrer: that would make browsers send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
LONGEST_BODY, LONGEST_AT_THE_DOOR = 64_000_000, 100_000
LONGEST_WITH_VIDEO = MAX_VIDEO_BYTES + 1_000_000
"""Bytes of a form: with pictures or a table; where nobody is known yet; where a video may hang on it. The API has limits of its own."""
TOO_LONG = "Isian ini terlalu besar. Kecilkan berkasnya, lalu kirim lagi."
REFUSED = "Permintaan ini datang dari situs lain, jadi ditolak. Buka Kentongan langsung, lalu ulangi."


class Shield:
    """ASGI middleware; must see every request, so that no form can be forgotten."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self.app = app
        self.origin = _origin(base_url)
        self.is_https = base_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] not in SAFE and self._is_foreign(Headers(scope=scope)):
            await PlainTextResponse(REFUSED, 403)(scope, receive, send)
            return

        limit = _longest(scope["path"])
        declared = Headers(scope=scope).get("content-length", "0")
        if limit and declared.isdecimal() and int(declared[:20]) > limit:
            await PlainTextResponse(TOO_LONG, 413)(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), is_api=scope["path"].startswith("/api/"))
            await send(message)

        await self.app(scope, _counted(receive, limit) if limit else receive, send_guarded)

    def _add(self, headers: MutableHeaders, *, is_api: bool) -> None:
        headers.setdefault("X-Content-Type-Options", "nosniff")
        if is_api:
            headers.setdefault("Cache-Control", "no-store")
        if self.is_https:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if headers.get("content-type", "").startswith("text/html"):
            for name, value in HTML_HEADERS.items():
                headers.setdefault(name, value)

    def _is_foreign(self, headers: Headers) -> bool:
        """A browser says where a request comes from; a script says nothing and carries no cookie of ours."""
        if headers.get("authorization", "").lower().startswith("bearer "):
            return False  # no browser adds a token by itself
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site in {"cross-site", "same-site"}:
            return True
        if origin is None or site == "same-origin":
            return False
        # Browsers without Sec-Fetch-Site: behind a proxy the Host may be an inner one, so the public address counts too.
        return origin.lower() != self.origin and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def _longest(path: str) -> int:
    """0: this path keeps its own limit."""
    if path.startswith(("/api/", "/simulator")):
        return 0
    if path == "/tulis":
        return LONGEST_WITH_VIDEO
    return LONGEST_AT_THE_DOOR if path.startswith(("/masuk", "/keamanan")) else LONGEST_BODY


def _counted(receive: Receive, limit: int) -> Receive:
    """Cuts a body off that passes `limit`, whatever it said its length was."""
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return counted


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
