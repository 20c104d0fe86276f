"""Knows the wall: every post as a card, as it would look on the phone."""

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlencode

import jinja2
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from simulator.clock import iso_time
from simulator.ledger import Picture, Post
from simulator.visit import World

_HERE = pathlib.Path(__file__).parent
_MOST = 200
_WIB = timezone(timedelta(hours=7), "WIB")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
_TEMPLATES = jinja2.Environment(loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True)
_STATIC = {"wall.css": "text/css"}


@dataclass(frozen=True, slots=True)
class Card:
    platform: str
    title: str
    account: str
    text: str
    remote_id: str
    pictures: tuple[Picture, ...]
    made_at: str
    made_at_text: str


def draw_wall(request: Request, world: World, titles: Mapping[str, str]) -> Response:
    """Newest first, at most 200 at once."""
    query = request.query_params
    platform, account, before = query.get("platform", ""), query.get("account", "").strip(), query.get("before", "0")
    posts = world.ledger.wall_posts(
        platform=platform, account=account, before=int(before) if before.isdecimal() else 0, limit=_MOST + 1
    )
    shown = posts[:_MOST]
    older = ""
    if len(posts) > _MOST:
        older = "?" + urlencode({"platform": platform, "account": account, "before": shown[-1].n})
    page = _TEMPLATES.get_template("wall.html").render(
        cards=[_card(post, titles) for post in shown], titles=titles, platform=platform, account=account, older=older
    )
    return Response(page, media_type="text/html; charset=utf-8", headers={"cache-control": "no-store"})


def _card(post: Post, titles: Mapping[str, str]) -> Card:
    at = datetime.fromtimestamp(post.created_at, UTC).astimezone(_WIB)
    return Card(
        platform=post.platform, title=titles.get(post.platform, post.platform), account=post.account, text=post.text,
        remote_id=post.remote_id, pictures=post.media, made_at=iso_time(post.created_at),
        made_at_text=f"{at.day} {_MONTHS[at.month - 1]} {at.year} pukul {at:%H.%M.%S} WIB",
    )  # fmt: skip


async def send_static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        return Response("Berkas tidak ditemukan.", 404)
    return FileResponse(_HERE / "static" / name, media_type=_STATIC[name])
