"""The pages on a house with the cast, shipped templates and practice channels; the clock stands near the fixed `now`."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import update

from app.accounts.rules import Actor
from app.api import problems
from app.bootstrap import Kentongan, build
from app.content.drafts import Draft
from app.kit.clock import Clock
from app.kit.db import Database
from app.posts.rules import Timing
from app.posts.service import PostInput, PostView
from app.publishing.models import Delivery
from app.publishing.service import DeliveryView
from app.settings import Settings
from app.web import routes
from tests.support.cast import Cast, id_of, make_cast

BASE = "http://127.0.0.1:8000"

TEMPLATES = (
    Draft(
        "saring-hoaks",
        "Saring sebelum sebar",
        stages=("PYL-06",),
        units=("ppk", "pps"),
        texts={
            ("id", "short"): "Warga {{ wilayah }}, cek dulu kabar Pilkada sebelum membagikannya.",
            (
                "id",
                "long",
            ): "Warga {{ wilayah }}, cek dulu kabar Pilkada sebelum membagikannya. Tanyakan kepada {{ nama_unit }}.",
        },
    ),
    Draft(
        "sosialisasi-rw",
        "Sosialisasi tingkat RW",
        stages=("TNG-01",),
        units=("pps",),
        texts={("id", "short"): "Warga RW {{ rw }} {{ kelurahan }}, kumpul yuk di {{ tempat_kegiatan }}."},
    ),
)


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite alone: a page asks services only, and those are tested on both databases."""
    path = tmp_path / "kentongan.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def web_settings(tmp_path: Path, database_url: str, now: datetime) -> Settings:
    offset = now.timestamp() - Clock().now().timestamp()
    return Settings(
        data_dir=tmp_path / "data",
        database_url=database_url,
        secret_keys="for-tests-only",
        base_url=BASE,
        clock=f"offset={offset}",
    )


@pytest.fixture
async def house(web_settings: Settings, db: Database) -> AsyncIterator[Kentongan]:
    house = build(web_settings)
    yield house
    await house.close()


@pytest.fixture
async def cast(house: Kentongan, now: datetime) -> Cast:
    cast = await make_cast(house.db, now)
    for draft in TEMPLATES:
        await house.templates.add(cast.rina, draft)
    handles = [
        (id_of(unit), f"akun.{id_of(unit)}") for unit in (cast.cilendek, cast.menteng, cast.bantarjati, cast.ppk_barat)
    ]
    async with house.db.write() as session:
        await house.channels.add_practice(session, units=handles, platforms=("x", "facebook"))
    return cast


@pytest.fixture
def app(house: Kentongan) -> FastAPI:
    return make_app(house)


def make_app(house: Kentongan) -> FastAPI:
    app = FastAPI()
    app.state.house = house
    problems.install(app)
    routes.install(app, house)
    return app


Browse = Callable[[Actor | None], Awaitable[httpx2.AsyncClient]]


@pytest.fixture
async def browse(app: FastAPI, house: Kentongan, cast: Cast) -> AsyncIterator[Browse]:
    """`await browse(cast.sari)`: her browser, logged in; None: a stranger's."""
    opened: list[httpx2.AsyncClient] = []

    async def open_for(actor: Actor | None) -> httpx2.AsyncClient:
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url=BASE, headers={"Accept": "text/html"}
        )
        opened.append(client)
        if actor is not None:
            client.cookies.set("ktg_session", await session_of(house, actor))
        return client

    yield open_for
    for client in opened:
        await client.aclose()


async def session_of(house: Kentongan, actor: Actor) -> str:
    link = await house.people.make_link(actor.user_id, purpose="login", hours=1)
    return await house.people.use_link(link, device="uji")


async def template_id(house: Kentongan, actor: Actor, key: str) -> int:
    found = await house.templates.list(actor, limit=200, cursor=None)
    return next(row.id for row in found.rows if row.key == key)


async def a_post(house: Kentongan, cast: Cast, *, hours: int = 3) -> PostView:
    """Sari's, from an untouched template: scheduled at once on two channels."""
    timing = Timing(at=house.clock.now() + timedelta(hours=hours))
    chosen = await template_id(house, cast.sari, "saring-hoaks")
    return await house.posts.create(cast.sari, PostInput(id_of(cast.cilendek), template_id=chosen, timing=timing))


async def set_delivery(house: Kentongan, delivery_id: int, **values: Any) -> None:
    async with house.db.write() as session:
        await session.run(update(Delivery).where(Delivery.id == delivery_id).values(**values))  # type: ignore[arg-type]


async def in_review(house: Kentongan, cast: Cast, text: str = "Posko kami buka besok.", **more: Any) -> PostView:
    """Sari's own words, which wait for somebody above her."""
    timing = Timing(at=house.clock.now() + timedelta(hours=3))
    return await house.posts.create(cast.sari, PostInput(id_of(cast.cilendek), text=text, timing=timing, **more))


async def hand_off(house: Kentongan, cast: Cast) -> DeliveryView:
    """A task of Sari's: her unit publishes on this Instagram account by hand."""
    channel = await house.channels.add(
        cast.rina, unit_id=id_of(cast.cilendek), platform="instagram", environment="manual", handle="cilendek.asli"
    )
    chosen = await template_id(house, cast.sari, "saring-hoaks")
    timing = Timing(at=house.clock.now() + timedelta(hours=2))
    wanted = PostInput(
        id_of(cast.cilendek),
        template_id=chosen,
        timing=timing,
        channels=[channel.id or 0],
        media=[await photo(house, cast)],
    )
    return (await house.posts.create(cast.sari, wanted)).deliveries[0]


async def photo(house: Kentongan, cast: Cast) -> int:
    """Of Sari's unit; answers its number."""
    out = BytesIO()
    Image.new("RGB", (40, 30), "purple").save(out, "PNG")
    row = await house.media.upload(
        cast.sari, unit_id=id_of(cast.cilendek), data=out.getvalue(), alt_text="Petugas di pasar."
    )
    return row.id or 0
