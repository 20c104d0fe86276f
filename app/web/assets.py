"""Static files: which exist, under which hashed name they are asked for, and how they leave."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
SERVED = frozenset({".css", ".js", ".svg", ".woff2", ".png"})
_SQUEEZED = frozenset({".css", ".js", ".svg"})
_URL_IN_CSS = re.compile(rb'url\("([^"]+)"\)')
# The name changes with the content, so a browser may keep it for good.
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    name: str
    body: bytes
    squeezed: bytes | None
    mime: str


@cache
def _shelf() -> tuple[dict[str, str], dict[str, Asset]]:
    """Hashed name by path, and asset by hashed name; read once, since a few files serve every page."""
    names: dict[str, str] = {}
    assets: dict[str, Asset] = {}
    found = [path for path in FOLDER.rglob("*") if path.suffix in SERVED]
    # Style sheets last: they name fonts, whose hashed names must be known by then.
    for path in sorted(found, key=lambda path: (path.suffix == ".css", path)):
        body = path.read_bytes()
        if path.suffix == ".css":
            body = _URL_IN_CSS.sub(lambda match: b'url("%s")' % names[match[1].decode()].encode(), body)
        name = f"{path.stem}.{hashlib.sha256(body).hexdigest()[:10]}{path.suffix}"
        names[path.relative_to(FOLDER).as_posix()] = name
        squeezed = gzip.compress(body, 9, mtime=0) if path.suffix in _SQUEEZED else None
        assets[name] = Asset(name, body, squeezed, mimetypes.guess_type(path.name)[0] or "font/woff2")
    return names, assets


def address(path: str) -> str:
    """Where a page finds a file of the static folder."""
    return f"/static/{_shelf()[0][path]}"


async def serve(request: Request) -> Response:
    asset = _shelf()[1].get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    body = asset.body
    if asset.squeezed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"], body = "gzip", asset.squeezed
    return Response(body, media_type=asset.mime, headers=headers)
