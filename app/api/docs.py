"""A page that lists the API, made here from our own OpenAPI document: no script, no CDN."""

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_HEAD = """<!doctype html><html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>API Kentongan</title></head><body><main><h1>API Kentongan</h1>
<p>Kirim <code>Authorization: Bearer ktg_...</code>. Buat token: <code>kentongan token add</code>.
Dokumen OpenAPI lengkap dengan contoh: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>"""


@router.get("/api/docs", response_class=HTMLResponse)
async def api_docs(request: Request) -> HTMLResponse:
    document: dict[str, Any] = request.app.openapi()
    sections: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["lain"])[0]
            line = f"<li><code>{escape(method.upper())} {escape(path)}</code> — {escape(operation.get('summary', ''))}{_parameters(operation)}</li>"
            sections.setdefault(tag, []).append(line)
    body = "".join(f"<h2>{escape(tag)}</h2><ul>{''.join(lines)}</ul>" for tag, lines in sections.items())
    return HTMLResponse(f"{_HEAD}{body}</main></body></html>")


def _parameters(operation: dict[str, Any]) -> str:
    names = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
    return f" <small>?{escape('&'.join(names))}</small>" if names else ""
