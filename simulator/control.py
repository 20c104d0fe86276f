"""Knows the control plane: the ledger for judges, faults for tests and trainings, counters, pictures and the wall."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from simulator.clock import iso_time
from simulator.faults import BadFault
from simulator.ledger import Post
from simulator.news import PLATFORMS as NEWS_PLATFORMS
from simulator.platforms import x_credits
from simulator.visit import Platform, World
from simulator.wall import draw_wall, send_static
from simulator.wire import answer_json

Endpoint = Callable[[Request], Awaitable[Response]]
_GUARDED = "Di lingkungan produksi bidang kendali simulator hanya dapat dibaca."


class ControlPlane:
    """The endpoints under /_sim."""

    def __init__(self, world: World, platforms: Mapping[str, Platform]) -> None:
        self._world = world
        self._platforms = platforms

    async def posts(self, request: Request) -> Response:
        """Everything the public sees at this moment, without read lag, oldest first."""
        query = request.query_params
        found = self._world.ledger.public_posts(
            platform=query.get("platform", ""), account=query.get("account", ""), everything=query.get("all") == "1"
        )
        return answer_json([_show(post) for post in found])

    async def list_faults(self, request: Request) -> Response:
        return answer_json([fault.as_json() for fault in self._world.faults.all()])

    async def add_fault(self, request: Request) -> Response:
        try:
            order = json.loads(await request.body())
        except ValueError:
            return _problem(422, "Isi permintaan bukan JSON yang utuh.")
        try:
            fault = self._world.faults.add(order)
        except BadFault as error:
            return _problem(422, str(error))
        if fault.kind == "post_deleted" and isinstance(fault.params.get("remote_id"), str):
            self._delete(fault.params["remote_id"])
            self._world.faults.remove(fault.id)
        return answer_json(fault.as_json(), 201)

    def _delete(self, remote_id: str) -> None:
        for name in self._platforms:
            self._world.ledger.delete_post(name, remote_id, self._world.clock.now())

    async def clear_faults(self, request: Request) -> Response:
        self._world.faults.clear()
        return Response(status_code=204)

    async def remove_fault(self, request: Request) -> Response:
        if not self._world.faults.remove(request.path_params["id"]):
            return _problem(404, "Gangguan dengan nomor itu tidak ada.")
        return Response(status_code=204)

    async def subscribe(self, request: Request) -> Response:
        """`{"platform", "url", "secret"}`: where that platform's news go, signed with this secret."""
        try:
            order = json.loads(await request.body())
            platform, url, secret = (str(order[name]) for name in ("platform", "url", "secret"))
        except (ValueError, KeyError, TypeError):
            return _problem(422, "Isi harus objek JSON dengan platform, url dan secret.")
        if platform not in NEWS_PLATFORMS or not url.startswith(("http://", "https://")):
            return _problem(422, f"platform: {', '.join(NEWS_PLATFORMS)}; url: http atau https.")
        self._world.news.subscribe(platform, url, secret)
        return Response(status_code=204)

    async def reset(self, request: Request) -> Response:
        """All of it; with `{"remote_ids": [...]}` only these posts leave the public's sight, as when their owner deletes them."""
        try:
            order = json.loads(await request.body() or "{}")
        except ValueError:
            return _problem(422, "Isi permintaan bukan JSON yang utuh.")
        wanted = order.get("remote_ids") if isinstance(order, dict) else None
        if wanted is None:
            self._world.ledger.reset()
            return Response(status_code=204)
        if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
            return _problem(422, "remote_ids harus daftar nomor unggahan.")
        for remote_id in wanted:
            self._delete(remote_id)
        return Response(status_code=204)

    async def requests(self, request: Request) -> Response:
        return answer_json(self._world.ledger.request_counts(request.query_params.get("platform", "")))

    async def credits(self, request: Request) -> Response:
        """What X has billed the app so far, in US dollars."""
        return answer_json({"x_usd": x_credits.spent(self._world.ledger) / 1000})

    async def clock(self, request: Request) -> Response:
        return answer_json({"now": iso_time(self._world.clock.now())})

    async def wall(self, request: Request) -> Response:
        titles = {name: platform.title for name, platform in self._platforms.items()}
        return draw_wall(request, self._world, titles)

    async def media(self, request: Request) -> Response:
        digest = request.path_params["digest"]
        file = self._world.ledger.media_file(digest)
        if not re.fullmatch(r"[0-9a-f]{64}", digest) or not file.exists():
            return _problem(404, "Gambar tidak ditemukan.")
        return FileResponse(file, media_type=_mime(file.read_bytes()[:12]), headers={"cache-control": "max-age=86400"})


def control_routes(world: World, platforms: Mapping[str, Platform], *, guarded: bool) -> list[Route]:
    plane = ControlPlane(world, platforms)

    async def refuse(request: Request) -> Response:
        return _problem(403, _GUARDED)

    def write(endpoint: Endpoint) -> Endpoint:
        return refuse if guarded else endpoint

    return [
        Route("/_sim/posts", plane.posts),
        Route("/_sim/faults", plane.list_faults, methods=["GET"]),
        Route("/_sim/faults", write(plane.add_fault), methods=["POST"]),
        Route("/_sim/faults", write(plane.clear_faults), methods=["DELETE"]),
        Route("/_sim/faults/{id:int}", write(plane.remove_fault), methods=["DELETE"]),
        Route("/_sim/news", write(plane.subscribe), methods=["POST"]),
        Route("/_sim/reset", write(plane.reset), methods=["POST"]),
        Route("/_sim/requests", plane.requests),
        Route("/_sim/credits", plane.credits),
        Route("/_sim/clock", plane.clock),
        Route("/_sim/wall", plane.wall),
        Route("/_sim/media/{digest}", plane.media),
        Route("/_sim/static/{name}", send_static),
    ]


def _show(post: Post) -> dict[str, Any]:
    return {
        "platform": post.platform,
        "account": post.account,
        "remote_id": post.remote_id,
        "text": post.text,
        "alt_texts": [picture.alt_text for picture in post.media],
        "media": [picture.sha256 for picture in post.media],
        "wishes": post.extra.get("wishes", {}),
        "created_at": iso_time(post.created_at),
        "deleted_at": None if post.deleted_at is None else iso_time(post.deleted_at),
    }


def _mime(head: bytes) -> str:
    if head.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG"):
        return "image/png"
    if head.startswith(b"GIF8"):
        return "image/gif"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return "image/webp" if head[8:12] == b"WEBP" else "application/octet-stream"


def _problem(status: int, detail: str) -> Response:
    return answer_json({"type": "about:blank", "title": "Simulator", "status": status, "detail": detail}, status)
