"""A platform that only answers: keep-alive HTTP out of one asyncio.Protocol, so that the client is what gets measured.

The simulator judges what is sent and costs a hundred times more a request; this one knows four kinds of request and counts them.
"""

import argparse
import asyncio
import json
import re
from collections import Counter
from dataclasses import dataclass, field

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class StandIn:
    """`delay` is the platform's own thinking time in seconds, spent without holding anything up."""

    delay: float
    counted: Counter[str] = field(default_factory=Counter)
    last_id: int = 17_800_000_000_000

    def answer(self, head: bytes) -> tuple[bytes, float]:
        """The whole answer to a request line, and how long to wait with it."""
        method, path, _ = head.split(b" ", 2)
        if path.startswith(b"/_"):
            return self._about_itself(path), 0.0
        kind, status, body = self._reply(method, path)
        self.counted[kind] += 1
        return _http(body, status), self.delay

    def _reply(self, method: bytes, path: bytes) -> tuple[str, bytes, bytes]:
        if method == b"GET":
            if b"permalink" in path:
                return "permalink", b"200 OK", b'{"id":"1","permalink":"https://www.instagram.com/p/B0000000001/"}'
            return "other", b"200 OK", b'{"id":"1","user_id":"1","username":"unit","name":"Unit"}'
        self.last_id += 1
        if path.endswith(b"/media_publish"):
            return "publish", b"200 OK", b'{"id":"%d"}' % self.last_id
        if path.endswith(b"/2/tweets"):
            return "publish", b"201 Created", b'{"data":{"id":"%d","text":"kabar"}}' % self.last_id
        if path.endswith(b"/feed"):
            return "publish", b"200 OK", b'{"id":"1_%d"}' % self.last_id
        return "other", b"200 OK", b'{"id":"%d"}' % self.last_id

    def _about_itself(self, path: bytes) -> bytes:
        counted = dict(self.counted)
        if path.startswith(b"/_reset"):
            self.counted.clear()
        return _http(json.dumps(counted).encode())


def _http(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


class Connection(asyncio.Protocol):
    """One kept-alive connection; each request is answered once it is there as a whole."""

    def __init__(self, platform: StandIn, loop: asyncio.AbstractEventLoop) -> None:
        self._platform, self._loop, self._pending = platform, loop, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._pending = self._pending + data if self._pending else data
        while (end := self._pending.find(b"\r\n\r\n")) >= 0:
            head = self._pending[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._pending) < whole:
                return
            self._pending = self._pending[whole:]
            answer, wait = self._platform.answer(head)
            if wait:
                self._loop.call_later(wait, self._write, answer)
            else:
                self._write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def serve(port: int, delay: float) -> None:
    loop = asyncio.get_running_loop()
    platform = StandIn(delay)
    server = await loop.create_server(lambda: Connection(platform, loop), "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("delay_ms", type=float)
    given = parser.parse_args()
    uvloop.run(serve(given.port, given.delay_ms / 1000))


if __name__ == "__main__":
    main()
