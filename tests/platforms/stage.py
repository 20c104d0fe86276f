"""A stage for adapters: the simulator on a real port, pictures on another, and one fresh account a test."""

import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zlib import crc32

import requests
import uvicorn
from PIL import Image

from app.kit.clock import Clock
from app.platforms.contract import Account, Adapter, Json, Message, Picture, Published, Sent, Video
from tests.platforms.traits import TRAITS, Traits
from tests.support.films import save_film


@contextmanager
def serve(app: Any) -> Iterator[str]:
    """The address of an ASGI app served in a thread until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 15
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Recorder:
    """An ASGI app that keeps what it is sent and answers `bodies` in turn, the last one again and again."""

    def __init__(self, *bodies: object) -> None:
        self.bodies = list(bodies)
        self.received: list[Received] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode()))
        self.received.append(Received(scope["method"], scope["path"], query, headers, body))
        answer = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        kind = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


@dataclass(frozen=True)
class Pictures:
    folder: Path
    address: str

    def make(self, name: str, alt_text: str = "", size: tuple[int, int] = (320, 320)) -> Picture:
        path = self.folder / f"{name}.jpg"
        if not path.exists():
            Image.new("RGB", size, (90, 60, 120)).save(path, "JPEG")
        return Picture(f"{self.address}/{name}.jpg", str(path), "image/jpeg", alt_text or f"Gambar {name}")

    def film(self, name: str = "film", alt_text: str = "", *, weight: int = 2000, seconds: float = 15) -> Video:
        path = self.folder / f"{name}.mp4"
        if not path.exists():
            save_film(self.folder, name, seconds=seconds, weight=weight)
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        return Video(
            f"{self.address}/{name}.mp4", str(path), "video/mp4", alt_text or f"Video {name}", digest, len(content), seconds,
            720, 1280,
        )  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """One platform's adapter before one account of the simulator that no other test uses."""

    adapter: Adapter
    account: Account
    simulator: str
    clock: Clock
    pictures: Pictures

    @property
    def traits(self) -> Traits:
        return TRAITS[self.adapter.name]

    def message(self, text: str, *pictures: Picture) -> Message:
        """With the least that the platform asks for beside words."""
        if self.adapter.limits.needs_media and not pictures:
            return self.film_message(text)
        shown = pictures or ((self.pictures.make("satu"),) if self.adapter.limits.needs_image else ())
        return Message(key=f"kunci:{text[:20]}", text=text, pictures=tuple(shown), options=self.traits.options)

    def film_message(self, text: str, **more: Any) -> Message:
        """Another film for another text: some platforms take the same one only once."""
        number = crc32(text.encode()) % 1000
        more = {"name": f"film-{number}", "weight": 2000 + 256 * number} | more
        return Message(
            key=f"kunci:{text[:20]}", text=text, options=self.traits.options, video=self.pictures.film(**more)
        )

    async def send(self, message: Message) -> Published:
        return await self.adapter.publish(self.account, message, await self.prepare(message))

    async def prepare(self, message: Message) -> Json:
        return await self.adapter.prepare(self.account, message) if self.adapter.needs_prepare(message) else {}

    def sent(self, prepared: Json | None = None) -> Sent:
        now = self.clock.now()
        return Sent(first_at=now, last_at=now, prepared=prepared or {})

    def said(self, post: dict[str, Any]) -> str:
        """The words of a post of the simulator, without a title of their own."""
        text = str(post["text"])
        return text.partition("\n\n")[2] if self.traits.titled else text

    def fault(self, kind: str, **params: object) -> None:
        """Strikes this account alone."""
        order = {"platform": self.adapter.name, "kind": kind, "account": self.account.handle, **params}
        answer = requests.post(f"{self.simulator}/_sim/faults", json=order, timeout=10)
        assert answer.status_code == 201, answer.text

    def posts(self) -> list[dict[str, Any]]:
        query = {"platform": self.adapter.name, "account": self.account.handle}
        listed = requests.get(f"{self.simulator}/_sim/posts", params=query, timeout=10).json()
        assert isinstance(listed, list)
        return listed


MakeStage = Callable[..., Stage]
