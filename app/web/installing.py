"""What makes the pages installable on a phone: the manifest, the service worker, and the page for when there is no network."""

import hashlib
import json
from functools import cache

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.web.assets import FOLDER, address
from app.web.render import bare_page

router = APIRouter(include_in_schema=False)

ICONS = ((192, "any"), (512, "any"), (512, "maskable"))
OFFLINE = "/luring"


@router.get("/manifest.webmanifest")
async def manifest() -> Response:
    icons = [
        {"src": address(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size, purpose in ICONS
    ]
    shortcuts = [
        {"name": name, "url": url}
        for name, url in (("Tulis", "/tulis"), ("Tugas unggah", "/tugas"), ("Kabar", "/kabar"))
    ]
    said = {
        "name": "Kentongan", "short_name": "Kentongan", "lang": "id", "id": "/", "start_url": "/dasbor", "scope": "/",
        "display": "standalone", "background_color": "#f7f6f3", "theme_color": "#57399a", "icons": icons, "shortcuts": shortcuts,
        "description": "Menjadwalkan, menerbitkan, dan mengukur unggahan badan penyelenggara pemilihan.",
    }  # fmt: skip
    return Response(json.dumps(said), media_type="application/manifest+json", headers={"Cache-Control": "max-age=3600"})


@router.get("/sw.js")
async def service_worker() -> Response:
    """Asked for anew each time by browsers; changes with the files it keeps."""
    return Response(_worker(), media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get(OFFLINE)
async def offline(request: Request) -> Response:
    return bare_page(request, "luring.html")


@cache
def _worker() -> str:
    files = [address(name) for name in ("app.css", "app.js", "icons.svg", "fonts/plus-jakarta-sans.woff2")]
    text = (FOLDER / "sw.js").read_text()
    text = text.replace("__FILES__", json.dumps([OFFLINE, *files])).replace("__ICON__", address("icon-192.png"))
    return text.replace("__VERSION__", hashlib.sha256(text.encode()).hexdigest()[:10])
