"""The calendar's pages with so many posts in a month: how long the server works on each, and what goes over the wire."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from app.accounts import unit_store
from app.accounts.models import Unit
from app.bootstrap import Kentongan
from app.channels.models import Channel
from app.posts.models import Post
from app.posts.rules import PostState
from app.practice import set_up
from app.publishing.models import Delivery
from app.publishing.rules import State
from app.web import routes
from benchmarks import machine, stage
from benchmarks.machine import say

BASE = "http://127.0.0.1:8000"
PLATFORMS = ("x", "facebook", "instagram")
PAGES = {
    "month": "/kalender", "week": "/kalender?tampil=pekan", "day": "/kalender?tampil=hari",
    "narrowed": "/kalender?platform=x&keadaan=stopped&segmen=umum", "floor": "/lainnya",
}  # fmt: skip
DAYS = 30
EVERY = 50
"""One post of so many has failed."""


@dataclass(frozen=True)
class Page:
    milliseconds: Sequence[float]
    whole: int
    squeezed: int


async def run(count: int, runs: int) -> dict[str, Any]:
    """On SQLite and on PostgreSQL; milliseconds are the program's own, without a network."""
    found: dict[str, Any] = {"posts": count}
    for kind in ("sqlite", "postgres"):
        with stage.database_server(kind) as server, tempfile.TemporaryDirectory(prefix="ktgk") as folder:
            async with stage.fresh_database(server) as url, stage.open_house(url, Path(folder)) as house:
                found |= _named(kind, await _measure(house, count, runs))
    return found


def _named(kind: str, pages: dict[str, Page]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, page in pages.items():
        took = round(machine.percentile(page.milliseconds, 0.5), 1)
        say(f"  {kind} {name}: {took} ms, {page.whole} bytes, {page.squeezed} squeezed")
        found |= {
            f"{kind}.{name}.ms": took,
            f"{kind}.{name}.bytes": page.whole,
            f"{kind}.{name}.squeezed": page.squeezed,
        }
    return found


async def _measure(house: Kentongan, count: int, runs: int) -> dict[str, Page]:
    practice = await set_up(house)
    await fill(house, count)
    secret = await house.people.use_link(practice.links[0].secret, device="benchmarks")
    app = FastAPI()
    app.state.house = house
    routes.install(app, house)
    transport = httpx2.ASGITransport(app=app)
    headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    async with httpx2.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        client.cookies.set("ktg_session", secret)
        return {name: await _page(client, path, runs) for name, path in PAGES.items()}


async def _page(client: httpx2.AsyncClient, path: str, runs: int) -> Page:
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        answer = await client.get(path)
        took.append((time.perf_counter() - started) * 1000)
        answer.raise_for_status()
    return Page(took, len(answer.content), answer.num_bytes_downloaded)


async def fill(house: Kentongan, count: int) -> None:
    """`count` posts of all units on three platforms, spread over the month around now."""
    now = house.clock.now()
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    async with house.db.write() as session:
        units = await unit_store.units_in(session, ["/"])
        accounts = [_channel(unit.id or 0, platform, now) for unit in units for platform in PLATFORMS]
        ids = await session.insert_returning_ids(Channel, accounts)
        posts = [_post(units[n % len(units)], n, first + timedelta(days=DAYS) * n / count, now) for n in range(count)]
        post_ids = await session.insert_returning_ids(Post, posts)
        rows = [
            _delivery(post, post_id, ids[n % len(units) * len(PLATFORMS) + which], PLATFORMS[which], n)
            for n, (post, post_id) in enumerate(zip(posts, post_ids, strict=True))
            for which in range(len(PLATFORMS))
        ]
        await session.insert_many(Delivery, rows)


def _channel(unit_id: int, platform: str, now: datetime) -> dict[str, Any]:
    row = Channel(
        unit_id=unit_id, platform=platform, environment="live", handle=f"b{unit_id}.{platform}", created_at=now
    )
    return row.model_dump(exclude={"id"})


def _post(unit: Unit, number: int, due_at: datetime, now: datetime) -> dict[str, Any]:
    text = f"Warga {unit.name}, cek nama Anda di daftar pemilih. Kabar ke-{number}, dibaca di kalender oleh peninjau."
    content = {"text": text, "variants": [{"platform": name, "text": text} for name in PLATFORMS]}
    row = Post(
        unit_id=unit.id or 0, state=PostState.SCHEDULED, content=content, timing={"at": due_at.isoformat()},
        due_at=due_at, created_at=now, updated_at=now,
    )  # fmt: skip
    return row.model_dump(exclude={"id"})


def _delivery(post: dict[str, Any], post_id: int, channel_id: int, platform: str, number: int) -> dict[str, Any]:
    row = Delivery(
        post_id=post_id, channel_id=channel_id, unit_id=post["unit_id"], platform=platform, environment="live", lane=platform,
        state=State.DUE if number % EVERY else State.STOPPED, due_at=post["due_at"], act_at=post["due_at"],
        valid_until=post["due_at"] + timedelta(hours=6), message=post["content"],
    )  # fmt: skip
    return row.model_dump(exclude={"id"})
