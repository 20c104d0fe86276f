"""A house at 1 November 2024 with the cast; Sari's posts in it may be said to be out."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text

from app.audit.sealing import seal_pending
from app.bootstrap import Kentongan
from app.posts.rules import Timing
from app.posts.service import PostInput, PostView
from tests.conftest import NOW
from tests.support.cast import Cast, id_of
from tests.support.databases import fresh_database
from tests.support.house import cast_house, settings_for, still_at, wipe


@dataclass(frozen=True)
class Desk:
    house: Kentongan
    cast: Cast

    async def post(self, words: str = "Posko kami buka setiap hari kerja.", *, with_photo: bool = False) -> PostView:
        """Sari's own words, approved by Dewi."""
        media: Sequence[int] = ()
        if with_photo:
            out = BytesIO()
            Image.new("RGB", (900, 900), "purple").save(out, "PNG")
            unit = id_of(self.cast.cilendek)
            row = await self.house.media.upload(
                self.cast.sari, unit_id=unit, data=out.getvalue(), alt_text="Petugas di pasar."
            )
            media = [row.id or 0]
        wanted = PostInput(
            id_of(self.cast.cilendek),
            text=words,
            media=list(media),
            timing=Timing(at=self.house.clock.now() + timedelta(hours=1)),
        )
        made = await self.house.posts.create(self.cast.sari, wanted)
        return await self.house.posts.approve(self.cast.dewi, made.id)

    async def sent(self, post: PostView, *, url: str = "") -> None:
        """As if a worker had sent it a moment ago."""
        at = self.house.clock.now() - timedelta(minutes=1)
        statement = text(
            "UPDATE delivery SET state = 'published', first_sent_at = :at, last_sent_at = :at, published_at = :at, act_at = NULL,"
            " remote_id = :remote, url = :url WHERE id = :id"
        )
        async with self.house.db.write() as session:
            moment: Any = at.strftime("%Y-%m-%d %H:%M:%S.%f") if session.is_sqlite else at
            for delivery in post.deliveries:
                remote = f"1790{delivery.id:012}"
                address = url or f"https://{delivery.platform}.example/pps/status/{remote}"
                await session.run(statement, {"id": delivery.id, "at": moment, "remote": remote, "url": address})

    async def sealed(self) -> None:
        await seal_pending(self.house.db)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("evidence")
    with fresh_database(request, request.param, folder) as url:
        async with cast_house(settings_for(folder, url), still_at(NOW)) as (house, cast):
            yield Desk(house, cast)


@pytest.fixture
async def desk(shared: Desk) -> AsyncIterator[Desk]:
    yield shared
    await wipe(shared.house)
