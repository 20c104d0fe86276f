"""A channel service on a real database, and a platform that answers as the test says."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from app.channels.service import ChannelService
from app.kit.db import Database
from app.kit.seal import Seal
from app.platforms.contract import Account, Identity, Json, Limits, Message, Metrics, Published, Sent
from tests.support.cast import Cast, make_cast


@dataclass
class PatientPlatform:
    """Keeps whom it was asked about; says yes until told to raise something; `meanwhile` happens as it thinks."""

    name: ClassVar[str] = "x"
    limits: ClassVar[Limits] = Limits(280, 4, 5_000_000, 1000, ("image/jpeg",))
    look_after: ClassVar[tuple[timedelta, ...]] = (timedelta(seconds=15),)
    asked: list[Account] = field(default_factory=list)
    answer: Exception | None = None
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def check(self, account: Account) -> Identity:
        self.asked.append(account)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.answer is not None:
            raise self.answer
        return Identity("1", account.handle, account.handle)

    def length(self, text: str) -> int:
        return len(text)

    def needs_prepare(self, message: Message) -> bool:
        return False

    async def prepare(self, account: Account, message: Message) -> Json:
        raise NotImplementedError

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published:
        raise NotImplementedError

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | None:
        raise NotImplementedError

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        raise NotImplementedError

    async def close(self) -> None:
        return None


@pytest.fixture
def platform() -> PatientPlatform:
    return PatientPlatform()


@pytest.fixture
async def cast(db: Database, now: datetime) -> Cast:
    return await make_cast(db, now)


@pytest.fixture
def channels(db: Database, now: datetime, platform: PatientPlatform) -> ChannelService:
    return ChannelService(
        db,
        Seal(("for-tests-only",)),
        now=lambda: now,
        platforms={"x": platform, "facebook": platform, "instagram": platform},
        bases=lambda name, environment: f"http://{environment}.test/{name}",
        version="v26.0",
    )
