"""The baselines: the same requests with the same library and nothing else, each in a process of its own.

Prints one JSON object: seconds, cpu_seconds, requests. Kinds: raw (what the stand-in can answer at most), aiohttp, tweepy, facebook.
"""

import argparse
import asyncio
import json
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import aiohttp
import facebook
import requests
import tweepy
import uvloop
from requests.adapters import HTTPAdapter

VERSION = "v26.0"
RAW_CONNECTIONS = 64


@dataclass(frozen=True)
class Job:
    """`reads`: how many permalinks are read for each post, as the program was seen to do."""

    base: str
    count: int
    slots: int
    reads: int


class RawConnection(asyncio.Protocol):
    """Asks the next question as soon as the last one is answered."""

    def __init__(self, request: bytes, left: Iterator[int], done: Callable[[], None]) -> None:
        self._request, self._left, self._done = request, left, done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._ask()

    def _ask(self) -> None:
        if next(self._left, None) is None:
            self._done()
            self._transport.close()
        else:
            self._transport.write(self._request)


async def run_raw(job: Job) -> int:
    loop = asyncio.get_running_loop()
    host, _, port = job.base.removeprefix("http://").split("/")[0].partition(":")
    body = b"creation_id=17800000000001"
    head = f"POST /instagram/{VERSION}/1/media_publish HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    left, open_ones, finished = iter(range(job.count)), RAW_CONNECTIONS, loop.create_future()

    def done() -> None:
        nonlocal open_ones
        open_ones -= 1
        if not open_ones:
            finished.set_result(None)

    for _ in range(RAW_CONNECTIONS):
        await loop.create_connection(lambda: RawConnection(head.encode() + body, left, done), host, int(port))
    await finished
    return job.count


async def run_aiohttp(job: Job) -> int:
    """Session settings as in app/platforms/http.py."""
    left, asked = iter(range(job.count)), 0
    connector, timeout = (
        aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
        aiohttp.ClientTimeout(total=30, sock_connect=10),
    )

    async def post(session: aiohttp.ClientSession, number: int) -> int:
        headers = {"Authorization": f"Bearer bench_instagram_{number:06}"}
        address = f"{job.base}/{VERSION}/{17_841_400_000_000 + number}/media_publish"
        form = {"creation_id": str(17_900_000_000_000 + number)}
        async with session.post(address, headers=headers, data=form, allow_redirects=False) as answer:
            identity = json.loads(await answer.read())["id"]
        for _ in range(job.reads):
            address, asks = f"{job.base}/{VERSION}/{identity}", {"fields": "permalink,timestamp"}
            async with session.get(address, headers=headers, params=asks, allow_redirects=False) as answer:
                await answer.read()
        return 1 + job.reads

    async def keep_posting(session: aiohttp.ClientSession) -> None:
        nonlocal asked
        for number in left:
            sent = await post(session, number)
            asked += sent

    cookies = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=cookies) as session:
        await asyncio.gather(*(keep_posting(session) for _ in range(job.slots)))
    return asked


class Elsewhere(HTTPAdapter):
    """Sends to the stand-in what a library addresses to its own host."""

    def __init__(self, host: str, base: str) -> None:
        super().__init__(pool_connections=4, pool_maxsize=64)
        self._host, self._base = host, base

    def send(self, request: requests.PreparedRequest, **given: Any) -> requests.Response:  # type: ignore[override]
        request.url = (request.url or "").replace(self._host, self._base, 1)
        return super().send(request, **given)


def run_threads(job: Job, host: str, post: Callable[[requests.Session, int], object]) -> int:
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Elsewhere(host, job.base))
    with ThreadPoolExecutor(job.slots) as pool:
        return sum(1 for _ in pool.map(lambda number: post(session, number), range(job.count)))


def post_tweet(session: requests.Session, number: int) -> object:
    client = tweepy.Client(f"bench_x_{number:06}", return_type=requests.Response)
    client.session = session
    return client.create_tweet(text=f"Kabar ke-{number}", user_auth=False)


def post_to_page(session: requests.Session, number: int) -> object:
    graph = facebook.GraphAPI(f"bench_facebook_{number:06}", session=session)
    graph.version = VERSION
    return graph.put_object(str(number), "feed", message=f"Kabar ke-{number}")


def run(kind: str, job: Job) -> int:
    match kind:
        case "raw":
            return uvloop.run(run_raw(job))
        case "aiohttp":
            return uvloop.run(run_aiohttp(job))
        case "tweepy":
            return run_threads(job, "https://api.twitter.com", post_tweet)
        case _:
            return run_threads(job, "https://graph.facebook.com", post_to_page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["raw", "aiohttp", "tweepy", "facebook"])
    parser.add_argument("base")
    for name in ("count", "slots", "reads"):
        parser.add_argument(name, type=int)
    given = parser.parse_args()
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    asked = run(given.kind, Job(given.base, given.count, given.slots, given.reads))
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": seconds, "cpu_seconds": spent, "requests": asked}))


if __name__ == "__main__":
    main()
