"""The cast in a house of its own, and failures recorded as a worker records them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from app.accounts.models import Unit
from app.audit.models import OutboxEvent
from app.bootstrap import Kentongan
from app.kit.clock import Clock
from app.notices.models import Notice, Sending
from app.notices.service import NoticesService
from app.notices.transport import Transport
from app.platforms.contract import PublishError
from app.posts.rules import Timing
from app.posts.service import PostInput, PostView
from app.publishing import claims, rules
from app.publishing import store as publishing_store
from app.publishing.recording import Result
from app.publishing.rules import Next
from tests.conftest import NOW
from tests.support.cast import Cast, id_of
from tests.support.databases import fresh_database
from tests.support.house import add_template, cast_house, recorder_of, settings_for, still_at, wipe

WORKER = "w"
LOOKS = (timedelta(seconds=15), timedelta(seconds=60))


@dataclass
class Place:
    house: Kentongan
    cast: Cast
    template: int

    async def post(self, unit: Unit | None = None, *, who: str = "sari", **more: Any) -> PostView:
        """A post of Sari's unit that is due now, on all its channels."""
        plain: dict[str, Any] = {"template_id": self.template, "timing": Timing(at=NOW)}
        if "text" in more:
            del plain["template_id"]
        wanted = PostInput(id_of(unit or self.cast.cilendek), **{**plain, **more})
        return await self.house.posts.create(getattr(self.cast, who), wanted)

    async def claim(self, platform: str) -> list[claims.Claim]:
        async with self.house.db.write() as session:
            lanes = [lane for lane in await publishing_store.next_moments(session) if lane.endswith(platform)]
            rows = await publishing_store.claim_due(
                session, lanes[0], worker_id=WORKER, now=NOW, ahead=timedelta(seconds=1), limit=50
            )
            return await claims.load(session, rows, channels=self.house.channels, media=self.house.media)

    async def record(
        self, found: Sequence[claims.Claim], error: PublishError, *, step: Next | None = None, worker: str = WORKER
    ) -> None:
        """What a worker writes down after `error` met each of these."""
        recorder = recorder_of(self.house, worker, NOW)
        results = []
        for claim in found:
            this = rules.Try(claim.attempt, claim.looks, claim.code, claim.valid_until, LOOKS)
            then = step or rules.after_send(error, this, now=NOW)
            results.append(Result(claim, "send", NOW, NOW, then, error, None))
        await recorder.write(results)

    async def fail(self, platform: str, error: PublishError, *, step: Next | None = None) -> None:
        await self.record(await self.claim(platform), error, step=step)

    async def told(self) -> dict[str, list[str]]:
        """Titles by first name, after everything in the outbox has been spread."""
        await self.house.notices.spread()
        names = {user.id: name for name, user in self.cast.users.items()}
        found: dict[str, list[str]] = {}
        for notice in await self.notices():
            found.setdefault(names[notice.user_id], []).append(notice.title)
        return found

    async def notices(self) -> list[Notice]:
        async with self.house.db.read() as session:
            return list((await session.exec(select(Notice).order_by(col(Notice.id)))).all())

    async def sendings(self) -> list[Sending]:
        async with self.house.db.read() as session:
            return list((await session.exec(select(Sending).order_by(col(Sending.id)))).all())

    async def events(self) -> list[str]:
        async with self.house.db.read() as session:
            query = select(OutboxEvent.kind).where(col(OutboxEvent.taken_at).is_(None))
            return list((await session.exec(query.order_by(col(OutboxEvent.id)))).all())

    def at(self, moment: datetime, *transports: Transport) -> NoticesService:
        """The service of this house at a moment, with these ways out; its clock ticks, since leases need time."""
        by_way = {str(transport.way): transport for transport in transports}
        offset = (moment - Clock().now()).total_seconds()
        return NoticesService(
            self.house.db, Clock(offset), by_way.get("mail"), by_way.get("telegram"), "https://kentongan.test"
        )


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    folder = tmp_path_factory.mktemp("notices")
    with fresh_database(request, request.param, folder) as url:
        async with cast_house(settings_for(folder, url), still_at(NOW)) as (house, cast):
            yield Place(house, cast, await add_template(house, cast, "Halo warga {{ wilayah }}, ini {{ nama_unit }}."))


@pytest.fixture
async def place(shared: Place) -> AsyncIterator[Place]:
    yield shared
    await wipe(shared.house)
    async with shared.house.db.write() as session:
        for table in ("sending", "notice", "notice_preference", "push_device", "outbox_event"):
            await session.run(text(f"DELETE FROM {table}"))
        await session.run(text("UPDATE user_account SET is_active = true"))


async def together(*work: Any) -> list[Any]:
    """All at once."""
    return list(await asyncio.gather(*work))
