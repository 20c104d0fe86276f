"""The cast, and deliveries written as a worker would have left them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.bootstrap import Kentongan
from app.engagement.rules import NUMBERS
from app.engagement.snapshot_store import add_snapshots
from app.posts.models import Post
from app.publishing.models import Delivery
from tests.conftest import NOW
from tests.support.cast import Cast, id_of
from tests.support.databases import fresh_database
from tests.support.house import cast_house, channels_of, settings_for, still_at, wipe


@dataclass(frozen=True)
class Place:
    house: Kentongan
    cast: Cast

    async def put(self, unit: str, platform: str, *, post: dict[str, Any] | None = None, **fields: Any) -> int:
        """One post with one delivery; `numbers` are its latest, `late` its seconds. Answers the post's id."""
        numbers, late = fields.pop("numbers", None), fields.pop("late", 0.0)
        owner = getattr(self.cast, unit)
        channel = (await channels_of(self.house, self.cast, owner))[platform]
        due_at: datetime = fields.pop("due_at", NOW)
        row = Post(unit_id=id_of(owner), state="done", created_at=NOW, updated_at=NOW, **(post or {}))
        plain: dict[str, Any] = {
            "state": "published", "environment": "practice", "lane": platform, "valid_until": due_at + timedelta(days=1),
        }  # fmt: skip
        async with self.house.db.write() as session:
            session.add(row)
            await session.flush()
            delivery = Delivery(
                post_id=row.id or 0, channel_id=channel.id or 0, unit_id=id_of(owner), platform=platform,
                due_at=due_at, **{**plain, **fields},
            )  # fmt: skip
            if delivery.state == "published":
                delivery.published_at = due_at + timedelta(seconds=late)
            session.add(delivery)
            await session.flush()
            if numbers is not None:
                await add_snapshots(session, [snapshot(delivery.id or 0, NOW, **numbers)])
        return row.id or 0


def snapshot(delivery_id: int, taken_at: datetime, *, gone: bool = False, **numbers: int) -> dict[str, Any]:
    return {"delivery_id": delivery_id, "taken_at": taken_at, "gone": gone, **dict.fromkeys(NUMBERS), **numbers}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    folder = tmp_path_factory.mktemp("numbers")
    with fresh_database(request, request.param, folder) as url:
        async with cast_house(settings_for(folder, url), still_at(NOW)) as (house, cast):
            yield Place(house, cast)


@pytest.fixture
async def place(shared: Place) -> AsyncIterator[Place]:
    yield shared
    await wipe(shared.house)
