"""Attacks through a real socket: a server on this machine counts who reaches it, and must count nobody."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import requests
from aiohttp.abc import AbstractResolver, ResolveResult

from app.kit.errors import BadInput
from app.kit.http import PublicAdapter, SafeClient, Unreachable, connector, is_unsafe
from app.platforms.contract import NeedsReconnect
from app.platforms.http import AioTransport, Request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SILENCE = b""


@dataclass
class Trap:
    """A server on loopback and what reached it."""

    port: int = 0
    answer: bytes = OK
    visits: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.visits.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.answer)
            await writer.drain()
            if not self.answer:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.visits.append(b"half a request")
        finally:
            writer.close()


@asynccontextmanager
async def trap(answer: bytes = OK) -> AsyncIterator[Trap]:
    found = Trap(answer=answer)
    listening = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    async with listening:
        found.port = listening.sockets[0].getsockname()[1]
        yield found


@dataclass
class Lying(AbstractResolver):
    """A name server of an attacker's: each question gets the next answer."""

    answers: list[Sequence[str]]
    asked: int = 0

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        given = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=one, port=port, family=_family(one), proto=0, flags=socket.AI_NUMERICHOST)
            for one in given
        ]

    async def close(self) -> None:
        return None


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


FORMS = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1", "0.0.0.0", "localhost", "[::1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "127.0.0.1.",
)  # fmt: skip


@pytest.mark.parametrize("host", FORMS)
async def test_no_spelling_of_this_machine_is_reached_at_the_socket(host: str) -> None:
    """Without the check of the text, so that this one is seen to hold alone."""
    async with trap() as here, aiohttp.ClientSession(connector=connector()) as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://{host}:{here.port}/")
        assert here.visits == []


@pytest.mark.parametrize("host", FORMS)
async def test_nor_through_requests(host: str) -> None:
    async with trap() as here:
        session = requests.Session()
        session.mount("http://", PublicAdapter())
        with pytest.raises(requests.RequestException):
            await asyncio.to_thread(session.get, f"http://{host}:{here.port}/", timeout=2)
        session.close()
        assert here.visits == []


@pytest.mark.parametrize("answers", [[["127.0.0.1"]], [["10.0.0.1", "127.0.0.1", "::1"]], [["169.254.169.254"]]])
async def test_a_public_name_that_leads_inside_is_not_followed(answers: list[Sequence[str]]) -> None:
    client = SafeClient(resolver=Lying(answers))
    with pytest.raises(Unreachable) as refused:
        await client.send("GET", "https://serangan.example/")
    await client.close()
    assert (refused.value.unsafe, refused.value.sent) == (True, False)


async def test_a_name_that_changes_its_mind_is_checked_where_it_is_connected_to() -> None:
    """Rebinding: whoever checked first and resolved again would connect to the second answer."""
    resolver = Lying([["8.8.8.8"], ["127.0.0.1"]])
    assert [one["host"] for one in await resolver.resolve("serangan.example")] == ["8.8.8.8"]
    async with trap() as here, aiohttp.ClientSession(connector=connector(resolver=resolver)) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as refused:
            await session.get(f"http://serangan.example:{here.port}/")
        assert is_unsafe(refused.value)
        assert here.visits == []


async def test_a_redirect_inside_is_refused_even_by_a_session_that_follows() -> None:
    """Where 127.0.0.1 stands for the public server, its redirect to ::1 must end at the socket."""
    async with trap() as inner:
        there = f"HTTP/1.1 302 Found\r\nLocation: http://[::1]:{inner.port}/\r\nContent-Length: 0\r\n\r\n".encode()
        public = connector(allowed=lambda host: host == "127.0.0.1")
        async with trap(there) as outer, aiohttp.ClientSession(connector=public) as session:
            with pytest.raises(aiohttp.ClientConnectorError) as refused:
                await session.get(f"http://127.0.0.1:{outer.port}/")
            assert is_unsafe(refused.value)
            assert len(outer.visits) == 1


async def test_the_client_follows_no_redirect_at_all() -> None:
    async with trap() as inner:
        there = f"HTTP/1.1 307 Temporary\r\nLocation: http://127.0.0.1:{inner.port}/\r\nContent-Length: 0\r\n\r\n"
        async with trap(there.encode()) as outer:
            client = SafeClient(allow_private=True)
            reply = await client.send("POST", f"http://127.0.0.1:{outer.port}/", body=b"{}")
            await client.close()
        assert (reply.status, inner.visits) == (307, [])


async def test_an_address_that_was_saved_before_the_rule_is_not_tried() -> None:
    client = SafeClient()
    async with trap() as here:
        for url in (f"http://127.0.0.1:{here.port}/", "https://169.254.169.254/", "https://a@contoh.id/"):
            with pytest.raises(BadInput):
                await client.send("GET", url)
        assert here.visits == []


async def test_a_small_body_that_unpacks_to_much_is_cut_off() -> None:
    bomb = gzip.compress(b"0" * 5_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    async with trap(head + bomb) as here:
        client = SafeClient(allow_private=True)
        with pytest.raises(Unreachable, match="terlalu besar"):
            await client.send("GET", f"http://127.0.0.1:{here.port}/")
        await client.close()


async def test_a_server_that_never_answers_is_left() -> None:
    async with trap(SILENCE) as here:
        client = SafeClient(allow_private=True)
        with pytest.raises(Unreachable) as gone:
            await client.send("GET", f"http://127.0.0.1:{here.port}/", within=0.2)
        await client.close()
        assert gone.value.sent


async def test_what_is_allowed_gets_through() -> None:
    async with trap() as here:
        client = SafeClient(allow_private=True)
        reply = await client.send("POST", f"http://127.0.0.1:{here.port}/kait", headers={"X-A": "1"}, body=b"{}")
        await client.close()
        assert (reply.status, reply.body) == (200, b"ok")
        assert here.visits[0].startswith(b"POST /kait HTTP/1.1")


async def test_a_platform_server_that_a_person_named_is_guarded() -> None:
    transport = AioTransport(title="Mastodon", timeout=2)
    async with trap() as here:
        address = f"http://localhost:{here.port}/api/v1/statuses"
        with pytest.raises(NeedsReconnect):
            await transport.send(Request("POST", address, "token", create=True, guarded=True))
        assert here.visits == []
        assert (await transport.send(Request("GET", address, "token"))).status == 200
    await transport.close()
