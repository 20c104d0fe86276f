"""A real simulator on a free port, its clients, and a small web server whose pictures Instagram may fetch."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import facebook
import pytest
import requests
import tweepy
import uvicorn
from PIL import Image
from starlette.applications import Starlette

from simulator.accounts import account_id, practice_token
from simulator.ledger import Ledger
from simulator.main import create_simulator

HANDLE = "ppk_tengah"
StartServer = Callable[..., AbstractContextManager[str]]


@contextmanager
def serve(folder: Path, *, app: Starlette | None = None, **settings: Any) -> Iterator[str]:
    app = app or create_simulator(folder, **settings)
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.002)  # uvicorn offers no event to wait on
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)
        app.state.world.ledger.close()


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """For clients that block; fails when the condition does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.01)


@dataclass
class Client:
    """One practice account at one simulator; every call answers a `requests.Response`."""

    base: str
    http: requests.Session
    handle: str = HANDLE
    timeout: float = 10

    def call(self, method: str, platform: str, path: str, **more: Any) -> requests.Response:
        headers = {"authorization": f"Bearer {practice_token(platform, self.handle)}", **more.pop("headers", {})}
        return self.http.request(method, f"{self.base}/{platform}{path}", headers=headers, timeout=self.timeout, **more)

    def x(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.call(method, "x", path, **more)

    def facebook(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.call(method, "facebook", f"/v26.0{path}", **more)

    def instagram(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.call(method, "instagram", f"/v26.0{path}", **more)

    def id(self, platform: str) -> str:
        return account_id(platform, self.handle)

    def fault(self, platform: str, kind: str, **params: Any) -> dict[str, Any]:
        answer = self.http.post(
            f"{self.base}/_sim/faults", json={"platform": platform, "kind": kind, **params}, timeout=10
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def control(self, path: str, **params: Any) -> Any:
        return self.http.get(f"{self.base}/_sim{path}", params=params, timeout=10).json()

    def posts(self, **params: Any) -> list[dict[str, Any]]:
        return list(self.control("/posts", **params))


@pytest.fixture(scope="session")
def simulator_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simulator")


@pytest.fixture(scope="session")
def standing_server(simulator_folder: Path) -> Iterator[str]:
    with serve(simulator_folder) as base:
        yield base


@pytest.fixture
def start(simulator_folder: Path) -> StartServer:
    """More servers over the same, emptied ledger: a restart, a second process, or the same platform days later."""
    ledger = Ledger(simulator_folder)
    ledger.reset()
    ledger.close()

    def begin(**settings: Any) -> AbstractContextManager[str]:
        return serve(simulator_folder, **settings)

    return begin


@pytest.fixture
def client(start: StartServer, standing_server: str) -> Iterator[Client]:
    """Without read lag; the tests of the lag clear this fault."""
    with requests.Session() as http:
        ready = Client(standing_server, http)
        ready.fault("*", "read_lag", seconds=0)
        yield ready


@dataclass
class Pictures:
    """Serves whatever bytes a test puts under a path, and a JPEG of any size under /WxH.jpg."""

    base: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)

    def url(self, name: str, body: bytes | None = None) -> str:
        if body is not None:
            self.bodies[f"/{name}"] = body
        return f"{self.base}/{name}"


def jpeg(width: int = 400, height: int = 400, *, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (91, 63, 156)).save(out, kind)
    return out.getvalue()


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    held = Pictures()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = held.bodies.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    held.base = f"http://127.0.0.1:{server.server_address[1]}"
    yield held
    server.shutdown()
    server.server_close()


class _ToSimulator(requests.adapters.HTTPAdapter):
    def __init__(self, base: str) -> None:
        self.base, self.last = base, requests.Response()
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = str(request.url).replace("https://api.twitter.com", self.base)
        kwargs["timeout"] = 10
        self.last = super().send(request, *args, **kwargs)
        return self.last


@pytest.fixture
def tweets(client: Client) -> Iterator[tweepy.Client]:
    """The real tweepy client; `session.get_adapter(...).last` holds the newest answer."""
    real = tweepy.Client(practice_token("x", HANDLE))
    real.session.mount("https://", _ToSimulator(f"{client.base}/x"))
    yield real
    real.session.close()


class _GraphSession(requests.Session):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = 10
        return super().request(method, url.replace("https://graph.facebook.com", self.base), *args, **kwargs)


@pytest.fixture
def graph(client: Client) -> Iterator[facebook.GraphAPI]:
    """The real facebook-sdk client, spoken to as v26.0."""
    with _GraphSession(f"{client.base}/facebook") as session:
        real = facebook.GraphAPI(practice_token("facebook", HANDLE), timeout=10, session=session)
        real.version = "v26.0"
        yield real
