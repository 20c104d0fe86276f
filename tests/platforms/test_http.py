"""What a broken connection means, with real sockets that break."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from app.platforms.answer import Answer
from app.platforms.contract import PublishError, TryLater, Unsure
from app.platforms.http import AioTransport, Memory, SdkTransport, blot

HOST = "https://sdk.invalid"
Ask = Callable[..., Awaitable[Answer]]

HALF = b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n{"data":'
NONE = b""
WHOLE = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"id":"token-one"}'


@asynccontextmanager
async def server(answer: bytes | None) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Reads one request, then answers these bytes and hangs up; None never answers."""
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", seen


@pytest.fixture(params=["sdk", "aio"])
async def ask(request: pytest.FixtureRequest) -> AsyncIterator[Ask]:
    """`ask(base, create=...)` through both transports, with the token `token-one`."""
    aio, sdk = AioTransport(title="X", timeout=0.4), SdkTransport(title="X", host=HOST, timeout=0.4, sdk_errors=())

    async def by_aio(base: str, *, create: bool) -> Answer:
        return await aio.ask("POST", f"{base}/a", token="token-one", form={"q": "1"}, create=create)

    async def by_sdk(base: str, *, create: bool) -> Answer:
        return await sdk.ask(
            base, lambda session: session.post(f"{HOST}/a", data="q=1"), secret="token-one", create=create
        )

    yield by_aio if request.param == "aio" else by_sdk
    await aio.close()
    await sdk.close()


@pytest.mark.parametrize("answer", [HALF, NONE, None], ids=["half an answer", "hung up", "silence"])
@pytest.mark.parametrize(("create", "outcome"), [(True, Unsure), (False, TryLater)])
async def test_a_request_that_left_is_in_doubt_only_on_a_create(
    ask: Ask, answer: bytes | None, create: bool, outcome: type[PublishError]
) -> None:
    async with server(answer) as (base, seen):
        with pytest.raises(outcome):
            await ask(base, create=create)
    assert len(seen) == 1


@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "http://nobody.invalid"], ids=["refused", "no such name"])
async def test_what_never_left_may_be_sent_again(ask: Ask, base: str) -> None:
    with pytest.raises(TryLater):
        await ask(base, create=True)


async def test_an_answer_comes_back_whole_without_the_token(ask: Ask) -> None:
    async with server(WHOLE) as (base, seen):
        answer = await ask(base, create=True)
    assert (answer.status, answer.body) == (200, b'{"id":"***"}')
    assert answer.headers["content-type"] == "application/json"
    assert seen[0].startswith(b"POST /a HTTP/1.1")


@pytest.mark.parametrize("secret", ["", "a"])
def test_only_real_tokens_are_blotted_out(secret: str) -> None:
    answer = Answer(200, {}, b"abc")
    assert blot(answer, secret) is answer


async def test_a_memory_asks_once_and_forgets_the_longest_unused() -> None:
    asked: list[str] = []
    memory = Memory(size=2)

    async def answer(name: str) -> str:
        async def give() -> str:
            asked.append(name)
            return name.upper()

        return await memory.recall((name,), give)

    for name in ("a", "b", "a", "c", "b"):
        assert await answer(name) == name.upper()
    assert asked == ["a", "b", "c", "b"]
